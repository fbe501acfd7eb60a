//! A STAC catalogue (1.1.0; API 1.0.0: core, collections, features) of what can be had as data: a collection for each feed with
//! an item for each cycle, and one of the tenant's missions with an item for each that is completed. Read from the catalogue
//! and the database when asked, never kept.

mod catalog;
mod collections;
mod cycles;
mod items;
mod missions;
mod places;

pub(crate) use items::LIMITS;

use axum::routing::{MethodRouter, get};

use crate::AppState;

/// The version of the specification.
const VERSION: &str = "1.1.0";
/// Conformance classes of the catalogue.
const CLASSES: [&str; 5] = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
];

/// The routes.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/stac", get(catalog::landing)),
        ("/stac/conformance", get(catalog::conformance)),
        ("/stac/collections", get(collections::collections)),
        ("/stac/collections/{stac_collection}", get(collections::collection)),
        ("/stac/collections/{stac_collection}/items", get(items::items)),
        (
            "/stac/collections/{stac_collection}/items/{stac_item}",
            get(items::item),
        ),
    ]
}
