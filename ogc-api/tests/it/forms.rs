//! The forms that features come in, their reference systems, orders and properties, and what is told of what is no more.
//! Binary forms are read with the libraries of those formats.

use std::io::Cursor;

use flatgeobuf::{FallibleStreamingIterator, FeatureProperties, FgbReader};
use http::Method;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::content::publish;
use crate::service::{BASE, Service};

const AREAS: &str = "/ogc/collections/search-areas/items";
const PARTICLES: &str = "/ogc/collections/particles/items";

fn ids(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().unwrap();
    features
        .iter()
        .map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_form_holds_the_same_features() {
    let service = Service::start().await;
    publish(&service, &service.ours, (3.0, 59.5), 5).await;
    for items in [
        AREAS,
        PARTICLES,
        "/ogc/collections/datums/items",
        "/ogc/collections/trajectories/items",
    ] {
        let plain = service.get(items).await.json();
        let expected = ids(&plain);
        assert!(!expected.is_empty(), "{items}");
        let fg = service.get(&format!("{items}?f=jsonfg")).await;
        assert_eq!(fg.header("content-type"), "application/vnd.ogc.fg+json");
        let fg = fg.json();
        assert_eq!(ids(&fg), expected, "{items}");
        assert!(fg["features"][0]["time"].is_object() && fg["features"][0]["place"].is_null());
        let csv = service.get(&format!("{items}?f=csv")).await;
        let mut table = csv::Reader::from_reader(&csv.body[..]);
        let of_table: Vec<String> = table.records().map(|row| row.unwrap()[0].to_owned()).collect();
        assert_eq!(of_table, expected, "{items}");
        let flat = service.get(&format!("{items}?f=fgb")).await;
        let mut file = FgbReader::open(Cursor::new(flat.body.to_vec()))
            .unwrap()
            .select_all()
            .unwrap();
        let mut of_file = Vec::new();
        while let Some(feature) = file.next().unwrap() {
            of_file.push(feature.property::<String>("id").unwrap());
        }
        of_file.sort();
        let mut sorted = expected.clone();
        sorted.sort();
        assert_eq!(of_file, sorted, "{items}");
        let table = service.get(&format!("{items}?f=parquet")).await;
        let reader = ParquetRecordBatchReaderBuilder::try_new(table.body.clone()).unwrap();
        let geo = reader.metadata().file_metadata().key_value_metadata().unwrap();
        assert!(geo.iter().any(|pair| pair.key == "geo"));
        let rows: usize = reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, expected.len(), "{items}");
        let page = service.get(&format!("{items}?f=html")).await;
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        let text = String::from_utf8(page.body.to_vec()).unwrap();
        assert!(
            expected.iter().all(|id| text.contains(id.as_str())) && text.contains("<svg"),
            "{items}"
        );
    }
}

#[tokio::test]
async fn accept_chooses_the_form_and_links_lead_to_the_others() {
    let service = Service::start().await;
    publish(&service, &service.ours, (3.0, 59.5), 5).await;
    let asked = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for path in [
        "/ogc",
        "/ogc/conformance",
        "/ogc/collections",
        "/ogc/collections/datums",
        AREAS,
    ] {
        let page = service.ask(Method::GET, path, &service.ours.key, &asked).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        let plain = service.get(path).await;
        let links = plain.json()["links"].as_array().unwrap().clone();
        let other = links
            .iter()
            .find(|link| link["rel"] == "alternate" && link["type"].as_str().unwrap().starts_with("text/html"));
        let address = other.unwrap_or_else(|| panic!("{path}: no link to the page"))["href"]
            .as_str()
            .unwrap();
        let found = service.get(address.strip_prefix(BASE).unwrap()).await;
        assert_eq!(found.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_ne!(found.header("etag"), plain.header("etag"), "{path}");
    }
    let asked = [("accept", "application/vnd.apache.parquet")];
    let table = service
        .ask(Method::GET, &format!("{AREAS}?limit=2"), &service.ours.key, &asked)
        .await;
    assert_eq!(table.header("ogc-numberreturned"), "2");
    let links: Vec<&str> = table
        .headers
        .get_all("link")
        .iter()
        .map(|link| link.to_str().unwrap())
        .collect();
    let next = links.iter().find(|link| link.contains("rel=\"next\"")).unwrap();
    assert!(
        next.contains("f=parquet"),
        "whoever follows it asks without the header: {next}"
    );
    let refused = service
        .ask(Method::GET, AREAS, &service.ours.key, &[("accept", "image/png")])
        .await;
    assert_eq!(refused.status, 406);
}

#[tokio::test]
async fn positions_come_in_the_system_and_the_order_of_axes_that_was_asked_for() {
    let service = Service::start().await;
    let (_, known) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    let at = |page: &Value| -> (f64, f64) {
        let place = &page["features"][0]["geometry"]["coordinates"];
        (place[0].as_f64().unwrap(), place[1].as_f64().unwrap())
    };
    let of = async |system: &str| {
        let path = format!("{PARTICLES}?limit=1&crs=http://www.opengis.net/def/crs/{system}");
        let answer = service.get(&path).await;
        assert_eq!(
            answer.header("content-crs"),
            format!("<http://www.opengis.net/def/crs/{system}>")
        );
        at(&answer.json())
    };
    let (lon, lat) = known.particles[0].corner;
    let near = |a: (f64, f64), b: (f64, f64), reach: f64| {
        assert!((a.0 - b.0).abs() < reach && (a.1 - b.1).abs() < reach, "{a:?} {b:?}")
    };
    near(of("OGC/1.3/CRS84").await, (lon, lat), 1e-6);
    near(of("EPSG/0/4326").await, (lat, lon), 1e-6);
    let mercator = (
        lon.to_radians() * 6_378_137.0,
        (std::f64::consts::FRAC_PI_4 + lat.to_radians() / 2.0).tan().ln() * 6_378_137.0,
    );
    near(of("EPSG/0/3857").await, mercator, 0.1);
    // On the central meridian of zone 31 the easting is the false one.
    let (east, north) = of("EPSG/0/32631").await;
    assert!(
        (east - 500_000.0 - (lon - 3.0) * 56_700.0).abs() < 500.0 && (6.5e6..6.7e6).contains(&north),
        "{east} {north}"
    );
    let collection = service.get("/ogc/collections/particles").await.json();
    let offered = collection["crs"].as_array().unwrap();
    assert!(
        offered.contains(&json!("http://www.opengis.net/def/crs/EPSG/0/32631")),
        "{offered:?}"
    );
    assert_eq!(collection["storageCrs"], "http://www.opengis.net/def/crs/OGC/1.3/CRS84");
    // The same box in another system selects the same.
    let in_degrees = service.get(&format!("{AREAS}?bbox=2.9,59.4,3.2,59.7")).await.json();
    let swapped = format!("{AREAS}?bbox=59.4,2.9,59.7,3.2&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4326");
    assert_eq!(ids(&service.get(&swapped).await.json()), ids(&in_degrees));
}

#[tokio::test]
async fn a_sorted_walk_sees_every_feature_once_and_in_order() {
    let service = Service::start().await;
    publish(&service, &service.ours, (3.0, 59.5), 10).await;
    publish(&service, &service.ours, (3.2, 59.6), 10).await;
    let whole = service.get(&format!("{AREAS}?limit=10000")).await.json();
    for order in ["-level,valid_time", "valid_time", "-valid_time,%2Blevel", "poc"] {
        let mut path = format!("{AREAS}?limit=7&sortby={order}");
        let (mut walked, mut keys) = (Vec::new(), Vec::new());
        loop {
            let page = service.get(&path).await.json();
            walked.extend(ids(&page));
            for feature in page["features"].as_array().unwrap() {
                let properties = &feature["properties"];
                keys.push((
                    properties["level"].as_f64().unwrap(),
                    properties["valid_time"].as_str().unwrap().to_owned(),
                ));
            }
            let next = page["links"]
                .as_array()
                .unwrap()
                .iter()
                .find(|link| link["rel"] == "next")
                .cloned();
            let Some(next) = next else { break };
            path = next["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
        }
        if order == "-level,valid_time" {
            let rises = |a: &(f64, String), b: &(f64, String)| a.0 > b.0 || (a.0 == b.0 && a.1 <= b.1);
            assert!(keys.windows(2).all(|pair| rises(&pair[0], &pair[1])), "{keys:?}");
        }
        let mut expected = ids(&whole);
        expected.sort();
        walked.sort();
        assert_eq!(walked, expected, "{order}");
    }
}

#[tokio::test]
async fn only_the_wanted_properties_come_and_no_geometry_unless_wanted() {
    let service = Service::start().await;
    publish(&service, &service.ours, (3.0, 59.5), 2).await;
    let page = service
        .get(&format!(
            "{AREAS}?properties=level,valid_time&skipGeometry=true&limit=1"
        ))
        .await
        .json();
    let feature = &page["features"][0];
    assert!(feature["geometry"].is_null());
    let names: Vec<&String> = feature["properties"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let whole = service.get(&format!("{AREAS}?limit=1")).await.json();
    assert!(whole["features"][0]["properties"].get("superseded_by").is_some());
    let schema = service.get("/ogc/collections/search-areas/queryables").await;
    assert_eq!(schema.header("content-type"), "application/schema+json");
    assert_eq!(schema.json()["properties"]["valid_time"]["format"], "date-time");
}

#[tokio::test]
async fn whoever_asks_what_changed_is_told_what_is_gone() {
    let service = Service::start().await;
    let (kept, _) = publish(&service, &service.ours, (3.0, 59.5), 2).await;
    let (gone, known) = publish(&service, &service.ours, (3.2, 59.5), 2).await;
    let since = format!("{AREAS}?updated=2020-01-01T00:00:00Z/..");
    let both = service.get(&since).await;
    assert_eq!(both.status, 200, "{}", both.json());
    assert_eq!(both.json()["numberReturned"], 2 * known.areas.len());
    let withdrawn = service
        .ask(Method::DELETE, &format!("/v1/missions/{gone}"), &service.ours.key, &[])
        .await;
    assert_eq!(withdrawn.status, 204);
    assert_eq!(
        service.get(AREAS).await.json()["numberReturned"],
        known.areas.len(),
        "it is seen no more"
    );
    let page = service.get(&since).await.json();
    let (lost, left): (Vec<&Value>, Vec<&Value>) = page["features"]
        .as_array()
        .unwrap()
        .iter()
        .partition(|feature| feature["properties"]["status"] == "withdrawn");
    assert_eq!(left.len(), known.areas.len());
    let rest = service.get(&format!("{AREAS}?mission_id={kept}")).await.json();
    assert_eq!(rest["numberReturned"], left.len());
    let mut told: Vec<&str> = lost.iter().map(|feature| feature["id"].as_str().unwrap()).collect();
    let mut expected: Vec<&str> = known.areas.iter().map(|area| area.id.as_str()).collect();
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told, expected);
    assert!(lost.iter().all(|feature| feature["geometry"].is_null()));
    let updated = lost[0]["properties"]["updated"].as_str().unwrap();
    assert!(updated > "2026", "{updated}");
    let earlier = format!("{AREAS}?updated=../2020-01-01T00:00:00Z");
    assert_eq!(service.get(&earlier).await.json()["numberReturned"], 0);
    let theirs = service.ask(Method::GET, &since, &service.theirs.key, &[]).await.json();
    assert_eq!(theirs["numberReturned"], 0, "another tenant is told nothing");
}

#[tokio::test]
async fn conditions_select_what_they_say_in_both_languages() {
    let service = Service::start().await;
    let (mission, known) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    publish(&service, &service.ours, (9.0, 57.5), 6).await;
    let count = async |query: &str| -> usize {
        let answer = service.get(&format!("{AREAS}?limit=10000&{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.json());
        let page = answer.json();
        assert_eq!(page["numberMatched"], page["numberReturned"], "{query}");
        page["features"].as_array().unwrap().len()
    };
    let per_run = known.areas.len();
    assert_eq!(count("filter=level=0.9").await, 2 * per_run / 3);
    assert_eq!(count("level=0.9").await, 2 * per_run / 3);
    assert_eq!(
        count(&format!("filter=level%3E0.6%20AND%20mission_id='{mission}'")).await,
        per_run * 2 / 3
    );
    assert_eq!(
        count(&format!("mission_id={mission}&filter=level%3E0.6")).await,
        per_run * 2 / 3
    );
    assert_eq!(
        count("filter=valid_time%3C=TIMESTAMP('2025-01-01T01:00:00Z')").await,
        2 * 2 * 3
    );
    let json = r#"{"op":"and","args":[{"op":"<","args":[{"property":"level"},0.6]},{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[2,58,5,61]}]}]}"#;
    let encoded: String = json.bytes().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(
        count(&format!("filter-lang=cql2-json&filter={encoded}")).await,
        per_run / 3
    );
    // Latitude first, as EPSG:4326 has it.
    let swapped = "filter=S_INTERSECTS(geometry,BBOX(58,2,61,5))&filter-crs=http://www.opengis.net/def/crs/EPSG/0/4326";
    assert_eq!(count(swapped).await, per_run);
    let page = service
        .get("/ogc/collections/particles/items?filter=particle_status='stranded'&limit=5")
        .await
        .json();
    let all = service.get("/ogc/collections/particles/items?limit=10000").await.json();
    let stranded = all["features"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|feature| feature["properties"]["particle_status"] == "stranded")
        .count();
    assert_eq!(page["features"].as_array().unwrap().len(), stranded.min(5));
}

#[tokio::test]
async fn what_is_made_of_a_run_is_listed_found_and_filtered_like_all_else() {
    let service = Service::start().await;
    let (mission, _) = crate::content::publish_with_raster(&service, &service.ours, (3.0, 59.5), 3).await;
    for collection in ["missions", "runs", "scenarios", "poc-cells"] {
        let items = format!("/ogc/collections/{collection}/items");
        let page = service.get(&format!("{items}?limit=7")).await.json();
        let features = page["features"].as_array().unwrap();
        assert!(!features.is_empty(), "{collection}");
        for feature in features {
            assert_eq!(feature["properties"]["mission_id"], json!(mission), "{collection}");
            let found = service
                .get(&format!("{items}/{}", feature["id"].as_str().unwrap()))
                .await;
            assert_eq!(found.json()["geometry"], feature["geometry"], "{collection}");
        }
    }
    let cells = "/ogc/collections/poc-cells/items";
    let mut sum = 0.0;
    let mut path = format!("{cells}?limit=500&datetime=2025-01-01T01:00:00Z");
    loop {
        let page = service.get(&path).await.json();
        let features = page["features"].as_array().unwrap();
        sum += features
            .iter()
            .map(|feature| feature["properties"]["poc"].as_f64().unwrap())
            .sum::<f64>();
        let next = page["links"]
            .as_array()
            .unwrap()
            .iter()
            .find(|link| link["rel"] == "next")
            .cloned();
        let Some(next) = next else { break };
        path = next["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    }
    assert!(sum > 0.0, "{sum}");
    let missing = service
        .get("/ogc/collections/missions/items/mis_00000000000000000000000000000000")
        .await;
    assert_eq!(missing.status, 404);
}
