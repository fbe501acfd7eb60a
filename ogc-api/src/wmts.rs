//! WMTS 1.0.0 (OGC 07-057r7) at a tenant's root and at a mission's: GetCapabilities, GetTile and GetFeatureInfo by key-value
//! pairs and by REST addresses. Its tiles are the PNG tiles of `tilesets`. A refusal is an ows:ExceptionReport with the standard's code
//! and status.

mod capabilities;
mod exception;
mod feature_info;
mod kvp;
mod request;
mod tile;

use axum::routing::{MethodRouter, get};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use tile::{address_reading, readings};

use crate::AppState;

/// The one version.
const VERSION: &str = "1.0.0";
/// The one picture format.
const PNG: &str = "image/png";
/// Deepest zoom that capabilities name: a pixel is 0.6 m there. Each more would make them longer for nothing.
const MAX_ZOOM: u8 = 18;

/// Routes of WMTS.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/wmts", get(request::kvp)),
        ("/missions/{mission_id}/wmts", get(request::kvp)),
        ("/wmts/1.0.0/WMTSCapabilities.xml", get(request::rest_capabilities)),
        (
            "/missions/{mission_id}/wmts/1.0.0/WMTSCapabilities.xml",
            get(request::rest_capabilities),
        ),
        (
            "/wmts/{layer}/{style}/{begin}/{end}/{step}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
            get(request::rest_tile_of_period),
        ),
        (
            "/missions/{mission_id}/wmts/{layer}/{style}/{begin}/{end}/{step}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
            get(request::rest_tile_of_period),
        ),
        (
            "/wmts/{layer}/{style}/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
            get(request::rest_tile),
        ),
        (
            "/missions/{mission_id}/wmts/{layer}/{style}/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
            get(request::rest_tile),
        ),
        (
            "/wmts/{layer}/{style}/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}/info/{j}/{i}",
            get(request::rest_feature_info),
        ),
        (
            "/missions/{mission_id}/wmts/{layer}/{style}/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}/info/{j}/{i}",
            get(request::rest_feature_info),
        ),
        (
            "/wmts/{layer}/{style}/{begin}/{end}/{step}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}/info/{j}/{i}",
            get(request::rest_feature_info_of_period),
        ),
        (
            "/missions/{mission_id}/wmts/{layer}/{style}/{begin}/{end}/{step}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}/info/{j}/{i}",
            get(request::rest_feature_info_of_period),
        ),
    ]
}
