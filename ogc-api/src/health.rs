//! Whether the process should go on: 503 from `/health` makes a supervisor restart it. A database that is busy or down
//! for a moment is no reason; one that cannot be written for [`TOLERATED`] is, because every answer waits for it then.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use driftline_auth_billing::chain;
use driftline_database::Database;
use tokio::time::{Instant, timeout};

/// Failures of the database are borne so long.
const TOLERATED: Duration = Duration::from_secs(30);
/// The database is asked at most this often, however often somebody asks for health.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// An answer that takes longer counts as none: whoever asks for health does not wait long.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What the checks of the database have shown so far.
#[derive(Default)]
pub(crate) struct Health {
    seen: Mutex<Seen>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    asked: Option<Instant>,
    failing_since: Option<Instant>,
}

impl Seen {
    /// Whether the database is due to be asked; whoever is told so asks it.
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.asked.is_none_or(|asked| now.duration_since(asked) >= ASK_EVERY);
        if is_due {
            self.asked = Some(now);
        }
        is_due
    }

    fn note(&mut self, is_well: bool, now: Instant) {
        self.failing_since = match (is_well, self.failing_since) {
            (true, _) => None,
            (false, None) => Some(now),
            (false, since) => since,
        };
    }

    fn is_tolerable(&self, now: Instant) -> bool {
        self.failing_since
            .is_none_or(|since| now.duration_since(since) < TOLERATED)
    }
}

impl Health {
    /// Asks the database where that is due, and judges.
    pub(crate) async fn is_well(&self, database: &Database) -> bool {
        let is_due = self.seen().is_due(Instant::now());
        if is_due {
            let answer = timeout(ANSWER_WITHIN, database.check()).await;
            match &answer {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(cause = chain(error), "the database cannot be used"),
                Err(_) => tracing::error!("the database does not answer within {} s", ANSWER_WITHIN.as_secs()),
            }
            self.seen().note(matches!(answer, Ok(Ok(()))), Instant::now());
        }
        self.seen().is_tolerable(Instant::now())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_database_that_fails_for_long_makes_the_process_unwell() {
        let began = Instant::now();
        let at = |seconds: u64| began + Duration::from_secs(seconds);
        let mut seen = Seen::default();
        assert!(seen.is_due(at(0)) && !seen.is_due(at(1)) && seen.is_due(at(2)));
        seen.note(false, at(2));
        seen.note(false, at(20));
        assert!(seen.is_tolerable(at(31)));
        assert!(!seen.is_tolerable(at(32)), "counted from the first failure");
        seen.note(true, at(40));
        seen.note(false, at(50));
        assert!(seen.is_tolerable(at(79)) && !seen.is_tolerable(at(80)), "counted anew");
    }
}
