//! All particles over all output times as one compact binary, for programs that draw them themselves
//! (`application/vnd.driftline.particles`). Little endian:
//!
//! | offset | what |
//! |---|---|
//! | 0 | `DLPT` |
//! | 4 | u16 version, 1 |
//! | 6 | u16 reserved, 0 |
//! | 8 | u32 particles n |
//! | 12 | u32 output times |
//! | 16, 24, 32, 40 | f64 x0, y0, x1, y1: the box of all positions in normalised Web Mercator, 0 to 1, x east from 180° W, y south from the top; x1 is beyond 1 where the box crosses the antimeridian |
//! | 48 | i64 seconds since 1970 of the first output time |
//! | 56 | u32 seconds between output times |
//! | 60 | u32 offset of the data, 64 |
//! | 64 | u16 × n: the output time at which a particle stopped drifting, 65535 for never |
//! | | u8 × n: its state at the end: 0 active, 1 stranded, 2 out of the forcing |
//! | | zeros up to a multiple of 4 |
//! | | for each output time, for each particle u16 x, u16 y within the box, 0 to 65535 |
//!
//! A particle that waits for its release stands at the place of it, as an active one; who left the run's area or grew too old
//! for it counts as out of the forcing. A particle that stopped keeps its last position. With fewer particles than the run has, they are evenly spaced by
//! number. Output times are evenly spaced: where forcing ended a run between two of them, that last step is left out.

use std::f64::consts::PI;
use std::sync::Arc;

use bytes::Bytes;
use driftline_database::Run;
use driftline_domain::limits;
use driftline_simulate::products::Status;

use super::layout::FILE;
use super::{Positions, RunCache, broken};
use crate::compression::Encoding;
use crate::{AppState, Error};

/// Positions in one answer at most: 64 MB.
const MAX_POSITIONS: usize = 16_000_000;
const VERSION: u16 = 1;
const HEADER_BYTES: u32 = 64;
const NEVER: u16 = u16::MAX;
/// A box has at least this width, so that positions in it can be told.
const LEAST_WIDTH: f64 = 1e-9;

/// The bytes in one encoding.
#[derive(Debug)]
pub(crate) struct Binary(pub(crate) Bytes);

impl super::Bytes for Binary {
    fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl Binary {
    /// At most so many particles of a run; `None` when it has none on file.
    pub(super) async fn read(
        state: &AppState,
        run: &Run,
        max: usize,
        encoding: Encoding,
    ) -> Result<Option<Self>, Error> {
        let plain = match encoding {
            Encoding::Plain => return Self::made(state, run, max).await,
            _ => Box::pin(RunCache::binary(state, run, max, Encoding::Plain)).await?,
        };
        let Some(plain) = plain else { return Ok(None) };
        let encode = move || encoding.encoded(plain.0.to_vec());
        let encoded = state
            .compute
            .run(encode)
            .await
            .map_err(|error| broken(run, FILE, error))?;
        let encoded = encoded.map_err(|error| broken(run, FILE, error))?;
        Ok(Some(Self(encoded.into())))
    }

    async fn made(state: &AppState, run: &Run, max: usize) -> Result<Option<Self>, Error> {
        let Some(layout) = RunCache::layout(state, run).await? else {
            return Ok(None);
        };
        let times: Vec<i64> = layout.steps().iter().map(|step| step.time.unix_s()).collect();
        let (Some(first), Some(all)) = (times.first(), layout.steps().first().map(|step| step.rows)) else {
            return Ok(None);
        };
        let step_s = times
            .get(1)
            .map_or(i64::from(limits::DEFAULT_OUTPUT_INTERVAL_S), |second| second - first);
        let is_even = |(number, time): &(i64, i64)| *time == first + number * step_s;
        let even = (0..).zip(times.iter().copied()).take_while(is_even).count();
        let chosen = chosen(all, max.min(MAX_POSITIONS / even.max(1)).max(1));
        let mut cloud = Cloud::of(chosen, even);
        for number in 0..even {
            let positions: Arc<Positions> = RunCache::positions(state, run, number)
                .await?
                .ok_or_else(|| broken(run, FILE, format!("output time {number} is missing")))?;
            if positions.len() != all {
                let reason = format!(
                    "output time {number} has {} particles, the first {all}",
                    positions.len()
                );
                return Err(broken(run, FILE, reason));
            }
            let add = move || {
                cloud.add(&positions);
                cloud
            };
            cloud = state.compute.run(add).await.map_err(|error| broken(run, FILE, error))?;
        }
        let (first, step_s) = (*first, u32::try_from(step_s).unwrap_or(0));
        let bytes = state.compute.run(move || cloud.bytes(first, step_s)).await;
        Ok(Some(Self(bytes.map_err(|error| broken(run, FILE, error))?.into())))
    }
}

/// So many of all numbers, evenly spaced.
fn chosen(all: usize, most: usize) -> Vec<usize> {
    let count = all.min(most);
    (0..count).map(|place| place * all / count).collect()
}

/// Some particles over the output times so far, relative to where the first one began: single precision is a
/// centimetre there.
#[derive(Debug)]
struct Cloud {
    chosen: Vec<usize>,
    origin: Option<(f64, f64)>,
    steps: u32,
    places: Vec<(f32, f32)>,
    end_step: Vec<u16>,
    status: Vec<u8>,
}

impl Cloud {
    fn of(chosen: Vec<usize>, steps: usize) -> Self {
        Self {
            origin: None,
            steps: 0,
            places: Vec::with_capacity(chosen.len() * steps),
            end_step: vec![NEVER; chosen.len()],
            status: vec![0; chosen.len()],
            chosen,
        }
    }

    fn add(&mut self, positions: &Positions) {
        let place = |number: usize| mercator(positions.lon_deg[number], positions.lat_deg[number]);
        let origin = *self
            .origin
            .get_or_insert_with(|| self.chosen.first().map_or((0.0, 0.0), |first| place(*first)));
        let step = u16::try_from(self.steps).unwrap_or(NEVER - 1);
        for (k, &number) in self.chosen.iter().enumerate() {
            let (x, y) = place(number);
            // The shorter way around the globe.
            let east = (x - origin.0 + 0.5).rem_euclid(1.0) - 0.5;
            self.places.push((east as f32, (y - origin.1) as f32));
            let status = positions.status[number];
            if ![Status::Active, Status::NotReleased].contains(&status) && self.end_step[k] == NEVER {
                self.end_step[k] = step;
            }
            self.status[k] = match status {
                Status::Active | Status::NotReleased => 0,
                Status::Stranded => 1,
                Status::MissingData | Status::SeededOnLand | Status::Outside | Status::Retired => 2,
            };
        }
        self.steps += 1;
    }

    fn bytes(&self, first_s: i64, step_s: u32) -> Vec<u8> {
        let n = self.chosen.len();
        let (x_low, x_high) = ends(self.places.iter().map(|place| place.0));
        let (y_low, y_high) = ends(self.places.iter().map(|place| place.1));
        let origin = self.origin.unwrap_or((0.0, 0.0));
        let turn = if origin.0 + x_low < 0.0 { 1.0 } else { 0.0 };
        let corners = [
            origin.0 + x_low + turn,
            origin.1 + y_low,
            origin.0 + x_high + turn,
            origin.1 + y_high,
        ];
        let mut bytes = Vec::with_capacity(HEADER_BYTES as usize + 3 * n + 3 + 4 * self.places.len());
        bytes.extend(b"DLPT");
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(0u16.to_le_bytes());
        bytes.extend((n as u32).to_le_bytes());
        bytes.extend(self.steps.to_le_bytes());
        corners.iter().for_each(|corner| bytes.extend(corner.to_le_bytes()));
        bytes.extend(first_s.to_le_bytes());
        bytes.extend(step_s.to_le_bytes());
        bytes.extend(HEADER_BYTES.to_le_bytes());
        self.end_step.iter().for_each(|step| bytes.extend(step.to_le_bytes()));
        bytes.extend(&self.status);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let share = |value: f32, low: f64, high: f64| {
            let share = (f64::from(value) - low) / (high - low);
            (share.clamp(0.0, 1.0) * f64::from(u16::MAX)).round() as u16
        };
        for &(x, y) in &self.places {
            bytes.extend(share(x, x_low, x_high).to_le_bytes());
            bytes.extend(share(y, y_low, y_high).to_le_bytes());
        }
        bytes
    }
}

/// The least and the greatest, a little apart.
fn ends(values: impl Iterator<Item = f32>) -> (f64, f64) {
    let (low, high) = values.fold((f32::MAX, f32::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return (0.0, LEAST_WIDTH);
    }
    let (low, high) = (f64::from(low), f64::from(high));
    (low, high.max(low + LEAST_WIDTH))
}

/// Normalised Web Mercator: 0 to 1, x from 180° W, y from the top.
fn mercator(lon_deg: f64, lat_deg: f64) -> (f64, f64) {
    let sine = lat_deg.to_radians().sin().clamp(-0.999_999, 0.999_999);
    ((lon_deg + 180.0) / 360.0, 0.5 - sine.atanh() / (2.0 * PI))
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::ValidTime;

    #[test]
    fn particles_are_chosen_evenly() {
        assert_eq!(chosen(10, 20), (0..10).collect::<Vec<_>>());
        assert_eq!(chosen(10, 4), [0, 2, 5, 7]);
        assert_eq!(chosen(10, 1), [0]);
        assert!(chosen(0, 5).is_empty());
    }

    #[test]
    fn the_box_goes_over_the_antimeridian_and_positions_are_told_within_metres() {
        let mut cloud = Cloud::of(vec![0, 1], 2);
        for (hour, status) in [(0, Status::Active), (1, Status::Stranded)] {
            cloud.add(&Positions {
                time: ValidTime::from_unix_s(0).unwrap(),
                lon_deg: vec![179.9, -179.9 + 0.1 * hour as f64],
                lat_deg: vec![-17.0, -17.5],
                status: vec![Status::Active, status],
            });
        }
        let bytes = cloud.bytes(1_735_689_600, 3_600);
        let f64_at = |at: usize| f64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let u16_at = |at: usize| f64::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()));
        let [x0, y0, x1, y1] = [f64_at(16), f64_at(24), f64_at(32), f64_at(40)];
        assert!(x0 < 1.0 && x1 > 1.0 && y0 < y1, "{x0} {x1}");
        assert_eq!(bytes.len(), 64 + 4 + 2 + 2 + 4 * 4);
        assert_eq!(
            (&bytes[64..70], &bytes[70..72]),
            (&[255, 255, 1, 0, 0, 1][..], &[0, 0][..])
        );
        let data = 72;
        let last_x = x0 + u16_at(data + 12) / 65_535.0 * (x1 - x0);
        let last_y = y0 + u16_at(data + 14) / 65_535.0 * (y1 - y0);
        let (x, y) = mercator(-179.8, -17.5);
        assert!(
            (last_x - 1.0 - x).abs() < 1e-8 && (last_y - y).abs() < 1e-8,
            "{last_x} {last_y}"
        );
    }
}
