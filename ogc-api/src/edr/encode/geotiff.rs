//! GeoTIFF: one grid at one time, a band for each parameter. Rows run from the north, a missing value is not a number and said to be
//! the file's "no data".

use driftline_tiles::cog::{Missing, RasterBand, RasterStack, write};

use super::super::coverage::{Answer, Domain};
use crate::Error;

/// Width of a cell in degrees where there is a single one on an axis, whose spacing nobody can see.
const LONE_CELL_DEG: f64 = 1e-3;

pub(super) fn encode(answer: &Answer) -> Result<Vec<u8>, Error> {
    let refuse = |why: &str| Error::parameter("f", why.to_owned());
    let [coverage] = answer.coverages.as_slice() else {
        return Err(refuse("GeoTIFF holds one grid; ask for another form"));
    };
    let Domain::Grid { lon, lat, times } = &coverage.domain else {
        return Err(refuse("GeoTIFF holds a grid; ask for another form"));
    };
    let [time] = times[..] else {
        return Err(refuse(
            "GeoTIFF holds one time and the interval has several; name one in datetime, or ask for NetCDF",
        ));
    };
    let (nx, ny) = (lon.len(), lat.len());
    let spacing = |axis: &[f64]| match axis {
        [first, .., last] => (last - first) / (axis.len() - 1) as f64,
        _ => LONE_CELL_DEG,
    };
    let (dlon, dlat) = (spacing(lon), spacing(lat));
    let from_north = |values: &[f32]| values.chunks_exact(nx).rev().flatten().copied().collect();
    let bands = answer
        .parameters
        .iter()
        .zip(&coverage.ranges)
        .map(|(parameter, values)| RasterBand {
            description: format!("{} ({}) {time}", parameter.id, parameter.ucum),
            values: from_north(values),
        });
    let stack = RasterStack {
        west: lon.first().copied().unwrap_or_default() - dlon / 2.0,
        north: lat.last().copied().unwrap_or_default() + dlat / 2.0,
        dlon,
        dlat,
        nx,
        ny,
        bands: bands.collect(),
        // Bands of different units: each has its own in its name.
        unit: match answer.parameters[..] {
            [one] => one.ucum.to_owned(),
            _ => String::new(),
        },
        title: answer.title.clone(),
        attribution: answer.attribution.clone(),
        metadata: vec![("TIME".to_owned(), time.to_string())],
        missing: Missing::NotANumber,
    };
    write(&stack).map_err(|error| refuse(&format!("GeoTIFF cannot hold this: {error}")))
}
