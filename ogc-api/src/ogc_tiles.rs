//! OGC API Tiles Part 1 (20-057) under each OGC root: vector tiles of all feature collections together and of each alone,
//! map tiles of the collections that have a picture, in both tile matrix sets, with their metadata (17-083r4). Tiles are those of
//! `tilesets`, which answers XYZ addresses; here are addresses, negotiation and limits.

mod list;
mod matrix_sets;
mod negotiation;
mod source;
mod tile;
mod tileset;

pub(crate) use negotiation::{Form, chosen};
pub(crate) use source::links as tileset_links;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use tile::address_reading;

use axum::routing::{MethodRouter, get};

use crate::AppState;

/// Conformance classes of OGC API Tiles Part 1.
pub(crate) const CLASSES: [&str; 8] = [
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/png",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
];

/// A tileset's own link relation.
const TILING_SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

/// A path under the tenant's root and under a mission's.
macro_rules! under_roots {
    ($($rest:literal => $handler:path),* $(,)?) => {
        vec![$(
            (concat!("/ogc", $rest), get($handler)),
            (concat!("/missions/{mission_id}/ogc", $rest), get($handler)),
        )*]
    };
}

/// Routes of tiles and of tile matrix sets.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    under_roots! {
        "/tileMatrixSets" => matrix_sets::list,
        "/tileMatrixSets/{tileMatrixSetId}" => matrix_sets::definition,
        "/tiles" => list::vector,
        "/tiles/{tileMatrixSetId}" => tileset::vector,
        "/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}" => tile::vector,
        "/map/tiles" => list::map,
        "/map/tiles/{tileMatrixSetId}" => tileset::map,
        "/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}" => tile::map,
        "/collections/{collection_id}/tiles" => list::vector,
        "/collections/{collection_id}/tiles/{tileMatrixSetId}" => tileset::vector,
        "/collections/{collection_id}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}" => tile::vector,
        "/collections/{collection_id}/map/tiles" => list::map,
        "/collections/{collection_id}/map/tiles/{tileMatrixSetId}" => tileset::map,
        "/collections/{collection_id}/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}" => tile::map,
    }
}
