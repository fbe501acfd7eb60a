//! What was computed, as the charts take it: positions and areas at each output time, where the object started.

use driftline_coast::Coast;
use driftline_domain::ValidTime;
use driftline_tiles::{DensityGrid, MarkStatus};
use geo::MultiPolygon;

use crate::Error;

/// A run with everything that its charts show.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    /// The mission's name.
    pub title: String,
    /// The object class with its description, such as "PIW-1: Person in water, unknown state".
    pub object: String,
    /// Which way the run goes in time.
    pub direction: Direction,
    /// Last known position, or the starts of several scenarios.
    pub starts: Vec<Start>,
    /// The output times, in the order of the run.
    pub snapshots: Vec<Snapshot<'a>>,
    /// The coast that particles strand on.
    pub coast: &'a Coast,
    /// Whom the forcing and the coast come from, one line each.
    pub attribution: Vec<String>,
}

/// Which way a run goes in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the last known position onward.
    Forward,
    /// From where something was found, back.
    Backtrack,
}

/// Where particles start.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// What stands beside it on charts, short: "LKP", "Scenario 2".
    pub label: String,
    /// Where.
    pub shape: StartShape,
}

/// The place of a start, longitudes and latitudes in degrees.
#[derive(Debug, Clone, PartialEq)]
pub enum StartShape {
    /// A position and its uncertainty.
    Point {
        /// Longitude.
        lon_deg: f64,
        /// Latitude.
        lat_deg: f64,
        /// Radius of uncertainty in metres, 0 for none.
        radius_m: f64,
    },
    /// A track that the object may have left anywhere.
    Line(Vec<(f64, f64)>),
    /// An area, its first corner not repeated.
    Polygon(Vec<(f64, f64)>),
}

/// All particles at one output time. The index of a particle is the same at every time.
#[derive(Debug, Clone)]
pub struct Snapshot<'a> {
    /// When.
    pub time: ValidTime,
    /// Longitudes in degrees.
    pub lon_deg: &'a [f64],
    /// Latitudes in degrees.
    pub lat_deg: &'a [f64],
    /// States by the numbers of [`MarkStatus::of_code`]: 0 drifting, 1 ashore, 2 without forcing; others are not shown.
    pub status: &'a [u8],
    /// Search areas, empty when no particle is adrift.
    pub areas: Vec<Area>,
    /// Longitude and latitude of the datum, the mean of what is adrift.
    pub datum: Option<(f64, f64)>,
    /// Probability per square kilometre, as the areas were made from; without it the heat map counts particles.
    pub density: Option<DensityGrid>,
}

/// A search area.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Probability that the object is inside, if it is adrift.
    pub level: f64,
    /// Longitudes and latitudes in degrees, cut at the antimeridian (RFC 7946, 3.1.9).
    pub polygons: MultiPolygon<f64>,
    /// Size, square kilometres.
    pub km2: f64,
}

impl Scene<'_> {
    /// The number of the last output time.
    pub fn last(&self) -> usize {
        self.snapshots.len().saturating_sub(1)
    }

    /// Refuses what would make a chart that is wrong without a sign of it.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.snapshots.is_empty() {
            return Err(Error::NoSnapshot);
        }
        for snapshot in &self.snapshots {
            let (lon, lat, status) = (snapshot.lon_deg.len(), snapshot.lat_deg.len(), snapshot.status.len());
            if lon != status || lat != status {
                return Err(Error::Columns {
                    time: snapshot.time,
                    lon,
                    lat,
                    status,
                });
            }
        }
        for pair in self.snapshots.windows(2) {
            let (before, time) = (pair[0].time, pair[1].time);
            let in_order = match self.direction {
                Direction::Forward => before < time,
                Direction::Backtrack => before > time,
            };
            if !in_order {
                return Err(Error::Order { before, time });
            }
        }
        Ok(())
    }

    /// An output time by its number.
    pub(crate) fn snapshot(&self, at: usize) -> Result<&Snapshot<'_>, Error> {
        self.snapshots.get(at).ok_or(Error::NoSuchSnapshot {
            at,
            found: self.snapshots.len(),
        })
    }

    /// Seconds from the first output time to another, negative in a backtrack.
    pub(crate) fn elapsed_s(&self, time: ValidTime) -> i64 {
        self.snapshots
            .first()
            .map_or(0, |first| time.unix_s() - first.time.unix_s())
    }

    /// The datums up to an output time, in the order of the run.
    pub(crate) fn datums(&self, up_to: usize) -> Vec<(ValidTime, (f64, f64))> {
        let shown = self.snapshots.iter().take(up_to + 1);
        shown
            .filter_map(|snapshot| snapshot.datum.map(|datum| (snapshot.time, datum)))
            .collect()
    }
}

impl Snapshot<'_> {
    /// Longitudes and latitudes of the particles in a state.
    pub(crate) fn places(&self, wanted: MarkStatus) -> impl Iterator<Item = (f64, f64)> + '_ {
        let places = self.lon_deg.iter().zip(self.lat_deg).zip(self.status);
        places
            .filter(move |((lon, lat), code)| {
                MarkStatus::of_code(**code) == Some(wanted) && lon.is_finite() && lat.is_finite()
            })
            .map(|((lon, lat), _)| (*lon, *lat))
    }

    /// Longitudes and latitudes of so many particles in a state at most, and how many there are.
    pub(crate) fn sample(&self, wanted: MarkStatus, most: usize) -> (Vec<(f64, f64)>, usize) {
        let columns = self.lon_deg.iter().zip(self.lat_deg).zip(self.status).enumerate();
        let found: Vec<(usize, (f64, f64))> = columns
            .filter(|(_, ((lon, lat), code))| {
                MarkStatus::of_code(**code) == Some(wanted) && lon.is_finite() && lat.is_finite()
            })
            .map(|(particle, ((lon, lat), _))| (particle, (*lon, *lat)))
            .collect();
        let share = most as f64 / found.len().max(1) as f64;
        let places = found.iter().filter(|(particle, _)| is_shown(*particle, share));
        (places.map(|(_, place)| *place).collect(), found.len())
    }

    /// Share of all particles that are in a state.
    pub(crate) fn share(&self, wanted: MarkStatus) -> f64 {
        let found = self
            .status
            .iter()
            .filter(|code| MarkStatus::of_code(**code) == Some(wanted));
        found.count() as f64 / self.status.len().max(1) as f64
    }

    /// The area of a level.
    pub(crate) fn area(&self, level: f64) -> Option<&Area> {
        self.areas.iter().find(|area| (area.level - level).abs() < 1e-9)
    }
}

/// Whether a particle is among those shown when this share of them is: by the golden section, which spreads those shown
/// over all numbers and keeps step with no pattern in them (every second particle may drift to the left). A particle that
/// is shown stays so when the share grows.
pub(crate) fn is_shown(particle: usize, share: f64) -> bool {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let turns = particle as f64 * GOLDEN;
    turns - libm::floor(turns) < share
}

impl Start {
    /// Its longitudes and latitudes.
    pub(crate) fn places(&self) -> Vec<(f64, f64)> {
        match &self.shape {
            StartShape::Point { lon_deg, lat_deg, .. } => vec![(*lon_deg, *lat_deg)],
            StartShape::Line(places) | StartShape::Polygon(places) => places.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_shown_keep_step_with_no_pattern() {
        for share in [0.04, 0.3, 0.5, 0.8] {
            let shown: Vec<usize> = (0..5000).filter(|particle| is_shown(*particle, share)).collect();
            assert!(
                (shown.len() as f64 - 5000.0 * share).abs() < 4.0,
                "{share}: {}",
                shown.len()
            );
            for step in 2..8 {
                let first = shown.iter().filter(|particle| particle.is_multiple_of(step)).count();
                let expected = shown.len() as f64 / step as f64;
                assert!(
                    (first as f64 - expected).abs() < 0.12 * expected + 3.0,
                    "{share} {step}: {first}"
                );
            }
        }
        assert!((0..5000).all(|particle| is_shown(particle, 1.0)));
    }
}
