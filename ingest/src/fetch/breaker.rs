//! The circuit breaker of a host: after failures in a row it is left alone, then one request probes it.

use std::time::Duration;

use tokio::time::Instant;

use super::settings::HostLimits;

/// Whether a host is asked.
#[derive(Debug)]
pub(super) struct Breaker {
    limits: HostLimits,
    failures: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Closed,
    /// Left alone.
    Open {
        until: Instant,
        rest: Duration,
    },
    /// One request is on its way and decides.
    Probing {
        since: Instant,
        rest: Duration,
    },
}

/// What a request that may go is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// One of many.
    Ordinary,
    /// The one that decides whether the host is asked again.
    Probe,
}

impl Breaker {
    pub(super) fn new(limits: HostLimits) -> Self {
        Self {
            limits,
            failures: 0,
            state: State::Closed,
        }
    }

    /// Lets a request go, or says until when the host is left alone.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Admission, Instant> {
        match self.state {
            State::Closed => Ok(Admission::Ordinary),
            State::Open { until, rest } if until <= now => {
                self.state = State::Probing { since: now, rest };
                Ok(Admission::Probe)
            }
            State::Open { until, .. } => Err(until),
            State::Probing { since, rest } => Err((since + rest).max(now)),
        }
    }

    /// Until when the host is left alone, if it is.
    pub(super) fn rests_until(&self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Open { until, .. } if until > now => Some(until),
            _ => None,
        }
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// The host answered, be it that there is no such object. Returns the failures before it if this ends a rest.
    pub(super) fn answered(&mut self) -> Option<u32> {
        let before = std::mem::replace(&mut self.state, State::Closed);
        let failures = std::mem::take(&mut self.failures);
        (before != State::Closed).then_some(failures)
    }

    /// The host failed. Returns until when it is left alone if this failure decided it.
    pub(super) fn failed(&mut self, now: Instant) -> Option<Instant> {
        self.failures = self.failures.saturating_add(1);
        let rest = match self.state {
            State::Closed if self.failures >= self.limits.failures_to_rest => self.limits.rest,
            State::Probing { rest, .. } => (rest * 2).min(self.limits.longest_rest.max(self.limits.rest)),
            State::Closed | State::Open { .. } => return None,
        };
        let until = now + rest;
        self.state = State::Open { until, rest };
        Some(until)
    }

    /// The probe was given up by its caller; the next request is one.
    pub(super) fn probe_lost(&mut self, now: Instant) {
        if let State::Probing { rest, .. } = self.state {
            self.state = State::Open { until: now, rest };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(HostLimits {
            failures_to_rest: 3,
            rest: Duration::from_secs(60),
            longest_rest: Duration::from_secs(200),
            ..HostLimits::default()
        })
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let (mut breaker, now) = (breaker(), Instant::now());
        assert_eq!([breaker.failed(now), breaker.failed(now)], [None, None]);
        assert_eq!(breaker.answered(), None);
        assert_eq!([breaker.failed(now), breaker.failed(now)], [None, None]);
        assert_eq!(breaker.admit(now), Ok(Admission::Ordinary));
        let until = breaker.failed(now).unwrap();
        assert_eq!(until, now + Duration::from_secs(60));
        assert_eq!(breaker.admit(now), Err(until));
        assert_eq!(
            breaker.failed(now),
            None,
            "a request that was on its way prolongs nothing"
        );
    }

    #[test]
    fn one_probe_decides_and_each_that_fails_doubles_the_rest() {
        let (mut breaker, mut now) = (breaker(), Instant::now());
        for _ in 0..3 {
            breaker.failed(now);
        }
        for seconds in [120, 200, 200] {
            now = breaker.rests_until(now).unwrap();
            assert_eq!(breaker.admit(now), Ok(Admission::Probe));
            assert!(breaker.admit(now).is_err(), "one at a time");
            assert_eq!(breaker.failed(now), Some(now + Duration::from_secs(seconds)));
        }
        now += Duration::from_secs(200);
        assert_eq!(breaker.admit(now), Ok(Admission::Probe));
        assert_eq!(breaker.answered(), Some(6));
        assert_eq!(breaker.admit(now), Ok(Admission::Ordinary));
    }

    #[test]
    fn a_probe_that_nobody_waits_for_any_more_makes_way_for_the_next() {
        let (mut breaker, mut now) = (breaker(), Instant::now());
        for _ in 0..3 {
            breaker.failed(now);
        }
        now += Duration::from_secs(60);
        assert_eq!(breaker.admit(now), Ok(Admission::Probe));
        breaker.probe_lost(now);
        assert_eq!(breaker.admit(now), Ok(Admission::Probe));
    }
}
