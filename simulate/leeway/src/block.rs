//! A block of particles as separate arrays of fixed size, taken through many steps at a time: its state stays in the
//! fastest cache, and no step allocates. A step goes over the block three times: look up the forcing, turn it into
//! displacements, move.

use driftline_domain::{Coefficients, ForcingKind};

use driftline_coast::Coast;

use crate::drift::{ErrorProcess, jibe_probability};
use crate::forcing::{Forcing, Timeline};
use crate::product::Velocity;
use crate::random::{Draw, Purpose};
use crate::{Ended, Regression, RunSpec, SeedsMoved, SourceUse, Status, leeway_ms, moved, seeding};

/// Particles of a block: 27 KiB of state and scratch, about a first-level cache.
pub(crate) const BLOCK: usize = 256;

/// Right and left of downwind, as indices.
const SIDES: u8 = 2;
/// Marks of a particle that used another than the first source.
const FALLBACK_CURRENT: u8 = 1;
const FALLBACK_WIND: u8 = 2;

const ZEROS: [f64; BLOCK] = [0.0; BLOCK];

/// What all particles of a run share.
pub(crate) struct Kernel<'a> {
    seed: u64,
    start_s: i64,
    step_s: f64,
    currents: Timeline<'a>,
    winds: Timeline<'a>,
    coast: &'a Coast,
    /// Crosswind coefficients of the right and of the left side.
    crosswind: [Coefficients; SIDES as usize],
    error: ErrorProcess,
    jibe_probability: f64,
}

impl<'a> Kernel<'a> {
    pub(crate) fn new(spec: &RunSpec<'_>, forcing: &'a Forcing, coast: &'a Coast) -> Self {
        let times_s = || (0..i64::from(spec.steps)).map(|step| spec.release.time_s + step * i64::from(spec.step_s));
        let step_s = f64::from(spec.step_s);
        Self {
            seed: spec.seed,
            start_s: spec.release.time_s,
            step_s,
            currents: forcing.timeline(ForcingKind::Current, times_s()),
            winds: forcing.timeline(ForcingKind::Wind, times_s()),
            coast,
            crosswind: [spec.class.right, spec.class.left],
            error: ErrorProcess::new(&spec.current_error, step_s),
            jibe_probability: jibe_probability(spec.jibe_per_hour, step_s),
        }
    }

    /// Seconds since 1970 of the beginning of a step, or of a point within it.
    fn time_s(&self, step: u32, fraction: f64) -> f64 {
        self.start_s as f64 + (f64::from(step) + fraction) * self.step_s
    }
}

/// Integers only, so that the order of adding does not matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) particle_steps: u64,
    pub(crate) current: SourceUse,
    pub(crate) wind: SourceUse,
    pub(crate) coast_extrapolated: u64,
    pub(crate) jibes: u64,
    pub(crate) redraws: u64,
    pub(crate) seeds_moved: SeedsMoved,
}

/// Values that live for one step; one set serves a block through all its steps.
struct Scratch {
    current_east_ms: [f64; BLOCK],
    current_north_ms: [f64; BLOCK],
    wind_east_ms: [f64; BLOCK],
    wind_north_ms: [f64; BLOCK],
    east_m: [f64; BLOCK],
    north_m: [f64; BLOCK],
}

impl Scratch {
    fn new() -> Self {
        Self {
            current_east_ms: ZEROS,
            current_north_ms: ZEROS,
            wind_east_ms: ZEROS,
            wind_north_ms: ZEROS,
            east_m: ZEROS,
            north_m: ZEROS,
        }
    }
}

/// Up to [`BLOCK`] particles with consecutive ids.
pub(crate) struct Block {
    first_id: u32,
    len: usize,
    active: usize,
    lon_deg: [f64; BLOCK],
    lat_deg: [f64; BLOCK],
    error_east_ms: [f64; BLOCK],
    error_north_ms: [f64; BLOCK],
    down_slope: [f64; BLOCK],
    down_offset_ms: [f64; BLOCK],
    cross_score: [f64; BLOCK],
    side: [u8; BLOCK],
    status: [Status; BLOCK],
    fallback: [u8; BLOCK],
    ended_s: [f64; BLOCK],
    pub(crate) counts: Counts,
}

impl Block {
    /// Seeds the particles of a block of a run.
    pub(crate) fn seeded(spec: &RunSpec<'_>, forcing: &Forcing, coast: &Coast, number: usize) -> Box<Self> {
        let first_id = (number * BLOCK) as u32;
        let len = BLOCK.min((spec.particles - first_id) as usize);
        let mut block = Box::new(Self::empty(first_id, len));
        let unused = |kind| SourceUse {
            particle_steps: vec![0; forcing.sources(kind)],
            ..SourceUse::default()
        };
        block.counts.current = unused(ForcingKind::Current);
        block.counts.wind = unused(ForcingKind::Wind);
        for p in 0..len {
            block.seed_particle(spec, coast, p);
        }
        block
    }

    fn empty(first_id: u32, len: usize) -> Self {
        Self {
            first_id,
            len,
            active: 0,
            lon_deg: ZEROS,
            lat_deg: ZEROS,
            error_east_ms: ZEROS,
            error_north_ms: ZEROS,
            down_slope: ZEROS,
            down_offset_ms: ZEROS,
            cross_score: ZEROS,
            side: [0; BLOCK],
            status: [Status::Active; BLOCK],
            fallback: [0; BLOCK],
            ended_s: ZEROS,
            counts: Counts::default(),
        }
    }

    fn seed_particle(&mut self, spec: &RunSpec<'_>, coast: &Coast, p: usize) {
        let id = self.first_id + p as u32;
        let start = seeding::start(spec, coast, id);
        (self.lon_deg[p], self.lat_deg[p], self.status[p]) = (start.lon_deg, start.lat_deg, start.status);
        if start.status == Status::Active {
            self.active += 1;
        } else {
            self.ended_s[p] = spec.release.time_s as f64;
        }
        if let Some(distance_m) = start.moved_m {
            let moved = &mut self.counts.seeds_moved;
            moved.count += 1;
            moved.max_distance_m = moved.max_distance_m.max(distance_m);
        }
        let character = seeding::character(spec, id);
        self.down_slope[p] = character.downwind.slope;
        self.down_offset_ms[p] = character.downwind.offset_ms;
        self.cross_score[p] = character.cross_score;
        self.counts.redraws += character.redraws;
        // Half of the particles start on either side, by id as in the reference.
        self.side[p] = (id % u32::from(SIDES)) as u8;
    }

    /// Particles of the block.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether any particle is afloat.
    pub(crate) fn is_afloat(&self) -> bool {
        self.active > 0
    }

    /// Takes the block through steps.
    pub(crate) fn advance(&mut self, steps: std::ops::Range<u32>, kernel: &Kernel<'_>) {
        let mut scratch = Scratch::new();
        for step in steps {
            if self.active == 0 {
                return;
            }
            self.look_up(step, kernel, &mut scratch);
            self.drift(step, kernel, &mut scratch);
            self.travel(step, kernel, &scratch);
        }
    }

    /// Current and wind of every particle afloat; where there is none the particle ends.
    fn look_up(&mut self, step: u32, kernel: &Kernel<'_>, scratch: &mut Scratch) {
        for p in 0..self.len {
            if self.status[p] != Status::Active {
                continue;
            }
            let (lon_deg, lat_deg) = (self.lon_deg[p], self.lat_deg[p]);
            let current = kernel.currents.sample(step as usize, lon_deg, lat_deg);
            let wind = kernel.winds.sample(step as usize, lon_deg, lat_deg);
            let (Some(current), Some(wind)) = (current, wind) else {
                self.end(p, Status::MissingData, kernel.time_s(step, 0.0));
                continue;
            };
            self.count(p, current, wind);
            scratch.current_east_ms[p] = f64::from(current.0.east_ms);
            scratch.current_north_ms[p] = f64::from(current.0.north_ms);
            scratch.wind_east_ms[p] = f64::from(wind.0.east_ms);
            scratch.wind_north_ms[p] = f64::from(wind.0.north_ms);
        }
    }

    #[inline]
    fn count(
        &mut self,
        p: usize,
        (current, current_source): (Velocity, usize),
        (wind, wind_source): (Velocity, usize),
    ) {
        let counts = &mut self.counts;
        counts.particle_steps += 1;
        counts.current.particle_steps[current_source] += 1;
        counts.wind.particle_steps[wind_source] += 1;
        counts.current.extrapolated += u64::from(current.extrapolated);
        counts.wind.extrapolated += u64::from(wind.extrapolated);
        counts.coast_extrapolated += u64::from(current.extrapolated || wind.extrapolated);
        let current_mark = if current_source > 0 { FALLBACK_CURRENT } else { 0 };
        let wind_mark = if wind_source > 0 { FALLBACK_WIND } else { 0 };
        self.fallback[p] |= current_mark | wind_mark;
    }

    /// Displacements of the step: current, its error, and leeway on the present side. A jibe counts from the next step.
    fn drift(&mut self, step: u32, kernel: &Kernel<'_>, scratch: &mut Scratch) {
        for p in 0..self.len {
            if self.status[p] != Status::Active {
                continue;
            }
            let id = self.first_id + p as u32;
            let draw = Draw::new(kernel.seed, id, step, Purpose::CurrentErrorAndJibe, 0);
            self.step_error(p, step, &draw, kernel);
            let side = self.side[p];
            let downwind = Regression {
                slope: self.down_slope[p],
                offset_ms: self.down_offset_ms[p],
            };
            let crosswind = Regression::of(&kernel.crosswind[usize::from(side)], self.cross_score[p]);
            let wind_ms = (scratch.wind_east_ms[p], scratch.wind_north_ms[p]);
            let (leeway_east_ms, leeway_north_ms) = leeway_ms(downwind, crosswind, wind_ms);
            let east_ms = scratch.current_east_ms[p] + self.error_east_ms[p] + leeway_east_ms;
            let north_ms = scratch.current_north_ms[p] + self.error_north_ms[p] + leeway_north_ms;
            scratch.east_m[p] = east_ms * kernel.step_s;
            scratch.north_m[p] = north_ms * kernel.step_s;
            let jibes = u8::from(draw.uniform() < kernel.jibe_probability);
            self.side[p] = side ^ jibes;
            self.counts.jibes += u64::from(jibes);
        }
    }

    #[inline]
    fn step_error(&mut self, p: usize, step: u32, draw: &Draw, kernel: &Kernel<'_>) {
        if kernel.error.is_off() {
            return;
        }
        let (east, north) = draw.normals();
        if step == 0 {
            self.error_east_ms[p] = kernel.error.first_ms(east);
            self.error_north_ms[p] = kernel.error.first_ms(north);
        } else {
            self.error_east_ms[p] = kernel.error.next_ms(self.error_east_ms[p], east);
            self.error_north_ms[p] = kernel.error.next_ms(self.error_north_ms[p], north);
        }
    }

    /// Moves every particle afloat, up to the shore where that is in the way.
    fn travel(&mut self, step: u32, kernel: &Kernel<'_>, scratch: &Scratch) {
        for p in 0..self.len {
            if self.status[p] != Status::Active {
                continue;
            }
            let from = (self.lon_deg[p], self.lat_deg[p]);
            let to = moved(from.0, from.1, scratch.east_m[p], scratch.north_m[p]);
            if let Some(shore) = kernel.coast.first_crossing(from, to) {
                (self.lon_deg[p], self.lat_deg[p]) = (shore.lon_deg, shore.lat_deg);
                self.end(p, Status::Stranded, kernel.time_s(step, shore.fraction));
            } else {
                (self.lon_deg[p], self.lat_deg[p]) = to;
            }
        }
    }

    #[cold]
    fn end(&mut self, p: usize, status: Status, time_s: f64) {
        self.status[p] = status;
        self.ended_s[p] = time_s;
        self.active -= 1;
    }

    /// Positions and states of the block's particles.
    pub(crate) fn copy_to(&self, lon_deg: &mut [f64], lat_deg: &mut [f64], status: &mut [Status]) {
        lon_deg.copy_from_slice(&self.lon_deg[..self.len]);
        lat_deg.copy_from_slice(&self.lat_deg[..self.len]);
        status.copy_from_slice(&self.status[..self.len]);
    }

    /// How each particle ended.
    pub(crate) fn ended(&self) -> impl Iterator<Item = Option<Ended>> {
        (0..self.len).map(|p| {
            (self.status[p] != Status::Active).then_some(Ended {
                time_s: self.ended_s[p],
                lon_deg: self.lon_deg[p],
                lat_deg: self.lat_deg[p],
                status: self.status[p],
            })
        })
    }

    /// Particles that used another than the first source, of the current and of the wind.
    pub(crate) fn fallback_particles(&self) -> (u64, u64) {
        let marked = |mark: u8| {
            self.fallback[..self.len]
                .iter()
                .filter(|marks| **marks & mark != 0)
                .count() as u64
        };
        (marked(FALLBACK_CURRENT), marked(FALLBACK_WIND))
    }
}
