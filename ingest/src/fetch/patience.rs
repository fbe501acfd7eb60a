//! Trying again: exponential backoff with full jitter, `Retry-After`, and an end to it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::FetchError;
use super::settings::FetchSettings;

/// The attempts of one thing that is wanted.
pub(super) struct Patience<'a> {
    settings: &'a FetchSettings,
    failed: u32,
}

impl<'a> Patience<'a> {
    pub(super) fn new(settings: &'a FetchSettings) -> Self {
        Self { settings, failed: 0 }
    }

    /// Something came: the attempts before do not count any more.
    pub(super) fn renew(&mut self) {
        self.failed = 0;
    }

    /// Waits until the next attempt, or returns the error where another one is pointless.
    pub(super) async fn after(&mut self, error: FetchError) -> Result<(), FetchError> {
        if error.cause().is_none() {
            return Err(error);
        }
        let settings = self.settings;
        let doubled = 1_u32.checked_shl(self.failed).unwrap_or(u32::MAX);
        let longest = settings.backoff_base.saturating_mul(doubled).min(settings.backoff_cap);
        self.failed += 1;
        let now = (settings.now)();
        let asked = error.asked_to_wait_until().map_or(Duration::ZERO, |until| {
            until.duration_since(now).try_into().unwrap_or_default()
        });
        let wait = full_jitter(longest).max(asked);
        if self.failed >= settings.attempts || wait > settings.longest_wait {
            return Err(FetchError::GaveUp {
                attempts: self.failed,
                not_before: later(now, settings.backoff_cap.max(asked)),
                source: Box::new(error),
            });
        }
        sleep(wait).await;
        Ok(())
    }
}

/// Anything from nothing to `longest`, so that many clients do not come back together. Without randomness, `longest`.
fn full_jitter(longest: Duration) -> Duration {
    let share = getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX));
    longest.mul_f64(share)
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).map_or(now, |wait| now.checked_add(wait).unwrap_or(now))
}
