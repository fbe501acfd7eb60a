//! A block of particles as separate arrays of fixed size. Those afloat stand first, those that wait for their release
//! next, those that have ended last, so that a step goes over the ones afloat without asking; where a particle stands
//! means nothing, its number is kept beside it.

use std::ops::Range;

use driftline_coast::Coast;
use driftline_domain::ForcingKind;

use crate::forcing::Forcing;
use crate::kernel::{GroupConstants, Kernel};
use crate::random::{Draw, Purpose, normals_of};
use crate::seeding::{self, Start};
use crate::step::Scratch;
use crate::{Ended, RunSpec, SeedsMoved, SourceUse, Status};

/// Particles of a block: 16 KiB of state and as much scratch stay in the first cache.
pub(crate) const BLOCK: usize = 256;

/// Marks of a particle that used another than its first source.
pub(crate) const FALLBACK_CURRENT: u8 = 1;
pub(crate) const FALLBACK_WIND: u8 = 2;

const ZEROS: [f64; BLOCK] = [0.0; BLOCK];
const FLAT: [f32; BLOCK] = [0.0; BLOCK];

/// Integers only, so that the order of adding does not matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) particle_steps: u64,
    pub(crate) current: SourceUse,
    pub(crate) wind: SourceUse,
    pub(crate) coast_extrapolated: u64,
    pub(crate) jibes: u64,
    pub(crate) capsized: u64,
    pub(crate) redraws: u64,
    pub(crate) seeds_moved: SeedsMoved,
}

/// Which particles a block holds: consecutive numbers of one group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) first_id: u32,
    pub(crate) len: usize,
    pub(crate) group: usize,
    /// The first one's place among the particles of the group.
    pub(crate) rank: u32,
}

/// Up to [`BLOCK`] particles with consecutive numbers.
pub(crate) struct Block {
    pub(crate) extent: Extent,
    /// Those afloat are `0..afloat`, those waiting `afloat..not_ended`.
    pub(crate) afloat: usize,
    not_ended: usize,
    next_release: u32,
    pub(crate) id: [u32; BLOCK],
    pub(crate) lon_deg: [f64; BLOCK],
    pub(crate) lat_deg: [f64; BLOCK],
    /// Errors of current and wind, east and north.
    pub(crate) current_error_ms: [[f32; BLOCK]; 2],
    pub(crate) wind_error_ms: [[f32; BLOCK]; 2],
    /// Standard scores downwind and crosswind: what is for life, and what changes slowly.
    pub(crate) score: [[f32; BLOCK]; 2],
    pub(crate) slow_score: [[f32; BLOCK]; 2],
    /// 0 right of downwind, 1 left.
    pub(crate) side: [u32; BLOCK],
    /// Share of the leeway that is left: less than 1 once capsized.
    pub(crate) leeway_share: [f32; BLOCK],
    release_step: [u32; BLOCK],
    status: [Status; BLOCK],
    pub(crate) fallback: [u8; BLOCK],
    ended_s: [f64; BLOCK],
    pub(crate) counts: Counts,
}

impl Block {
    /// Seeds the particles of a block of a run.
    pub(crate) fn seeded(spec: &RunSpec<'_>, forcing: &Forcing, coast: &Coast, extent: Extent) -> Box<Self> {
        let mut block = Box::new(Self {
            extent,
            afloat: 0,
            not_ended: extent.len,
            next_release: u32::MAX,
            id: [0; BLOCK],
            lon_deg: ZEROS,
            lat_deg: ZEROS,
            current_error_ms: [FLAT; 2],
            wind_error_ms: [FLAT; 2],
            score: [FLAT; 2],
            slow_score: [FLAT; 2],
            side: [0; BLOCK],
            leeway_share: [1.0; BLOCK],
            release_step: [0; BLOCK],
            status: [Status::NotReleased; BLOCK],
            fallback: [0; BLOCK],
            ended_s: ZEROS,
            counts: Counts::default(),
        });
        let unused = |kind| SourceUse {
            particle_steps: vec![0; forcing.sources(kind)],
            ..SourceUse::default()
        };
        block.counts.current = unused(ForcingKind::Current);
        block.counts.wind = unused(ForcingKind::Wind);
        for p in 0..extent.len {
            block.seed(spec, coast, p);
        }
        // Backwards: ending one brings another from behind.
        for p in (0..extent.len).rev() {
            if block.status[p] == Status::SeededOnLand {
                let when_s = spec.time_of_step_s(block.release_step[p]);
                block.end_waiting(p, Status::SeededOnLand, when_s);
            }
        }
        block.find_next_release();
        block.release_due(0);
        block
    }

    fn seed(&mut self, spec: &RunSpec<'_>, coast: &Coast, p: usize) {
        let id = self.extent.first_id + p as u32;
        let group = &spec.groups[self.extent.group];
        let start: Start = seeding::start(spec, group, coast, id, self.extent.rank + p as u32);
        self.id[p] = id;
        (self.lon_deg[p], self.lat_deg[p]) = (start.lon_deg, start.lat_deg);
        self.release_step[p] = spec.step_of_release(start.time_s);
        if start.is_on_land {
            self.status[p] = Status::SeededOnLand;
        }
        if let Some(distance_m) = start.moved_m {
            let moved = &mut self.counts.seeds_moved;
            moved.count += 1;
            moved.max_distance_m = moved.max_distance_m.max(distance_m);
        }
        let character = seeding::character(spec, group.class, id);
        (self.score[0][p], self.score[1][p]) = (character.downwind_score as f32, character.crosswind_score as f32);
        self.counts.redraws += character.redraws;
        // Half of the particles start on either side, by number as in the reference.
        self.side[p] = id % 2;
        self.draw_first_errors(spec, p);
    }

    fn draw_first_errors(&mut self, spec: &RunSpec<'_>, p: usize) {
        let id = self.id[p];
        let errors = Draw::new(spec.seed, id, 0, Purpose::FirstErrors, 0).words();
        let slow = Draw::new(spec.seed, id, 0, Purpose::FirstSlowScores, 0).words();
        let (current, wind) = (normals_of(errors[0], errors[1]), normals_of(errors[2], errors[3]));
        let (current_sigma_ms, wind_sigma_ms) = (spec.current_error.sigma_ms as f32, spec.wind_error.sigma_ms as f32);
        self.current_error_ms[0][p] = current_sigma_ms * current.0;
        self.current_error_ms[1][p] = current_sigma_ms * current.1;
        self.wind_error_ms[0][p] = wind_sigma_ms * wind.0;
        self.wind_error_ms[1][p] = wind_sigma_ms * wind.1;
        let slow = normals_of(slow[0], slow[1]);
        (self.slow_score[0][p], self.slow_score[1][p]) = slow;
    }

    /// Particles of the block.
    pub(crate) fn len(&self) -> usize {
        self.extent.len
    }

    /// Whether any particle drifts or will.
    pub(crate) fn is_alive(&self) -> bool {
        self.not_ended > 0
    }

    /// Takes the block through steps.
    #[inline(always)]
    pub(crate) fn advance(&mut self, steps: Range<u32>, kernel: &Kernel<'_>) {
        let mut scratch = Scratch::new();
        let group: &GroupConstants = &kernel.groups[self.extent.group];
        for step in steps {
            if self.not_ended == 0 {
                return;
            }
            if self.next_release <= step {
                self.release_due(step);
            }
            self.look_up(step, kernel, group, &mut scratch);
            self.drift(step, kernel, group, &mut scratch);
            self.travel(step, kernel, &mut scratch);
        }
    }

    /// Sets those afloat whose time has come; also the step that begins with an output, so that it shows them.
    pub(crate) fn release_due(&mut self, step: u32) {
        for p in self.afloat..self.not_ended {
            if self.release_step[p] <= step {
                self.status[p] = Status::Active;
                self.swap(p, self.afloat);
                self.afloat += 1;
            }
        }
        self.find_next_release();
    }

    fn find_next_release(&mut self) {
        let waiting = &self.release_step[self.afloat..self.not_ended];
        self.next_release = waiting.iter().copied().min().unwrap_or(u32::MAX);
    }

    /// Ends a particle afloat. Its place is taken by the last one afloat.
    pub(crate) fn end(&mut self, p: usize, status: Status, time_s: f64, scratch: &mut Scratch) {
        self.afloat -= 1;
        self.swap(p, self.afloat);
        scratch.swap(p, self.afloat);
        self.end_waiting(self.afloat, status, time_s);
    }

    fn end_waiting(&mut self, p: usize, status: Status, time_s: f64) {
        (self.status[p], self.ended_s[p]) = (status, time_s);
        self.not_ended -= 1;
        self.swap(p, self.not_ended);
    }

    fn swap(&mut self, p: usize, q: usize) {
        if p == q {
            return;
        }
        self.id.swap(p, q);
        self.lon_deg.swap(p, q);
        self.lat_deg.swap(p, q);
        for axis in 0..2 {
            self.current_error_ms[axis].swap(p, q);
            self.wind_error_ms[axis].swap(p, q);
            self.score[axis].swap(p, q);
            self.slow_score[axis].swap(p, q);
        }
        self.side.swap(p, q);
        self.leeway_share.swap(p, q);
        self.release_step.swap(p, q);
        self.status.swap(p, q);
        self.fallback.swap(p, q);
        self.ended_s.swap(p, q);
    }

    /// Where a particle that stands at `p` belongs in what the block's particles give.
    fn place_of(&self, p: usize) -> usize {
        (self.id[p] - self.extent.first_id) as usize
    }

    /// Positions and states of the block's particles, in order of their numbers.
    pub(crate) fn copy_to(&self, lon_deg: &mut [f64], lat_deg: &mut [f64], status: &mut [Status]) {
        for p in 0..self.extent.len {
            let place = self.place_of(p);
            lon_deg[place] = self.lon_deg[p];
            lat_deg[place] = self.lat_deg[p];
            status[place] = self.status[p];
        }
    }

    /// How each particle ended, in order of their numbers.
    pub(crate) fn ended(&self) -> Vec<Option<Ended>> {
        let mut ended = vec![None; self.extent.len];
        for p in self.not_ended..self.extent.len {
            ended[self.place_of(p)] = Some(Ended {
                time_s: self.ended_s[p],
                lon_deg: self.lon_deg[p],
                lat_deg: self.lat_deg[p],
                status: self.status[p],
            });
        }
        ended
    }

    /// Particles that used another than their first source, of the current and of the wind.
    pub(crate) fn fallback_particles(&self) -> (u64, u64) {
        let marks = &self.fallback[..self.extent.len];
        let marked = |mark: u8| marks.iter().filter(|marks| **marks & mark != 0).count() as u64;
        (marked(FALLBACK_CURRENT), marked(FALLBACK_WIND))
    }
}
