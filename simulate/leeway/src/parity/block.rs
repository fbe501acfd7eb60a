//! A block of particles: their state as separate arrays, how they are released, and what is told of them.

use driftline_domain::ForcingKind;

use super::{Character, Forcing, RunSpec, Seed};
use crate::{Ended, SourceUse, Status};

/// Particles of a block.
pub(super) const BLOCK: usize = 256;

/// Marks of a particle that used another than the first source.
const FALLBACK_CURRENT: u8 = 1;
const FALLBACK_WIND: u8 = 2;

/// Integers only, so that the order of adding does not matter.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    pub(super) particle_steps: u64,
    pub(super) current: SourceUse,
    pub(super) wind: SourceUse,
    pub(super) coast_extrapolated: u64,
    pub(super) jibes: u64,
}

/// Velocities of the particles of a block, m/s.
#[derive(Debug, Clone)]
pub(super) struct Velocities {
    pub(super) east_ms: Vec<f32>,
    pub(super) north_ms: Vec<f32>,
}

impl Velocities {
    pub(super) fn none(len: usize) -> Self {
        Self {
            east_ms: vec![0.0; len],
            north_ms: vec![0.0; len],
        }
    }

    #[inline]
    pub(super) fn of(&self, p: usize) -> (f32, f32) {
        (self.east_ms[p], self.north_ms[p])
    }

    #[inline]
    pub(super) fn set(&mut self, p: usize, (east_ms, north_ms): (f32, f32)) {
        (self.east_ms[p], self.north_ms[p]) = (east_ms, north_ms);
    }

    /// As slices, east first.
    pub(super) fn both(&self) -> (&[f32], &[f32]) {
        (&self.east_ms, &self.north_ms)
    }
}

/// Up to [`BLOCK`] particles with consecutive ids.
pub(super) struct Block {
    pub(super) first_id: u32,
    pub(super) afloat: usize,
    waiting: usize,
    pub(super) lon_deg: Vec<f64>,
    pub(super) lat_deg: Vec<f64>,
    /// Sine and cosine of the latitudes that a step begins with.
    pub(super) lat_sin_cos: Vec<(f64, f64)>,
    /// Positions before the last move, in single precision as the reference keeps them.
    pub(super) before: Vec<(f32, f32)>,
    pub(super) characters: Vec<Character>,
    pub(super) orientation: Vec<u8>,
    pub(super) capsized: Vec<bool>,
    pub(super) status: Vec<Status>,
    /// The step at which a particle is released.
    release: Vec<u32>,
    /// What the particles met at the beginning of the step.
    pub(super) current: Velocities,
    pub(super) wind: Velocities,
    pub(super) stokes: Velocities,
    /// Whether a particle jibes, for four steps in the lowest bits.
    pub(super) jibes: Vec<u8>,
    fallback: Vec<u8>,
    ended_s: Vec<f64>,
    pub(super) counts: Counts,
}

impl Block {
    /// The particles of a block of seeds. One whose time lies outside of the run is never released.
    pub(super) fn of(spec: &RunSpec, forcing: &Forcing, seeds: &[Seed], number: usize) -> Box<Self> {
        let unused = |kind| SourceUse {
            particle_steps: vec![0; forcing.readers(kind).len()],
            ..SourceUse::default()
        };
        let counts = Counts {
            current: unused(ForcingKind::Current),
            wind: unused(ForcingKind::Wind),
            ..Counts::default()
        };
        let release = |seed: &Seed| spec.release_step(seed.release_s).unwrap_or(u32::MAX);
        let capsized = spec.capsizing.is_some_and(|capsizing| capsizing.from_start);
        Box::new(Self {
            first_id: (number * BLOCK) as u32,
            afloat: 0,
            waiting: seeds.len(),
            lon_deg: seeds.iter().map(|seed| f64::from(seed.lon_deg)).collect(),
            lat_deg: seeds.iter().map(|seed| f64::from(seed.lat_deg)).collect(),
            lat_sin_cos: vec![(0.0, 1.0); seeds.len()],
            before: seeds.iter().map(|seed| (seed.lon_deg, seed.lat_deg)).collect(),
            characters: seeds.iter().map(|seed| seed.character).collect(),
            orientation: seeds.iter().map(|seed| seed.orientation).collect(),
            capsized: vec![capsized; seeds.len()],
            status: vec![Status::NotReleased; seeds.len()],
            release: seeds.iter().map(release).collect(),
            current: Velocities::none(seeds.len()),
            wind: Velocities::none(seeds.len()),
            stokes: Velocities::none(seeds.len()),
            jibes: vec![0; seeds.len()],
            fallback: vec![0; seeds.len()],
            ended_s: vec![0.0; seeds.len()],
            counts,
        })
    }

    /// Particles of the block.
    pub(super) fn len(&self) -> usize {
        self.lon_deg.len()
    }

    /// Whether nothing will happen any more.
    pub(super) fn is_over(&self) -> bool {
        self.afloat == 0 && self.waiting == 0
    }

    /// Releases the particles whose time lies in a step.
    pub(super) fn release(&mut self, step: u32) {
        if self.waiting == 0 {
            return;
        }
        for p in 0..self.len() {
            if self.release[p] == step {
                self.status[p] = Status::Active;
                self.afloat += 1;
                self.waiting -= 1;
            }
        }
    }

    /// Whether a particle was released at this step.
    pub(super) fn is_new(&self, p: usize, step: u32) -> bool {
        self.release[p] == step
    }

    /// The age of a particle after a step, seconds; negative backward.
    pub(super) fn age_s(&self, p: usize, step: u32, step_s: f64) -> f64 {
        f64::from(step + 1 - self.release[p]) * step_s
    }

    /// Counts what a particle met, and from where.
    #[inline]
    pub(super) fn count(&mut self, p: usize, current: (usize, bool), wind: (usize, bool)) {
        let counts = &mut self.counts;
        counts.particle_steps += 1;
        counts.current.particle_steps[current.0] += 1;
        counts.wind.particle_steps[wind.0] += 1;
        counts.current.extrapolated += u64::from(current.1);
        counts.wind.extrapolated += u64::from(wind.1);
        counts.coast_extrapolated += u64::from(current.1 || wind.1);
        self.fallback[p] |= u8::from(current.0 > 0) * FALLBACK_CURRENT + u8::from(wind.0 > 0) * FALLBACK_WIND;
    }

    #[cold]
    pub(super) fn end(&mut self, p: usize, status: Status, time_s: f64) {
        self.status[p] = status;
        self.ended_s[p] = time_s;
        self.afloat -= 1;
    }

    /// Positions and states of the block's particles.
    pub(super) fn copy_to(&self, lon_deg: &mut [f64], lat_deg: &mut [f64], status: &mut [Status]) {
        lon_deg.copy_from_slice(&self.lon_deg);
        lat_deg.copy_from_slice(&self.lat_deg);
        status.copy_from_slice(&self.status);
    }

    /// How each particle ended.
    pub(super) fn ended(&self) -> impl Iterator<Item = Option<Ended>> {
        (0..self.len()).map(|p| {
            let over = !matches!(self.status[p], Status::Active | Status::NotReleased);
            over.then(|| Ended {
                time_s: self.ended_s[p],
                lon_deg: self.lon_deg[p],
                lat_deg: self.lat_deg[p],
                status: self.status[p],
            })
        })
    }

    /// Particles that used another than the first source, of the current and of the wind.
    pub(super) fn fallback_particles(&self) -> (u64, u64) {
        let marked = |mark: u8| self.fallback.iter().filter(|marks| **marks & mark != 0).count() as u64;
        (marked(FALLBACK_CURRENT), marked(FALLBACK_WIND))
    }
}
