//! One step of a block: look up the forcing, turn it into displacements, move. Each part goes over the particles afloat
//! in plain loops over arrays, which the compiler turns into wide instructions; what is rare is done one by one.

use driftline_coast::OPEN_WATER_CELL_DEG;

use crate::block::{BLOCK, Block, FALLBACK_CURRENT, FALLBACK_WIND};
use crate::drift::{CAPSIZED_LEEWAY, Line, capsizing_probability};
use crate::kernel::{GroupConstants, Kernel};
use crate::moves::{self, Moved};
use crate::product::{Places, Velocity};
use crate::random::{Draw, Purpose, normals_of};
use crate::{CoastAction, Status};

/// Values that live for one step; one set serves a block through all its steps.
pub(crate) struct Scratch {
    /// Column and row in a grid, then longitude and latitude after the step.
    x: [f64; BLOCK],
    y: [f64; BLOCK],
    current_ms: [[f32; BLOCK]; 2],
    wind_ms: [[f32; BLOCK]; 2],
    /// Random words of the step.
    words: [[u32; BLOCK]; 4],
    /// Displacement east and north; once the particles have moved, the times of those ashore.
    east_m: [f64; BLOCK],
    north_m: [f64; BLOCK],
    /// Places in the block of the particles near the shore, then of those ashore.
    numbers: [u16; BLOCK],
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            x: [0.0; BLOCK],
            y: [0.0; BLOCK],
            current_ms: [[0.0; BLOCK]; 2],
            wind_ms: [[0.0; BLOCK]; 2],
            words: [[0; BLOCK]; 4],
            east_m: [0.0; BLOCK],
            north_m: [0.0; BLOCK],
            numbers: [0; BLOCK],
        }
    }

    /// Follows a swap of two particles.
    pub(crate) fn swap(&mut self, p: usize, q: usize) {
        self.x.swap(p, q);
        self.y.swap(p, q);
        for axis in 0..2 {
            self.current_ms[axis].swap(p, q);
            self.wind_ms[axis].swap(p, q);
        }
    }
}

impl Block {
    /// Current and wind of every particle afloat; where there is none the particle ends.
    #[inline(always)]
    pub(crate) fn look_up(&mut self, step: u32, kernel: &Kernel<'_>, group: &GroupConstants, scratch: &mut Scratch) {
        let n = self.afloat;
        let Scratch {
            x,
            y,
            current_ms: [current_east_ms, current_north_ms],
            wind_ms: [wind_east_ms, wind_north_ms],
            ..
        } = scratch;
        let (lon_deg, lat_deg) = (&self.lon_deg[..n], &self.lat_deg[..n]);
        let (current, wind) = (group.currents[0], group.winds[0]);
        let places = Places {
            lon_deg,
            lat_deg,
            column: &mut *x,
            row: &mut *y,
        };
        let dry = kernel
            .currents
            .look_up(step as usize, current, places, current_east_ms, current_north_ms);
        let places = Places {
            lon_deg,
            lat_deg,
            column: x,
            row: y,
        };
        let calm = kernel
            .winds
            .look_up(step as usize, wind, places, wind_east_ms, wind_north_ms);
        self.counts.particle_steps += n as u64;
        self.counts.current.particle_steps[current] += n as u64;
        self.counts.wind.particle_steps[wind] += n as u64;
        if dry || calm {
            self.fill_gaps(step, kernel, group, scratch);
        }
    }

    /// Looks up one by one what the first source did not answer.
    #[cold]
    #[inline(never)]
    fn fill_gaps(&mut self, step: u32, kernel: &Kernel<'_>, group: &GroupConstants, scratch: &mut Scratch) {
        // Backwards: ending one brings another from behind, which was dealt with already.
        for p in (0..self.afloat).rev() {
            let (dry, calm) = (scratch.current_ms[0][p].is_nan(), scratch.wind_ms[0][p].is_nan());
            if !dry && !calm {
                continue;
            }
            let (lon_deg, lat_deg) = (self.lon_deg[p], self.lat_deg[p]);
            let step_at = step as usize;
            let known = |ms: &[[f32; BLOCK]; 2]| Velocity {
                east_ms: ms[0][p],
                north_ms: ms[1][p],
                extrapolated: false,
            };
            let current = if dry {
                kernel.currents.sample(step_at, &group.currents, lon_deg, lat_deg)
            } else {
                Some((known(&scratch.current_ms), group.currents[0]))
            };
            let wind = if calm {
                kernel.winds.sample(step_at, &group.winds, lon_deg, lat_deg)
            } else {
                Some((known(&scratch.wind_ms), group.winds[0]))
            };
            let counts = &mut self.counts;
            counts.current.particle_steps[group.currents[0]] -= 1;
            counts.wind.particle_steps[group.winds[0]] -= 1;
            let (Some((current, current_source)), Some((wind, wind_source))) = (current, wind) else {
                counts.particle_steps -= 1;
                self.end(p, Status::MissingData, kernel.time_s(step, 0.0), scratch);
                continue;
            };
            counts.current.particle_steps[current_source] += 1;
            counts.wind.particle_steps[wind_source] += 1;
            counts.current.extrapolated += u64::from(current.extrapolated);
            counts.wind.extrapolated += u64::from(wind.extrapolated);
            counts.coast_extrapolated += u64::from(current.extrapolated || wind.extrapolated);
            let mark = |other: bool, mark: u8| if other { mark } else { 0 };
            self.fallback[p] |= mark(current_source != group.currents[0], FALLBACK_CURRENT);
            self.fallback[p] |= mark(wind_source != group.winds[0], FALLBACK_WIND);
            (scratch.current_ms[0][p], scratch.current_ms[1][p]) = (current.east_ms, current.north_ms);
            (scratch.wind_ms[0][p], scratch.wind_ms[1][p]) = (wind.east_ms, wind.north_ms);
        }
    }

    /// Displacements of the step: current with its error, and leeway on the present side for the wind with its error.
    /// Errors, scores, sides and capsizing change for the next step.
    #[inline(always)]
    pub(crate) fn drift(&mut self, step: u32, kernel: &Kernel<'_>, group: &GroupConstants, scratch: &mut Scratch) {
        let slow = !kernel.slow.is_off();
        if slow {
            self.displace::<true>(step, kernel, group, scratch);
        } else {
            self.displace::<false>(step, kernel, group, scratch);
        }
        self.draw_words(step, kernel, Purpose::CurrentErrorAndJibe, scratch);
        let n = self.afloat;
        if !kernel.current_error.is_off() {
            let [east, north] = &mut self.current_error_ms;
            let next = |error_ms, normal| kernel.current_error.next_ms(error_ms, normal);
            advance_pair(n, &scratch.words[0], &scratch.words[1], east, north, next);
        }
        let mut jibes = 0;
        for (side, word) in self.side[..n].iter_mut().zip(&scratch.words[2][..n]) {
            let jibe = u32::from(*word < kernel.jibe_below);
            *side ^= jibe;
            jibes += jibe;
        }
        self.counts.jibes += u64::from(jibes);
        if kernel.capsizing {
            self.capsize(kernel, scratch);
        }
        if slow || !kernel.wind_error.is_off() {
            self.draw_words(step, kernel, Purpose::WindErrorAndSlowScores, scratch);
            let [east, north] = &mut self.wind_error_ms;
            let next = |error_ms, normal| kernel.wind_error.next_ms(error_ms, normal);
            advance_pair(n, &scratch.words[0], &scratch.words[1], east, north, next);
            let [downwind, crosswind] = &mut self.slow_score;
            let next = |score, normal| kernel.slow.next(score, normal);
            advance_pair(n, &scratch.words[2], &scratch.words[3], downwind, crosswind, next);
        }
    }

    #[inline(always)]
    fn displace<const SLOW: bool>(
        &mut self,
        step: u32,
        kernel: &Kernel<'_>,
        group: &GroupConstants,
        scratch: &mut Scratch,
    ) {
        let n = self.afloat;
        let leeway = group.leeway(step);
        let [current_east_ms, current_north_ms] = &scratch.current_ms;
        let [wind_east_ms, wind_north_ms] = &scratch.wind_ms;
        let (current_east_ms, current_north_ms) = (&current_east_ms[..n], &current_north_ms[..n]);
        let (wind_east_ms, wind_north_ms) = (&wind_east_ms[..n], &wind_north_ms[..n]);
        let [current_error_east, current_error_north] = &self.current_error_ms;
        let (current_error_east, current_error_north) = (&current_error_east[..n], &current_error_north[..n]);
        let [wind_error_east, wind_error_north] = &self.wind_error_ms;
        let (wind_error_east, wind_error_north) = (&wind_error_east[..n], &wind_error_north[..n]);
        let (score_down, score_cross) = (&self.score[0][..n], &self.score[1][..n]);
        let (slow_down, slow_cross) = (&self.slow_score[0][..n], &self.slow_score[1][..n]);
        let (side, share) = (&self.side[..n], &self.leeway_share[..n]);
        let (east_m, north_m) = (&mut scratch.east_m[..n], &mut scratch.north_m[..n]);
        for p in 0..n {
            let wind_east = wind_east_ms[p] + wind_error_east[p];
            let wind_north = wind_north_ms[p] + wind_error_north[p];
            let wind_ms = (wind_east * wind_east + wind_north * wind_north).sqrt();
            // Downwind as a unit vector, north in a calm; right of it is (north, -east).
            let blows = wind_ms > 0.0;
            let per_ms = 1.0 / if blows { wind_ms } else { 1.0 };
            let down_east = wind_east * per_ms;
            let down_north = if blows { wind_north * per_ms } else { 1.0 };
            let (down_score, cross_score) = if SLOW {
                (
                    kernel.slow.score(score_down[p], slow_down[p]),
                    kernel.slow.score(score_cross[p], slow_cross[p]),
                )
            } else {
                (score_down[p], score_cross[p])
            };
            let down_ms = share[p] * leeway.downwind.speed_downwind_ms(down_score, wind_ms);
            let right_ms = share[p] * Line::choose(&leeway.crosswind, side[p] == 1).speed_ms(cross_score, wind_ms);
            let east_ms = (current_east_ms[p] + current_error_east[p]) + (down_ms * down_east + right_ms * down_north);
            let north_ms =
                (current_north_ms[p] + current_error_north[p]) + (down_ms * down_north - right_ms * down_east);
            east_m[p] = f64::from(east_ms) * kernel.step_s;
            north_m[p] = f64::from(north_ms) * kernel.step_s;
        }
    }

    /// Four random words for each particle afloat.
    #[inline(always)]
    fn draw_words(&self, step: u32, kernel: &Kernel<'_>, purpose: Purpose, scratch: &mut Scratch) {
        let n = self.afloat;
        let [a, b, c, d] = &mut scratch.words;
        let (a, b, c, d) = (&mut a[..n], &mut b[..n], &mut c[..n], &mut d[..n]);
        let id = &self.id[..n];
        for p in 0..n {
            [a[p], b[p], c[p], d[p]] = Draw::new(kernel.seed, id[p], step, purpose, 0).words();
        }
    }

    /// Turns over what the wind turns over (off unless asked for).
    #[cold]
    #[inline(never)]
    fn capsize(&mut self, kernel: &Kernel<'_>, scratch: &Scratch) {
        for p in 0..self.afloat {
            let wind_ms = libm::hypot(
                f64::from(scratch.wind_ms[0][p] + self.wind_error_ms[0][p]),
                f64::from(scratch.wind_ms[1][p] + self.wind_error_ms[1][p]),
            );
            let below = capsizing_probability(wind_ms, libm::fabs(kernel.step_s)) * 4_294_967_296.0;
            if self.leeway_share[p] == 1.0 && f64::from(scratch.words[3][p]) < below {
                self.leeway_share[p] = CAPSIZED_LEEWAY;
                self.counts.capsized += 1;
            }
        }
    }

    /// Moves every particle afloat, up to the shore where that is in the way.
    #[inline(always)]
    pub(crate) fn travel(&mut self, step: u32, kernel: &Kernel<'_>, scratch: &mut Scratch) {
        let n = self.afloat;
        let to = Moved {
            lon_deg: &mut scratch.x[..n],
            lat_deg: &mut scratch.y[..n],
        };
        moves::move_all(
            &self.lon_deg[..n],
            &self.lat_deg[..n],
            &scratch.east_m[..n],
            &scratch.north_m[..n],
            to,
        );
        let mut ashore = 0;
        if kernel.coast_action != CoastAction::None {
            let near = self.near_shore(kernel, scratch);
            if near > 0 {
                ashore = self.meet_the_shore(near, step, kernel, scratch);
            }
        }
        self.lon_deg[..n].copy_from_slice(&scratch.x[..n]);
        self.lat_deg[..n].copy_from_slice(&scratch.y[..n]);
        // Backwards: ending one brings another from behind.
        for k in (0..ashore).rev() {
            let (p, time_s) = (scratch.numbers[k] as usize, scratch.east_m[k]);
            self.end(p, Status::Stranded, time_s, scratch);
        }
    }

    /// Writes down which particles may have met the shore, and how many.
    #[inline(always)]
    fn near_shore(&self, kernel: &Kernel<'_>, scratch: &mut Scratch) -> usize {
        const SHORT_DEG: f64 = OPEN_WATER_CELL_DEG - 1e-9;
        let n = self.afloat;
        let (lon_deg, lat_deg) = (&self.lon_deg[..n], &self.lat_deg[..n]);
        let (x, y) = (&scratch.x[..n], &scratch.y[..n]);
        let mut all_short = true;
        for p in 0..n {
            all_short &= ((x[p] - lon_deg[p]).abs() < SHORT_DEG) & ((y[p] - lat_deg[p]).abs() < SHORT_DEG);
        }
        let mut near = 0;
        for p in 0..n {
            let is_free = all_short && kernel.coast.open_water(lon_deg[p], lat_deg[p]);
            scratch.numbers[near] = p as u16;
            near += usize::from(!is_free);
        }
        near
    }

    /// Walks the ways of the `near` particles written down. Those that come ashore are put there, and written down with
    /// their times in place of the others; tells how many they are.
    #[inline(never)]
    fn meet_the_shore(&self, near: usize, step: u32, kernel: &Kernel<'_>, scratch: &mut Scratch) -> usize {
        let mut ashore = 0;
        for k in 0..near {
            let p = scratch.numbers[k] as usize;
            let from = (self.lon_deg[p], self.lat_deg[p]);
            let Some(shore) = kernel.coast.first_crossing(from, (scratch.x[p], scratch.y[p])) else {
                continue;
            };
            if kernel.coast_action == CoastAction::Previous {
                // Stays where it was at sea, and may leave again.
                (scratch.x[p], scratch.y[p]) = from;
            } else {
                (scratch.x[p], scratch.y[p]) = (shore.lon_deg, shore.lat_deg);
                scratch.numbers[ashore] = p as u16;
                scratch.east_m[ashore] = kernel.time_s(step, shore.fraction);
                ashore += 1;
            }
        }
        ashore
    }
}

/// Brings two arrays one step on, each with a normal of its own from the two words of a particle.
#[inline(always)]
fn advance_pair(
    n: usize,
    radius_words: &[u32; BLOCK],
    angle_words: &[u32; BLOCK],
    first: &mut [f32; BLOCK],
    second: &mut [f32; BLOCK],
    next: impl Fn(f32, f32) -> f32,
) {
    let (radius_words, angle_words) = (&radius_words[..n], &angle_words[..n]);
    let (first, second) = (&mut first[..n], &mut second[..n]);
    for p in 0..n {
        let (a, b) = normals_of(radius_words[p], angle_words[p]);
        first[p] = next(first[p], a);
        second[p] = next(second[p], b);
    }
}
