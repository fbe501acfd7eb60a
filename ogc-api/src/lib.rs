//! Every public route of missions and their results: `/v1/missions` and reference data for programs, OGC API Features
//! WMS and tiles at the tenant root and per mission for maps. Requests become domain values here, answers become standards; there
//! is no physics and no SQL. Degrees are CRS84, times RFC 3339 UTC.
//!
//! Build an [`AppState`] from its [`Parts`] and hand it to [`router`], which says where authentication and the meter
//! belong.

mod accept;
mod answer;
mod ask;
mod compress;
mod compression;
mod conformance;
mod cycle_objects;
mod described;
mod document;
mod edr;
mod entity_tag;
mod error;
mod features;
mod forcing_fields;
mod forcing_maps;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod html;
mod kml;
mod links;
mod maps;
mod missions;
mod ogc_maps;
mod ogc_tiles;
mod openapi;
mod processes;
mod provider;
mod query;
mod ranges;
mod reference;
mod routes;
mod runs;
mod service;
mod stac;
mod state;
mod styles;
mod tilesets;
mod usage;
mod wms;
mod wmts;
mod written;
mod zarr;

pub use cycle_objects::{CycleObject, CycleObjects};
pub use error::Error;
pub use forcing_fields::{CycleAbout, CycleName, FieldAbout, FieldStep, ForcingFields, StepsQuestion, StoredField};
pub use forcing_maps::{ForcingAbout, ForcingMaps, ForcingRun, MapSlab};
pub use links::PublicBase;
pub use processes::deliver_callbacks;
pub use provider::Provider;
pub use routes::router;
pub use state::{
    AppState, CoverageQuestion, DatasetQuestion, FileStream, ForcingCatalog, IntakeError, MissionIntake, Page,
    PartState, Parts, Readiness, RunFiles, SeamError,
};
pub use tilesets::MISSION_TILESETS;
pub use wms::{BlueLake, BlueLakeError};
