//! What is known of each host, and the gate that every request to it goes through.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::FetchError;
use super::breaker::{Admission, Breaker};
use super::pace::Pace;
use super::settings::{FetchSettings, HostLimits};

/// The same trouble of a host is said again after this long.
const SAID_AGAIN_AFTER: Duration = Duration::from_secs(600);

/// A host as status pages and metrics show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostState {
    /// Name, with `:port` where it is not the scheme's own.
    pub host: String,
    /// Until when it is left alone, if it is.
    pub open_until: Option<Timestamp>,
    /// Failures since its last answer.
    pub consecutive_failures: u32,
    /// The last failure, in words.
    pub last_error: Option<String>,
    /// Requests sent.
    pub requests: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Answers that meant that we ask too much.
    pub throttled: u64,
    /// Failed requests by cause.
    pub failures: BTreeMap<&'static str, u64>,
}

/// A host.
pub(super) struct Host {
    name: String,
    places: Semaphore,
    requests: AtomicU64,
    bytes: AtomicU64,
    mind: Mutex<Mind>,
}

struct Mind {
    pace: Pace,
    breaker: Breaker,
    /// The host asked for silence until then.
    quiet_until: Option<Instant>,
    last_error: Option<String>,
    failures: BTreeMap<&'static str, u64>,
    /// When the log last told of trouble that is tried again.
    said: Option<Instant>,
}

/// The permission for one request. Given up without a verdict, it leaves no mark.
pub(super) struct Permit<'a> {
    host: &'a Host,
    admission: Admission,
    judged: bool,
    _place: SemaphorePermit<'a>,
}

impl Host {
    pub(super) fn new(name: String, limits: HostLimits) -> Self {
        Self {
            name,
            places: Semaphore::new(limits.concurrent as usize),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            mind: Mutex::new(Mind {
                pace: Pace::new(limits.requests_per_minute, Instant::now()),
                breaker: Breaker::new(limits),
                quiet_until: None,
                last_error: None,
                failures: BTreeMap::new(),
                said: None,
            }),
        }
    }

    fn mind(&self) -> MutexGuard<'_, Mind> {
        // Counters and times only: none of them is left half changed by a panic.
        self.mind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Waits for a place, for the pace, and for a silence that the host asked for; fails at once where the host is left
    /// alone for longer than is waited.
    pub(super) async fn admit(&self, settings: &FetchSettings) -> Result<Permit<'_>, FetchError> {
        self.refuse_if_resting(settings)?;
        let place = self
            .places
            .acquire()
            .await
            .map_err(|closed| FetchError::Settings(closed.to_string()))?;
        self.refuse_if_resting(settings)?;
        let (paced, quiet) = {
            let mut mind = self.mind();
            let now = Instant::now();
            (mind.pace.reserve(now), mind.quiet_until.unwrap_or(now))
        };
        sleep_until(paced.max(quiet)).await;
        let mut mind = self.mind();
        let admitted = mind.breaker.admit(Instant::now());
        match admitted {
            Ok(admission) => Ok(Permit {
                host: self,
                admission,
                judged: false,
                _place: place,
            }),
            Err(until) => Err(self.resting(&mind, until, settings)),
        }
    }

    fn refuse_if_resting(&self, settings: &FetchSettings) -> Result<(), FetchError> {
        let (mut mind, now) = (self.mind(), Instant::now());
        if let Some(until) = mind.breaker.rests_until(now) {
            return Err(self.resting(&mind, until, settings));
        }
        match mind.quiet_until {
            Some(until) if until <= now => mind.quiet_until = None,
            Some(until) if until - now > settings.longest_wait => {
                return Err(self.resting(&mind, until, settings));
            }
            _ => {}
        }
        Ok(())
    }

    fn resting(&self, mind: &Mind, until: Instant, settings: &FetchSettings) -> FetchError {
        let last = mind.last_error.as_deref().unwrap_or("no error is recorded");
        FetchError::HostResting {
            host: self.name.clone(),
            until: wall_clock(until, (settings.now)()),
            reason: format!("{} failures in a row, the last: {last}", mind.breaker.failures()),
        }
    }

    /// The host as it is now.
    pub(super) fn state(&self, now: Timestamp) -> HostState {
        let mind = self.mind();
        let instant = Instant::now();
        let quiet = mind.quiet_until.filter(|until| *until > instant);
        let open = mind.breaker.rests_until(instant).max(quiet);
        HostState {
            host: self.name.clone(),
            open_until: open.map(|until| wall_clock(until, now)),
            consecutive_failures: mind.breaker.failures(),
            last_error: mind.last_error.clone(),
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            throttled: mind.failures.get("throttled").copied().unwrap_or(0),
            failures: mind.failures.clone(),
        }
    }
}

impl Permit<'_> {
    /// Tells the host what became of the request: its own failures count against it, every other answer speaks for it.
    pub(super) fn settle(mut self, error: Option<&FetchError>, now: Timestamp) {
        self.judged = true;
        let failure = error.and_then(|error| Some((error, error.cause()?)));
        match failure {
            None => self.answered(),
            Some((error, cause)) => self.failed(error, cause, now),
        }
    }

    fn answered(&self) {
        let mut mind = self.host.mind();
        if let Some(failures) = mind.breaker.answered() {
            tracing::info!(host = self.host.name, failures, "answers again and is asked as before");
        }
    }

    fn failed(&self, error: &FetchError, cause: &'static str, now: Timestamp) {
        let mut mind = self.host.mind();
        let instant = Instant::now();
        *mind.failures.entry(cause).or_default() += 1;
        mind.last_error = Some(error.to_string());
        let asked = error
            .asked_to_wait_until()
            .and_then(|until| instant_of(until, now, instant));
        mind.quiet_until = mind.quiet_until.max(asked);
        let host = self.host.name.as_str();
        if let Some(until) = mind.breaker.failed(instant) {
            let (failures, until) = (mind.breaker.failures(), wall_clock(until, now));
            tracing::warn!(host, failures, %until, "left alone after failures in a row, the last: {error}");
        } else if mind.said.is_none_or(|at| instant - at > SAID_AGAIN_AFTER) {
            tracing::warn!(host, "in trouble, tried again: {error}");
            mind.said = Some(instant);
        } else {
            tracing::debug!(host, "{error}");
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.judged && self.admission == Admission::Probe {
            self.host.mind().breaker.probe_lost(Instant::now());
        }
    }
}

/// The instant as a time of the wall clock that reads `now`.
fn wall_clock(instant: Instant, now: Timestamp) -> Timestamp {
    let ahead = instant.saturating_duration_since(Instant::now());
    SignedDuration::try_from(ahead).map_or(now, |ahead| now.checked_add(ahead).unwrap_or(now))
}

fn instant_of(time: Timestamp, now: Timestamp, instant: Instant) -> Option<Instant> {
    let ahead: Duration = time.duration_since(now).try_into().ok()?;
    instant.checked_add(ahead)
}
