//! Why a document could not be made.

use std::path::PathBuf;

use super::PROBABILITY_FILE;
use crate::xml::XmlError;

/// What went wrong between a run and one of its documents.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The positions of particles are no run, or a stored file does not read back.
    #[error(transparent)]
    Products(#[from] crate::products::Error),
    /// A document that is not said to read particles asked for them.
    #[error("the positions of particles were not loaded for this document")]
    NoParticles,
    /// A document that is not said to read a file asked for it.
    #[error("{0} was not loaded for this document")]
    NotLoaded(&'static str),
    /// The probability raster does not read back.
    #[error("{PROBABILITY_FILE}: {0}")]
    Probability(#[source] driftline_tiles::Error),
    /// A vector tile cannot be made.
    #[error("a vector tile cannot be made")]
    Tile(#[from] driftline_tiles::Error),
    /// A picture or the briefing cannot be made.
    #[error(transparent)]
    Report(#[from] driftline_report::Error),
    /// A stored run lacks something that every run has.
    #[error("the stored run has no {0}")]
    Lacking(&'static str),
    /// XML writing.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// KMZ writing.
    #[error("the KMZ archive cannot be written")]
    Archive(#[from] zip::result::ZipError),
    /// Writing into an archive.
    #[error("the content of an archive cannot be written")]
    ArchiveContent(#[source] std::io::Error),
    /// GeoPackage or MBTiles writing.
    #[error("the database of a GeoPackage or of MBTiles cannot be written")]
    Sqlite(#[from] rusqlite::Error),
    /// PMTiles writing.
    #[error("the PMTiles archive cannot be written")]
    PmTiles(#[from] pmtiles::PmtError),
    /// NetCDF writing.
    #[error("the NetCDF file cannot be written")]
    NetCdf(#[from] netcdf::Error),
    /// The scratch file of the NetCDF library.
    #[error("the scratch file {} of a NetCDF file cannot be used", path.display())]
    Scratch {
        /// Where it should be.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A value that does not become JSON.
    #[error("a member of the run cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}
