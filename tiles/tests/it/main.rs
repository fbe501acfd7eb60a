//! Pictures, vector tiles, rasters and the basemap as their callers see them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may stop at the first surprise"
)]

mod basemap;
mod fields;
mod ground;
mod legends;
mod pictures;
mod rasters;
mod rings;
mod scenes;
mod vector_tiles;
