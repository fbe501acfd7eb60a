//! What the scheduler knows of a feed: what it did, what it waits for, what went wrong. Kept in the store beside the
//! forcing, so that every process can tell it; a hint for people and monitors, on which no decision rests.

use std::collections::BTreeMap;

use driftline_domain::{RunTime, ValidTime};
use driftline_store::{Catalog, Horizon, Manifest, MissingStep};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::feed::About;
use crate::fetch::HostState;

/// Problems that are remembered.
const MOST_PROBLEMS: usize = 20;
/// A problem that was not met for so long is over, and begins anew when it is met again.
const OVER_AFTER: SignedDuration = SignedDuration::from_hours(6);

/// What the scheduler says of one feed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When it was last looked at.
    pub polled_at: Option<Timestamp>,
    /// When it is looked at next.
    pub next_poll_at: Option<Timestamp>,
    /// Cycles that are being fetched, by nominal time.
    pub fetching: BTreeMap<RunTime, Progress>,
    /// When published cycles were last compared with what their provider has.
    #[serde(default)]
    pub rechecked: BTreeMap<RunTime, Timestamp>,
    /// Whether the last look ended with a problem.
    #[serde(default)]
    pub failed: bool,
    /// Newest problems, the last one last.
    pub problems: Vec<Problem>,
    /// Since the data directory was made.
    pub counters: Counters,
    /// Hosts that the feed was fetched from.
    pub hosts: BTreeMap<String, HostReport>,
}

/// How far a cycle has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Parts that make the cycle.
    pub parts: usize,
    /// Parts that are here and sound.
    pub fetched: usize,
    /// Their bytes.
    pub bytes: u64,
    /// What is not here, and why.
    pub missing: Vec<MissingStep>,
    /// When the first part was there.
    pub first_seen_at: Option<Timestamp>,
}

/// Something that went wrong, as often as it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// When it was first seen.
    pub first_at: Timestamp,
    /// When it was last seen.
    pub last_at: Timestamp,
    /// How often.
    pub count: u64,
    /// What it is, for programs.
    pub code: String,
    /// What it befell: a part of a cycle, a host.
    #[serde(default)]
    pub subject: String,
    /// What it is, for the officer on duty; as it was said last.
    pub message: String,
}

/// Counts that only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Parts fetched.
    pub parts: u64,
    /// Bytes fetched.
    pub bytes: u64,
    /// Parts that were fetched and refused.
    pub refused: u64,
    /// Revisions published.
    pub published: u64,
    /// Turns that ended with a problem.
    pub failed_turns: u64,
}

/// A host as it was met.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HostReport {
    /// Nobody asks it before this.
    pub paused_until: Option<Timestamp>,
    /// Failures since the last success.
    pub failures_in_a_row: u32,
    /// What it said last when it failed.
    pub last_failure: Option<String>,
    /// Requests since the process started.
    pub requests: u64,
    /// Answers that asked to come back later, since the process started.
    pub throttled: u64,
}

/// A host as the client met it.
pub(crate) fn host_report(state: HostState) -> (String, HostReport) {
    let report = HostReport {
        paused_until: state.open_until,
        failures_in_a_row: state.consecutive_failures,
        last_failure: state.last_error,
        requests: state.requests,
        throttled: state.throttled,
    };
    (state.host, report)
}

impl Report {
    /// Notes a problem; the same one of the same subject again is counted. Returns whether it begins, so that it is logged
    /// once.
    pub fn note(&mut self, code: &str, subject: &str, message: String, now: Timestamp) -> bool {
        let is_same = |problem: &Problem| problem.code == code && problem.subject == subject;
        let before = self
            .problems
            .iter()
            .position(is_same)
            .map(|at| self.problems.remove(at));
        let begins = before
            .as_ref()
            .is_none_or(|known| now.duration_since(known.last_at) > OVER_AFTER);
        // The last one said stands last.
        self.problems.push(Problem {
            first_at: before.as_ref().map_or(now, |known| known.first_at),
            last_at: now,
            count: before.map_or(0, |known| known.count) + 1,
            code: code.to_owned(),
            subject: subject.to_owned(),
            message,
        });
        if self.problems.len() > MOST_PROBLEMS {
            self.problems.remove(0);
        }
        begins
    }
}

/// In what state a feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    /// The newest cycle that should be complete is.
    Fresh,
    /// A cycle should be complete by now and is not.
    Late,
    /// Nothing of it was ever published.
    Empty,
    /// It is not fetched by this installation.
    Off,
}

/// A feed as people and monitors see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedStatus {
    /// Name.
    pub feed: String,
    /// One line.
    pub title: String,
    /// Who makes it.
    pub provider: String,
    /// Credit line.
    pub attribution: String,
    /// Licence.
    pub licence: String,
    /// In short.
    pub state: FeedState,
    /// The newest published cycle.
    pub last_cycle: Option<LastCycle>,
    /// Nominal time of the next cycle.
    pub expected_run: Option<RunTime>,
    /// When that should be complete.
    pub expected_at: Option<Timestamp>,
    /// Seconds that the newest cycle that should be complete is overdue; 0 where it is there.
    pub overdue_s: i64,
    /// What the scheduler said last; `None` where none has run.
    pub report: Option<Report>,
}

/// A published cycle in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LastCycle {
    /// Nominal time.
    pub run: RunTime,
    /// Revision.
    pub revision: u32,
    /// When it was published.
    pub published_at: Timestamp,
    /// Seconds since its nominal time.
    pub age_s: i64,
    /// Seconds from its nominal time to its publication.
    pub lag_s: i64,
    /// Last time that it has.
    pub valid_until: Option<ValidTime>,
    /// Whether every expected step is there.
    pub complete: bool,
    /// Steps that are not there, and why.
    pub missing: Vec<MissingStep>,
    /// Findings of quality control.
    pub marks: usize,
}

/// What is told of a feed at a time; pure.
pub(crate) fn status(
    about: &About,
    is_on: bool,
    catalog: &Catalog,
    report: Option<Report>,
    now: Timestamp,
) -> FeedStatus {
    let last_cycle = last_cycle(about.name, catalog, now);
    let due = last_due(about, now);
    let done = last_cycle
        .as_ref()
        .is_some_and(|last| last.run.0 >= due && last.complete);
    let overdue_s = if done || !is_on {
        0
    } else {
        let waited_for = oldest_waited_for(about, catalog, due);
        now.duration_since(waited_for + about.complete_after).as_secs().max(0)
    };
    let state = match &last_cycle {
        _ if !is_on => FeedState::Off,
        None => FeedState::Empty,
        Some(_) if done => FeedState::Fresh,
        Some(_) => FeedState::Late,
    };
    let newest_done = last_cycle
        .as_ref()
        .filter(|last| done && last.complete)
        .map(|last| last.run.0);
    let expected = newest_done.map_or(due, |newest| newest.max(due) + about.cadence);
    FeedStatus {
        feed: about.name.to_owned(),
        title: about.title.to_owned(),
        provider: about.provider.to_owned(),
        attribution: about.attribution.to_owned(),
        licence: about.licence.to_owned(),
        state,
        last_cycle,
        expected_run: is_on.then_some(RunTime(expected)),
        expected_at: is_on.then_some(expected + about.complete_after),
        overdue_s,
        report,
    }
}

/// Nominal time of the newest cycle that should be complete by now.
fn last_due(about: &About, now: Timestamp) -> Timestamp {
    let cadence_s = about.cadence.as_secs().max(1);
    let due_s = (now - about.complete_after).as_second();
    Timestamp::from_second(due_s - due_s.rem_euclid(cadence_s)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Nominal time of the first cycle that should be complete and is not: a feed that has been dead for days is late by days. Of a
/// feed that never was complete only the newest cycle that is due can be missed.
fn oldest_waited_for(about: &About, catalog: &Catalog, due: Timestamp) -> Timestamp {
    let is_complete = |manifest: &Manifest| manifest.horizon.as_ref().is_none_or(Horizon::is_complete);
    let manifests = catalog.cycles().map(|cycle| &cycle.manifest);
    let complete = manifests.filter(|manifest| manifest.feed == about.name && is_complete(manifest));
    let newest = complete.map(|manifest| manifest.run.0).max();
    newest.map_or(due, |newest| due.min(newest + about.cadence))
}

/// The newest published cycle of a feed in short.
pub(crate) fn last_cycle(feed: &str, catalog: &Catalog, now: Timestamp) -> Option<LastCycle> {
    let of_feed = catalog.cycles().filter(|cycle| cycle.manifest.feed == feed);
    let manifest = &of_feed.max_by_key(|cycle| cycle.manifest.run)?.manifest;
    let horizon: Option<&Horizon> = manifest.horizon.as_ref();
    let seconds = |duration: SignedDuration| duration.as_secs();
    Some(LastCycle {
        run: manifest.run,
        revision: manifest.revision,
        published_at: manifest.published_at,
        age_s: seconds(now.duration_since(manifest.run.0)),
        lag_s: seconds(manifest.published_at.duration_since(manifest.run.0)),
        valid_until: manifest
            .series
            .iter()
            .filter_map(|series| series.times.last().copied())
            .max(),
        complete: horizon.is_none_or(Horizon::is_complete),
        missing: horizon.map(|horizon| horizon.missing.clone()).unwrap_or_default(),
        marks: manifest.marks.len(),
    })
}
