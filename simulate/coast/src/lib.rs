//! The one coastline of the product: on land or at sea, crossed or not, how far.
//!
//! Everybody who needs a coast asks this crate: the drift kernel, the products, the checks of missions and the basemap.
//! Positions are degrees (WGS84), distances metres. The shore itself is GSHHG 2.3.7 at full resolution (Wessel and
//! Smith 1996, doi:10.1029/96JB00104; LGPL-3.0-or-later, see `data/README.md`), kept in a file of our own
//! (`src/format.rs`) of which a tile of one degree is unpacked when it is first asked for.
//!
//! Results feed simulations that must repeat to the last bit on any machine, so look-ups use only basic arithmetic,
//! square roots and `libm`.
//!
//! Absent on purpose: forcing, missions, lakes (a lake is land here, as in the land mask of OpenDrift).

#[cfg(feature = "build")]
pub mod build;
mod coast;
mod crossing;
mod edge;
mod error;
mod format;
mod grid;
mod land;
#[cfg(feature = "build")]
mod land_polygons;
mod nearest;
mod open_water;
mod polygons;
mod segment;
mod shape;
#[cfg(feature = "build")]
mod simplify;
mod tile;

pub use coast::Coast;
pub use crossing::Crossing;
pub use error::Error;
pub use land::{Land, Ring, UNITS_PER_DEGREE};
#[cfg(feature = "build")]
pub use land_polygons::{PolygonReport, from_geojson};
pub use open_water::OPEN_WATER_CELL_DEG;
pub use segment::{NoSegment, Segment, SegmentId};
