//! QGIS, headless: features, WMS in both versions with a TIME, vector tiles and picture tiles, by its own requests.

use std::path::Path;

use serde_json::{Value, json};

use super::{Areas, EARLY, HOURS, LATE, Place, Subject, alike, drawn, plan, probes};
use crate::harness::{keep_picture, pictures, scratch, system_python};

const SIZE: [u32; 2] = [480, 400];
/// The colours that the tests give QGIS for areas of 50, 90 and 95 %.
const RED: [i64; 4] = [215, 25, 28, 255];
const ORANGE: [i64; 4] = [253, 174, 97, 255];
const PAINT: [(&str, &str); 3] = [
    ("\"level\" = 0.5", "#d7191c"),
    ("\"level\" = 0.9", "#fdae61"),
    ("\"level\" = 0.95", "#abd9e9"),
];

/// Metres of Web Mercator (EPSG:3857).
fn mercator([lon, lat]: Place) -> Place {
    let radius = 6_378_137.0;
    [radius * lon.to_radians(), radius * lat.to_radians().tan().asinh()]
}

/// Reference system of a case, and its own coordinates of a place.
#[derive(Clone, Copy)]
struct Crs(&'static str);

const DEGREES: Crs = Crs("EPSG:4326");
const METRES: Crs = Crs("EPSG:3857");

impl Crs {
    fn place(self, at: Place) -> Place {
        if self.0 == METRES.0 { mercator(at) } else { at }
    }

    fn frame(self, [west, south, east, north]: [f64; 4]) -> [f64; 4] {
        let ([w, s], [e, n]) = (self.place([west, south]), self.place([east, north]));
        [w, s, e, n]
    }
}

/// A case whose probes are the core of 50 %, the rim between 50 and 90 %, and a place far away.
fn case(name: &str, layer: Value, crs: Crs, areas: &Areas, time: &str) -> Value {
    let places = [areas.core(time, 50), areas.rim(time, 50, 90), areas.far(time)];
    json!({
        "name": name,
        "layers": [layer],
        "crs": crs.0,
        "extent": crs.frame(areas.frame(time)),
        "size": SIZE,
        "probes": places.map(|at| crs.place(at)),
    })
}

/// The same case at a time of the map's own clock: the hour that begins then.
fn at(mut case: Value, time: &str) -> Value {
    case["time"] = json!([time, time.replace(":00:00Z", ":59:59Z")]);
    case
}

fn draw(folder: &Path, cases: &[Value]) -> Value {
    system_python("qgis/draw.py", &[&plan(folder, folder, cases)])
}

fn urls(found: &Value) -> Vec<&str> {
    found["urls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|url| url.as_str().unwrap())
        .collect()
}

fn features(url: &str, collection: &str) -> Value {
    json!({ "kind": "features", "url": url, "collection": collection, "paint": [("TRUE", "#0000ff")] })
}

fn areas_of(url: &str) -> Value {
    json!({ "kind": "features", "url": url, "collection": "search-areas", "paint": PAINT, "time_field": "valid_time" })
}

#[test]
fn qgis_counts_and_draws_features_with_the_key_in_query_and_in_path() {
    let subject = Subject::new();
    let folder = scratch("qgis");
    let (query, path) = (subject.by_query("/ogc"), subject.by_path("/ogc"));
    let areas = |name, url, time| at(case(name, areas_of(url), DEGREES, &subject.areas, time), time);
    let plain = |name, layer| case(name, layer, METRES, &subject.areas, LATE);
    let mut few = plain("few", features(&query, "datums"));
    few["at_least"] = json!(100_000);
    let mut empty = plain("empty", features(&query, "datums"));
    empty["extent"] = json!([0.0, 0.0, 1000.0, 1000.0]);
    let cases = [
        areas("areas-early", &query, EARLY),
        areas("areas-late", &path, LATE),
        plain("datums", features(&query, "datums")),
        plain("trajectories", features(&path, "trajectories")),
        plain("unknown", features(&query, "no-such-collection")),
        few,
        empty,
    ];
    let report = draw(folder.path(), &cases);
    for name in ["areas-early", "areas-late"] {
        let found = drawn(&report, name);
        assert_eq!(found["features"], u64::from(3 * (HOURS + 1)), "{name}");
        let colours = probes(found);
        assert_eq!(colours[0], RED, "{name}: the core of 50 %");
        assert_eq!(colours[1], ORANGE, "{name}: between 50 and 90 %");
        assert_eq!(colours[2], [0, 0, 0, 0], "{name}: far away");
    }
    assert!(
        urls(&report["areas-late"])
            .iter()
            .all(|url| url.contains("/key/") && !url.contains("key="))
    );
    for collection in ["datums", "trajectories"] {
        assert_eq!(
            drawn(&report, collection)["features"],
            subject.matched(collection),
            "{collection}"
        );
    }
    // The driver tells failures apart; one that cannot fail shows nothing.
    let problem = |name: &str| report[name]["problem"].as_str().unwrap_or_default().to_owned();
    assert!(problem("unknown").starts_with("layer invalid"), "{}", report["unknown"]);
    assert!(report["unknown"]["refused"][0].as_str().unwrap().starts_with("404"));
    assert!(problem("few").starts_with("too few features"), "{}", report["few"]);
    assert_eq!(problem("empty"), "rendered empty", "{}", report["empty"]);
    subject.server.stop(&[]);
}

fn wms(url: &str, layer: &str, crs: Crs) -> Value {
    json!({ "kind": "wms", "url": url, "layer": layer, "crs": crs.0, "temporal": true })
}

/// The GetMap requests that QGIS sent.
fn maps_of(found: &Value) -> Vec<&str> {
    urls(found)
        .into_iter()
        .filter(|url| url.contains("REQUEST=GetMap"))
        .collect()
}

/// Four words of each version: what QGIS is given, and what it must then send.
const VERSIONS: [(&str, &str, &str); 2] = [
    ("", "VERSION=1.3.0", "CRS="),
    ("VERSION=1.1.1", "VERSION=1.1.1", "SRS="),
];

#[test]
fn qgis_draws_wms_in_both_versions_and_axis_orders_with_a_time() {
    let subject = Subject::new();
    let folder = scratch("qgis");
    let mut cases = Vec::new();
    for layer in ["probability", "search-areas"] {
        for (asked, version, _) in VERSIONS {
            for crs in [DEGREES, METRES] {
                let url = format!("{}&{asked}", subject.by_query("/wms"));
                let name = format!("{layer} {version} {}", crs.0);
                for time in [EARLY, LATE] {
                    // One frame for both times: the pictures differ by what is in them.
                    let mut one = case(
                        &format!("{name} {time}"),
                        wms(&url, layer, crs),
                        crs,
                        &subject.areas,
                        LATE,
                    );
                    one["probes"] = json!([
                        crs.place(subject.areas.core(time, 50)),
                        crs.place(subject.areas.rim(time, 50, 90)),
                        crs.place(subject.areas.far(LATE)),
                    ]);
                    one["identify"] = one["probes"][0].clone();
                    one["legend"] = json!(time == EARLY);
                    one["layers"][0]["styled"] = json!(time == EARLY);
                    cases.push(at(one, time));
                }
            }
        }
    }
    let report = draw(folder.path(), &cases);
    for layer in ["probability", "search-areas"] {
        for (_, version, reference) in VERSIONS {
            for crs in [DEGREES, METRES] {
                let name = |time: &str| format!("{layer} {version} {} {time}", crs.0);
                for time in [EARLY, LATE] {
                    let found = drawn(&report, &name(time));
                    for url in maps_of(found) {
                        let time = format!("TIME={time}");
                        for part in [time.as_str(), version, reference] {
                            assert!(url.contains(part), "{part} is not in {url}");
                        }
                    }
                    assert!(!maps_of(found).is_empty());
                    let colours = probes(found);
                    assert!(colours[0][3] > 0 && colours[1][3] > 0, "{}: {colours:?}", name(time));
                    assert!(
                        !alike(&colours[0], &colours[1]),
                        "{}: core and rim look the same",
                        name(time)
                    );
                    assert_eq!(colours[2][3], 0, "{}: {colours:?}", name(time));
                    assert_eq!(found["identified"]["valid"], true, "{}: {found:#}", name(time));
                }
                assert_ne!(
                    picture(&report, &name(EARLY)),
                    picture(&report, &name(LATE)),
                    "{}",
                    name(EARLY)
                );
                // A style is named where QGIS has to find its legend: 1.3.0 knows legends of styles only.
                let legend = &report[name(EARLY)]["legend"];
                assert!(
                    legend[0].as_u64() > Some(10) && legend[1].as_u64() > Some(10),
                    "{legend}"
                );
            }
        }
        // Both versions show the same, whatever the order of their axes.
        for crs in [DEGREES, METRES] {
            let [new, old] = VERSIONS.map(|(_, version, _)| format!("{layer} {version} {} {LATE}", crs.0));
            assert_eq!(picture(&report, &new), picture(&report, &old), "{new}");
        }
    }
    let north_first = |version: &str| {
        let found = &report[format!("probability {version} {} {LATE}", DEGREES.0)];
        let box_text = maps_of(found)[0].split("BBOX=").nth(1).unwrap().to_owned();
        box_text.split([',', '&']).next().unwrap().parse::<f64>().unwrap() > 50.0
    };
    assert!(north_first("VERSION=1.3.0") && !north_first("VERSION=1.1.1"));
    subject.server.stop(&[]);
}

fn picture(report: &Value, name: &str) -> Vec<u8> {
    std::fs::read(report[name]["picture"].as_str().unwrap()).unwrap()
}

#[test]
fn qgis_draws_currents_and_wind_of_mission_and_organisation() {
    let subject = Subject::new();
    let folder = scratch("qgis");
    let tenant = format!("{}/wms?key={}", subject.server.base(), subject.prepared.key);
    let mut cases = Vec::new();
    for (whose, url) in [
        ("mission", subject.by_query("/wms")),
        ("organisation", tenant),
        ("path", subject.by_path("/wms")),
    ] {
        for layer in ["currents", "wind"] {
            for time in [EARLY, LATE] {
                let name = format!("{whose} {layer} {time}");
                cases.push(at(
                    case(&name, wms(&url, layer, DEGREES), DEGREES, &subject.areas, LATE),
                    time,
                ));
            }
        }
    }
    let report = draw(folder.path(), &cases);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let found = drawn(&report, name);
        assert!(
            probes(found).iter().all(|colour| colour[3] > 0),
            "{name}: all probes lie at sea: {found:#}"
        );
        assert!(found["colours"].as_u64() > Some(30), "{name}: {}", found["colours"]);
    }
    for layer in ["currents", "wind"] {
        let of = |whose: &str, time: &str| picture(&report, &format!("{whose} {layer} {time}"));
        assert_ne!(of("mission", EARLY), of("mission", LATE));
        assert_eq!(of("mission", LATE), of("path", LATE));
    }
    subject.server.stop(&[]);
}

#[test]
fn qgis_draws_vector_and_picture_tiles() {
    let subject = Subject::new();
    let folder = scratch("qgis");
    let tiles = |tileset: &str, ending: &str, with: &dyn Fn(&str) -> String| {
        let mut url = with(&format!("/tiles/{tileset}/{{z}}/{{x}}/{{y}}.{ending}"));
        url.push(if url.contains('?') { '&' } else { '?' });
        format!("{url}datetime={LATE}")
    };
    let query = |path: &str| subject.by_query(path);
    let path = |path: &str| subject.by_path(path);
    let vector = |tileset: &str, ending: &str, geometry: &str, paint: Value, with: &dyn Fn(&str) -> String| {
        json!({ "kind": "vector-tiles", "url": tiles(tileset, ending, with), "zmax": 14, "layer": tileset,
            "geometry": geometry, "paint": paint })
    };
    let raster = |tileset: &str, with: &dyn Fn(&str) -> String| json!({ "kind": "raster-tiles", "url": tiles(tileset, "png", with), "zmax": 14 });
    let one = |name: &str, layer: Value| case(name, layer, METRES, &subject.areas, LATE);
    let blue = json!([("TRUE", "#0000ff")]);
    let cases = [
        one("areas", vector("search-areas", "mvt", "polygon", json!(PAINT), &query)),
        one(
            "areas-pbf",
            vector("search-areas", "pbf", "polygon", json!(PAINT), &path),
        ),
        one("particles", vector("particles", "mvt", "point", blue.clone(), &query)),
        one(
            "trajectories",
            vector("trajectories", "mvt", "line", blue.clone(), &query),
        ),
        one("datums", vector("datums", "pbf", "point", blue, &path)),
        one("probability", raster("probability", &query)),
        one("currents", raster("currents", &path)),
    ];
    let report = draw(folder.path(), &cases);
    for name in ["areas", "areas-pbf"] {
        let colours = probes(drawn(&report, name));
        assert!(
            alike(&colours[0], &RED) && alike(&colours[1], &ORANGE),
            "{name}: {colours:?}"
        );
        assert_eq!(colours[2][3], 0, "{name}: {colours:?}");
    }
    for name in ["particles", "trajectories", "datums", "probability", "currents"] {
        drawn(&report, name);
    }
    let count = |name: &str| report[name]["drawn"].as_u64().unwrap();
    assert!(
        count("particles") > 5 * count("datums"),
        "{} of {}",
        count("particles"),
        count("datums")
    );
    assert_eq!(probes(&report["particles"])[2][3], 0);
    let colours = probes(&report["probability"]);
    assert!(
        colours[0][3] > 0 && colours[2][3] == 0 && !alike(&colours[0], &colours[1]),
        "{colours:?}"
    );
    subject.server.stop(&[]);
}

/// Not a check but a view: what a user of QGIS has on the screen, at one step of time.
#[test]
fn qgis_shows_areas_over_probability_and_currents_at_one_step() {
    let subject = Subject::new();
    let url = subject.by_query("/wms");
    let mut datums = features(&subject.by_query("/ogc"), "datums");
    datums["time_field"] = json!("valid_time");
    let mut one = case("qgis-areas", datums, METRES, &subject.areas, LATE);
    let layers = one["layers"].as_array_mut().unwrap();
    layers.extend(["search-areas", "probability", "currents"].map(|layer| wms(&url, layer, METRES)));
    one["background"] = json!("#ffffff");
    one["size"] = json!([1000, 700]);
    let mut early = one.clone();
    early["name"] = json!("qgis-areas-early");
    let folder = scratch("qgis");
    let cases = [at(one, LATE), at(early, EARLY)];
    // The plan holds a key: it lies elsewhere than the pictures.
    let report = system_python("qgis/draw.py", &[&plan(folder.path(), &pictures(), &cases)]);
    for name in ["qgis-areas", "qgis-areas-early"] {
        let found = drawn(&report, name);
        assert!(found["colours"].as_u64() > Some(200), "{name}: {}", found["colours"]);
        keep_picture(Path::new(found["picture"].as_str().unwrap()), &format!("{name}.png"));
    }
    assert_ne!(picture(&report, "qgis-areas"), picture(&report, "qgis-areas-early"));
    subject.server.stop(&[]);
}
