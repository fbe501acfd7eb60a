//! What queries answer, and how the API document describes their parameters.

use serde_json::Value;

use super::super::Subject;
use super::metadata::document;
use super::{COVERAGE_JSON, CURRENTS, QUERIES};
use crate::harness::{Answer, python, scratch};

const EAST: &str = "eastward_sea_water_velocity";
const TIMES: &str = "2015-11-16T01:00:00Z/2015-11-16T03:00:00Z";

/// The path of a query with its query; of a location the mission that the subject has.
fn path(subject: &Subject, query: &str) -> String {
    let (_, own) = QUERIES.into_iter().find(|(name, _)| *name == query).unwrap();
    match query {
        "locations" => format!("{CURRENTS}/locations/{}?", subject.mission),
        _ => format!("{CURRENTS}/{query}?{own}"),
    }
}

fn ask(subject: &Subject, query: &str, more: &str) -> Answer {
    let at = format!("{}&{more}", path(subject, query)).replace("?&", "?");
    subject.client.get(&at)
}

fn data(subject: &Subject, query: &str, more: &str) -> Value {
    ask(subject, query, more).expect(200, &format!("{query} {more}")).json()
}

/// The first coverage of an answer.
fn first(told: &Value) -> &Value {
    told["coverages"].get(0).unwrap_or(told)
}

pub(super) fn edr_geojson(subject: &Subject) {
    let answer = ask(subject, "position", &format!("f=GeoJSON&datetime={TIMES}")).expect(200, "position");
    assert_eq!(answer.header("content-type"), Some("application/geo+json"));
    let told = answer.json();
    assert_eq!(told["features"].as_array().unwrap().len(), 3);
    assert_eq!(told["parameters"][0]["type"], "Parameter");
    let properties = &told["features"][0]["properties"];
    for member in ["datetime", "label", "parameter-name", "edrqueryendpoint", EAST] {
        assert!(!properties[member].is_null(), "{member}");
    }
}

pub(super) fn covjson(subject: &Subject) {
    for (query, _) in QUERIES {
        let answer = ask(subject, query, &format!("datetime={TIMES}")).expect(200, query);
        assert_eq!(answer.header("content-type"), Some(COVERAGE_JSON), "{query}");
        let told = answer.json();
        let coverage = first(&told);
        assert_eq!(coverage["type"], "Coverage", "{query}");
        for (name, range) in coverage["ranges"].as_object().unwrap() {
            let size: u64 = range["shape"]
                .as_array()
                .unwrap()
                .iter()
                .map(|side| side.as_u64().unwrap())
                .product();
            assert_eq!(range["values"].as_array().unwrap().len() as u64, size, "{query} {name}");
            assert!(!told["parameters"][name].is_null(), "{query} {name}");
        }
    }
}

/// Whether the document describes a parameter of a query, and how.
pub(super) fn defined(subject: &Subject, query: &str, name: &str, required: bool) {
    let document = document(subject);
    let ending = match query {
        "locations" => "/collections/{collection_id}/locations/{location_id}".to_owned(),
        _ => format!("/collections/{{collection_id}}/{query}"),
    };
    let found = document["paths"][&ending]["get"]["parameters"].as_array().unwrap();
    let resolved = found.iter().map(|parameter| {
        let pointer = parameter["$ref"].as_str().unwrap().trim_start_matches('#');
        document.pointer(pointer).unwrap()
    });
    let parameter = resolved.into_iter().find(|parameter| parameter["name"] == name);
    let parameter = parameter.unwrap_or_else(|| panic!("{query} has no {name}"));
    assert_eq!(parameter["in"], "query");
    assert_eq!(parameter["required"], required);
    assert_eq!(parameter["explode"], false);
}

pub(super) fn datetime_response(subject: &Subject, query: &str) {
    let told = data(subject, query, &format!("datetime={TIMES}"));
    let domain = &first(&told)["domain"];
    let steps = match query {
        // A coverage for each step.
        "trajectory" => told["coverages"].as_array().unwrap().len(),
        _ => domain["axes"]["t"]["values"].as_array().unwrap().len(),
    };
    assert_eq!(steps, 3, "both ends belong to the interval");
    ask(subject, query, "datetime=2000-01-01T00:00:00Z").problem(400, "a time outside the extent");
    ask(subject, query, "datetime=yesterday").problem(400, "what is no time");
}

pub(super) fn parameter_name_response(subject: &Subject, query: &str) {
    let told = data(subject, query, &format!("datetime={TIMES}&parameter-name={EAST}"));
    let ranges = first(&told)["ranges"].as_object().unwrap();
    assert_eq!(ranges.keys().collect::<Vec<_>>(), [EAST]);
    let all = data(subject, query, &format!("datetime={TIMES}"));
    assert_eq!(first(&all)["ranges"].as_object().unwrap().len(), 4);
    ask(subject, query, "parameter-name=salinity").problem(400, "an unknown parameter");
}

pub(super) fn crs_response(subject: &Subject, query: &str) {
    let with = |crs: &str| data(subject, query, &format!("datetime={TIMES}&crs={crs}"));
    let plain = data(subject, query, &format!("datetime={TIMES}"));
    assert_eq!(with("CRS84"), plain);
    ask(subject, query, "crs=EPSG:0").problem(400, "an unknown reference system");
}

pub(super) fn f_response(subject: &Subject, query: &str) {
    for (format, kind) in [
        ("CoverageJSON", COVERAGE_JSON),
        ("GeoJSON", "application/geo+json"),
        ("CSV", "text/csv; charset=utf-8"),
        ("NetCDF", "application/x-netcdf"),
    ] {
        let answer = ask(subject, query, &format!("datetime={TIMES}&f={format}")).expect(200, format);
        assert_eq!(answer.header("content-type"), Some(kind), "{query}");
    }
    ask(subject, query, "f=GRIB").problem(400, "an unknown format");
}

pub(super) fn coords_response(subject: &Subject, query: &str) {
    data(subject, query, &format!("datetime={TIMES}"));
    for wrong in ["POINT(4.1)", "CURVE(4+60,5+61)", "POINT(4+100)"] {
        let (_, own) = QUERIES.into_iter().find(|(name, _)| *name == query).unwrap();
        let rest = own.split_once('&').map_or("", |(_, rest)| rest);
        let at = format!("{CURRENTS}/{query}?coords={wrong}&{rest}");
        subject.client.get(at.trim_end_matches('&')).problem(400, wrong);
    }
}

pub(super) fn z_response(subject: &Subject, query: &str) {
    let plain = data(subject, query, &format!("datetime={TIMES}"));
    // No collection has a vertical extent: the parameter is ignored.
    assert_eq!(data(subject, query, &format!("datetime={TIMES}&z=10")), plain);
}

pub(super) fn no_parameters(subject: &Subject, query: &str) {
    subject
        .client
        .get(&format!("{CURRENTS}/{query}"))
        .problem(400, "a query without parameters");
}

pub(super) fn bbox_response(subject: &Subject) {
    let told = data(subject, "cube", &format!("datetime={TIMES}"));
    for (axis, low, high) in [("x", 4.0, 4.1), ("y", 60.0, 60.1)] {
        let values = told["domain"]["axes"][axis]["values"].as_array().unwrap();
        assert!(values.len() > 2);
        assert!(
            values
                .iter()
                .all(|value| (low..=high).contains(&value.as_f64().unwrap())),
            "{axis}"
        );
    }
    subject
        .client
        .get(&format!("{CURRENTS}/cube?bbox=4,60"))
        .problem(400, "half a box");
}

pub(super) fn resolution_response(subject: &Subject) {
    let told = data(
        subject,
        "cube",
        &format!("datetime={TIMES}&resolution-x=5&resolution-y=3"),
    );
    let axis = |name: &str| told["domain"]["axes"][name]["values"].as_array().unwrap().clone();
    assert_eq!((axis("x").len(), axis("y").len()), (5, 3));
    assert_eq!((axis("x")[0].as_f64(), axis("x")[4].as_f64()), (Some(4.0), Some(4.1)));
    let stored = data(subject, "cube", &format!("datetime={TIMES}"));
    assert_eq!(
        data(subject, "cube", &format!("datetime={TIMES}&resolution-x=0")),
        stored
    );
    ask(subject, "cube", "resolution-x=many").problem(400, "what is no number");
}

fn values_of(told: &Value) -> usize {
    let values = first(told)["ranges"][EAST]["values"].as_array().unwrap();
    values.iter().filter(|value| !value.is_null()).count()
}

pub(super) fn within_response(subject: &Subject) {
    let with = |within: &str| {
        let at = format!("{CURRENTS}/radius?coords=POINT(4.1+60.1)&{within}&datetime={TIMES}");
        subject.client.get(&at)
    };
    let count = |within: &str| values_of(&with(within).expect(200, within).json());
    let (three, six) = (count("within=3&within-units=km"), count("within=6&within-units=km"));
    assert!(six > 3 * three && three > 10, "{three} within 3 km, {six} within 6");
    assert_eq!(count("within=3000&within-units=m"), three);
    with("within=3&within-units=parsec").problem(400, "an unknown unit");
}

pub(super) fn width_response(subject: &Subject) {
    let with = |width: &str| {
        let at = format!("{CURRENTS}/corridor?coords=LINESTRING(4.0+60.0,4.2+60.1)&{width}&datetime={TIMES}");
        subject.client.get(&at)
    };
    let count = |width: &str| values_of(&with(width).expect(200, width).json());
    let (narrow, wide) = (
        count("corridor-width=3&width-units=km"),
        count("corridor-width=6&width-units=km"),
    );
    assert!(wide > narrow && narrow > 10, "{narrow} in 3 km, {wide} in 6");
    with("corridor-width=3&width-units=parsec").problem(400, "an unknown unit");
}

pub(super) fn location_id(subject: &Subject) {
    data(subject, "locations", &format!("datetime={TIMES}"));
    subject
        .client
        .get(&format!("{CURRENTS}/locations/nowhere"))
        .problem(404, "an unknown location");
}

/// What others wrote reads everything: edr-pydantic, covjson-pydantic, OWSLib, xarray. Any refusal ends the script.
pub(super) fn models(subject: &Subject) {
    let folder = scratch("edr-models");
    let (root, at) = (subject.server.client().url("/edr"), folder.path().to_str().unwrap());
    let place = ["4.1,60.1", "3.9,60.0,4.3,60.2", TIMES, at];
    python(
        "edr_models.py",
        &[&[root.as_str(), subject.key.as_str()], &place[..]].concat(),
    );
}
