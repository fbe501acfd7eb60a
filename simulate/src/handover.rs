//! A forecast put down by the worker that simulated it, for another that makes products of it. Both are the same version of
//! the program: what another version left is not read, and the mission is simulated anew.
//!
//! Bytes, all little-endian: `DLHO`, length of the header (u32), header (CBOR, RFC 8949), then for each snapshot
//! longitudes (f64), latitudes (f64) and states (u8) of all particles, and for each particle that ended time, longitude
//! and latitude (f64). Numbers come back to the bit, so that products are those of one worker.

use bytes::Bytes;
use driftline_domain::{CurrentError, MissionSpec, SlowCoefficients, ValidTime, WindError};
use driftline_leeway::{Ended, Outcome, SeedsMoved, Snapshot, Stats, Status};
use serde::{Deserialize, Serialize};

use crate::forecast::{SourceUsed, calibration};
use crate::groups::GroupAbout;
use crate::{ENGINE_VERSION, Error, Forecast};

/// The file among those of a run that is not published yet.
pub(crate) const FILE: &str = "handover/forecast.bin";
const MAGIC: &[u8; 4] = b"DLHO";
/// A particle that was afloat at the end.
const AFLOAT: u8 = u8::MAX;

#[derive(Serialize, Deserialize)]
struct Header {
    version: String,
    seed: u64,
    current_error: CurrentError,
    wind_error: WindError,
    slow_coefficients: SlowCoefficients,
    groups: Vec<GroupAbout>,
    absurd_values: [u64; 2],
    sources: Vec<SourceUsed>,
    valid_from: ValidTime,
    valid_until: ValidTime,
    cut_short: bool,
    cell_m: f64,
    load_s: f64,
    kernel_s: f64,
    seeds_moved: SeedsMoved,
    stats: Stats,
    particles: usize,
    times_s: Vec<i64>,
    /// State of each particle that ended, or [`AFLOAT`].
    ended: Vec<u8>,
}

/// The forecast as bytes.
pub(crate) fn write(forecast: &Forecast) -> Result<Bytes, Error> {
    let outcome = &forecast.outcome;
    let header = Header {
        version: ENGINE_VERSION.to_owned(),
        seed: forecast.seed,
        current_error: forecast.current_error,
        wind_error: forecast.wind_error,
        slow_coefficients: forecast.slow_coefficients,
        groups: forecast.groups.clone(),
        absurd_values: forecast.absurd_values,
        sources: forecast.sources.clone(),
        valid_from: forecast.valid_from,
        valid_until: forecast.valid_until,
        cut_short: forecast.cut_short,
        cell_m: forecast.cell_m,
        load_s: forecast.load_s,
        kernel_s: forecast.kernel_s,
        seeds_moved: outcome.seeds_moved,
        stats: outcome.stats.clone(),
        particles: outcome.ended.len(),
        times_s: outcome.snapshots.iter().map(|snapshot| snapshot.time_s).collect(),
        ended: outcome
            .ended
            .iter()
            .map(|ended| ended.map_or(AFLOAT, |ended| ended.status as u8))
            .collect(),
    };
    let mut head = Vec::new();
    ciborium::into_writer(&header, &mut head).map_err(|error| Error::Handover(error.to_string()))?;
    let length = u32::try_from(head.len()).map_err(|error| Error::Handover(error.to_string()))?;
    let mut bytes = Vec::with_capacity(8 + head.len() + outcome.snapshots.len() * header.particles * 17);
    bytes.extend(MAGIC);
    bytes.extend(length.to_le_bytes());
    bytes.extend(head);
    for snapshot in &outcome.snapshots {
        for values in [&snapshot.lon_deg, &snapshot.lat_deg] {
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend(snapshot.status.iter().map(|status| *status as u8));
    }
    for ended in outcome.ended.iter().flatten() {
        for value in [ended.time_s, ended.lon_deg, ended.lat_deg] {
            bytes.extend(value.to_le_bytes());
        }
    }
    Ok(bytes.into())
}

/// The forecast of this mission back from its bytes.
pub(crate) fn read(bytes: &[u8], spec: &MissionSpec) -> Result<Forecast, Error> {
    let mut rest = Rest(bytes);
    if rest.take(4)? != MAGIC {
        return Err(broken("it does not begin like one"));
    }
    let length = rest.take(4)?.try_into().map_or(0, u32::from_le_bytes);
    let header: Header =
        ciborium::from_reader(rest.take(length as usize)?).map_err(|error| broken(&error.to_string()))?;
    if header.version != ENGINE_VERSION {
        return Err(broken(&format!(
            "version {} wrote it, this is {}",
            header.version, ENGINE_VERSION
        )));
    }
    let particles = header.particles;
    let mut snapshots = Vec::with_capacity(header.times_s.len());
    for time_s in header.times_s {
        snapshots.push(Snapshot {
            time_s,
            lon_deg: rest.floats(particles)?,
            lat_deg: rest.floats(particles)?,
            status: rest
                .take(particles)?
                .iter()
                .map(|code| status(*code))
                .collect::<Result<_, _>>()?,
        });
    }
    let mut ended = Vec::with_capacity(header.ended.len());
    for code in header.ended {
        ended.push(match code {
            AFLOAT => None,
            code => Some(Ended {
                time_s: rest.float()?,
                lon_deg: rest.float()?,
                lat_deg: rest.float()?,
                status: status(code)?,
            }),
        });
    }
    if ended.len() != particles || !rest.0.is_empty() {
        return Err(broken("its length is not what its header says"));
    }
    Ok(Forecast {
        spec: spec.clone(),
        seed: header.seed,
        current_error: header.current_error,
        wind_error: header.wind_error,
        slow_coefficients: header.slow_coefficients,
        calibration: calibration(spec),
        groups: header.groups,
        absurd_values: header.absurd_values,
        outcome: Outcome {
            snapshots,
            ended,
            seeds_moved: header.seeds_moved,
            stats: header.stats,
        },
        sources: header.sources,
        valid_from: header.valid_from,
        valid_until: header.valid_until,
        cut_short: header.cut_short,
        cell_m: header.cell_m,
        load_s: header.load_s,
        kernel_s: header.kernel_s,
    })
}

/// What is still to be read.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], Error> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| broken("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn float(&mut self) -> Result<f64, Error> {
        let bytes = self.take(8)?.try_into().map_err(|_short| broken("it ends too early"))?;
        Ok(f64::from_le_bytes(bytes))
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f64>, Error> {
        let bytes = self.take(count.saturating_mul(8))?;
        let (values, _) = bytes.as_chunks::<8>();
        Ok(values.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }
}

fn status(code: u8) -> Result<Status, Error> {
    Status::from_code(code).ok_or_else(|| broken(&format!("there is no state {code}")))
}

fn broken(reason: &str) -> Error {
    Error::Handover(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast() -> (MissionSpec, Forecast) {
        let spec = MissionSpec::from_json(&serde_json::json!({
            "name": "boat", "last_known_lat": 60.0, "last_known_lon": 4.0, "last_known_time": "2026-01-01T00:00:00Z",
            "object_type": "PIW-1", "forecast_hours": 6
        }))
        .unwrap();
        let ended = Ended {
            time_s: 1.0 / 3.0,
            lon_deg: 4.1,
            lat_deg: 60.1,
            status: Status::Stranded,
        };
        let snapshot = |time_s| Snapshot {
            time_s,
            lon_deg: vec![0.1 + 0.2, -179.999_999_999],
            lat_deg: vec![f64::MIN_POSITIVE, 60.0],
            status: vec![Status::Stranded, Status::Active],
        };
        let forecast = Forecast {
            spec: spec.clone(),
            seed: u64::MAX,
            current_error: CurrentError::UNCALIBRATED,
            wind_error: WindError {
                sigma_ms: 0.1,
                tau_s: 60.0,
            },
            slow_coefficients: SlowCoefficients { share: 0.3, tau_s: 9.0 },
            calibration: calibration(&spec),
            groups: vec![GroupAbout {
                scenario: 0,
                first_particle: 0,
                particles: 2,
                current: None,
                wind: Some("gfs-wind".to_owned()),
            }],
            absurd_values: [1, 2],
            outcome: Outcome {
                snapshots: vec![snapshot(0), snapshot(3600)],
                ended: vec![Some(ended), None],
                seeds_moved: SeedsMoved {
                    count: 1,
                    max_distance_m: 0.7,
                },
                stats: Stats {
                    particles: 2,
                    ..Stats::default()
                },
            },
            sources: Vec::new(),
            valid_from: spec.time,
            valid_until: spec.time,
            cut_short: true,
            cell_m: 800.1,
            load_s: 0.1,
            kernel_s: 0.2,
        };
        (spec, forecast)
    }

    #[test]
    fn a_forecast_comes_back_to_the_bit() {
        let (spec, forecast) = forecast();
        let bytes = write(&forecast).unwrap();
        let back = read(&bytes, &spec).unwrap();
        assert_eq!(back.outcome, forecast.outcome);
        assert_eq!(
            (back.seed, back.groups, back.cell_m),
            (forecast.seed, forecast.groups, forecast.cell_m)
        );
        assert_eq!(write(&read(&bytes, &spec).unwrap()).unwrap(), bytes);
    }

    #[test]
    fn what_is_cut_damaged_or_of_another_version_is_refused() {
        let (spec, forecast) = forecast();
        let bytes = write(&forecast).unwrap().to_vec();
        for cut in [0, 3, 7, 20, bytes.len() - 1] {
            assert!(read(&bytes[..cut], &spec).is_err(), "{cut}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(read(&longer, &spec).is_err());
        let version = bytes
            .windows(ENGINE_VERSION.len())
            .position(|text| text == ENGINE_VERSION.as_bytes());
        let mut other = bytes;
        other[version.unwrap()] = b'9';
        assert!(read(&other, &spec).err().unwrap().to_string().contains("wrote it"));
    }
}
