//! Bytes of a forcing file to normalised vector fields: SI units, east and north components (waves: a vector as long as
//! the significant height, towards), longitudes in [-180, 180), rows from south to north, missing values as NaN. NetCDF (CDF-1/2/5 and NetCDF-4) and GRIB2, decided by
//! content and never by the file's name. No network, no async: the caller runs it where CPU work belongs.
//!
//! Conventions followed: CF 1.11 (standard names, packing, time, grid mappings) and what providers do beside them.

mod axis;
mod component;
mod curvilinear;
mod error;
mod file;
pub mod grib;
mod grid;
mod layout;
mod level;
mod mapping;
mod packing;
mod roms;
mod source;
mod time;
mod tracks;
mod waves;

pub use error::Error;
pub use file::{ForcingFile, Lineage, Series};
pub use tracks::{RawFix, RawTrack, TrackFile, read_tracks};
