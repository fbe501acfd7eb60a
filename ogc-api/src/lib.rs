//! Every public route of missions and their results: `/v1/missions` and reference data for programs, OGC API Features
//! at the tenant root and per mission for maps. Requests become domain values here, answers become standards; there
//! is no physics and no SQL. Degrees are CRS84, times RFC 3339 UTC.
//!
//! Build an [`AppState`] from its [`Parts`] and hand it to [`router`], which says where authentication and the meter
//! belong.

mod ask;
mod document;
mod entity_tag;
mod error;
mod features;
mod health;
mod links;
mod missions;
mod openapi;
mod query;
mod reference;
mod routes;
mod service;
mod state;

pub use error::Error;
pub use links::PublicBase;
pub use routes::router;
pub use state::{
    AppState, CoverageQuestion, FileStream, ForcingCatalog, IntakeError, MissionIntake, Parts, RunFiles, SeamError,
};
