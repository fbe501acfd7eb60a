//! OGC API EDR 1.0 and 1.1 (19-086r4, 19-086r6), annex A: both versions have the same abstract tests but for instances, so
//! each stands here once and is run for both.

mod metadata;
mod queries;

use metadata::{
    api_definition, collection_links, collections, completeness, conformance, crs84, each_collection, extents, geojson,
    http, instances, json, landing_page, parameters, query_links, security, units,
};
use queries::{
    bbox_response, coords_response, covjson, crs_response, datetime_response, defined, edr_geojson, f_response,
    location_id, models, no_parameters, parameter_name_response, resolution_response, width_response, within_response,
    z_response,
};

use super::Case;

const CURRENTS: &str = "/edr/collections/currents";
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
        Case {
            class: "http://www.opengis.net/spec/ogcapi-edr-1/1.0/req/edr-geojson",
            id: "/req/edr-geojson",
            check: edr_geojson,
        },
        case!(
            "1.1",
            "covjson",
            "edr-pydantic, covjson-pydantic, OWSLib, xarray",
            models
        ),
        case!("1.1", "instances", "/conf/instances/rc-md-op", instances),
        case!("1.1", "instances", "/conf/instances/rc-md-success", instances),
        case!("1.1", "instances", "/conf/instances/src-md-op", instances),
        case!("1.1", "instances", "/conf/instances/src-md-success", instances),
    ]);
    cases
}
