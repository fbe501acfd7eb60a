//! Web maps in a browser, on pages that are not the server's own: OpenLayers, Leaflet and MapLibre in headless Chromium,
//! with a publishable key, with a signed link, and from a page that the key is not bound to.

use std::path::Path;

use serde_json::{Value, json};

use super::{Areas, EARLY, HARBOUR, LATE, STRANGER, Subject, alike, drawn, plan, probes};
use crate::harness::{node, scratch};

/// Size of the pages' map, in pixels.
const SIZE: [f64; 2] = [600.0, 400.0];
/// The colours that the tests give the libraries for areas of 50, 90 and 95 %.
const RED: [i64; 3] = [215, 25, 28];
const ORANGE: [i64; 3] = [253, 174, 97];
const PAPER: [i64; 3] = [255, 255, 255];
const PAINT: [(&str, &str); 3] = [("0.5", "#d7191c"), ("0.9", "#fdae61"), ("0.95", "#abd9e9")];

/// A view that holds the frame of a time: its centre, a zoom level of 256-pixel tiles, and degrees per pixel.
fn view(areas: &Areas, time: &str) -> Value {
    let [west, south, east, north] = areas.frame(time);
    // Away from the equator, Web Mercator is taller than degrees are.
    let tall = 1.0 / ((south + north) / 2.0).to_radians().cos();
    let pixels_per_degree = (SIZE[0] / (east - west)).min(SIZE[1] / ((north - south) * tall));
    let zoom = (pixels_per_degree * 360.0 / 256.0).log2().floor();
    json!({ "centre": [f64::midpoint(west, east), f64::midpoint(south, north)], "zoom": zoom })
}

/// The same place in plate carrée; Leaflet's zoom levels of it begin with two tiles.
fn in_degrees(mut view: Value) -> Value {
    let zoom = view["zoom"].as_f64().unwrap();
    view["crs"] = json!("EPSG:4326");
    view["resolution"] = json!(360.0 / (256.0 * zoom.exp2()));
    view["zoom"] = json!(zoom - 1.0);
    view
}

/// A case whose probes are the core of 50 %, the rim between 50 and 90 %, and a place far away.
fn case(name: &str, page: &str, layer: Value, subject: &Subject) -> Value {
    let areas = &subject.areas;
    json!({
        "name": name,
        "page": page,
        "origin": HARBOUR,
        "layer": layer,
        "view": view(areas, LATE),
        "probes": [areas.core(LATE, 50), areas.rim(LATE, 50, 90), areas.far(LATE)],
    })
}

fn open(folder: &Path, cases: &[Value]) -> Value {
    node("web/maps.mjs", &[&plan(folder, folder, cases)])
}

fn wms(url: &str, name: &str, version: &str, time: &str) -> Value {
    json!({ "kind": "wms", "url": url, "name": name, "version": version, "time": time })
}

fn vector(url: &str, name: &str) -> Value {
    json!({ "kind": "vector-tiles", "url": url, "name": name, "geometry": "polygon", "by": "level", "paint": PAINT })
}

fn points(url: &str, name: &str) -> Value {
    json!({ "kind": "vector-tiles", "url": url, "name": name, "geometry": "point", "paint": [("all", "#0000ff")] })
}

fn raster(url: &str) -> Value {
    json!({ "kind": "raster-tiles", "url": url })
}

/// Every request of a case to the server.
fn requests(found: &Value) -> &Vec<Value> {
    found["requests"].as_array().unwrap()
}

/// The areas in the colours that the test chose: exact inside, nothing far away.
fn shows_painted_areas(report: &Value, name: &str) {
    let found = drawn(report, name);
    let mut seen = vec![probes(found)];
    if let Some(in_render) = found["inRender"].as_array() {
        seen.push(
            in_render
                .iter()
                .map(|probe| serde_json::from_value(probe.clone()).unwrap())
                .collect(),
        );
    }
    for colours in seen {
        assert!(alike(&colours[0], &RED), "{name}, the core of 50 %: {colours:?}");
        assert!(alike(&colours[1], &ORANGE), "{name}, between 50 and 90 %: {colours:?}");
        assert!(alike(&colours[2], &PAPER), "{name}, far away: {colours:?}");
    }
}

/// A picture of the server: something at core and rim that is not alike, nothing far away.
fn shows_a_picture(report: &Value, name: &str) {
    let colours = probes(drawn(report, name));
    assert!(
        !alike(&colours[0], &PAPER) && !alike(&colours[1], &PAPER),
        "{name}: {colours:?}"
    );
    assert!(!alike(&colours[0], &colours[1]), "{name}: {colours:?}");
    assert!(alike(&colours[2], &PAPER), "{name}: {colours:?}");
}

/// Every library with every kind of layer that it reads, on a page of the harbour.
fn cases_of_the_harbour(subject: &Subject) -> Vec<Value> {
    let wms_url = subject.published("/wms");
    let tile = |what: &str| subject.published(&format!("/tiles/{what}?datetime={LATE}"));
    let items = subject.published(&format!(
        "/ogc/collections/search-areas/items?limit=1000&datetime={LATE}"
    ));
    let one = |name: &str, page: &str, layer: Value| case(name, page, layer, subject);
    let mut asking = one("ol-wms", "openlayers", wms(&wms_url, "probability", "1.3.0", LATE));
    asking["ask"] = asking["probes"][0].clone();
    let mut cases = vec![
        asking,
        one(
            "ol-wms-early",
            "openlayers",
            wms(&wms_url, "probability", "1.3.0", EARLY),
        ),
        one("ol-wms-111", "openlayers", wms(&wms_url, "search-areas", "1.1.1", LATE)),
        one("ol-degrees", "openlayers", wms(&wms_url, "search-areas", "1.3.0", LATE)),
        one(
            "ol-tiles",
            "openlayers",
            vector(&tile("search-areas/{z}/{x}/{y}.mvt"), "search-areas"),
        ),
        one(
            "ol-particles",
            "openlayers",
            points(&tile("particles/{z}/{x}/{y}.mvt"), "particles"),
        ),
        one(
            "ol-features",
            "openlayers",
            json!({ "kind": "features", "url": items, "by": "level", "paint": PAINT }),
        ),
        one("leaflet-wms", "leaflet", wms(&wms_url, "search-areas", "1.1.1", LATE)),
        one(
            "leaflet-wms-130",
            "leaflet",
            wms(&wms_url, "probability", "1.3.0", LATE),
        ),
        one(
            "leaflet-degrees",
            "leaflet",
            wms(&wms_url, "search-areas", "1.3.0", LATE),
        ),
        one("leaflet-tiles", "leaflet", raster(&tile("probability/{z}/{x}/{y}.png"))),
        one(
            "leaflet-large-tiles",
            "leaflet",
            raster(&tile("search-areas/{z}/{x}/{y}@2x.png")),
        ),
        one(
            "maplibre-areas",
            "maplibre",
            vector(&tile("search-areas.json"), "search-areas"),
        ),
        one(
            "maplibre-particles",
            "maplibre",
            points(&tile("particles.json"), "particles"),
        ),
        one("maplibre-raster", "maplibre", raster(&tile("probability.json"))),
    ];
    for case in cases
        .iter_mut()
        .filter(|case| case["name"].as_str().unwrap().ends_with("-degrees"))
    {
        case["view"] = in_degrees(case["view"].take());
    }
    cases
}

/// What the libraries send is what the traps are about: pictures in `<img>` have no Origin, only a Referer.
fn sent_as_browsers_do(report: &Value) {
    for request in requests(&report["leaflet-tiles"]) {
        assert_eq!(
            (&request["origin"], &request["referer"]),
            (&Value::Null, &json!(format!("{HARBOUR}/")))
        );
    }
    assert!(
        requests(&report["ol-tiles"])
            .iter()
            .any(|request| request["origin"] == HARBOUR)
    );
    let tiles = requests(&report["maplibre-areas"]);
    let tile = tiles
        .iter()
        .map(|request| request["url"].as_str().unwrap())
        .find(|url| url.contains("/search-areas/"));
    let tile = tile.unwrap_or_else(|| panic!("MapLibre asked for no tile: {tiles:?}"));
    assert!(
        tile.contains("key=dlp_") && tile.contains("datetime="),
        "TileJSON carries on what it was asked with: {tile}"
    );
}

#[test]
fn foreign_pages_draw_with_a_publishable_key_of_their_origin() {
    let subject = Subject::new();
    let folder = scratch("browser");
    let report = open(folder.path(), &cases_of_the_harbour(&subject));
    for name in ["ol-tiles", "ol-features", "maplibre-areas"] {
        shows_painted_areas(&report, name);
    }
    let pictures = [
        "ol-wms",
        "ol-wms-111",
        "ol-degrees",
        "leaflet-wms",
        "leaflet-wms-130",
        "leaflet-degrees",
    ];
    for name in pictures
        .into_iter()
        .chain(["leaflet-tiles", "leaflet-large-tiles", "maplibre-raster"])
    {
        shows_a_picture(&report, name);
    }
    for name in ["ol-particles", "maplibre-particles"] {
        let found = drawn(&report, name);
        assert!(found["drawn"].as_u64() > Some(2000), "{name}: {}", found["drawn"]);
        assert!(alike(&probes(found)[2], &PAPER), "{name}: {found:#}");
    }
    let read = |name: &str| std::fs::read(folder.path().join(format!("{name}.png"))).unwrap();
    drawn(&report, "ol-wms-early");
    assert_ne!(read("ol-wms"), read("ol-wms-early"), "two times, two pictures");
    let asked = &report["ol-wms"]["asked"];
    assert_eq!(asked["status"], 200, "{asked}");
    sent_as_browsers_do(&report);
    subject.server.stop(&[]);
}

#[test]
fn a_page_of_another_origin_is_refused_by_every_library() {
    let subject = Subject::new();
    let folder = scratch("browser");
    let wms_url = subject.published("/wms");
    let tile = |what: &str| subject.published(&format!("/tiles/{what}?datetime={LATE}"));
    let layers = [
        ("openlayers", wms(&wms_url, "probability", "1.3.0", LATE)),
        (
            "openlayers",
            vector(&tile("search-areas/{z}/{x}/{y}.mvt"), "search-areas"),
        ),
        ("leaflet", raster(&tile("probability/{z}/{x}/{y}.png"))),
        ("maplibre", vector(&tile("search-areas.json"), "search-areas")),
    ];
    let mut cases = Vec::new();
    for (number, (page, layer)) in layers.into_iter().enumerate() {
        let mut one = case(&format!("{page}-{number}"), page, layer, &subject);
        one["origin"] = json!(STRANGER);
        cases.push(one);
    }
    let report = open(folder.path(), &cases);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let found = &report[name];
        let problem = found["problem"].as_str().unwrap_or_default();
        assert!(
            problem.starts_with("map errors") || problem.starts_with("refused: 403"),
            "{name}: {found:#}"
        );
        assert_eq!(found["drawn"].as_u64().unwrap_or_default(), 0, "{name}: {found:#}");
        assert!(!requests(found).is_empty(), "{name}: it asked");
    }
    // The same key and the same addresses work where they may: it is the origin that is refused.
    let allowed = subject.server.client().send(
        "GET",
        &subject.published("/tiles/search-areas.json"),
        &[("origin", HARBOUR)],
        b"",
    );
    allowed.unwrap().expect(200, "from the harbour");
    let nowhere = subject
        .server
        .client()
        .get(&subject.published("/tiles/search-areas.json"));
    nowhere.problem(403, "from no page at all");
    subject.server.stop(&[]);
}

#[test]
fn a_signed_link_draws_on_any_page_and_reaches_nothing_else() {
    let subject = Subject::new();
    let folder = scratch("browser");
    let tile = |what: &str| subject.signed(&format!("/tiles/{what}?datetime={LATE}"));
    let layers = [
        ("openlayers", wms(&subject.signed("/wms"), "probability", "1.3.0", LATE)),
        ("leaflet", raster(&tile("probability/{z}/{x}/{y}.png"))),
        ("maplibre", vector(&tile("search-areas.json"), "search-areas")),
    ];
    let mut cases = layers.map(|(page, layer)| case(page, page, layer, &subject));
    cases.iter_mut().for_each(|case| case["origin"] = json!(STRANGER));
    let report = open(folder.path(), &cases);
    shows_a_picture(&report, "openlayers");
    shows_a_picture(&report, "leaflet");
    shows_painted_areas(&report, "maplibre");
    for request in requests(&report["maplibre"]) {
        let url = request["url"].as_str().unwrap();
        assert!(url.contains("sig=") && !url.contains("key="), "{url}");
    }
    let anyone = subject.server.client();
    let elsewhere = subject
        .signed("/wms")
        .replacen(&format!("/missions/{}/wms", subject.mission), "/wms", 1);
    assert!(
        anyone.get(&elsewhere).status >= 400,
        "the organisation's maps are not the mission's"
    );
    let forged = subject.signed("/tiles/search-areas.json").replacen("sig=", "sig=A", 1);
    assert!(anyone.get(&forged).status >= 400);
    subject.server.stop(&[]);
}
