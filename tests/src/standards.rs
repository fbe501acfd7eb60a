//! OGC API Features as others read it: GDAL and OWSLib against the running binary with a completed mission.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Client, Prepared, Server, gdal, gdal_says, mission_off_norway, python, scratch};

const HOURS: u32 = 12;

/// A server with one completed mission.
struct Subject {
    prepared: Prepared,
    server: Server,
    client: Client,
    mission: String,
}

impl Subject {
    fn new() -> Self {
        let prepared = Prepared::new();
        let server = prepared.serve();
        let client = server.client().with_key(&prepared.key);
        let posted = client
            .post("/v1/missions", &mission_off_norway(HOURS, 1000))
            .expect(202, "POST")
            .json();
        let mission = posted["id"].as_str().unwrap().to_owned();
        assert_eq!(client.wait_for(&mission)["status"], "completed");
        Self {
            prepared,
            server,
            client,
            mission,
        }
    }

    /// All search areas, read by our own client in one page.
    fn areas(&self) -> Vec<Value> {
        let page = self.client.json("/ogc/collections/search-areas/items?limit=10000");
        page["features"].as_array().unwrap().clone()
    }
}

/// West, south, east, north of a GeoJSON geometry.
pub(crate) fn bounds(feature: &Value) -> [f64; 4] {
    fn visit(coordinates: &Value, bounds: &mut [f64; 4]) {
        let list = coordinates.as_array().unwrap();
        let number = |index: usize| list.get(index).and_then(Value::as_f64);
        if let (Some(lon), Some(lat)) = (number(0), number(1)) {
            *bounds = [
                bounds[0].min(lon),
                bounds[1].min(lat),
                bounds[2].max(lon),
                bounds[3].max(lat),
            ];
        } else {
            list.iter().for_each(|inner| visit(inner, bounds));
        }
    }
    let mut found = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    visit(&feature["geometry"]["coordinates"], &mut found);
    found
}

fn id(feature: &Value) -> String {
    feature["id"].as_str().unwrap().to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

/// A box whose western edge halves the areas: some lie in it, some outside.
fn eastern_box(areas: &[Value]) -> [f64; 4] {
    let mut east: Vec<f64> = areas.iter().map(|area| bounds(area)[2]).collect();
    east.sort_by(f64::total_cmp);
    let west = f64::midpoint(east[east.len() / 2 - 1], east[east.len() / 2]);
    [west, 50.0, 20.0, 70.0]
}

fn touches(area: &Value, [west, south, east, north]: [f64; 4]) -> bool {
    let [w, s, e, n] = bounds(area);
    w <= east && e >= west && s <= north && n >= south
}

#[test]
fn owslib_reads_conformance_collections_and_every_page() {
    let subject = Subject::new();
    let areas = subject.areas();
    assert_eq!(areas.len() as u32, 3 * (HOURS + 1));
    let around = eastern_box(&areas);
    let interval = "2015-11-16T02:00:00Z/2015-11-16T05:00:00Z";
    let root = format!("{}/ogc", subject.server.base());
    let box_text = around.map(|number| number.to_string()).join(",");
    let read = python(
        "owslib_features.py",
        &[&root, &subject.prepared.key, &box_text, interval],
    );

    let conformance: BTreeSet<String> = ids(&read["conformance"]).into_iter().collect();
    for class in ["core", "oas30", "geojson"] {
        let uri = format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{class}");
        assert!(conformance.contains(&uri), "{uri}: {conformance:?}");
    }
    assert_eq!(read["api"], "3.0.3");
    let collections = [
        "search-areas",
        "datums",
        "trajectories",
        "particles",
        "poc-cells",
        "shoreline",
        "missions",
        "scenarios",
        "runs",
    ];
    assert_eq!(ids(&read["collections"]), collections);
    assert_eq!(ids(&read["feature_collections"]), collections);
    assert_eq!(read["item"], read["first"]);

    let own: Vec<String> = areas.iter().map(id).collect();
    assert_eq!(own.iter().collect::<BTreeSet<_>>().len(), own.len(), "ids are unique");
    assert_eq!(ids(&read["all"]), own, "ten at a time");
    assert_eq!(ids(&read["large"]), own);
    let inside: Vec<String> = areas.iter().filter(|area| touches(area, around)).map(id).collect();
    assert!(!inside.is_empty() && inside.len() < own.len(), "the box discriminates");
    assert_eq!(ids(&read["bbox"]), inside);
    let valid = |area: &&Value| {
        let time = area["properties"]["valid_time"].as_str().unwrap();
        ("2015-11-16T02:00:00Z"..="2015-11-16T05:00:00Z").contains(&time)
    };
    let within: Vec<String> = areas.iter().filter(valid).map(id).collect();
    assert_eq!(within.len(), 3 * 4, "both ends of an interval belong to it");
    assert_eq!(ids(&read["datetime"]), within);
    let of_level = |area: &&Value| area["properties"]["level"] == 0.9;
    let mut sorted: Vec<&Value> = areas.iter().filter(of_level).collect();
    sorted.sort_by_key(|area| std::cmp::Reverse(area["properties"]["valid_time"].as_str().unwrap()));
    let sorted: Vec<String> = sorted.into_iter().map(id).collect();
    assert_eq!(
        ids(&read["filtered"]),
        sorted,
        "the condition and the order hold on every page"
    );
    let extent = &read["extent"];
    assert_eq!(extent["temporal"]["interval"][0][0], "2015-11-16T00:00:00Z", "{extent}");
    assert_eq!(extent["temporal"]["interval"][0][1], "2015-11-16T12:00:00Z", "{extent}");
    subject.server.stop(&[]);
}

#[test]
fn every_form_is_read_by_the_programs_it_is_for() {
    let subject = Subject::new();
    let folder = scratch("forms");
    for collection in [
        "search-areas",
        "particles",
        "missions",
        "runs",
        "scenarios",
        "poc-cells",
        "shoreline",
    ] {
        let items = format!("/ogc/collections/{collection}/items?limit=5000");
        let page = subject.client.json(&items);
        let wanted: BTreeSet<String> = page["features"].as_array().unwrap().iter().map(id).collect();
        assert!(!wanted.is_empty() || collection == "shoreline", "{collection}");
        if wanted.is_empty() {
            continue;
        }
        let file = |name: &str, format: &str| {
            let path = folder.path().join(format!("{collection}.{name}"));
            let answer = subject.client.get(&format!("{items}&f={format}")).expect(200, format);
            std::fs::write(&path, &answer.body).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (flat, table, csv) = (file("fgb", "fgb"), file("parquet", "parquet"), file("csv", "csv"));
        // GDAL writes what it understood as GeoJSON.
        let copied = folder.path().join(format!("{collection}.geojson"));
        gdal_says("ogr2ogr", &[], &["-f", "GeoJSON", copied.to_str().unwrap(), &flat]);
        let copied: Value = serde_json::from_slice(&std::fs::read(&copied).unwrap()).unwrap();
        let told = |feature: &Value| feature["properties"]["id"].as_str().unwrap().to_owned();
        let copied = copied["features"].as_array().unwrap();
        assert_eq!(copied.iter().map(told).collect::<BTreeSet<_>>(), wanted, "{collection}");
        let first = &copied[0];
        let same = page["features"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| id(one) == told(first))
            .unwrap();
        for (found, wanted) in bounds(first).iter().zip(bounds(same)) {
            assert!((found - wanted).abs() < 2e-6, "{collection}: {first}");
        }
        let read = python("geoparquet.py", &[&table]);
        let read = &read[format!("{collection}.parquet")];
        assert_eq!(read["rows"], wanted.len(), "{collection}");
        let rows = std::fs::read_to_string(&csv).unwrap().lines().count();
        assert!(rows > wanted.len(), "{collection}: {rows} lines");
    }
    subject.server.stop(&[]);
}

/// What `ogrinfo -so` says of a layer: feature count and extent.
fn ogrinfo(dataset: &str, layer: &str, options: &[(&str, &str)]) -> (u64, [f64; 4]) {
    let said = gdal("ogrinfo", options, &["-ro", "-so", dataset, layer]);
    let text = format!(
        "{}\n{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
    assert!(said.status.success() && !text.contains("ERROR"), "{text}");
    let after = |label: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("ogrinfo says no '{label}': {text}"))
            .to_owned()
    };
    let numbers: Vec<f64> = after("Extent: ")
        .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
        .filter_map(|number| number.parse().ok())
        .collect();
    (
        after("Feature Count: ").trim().parse().unwrap(),
        numbers.try_into().unwrap(),
    )
}

#[test]
fn gdal_counts_and_measures_each_collection_with_each_form_of_credential() {
    let subject = Subject::new();
    let (base, key) = (subject.server.base(), subject.prepared.key.as_str());
    let areas = subject.areas();
    let whole = areas
        .iter()
        .map(bounds)
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
        .unwrap();
    let bearer = format!("Authorization: Bearer {key}");
    let header = format!("X-API-Key: {key}");
    let basic = format!("anyone:{key}");
    let by_query = format!("OAPIF:{base}/ogc?key={key}");
    let plain = format!("OAPIF:{base}/ogc");
    let forms: [(&str, &[(&str, &str)]); 4] = [
        (&by_query, &[]),
        (&plain, &[("GDAL_HTTP_HEADERS", &bearer)]),
        (&plain, &[("GDAL_HTTP_HEADERS", &header)]),
        (&plain, &[("GDAL_HTTP_USERPWD", &basic), ("GDAL_HTTP_AUTH", "BASIC")]),
    ];
    for (dataset, options) in forms {
        let (count, extent) = ogrinfo(dataset, "search-areas", options);
        assert_eq!(count, areas.len() as u64, "{options:?}");
        for (found, wanted) in extent.iter().zip(whole) {
            assert!((found - wanted).abs() < 1e-5, "{extent:?} is not {whole:?}");
        }
    }
    let counts = [
        ("datums", u64::from(HOURS) + 1),
        ("particles", 1000 * (u64::from(HOURS) + 1)),
    ];
    for (layer, at_least) in counts {
        let (count, _) = ogrinfo(&by_query, layer, &[]);
        assert!(count >= at_least, "{layer}: {count}");
        let own = subject.client.json(&format!("/ogc/collections/{layer}/items?limit=1"));
        assert!(
            own["numberMatched"].as_u64().is_none_or(|matched| matched == count),
            "{layer}: {own}"
        );
    }
    let by_mission = format!("OAPIF:{base}/missions/{}/ogc?key={key}", subject.mission);
    assert_eq!(ogrinfo(&by_mission, "search-areas", &[]).0, areas.len() as u64);
    subject.server.stop(&[]);
}

#[test]
fn ogr2ogr_writes_the_right_subset_of_a_box() {
    let subject = Subject::new();
    let areas = subject.areas();
    let around = eastern_box(&areas);
    let folder = scratch("ogr");
    let output = folder.path().join("subset.geojson");
    let dataset = format!("OAPIF:{}/ogc?key={}", subject.server.base(), subject.prepared.key);
    let corners = around.map(|number| number.to_string());
    let mut arguments = vec![
        "-f",
        "GeoJSON",
        output.to_str().unwrap(),
        &dataset,
        "search-areas",
        "-spat",
    ];
    arguments.extend(corners.iter().map(String::as_str));
    let said = gdal("ogr2ogr", &[], &arguments);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let written: Value = serde_json::from_slice(&std::fs::read(&output).unwrap()).unwrap();
    // GDAL looks at the geometries themselves once more, the server at their boxes.
    let time_and_level = |feature: &Value| {
        let properties = &feature["properties"];
        (
            properties["valid_time"].as_str().unwrap_or_default()[..13].replace('/', "-"),
            properties["level"].to_string(),
        )
    };
    let found: BTreeSet<_> = written["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(time_and_level)
        .collect();
    let wanted: BTreeSet<_> = areas
        .iter()
        .filter(|area| touches(area, around))
        .map(time_and_level)
        .collect();
    assert!(!wanted.is_empty() && wanted.len() < areas.len());
    assert_eq!(found, wanted);
    subject.server.stop(&[]);
}

#[test]
fn gdal_gets_a_clean_refusal_without_a_key_and_for_a_collection_that_is_not_there() {
    let subject = Subject::new();
    let refused = gdal(
        "ogrinfo",
        &[],
        &["-ro", &format!("OAPIF:{}/ogc", subject.server.base())],
    );
    assert!(!refused.status.success());
    let dataset = format!("OAPIF:{}/ogc?key={}", subject.server.base(), subject.prepared.key);
    let unknown = gdal("ogrinfo", &[], &["-ro", "-so", &dataset, "no-such-collection"]);
    assert!(
        String::from_utf8_lossy(&unknown.stdout).contains("Couldn't fetch") || !unknown.status.success(),
        "{unknown:?}"
    );
    subject
        .client
        .get("/ogc/collections/no-such-collection")
        .problem(404, "unknown collection");
    subject.server.stop(&[]);
}

#[test]
fn the_time_from_sending_a_mission_to_its_areas_is_told() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    for round in ["first", "second", "third"] {
        let began = std::time::Instant::now();
        let mission = client
            .post("/v1/missions", &mission_off_norway(24, 5000))
            .expect(202, "POST")
            .json();
        let items = format!(
            "/missions/{}/ogc/collections/search-areas/items?limit=1000",
            mission["id"].as_str().unwrap()
        );
        let areas = loop {
            let page = client.get(&items);
            if page.status == 200 && page.json()["numberReturned"].as_u64().unwrap() > 0 {
                break page.json()["numberReturned"].as_u64().unwrap();
            }
            assert!(
                began.elapsed().as_secs() < 120,
                "no areas after two minutes: {}",
                page.text()
            );
            std::thread::sleep(std::time::Duration::from_millis(10));
        };
        assert_eq!(areas, 3 * 25, "areas appear all at once");
        // A figure, not a judgement: other tests use the same two cores.
        println!(
            "{round} mission of 5,000 particles and 24 h: areas after {:.2} s",
            began.elapsed().as_secs_f64()
        );
    }
    server.stop(&[]);
}
