//! Whose clock the queue goes by. Leases, pauses and times to live are compared by whichever process looks next, so that they
//! must be of one clock: on a server the server's, in the embedded file the machine's, which may be set while missions wait. Below
//! that "now" stays an argument: whoever opens a database without [`Database::with_real_clock`], as tests do, is believed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::{Database, Error, Result, sql};

/// How a database's queue knows the time.
#[derive(Debug, Clone, Default)]
pub(crate) enum QueueClock {
    /// From the caller.
    #[default]
    Caller,
    /// From the caller, whose clock is held against one that nobody sets.
    Watched(Arc<Watch>),
    /// From the server, whatever the caller's clock says.
    Server,
}

/// Sees that the wall clock was set, by a clock that only goes on.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    last: Option<(Timestamp, Instant)>,
    /// Until then leases written by the clock of before may look as if they had run out.
    unsure_until: Option<Instant>,
}

/// What a look at both clocks found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// By how much the wall clock was set since the last look.
    pub(super) step: Option<SignedDuration>,
    /// Whether leases may be judged by it.
    pub(super) is_sure: bool,
}

impl Watch {
    /// Both clocks at once. A difference of less than a third of a lease harms no lease, and is let pass.
    fn look(&self, wall: Timestamp, steady: Instant, lease: Duration) -> Look {
        // Nothing can panic while it is held: a poisoned one is still whole.
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = seen.last.and_then(|(last_wall, last_steady)| {
            let passed = steady.saturating_duration_since(last_steady);
            let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
            let step = wall.duration_since(last_wall).saturating_sub(passed);
            (step.unsigned_abs() >= lease / 3).then_some(step)
        });
        if step.is_some() || seen.last.is_none() {
            // Heartbeats of the living write the new time within a lease.
            seen.unsure_until = step.is_some().then(|| steady + lease);
        }
        seen.last = Some((wall, steady));
        Look {
            step,
            is_sure: seen.unsure_until.is_none_or(|until| steady >= until),
        }
    }
}

impl Database {
    /// The same database with a queue that goes by one real clock: the server's, or the machine's own where the file is
    /// embedded, held against its steady one.
    #[must_use]
    pub fn with_real_clock(mut self) -> Self {
        self.clock = if self.is_shared() {
            QueueClock::Server
        } else {
            QueueClock::Watched(Arc::default())
        };
        self
    }

    /// The queue's time: what its times are written and compared by.
    pub(crate) async fn queue_now(&self, given: Timestamp) -> Result<Timestamp> {
        let QueueClock::Server = self.clock else {
            return Ok(given);
        };
        let asked = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)";
        let found: i64 = sql::query_scalar(asked)
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("ask the server for the time"))?;
        Timestamp::from_microsecond(found).map_err(|error| Error::damaged("clock_timestamp", found, error))
    }

    /// Whether the wall clock was set, where it is watched.
    pub(super) fn look_at_clocks(&self, now: Timestamp, lease: Duration) -> Look {
        match &self.clock {
            QueueClock::Watched(watch) => watch.look(now, Instant::now(), lease),
            QueueClock::Caller | QueueClock::Server => Look {
                step: None,
                is_sure: true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(30);
    const SURE: Look = Look {
        step: None,
        is_sure: true,
    };

    #[test]
    fn a_clock_that_is_set_is_seen_and_leases_are_not_judged_by_it_for_one_of_their_length() {
        let watch = Watch::default();
        let (wall, steady) = (Timestamp::from_second(1_767_225_600).unwrap(), Instant::now());
        let look = |wall_s: i64, steady_s: u64| {
            watch.look(
                wall + SignedDuration::from_secs(wall_s),
                steady + Duration::from_secs(steady_s),
                LEASE,
            )
        };
        assert_eq!(look(0, 0), SURE);
        assert_eq!(look(1, 1), SURE);
        // Long without a look, but both agree; and a correction that harms nothing.
        assert_eq!(look(7_201, 7_201), SURE);
        assert_eq!(look(7_205, 7_202), SURE);
        let set = look(7_205 + 601, 7_203);
        assert_eq!(
            set,
            Look {
                step: Some(SignedDuration::from_secs(600)),
                is_sure: false
            }
        );
        assert_eq!((look(7_835, 7_232).step, look(7_835, 7_232).is_sure), (None, false));
        assert_eq!(look(7_836, 7_233), SURE);
        // Set back.
        let back = look(0, 7_234);
        assert_eq!(
            (back.step, back.is_sure),
            (Some(SignedDuration::from_secs(-7_837)), false)
        );
        assert_eq!(
            look(29, 7_263),
            Look {
                step: None,
                is_sure: false
            }
        );
        assert_eq!(look(30, 7_264), SURE);
    }
}
