//! Forcing and small readings of JSON.

use std::path::PathBuf;

use driftline_coast::Coast;
use driftline_decode::ForcingFile;
use driftline_domain::{ForcingKind, ObjectClass, ValidTime, meters_per_degree, wrap_lon_deg};
use driftline_leeway::parity::{Forcing, NativeSource, Source};
use serde_json::Value;

/// Why a file is not compared.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// What runs need besides the golden file.
pub(crate) struct Inputs {
    pub(crate) folder: PathBuf,
    pub(crate) coast: Coast,
}

impl Inputs {
    /// The first current and the first wind of the named files.
    pub(crate) fn forcing<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<Forcing, Failure> {
        let (mut currents, mut winds) = (Vec::new(), Vec::new());
        for name in names {
            let file = ForcingFile::open(&self.folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
            for kind in [ForcingKind::Current, ForcingKind::Wind] {
                if let Some(index) = file.series().iter().position(|series| series.kind == kind) {
                    let list = if kind == ForcingKind::Wind {
                        &mut winds
                    } else {
                        &mut currents
                    };
                    list.push(Source::Native(native(&file, index)?));
                }
            }
        }
        Ok(Forcing::prepare(currents, winds, Vec::new())?)
    }
}

fn native(file: &ForcingFile, index: usize) -> Result<NativeSource, Failure> {
    let series = &file.series()[index];
    let fields = (0..series.times.len()).map(|step| file.read_native(index, step));
    Ok(NativeSource {
        grid: series.grid.clone(),
        axes: file.component_axes(index).ok_or("no such series")?,
        times_s: series.times.iter().map(ValidTime::unix_s).collect(),
        fields: fields.collect::<Result<_, _>>()?,
    })
}

/// A number of an object.
pub(crate) fn number(json: &Value, key: &str) -> Result<f64, Failure> {
    json[key]
        .as_f64()
        .ok_or_else(|| format!("'{key}' is not a number").into())
}

/// A list of numbers of an object.
pub(crate) fn numbers(json: &Value, key: &str) -> Result<Vec<f64>, Failure> {
    let list = json[key].as_array().ok_or_else(|| format!("'{key}' is not a list"))?;
    Ok(list.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect())
}

/// A list of texts of an object.
pub(crate) fn texts<'a>(json: &'a Value, key: &str) -> Result<Vec<&'a str>, Failure> {
    let list = json[key].as_array().ok_or_else(|| format!("'{key}' is not a list"))?;
    Ok(list.iter().filter_map(Value::as_str).collect())
}

/// Seconds since 1970 of a time of the reference, which writes no zone and means UTC.
pub(crate) fn time_s(json: &Value, key: &str) -> Result<i64, Failure> {
    let text = json[key].as_str().ok_or_else(|| format!("'{key}' is not a time"))?;
    let zoned = format!("{}Z", text.trim_end_matches('Z').replace(' ', "T"));
    Ok(zoned.parse::<ValidTime>()?.unix_s())
}

/// The class of a key.
pub(crate) fn class(key: &str) -> Result<&'static ObjectClass, Failure> {
    ObjectClass::find(key).ok_or_else(|| format!("'{key}' is no class").into())
}

/// Metres between two places close by, longitude first.
pub(crate) fn distance_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lon_m, lat_m) = meters_per_degree((a.1 + b.1) / 2.0);
    libm::hypot(wrap_lon_deg(a.0 - b.0) * lon_m, (a.1 - b.1) * lat_m)
}
