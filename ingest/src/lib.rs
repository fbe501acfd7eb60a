//! Forcing into published cycles: read, checked, stored whole or not at all; by hand, or fetched from feeds that keep
//! themselves up to date. No simulation, no routes.

mod cycle;
mod error;
pub mod feed;
pub mod feeds;
pub mod fetch;
mod files;
pub mod index;
mod observations;
mod quality;
mod report;
mod scheduler;
mod server;
mod spool;
mod stamp;
mod statuses;

pub use error::Error;
pub use files::{FeedOrigin, Ingested, feed_name_of, ingest_files};
pub use observations::{
    BuoyFile, BuoyFilter, BuoyKind, BuoyOrigin, BuoySource, CountedStates, Dropped, Fix, ImportedBuoys, Skill,
    SkillSettings, State, Tally, Track, buoy_tracks, distance_m, import_buoys, read_buoys, skill,
};
pub use quality::{Expectation, Finding, HolePolicy, Limits, SeriesCheck, Unseen, Verdict, compare_with_previous};
pub use report::{Counters, FeedState, FeedStatus, HostReport, LastCycle, Problem, Progress, Report};
pub use scheduler::{FolderError, FolderFeed, Scheduler, Turn, Watcher, Window};
pub use statuses::statuses;
