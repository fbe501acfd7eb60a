//! Every public route of missions and their results: `/v1/missions` and reference data for programs, OGC API Features
//! WMS and tiles at the tenant root and per mission for maps. Requests become domain values here, answers become standards; there
//! is no physics and no SQL. Degrees are CRS84, times RFC 3339 UTC.
//!
//! Build an [`AppState`] from its [`Parts`] and hand it to [`router`], which says where authentication and the meter
//! belong.

mod answer;
mod ask;
mod compression;
mod conformance;
mod document;
mod entity_tag;
mod error;
mod features;
mod forcing_maps;
mod health;
mod links;
mod maps;
mod missions;
mod openapi;
mod query;
mod ranges;
mod reference;
mod routes;
mod runs;
mod service;
mod state;
mod tilesets;
mod wms;

pub use error::Error;
pub use forcing_maps::{ForcingAbout, ForcingMaps, ForcingRun, MapSlab};
pub use links::PublicBase;
pub use routes::router;
pub use state::{
    AppState, CoverageQuestion, DatasetQuestion, FileStream, ForcingCatalog, IntakeError, MissionIntake, Page, Parts,
    RunFiles, SeamError,
};
pub use tilesets::MISSION_TILESETS;
pub use wms::{BlueLake, BlueLakeError};
