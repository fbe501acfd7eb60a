//! Why no picture and no briefing can be made.

use driftline_domain::ValidTime;

/// What was wrong with the scene, or what a format refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A scene without any output time.
    #[error("the scene has no output time")]
    NoSnapshot,
    /// An output time that the scene does not have.
    #[error("the scene has {found} output times, there is no number {at} (the first is 0)")]
    NoSuchSnapshot {
        /// The number asked for.
        at: usize,
        /// Output times there are.
        found: usize,
    },
    /// Columns of particles whose lengths differ.
    #[error("at {time} there are {lon} longitudes, {lat} latitudes and {status} states")]
    Columns {
        /// The output time.
        time: ValidTime,
        /// Longitudes.
        lon: usize,
        /// Latitudes.
        lat: usize,
        /// States.
        status: usize,
    },
    /// Times that neither rise in a forecast nor fall in a backtrack.
    #[error("output time {time} stands after {before}, against the direction of the run")]
    Order {
        /// The earlier entry.
        before: ValidTime,
        /// The entry after it.
        time: ValidTime,
    },
    /// The embedded font cannot be read.
    #[error("the embedded font is damaged: {0}")]
    Font(skrifa::raw::ReadError),
    /// A picture that memory cannot hold.
    #[error("a picture of {width} x {height} pixels cannot be drawn")]
    Size {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The map could not be laid out or drawn.
    #[error("map: {0}")]
    Map(#[from] driftline_tiles::Error),
    /// PNG bytes could not be written.
    #[error("png: {0}")]
    Png(#[from] png::EncodingError),
    /// GIF bytes could not be written.
    #[error("gif: {0}")]
    Gif(#[from] gif::EncodingError),
    /// PDF bytes could not be written.
    #[error("pdf: {0}")]
    Pdf(String),
}
