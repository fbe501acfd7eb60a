//! Observed tracks of buoys: files of reports into filtered GeoParquet, and how well one track follows another.
//!
//! Drifting and moored buoys, from CF NetCDF (`driftline-decode`) and from CSV. Every report that was read is either
//! kept, with the state that it was judged to be in, or dropped for a reason that is counted; the counts stand in the
//! file. Degrees WGS84, times UTC, distances on a sphere.

mod csv;
mod filter;
mod geoparquet;
mod import;
mod skill;
mod speed;
mod state;
mod text_time;
mod track;

pub use filter::BuoyFilter;
pub use geoparquet::{BuoyFile, BuoySource, read_buoys};
pub use import::{BuoyOrigin, ImportedBuoys, buoy_tracks, import_buoys};
pub use skill::{CountedStates, Skill, SkillSettings, skill};
pub use track::{BuoyKind, Dropped, Fix, State, Tally, Track, distance_m};
