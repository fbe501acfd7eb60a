//! From a mission to an ensemble: the neighbourhood's forcing into memory once, then the kernel.

use std::sync::Arc;
use std::time::Instant;

use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_domain::{
    BBox, CurrentError, Direction, ForcingKind, MissionSpec, Mode, SlowCoefficients, ValidTime, WindError, limits,
};
use driftline_leeway::{Continue, Forcing, Group, JIBE_PER_HOUR, Outcome, Progress, RunSpec, Status};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::coverage::Onset;
use crate::groups::{GroupAbout, groups};
use crate::parity;
use crate::sources::{Components, ForcingOrigin, LoadedSource, SourceAbout};
use crate::span::Span;
use crate::window::{Cuts, around_releases, first_reach_m};

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Error of the wind in force.
    pub wind_error: WindError,
    /// How much of the coefficients' spread changes within the run.
    pub slow_coefficients: SlowCoefficients,
    /// `uncalibrated`, `requested` where the mission named its own values, `none` in parity mode, which has no such error.
    pub calibration: &'static str,
    /// How the particles are shared out.
    pub groups: Vec<GroupAbout>,
    /// Values of each kind that were too fast for any sea or wind, and were taken for missing.
    pub absurd_values: [u64; 2],
    /// Positions, ends and counts.
    pub outcome: Outcome,
    /// Fields used, finest first.
    pub sources: Vec<SourceUsed>,
    /// First valid time of the run: its start, or in a backtrack how far back it goes.
    pub valid_from: ValidTime,
    /// Last valid time of the run.
    pub valid_until: ValidTime,
    /// Whether forcing ended before the forecast did.
    pub cut_short: bool,
    /// Finest current cell in metres: areas are not drawn sharper than a tenth of it.
    pub cell_m: f64,
    /// Seconds to load and prepare forcing.
    pub load_s: f64,
    /// Seconds in the kernel.
    pub kernel_s: f64,
}

/// What the error of the current rests on.
pub(crate) fn calibration(spec: &MissionSpec) -> &'static str {
    match (spec.mode, spec.current_error) {
        (Mode::Parity, _) => "none",
        (Mode::Operational, Some(_)) => "requested",
        (Mode::Operational, None) => "uncalibrated",
    }
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
            let bbox = around_releases(spec, reach_m);
            let (currents, winds) = futures::try_join!(
                self.load(ForcingKind::Current, &bbox, spec),
                self.load(ForcingKind::Wind, &bbox, spec)
            )?;
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
                return Err(self.not_covered(&lacking, spec, &Onset::first(spec)).await?);
            }
            spent.load_s += began.elapsed().as_secs_f64();
            let (engine, asked, watcher) = (self.clone(), spec.clone(), Arc::clone(&watcher));
            let work = move || engine.run(&asked, seed, currents, winds, spent, &watcher);
            match self.compute.run(work).await?? {
                Attempt::Done(forecast) => return Ok(*forecast),
                Attempt::NotCovered(kinds, onset) => return Err(self.not_covered(&kinds, spec, &onset).await?),
                Attempt::LeftWindow(so_far) => {
                    spent = so_far;
                    reach_m *= 2.0;
                }
            }
        }
    }

    async fn load(&self, kind: ForcingKind, bbox: &BBox, spec: &MissionSpec) -> Result<Vec<LoadedSource>, Error> {
        let span = Span::of(spec);
        let components = match spec.mode {
            Mode::Operational => Components::EastNorth,
            Mode::Parity => Components::Native,
        };
        let mut sources = self
            .origin
            .load(
                &self.compute,
                kind,
                bbox,
                (span.earliest(), span.latest()),
                &spec.feeds(),
                components,
            )
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
        let span = Span::of(spec);
        let cell_m = currents.first().map_or(0.0, |source| source.about.cell_m);
        let abouts = |sources: &[LoadedSource]| -> Vec<SourceAbout> {
            sources.iter().map(|source| source.about.clone()).collect()
        };
        let about = [
            (ForcingKind::Current, abouts(&currents)),
            (ForcingKind::Wind, abouts(&winds)),
        ];
        let cuts = Cuts::of(currents.iter().chain(&winds));
        // Of a parity run this one tells what is covered: a place has a value whichever way its vector is turned.
        let reference = match spec.mode {
            Mode::Operational => None,
            Mode::Parity => Some(parity::prepare(&currents, &winds)?),
        };
        let into_kernel = |sources: Vec<LoadedSource>| sources.into_iter().map(LoadedSource::into_kernel).collect();
        let forcing = Forcing::prepare(into_kernel(currents), into_kernel(winds))?;
        if let Some((lacking, onset)) = self.lacking(spec, &forcing, reference.as_ref()) {
            return Ok(Attempt::NotCovered(lacking, onset));
        }
        let steps = steps_covered(spec, &span, &forcing)?;
        let (groups, groups_about) = groups(spec, &about[0].1, &about[1].1);
        let run = run_spec(spec, &span, seed, steps, groups);
        // Until here it was preparation of what was loaded.
        spent.load_s += began.elapsed().as_secs_f64();
        let began = Instant::now();
        let mut outcome = match &reference {
            Some(reference) => parity::outcome(spec, seed, steps, reference, &self.coast, watcher)?,
            None => {
                let watch = |progress: Progress| watcher(progress.done as f64 / progress.total.max(1) as f64);
                driftline_leeway::run(&run, &forcing, &self.coast, &watch)?
            }
        };
        spent.kernel_s += began.elapsed().as_secs_f64();
        if cuts.were_met(&outcome) {
            return Ok(Attempt::LeftWindow(spent));
        }
        let computed_s = i64::from(steps) * i64::from(spec.step_s);
        let reached_s = cut_where_nothing_is_left(&mut outcome, &span, computed_s);
        let reached = span.after_s(reached_s).unwrap_or(spec.time);
        if reached_s == 0 {
            return Err(Error::EndsAtOnce {
                valid_until: spec.time,
                step_s: spec.step_s,
            });
        }
        // Products go with the clock, whichever way the run went.
        outcome.snapshots.sort_by_key(|snapshot| snapshot.time_s);
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
            current_error: run.current_error,
            wind_error: run.wind_error,
            slow_coefficients: run.slow_coefficients,
            calibration: calibration(spec),
            groups: groups_about,
            absurd_values: ForcingKind::DRIFT.map(|kind| forcing.absurd_values(kind).iter().sum()),
            sources: about.iter().flat_map(used).collect(),
            valid_from: spec.time.min(reached),
            valid_until: spec.time.max(reached),
            // A last step that would overshoot is not made, and nobody is to blame for that.
            cut_short: reached_s < span.seconds_to(span.end) / i64::from(spec.step_s) * i64::from(spec.step_s),
            cell_m,
            load_s: spent.load_s,
            kernel_s: spent.kernel_s,
            outcome,
        })))
    }

    /// The first scenario that has no current or no wind where and when it begins.
    fn lacking(
        &self,
        spec: &MissionSpec,
        forcing: &Forcing,
        reference: Option<&driftline_leeway::parity::Forcing>,
    ) -> Option<(Vec<ForcingKind>, Onset)> {
        Onset::all(spec).into_iter().find_map(|onset| {
            let water = self.nearest_water(onset.position);
            let time_s = onset.time.unix_s();
            let has_value = |kind| match reference {
                Some(reference) => parity::has_value(reference, kind, water, time_s),
                None => forcing.sample(kind, water.lon_deg(), water.lat_deg(), time_s).is_some(),
            };
            let lacking: Vec<ForcingKind> = ForcingKind::DRIFT
                .into_iter()
                .filter(|kind| !has_value(*kind))
                .collect();
            (!lacking.is_empty()).then_some((lacking, onset))
        })
    }
}

/// How many steps forcing carries a mission, at most those it asks for.
fn steps_covered(spec: &MissionSpec, span: &Span, forcing: &Forcing) -> Result<u32, Error> {
    let start_s = spec.time.unix_s();
    let (first_s, last_s) = forcing.covered_around_s(start_s).unwrap_or((start_s, start_s));
    let covered_s = match span.direction {
        Direction::Forward => last_s - start_s,
        Direction::Backtrack => start_s - first_s,
    };
    let steps = span.seconds_to(span.end).min(covered_s) / i64::from(spec.step_s);
    if steps == 0 {
        return Err(Error::EndsAtOnce {
            valid_until: span.after_s(covered_s).unwrap_or(spec.time),
            step_s: spec.step_s,
        });
    }
    Ok(steps as u32)
}

/// What the kernel is asked.
fn run_spec(spec: &MissionSpec, span: &Span, seed: u64, steps: u32, groups: Vec<Group<'static>>) -> RunSpec<'static> {
    RunSpec {
        groups,
        start_s: spec.time.unix_s(),
        steps,
        step_s: spec.step_s as i32 * span.sign() as i32,
        steps_per_output: spec.output_interval_s / spec.step_s,
        seed,
        current_error: match spec.mode {
            Mode::Operational => spec.current_error.unwrap_or(CurrentError::UNCALIBRATED),
            Mode::Parity => NO_CURRENT_ERROR,
        },
        wind_error: spec.wind_error.unwrap_or(NO_WIND_ERROR),
        slow_coefficients: spec.slow_coefficients.unwrap_or(FOR_LIFE),
        jibe_per_hour: JIBE_PER_HOUR,
        coefficient_spread: true,
        capsizing: spec.capsizing,
        coast_action: spec.coastline_action,
    }
}

/// The reference has none that is correlated in time.
const NO_CURRENT_ERROR: CurrentError = CurrentError {
    sigma_ms: 0.0,
    tau_s: 0.0,
};
/// Unless a mission asks for it.
const NO_WIND_ERROR: WindError = WindError {
    sigma_ms: 0.0,
    tau_s: 0.0,
};
/// The published model: coefficients for a particle's life.
const FOR_LIFE: SlowCoefficients = SlowCoefficients { share: 0.0, tau_s: 0.0 };

/// Seconds spent, over all attempts.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    load_s: f64,
    kernel_s: f64,
}

/// Where nothing is adrift any more and some particles ran out of forcing, the forecast ends with the last particle that
/// ran out or came ashore: what comes after is no forecast. Returns how many seconds the run reached.
fn cut_where_nothing_is_left(outcome: &mut Outcome, span: &Span, computed_s: i64) -> i64 {
    let afloat = outcome.ended.iter().any(Option::is_none);
    let ended = || outcome.ended.iter().flatten();
    let is_whole = ended().all(|ended| ended.status != Status::MissingData);
    if afloat || is_whole {
        return computed_s;
    }
    let (start_s, sign) = (span.start.unix_s(), span.sign());
    let since_start_s = |time_s: f64| (time_s - start_s as f64) * sign as f64;
    let last_s = ended().map(|ended| since_start_s(ended.time_s)).fold(0.0, f64::max);
    let last_s = (last_s as i64).min(computed_s);
    outcome
        .snapshots
        .retain(|snapshot| (snapshot.time_s - start_s) * sign <= last_s);
    last_s
}

/// What came of a run within the loaded window.
enum Attempt {
    Done(Box<Forecast>),
    /// A particle left what was loaded, though there is more.
    LeftWindow(Spent),
    /// There is no value of these kinds where and when a scenario begins.
    NotCovered(Vec<ForcingKind>, Onset),
}
