//! What can be wrong with the input of a product, or with a product file that is read back.

use driftline_domain::ValidTime;

/// Why no product could be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The columns of a cloud differ in length.
    #[error("the cloud at {time} has {lon} longitudes, {lat} latitudes and {status} states")]
    RaggedCloud {
        /// Time of the cloud.
        time: ValidTime,
        /// Longitudes.
        lon: usize,
        /// Latitudes.
        lat: usize,
        /// States.
        status: usize,
    },
    /// An active or stranded particle without a place on Earth.
    #[error("particle {particle} at {time} is at longitude {lon_deg}, latitude {lat_deg}")]
    Position {
        /// Index of the particle.
        particle: usize,
        /// Time of the cloud.
        time: ValidTime,
        /// Longitude as given.
        lon_deg: f64,
        /// Latitude as given.
        lat_deg: f64,
    },
    /// Clouds of one run that do not belong together.
    #[error("the cloud at {time} follows {before}: {problem}")]
    Sequence {
        /// Time of the earlier cloud.
        before: ValidTime,
        /// Time of the later cloud.
        time: ValidTime,
        /// What does not fit.
        problem: &'static str,
    },
    /// A probability level outside (0, 1), or levels that do not rise.
    #[error("the probability levels {0:?} are not rising numbers between 0 and 1")]
    Levels(Vec<f64>),
    /// A bandwidth that gives no finite area.
    #[error("a bandwidth floor of {0} m is not a positive length")]
    BandwidthFloor(f64),
    /// The outline of an area could not be drawn.
    #[error("the outline of the search area cannot be drawn")]
    Outline(#[from] contour::Error),
    /// Table building.
    #[error("the table of a product cannot be built")]
    Table(#[from] arrow::error::ArrowError),
    /// Parquet reading or writing.
    #[error("the parquet file of a product cannot be written or read")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Raster writing.
    #[error("the probability raster cannot be written")]
    Raster(#[from] driftline_tiles::Error),
    /// JSON writing.
    #[error("a product cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A file that is no product of this kind.
    #[error("this is no {kind} file: {problem}")]
    Foreign {
        /// What the file should be.
        kind: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}
