//! WMS 1.3.0 (OGC 06-042) and 1.1.1 (OGC 01-068r3) at a tenant's root and at a mission's: GetCapabilities, GetMap,
//! GetFeatureInfo, and of the profile for styles (05-078r4) GetLegendGraphic, DescribeLayer and SLD_BODY.
//!
//! A refusal is a ServiceExceptionReport with the standard's code and status 400: OWSLib, GDAL and QGIS read the report
//! whatever the status is, while caches, monitors and everything that knows HTTP only must not take it for a picture.

mod blue_lake;
mod capabilities;
mod colour_scale;
mod describe_layer;
mod exception;
mod feature_info;
mod get_map;
mod kvp;
mod layer_element;
mod map_request;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod readings;
mod reference_system;
mod request;
mod sld;
mod styling;
mod version;
mod xml_tree;

use std::time::Duration;

pub use blue_lake::{BlueLake, BlueLakeError};
pub(crate) use reference_system::zones_of;
pub(crate) use request::wms;

/// What takes longer is refused in the words of the standard, just before the deadline of every handler would do it in
/// others.
const DEADLINE: Duration = Duration::from_secs(28);
/// Pixels of a picture's side at most.
const MAX_SIDE_PX: u32 = 4_096;
/// Layers of a picture at most.
const MAX_LAYERS: usize = 16;
/// The one picture format.
const PNG: &str = "image/png";
/// The parameter that names a model run (06-042, C.3.5: dimensions other than time and elevation have a prefix).
const REFERENCE_TIME: &str = "DIM_REFERENCE_TIME";
