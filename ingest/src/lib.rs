//! Forcing files into published cycles: read, checked, stored whole or not at all.
//!
//! Local files for now; feeds that fetch by themselves will hand their files to the same `ingest_files`. No HTTP, no
//! simulation.

mod error;
mod files;
mod observations;
mod quality;

pub use error::Error;
pub use files::{FeedOrigin, Ingested, feed_name_of, ingest_files};
pub use observations::{
    BuoyFile, BuoyFilter, BuoyKind, BuoyOrigin, BuoySource, CountedStates, Dropped, Fix, ImportedBuoys, Skill,
    SkillSettings, State, Tally, Track, buoy_tracks, distance_m, import_buoys, read_buoys, skill,
};
pub use quality::{
    Expectation, ExpectedTimes, Finding, HolePolicy, Limits, SeriesCheck, SeriesHead, Unseen, Verdict, check_schema,
    compare_with_previous,
};
