//! A voyage by dead reckoning: an object went overboard, or a vessel was lost, somewhere on its way.

use serde::{Deserialize, Serialize};

use super::sphere;
use crate::{LatLon, ValidTime};

/// A voyage along great circles. The object is lost at a time that is uniform between departure and arrival.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackRelease {
    /// Where the voyage began, then every waypoint with how the leg to it was made.
    pub legs: Vec<Waypoint>,
    /// The voyage began between these two times.
    pub departure: [ValidTime; 2],
    /// Standard deviation per axis around the track, metres.
    pub radius_m: f64,
}

/// A place of a voyage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waypoint {
    /// Where.
    #[serde(flatten)]
    pub position: LatLon,
    /// How the leg to it was made; the first place has none.
    #[serde(flatten)]
    pub pace: Option<Pace>,
}

/// How a leg was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Pace {
    /// The vessel was at the waypoint at this time, whenever it departed.
    #[serde(rename = "time")]
    At(ValidTime),
    /// The vessel made this speed over ground, m/s.
    #[serde(rename = "speed_ms")]
    SpeedMs(f64),
}

impl TrackRelease {
    /// When each waypoint is reached at the latest, in seconds since 1970, from the departure on. Legs by speed are taken
    /// to be as long as the ellipsoid can make them.
    pub(super) fn latest_s(&self) -> Vec<f64> {
        let mut at_s = self.departure[1].unix_s() as f64;
        let mut all = vec![at_s];
        for ends in self.legs.windows(2) {
            at_s = match ends[1].pace {
                Some(Pace::At(time)) => time.unix_s() as f64,
                Some(Pace::SpeedMs(speed_ms)) => {
                    let length_m = sphere::distance_m(ends[0].position, ends[1].position);
                    at_s + length_m * sphere::LONGEST / speed_ms
                }
                None => at_s,
            };
            all.push(at_s);
        }
        all
    }

    /// When the voyage has ended at the latest.
    pub(super) fn last_time(&self) -> ValidTime {
        let last_s = self.latest_s().last().copied().unwrap_or_default();
        ValidTime::from_unix_s(libm::ceil(last_s) as i64).unwrap_or(self.departure[1])
    }

    /// The place half-way along the voyage.
    pub(super) fn middle(&self) -> LatLon {
        let length = |ends: &[Waypoint]| sphere::distance_m(ends[0].position, ends[1].position);
        let mut left_m = self.legs.windows(2).map(length).sum::<f64>() / 2.0;
        for ends in self.legs.windows(2) {
            let length_m = length(ends);
            if left_m <= length_m && length_m > 0.0 {
                return sphere::between(ends[0].position, ends[1].position, left_m / length_m);
            }
            left_m -= length_m;
        }
        let last = self.legs.last().map(|waypoint| waypoint.position);
        last.unwrap_or(LatLon::ORIGIN)
    }
}
