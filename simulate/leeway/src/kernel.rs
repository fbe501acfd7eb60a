//! What all particles of a run share: forcing with the times of the steps looked up, the coast, and the constants of the
//! physics for one length of step.

use driftline_coast::Coast;
use driftline_domain::{CoastlineAction, ForcingKind};

use crate::drift::{ErrorProcess, Leeway, SlowScores, jibe_probability};
use crate::forcing::{Forcing, Timeline};
use crate::{Group, RunSpec};

/// What all particles of a run share.
pub(crate) struct Kernel<'a> {
    pub(crate) seed: u64,
    start_s: i64,
    pub(crate) step_s: f64,
    pub(crate) currents: Timeline<'a>,
    pub(crate) winds: Timeline<'a>,
    pub(crate) coast: &'a Coast,
    pub(crate) coast_action: CoastlineAction,
    pub(crate) current_error: ErrorProcess,
    pub(crate) wind_error: ErrorProcess,
    pub(crate) slow: SlowScores,
    /// A jibe happens when a random word is below this.
    pub(crate) jibe_below: u32,
    pub(crate) capsizing: bool,
    pub(crate) groups: Vec<GroupConstants>,
}

/// What the particles of a group share.
pub(crate) struct GroupConstants {
    pub(crate) currents: Vec<usize>,
    pub(crate) winds: Vec<usize>,
    /// Classes in turn, and the first step of each.
    classes: Vec<(u32, Leeway)>,
}

impl GroupConstants {
    fn of(group: &Group<'_>, spec: &RunSpec<'_>) -> Self {
        // The first step that begins at or after the change, in the direction of the run.
        let step_of = |time_s: i64| {
            let steps = libm::ceil((time_s - spec.start_s) as f64 / f64::from(spec.step_s));
            steps.clamp(0.0, f64::from(u32::MAX)) as u32
        };
        let changes = group.changes.iter().map(|(at_s, to)| (step_of(*at_s), Leeway::of(to)));
        let classes = std::iter::once((0, Leeway::of(group.class))).chain(changes).collect();
        Self {
            currents: group.currents.clone(),
            winds: group.winds.clone(),
            classes,
        }
    }

    /// What the object is in a step.
    pub(crate) fn leeway(&self, step: u32) -> &Leeway {
        let begun = self.classes.partition_point(|(first, _)| *first <= step);
        &self.classes[begun.max(1) - 1].1
    }
}

impl<'a> Kernel<'a> {
    pub(crate) fn new(spec: &RunSpec<'_>, forcing: &'a Forcing, coast: &'a Coast) -> Self {
        let times_s = || (0..i64::from(spec.steps)).map(|step| spec.start_s + step * i64::from(spec.step_s));
        let step_s = f64::from(spec.step_s);
        let length_s = libm::fabs(step_s);
        Self {
            seed: spec.seed,
            start_s: spec.start_s,
            step_s,
            currents: forcing.timeline(ForcingKind::Current, times_s()),
            winds: forcing.timeline(ForcingKind::Wind, times_s()),
            coast,
            coast_action: spec.coast_action,
            current_error: ErrorProcess::new(spec.current_error.sigma_ms, spec.current_error.tau_s, length_s),
            wind_error: ErrorProcess::new(spec.wind_error.sigma_ms, spec.wind_error.tau_s, length_s),
            slow: SlowScores::new(&spec.slow_coefficients, length_s),
            jibe_below: (jibe_probability(spec.jibe_per_hour, length_s) * 4_294_967_296.0) as u32,
            // Backward objects stay what they were asked for (leeway.md 4.7).
            capsizing: spec.capsizing && spec.step_s > 0,
            groups: spec
                .groups
                .iter()
                .map(|group| GroupConstants::of(group, spec))
                .collect(),
        }
    }

    /// Seconds since 1970 of the beginning of a step, or of a point within it.
    pub(crate) fn time_s(&self, step: u32, fraction: f64) -> f64 {
        self.start_s as f64 + (f64::from(step) + fraction) * self.step_s
    }
}
