//! A run: what is asked, and the blocks of particles taken from output time to output time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use driftline_coast::Coast;
use driftline_domain::{CurrentError, LatLon, ObjectClass};
use rayon::prelude::*;

use crate::block::{BLOCK, Block, Counts, Extent};
use crate::check::check;
use crate::dispatch;
use crate::kernel::Kernel;
use crate::seeding::SEA_REACH_M;
use crate::{Error, Forcing, Outcome, SeedsMoved, SlowCoefficients, Snapshot, SourceUse, Stats, Status};

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

/// What a particle does that meets the shore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoastAction {
    /// Ends there.
    Stranding,
    /// Stays at its last position at sea, and drifts on from there.
    Previous,
    /// Nothing: there is no coast.
    None,
}

/// Particles that share a release, an object and a preference among the sources.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// What drifts at first.
    pub class: &'a ObjectClass,
    /// What it becomes, and when (seconds since 1970), in ascending order.
    pub changes: Vec<(i64, &'a ObjectClass)>,
    /// From where and when.
    pub release: Release,
    /// How many; numbers go on from group to group.
    pub particles: u32,
    /// Numbers of the current sources in order of preference, at least one.
    pub currents: Vec<usize>,
    /// The same of the wind.
    pub winds: Vec<usize>,
}

/// What a run is to compute.
#[derive(Debug, Clone)]
pub struct RunSpec<'a> {
    /// Who drifts.
    pub groups: Vec<Group<'a>>,
    /// When the first step begins, seconds since 1970-01-01T00:00:00Z. A particle is released at the beginning of the
    /// step that holds its time; an earlier time counts as this one.
    pub start_s: i64,
    /// Steps.
    pub steps: u32,
    /// Length of a step in seconds; negative to run backward in time.
    pub step_s: i32,
    /// Steps from one snapshot to the next.
    pub steps_per_output: u32,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Error of the current; a standard deviation of 0 turns it off.
    pub current_error: CurrentError,
    /// Error of the wind; a standard deviation of 0 turns it off.
    pub wind_error: CurrentError,
    /// How much of the coefficients' spread changes within a run.
    pub slow_coefficients: SlowCoefficients,
    /// Probability of a change of side within an hour, usually [`crate::JIBE_PER_HOUR`].
    pub jibe_per_hour: f64,
    /// Whether particles differ in their coefficients, as the regressions' standard deviations say.
    pub coefficient_spread: bool,
    /// Whether the wind may turn objects over. A run backward keeps them as they are.
    pub capsizing: bool,
    /// What happens at the shore.
    pub coast_action: CoastAction,
}

impl RunSpec<'_> {
    /// Particles of all groups.
    pub fn particles(&self) -> u32 {
        self.groups.iter().map(|group| group.particles).fold(0, u32::saturating_add)
    }

    /// When a step begins.
    pub(crate) fn time_of_step_s(&self, step: u32) -> f64 {
        self.start_s as f64 + f64::from(step) * f64::from(self.step_s)
    }

    /// The step that holds a time.
    pub(crate) fn step_of_release(&self, time_s: i64) -> u32 {
        let steps = time_s.saturating_sub(self.start_s).saturating_mul(i64::from(self.step_s.signum()));
        let length_s = i64::from(self.step_s.unsigned_abs()).max(1);
        u32::try_from(steps.max(0) / length_s).unwrap_or(u32::MAX)
    }
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
    check(spec, forcing)?;
    let kernel = Kernel::new(spec, forcing, coast);
    let watch = Watch::new(spec, progress);
    let mut blocks: Vec<Box<Block>> = extents(spec)
        .into_par_iter()
        .map(|extent| Block::seeded(spec, forcing, coast, extent))
        .collect();
    if let (false, Some(group)) = (blocks.iter().any(|block| block.is_alive()), spec.groups.first()) {
        return Err(Error::ReleaseOnLand {
            lat_deg: group.release.position.lat_deg(),
            lon_deg: group.release.position.lon_deg(),
            reach_km: SEA_REACH_M / 1_000.0,
        });
    }
    let mut snapshots = vec![snapshot(spec, &blocks, 0)];
    let mut first = 0;
    while first < spec.steps {
        let end = first.saturating_add(spec.steps_per_output).min(spec.steps);
        blocks.par_iter_mut().for_each(|block| {
            if !watch.stopped() {
                dispatch::advance(block, first..end, &kernel);
                block.release_due(end);
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

/// Cuts the groups into blocks.
fn extents(spec: &RunSpec<'_>) -> Vec<Extent> {
    let mut extents = Vec::new();
    let mut first_of_group = 0;
    for (group, particles) in spec.groups.iter().map(|group| group.particles).enumerate() {
        for rank in (0..particles).step_by(BLOCK) {
            extents.push(Extent {
                first_id: first_of_group + rank,
                len: BLOCK.min((particles - rank) as usize),
                group,
                rank,
            });
        }
        first_of_group += particles;
    }
    extents
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
            total: u64::from(spec.particles()) * u64::from(spec.steps),
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
    let particles = spec.particles() as usize;
    let (mut lon_deg, mut lat_deg) = (vec![0.0; particles], vec![0.0; particles]);
    let mut status = vec![Status::Active; particles];
    let mut parts = Vec::with_capacity(blocks.len());
    let (mut lon_left, mut lat_left, mut status_left) = (&mut lon_deg[..], &mut lat_deg[..], &mut status[..]);
    for block in blocks {
        let (lon, lat, status);
        (lon, lon_left) = lon_left.split_at_mut(block.len());
        (lat, lat_left) = lat_left.split_at_mut(block.len());
        (status, status_left) = status_left.split_at_mut(block.len());
        parts.push((block, lon, lat, status));
    }
    parts
        .into_par_iter()
        .for_each(|(block, lon, lat, status)| block.copy_to(lon, lat, status));
    Snapshot {
        time_s: spec.start_s + i64::from(step) * i64::from(spec.step_s),
        lon_deg,
        lat_deg,
        status,
    }
}

fn outcome(spec: &RunSpec<'_>, snapshots: Vec<Snapshot>, blocks: &[Box<Block>]) -> Outcome {
    let mut seeds_moved = SeedsMoved::default();
    let mut stats = Stats {
        particles: spec.particles(),
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
            capsized,
            redraws,
            seeds_moved: moved,
        } = &block.counts;
        let (current_fallback, wind_fallback) = block.fallback_particles();
        stats.particle_steps += particle_steps;
        add(&mut stats.current, current, current_fallback);
        add(&mut stats.wind, wind, wind_fallback);
        stats.coast_extrapolated += coast_extrapolated;
        stats.jibes += jibes;
        stats.capsized += capsized;
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
