//! `particles.nc`: every particle at every output time as a CF trajectory file (CF 1.11, appendix H.4.1: the multidimensional
//! array representation; ACDD 1.3), in the form that OpenDrift 1.14 writes and that OpenDrift, trajan and xarray read.
//!
//! A particle's last row is the one in which it stopped, with the state that it stopped in; after it, and before its release,
//! stand fill values. Of a backtrack the times rise as well, and the row in which a particle stopped is its first.
//! Longitude and latitude are doubles: what the run computed, to the last bit. The attribute `coordinates`, which CF asks for
//! on `status`, is left out as OpenDrift does: with it xarray takes positions for coordinates, and OpenDrift looks for them
//! among the data and does not open the file.
//!
//! Written by the NetCDF library in C (docs/decisions/014-exports.md). HDF5 beneath it is not safe for threads: the crate
//! holds one lock of the process around each call, so that two such files are written in turns. It writes to a path only:
//! a scratch file that goes when its content has been read.

use std::ops::Range;

use driftline_domain::Direction;
use netcdf::FileMut;
use serde_json::Value;

use super::provenance::text;
use super::{Error, RunView};
use crate::products::{Cloud, Status, life};

/// Level of zlib: more costs time and gains nothing that counts.
const DEFLATE: i32 = 4;
/// Trajectories that are turned from columns to rows at once, and that a chunk of the file holds.
const BLOCK: usize = 2_048;
/// Stands where a state is missing: OpenDrift's, the largest number of the type.
const NO_STATUS: i8 = i8::MAX;

/// `particles.nc`.
pub(super) fn particles(view: &RunView) -> Result<Vec<u8>, Error> {
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
    write(view, netcdf::create(place.path())?)?;
    std::fs::read(place.path()).map_err(scratch)
}

fn write(view: &RunView, mut file: FileMut) -> Result<(), Error> {
    let clouds = view.clouds()?;
    let particles = clouds.first().map_or(0, Cloud::len);
    file.add_dimension("trajectory", particles)?;
    file.add_dimension("time", clouds.len())?;
    global_attributes(view, &clouds, &mut file)?;
    times(&clouds, &mut file)?;
    trajectories(particles, &mut file)?;
    let rows = Rows::of(&clouds);
    let axes = [
        ("lon", "longitude", "degrees_east", "X"),
        ("lat", "latitude", "degrees_north", "Y"),
    ];
    for (name, standard_name, units, axis) in axes {
        let mut variable = file.add_variable::<f64>(name, &["trajectory", "time"])?;
        variable.set_chunking(&[BLOCK.min(particles).max(1), clouds.len().max(1)])?;
        variable.set_compression(DEFLATE, true)?;
        variable.set_fill_value(f64::NAN)?;
        for (key, value) in [
            ("standard_name", standard_name),
            ("long_name", standard_name),
            ("units", units),
            ("axis", axis),
        ] {
            variable.put_attribute(key, value)?;
        }
        for (range, values) in rows.blocks(f64::NAN, |cloud, particle| match name {
            "lon" => driftline_domain::wrap_lon_deg(cloud.lon_deg[particle]),
            _ => cloud.lat_deg[particle],
        }) {
            variable.put_values(&values, (range, ..))?;
        }
    }
    statuses(&rows, &mut file, (particles, clouds.len()))?;
    file.close()?;
    Ok(())
}

fn times(clouds: &[Cloud<'_>], file: &mut FileMut) -> Result<(), Error> {
    let seconds: Vec<f64> = clouds.iter().map(|cloud| cloud.time.unix_s() as f64).collect();
    let mut variable = file.add_variable::<f64>("time", &["time"])?;
    let attributes = [
        ("standard_name", "time"),
        ("long_name", "time"),
        ("units", "seconds since 1970-01-01 00:00:00"),
        ("calendar", "standard"),
        ("axis", "T"),
    ];
    for (key, value) in attributes {
        variable.put_attribute(key, value)?;
    }
    variable.put_values(&seconds, ..)?;
    Ok(())
}

fn trajectories(particles: usize, file: &mut FileMut) -> Result<(), Error> {
    let ids: Vec<i32> = (0..particles as i32).collect();
    let mut variable = file.add_variable::<i32>("trajectory", &["trajectory"])?;
    variable.put_attribute("cf_role", "trajectory_id")?;
    variable.put_attribute("long_name", "number of the particle, from 0")?;
    variable.put_attribute("units", "1")?;
    variable.put_values(&ids, ..)?;
    Ok(())
}

fn statuses(rows: &Rows<'_>, file: &mut FileMut, (particles, times): (usize, usize)) -> Result<(), Error> {
    let mut variable = file.add_variable::<i8>("status", &["trajectory", "time"])?;
    variable.set_chunking(&[BLOCK.min(particles).max(1), times.max(1)])?;
    variable.set_compression(DEFLATE, true)?;
    variable.set_fill_value(NO_STATUS)?;
    let names = Status::ALL.map(Status::name).join(" ");
    let codes: Vec<i8> = Status::ALL.iter().map(|status| *status as i8).collect();
    variable.put_attribute("standard_name", "status_flag")?;
    variable.put_attribute("long_name", "state of the particle")?;
    variable.put_attribute("flag_values", codes)?;
    variable.put_attribute("flag_meanings", names.as_str())?;
    for (range, values) in rows.blocks(NO_STATUS, |cloud, particle| cloud.status[particle] as i8) {
        variable.put_values(&values, (range, ..))?;
    }
    Ok(())
}

/// Columns by time, to be read as rows by particle.
struct Rows<'a> {
    clouds: &'a [Cloud<'a>],
    /// For each particle the output times from its release to the one in which it stopped.
    lives: Vec<Range<usize>>,
}

impl<'a> Rows<'a> {
    fn of(clouds: &'a [Cloud<'a>]) -> Self {
        let particles = clouds.first().map_or(0, Cloud::len);
        Self {
            clouds,
            lives: (0..particles).map(|particle| life(clouds, particle)).collect(),
        }
    }

    /// Values of some particles at all times, block after block; fill where a particle has none.
    fn blocks<T: Copy + 'a>(
        &'a self,
        fill: T,
        value: impl Fn(&Cloud<'_>, usize) -> T + 'a,
    ) -> impl Iterator<Item = (Range<usize>, Vec<T>)> + 'a {
        let (particles, times) = (self.lives.len(), self.clouds.len());
        (0..particles).step_by(BLOCK).map(move |first| {
            let range = first..particles.min(first + BLOCK);
            let mut values = vec![fill; range.len() * times];
            for (number, cloud) in self.clouds.iter().enumerate() {
                for particle in range.clone().filter(|particle| self.lives[*particle].contains(&number)) {
                    values[(particle - first) * times + number] = value(cloud, particle);
                }
            }
            (range, values)
        })
    }
}

fn global_attributes(view: &RunView, clouds: &[Cloud<'_>], file: &mut FileMut) -> Result<(), Error> {
    let label = &view.label;
    let step = |name: &str| clock(view.summary[name].as_u64().unwrap_or_default());
    let title = format!("Drift forecast: {}", view.name());
    let about = format!(
        "{}; positions of {} particles",
        label.object.description,
        clouds.first().map_or(0, Cloud::len)
    );
    let first_and_last = clouds.first().zip(clouds.last());
    let (from, until) = first_and_last.map_or((view.spec.time, view.spec.time), |(first, last)| {
        (first.time, last.time)
    });
    let duration = clock((until.unix_s() - from.unix_s()).unsigned_abs());
    let history = format!("{} computed by Driftline {}", label.issued, label.engine_version);
    let source = format!(
        "Driftline {} (Leeway), forcing: {}",
        label.engine_version,
        view.forcing_text()
    );
    let attribution = label.attribution_line();
    let direction = match view.spec.direction {
        Direction::Forward => "forward",
        Direction::Backtrack => "backward",
    };
    for (name, value) in [
        ("Conventions", "CF-1.11, ACDD-1.3"),
        ("standard_name_vocabulary", "CF Standard Name Table v85"),
        ("featureType", "trajectory"),
        ("title", &title),
        ("summary", &about),
        ("history", &history),
        ("source", &source),
        ("acknowledgement", &attribution),
        ("creator_name", "Driftline"),
        ("creator_type", "institution"),
        ("cdm_data_type", "Trajectory"),
        ("date_created", &label.issued.to_string()),
        ("time_coverage_start", &from.to_string()),
        ("time_coverage_end", &until.to_string()),
        ("time_coverage_duration", &duration),
        ("geospatial_lat_units", "degrees_north"),
        ("geospatial_lon_units", "degrees_east"),
        // Which of its classes OpenDrift opens the file with.
        ("opendrift_module", "opendrift.models.leeway"),
        ("opendrift_class", "Leeway"),
        ("simulation_direction", direction),
        ("time_step_calculation", &step("step_s")),
        ("time_step_output", &step("output_interval_s")),
    ] {
        file.add_attribute(name, value)?;
    }
    for (name, value) in view.provenance() {
        file.add_attribute(name, value)?;
    }
    extent(clouds, file)?;
    for (name, value) in settings(view)? {
        file.add_attribute(&format!("config_{name}"), value)?;
    }
    Ok(())
}

/// South and north of all positions; west and east where they do not lie on both sides of the antimeridian.
fn extent(clouds: &[Cloud<'_>], file: &mut FileMut) -> Result<(), Error> {
    let (mut west, mut south, mut east, mut north) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
    for (lon, lat) in clouds.iter().flat_map(Cloud::all) {
        let lon = driftline_domain::wrap_lon_deg(lon);
        (west, east) = (west.min(lon), east.max(lon));
        (south, north) = (south.min(lat), north.max(lat));
    }
    if south > north {
        return Ok(());
    }
    if east - west > 180.0 {
        (west, east) = (-180.0, 180.0);
    }
    for (name, value) in [
        ("lon_min", west),
        ("lat_min", south),
        ("lon_max", east),
        ("lat_max", north),
    ] {
        file.add_attribute(&format!("geospatial_{name}"), value)?;
    }
    Ok(())
}

/// Every setting of the mission as name and text, members of members joined by an underscore: what later versions add is
/// written without a change here.
fn settings(view: &RunView) -> Result<Vec<(String, String)>, Error> {
    fn add(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                for (inner, value) in members {
                    add(&format!("{name}_{inner}"), value, into);
                }
            }
            Value::Null => into.push((name.to_owned(), "None".to_owned())),
            other => into.push((name.to_owned(), text(other))),
        }
    }
    let mut found = Vec::new();
    if let Value::Object(members) = serde_json::to_value(&view.spec)? {
        for (name, value) in &members {
            add(name, value, &mut found);
        }
    }
    for name in ["jibe_per_hour", "current_error", "wind_error", "slow_coefficients"] {
        add(&format!("used_{name}"), &view.summary[name], &mut found);
    }
    Ok(found)
}

/// A duration as OpenDrift writes and reads it: `0:10:00`, `2 days, 1:00:00`.
fn clock(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let clock = format!("{hours}:{minutes:02}:{:02}", seconds % 60);
    match days {
        0 => clock,
        1 => format!("1 day, {clock}"),
        _ => format!("{days} days, {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::sample;

    #[test]
    fn a_particle_has_values_up_to_the_time_at_which_it_stopped() {
        let status = |particle: usize, hour: usize| match particle {
            1 if hour >= 2 => Status::Stranded,
            2 => Status::SeededOnLand,
            _ => Status::Active,
        };
        let run = sample::Run::of(3, 4, |p, h| (10 * p + h) as f64, |_, _| 60.0, status);
        let clouds = run.clouds();
        let rows = Rows::of(&clouds);
        assert_eq!(rows.lives, [0..4, 0..3, 0..1]);
        let blocks: Vec<_> = rows.blocks(-1.0, |cloud, particle| cloud.lon_deg[particle]).collect();
        let values = [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, -1.0, 20.0, -1.0, -1.0, -1.0];
        assert_eq!(blocks, [(0..3, values.to_vec())]);
    }

    #[test]
    fn durations_read_as_opendrift_writes_them() {
        assert_eq!(clock(600), "0:10:00");
        assert_eq!(clock(90_000), "1 day, 1:00:00");
        assert_eq!(clock(2 * 86_400 + 61), "2 days, 0:01:01");
    }
}
