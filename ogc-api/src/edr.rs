//! OGC API Environmental Data Retrieval 1.1 (19-086r6): forcing and results as values, at a root of its own because every
//! collection of an EDR root has to answer data queries. Degrees on WGS 84, SI units, times UTC. Values are those of stored
//! steps; between nodes they are bilinear, in time nothing is interpolated (docs/edr.md, docs/decisions/024-values.md).

mod axes;
mod collection;
mod coords;
mod coverage;
mod coverage_subset;
mod crs;
mod data;
mod description;
mod encode;
mod evaluate;
mod format;
mod locations;
mod parameter;
mod region;
mod request;
mod routes;
mod schema;
mod steps;
mod subject;

pub(crate) use collection::Collection;
pub(crate) use description::{conformance, landing};
pub(crate) use format::Format;
pub(crate) use request::QueryType;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use request::readings;
pub(crate) use routes::routes;

/// Conformance classes, of both versions of the standard.
pub(crate) const CLASSES: [&str; 19] = [
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/edr-geojson",
    // The suite of 1.0 looks for this one by the name of its requirements.
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/req/edr-geojson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/covjson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/queries",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/core",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/collections",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/json",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/edr-geojson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/covjson",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/queries",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/instances",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/oas30",
];
