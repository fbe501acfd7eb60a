//! Selection by box and time against what is known of every feature.

use driftline_domain::ValidTime;
use serde_json::{Value, json};

use crate::content::{CREDIT, Dice, Known, T0_S, publish};
use crate::service::{BASE, Service};

const AREAS: &str = "/ogc/collections/search-areas/items";
const DATUMS: &str = "/ogc/collections/datums/items";

fn ids(answer: &Value) -> Vec<String> {
    let features = answer["features"].as_array().unwrap();
    features
        .iter()
        .map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

fn known_ids<'a>(known: impl Iterator<Item = &'a Known>) -> Vec<String> {
    sorted(known.map(|feature| feature.id.clone()).collect())
}

fn printed(time_s: i64) -> String {
    ValidTime::from_unix_s(time_s).unwrap().to_string()
}

async fn with_content() -> (Service, Vec<Known>, Vec<Known>) {
    let service = Service::start().await;
    let (mut areas, mut datums) = (Vec::new(), Vec::new());
    for place in [(3.0, 59.5), (3.6, 59.9), (178.937, -17.0)] {
        let (_, known) = publish(&service, &service.ours, place, 24).await;
        areas.extend(known.areas);
        datums.extend(known.datums);
    }
    publish(&service, &service.theirs, (3.1, 59.6), 24).await;
    (service, areas, datums)
}

#[tokio::test]
async fn every_form_of_datetime_selects_what_a_scan_selects_boundaries_included() {
    let (service, areas, _) = with_content().await;
    let (a, b) = (T0_S, T0_S + 6 * 3600);
    let (from, until) = (printed(a), printed(b));
    let closed = areas.iter().filter(|area| area.is_within(Some(a), Some(b))).count();
    let half_open = areas.iter().filter(|area| area.is_within(Some(a), Some(b - 1))).count();
    assert!(
        half_open < closed && closed < areas.len(),
        "the three counts must differ"
    );
    let rows = [
        (until.clone(), Some(b), Some(b)),
        (format!("{from}/{until}"), Some(a), Some(b)),
        (format!("../{until}"), None, Some(b)),
        (format!("/{until}"), None, Some(b)),
        (format!("{until}/.."), Some(b), None),
        (format!("{until}/"), Some(b), None),
        ("../..".to_owned(), None, None),
        ("2025-01-01T08:00:00%2B02:00".to_owned(), Some(b), Some(b)),
        ("2025-01-01T08:00:00+02:00/..".to_owned(), Some(b), None),
        ("2025-01-01t06:00:00z".to_owned(), Some(b), Some(b)),
        ("2025-01-01T05:59:59.999999Z/..".to_owned(), Some(b), None),
        ("2025-01-01T06:00:00.000001Z/..".to_owned(), Some(b + 1), None),
        (
            "2025-01-01T00:30:00Z/2025-01-01T00:40:00Z".to_owned(),
            Some(a + 1800),
            Some(a + 2400),
        ),
    ];
    for (datetime, from_s, until_s) in rows {
        let answer = service.get(&format!("{AREAS}?limit=10000&datetime={datetime}")).await;
        assert_eq!(answer.status, 200, "{datetime}");
        let expected = known_ids(areas.iter().filter(|area| area.is_within(from_s, until_s)));
        assert_eq!(sorted(ids(&answer.json())), expected, "{datetime}");
        assert_eq!(answer.json()["numberMatched"], expected.len(), "{datetime}");
        assert_eq!(answer.json()["numberReturned"], expected.len(), "{datetime}");
    }
    for bad in [
        format!("{until}/{from}"),
        "2025-01-01".to_owned(),
        "2025-01-01T06:00:00".to_owned(),
        "yesterday".to_owned(),
        String::new(),
        "%ff".to_owned(),
    ] {
        let answer = service.get(&format!("{AREAS}?datetime={bad}")).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(answer.json()["detail"].as_str().unwrap().len() > 20, "{bad}");
    }
}

#[tokio::test]
async fn boxes_select_what_a_formula_selects_also_across_the_antimeridian() {
    let (service, areas, datums) = with_content().await;
    let mut dice = Dice(7);
    let mut boxes: Vec<[f64; 4]> = vec![
        [-180.0, -90.0, 180.0, 90.0],
        [179.0, -20.0, -179.0, -10.0],
        [-180.0, -20.0, -179.5, -10.0],
        [170.0, -20.0, 180.0, -10.0],
        [10.0, -90.0, 0.0, 90.0],
    ];
    for (west, south) in [(2.5, 59.0), (178.5, -17.5)] {
        for _ in 0..60 {
            let west = dice.between(west, west + 3.0);
            let south = dice.between(south, south + 2.0);
            let east = west + dice.between(0.01, 0.8);
            let into_turn = |lon: f64| if lon > 180.0 { lon - 360.0 } else { lon };
            boxes.push([into_turn(west), south, into_turn(east), south + dice.between(0.01, 0.5)]);
        }
    }
    let (mut refined, mut found_any) = (0, 0);
    for bbox in boxes {
        let [west, south, east, north] = bbox;
        let query = format!("limit=10000&bbox={west},{south},{east},{north}");
        let expected = known_ids(areas.iter().filter(|area| area.touches(bbox)));
        let answer = service.get(&format!("{AREAS}?{query}")).await.json();
        assert_eq!(sorted(ids(&answer)), expected, "{bbox:?}");
        let expected_datums = known_ids(datums.iter().filter(|datum| datum.touches(bbox)));
        let answer = service.get(&format!("{DATUMS}?{query}")).await.json();
        assert_eq!(sorted(ids(&answer)), expected_datums, "{bbox:?}");
        assert_eq!(answer["numberMatched"], expected_datums.len());
        found_any += usize::from(!expected.is_empty());
        refined += areas
            .iter()
            .filter(|area| area.touches_its_box(bbox) && !area.touches(bbox))
            .count();
    }
    assert!(
        refined > 20 && found_any > 40,
        "the boxes must tell areas from their boxes: {refined} {found_any}"
    );
    let both = format!("{AREAS}?limit=10000&bbox=3,59,4,60.2&datetime=2025-01-01T03:00:00Z/2025-01-01T09:00:00Z");
    let expected = areas.iter().filter(|area| {
        area.touches([3.0, 59.0, 4.0, 60.2]) && area.is_within(Some(T0_S + 10_800), Some(T0_S + 32_400))
    });
    let expected = known_ids(expected);
    assert!(!expected.is_empty() && expected.len() < areas.len());
    assert_eq!(sorted(ids(&service.get(&both).await.json())), expected);
}

#[tokio::test]
async fn single_features_are_found_by_their_ids() {
    let (service, areas, datums) = with_content().await;
    for (path, known) in [(AREAS, &areas[5]), (DATUMS, &datums[30])] {
        let answer = service.get(&format!("{path}/{}", known.id)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/geo+json");
        let feature = answer.json();
        assert_eq!(
            (&feature["type"], &feature["id"]),
            (&json!("Feature"), &json!(known.id))
        );
        assert_eq!(feature["attribution"], CREDIT);
        let other = if path == AREAS { DATUMS } else { AREAS };
        assert_eq!(
            service.get(&format!("{other}/{}", known.id)).await.status,
            404,
            "in the other collection"
        );
    }
    assert_eq!(service.get(&format!("{AREAS}/nothing")).await.status, 404);
}

#[tokio::test]
async fn collections_tell_what_the_tenant_really_has() {
    let service = Service::start().await;
    let empty = service.get("/ogc/collections").await.json();
    assert_eq!(empty["collections"].as_array().unwrap().len(), 9);
    assert!(empty["collections"][0].get("extent").is_none(), "nothing has no extent");
    let none = service.get(AREAS).await;
    assert_eq!(
        (
            none.json()["numberReturned"].clone(),
            none.json()["numberMatched"].clone()
        ),
        (json!(0), json!(0))
    );
    let (first, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    publish(&service, &service.ours, (178.937, -17.0), 24).await;
    publish(&service, &service.theirs, (-60.0, 40.0), 48).await;
    let areas = service.get("/ogc/collections/search-areas").await.json();
    assert_eq!(
        areas["extent"]["temporal"]["interval"],
        json!([[printed(T0_S), printed(T0_S + 24 * 3600)]])
    );
    assert!(areas["description"].as_str().unwrap().contains(CREDIT));
    let bbox = &areas["extent"]["spatial"]["bbox"][0];
    assert_eq!((bbox[0].as_f64(), bbox[1].as_f64()), (Some(3.0), Some(-17.0)), "{bbox}");
    assert!(
        bbox[2].as_f64().unwrap() < -178.0,
        "the box goes east across the antimeridian: {bbox}"
    );
    let one = service
        .get(&format!("/missions/{first}/ogc/collections/search-areas"))
        .await
        .json();
    assert_eq!(
        one["extent"]["temporal"]["interval"],
        json!([[printed(T0_S), printed(T0_S + 6 * 3600)]])
    );
    let bbox = &one["extent"]["spatial"]["bbox"][0];
    assert!(bbox[2].as_f64().unwrap() < 5.0, "{bbox}");
    let items = service
        .get(&format!(
            "/missions/{first}/ogc/collections/search-areas/items?limit=1000"
        ))
        .await
        .json();
    assert_eq!(items["numberMatched"], 3 * 7);
    assert_eq!(service.get("/ogc/collections/dUmmYColLection").await.status, 404);
    assert_eq!(service.get("/ogc/collections/dUmmYColLection/items").await.status, 404);
}

#[tokio::test]
async fn landing_page_and_conformance_are_what_clients_need() {
    let service = Service::start().await;
    let landing = service.get("/ogc").await.json();
    let relations: Vec<&str> = landing["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["rel"].as_str().unwrap())
        .collect();
    for relation in [
        "self",
        "alternate",
        "service-desc",
        "conformance",
        "data",
        "wms",
        "wmts",
        "tilesets",
        "kml",
    ] {
        assert_eq!(
            relations.iter().filter(|found| **found == relation).count(),
            1,
            "{relation}: {relations:?}"
        );
    }
    for relation in [
        "processes",
        "job-list",
        "tilesets-vector",
        "tilesets-map",
        "styles",
        "conformance",
    ] {
        let relation = format!("http://www.opengis.net/def/rel/ogc/1.0/{relation}");
        assert!(relations.contains(&relation.as_str()), "{relation}: {relations:?}");
    }
    let of_data = landing["links"]
        .as_array()
        .unwrap()
        .iter()
        .find(|link| link["rel"] == "conformance");
    assert_eq!(of_data.unwrap()["href"], format!("{BASE}/ogc/conformance"));
    let conformance = service.get("/ogc/conformance").await.json();
    let classes = conformance["conformsTo"].as_array().unwrap();
    for class in ["core", "oas30", "geojson"] {
        let class = format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{class}");
        assert!(classes.contains(&json!(class)));
    }
    let api = service.get("/ogc/api").await;
    assert_eq!(
        api.header("content-type"),
        "application/vnd.oai.openapi+json;version=3.0"
    );
    assert_eq!(api.json()["servers"][0]["url"], format!("{BASE}/ogc"));
}
