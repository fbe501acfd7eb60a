//! What can go wrong with a coast file. Look-ups themselves cannot fail.

use std::path::PathBuf;

/// Why a coast could not be opened or built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read.
    #[error("cannot read the coast file {path}")]
    Read {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The first bytes are not those of a coast file.
    #[error("not a coast file: it does not begin with the mark of one")]
    NotACoast,
    /// The file is of a version this program does not know.
    #[error("coast file of version {found}, this program reads version {expected}")]
    Version {
        /// The version in the file.
        found: u32,
        /// The version this program reads.
        expected: u32,
    },
    /// The file ends too early or has been altered.
    #[error("damaged coast file: {what}")]
    Damaged {
        /// What does not fit.
        what: &'static str,
    },
    /// A tile passed the checksum and still makes no sense: the program that wrote it is at fault.
    #[error("damaged coast file: tile {tile} (south-west corner {lat_deg} N {lon_deg} E): {what}")]
    Tile {
        /// Number of the tile.
        tile: usize,
        /// Latitude of its south-west corner.
        lat_deg: i32,
        /// Longitude of its south-west corner.
        lon_deg: i32,
        /// What does not fit.
        what: &'static str,
    },
    /// A polygon has a vertex that is not a position.
    #[error("polygon vertex {lon_deg}, {lat_deg} is not a position")]
    Vertex {
        /// Longitude given.
        lon_deg: f64,
        /// Latitude given.
        lat_deg: f64,
    },
    /// Packing a tile failed.
    #[error("cannot pack the coast file")]
    Pack(#[source] std::io::Error),
    /// Writing the finished file failed.
    #[error("cannot write the coast file")]
    Write(#[source] std::io::Error),
    /// The source of a build could not be read as netCDF.
    #[cfg(feature = "build")]
    #[error("cannot read {variable} from the shoreline source")]
    Source {
        /// The variable or attribute asked for.
        variable: &'static str,
        /// What the reader said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The land polygons of a build cannot be used.
    #[cfg(feature = "build")]
    #[error("land polygons cannot be used: {what}")]
    Polygons {
        /// What is wrong with them.
        what: String,
    },
    /// The source of a build is not GSHHG in one-degree bins.
    #[cfg(feature = "build")]
    #[error("unexpected shoreline source: {what}")]
    UnexpectedSource {
        /// What does not fit.
        what: &'static str,
    },
}
