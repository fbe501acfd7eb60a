//! What a cycle lacks, step by step, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftline_domain::ValidTime;
use driftline_store::MissingStep;
use jiff::Timestamp;

use super::cycle_work::{Collected, Wanted};
use crate::cycle::Opened;
use crate::feed::Part;
use crate::report::Progress;

/// Expected times for which the provider has no part at all.
fn unlisted(wanted: &Wanted<'_>) -> Vec<MissingStep> {
    if wanted.parts.iter().any(|part| part.times.is_empty()) {
        return Vec::new();
    }
    let listed: BTreeSet<&ValidTime> = wanted.parts.iter().flat_map(|part| &part.times).collect();
    let absent = wanted.expected.iter().filter(|time| !listed.contains(time));
    let missing = absent.map(|time| MissingStep {
        step: time.to_string(),
        time: Some(*time),
        reason: "the provider lists no file for it".to_owned(),
    });
    missing.collect()
}

/// Every step that a revision made of these parts lacks: those that have not come, and those that wait behind the first of them.
pub(super) fn missing_steps(wanted: &Wanted<'_>, collected: &Collected) -> Vec<MissingStep> {
    let reasons: BTreeMap<usize, &String> = collected.missing.iter().map(|(at, reason)| (*at, reason)).collect();
    let parts = wanted.parts.len();
    let gap = collected.here.iter().position(Option::is_none).unwrap_or(parts);
    let missing = (gap..parts).flat_map(|at| {
        let waits = || format!("waits for {}", wanted.parts[gap].name);
        let reason = reasons.get(&at).map_or_else(waits, |reason| (*reason).clone());
        steps_of(&wanted.parts[at], &wanted.expected, &reason)
    });
    missing.chain(unlisted(wanted)).collect()
}

/// The expected steps of a part, each by name.
fn steps_of(part: &Part, expected: &[ValidTime], reason: &str) -> Vec<MissingStep> {
    let step = |step: String, time| MissingStep {
        step,
        time,
        reason: reason.to_owned(),
    };
    match part.times.as_slice() {
        [] => vec![step(part.name.clone(), None)],
        [one] => vec![step(part.name.clone(), Some(*one))],
        several => {
            let of_window = several.iter().filter(|time| expected.binary_search(time).is_ok());
            of_window
                .map(|time| step(format!("{} {time}", part.name), Some(*time)))
                .collect()
        }
    }
}

/// How far a cycle has come.
pub(super) fn progress(wanted: &Wanted<'_>, collected: &Collected, before: Option<&Progress>) -> Progress {
    let here: Vec<&Arc<Opened>> = collected.here.iter().flatten().collect();
    let absent = collected
        .missing
        .iter()
        .flat_map(|(at, reason)| steps_of(&wanted.parts[*at], &wanted.expected, reason));
    let first_seen_at = before.and_then(|before| before.first_seen_at);
    Progress {
        parts: wanted.parts.len(),
        fetched: here.len(),
        bytes: here.iter().map(|part| part.source.bytes).sum(),
        missing: absent.chain(unlisted(wanted)).collect(),
        first_seen_at: first_seen_at.or_else(|| (!here.is_empty()).then(Timestamp::now)),
    }
}
