//! From a mission to an ensemble: the neighbourhood's forcing into memory once, then the kernel.

use std::sync::Arc;
use std::time::Instant;

use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_domain::{
    BBox, CurrentError, ForcingKind, LatLon, MissionSpec, ValidTime, limits, meters_per_degree, wrap_lon_deg,
};
use driftline_leeway::{Continue, Forcing, JIBE_PER_HOUR, Outcome, Progress, Release, RunSpec, Status};
use serde::Serialize;

use crate::Error;
use crate::coverage::end_of;
use crate::sources::{ForcingOrigin, LoadedSource, SourceAbout};

/// Forcing is first loaded as far as a drift of this speed leads in its first hours; should a particle go farther, twice
/// as far is loaded and the run made anew.
const FIRST_GUESS_MS: f64 = 2.0;
/// Hours after which drift is taken to have turned often enough to gain ground more slowly.
const FAST_HOURS: f64 = 48.0;
/// The speed from there on.
const LATER_GUESS_MS: f64 = 0.7;
/// Loaded at least this far around the start, metres.
const MIN_REACH_M: f64 = 50_000.0;
/// Standard deviations of the release that are loaded.
const RELEASE_SIGMAS: f64 = 6.0;

/// Runs missions; clones share pool, coast and forcing.
#[derive(Clone)]
pub struct Engine {
    /// Where CPU work runs.
    pub compute: Compute,
    /// The coast that particles strand on.
    pub coast: Arc<Coast>,
    /// Where forcing comes from.
    pub origin: ForcingOrigin,
}

/// Takes the share done, 0 to 1, and says whether to go on.
pub type Watcher = Arc<dyn Fn(f64) -> Continue + Send + Sync>;

/// A field that a run had at hand, and how much of the run it answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceUsed {
    /// What it is.
    #[serde(flatten)]
    pub about: SourceAbout,
    /// Share of particle-steps that it answered.
    pub share: f64,
}

/// An ensemble and everything that says how it came about.
pub struct Forecast {
    /// The question.
    pub spec: MissionSpec,
    /// Seed of the run.
    pub seed: u64,
    /// Error of the current in force.
    pub current_error: CurrentError,
    /// `uncalibrated`, or `requested` where the mission named its own values.
    pub calibration: &'static str,
    /// Positions, ends and counts.
    pub outcome: Outcome,
    /// Fields used, finest first.
    pub sources: Vec<SourceUsed>,
    /// Last valid time of the run.
    pub valid_until: ValidTime,
    /// Whether forcing ended before the forecast did.
    pub cut_short: bool,
    /// Finest current cell in metres: areas are not drawn sharper than a tenth of it.
    pub cell_m: f64,
    /// Seconds to load forcing.
    pub load_s: f64,
    /// Seconds in the kernel.
    pub kernel_s: f64,
}

/// A seed for a run that asked for none.
pub fn draw_seed() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(Error::Seed)?;
    Ok(u64::from_le_bytes(bytes) & *limits::SEED.end())
}

impl Engine {
    /// Computes an ensemble.
    pub async fn forecast(&self, spec: &MissionSpec, seed: u64, watcher: Watcher) -> Result<Forecast, Error> {
        let mut reach_m = first_reach_m(spec);
        let mut spent = Spent::default();
        loop {
            let began = Instant::now();
            let bbox = around(spec.position, reach_m);
            let currents = self.load(ForcingKind::Current, &bbox, spec).await?;
            let winds = self.load(ForcingKind::Wind, &bbox, spec).await?;
            let kinds = [
                (ForcingKind::Current, currents.is_empty()),
                (ForcingKind::Wind, winds.is_empty()),
            ];
            let lacking: Vec<ForcingKind> = kinds
                .into_iter()
                .filter(|(_, empty)| *empty)
                .map(|(kind, _)| kind)
                .collect();
            if !lacking.is_empty() {
                return Err(self.not_covered(&lacking, spec).await?);
            }
            spent.load_s += began.elapsed().as_secs_f64();
            let (engine, asked, watcher) = (self.clone(), spec.clone(), Arc::clone(&watcher));
            let work = move || engine.run(&asked, seed, currents, winds, spent, &watcher);
            match self.compute.run(work).await?? {
                Attempt::Done(forecast) => return Ok(*forecast),
                Attempt::NotCovered(kinds) => return Err(self.not_covered(&kinds, spec).await?),
                Attempt::LeftWindow(so_far) => {
                    spent = so_far;
                    reach_m *= 2.0;
                }
            }
        }
    }

    async fn load(&self, kind: ForcingKind, bbox: &BBox, spec: &MissionSpec) -> Result<Vec<LoadedSource>, Error> {
        let end = end_of(spec);
        let mut sources = self
            .origin
            .load(&self.compute, kind, bbox, spec.time, end, &spec.feeds())
            .await?;
        // Of equally fine sources the one that holds the start comes first: using it is no fallback.
        let (lon, lat) = (spec.position.lon_deg(), spec.position.lat_deg());
        let lacks_start = |source: &LoadedSource| source.whole.fraction(lon, lat).is_none();
        sources.sort_by(|a, b| {
            a.about
                .cell_m
                .total_cmp(&b.about.cell_m)
                .then(lacks_start(a).cmp(&lacks_start(b)))
        });
        Ok(sources)
    }

    fn run(
        &self,
        spec: &MissionSpec,
        seed: u64,
        currents: Vec<LoadedSource>,
        winds: Vec<LoadedSource>,
        mut spent: Spent,
        watcher: &Watcher,
    ) -> Result<Attempt, Error> {
        let began = Instant::now();
        let cell_m = currents.first().map_or(0.0, |source| source.about.cell_m);
        let abouts = |sources: &[LoadedSource]| -> Vec<SourceAbout> {
            sources.iter().map(|source| source.about.clone()).collect()
        };
        let about = [
            (ForcingKind::Current, abouts(&currents)),
            (ForcingKind::Wind, abouts(&winds)),
        ];
        let cuts = Cuts::of(currents.iter().chain(&winds));
        let into_kernel = |sources: Vec<LoadedSource>| sources.into_iter().map(LoadedSource::into_kernel).collect();
        let forcing = Forcing::prepare(into_kernel(currents), into_kernel(winds))?;
        let start_s = spec.time.unix_s();
        let water = self.nearest_water(spec.position);
        let has_value = |kind| {
            forcing
                .sample(kind, water.lon_deg(), water.lat_deg(), start_s)
                .is_some()
        };
        let lacking: Vec<ForcingKind> = ForcingKind::DRIFT
            .into_iter()
            .filter(|kind| !has_value(*kind))
            .collect();
        if !lacking.is_empty() {
            return Ok(Attempt::NotCovered(lacking));
        }
        let wanted_s = i64::from(spec.forecast_hours) * 3600;
        let covered_s = forcing.covered_until_s(start_s).map_or(0, |end_s| end_s - start_s);
        let steps = wanted_s.min(covered_s) / i64::from(spec.step_s);
        let current_error = spec.current_error.unwrap_or(CurrentError::UNCALIBRATED);
        let run = RunSpec {
            class: spec.object,
            release: Release {
                position: spec.position,
                sigma_m: spec.radius_m,
                time_s: start_s,
            },
            particles: spec.ensemble_size,
            steps: steps as u32,
            step_s: spec.step_s as i32,
            steps_per_output: spec.output_interval_s / spec.step_s,
            seed,
            current_error,
            jibe_per_hour: JIBE_PER_HOUR,
            coefficient_spread: true,
        };
        let watch = |progress: Progress| watcher(progress.done as f64 / progress.total.max(1) as f64);
        if steps == 0 {
            let valid_until = ValidTime::from_unix_s(start_s + covered_s).unwrap_or(spec.time);
            return Err(Error::EndsAtOnce {
                valid_until,
                step_s: spec.step_s,
            });
        }
        let mut outcome = driftline_leeway::run(&run, &forcing, &self.coast, &watch)?;
        spent.kernel_s += began.elapsed().as_secs_f64();
        if cuts.were_met(&outcome) {
            return Ok(Attempt::LeftWindow(spent));
        }
        let end_s = cut_where_nothing_is_left(&mut outcome, start_s + steps * i64::from(spec.step_s));
        if end_s == start_s {
            return Err(Error::EndsAtOnce {
                valid_until: spec.time,
                step_s: spec.step_s,
            });
        }
        let used = |(kind, abouts): &(ForcingKind, Vec<SourceAbout>)| -> Vec<SourceUsed> {
            let share = |number: usize| outcome.stats.source_share(*kind, number);
            let one = |(number, about): (usize, &SourceAbout)| SourceUsed {
                about: about.clone(),
                share: share(number),
            };
            abouts.iter().enumerate().map(one).collect()
        };
        Ok(Attempt::Done(Box::new(Forecast {
            spec: spec.clone(),
            seed,
            current_error,
            calibration: if spec.current_error.is_some() {
                "requested"
            } else {
                "uncalibrated"
            },
            sources: about.iter().flat_map(used).collect(),
            valid_until: ValidTime::from_unix_s(end_s).unwrap_or(spec.time),
            cut_short: end_s < start_s + wanted_s,
            cell_m,
            load_s: spent.load_s,
            kernel_s: spent.kernel_s,
            outcome,
        })))
    }
}

/// Seconds spent, over all attempts.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    load_s: f64,
    kernel_s: f64,
}

/// Where nothing is adrift any more and some particles ran out of forcing, the forecast ends with the last particle that
/// ran out or came ashore: what comes after is no forecast. Returns the end of the run.
fn cut_where_nothing_is_left(outcome: &mut Outcome, end_s: i64) -> i64 {
    let afloat = outcome.ended.iter().any(Option::is_none);
    let ended = || outcome.ended.iter().flatten();
    let is_whole = ended().all(|ended| ended.status != Status::MissingData);
    if afloat || is_whole {
        return end_s;
    }
    let last_s = ended().map(|ended| ended.time_s).fold(f64::NEG_INFINITY, f64::max);
    let last_s = (last_s as i64).min(end_s);
    outcome.snapshots.retain(|snapshot| snapshot.time_s <= last_s);
    last_s
}

/// How far from the start forcing is loaded at first, metres.
fn first_reach_m(spec: &MissionSpec) -> f64 {
    let hours = f64::from(spec.forecast_hours);
    let fast = FIRST_GUESS_MS * hours.min(FAST_HOURS) * 3600.0;
    let later = LATER_GUESS_MS * (hours - FAST_HOURS).max(0.0) * 3600.0;
    (fast + later).max(MIN_REACH_M) + RELEASE_SIGMAS * spec.radius_m
}

/// What came of a run within the loaded window.
enum Attempt {
    Done(Box<Forecast>),
    /// A particle left what was loaded, though there is more.
    LeftWindow(Spent),
    /// There is no value of these kinds at the start.
    NotCovered(Vec<ForcingKind>),
}

/// Where loading stopped short of what a source has.
struct Cuts {
    sources: Vec<(driftline_domain::GridSpec, driftline_domain::GridSpec)>,
}

impl Cuts {
    fn of<'a>(sources: impl Iterator<Item = &'a LoadedSource>) -> Self {
        let cut = sources.filter(|source| source.window.len() < source.whole.len());
        Self {
            sources: cut.map(|source| (source.window, source.whole)).collect(),
        }
    }

    /// Whether a particle came where more would have been loaded: it may have missed data, or fallen back to a
    /// coarser source, only because of the cut.
    fn were_met(&self, outcome: &Outcome) -> bool {
        let beyond = |lon: f64, lat: f64| {
            self.sources
                .iter()
                .any(|(window, whole)| window.fraction(lon, lat).is_none() && whole.fraction(lon, lat).is_some())
        };
        if self.sources.is_empty() {
            return false;
        }
        outcome
            .snapshots
            .iter()
            .any(|at| at.lon_deg.iter().zip(&at.lat_deg).any(|(lon, lat)| beyond(*lon, *lat)))
    }
}

/// A box of this half-width in metres around a place; every longitude where it comes near a pole.
pub(crate) fn around(position: LatLon, reach_m: f64) -> BBox {
    let (_, lat_m) = meters_per_degree(position.lat_deg());
    let (south, north) = (
        position.lat_deg() - reach_m / lat_m,
        position.lat_deg() + reach_m / lat_m,
    );
    let (lon_m, _) = meters_per_degree(south.abs().max(north.abs()).min(89.9));
    let width = reach_m / lon_m;
    let (south, north) = (south.max(-90.0), north.min(90.0));
    if width >= 180.0 || south <= -89.9 || north >= 89.9 {
        return BBox {
            west: -180.0,
            south,
            east: 180.0,
            north,
        };
    }
    let lon = position.lon_deg();
    BBox {
        west: wrap_lon_deg(lon - width),
        south,
        east: wrap_lon_deg(lon + width),
        north,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_around_a_place_is_in_metres_and_knows_seam_and_pole() {
        let bbox = around(LatLon::new(60.0, 4.0).unwrap(), 111_000.0);
        assert!((bbox.north - 61.0).abs() < 0.01 && (bbox.south - 59.0).abs() < 0.01);
        assert!((2.0..2.2).contains(&(bbox.east - 4.0)), "{bbox:?}");
        assert!(around(LatLon::new(0.0, 179.9).unwrap(), 50_000.0).crosses_antimeridian());
        assert_eq!(around(LatLon::new(89.5, 0.0).unwrap(), 100_000.0).west, -180.0);
    }
}
