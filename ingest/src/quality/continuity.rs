//! Neighbouring steps: what changes between two of them, against what changes in the series as a rule.
//!
//! Changes are compared per square root of the time between, since weather and tide part from themselves about that fast
//! and feeds widen their steps towards the end. A step that differs from both neighbours while they agree is wrong; a
//! series that changes once for good may have been spliced from two, or a front has passed a small region.

use driftline_domain::{ForcingKind, GridSpec, ValidTime, VectorField};

use super::convention::mistaken;
use super::samples::{Change, Samples, Taken};
use super::verdict::{Finding, Verdict};

/// So many times the median change is a jump that needs no second witness,
const JUMP: f64 = 6.0;
/// and so many times it on both sides make a step stand out whose neighbours agree,
const STANDS_OUT: f64 = 3.0;
/// if it is also this share of the vectors' own length: calms change little and fast.
const JUMP_SHARE: f64 = 0.5;
/// Nodes from which one change alone tells something.
const MANY_NODES: usize = 200;
/// Changes from which a median tells something.
const ENOUGH: usize = 4;
/// A move that leaves less than this share of a change explains it.
const EXPLAINED: f64 = 0.5;
/// Both sides of a region, degrees, from which no front changes all of it at once.
const LARGE_DEG: f64 = 10.0;

/// The changes of a series.
pub(super) struct Continuity {
    samples: Samples,
    /// The steps before the newest: the last, and the one before it.
    before: [Option<Taken>; 2],
    times: Vec<ValidTime>,
    /// From the step before to each step.
    changes: Vec<Option<Change>>,
    /// From the second step before to each step.
    wide_changes: Vec<Option<Change>>,
}

impl Continuity {
    /// Of a grid.
    pub(super) fn new(grid: &GridSpec) -> Self {
        Self {
            samples: Samples::of(grid.nx(), grid.ny()),
            before: [None, None],
            times: Vec::new(),
            changes: Vec::new(),
            wide_changes: Vec::new(),
        }
    }

    /// Takes the next step in.
    pub(super) fn look(&mut self, time: ValidTime, field: &VectorField) {
        let taken = self.samples.take(field);
        let change = |before: &Option<Taken>| before.as_ref().and_then(|before| taken.change_from(before));
        self.changes.push(change(&self.before[0]));
        self.wide_changes.push(change(&self.before[1]));
        self.times.push(time);
        self.before = [Some(taken), self.before[0].take()];
    }

    /// What the changes tell.
    pub(super) fn judge(&self, kind: ForcingKind, grid: &GridSpec, verdict: &mut Verdict) {
        for step in 1..self.times.len() {
            if let Some(words) = self.moved(step) {
                verdict.refuse(self.finding("shifted", kind, step, &words));
            }
        }
        let Some(usual) = self.median_rate() else { return };
        for step in 1..self.times.len() {
            let Some(change) = self.changes[step] else { continue };
            let times = self.rate(step, step - 1, &change) / usual;
            if self.stands_out(step, usual) {
                let words = match mistaken(&change.products) {
                    Some(how) => format!("{how} against its neighbours: has its direction convention changed?"),
                    None => format!("stands out: it differs {times:.0} times as much from its neighbours as steps do"),
                };
                verdict.refuse(self.finding(code(&change), kind, step, &words));
            } else if self.breaks_off(step, &change, usual) {
                let words = match mistaken(&change.products) {
                    Some(how) => format!("{how} against the step before: has its direction convention changed?"),
                    None => format!("breaks off: it differs {times:.0} times as much from the step before as steps do"),
                };
                let finding = self.finding(code(&change), kind, step, &words);
                // A front may turn all the wind of a small region within a step.
                if kind == ForcingKind::Current || is_large(grid) {
                    verdict.refuse(finding);
                } else {
                    verdict.mark(finding);
                }
            }
        }
    }

    fn finding(&self, code: &'static str, kind: ForcingKind, step: usize, words: &str) -> Finding {
        let time = self.times[step];
        Finding::new(code, Some(time), format!("{kind} at {time} {words}"))
    }

    /// Whether a step is an earlier one moved by a node, in words: to the last bit, or so that the next step moves back.
    fn moved(&self, step: usize) -> Option<String> {
        let explains = |change: &Change| change.best_move != (0, 0) && change.best_rms < EXPLAINED * change.rms;
        let change = self.changes[step].filter(explains)?;
        let (di, dj) = change.best_move;
        if change.best_rms == 0.0 {
            return Some(format!(
                "is the step before moved by {di} nodes along the row and {dj} across"
            ));
        }
        let back = self.changes.get(step + 1).copied().flatten().filter(explains)?;
        (back.best_move == (-di, -dj))
            .then(|| format!("is moved by {di} nodes along the row and {dj} across against its neighbours"))
    }

    /// Whether a step differs from both neighbours while they agree.
    fn stands_out(&self, step: usize, usual: f64) -> bool {
        let at = |changes: &[Option<Change>], step: usize| changes.get(step).copied().flatten();
        let (Some(here), Some(back), Some(across)) = (
            at(&self.changes, step),
            at(&self.changes, step + 1),
            at(&self.wide_changes, step + 1),
        ) else {
            return false;
        };
        self.is_jump(step, &here, STANDS_OUT * usual)
            && self.is_jump(step + 1, &back, STANDS_OUT * usual)
            && across.rms < here.rms.min(back.rms) / 2.0
    }

    /// Whether a step differs from the one before, which is not the one that stands out.
    fn breaks_off(&self, step: usize, change: &Change, usual: f64) -> bool {
        change.products.nodes >= MANY_NODES
            && self.is_jump(step, change, JUMP * usual)
            && !self.stands_out(step - 1, usual)
    }

    fn is_jump(&self, step: usize, change: &Change, rate: f64) -> bool {
        self.rate(step, step - 1, change) > rate && change.rms > JUMP_SHARE * change.products.rms_length()
    }

    /// Change per square root of an hour.
    fn rate(&self, step: usize, before: usize, change: &Change) -> f64 {
        let hours = (self.times[step].unix_s() - self.times[before].unix_s()) as f64 / 3600.0;
        change.rms / hours.max(1.0 / 60.0).sqrt()
    }

    fn median_rate(&self) -> Option<f64> {
        let rates = (1..self.times.len()).filter_map(|step| Some(self.rate(step, step - 1, &self.changes[step]?)));
        let mut rates: Vec<f64> = rates.collect();
        let middle = rates.len() / 2;
        (rates.len() >= ENOUGH).then(|| *rates.select_nth_unstable_by(middle, f64::total_cmp).1)
    }
}

fn code(change: &Change) -> &'static str {
    match mistaken(&change.products) {
        Some(_) => "direction_convention",
        None => "discontinuous",
    }
}

fn is_large(grid: &GridSpec) -> bool {
    let bounds = grid.bounds();
    bounds.width_deg() >= LARGE_DEG && bounds.north - bounds.south >= LARGE_DEG
}
