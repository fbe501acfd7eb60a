//! Products: what a coordinator gets from particle positions. Pure and synchronous: particles in, values and file
//! contents out; no clock, no I/O, the same bytes on any machine.
//!
//! Longitudes and latitudes in degrees, lengths in metres, areas in square kilometres, times UTC.

mod antimeridian;
mod areas;
mod cloud;
mod density;
mod error;
mod features;
mod geoparquet;
mod holding;
mod lattice;
mod lobes;
mod nodes;
mod outline;
mod particles;
mod plane;
mod probability;
mod raster_grid;
#[cfg(test)]
pub(crate) mod sample;
mod simple;
mod snapshots;
mod stranding;
mod tracks;
mod wkb;

pub use antimeridian::Vertex;
pub(crate) use antimeridian::{bounds, split_track};
pub use areas::{Area, AreaSet, AreaSettings, Datum, LEVELS, SeaMask, Spread, search_areas, spread};
pub use cloud::Cloud;
pub use driftline_leeway::{Ended, Status};
pub use error::Error;
pub use features::{RunLabel, centroid_geojson, search_area_geojson, trajectories_geojson};
pub use geoparquet::{areas_parquet, read_trajectories, trajectories_parquet};
pub use holding::{holding_at, holds_until};
pub use lobes::Lobe;
pub use particles::{
    ParticlePage, ParticleQuery, ParticleRow, ParticlesWriter, count_particles, particles_parquet, read_particles,
};
pub use probability::{areas_and_probability, probability_tif};
pub use raster_grid::RasterGrid;
pub use snapshots::read_snapshots;
pub use stranding::{
    Arrival, SegmentArrivals, Stranding, seen_ashore, stranded_geojson, stranding, stranding_csv, stranding_geojson,
};
pub(crate) use tracks::life;
pub use tracks::{MAX_TRACKS, Track, track_ids, tracks};
pub(crate) use wkb::{write_lines, write_point, write_polygons};
