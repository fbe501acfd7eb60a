//! A step of the reference, in its order: release; environment at the present positions; missing data; limits; coast;
//! (output); age and retirement; remember positions; leeway, current, jibe, Stokes drift.
//!
//! What a particle met holds for the whole step, also where the coast has put it back (leeway.md 3.2, 3.3).

use driftline_coast::Coast;
use driftline_domain::ForcingKind;

use super::block::{Block, Velocities};
use super::coastline::{self, Found, Landing};
use super::forcing::{Sample, Timeline};
use super::map::Place;
use super::motion::{Mover, Wind, displacements, jibe_probability, leeway_of, winds};
use super::{CoastAction, Forcing, RunSpec};
use crate::Status;
use crate::random::{Draw, Purpose};

/// What all particles of a run share.
pub(super) struct Kernel<'a> {
    spec: &'a RunSpec,
    coast: &'a Coast,
    currents: Timeline<'a>,
    winds: Timeline<'a>,
    stokes: Timeline<'a>,
    jibe_probability: f64,
}

impl<'a> Kernel<'a> {
    pub(super) fn new(spec: &'a RunSpec, forcing: &'a Forcing, coast: &'a Coast) -> Self {
        let timeline = |kind| forcing.timeline(kind, (0..spec.steps).map(|step| spec.time_s(step) as f64));
        Self {
            spec,
            coast,
            currents: timeline(ForcingKind::Current),
            winds: timeline(ForcingKind::Wind),
            stokes: timeline(ForcingKind::Waves),
            jibe_probability: jibe_probability(spec.jibe_per_hour, f64::from(spec.step_s)),
        }
    }

    /// Takes a block to the output of the first step.
    pub(super) fn begin(&self, block: &mut Block) {
        self.meet(block, 0);
    }

    /// Takes a block from the output of one step to that of another.
    pub(super) fn advance(&self, block: &mut Block, steps: std::ops::Range<u32>) {
        let mut scratch = Scratch::of(block.len());
        for number in steps {
            if block.is_over() {
                return;
            }
            self.update(block, number, &mut scratch);
            if number + 1 < self.spec.steps {
                self.meet(block, number + 1);
            } else {
                self.land_at_the_end(block);
            }
        }
    }

    /// The first half of a step, up to its output.
    fn meet(&self, block: &mut Block, number: u32) {
        block.release(number);
        if block.afloat == 0 {
            return;
        }
        let time_s = self.spec.time_s(number) as f64;
        for p in 0..block.len() {
            if block.status[p] != Status::Active {
                continue;
            }
            let (lon_deg, lat_deg) = (block.lon_deg[p], block.lat_deg[p]);
            let place = Place::new(lon_deg, lat_deg);
            let current = self.currents.sample(number, &place);
            let wind = self.winds.sample(number, &place);
            if let (Some(current), Some(wind)) = (current, wind) {
                block.count(
                    p,
                    (current.source, current.extrapolated),
                    (wind.source, wind.extrapolated),
                );
                self.note(block, p, number, &place, (current, wind));
            } else {
                self.lose(block, p, Status::MissingData, time_s);
            }
            if block.status[p] == Status::Active && self.spec.limits.exclude(lon_deg, lat_deg) {
                self.lose(block, p, Status::Outside, time_s);
            }
        }
        self.land(block, number, time_s);
    }

    /// Notes what a particle meets in a step, with the white noise that is asked for.
    #[inline]
    fn note(&self, block: &mut Block, p: usize, number: u32, place: &Place, (current, wind): (Sample, Sample)) {
        let spec = self.spec;
        let id = block.first_id + p as u32;
        let draw = |purpose| Draw::new(spec.seed, id, number, purpose, 0);
        let mut current_ms = (current.east_ms, current.north_ms);
        let mut wind_ms = (wind.east_ms, wind.north_ms);
        if spec.current_uncertainty_ms > 0.0 {
            let noise = draw(Purpose::ParityCurrent).normals();
            add(&mut current_ms, spec.current_uncertainty_ms, noise);
        }
        if spec.current_uncertainty_uniform_ms > 0.0 {
            let [east, north, ..] = draw(Purpose::ParityUniform).uniforms();
            let noise = (2.0 * east - 1.0, 2.0 * north - 1.0);
            add(&mut current_ms, spec.current_uncertainty_uniform_ms, noise);
        }
        if spec.wind_uncertainty_ms > 0.0 {
            add(
                &mut wind_ms,
                spec.wind_uncertainty_ms,
                draw(Purpose::ParityWind).normals(),
            );
        }
        block.lat_sin_cos[p] = place.lat();
        block.current.set(p, current_ms);
        block.wind.set(p, wind_ms);
        if self.stokes.sources() > 0 {
            let drift = self.stokes.sample(number, place);
            let stokes_ms = drift.map_or((0.0, 0.0), |drift| (drift.east_ms, drift.north_ms));
            block.stokes.set(p, stokes_ms);
        }
    }

    /// What the coast does to the particles that are on land now.
    fn land(&self, block: &mut Block, number: u32, time_s: f64) {
        if self.spec.coast == CoastAction::None {
            return;
        }
        for p in 0..block.len() {
            if block.status[p] == Status::Active && self.coast.on_land(block.lon_deg[p], block.lat_deg[p]) {
                self.land_one(block, p, number, time_s);
            }
        }
    }

    #[cold]
    fn land_one(&self, block: &mut Block, p: usize, number: u32, time_s: f64) {
        let found = self.scan(block, p);
        if self.spec.coast == CoastAction::Stranding {
            (block.lon_deg[p], block.lat_deg[p]) = found.land;
            block.end(p, Status::Stranded, time_s);
        } else if block.is_new(p, number) {
            block.end(p, Status::SeededOnLand, time_s);
        } else {
            (block.lon_deg[p], block.lat_deg[p]) = found.before;
            block.lat_sin_cos[p] = Place::new(found.before.0, found.before.1).lat();
        }
    }

    fn scan(&self, block: &Block, p: usize) -> Found {
        let landing = Landing {
            before: block.before[p],
            landed: (block.lon_deg[p], block.lat_deg[p]),
        };
        coastline::scan(self.coast, &landing, self.spec.coast_spacing_deg)
    }

    /// Ends a particle for want of data or beyond a limit. One that is on land, too, keeps this state and is moved to the
    /// coast all the same, as the reference does it.
    #[cold]
    fn lose(&self, block: &mut Block, p: usize, status: Status, time_s: f64) {
        block.end(p, status, time_s);
        let action = self.spec.coast;
        if action != CoastAction::None && self.coast.on_land(block.lon_deg[p], block.lat_deg[p]) {
            let found = self.scan(block, p);
            (block.lon_deg[p], block.lat_deg[p]) = if action == CoastAction::Stranding {
                found.land
            } else {
                found.before
            };
        }
    }

    /// After the last step the coast is looked at once more, and nothing else.
    fn land_at_the_end(&self, block: &mut Block) {
        let steps = self.spec.steps;
        self.land(block, steps, self.spec.time_s(steps) as f64);
    }

    /// The second half of a step: everybody afloat moves, by leeway, then by the current, then by Stokes drift.
    fn update(&self, block: &mut Block, number: u32, scratch: &mut Scratch) {
        let step_s = f64::from(self.spec.step_s);
        if let Some(max_age_s) = self.spec.max_age_s {
            self.retire(block, number, max_age_s);
        }
        self.draw_jibes(block, number);
        winds(block.wind.both(), &mut scratch.winds);
        for p in 0..block.len() {
            let mut leeway = leeway_of(&block.characters[p], &scratch.winds[p]);
            if self.spec.capsizing.is_some() && block.status[p] == Status::Active {
                leeway = self.capsize(block, p, number, leeway);
            }
            scratch.leeway.set(p, leeway);
        }
        scratch.by_leeway.fill(&scratch.leeway, step_s);
        scratch.by_current.fill(&block.current, step_s);
        let stokes = self.stokes.sources() > 0;
        if stokes {
            scratch.by_stokes.fill(&block.stokes, step_s);
        }
        for p in 0..block.len() {
            if block.status[p] != Status::Active {
                continue;
            }
            let (lon_deg, lat_deg) = (block.lon_deg[p], block.lat_deg[p]);
            block.before[p] = (lon_deg as f32, lat_deg as f32);
            let mut at = Mover::new((lon_deg, lat_deg), block.lat_sin_cos[p]);
            at = scratch.by_current.applied(p, scratch.by_leeway.applied(p, at));
            if stokes {
                at = scratch.by_stokes.applied(p, at);
            }
            (block.lon_deg[p], block.lat_deg[p]) = (at.lon_deg, at.lat_deg);
            if block.jibes[p] >> (number % 4) & 1 == 1 {
                let slope = &mut block.characters[p].crosswind.slope_percent;
                *slope = -*slope;
                block.orientation[p] = 1 - block.orientation[p];
                block.counts.jibes += 1;
            }
        }
    }

    fn retire(&self, block: &mut Block, number: u32, max_age_s: f64) {
        let step_s = f64::from(self.spec.step_s);
        for p in 0..block.len() {
            if block.status[p] == Status::Active && block.age_s(p, number, step_s) >= max_age_s {
                block.end(p, Status::Retired, self.spec.time_s(number) as f64);
            }
        }
    }

    /// Draws the jibes of four steps at a time.
    fn draw_jibes(&self, block: &mut Block, number: u32) {
        if self.jibe_probability <= 0.0 || !number.is_multiple_of(4) {
            return;
        }
        for p in 0..block.len() {
            let id = block.first_id + p as u32;
            let words = Draw::new(self.spec.seed, id, number / 4, Purpose::ParityJibe, 0).uniforms();
            let bits = words.iter().enumerate();
            block.jibes[p] = bits.fold(0, |bits, (k, word)| bits | u8::from(*word < self.jibe_probability) << k);
        }
    }

    /// Leeway of a particle that may capsize in this step; backward runs right those that are capsized.
    fn capsize(&self, block: &mut Block, p: usize, number: u32, leeway_ms: (f32, f32)) -> (f32, f32) {
        let Some(capsizing) = self.spec.capsizing else {
            return leeway_ms;
        };
        let (east_ms, north_ms) = block.wind.of(p);
        let wind_ms = f64::from((east_ms * east_ms + north_ms * north_ms).sqrt());
        let steepness = (wind_ms - f64::from(capsizing.threshold_ms)) / f64::from(capsizing.width_ms);
        let hours = f64::from(self.spec.step_s).abs() / 3_600.0;
        let probability = (0.5 + 0.5 * libm::tanh(steepness)) * hours;
        let id = block.first_id + p as u32;
        let drawn = Draw::new(self.spec.seed, id, number, Purpose::ParityUniform, 0).uniforms()[2];
        let backward = self.spec.step_s < 0;
        if block.capsized[p] == backward && drawn < probability {
            block.capsized[p] = !backward;
        }
        if block.capsized[p] {
            let share = capsizing.leeway_fraction;
            return (leeway_ms.0 * share, leeway_ms.1 * share);
        }
        leeway_ms
    }
}

/// Values that live for one step; one set serves a block through many.
struct Scratch {
    winds: Vec<Wind>,
    leeway: Velocities,
    by_leeway: Moves,
    by_current: Moves,
    by_stokes: Moves,
}

impl Scratch {
    fn of(len: usize) -> Self {
        Self {
            winds: vec![Wind::default(); len],
            leeway: Velocities::none(len),
            by_leeway: Moves::none(len),
            by_current: Moves::none(len),
            by_stokes: Moves::none(len),
        }
    }
}

/// Displacements of the particles of a block, metres.
struct Moves {
    east_m: Vec<f64>,
    north_m: Vec<f64>,
}

impl Moves {
    fn none(len: usize) -> Self {
        Self {
            east_m: vec![0.0; len],
            north_m: vec![0.0; len],
        }
    }

    fn fill(&mut self, velocities: &Velocities, step_s: f64) {
        displacements(velocities.both(), step_s, (&mut self.east_m, &mut self.north_m));
    }

    #[inline]
    fn applied(&self, p: usize, at: Mover) -> Mover {
        at.moved(self.east_m[p], self.north_m[p])
    }
}

fn add(velocity_ms: &mut (f32, f32), size_ms: f64, noise: (f64, f64)) {
    velocity_ms.0 = (f64::from(velocity_ms.0) + size_ms * noise.0) as f32;
    velocity_ms.1 = (f64::from(velocity_ms.1) + size_ms * noise.1) as f32;
}
