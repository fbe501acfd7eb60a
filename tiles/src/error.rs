//! Why no picture, tile or raster can be made.

/// What was wrong with what was asked for, or with bytes that were read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tile address outside the pyramid.
    #[error("there is no tile in column {x} and row {y} of zoom {z}; zooms go from 0 to 30")]
    NoTile {
        /// Zoom.
        z: u8,
        /// Column.
        x: u32,
        /// Row.
        y: u32,
    },
    /// A picture without a pixel, or with more than one side can count.
    #[error("a picture of {width} x {height} pixels cannot be drawn: both sides must be from 1 to 16384")]
    Size {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A box whose numbers are no box.
    #[error("the box {0:?} is none: the numbers must be finite, and the first corner below and left of the second")]
    Box([f64; 4]),
    /// A box too small or too large for any map.
    #[error(
        "the box {0:?} is no map: each side must be longer than a tenth of a millimetre and shorter than 16 times around \
         the globe"
    )]
    BoxSpan([f64; 4]),
    /// Land asked for in another system than it is drawn in.
    #[error("land is drawn in Web Mercator only")]
    NotMercator,
    /// A map around nothing.
    #[error("there is no place to draw a map around")]
    NoPlace,
    /// Numbers that make no raster.
    #[error("not a raster: {0}")]
    Raster(String),
    /// Bytes that are no raster of this service.
    #[error("not a raster file: {0}")]
    RasterFile(String),
    /// A band that the raster does not have.
    #[error("the raster has {bands} bands, there is no band {band} (the first is 0)")]
    NoBand {
        /// The band asked for.
        band: usize,
        /// Bands there are.
        bands: usize,
    },
    /// Columns of a vector tile whose lengths differ.
    #[error("column {column} has {found} values for {expected} features")]
    Columns {
        /// The column.
        column: String,
        /// Its values.
        found: usize,
        /// Features.
        expected: usize,
    },
    /// A range of points that the columns do not have.
    #[error("there are no points {start} to {end}, the columns hold {all}")]
    PointRange {
        /// First point.
        start: usize,
        /// The one behind the last.
        end: usize,
        /// Points there are.
        all: usize,
    },
    /// More attributes than a point can have.
    #[error("{0} columns are too many, points have at most 16")]
    TooManyColumns(usize),
    /// PNG bytes could not be written.
    #[error("png: {0}")]
    Png(#[from] png::EncodingError),
    /// The file of the basemap's low tiles makes no sense.
    #[error("damaged file of low tiles: {what}")]
    LowTiles {
        /// What does not fit.
        what: &'static str,
    },
    /// Packing a low tile failed.
    #[error("cannot pack a low tile: {0}")]
    Pack(std::io::Error),
    /// Deflating failed.
    #[error("deflate: {0}")]
    Deflate(std::io::Error),
}
