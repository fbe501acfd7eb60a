//! Answers as bytes: one file for each form.

mod coverage_json;
mod geojson;
mod geotiff;
mod netcdf;
mod table;

use super::coverage::Answer;
use super::format::Format;
use crate::Error;

/// The bytes of an answer.
pub(crate) fn encode(answer: &Answer, format: Format) -> Result<Vec<u8>, Error> {
    match format {
        Format::CoverageJson => coverage_json::encode(answer),
        Format::GeoJson => geojson::encode(answer),
        Format::Csv => Ok(table::encode(answer)),
        Format::NetCdf => netcdf::encode(answer),
        Format::GeoTiff => geotiff::encode(answer),
    }
}

pub(crate) use coverage_json::parameter_json;
