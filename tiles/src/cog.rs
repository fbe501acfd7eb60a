//! Rasters as Cloud Optimized GeoTIFF: written whole, read band by band.
//!
//! TIFF 6.0 with the float predictor of Adobe's Technical Note 3, OGC GeoTIFF 1.1 and OGC Cloud Optimized GeoTIFF 1.0:
//! little endian, EPSG:4326, tiles of 256 x 256 cells (fewer where the raster is smaller), deflated, all directories
//! before all data, overviews (mean of 2 x 2 cells) until one fits into 512 cells, the smallest first. The bands follow
//! each other (PlanarConfiguration 2), so a band of a level is one stretch of bytes. Tiles of zeros take no bytes at all.
//! Names and units of bands stand where GDAL looks for them. Values are float32; what is "nothing here", [`Missing`] says.

mod blocks;
mod directory;
mod metadata;
mod read;
mod write;

pub use read::{read_band, read_descriptions, read_grid};
pub use write::write;

/// Media type of a file.
pub const MEDIA_TYPE: &str = "image/tiff; application=geotiff; profile=cloud-optimized";

/// One band.
#[derive(Debug, Clone, PartialEq)]
pub struct RasterBand {
    /// What it is, for instance its time in RFC 3339.
    pub description: String,
    /// Row by row from the north.
    pub values: Vec<f32>,
}

/// Bands on one grid of cells.
#[derive(Debug, Clone, PartialEq)]
pub struct RasterStack {
    /// Western edge of the first column, degrees.
    pub west: f64,
    /// Northern edge of the first row, degrees.
    pub north: f64,
    /// Width of a cell, degrees, positive.
    pub dlon: f64,
    /// Height of a cell, degrees, positive.
    pub dlat: f64,
    /// Cells in a row.
    pub nx: usize,
    /// Rows.
    pub ny: usize,
    /// The bands, at least one.
    pub bands: Vec<RasterBand>,
    /// Unit of the values, for instance `km-2`.
    pub unit: String,
    /// A sentence on what the raster is.
    pub title: String,
    /// Whose data it is made from.
    pub attribution: Vec<String>,
    /// More metadata: names and texts.
    pub metadata: Vec<(String, String)>,
    /// What stands where there is nothing.
    pub missing: Missing,
}

/// How a raster says that there is nothing in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Zero: of densities. Overviews are means, in which it counts.
    Zero,
    /// Not a number: of measured quantities, where zero is a value. Overviews hold every second cell of every second row:
    /// true values of true places, for a mean of directions is none.
    NotANumber,
}
