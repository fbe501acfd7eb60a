//! Values of forcing or of a result as NetCDF-4 after CF 1.8: grids, series at places (discrete sampling geometry
//! `timeSeries`, appendix H.2) and values along paths (`trajectory`, H.4). Single precision, missing as NaN.
//!
//! Written by the NetCDF library in C, as `documents/netcdf.rs` is and with what is said there.

use std::path::PathBuf;

use driftline_domain::ValidTime;
use netcdf::{FileMut, VariableMut};

/// Level of zlib.
const DEFLATE: i32 = 4;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The library refused.
    #[error("the NetCDF file cannot be written")]
    NetCdf(#[from] netcdf::Error),
    /// Its scratch file.
    #[error("the scratch file {} of a NetCDF file cannot be used", path.display())]
    Scratch {
        /// Where it should be.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Longitude and latitude in degrees.
pub type Place = (f64, f64);

/// Where and when values are.
#[derive(Debug, Clone, PartialEq)]
pub enum Layout {
    /// Values at each time, latitude and longitude, in this order.
    Grid {
        /// Times, rising.
        times: Vec<ValidTime>,
        /// Latitudes, rising.
        lat: Vec<f64>,
        /// Longitudes, rising.
        lon: Vec<f64>,
    },
    /// Values of one place after the other, each at its times.
    Series(Vec<(Place, Vec<ValidTime>)>),
    /// Values of one path after the other.
    Trajectories(Vec<Vec<(ValidTime, Place)>>),
}

/// A quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuesVariable {
    /// Name in the file.
    pub name: &'static str,
    /// CF standard name.
    pub standard_name: Option<&'static str>,
    /// Name for people.
    pub long_name: &'static str,
    /// Unit as CF writes it.
    pub units: &'static str,
    /// Values in the order of the layout, NaN where there is none.
    pub values: Vec<f32>,
}

/// What the file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuesFile {
    /// What it is.
    pub title: String,
    /// Whose data it is made from.
    pub attribution: String,
    /// Where and when.
    pub layout: Layout,
    /// The quantities.
    pub variables: Vec<ValuesVariable>,
}

/// The bytes of the file.
pub fn write(file: &ValuesFile) -> Result<Vec<u8>, Error> {
    let folder = std::env::temp_dir();
    let scratch = |source| Error::Scratch {
        path: folder.clone(),
        source,
    };
    let place = tempfile::Builder::new()
        .prefix("driftline-")
        .suffix(".nc")
        .tempfile_in(&folder)
        .map_err(scratch)?;
    fill(file, netcdf::create(place.path())?)?;
    std::fs::read(place.path()).map_err(scratch)
}

fn fill(content: &ValuesFile, mut file: FileMut) -> Result<(), Error> {
    for (name, value) in [
        ("Conventions", "CF-1.8"),
        ("title", content.title.as_str()),
        ("acknowledgement", content.attribution.as_str()),
        ("source", concat!("Driftline ", env!("CARGO_PKG_VERSION"))),
    ] {
        file.add_attribute(name, value)?;
    }
    match &content.layout {
        Layout::Grid { times, lat, lon } => {
            axis(&mut file, "time", &seconds(times))?;
            axis(&mut file, "lat", lat)?;
            axis(&mut file, "lon", lon)?;
            for variable in &content.variables {
                quantity(&mut file, variable, &["time", "lat", "lon"], None)?;
            }
        }
        Layout::Series(series) => {
            let counts: Vec<usize> = series.iter().map(|(_, times)| times.len()).collect();
            ragged(&mut file, "timeSeries", "station", &counts)?;
            let places: Vec<Place> = series.iter().map(|(place, _)| *place).collect();
            coordinates(&mut file, "station", &places)?;
            let times: Vec<ValidTime> = series.iter().flat_map(|(_, times)| times.iter().copied()).collect();
            coordinate(&mut file, "time", "obs", &seconds(&times))?;
            ragged_quantities(&mut file, content)?;
        }
        Layout::Trajectories(paths) => {
            let counts: Vec<usize> = paths.iter().map(Vec::len).collect();
            ragged(&mut file, "trajectory", "trajectory", &counts)?;
            let all: Vec<(ValidTime, Place)> = paths.iter().flatten().copied().collect();
            let places: Vec<Place> = all.iter().map(|(_, place)| *place).collect();
            coordinates(&mut file, "obs", &places)?;
            let times: Vec<ValidTime> = all.iter().map(|(time, _)| *time).collect();
            coordinate(&mut file, "time", "obs", &seconds(&times))?;
            ragged_quantities(&mut file, content)?;
        }
    }
    file.close()?;
    Ok(())
}

fn seconds(times: &[ValidTime]) -> Vec<f64> {
    times.iter().map(|time| time.unix_s() as f64).collect()
}

/// A coordinate variable with its dimension.
fn axis(file: &mut FileMut, name: &str, values: &[f64]) -> Result<(), Error> {
    file.add_dimension(name, values.len())?;
    coordinate(file, name, name, values)
}

fn coordinate(file: &mut FileMut, name: &str, dimension: &str, values: &[f64]) -> Result<(), Error> {
    let mut variable = file.add_variable::<f64>(name, &[dimension])?;
    let (standard_name, units, axis) = match name {
        "lat" => ("latitude", "degrees_north", "Y"),
        "lon" => ("longitude", "degrees_east", "X"),
        _ => ("time", "seconds since 1970-01-01 00:00:00", "T"),
    };
    for (key, value) in [("standard_name", standard_name), ("units", units), ("axis", axis)] {
        variable.put_attribute(key, value)?;
    }
    if name == "time" {
        variable.put_attribute("calendar", "standard")?;
    }
    variable.put_values(values, ..)?;
    Ok(())
}

fn coordinates(file: &mut FileMut, dimension: &str, places: &[Place]) -> Result<(), Error> {
    let lon: Vec<f64> = places.iter().map(|(lon, _)| *lon).collect();
    let lat: Vec<f64> = places.iter().map(|(_, lat)| *lat).collect();
    coordinate(file, "lat", dimension, &lat)?;
    coordinate(file, "lon", dimension, &lon)
}

/// The contiguous ragged array (CF 1.8, 9.3.3): how many observations each feature has.
fn ragged(file: &mut FileMut, feature: &str, dimension: &str, counts: &[usize]) -> Result<(), Error> {
    let whole: usize = counts.iter().sum();
    file.add_attribute("featureType", feature)?;
    file.add_dimension(dimension, counts.len())?;
    file.add_dimension("obs", whole)?;
    let ids: Vec<i32> = (0..counts.len() as i32).collect();
    let mut id = file.add_variable::<i32>(&format!("{dimension}_id"), &[dimension])?;
    let role = match feature {
        "trajectory" => "trajectory_id",
        _ => "timeseries_id",
    };
    id.put_attribute("cf_role", role)?;
    id.put_values(&ids, ..)?;
    let sizes: Vec<i32> = counts.iter().map(|count| *count as i32).collect();
    let mut size = file.add_variable::<i32>("row_size", &[dimension])?;
    size.put_attribute("sample_dimension", "obs")?;
    size.put_attribute("long_name", "number of observations")?;
    size.put_values(&sizes, ..)?;
    Ok(())
}

fn ragged_quantities(file: &mut FileMut, content: &ValuesFile) -> Result<(), Error> {
    for variable in &content.variables {
        quantity(file, variable, &["obs"], Some("time lat lon"))?;
    }
    Ok(())
}

fn quantity(
    file: &mut FileMut,
    content: &ValuesVariable,
    dimensions: &[&str],
    coordinates: Option<&str>,
) -> Result<(), Error> {
    let mut variable: VariableMut<'_> = file.add_variable::<f32>(content.name, dimensions)?;
    variable.set_compression(DEFLATE, true)?;
    variable.set_fill_value(f32::NAN)?;
    variable.put_attribute("long_name", content.long_name)?;
    variable.put_attribute("units", content.units)?;
    if let Some(name) = content.standard_name {
        variable.put_attribute("standard_name", name)?;
    }
    if let Some(names) = coordinates {
        variable.put_attribute("coordinates", names)?;
    }
    variable.put_values(&content.values, ..)?;
    Ok(())
}
