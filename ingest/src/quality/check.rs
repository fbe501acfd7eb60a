//! All steps of a series, each looked at once and in order.

use std::collections::HashMap;

use driftline_coast::Coast;
use driftline_domain::{ForcingKind, GridSpec, ValidTime, VectorField};

use super::continuity::Continuity;
use super::expectation::{Expectation, HolePolicy, Limits, Unseen};
use super::mask::{self, OpenSea};
use super::presence::{Lost, Presence};
use super::summary::{self, MANY};
use super::verdict::{Finding, Verdict};

/// Looks at the steps of one series.
pub struct SeriesCheck<'a> {
    kind: ForcingKind,
    grid: &'a GridSpec,
    coast: Option<&'a Coast>,
    limits: Limits,
    holes: HolePolicy,
    times: Vec<ValidTime>,
    /// The first step with each digest.
    digests: HashMap<u64, usize>,
    presence: Presence,
    continuity: Continuity,
    verdict: Verdict,
}

impl<'a> SeriesCheck<'a> {
    /// Of a series on a grid. Without a coast nothing is told of where missing values lie.
    pub fn new(expected: &Expectation, grid: &'a GridSpec, coast: Option<&'a Coast>) -> Self {
        Self {
            kind: expected.kind,
            grid,
            coast,
            limits: expected.limits,
            holes: expected.holes,
            times: Vec::new(),
            digests: HashMap::new(),
            presence: Presence::new(grid.len(), grid.nx()),
            continuity: Continuity::new(grid),
            verdict: Verdict::default(),
        }
    }

    /// Looks at the next step.
    pub fn look(&mut self, time: ValidTime, field: &VectorField) {
        let step = self.times.len();
        self.times.push(time);
        if field.east.len() != self.grid.len() || field.north.len() != self.grid.len() {
            let words = format!(
                "has {} nodes of {}",
                field.east.len().min(field.north.len()),
                self.grid.len()
            );
            self.verdict.refuse(self.finding("grid", step, &words));
            return;
        }
        let summary = summary::summarise(field);
        if let Some((code, words)) = summary.objection(self.kind, &self.limits) {
            self.verdict.refuse(self.finding(code, step, &words));
        }
        if summary.values > MANY {
            let first = *self.digests.entry(summary.digest).or_insert(step);
            if first != step && self.verdict.refused.is_none() {
                let words = format!("repeats {} at {} to the last bit", self.kind, self.times[first]);
                self.verdict.refuse(self.finding("stuck", step, &words));
            }
        }
        let open_sea = self.coast.map(|coast| OpenSea::new(coast, self.grid));
        let in_open_sea = |node: usize| open_sea.as_ref().is_some_and(|open_sea| open_sea.holds(node));
        if let Some((di, dj)) = self.presence.look(field, in_open_sea) {
            let words = format!("has its missing values moved by {di} nodes along the row and {dj} across");
            self.verdict.refuse(self.finding("shifted", step, &words));
        }
        self.continuity.look(time, field);
    }

    /// What became of all that was looked at.
    pub fn verdict(mut self) -> Verdict {
        let mut verdict = std::mem::take(&mut self.verdict);
        self.judge_holes(&mut verdict);
        self.continuity.judge(self.kind, self.grid, &mut verdict);
        if let Some(coast) = self.coast {
            self.judge_place(coast, &mut verdict);
        }
        verdict
    }

    fn judge_holes(&self, verdict: &mut Verdict) {
        let known = self.presence.seen_count();
        if known == 0 {
            return;
        }
        for (step, lost) in self
            .presence
            .lost()
            .iter()
            .enumerate()
            .filter(|(_, lost)| lost.nodes > 0)
        {
            let share = |nodes: usize| nodes as f64 / known as f64;
            let words = self.lost_words(lost, share(lost.nodes));
            let is_too_much = share(lost.nodes) > self.holes.lost_share;
            if is_too_much || share(lost.open_sea) > self.holes.lost_open_share {
                verdict.refuse(self.finding("hole", step, &words));
            } else if lost.open_sea > 0 {
                verdict.mark(self.finding("hole", step, &words));
            }
        }
    }

    fn lost_words(&self, lost: &Lost, share: f64) -> String {
        let mut words = format!(
            "lacks {:.1} % of the nodes that other steps have ({}",
            share * 100.0,
            lost.nodes
        );
        if lost.open_sea > 0 {
            words.push_str(&format!(", {} of them in open sea", lost.open_sea));
        }
        if let Some(first) = lost.first {
            let (lon, lat) = mask::position(self.grid, first);
            words.push_str(&format!(", the first at {lat:.2} N {lon:.2} E"));
        }
        words + ")"
    }

    /// What no step has, and where the field lies on the globe.
    fn judge_place(&self, coast: &Coast, verdict: &mut Verdict) {
        if self.presence.seen_count() == 0 {
            return;
        }
        if self.kind != ForcingKind::Wind
            && let Some((code, words)) = mask::misplaced(coast, self.grid, &self.presence)
        {
            verdict.refuse(Finding::new(
                code,
                None,
                format!("the land of the {} {words}", self.kind),
            ));
        }
        let open_sea = OpenSea::new(coast, self.grid);
        let unseen = self.presence.unseen(|node| open_sea.holds(node));
        let share = unseen.open_sea as f64 / self.grid.len() as f64;
        if unseen.open_sea == 0 || (self.holes.unseen == Unseen::Mark && share < UNSEEN_SHARE) {
            return;
        }
        let place = unseen
            .first
            .map(|first| mask::position(self.grid, first))
            .unwrap_or_default();
        let message = format!(
            "no step has {} at {} nodes of open sea ({:.1} %), the first at {:.2} N {:.2} E",
            self.kind,
            unseen.open_sea,
            share * 100.0,
            place.1,
            place.0
        );
        match self.holes.unseen {
            Unseen::Refuse => verdict.refuse(Finding::new("hole", None, message)),
            Unseen::Mark => verdict.mark(Finding::new("sea_missing", None, message)),
        }
    }

    fn finding(&self, code: &'static str, step: usize, words: &str) -> Finding {
        let time = self.times[step];
        Finding::new(code, Some(time), format!("{} at {time} {words}", self.kind))
    }
}

/// A smaller share of open sea that no step has is the rim of a model, not worth a word.
const UNSEEN_SHARE: f64 = 0.01;

#[cfg(test)]
mod tests;
