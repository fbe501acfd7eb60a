//! When a mission runs: from the release on, or in a backtrack from the latest one back.

use driftline_domain::{Direction, MissionSpec, ValidTime};

/// The time that a mission asks for, in its own direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where the run begins.
    pub(crate) start: ValidTime,
    /// Where it is to end; earlier than the start in a backtrack.
    pub(crate) end: ValidTime,
    /// Which way.
    pub(crate) direction: Direction,
}

impl Span {
    pub(crate) fn of(spec: &MissionSpec) -> Self {
        let length_s = i64::from(spec.forecast_hours) * 3600;
        let end_s = spec.time.unix_s().saturating_add(length_s * sign(spec.direction));
        Self {
            start: spec.time,
            end: ValidTime::from_unix_s(end_s).unwrap_or(spec.time),
            direction: spec.direction,
        }
    }

    pub(crate) fn earliest(&self) -> ValidTime {
        self.start.min(self.end)
    }

    pub(crate) fn latest(&self) -> ValidTime {
        self.start.max(self.end)
    }

    /// 1 forward, -1 backward.
    pub(crate) fn sign(&self) -> i64 {
        sign(self.direction)
    }

    /// Seconds from the start to a time, counted in the direction of the run.
    pub(crate) fn seconds_to(&self, time: ValidTime) -> i64 {
        (time.unix_s() - self.start.unix_s()) * self.sign()
    }

    /// The time so many seconds after the start, in the direction of the run.
    pub(crate) fn after_s(&self, seconds: i64) -> Option<ValidTime> {
        ValidTime::from_unix_s(self.start.unix_s() + seconds * self.sign())
    }

    /// Of two times the one that the run comes to first.
    pub(crate) fn sooner(&self, a: ValidTime, b: ValidTime) -> ValidTime {
        if self.seconds_to(a) <= self.seconds_to(b) { a } else { b }
    }
}

fn sign(direction: Direction) -> i64 {
    match direction {
        Direction::Forward => 1,
        Direction::Backtrack => -1,
    }
}
