//! Part 2 (18-058r1), annex A. Coordinates in other systems are compared by PROJ, a library that is not ours.

use serde_json::{Value, json};

use super::description::CRS84;
use crate::conformance::asking::{ids, members};
use crate::conformance::{Case, Check, Subject};
use crate::harness::python;
use crate::standards::bounds;

const CLASS: &str = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs";
const UNKNOWN: &str = "http://www.opengis.net/def/crs/EPSG/0/999999";

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, Check); 10] = [
        ("/conf/crs/crs-uri", identifiers),
        ("/conf/crs/default-crs", default_listed),
        ("/conf/crs/storageCrs", storage_listed),
        ("/conf/crs/crs-parameter-default", default_named),
        ("/conf/crs/crs-parameter-invalid", invalid),
        ("/conf/crs/crs-parameter", named),
        ("/conf/crs/crs-parameter-transform", transformed),
        ("/conf/crs/bbox-crs-parameter", boxes),
        ("/conf/crs/bbox-crs-parameter-default", default_box),
        ("/conf/crs/bbox-crs-parameter-invalid", invalid_box),
    ];
    rows.map(|(id, check)| Case {
        class: CLASS,
        id,
        check,
    })
    .into()
}

/// Collections that hold something, with the systems that each offers.
fn offered(subject: &Subject) -> Vec<(String, Vec<String>)> {
    let listed = subject.client.json("/ogc/collections");
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let global = texts(&listed["crs"]);
    let of = |collection: &Value| {
        let own = texts(&collection["crs"]).into_iter();
        let systems = own.flat_map(|system| {
            if system == "#/crs" {
                global.clone()
            } else {
                vec![system]
            }
        });
        (collection["id"].as_str().unwrap().to_owned(), systems.collect())
    };
    let filled = subject.filled();
    let offered = listed["collections"].as_array().unwrap().iter().map(of);
    offered.filter(|(id, _)| filled.contains(id)).collect()
}

fn identifiers(subject: &Subject) {
    for (id, systems) in offered(subject) {
        for system in systems {
            let rest = system.strip_prefix("http://www.opengis.net/def/crs/");
            let parts = rest.map(|rest| rest.split('/').count());
            assert_eq!(parts, Some(3), "{id}: {system} is no authority, version and code");
        }
    }
}

fn default_listed(subject: &Subject) {
    for (id, systems) in offered(subject) {
        assert_eq!(systems.first().map(String::as_str), Some(CRS84), "{id}");
        assert!(systems.len() > 1, "{id} offers one system only");
    }
}

fn storage_listed(subject: &Subject) {
    for (id, systems) in offered(subject) {
        let collection = subject.client.json(&format!("/ogc/collections/{id}"));
        if let Some(storage) = collection["storageCrs"].as_str() {
            assert!(systems.iter().any(|system| system == storage), "{id}: {storage}");
        }
    }
}

fn default_named(subject: &Subject) {
    for id in subject.collection_ids() {
        let answer = subject.ask(&format!("/ogc/collections/{id}/items"), &[("limit", "1")]);
        assert_eq!(answer.header("content-crs"), Some(&*format!("<{CRS84}>")), "{id}");
    }
}

/// The page of a collection and one of its features.
fn both_paths(subject: &Subject, id: &str) -> [String; 2] {
    let page = subject.page(id, &[("limit", "1")]);
    let feature = members(&page)[0]["id"].as_str().unwrap().to_owned();
    let items = format!("/ogc/collections/{id}/items");
    [format!("{items}/{feature}"), items]
}

fn invalid(subject: &Subject) {
    for id in subject.filled() {
        for path in both_paths(subject, &id) {
            for system in [UNKNOWN, "nonsense", ""] {
                subject
                    .ask(&path, &[("crs", system)])
                    .problem(400, &format!("{path} {system}"));
            }
        }
    }
}

fn named(subject: &Subject) {
    for (id, systems) in offered(subject) {
        for path in both_paths(subject, &id) {
            for system in &systems {
                let answer = subject.ask(&path, &[("crs", system)]).expect(200, &path);
                assert_eq!(answer.header("content-crs"), Some(&*format!("<{system}>")), "{path}");
            }
        }
    }
}

/// The first vertex of a feature.
fn first_position(feature: &Value) -> [f64; 2] {
    let mut at = &feature["geometry"]["coordinates"];
    while at[0].is_array() {
        at = &at[0];
    }
    [at[0].as_f64().unwrap(), at[1].as_f64().unwrap()]
}

/// What PROJ says of positions in these systems.
fn by_proj(systems: &[String], positions: &[[f64; 2]]) -> Value {
    let asked = json!({"systems": systems, "positions": positions});
    python("projected.py", &[&asked.to_string()])
}

fn transformed(subject: &Subject) {
    for (id, systems) in offered(subject) {
        let plain = subject.page(&id, &[("limit", "20")]);
        let positions: Vec<[f64; 2]> = members(&plain).iter().map(first_position).collect();
        let projected = by_proj(&systems, &positions);
        for system in &systems {
            let page = subject.page(&id, &[("limit", "20"), ("crs", system)]);
            let expected = &projected[system];
            let tolerance = expected["tolerance"].as_f64().unwrap();
            for (feature, theirs) in members(&page).iter().zip(expected["positions"].as_array().unwrap()) {
                let own = first_position(feature);
                for axis in [0, 1] {
                    let off = (own[axis] - theirs[axis].as_f64().unwrap()).abs();
                    assert!(off <= tolerance, "{id} in {system}: {own:?}, PROJ says {theirs}");
                }
            }
        }
    }
}

/// A box around a feature's first vertex, in every system: the feature is found, and nothing that is far from it.
fn boxes(subject: &Subject) {
    for (id, systems) in offered(subject) {
        let first = members(&subject.page(&id, &[("limit", "1")]))[0].clone();
        let [lon, lat] = first_position(&first);
        let projected = by_proj(&systems, &[[lon, lat]]);
        for system in &systems {
            let there = &projected[system];
            let around = there["a_kilometre"].as_f64().unwrap();
            let at = |axis: usize| there["positions"][0][axis].as_f64().unwrap();
            let bbox = [at(0) - around, at(1) - around, at(0) + around, at(1) + around];
            let bbox = bbox.map(|number| number.to_string()).join(",");
            let page = subject.page(&id, &[("bbox", &bbox), ("bbox-crs", system), ("limit", "1000")]);
            let first = first["id"].as_str().unwrap();
            assert!(ids(members(&page)).contains(first), "{id} in {system}: {bbox}");
            for feature in members(&page) {
                let [west, south, east, north] = bounds(feature);
                let is_near = west - 0.1 < lon && lon < east + 0.1 && south - 0.1 < lat && lat < north + 0.1;
                assert!(is_near, "{id} in {system}: {} is far off", feature["id"]);
            }
        }
    }
}

fn default_box(subject: &Subject) {
    for id in subject.spread() {
        let bbox = ("bbox", "3.9,60,4.1,60.3");
        let without = subject.features(&id, &[bbox]);
        let with = subject.features(&id, &[bbox, ("bbox-crs", CRS84)]);
        assert_eq!(ids(&without), ids(&with), "{id}");
    }
}

fn invalid_box(subject: &Subject) {
    for id in subject.collection_ids() {
        let pairs = [("bbox", "1,2,3,4"), ("bbox-crs", UNKNOWN)];
        assert_eq!(subject.page_status(&id, &pairs), 400, "{id}");
    }
}
