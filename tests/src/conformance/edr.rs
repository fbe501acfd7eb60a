//! OGC API EDR 1.0 and 1.1 (19-086r4, 19-086r6), annex A: both versions have the same abstract tests but for instances, so
//! each stands here once and is run for both.

use serde_json::Value;

use super::common::link;
use super::{Case, Subject};
use crate::harness::Answer;

const CURRENTS: &str = "/edr/collections/currents";
const EAST: &str = "eastward_sea_water_velocity";
const TIMES: &str = "2015-11-16T01:00:00Z/2015-11-16T03:00:00Z";
const COVERAGE_JSON: &str = "application/vnd.cov+json";

/// The queries, each with what makes it valid.
const QUERIES: [(&str, &str); 7] = [
    ("position", "coords=POINT(4.1+60.1)"),
    ("area", "coords=POLYGON((4.0+60.0,4.2+60.0,4.2+60.1,4.0+60.0))"),
    ("cube", "bbox=4.0,60.0,4.1,60.1"),
    ("trajectory", "coords=LINESTRING(4.0+60.0,4.2+60.1)"),
    ("radius", "coords=POINT(4.1+60.1)&within=3&within-units=km"),
    (
        "corridor",
        "coords=LINESTRING(4.0+60.0,4.2+60.1)&corridor-width=3&width-units=km",
    ),
    ("locations", ""),
];

macro_rules! case {
    ($version:literal, $class:literal, $id:expr, $check:expr) => {
        Case {
            class: concat!("http://www.opengis.net/spec/ogcapi-edr-1/", $version, "/conf/", $class),
            id: $id,
            check: $check,
        }
    };
}

/// What every query has: definitions in the API document, and what the parameters do.
macro_rules! query_cases {
    ($version:literal, $($query:literal),*) => {
        vec![$(
            case!($version, "queries", concat!("/conf/core/datetime-definition-", $query), |subject| defined(subject, $query, "datetime", false)),
            case!($version, "queries", concat!("/conf/core/datetime-response-", $query), |subject| datetime_response(subject, $query)),
            case!($version, "queries", concat!("/conf/collections/REQ_rc-parameter-name-definition-", $query), |subject| defined(subject, $query, "parameter-name", false)),
            case!($version, "queries", concat!("/conf/edr/rc-parameter-name-response-", $query), |subject| parameter_name_response(subject, $query)),
            case!($version, "queries", concat!("/conf/edr/REQ_rc-crs-definition-", $query), |subject| defined(subject, $query, "crs", false)),
            case!($version, "queries", concat!("/conf/edr/REQ_rc-crs-response-", $query), |subject| crs_response(subject, $query)),
            case!($version, "queries", concat!("/conf/edr/rc-f-definition-", $query), |subject| defined(subject, $query, "f", false)),
            case!($version, "queries", concat!("/conf/collections/rc-f-response-", $query), |subject| f_response(subject, $query)),
        )*]
    };
}

macro_rules! coords_cases {
    ($version:literal, $($query:literal),*) => {
        vec![$(
            case!($version, "queries", concat!("/conf/edr/rc-coords-definition-", $query), |subject| defined(subject, $query, "coords", true)),
            case!($version, "queries", concat!("/conf/edr/rc-coords-response-", $query), |subject| coords_response(subject, $query)),
            case!($version, "queries", concat!("/conf/edr/rc-z-definition-", $query), |subject| defined(subject, $query, "z", false)),
            case!($version, "queries", concat!("/conf/edr/rc-z-response-", $query), |subject| z_response(subject, $query)),
            case!($version, "queries", concat!("/conf/", $query, "/no-query-params"), |subject| no_parameters(subject, $query)),
        )*]
    };
}

macro_rules! of_version {
    ($version:literal) => {{
        let mut cases = vec![
            case!($version, "core", "/conf/core/http", http),
            case!($version, "core", "/conf/core/root-op", landing_page),
            case!($version, "core", "/conf/core/root-success", landing_page),
            case!($version, "core", "/conf/core/api-definition", api_definition),
            case!($version, "core", "/conf/core/api-definition-success", api_definition),
            case!($version, "core", "/conf/core/conformance", conformance),
            case!($version, "core", "/conf/core/conformance-success", conformance),
            case!($version, "core", "/conf/core/crs", crs84),
            case!($version, "collections", "/conf/collections/rc-md-op", collections),
            case!($version, "collections", "/conf/rc-md-success", collections),
            case!($version, "collections", "/conf/collections/src-md-op", each_collection),
            case!(
                $version,
                "collections",
                "/conf/collections/src-md-success",
                each_collection
            ),
            case!(
                $version,
                "collections",
                "/conf/core/rc-collection-info-links",
                collection_links
            ),
            case!($version, "collections", "/conf/core/rc-extent", extents),
            case!($version, "collections", "/conf/edr/rc-collection-info", each_collection),
            case!($version, "collections", "/conf/edr/rc-md-query-links", query_links),
            case!($version, "collections", "/conf/edr/rc-data-queries", query_links),
            case!($version, "collections", "/conf/edr/rc-common-query-type", query_links),
            case!($version, "collections", "/conf/edr/rc-common-variables", query_links),
            case!($version, "collections", "/conf/edr/rc-crs", crs84),
            case!($version, "collections", "/conf/edr/rc-parameters", parameters),
            case!($version, "collections", "/conf/edr/rc-locations-variables", query_links),
            case!($version, "collections", "/conf/edr/rc-cube-variables", query_links),
            case!($version, "collections", "/conf/edr/rc-radius-variables", |subject| {
                units(subject, "radius", "within_units")
            }),
            case!($version, "collections", "/conf/edr/rc-corridor-variables", |subject| {
                units(subject, "corridor", "width_units")
            }),
            case!($version, "json", "/conf/json/definition", json),
            case!($version, "json", "/conf/json/content", json),
            case!($version, "geojson", "/conf/geojson/definition", geojson),
            case!($version, "geojson", "/conf/geojson/content", geojson),
            case!($version, "edr-geojson", "/conf/edr-geojson/definition", edr_geojson),
            case!($version, "edr-geojson", "/conf/edr-geojson/content", edr_geojson),
            case!($version, "covjson", "/conf/covjson/definition", covjson),
            case!($version, "covjson", "/conf/covjson/content", covjson),
            case!($version, "oas30", "/conf/oas30/completeness", completeness),
            case!($version, "oas30", "/conf/oas30/exceptions-codes", completeness),
            case!($version, "oas30", "/conf/oas30/oas-definition-1", api_definition),
            case!($version, "oas30", "/conf/oas30/oas-definition-2", api_definition),
            case!($version, "oas30", "/conf/oas30/oas-impl", completeness),
            case!($version, "oas30", "/conf/oas30/security", security),
            case!($version, "queries", "/conf/core/rc-bbox-definition-cube", |subject| {
                defined(subject, "cube", "bbox", true)
            }),
            case!($version, "queries", "/conf/core/rc-bbox-response-cube", bbox_response),
            case!($version, "queries", "/conf/core/rc-z-definition-cube", |subject| {
                defined(subject, "cube", "z", false)
            }),
            case!($version, "queries", "/conf/core/rc-z-response-cube", |subject| {
                z_response(subject, "cube")
            }),
            case!($version, "queries", "/conf/cube/no-query-params", |subject| {
                no_parameters(subject, "cube")
            }),
            case!(
                $version,
                "queries",
                "/conf/core/rc-resolution-x-definition-cube",
                |subject| defined(subject, "cube", "resolution-x", false)
            ),
            case!(
                $version,
                "queries",
                "/conf/core/rc-resolution-x-response-cube",
                resolution_response
            ),
            case!(
                $version,
                "queries",
                "/conf/core/rc-resolution-y-definition-cube",
                |subject| defined(subject, "cube", "resolution-y", false)
            ),
            case!(
                $version,
                "queries",
                "/conf/core/rc-resolution-y-response-cube",
                resolution_response
            ),
            case!(
                $version,
                "queries",
                "/conf/edr/rc-resolution-x-definition-corridor",
                |subject| defined(subject, "corridor", "resolution-x", false)
            ),
            case!(
                $version,
                "queries",
                "/conf/edr/rc-resolution-y-definition-corridor",
                |subject| defined(subject, "corridor", "resolution-y", false)
            ),
            case!($version, "queries", "/conf/edr/REQ_rc-within-definition", |subject| {
                defined(subject, "radius", "within", true)
            }),
            case!(
                $version,
                "queries",
                "/conf/collections/REQ_rc-within-response",
                within_response
            ),
            case!(
                $version,
                "queries",
                "/conf/edr/REQ_rc-within-units-definition",
                |subject| defined(subject, "radius", "within-units", true)
            ),
            case!(
                $version,
                "queries",
                "/conf/collections/REQ_rc-within-units-response",
                within_response
            ),
            case!(
                $version,
                "queries",
                "/conf/edr/REQ_rc-corridor-width-definition",
                |subject| defined(subject, "corridor", "corridor-width", true)
            ),
            case!(
                $version,
                "queries",
                "/conf/collections/REQ_rc-corridor-width-response",
                width_response
            ),
            case!(
                $version,
                "queries",
                "/conf/edr/REQ_rc-width-units-definition",
                |subject| defined(subject, "corridor", "width-units", true)
            ),
            case!(
                $version,
                "queries",
                "/conf/collections/REQ_rc-width-units-response",
                width_response
            ),
            case!(
                $version,
                "queries",
                "/conf/edr/REQ_rc-corridor-height-definition",
                |subject| defined(subject, "corridor", "corridor-height", false)
            ),
            case!(
                $version,
                "queries",
                "/conf/edr/REQ_rc-height-units-definition",
                |subject| defined(subject, "corridor", "height-units", false)
            ),
            case!($version, "queries", "/conf/edr/rc-locationid-definition", location_id),
            case!($version, "queries", "/conf/edr/rc-locationid-response", location_id),
        ];
        cases.extend(query_cases!(
            $version,
            "position",
            "area",
            "cube",
            "trajectory",
            "radius",
            "corridor",
            "locations"
        ));
        cases.extend(coords_cases!(
            $version,
            "position",
            "area",
            "trajectory",
            "radius",
            "corridor"
        ));
        cases
    }};
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_version!("1.0");
    cases.extend(of_version!("1.1"));
    cases.extend([
        Case {
            class: "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
            id: "/conf/collections/rc-md-op",
            check: collections,
        },
        case!("1.1", "instances", "/conf/instances/rc-md-op", instances),
        case!("1.1", "instances", "/conf/instances/rc-md-success", instances),
        case!("1.1", "instances", "/conf/instances/src-md-op", instances),
        case!("1.1", "instances", "/conf/instances/src-md-success", instances),
    ]);
    cases
}

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

fn http(subject: &Subject) {
    subject.client.get("/edr").expect(200, "/edr");
    subject
        .client
        .get("/edr/no-such-thing")
        .problem(404, "an unknown resource");
}

fn landing_page(subject: &Subject) {
    let page = subject.client.json("/edr");
    for relation in ["service-desc", "conformance", "data"] {
        let href = link(&page, relation).unwrap_or_else(|| panic!("no link {relation}"));
        subject.client.get(&href).expect(200, &href);
    }
}

fn document(subject: &Subject) -> Value {
    let page = subject.client.json("/edr");
    subject.client.get(&link(&page, "service-desc").unwrap()).json()
}

fn api_definition(subject: &Subject) {
    let page = subject.client.json("/edr");
    let answer = subject
        .client
        .get(&link(&page, "service-desc").unwrap())
        .expect(200, "api");
    let kind = answer.header("content-type").unwrap();
    assert!(
        kind.starts_with("application/vnd.oai.openapi+json;version=3.0"),
        "{kind}"
    );
    assert!(answer.json()["openapi"].as_str().unwrap().starts_with("3.0"));
}

fn conformance(subject: &Subject) {
    let declared = subject.client.json("/edr/conformance");
    let classes: Vec<&str> = declared["conformsTo"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    for version in ["1.0", "1.1"] {
        let core = format!("http://www.opengis.net/spec/ogcapi-edr-1/{version}/conf/core");
        assert!(classes.contains(&core.as_str()));
    }
}

fn listed(subject: &Subject) -> Vec<Value> {
    let told = subject.client.json("/edr/collections");
    told["collections"].as_array().unwrap().clone()
}

fn collections(subject: &Subject) {
    let ids: Vec<Value> = listed(subject).iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, ["currents", "wind"]);
}

fn each_collection(subject: &Subject) {
    for listed in listed(subject) {
        let id = listed["id"].as_str().unwrap();
        let one = subject.client.json(&format!("/edr/collections/{id}"));
        assert_eq!(one, listed);
        for member in [
            "id",
            "links",
            "extent",
            "data_queries",
            "crs",
            "output_formats",
            "parameter_names",
        ] {
            assert!(!one[member].is_null(), "{id} has no {member}");
        }
    }
    subject
        .client
        .get("/edr/collections/dUmmYColLection")
        .problem(404, "an unknown collection");
}

fn collection_links(subject: &Subject) {
    for listed in listed(subject) {
        for relation in ["self", "collection", "data"] {
            assert!(link(&listed, relation).is_some(), "no link {relation}");
        }
        let own = link(&listed, "self").unwrap();
        assert_eq!(subject.client.json(&own)["id"], listed["id"]);
    }
}

fn extents(subject: &Subject) {
    for listed in listed(subject) {
        let (spatial, temporal) = (&listed["extent"]["spatial"], &listed["extent"]["temporal"]);
        assert_eq!(spatial["bbox"][0].as_array().unwrap().len(), 4);
        assert!(spatial["crs"].as_str().unwrap().contains("CRS84"));
        assert_eq!(temporal["interval"][0].as_array().unwrap().len(), 2);
    }
}

fn crs84(subject: &Subject) {
    for listed in listed(subject) {
        assert!(listed["crs"].as_array().unwrap().contains(&Value::from("CRS84")));
    }
}

fn query_links(subject: &Subject) {
    for listed in listed(subject) {
        for (query, _) in QUERIES {
            let link = &listed["data_queries"][query]["link"];
            assert!(link["href"].as_str().unwrap().ends_with(&format!("/{query}")));
            assert_eq!(link["rel"], "data");
            let variables = &link["variables"];
            assert_eq!(variables["query_type"], query);
            let formats = variables["output_formats"].as_array().unwrap();
            assert!(formats.contains(&variables["default_output_format"]));
            let known = listed["output_formats"].as_array().unwrap();
            assert!(formats.iter().all(|format| known.contains(format)));
            assert!(
                variables["crs_details"][0]["wkt"]
                    .as_str()
                    .unwrap()
                    .starts_with("GEOGCS")
            );
        }
    }
}

fn units(subject: &Subject, query: &str, member: &str) {
    for listed in listed(subject) {
        let units = &listed["data_queries"][query]["link"]["variables"][member];
        assert!(units.as_array().unwrap().contains(&Value::from("km")));
    }
}

fn parameters(subject: &Subject) {
    for listed in listed(subject) {
        for (name, parameter) in listed["parameter_names"].as_object().unwrap() {
            assert_eq!(parameter["type"], "Parameter", "{name}");
            assert!(parameter["observedProperty"]["label"].is_string(), "{name}");
            assert!(parameter["unit"]["symbol"]["value"].is_string(), "{name}");
        }
    }
}

fn json(subject: &Subject) {
    for at in ["/edr", "/edr/conformance", "/edr/collections", CURRENTS] {
        let answer = subject.client.get(at).expect(200, at);
        assert!(
            answer.header("content-type").unwrap().starts_with("application/json"),
            "{at}"
        );
    }
}

fn geojson(subject: &Subject) {
    let answer = subject
        .client
        .get(&format!("{CURRENTS}/locations?f=GeoJSON"))
        .expect(200, "locations");
    assert_eq!(answer.header("content-type"), Some("application/geo+json"));
    let told = answer.json();
    assert_eq!(told["type"], "FeatureCollection");
    let features = told["features"].as_array().unwrap();
    assert!(features.iter().any(|feature| feature["id"] == subject.mission.as_str()));
}

fn edr_geojson(subject: &Subject) {
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

fn covjson(subject: &Subject) {
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
fn defined(subject: &Subject, query: &str, name: &str, required: bool) {
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

fn datetime_response(subject: &Subject, query: &str) {
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

fn parameter_name_response(subject: &Subject, query: &str) {
    let told = data(subject, query, &format!("datetime={TIMES}&parameter-name={EAST}"));
    let ranges = first(&told)["ranges"].as_object().unwrap();
    assert_eq!(ranges.keys().collect::<Vec<_>>(), [EAST]);
    let all = data(subject, query, &format!("datetime={TIMES}"));
    assert_eq!(first(&all)["ranges"].as_object().unwrap().len(), 4);
    ask(subject, query, "parameter-name=salinity").problem(400, "an unknown parameter");
}

fn crs_response(subject: &Subject, query: &str) {
    let with = |crs: &str| data(subject, query, &format!("datetime={TIMES}&crs={crs}"));
    let plain = data(subject, query, &format!("datetime={TIMES}"));
    assert_eq!(with("CRS84"), plain);
    ask(subject, query, "crs=EPSG:0").problem(400, "an unknown reference system");
}

fn f_response(subject: &Subject, query: &str) {
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

fn coords_response(subject: &Subject, query: &str) {
    data(subject, query, &format!("datetime={TIMES}"));
    for wrong in ["POINT(4.1)", "CURVE(4+60,5+61)", "POINT(4+100)"] {
        let (_, own) = QUERIES.into_iter().find(|(name, _)| *name == query).unwrap();
        let rest = own.split_once('&').map_or("", |(_, rest)| rest);
        let at = format!("{CURRENTS}/{query}?coords={wrong}&{rest}");
        subject.client.get(at.trim_end_matches('&')).problem(400, wrong);
    }
}

fn z_response(subject: &Subject, query: &str) {
    let plain = data(subject, query, &format!("datetime={TIMES}"));
    // No collection has a vertical extent: the parameter is ignored.
    assert_eq!(data(subject, query, &format!("datetime={TIMES}&z=10")), plain);
}

fn no_parameters(subject: &Subject, query: &str) {
    subject
        .client
        .get(&format!("{CURRENTS}/{query}"))
        .problem(400, "a query without parameters");
}

fn bbox_response(subject: &Subject) {
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

fn resolution_response(subject: &Subject) {
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

fn within_response(subject: &Subject) {
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

fn width_response(subject: &Subject) {
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

fn location_id(subject: &Subject) {
    data(subject, "locations", &format!("datetime={TIMES}"));
    subject
        .client
        .get(&format!("{CURRENTS}/locations/nowhere"))
        .problem(404, "an unknown location");
}

fn instances(subject: &Subject) {
    let told = subject.client.json(&format!("{CURRENTS}/instances"));
    let instances = told["instances"].as_array().unwrap();
    assert_eq!(instances.len(), 1);
    let id = instances[0]["id"].as_str().unwrap();
    let one = subject.client.json(&format!("{CURRENTS}/instances/{id}"));
    assert_eq!(one, instances[0]);
    let href = one["data_queries"]["position"]["link"]["href"].as_str().unwrap();
    subject
        .client
        .get(&format!("{href}?coords=POINT(4.1+60.1)&datetime={TIMES}"))
        .expect(200, href);
    subject
        .client
        .get(&format!("{CURRENTS}/instances/none"))
        .problem(404, "an unknown instance");
}

fn completeness(subject: &Subject) {
    let document = document(subject);
    for (query, _) in QUERIES.into_iter().filter(|(query, _)| *query != "locations") {
        let operation = &document["paths"][format!("/collections/{{collection_id}}/{query}")]["get"];
        assert!(
            operation["responses"]["200"]["content"][COVERAGE_JSON].is_object(),
            "{query}"
        );
        assert!(operation["responses"]["default"].is_object(), "{query}");
    }
}

fn security(subject: &Subject) {
    let document = document(subject);
    assert!(document["components"]["securitySchemes"]["key_header"].is_object());
}
