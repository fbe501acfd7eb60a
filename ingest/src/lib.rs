//! Forcing files into published cycles: read, checked, stored whole or not at all.
//!
//! Local files for now; feeds that fetch by themselves will hand their files to the same `ingest_files`. No HTTP, no
//! simulation.

mod error;
pub mod feed;
pub mod feeds;
mod files;
pub mod index;
mod quality;
mod server;
mod stamp;

pub use error::Error;
pub use files::{FeedOrigin, Ingested, feed_name_of, ingest_files};
