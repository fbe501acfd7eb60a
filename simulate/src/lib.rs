//! From a mission to its products: forcing into memory, the drift kernel, areas and files, published with the pointer
//! last. No HTTP, no Zarr paths, no drift formulas.

mod archive;
pub mod cot;
mod coverage;
pub mod documents;
mod error;
mod extent;
mod files;
mod forecast;
mod freshness;
mod groups;
mod handover;
pub mod kml;
mod leftovers;
mod parity;
pub mod products;
mod results;
mod sources;
mod span;
pub mod tile_content;
pub mod values_netcdf;
mod window;
mod worker;
mod xml;

pub use coverage::{Reach, violations};
pub use driftline_leeway::{Continue, SEA_REACH_M};
pub use error::{Error, Lacking};
pub use files::{file_path, media_type};
pub use forecast::{Engine, Forecast, SourceUsed, Watcher, draw_seed};
pub use groups::GroupAbout;
pub use leftovers::remove_leftovers;
pub use results::{ENGINE_VERSION, RunProducts};
pub use sources::{ForcingOrigin, LocalFile, SourceAbout};
pub use worker::Worker;
pub use xml::{Xml, XmlError};
