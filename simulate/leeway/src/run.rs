//! A run: what is asked, the checks, and the blocks of particles taken from output time to output time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use driftline_coast::Coast;
use driftline_domain::{Coefficients, CurrentError, LatLon, ObjectClass};
use rayon::prelude::*;

use crate::block::{BLOCK, Block, Counts, Kernel};
use crate::seeding::SEA_REACH_M;
use crate::{Error, Forcing, Outcome, SeedsMoved, Snapshot, SourceUse, Stats, Status};

/// Where and when the object was lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Release {
    /// Last known position.
    pub position: LatLon,
    /// Standard deviation of the position per axis, metres.
    pub sigma_m: f64,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub time_s: i64,
}

/// What a run is to compute.
#[derive(Debug, Clone, Copy)]
pub struct RunSpec<'a> {
    /// What drifts.
    pub class: &'a ObjectClass,
    /// From where and when.
    pub release: Release,
    /// Particles; ids count from 0.
    pub particles: u32,
    /// Steps.
    pub steps: u32,
    /// Length of a step in seconds, positive.
    pub step_s: i32,
    /// Steps from one snapshot to the next.
    pub steps_per_output: u32,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Error of the current; a standard deviation of 0 turns it off.
    pub current_error: CurrentError,
    /// Probability of a change of side within an hour, usually [`crate::JIBE_PER_HOUR`].
    pub jibe_per_hour: f64,
    /// Whether particles differ in their coefficients, as the regressions' standard deviations say.
    pub coefficient_spread: bool,
}

/// How far a run is. Blocks of particles advance in any order, so reports may come from any thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Particle-steps dealt with, those of ended particles included.
    pub done: u64,
    /// Particle-steps of the whole run.
    pub total: u64,
}

/// The caller's answer to a report of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continue {
    /// Go on.
    Go,
    /// Give up: the run ends with [`Error::Cancelled`] within moments.
    Stop,
}

/// Runs an ensemble on the installed rayon pool. The same arguments give the same outcome to the last bit.
pub fn run(
    spec: &RunSpec<'_>,
    forcing: &Forcing,
    coast: &Coast,
    progress: &(dyn Fn(Progress) -> Continue + Sync),
) -> Result<Outcome, Error> {
    check(spec)?;
    let kernel = Kernel::new(spec, forcing, coast);
    let watch = Watch::new(spec, progress);
    let block_count = (spec.particles as usize).div_ceil(BLOCK);
    let seeded = (0..block_count).into_par_iter();
    let mut blocks: Vec<Box<Block>> = seeded
        .map(|number| Block::seeded(spec, forcing, coast, number))
        .collect();
    if !blocks.iter().any(|block| block.is_afloat()) {
        return Err(Error::ReleaseOnLand {
            lat_deg: spec.release.position.lat_deg(),
            lon_deg: spec.release.position.lon_deg(),
            reach_km: SEA_REACH_M / 1_000.0,
        });
    }
    let mut snapshots = vec![snapshot(spec, &blocks, 0)];
    let mut first = 0;
    while first < spec.steps {
        let end = first.saturating_add(spec.steps_per_output).min(spec.steps);
        blocks.par_iter_mut().for_each(|block| {
            if !watch.stopped() {
                block.advance(first..end, &kernel);
                watch.report(block.len(), end - first);
            }
        });
        if watch.stopped() {
            return Err(Error::Cancelled);
        }
        snapshots.push(snapshot(spec, &blocks, end));
        first = end;
    }
    Ok(outcome(spec, snapshots, &blocks))
}

/// Adds up what blocks have done and passes it on.
struct Watch<'a> {
    done: AtomicU64,
    total: u64,
    stop: AtomicBool,
    progress: &'a (dyn Fn(Progress) -> Continue + Sync),
}

impl<'a> Watch<'a> {
    fn new(spec: &RunSpec<'_>, progress: &'a (dyn Fn(Progress) -> Continue + Sync)) -> Self {
        Self {
            done: AtomicU64::new(0),
            total: u64::from(spec.particles) * u64::from(spec.steps),
            stop: AtomicBool::new(false),
            progress,
        }
    }

    fn report(&self, particles: usize, steps: u32) {
        let more = particles as u64 * u64::from(steps);
        let done = self.done.fetch_add(more, Ordering::Relaxed) + more;
        let total = self.total;
        if (self.progress)(Progress { done, total }) == Continue::Stop {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn snapshot(spec: &RunSpec<'_>, blocks: &[Box<Block>], step: u32) -> Snapshot {
    let particles = spec.particles as usize;
    let (mut lon_deg, mut lat_deg) = (vec![0.0; particles], vec![0.0; particles]);
    let mut status = vec![Status::Active; particles];
    let parts = lon_deg
        .par_chunks_mut(BLOCK)
        .zip(lat_deg.par_chunks_mut(BLOCK))
        .zip(status.par_chunks_mut(BLOCK));
    parts
        .zip(blocks)
        .for_each(|(((lon, lat), status), block)| block.copy_to(lon, lat, status));
    Snapshot {
        time_s: spec.release.time_s + i64::from(step) * i64::from(spec.step_s),
        lon_deg,
        lat_deg,
        status,
    }
}

fn outcome(spec: &RunSpec<'_>, snapshots: Vec<Snapshot>, blocks: &[Box<Block>]) -> Outcome {
    let mut seeds_moved = SeedsMoved::default();
    let mut stats = Stats {
        particles: spec.particles,
        steps: spec.steps,
        ..Stats::default()
    };
    for block in blocks {
        let Counts {
            particle_steps,
            current,
            wind,
            coast_extrapolated,
            jibes,
            redraws,
            seeds_moved: moved,
        } = &block.counts;
        let (current_fallback, wind_fallback) = block.fallback_particles();
        stats.particle_steps += particle_steps;
        add(&mut stats.current, current, current_fallback);
        add(&mut stats.wind, wind, wind_fallback);
        stats.coast_extrapolated += coast_extrapolated;
        stats.jibes += jibes;
        stats.redraws += redraws;
        seeds_moved.count += moved.count;
        seeds_moved.max_distance_m = seeds_moved.max_distance_m.max(moved.max_distance_m);
    }
    Outcome {
        snapshots,
        ended: blocks.iter().flat_map(|block| block.ended()).collect(),
        seeds_moved,
        stats,
    }
}

fn add(sum: &mut SourceUse, part: &SourceUse, fallback_particles: u64) {
    sum.particle_steps.resize(part.particle_steps.len(), 0);
    for (total, more) in sum.particle_steps.iter_mut().zip(&part.particle_steps) {
        *total += more;
    }
    sum.extrapolated += part.extrapolated;
    sum.fallback_particles += fallback_particles;
}

/// Refuses settings outside their range; the first one found is named.
fn check(spec: &RunSpec<'_>) -> Result<(), Error> {
    const NOT_NEGATIVE: &str = "a number that is not negative";
    let at_least_one = |value: f64| value >= 1.0;
    let not_negative = |value: f64| value >= 0.0 && value.is_finite();
    let end_s = spec
        .release
        .time_s
        .checked_add(i64::from(spec.steps) * i64::from(spec.step_s));
    let error_on = spec.current_error.sigma_ms != 0.0;
    let tau_s = spec.current_error.tau_s;
    let rules: [Rule; 10] = [
        (
            "particles",
            f64::from(spec.particles),
            at_least_one(f64::from(spec.particles)),
            "1 or more",
        ),
        (
            "steps",
            f64::from(spec.steps),
            at_least_one(f64::from(spec.steps)),
            "1 or more",
        ),
        (
            "step_s",
            f64::from(spec.step_s),
            at_least_one(f64::from(spec.step_s)),
            "1 second or more",
        ),
        (
            "steps_per_output",
            f64::from(spec.steps_per_output),
            at_least_one(f64::from(spec.steps_per_output)),
            "1 or more",
        ),
        (
            "release.time_s",
            spec.release.time_s as f64,
            end_s.is_some(),
            "a time that leaves room for the run",
        ),
        (
            "release.sigma_m",
            spec.release.sigma_m,
            not_negative(spec.release.sigma_m),
            NOT_NEGATIVE,
        ),
        (
            "current_error.sigma_ms",
            spec.current_error.sigma_ms,
            not_negative(spec.current_error.sigma_ms),
            NOT_NEGATIVE,
        ),
        (
            "current_error.tau_s",
            tau_s,
            !error_on || (tau_s > 0.0 && tau_s.is_finite()),
            "a positive number",
        ),
        (
            "jibe_per_hour",
            spec.jibe_per_hour,
            (0.0..1.0).contains(&spec.jibe_per_hour),
            "from 0 to below 1",
        ),
        (
            "class.downwind.slope",
            spec.class.downwind.slope,
            not_negative(spec.class.downwind.slope),
            NOT_NEGATIVE,
        ),
    ];
    keep(&rules)?;
    let class = spec.class;
    [class.downwind, class.right, class.left]
        .iter()
        .try_for_each(check_coefficients)
}

fn check_coefficients(coefficients: &Coefficients) -> Result<(), Error> {
    let Coefficients {
        slope,
        offset_ms,
        std_ms,
    } = *coefficients;
    let rules = [
        ("class slope", slope, slope.is_finite(), "a finite number"),
        ("class offset_ms", offset_ms, offset_ms.is_finite(), "a finite number"),
        (
            "class std_ms",
            std_ms,
            std_ms >= 0.0 && std_ms.is_finite(),
            "a number that is not negative",
        ),
    ];
    keep(&rules)
}

/// A rule of a setting: its name and value, whether it holds, and what would do.
type Rule = (&'static str, f64, bool, &'static str);

fn keep(rules: &[Rule]) -> Result<(), Error> {
    match rules.iter().find(|(_, _, holds, _)| !holds) {
        Some(&(name, value, _, allowed)) => Err(Error::Setting { name, value, allowed }),
        None => Ok(()),
    }
}
