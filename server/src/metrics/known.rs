//! What is known of feeds and forcing: as the store says now, or as it said when it could last be asked. An outage of the store
//! must not silence the alarm that feeds are late.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driftline_auth_billing::chain;
use driftline_config::Settings;
use driftline_ingest::{FeedState, FeedStatus};
use driftline_store::Store;
use jiff::Timestamp;

use crate::scheduling;

/// How long the store may take to say how things stand; whoever collects metrics waits hardly longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How things stood at a time.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    at: Timestamp,
    /// Every feed.
    pub(crate) statuses: Vec<FeedStatus>,
    /// Published cycles.
    pub(super) cycles: usize,
    /// Manifests that cannot be read.
    pub(super) damaged: usize,
}

/// The store, and what it said last.
pub(crate) struct Source {
    settings: Settings,
    store: Store,
    last: Mutex<Option<Arc<Known>>>,
}

impl Source {
    pub(crate) fn new(settings: Settings, store: Store) -> Self {
        Self {
            settings,
            store,
            last: Mutex::default(),
        }
    }

    /// How things stand, and whether the store says so itself. `None` where it has not said anything yet.
    pub(crate) async fn look(&self, now: Timestamp) -> (Option<Known>, bool) {
        let last = self.lock().clone();
        match tokio::time::timeout(PATIENCE, self.ask(now)).await {
            Ok(Ok(mut known)) => {
                if let Some(last) = &last {
                    known.keep_reports_of(last);
                }
                *self.lock() = Some(Arc::new(known.clone()));
                return (Some(known), true);
            }
            Ok(Err(error)) => {
                tracing::warn!(
                    cause = chain(error.as_ref()),
                    "metrics tell what was known: the store cannot be read"
                );
            }
            Err(_) => tracing::warn!(
                "metrics tell what was known: the store has not answered within {} s",
                PATIENCE.as_secs()
            ),
        }
        (last.map(|last| last.aged(now)), false)
    }

    async fn ask(&self, now: Timestamp) -> anyhow::Result<Known> {
        let statuses = scheduling::statuses(&self.settings, &self.store, now).await?;
        let catalog = self.store.catalog().await?;
        Ok(Known {
            at: now,
            statuses,
            cycles: catalog.cycles().count(),
            damaged: catalog.damaged().len(),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Known>>> {
        // Nothing can panic while the lock is held: a poisoned one is still whole.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// A report that could not be read this time stands as it was: counts do not vanish and come back.
    fn keep_reports_of(&mut self, last: &Self) {
        for status in self.statuses.iter_mut().filter(|status| status.report.is_none()) {
            let before = last.statuses.iter().find(|before| before.feed == status.feed);
            status.report = before.and_then(|before| before.report.clone());
        }
    }

    /// The same at a later time, as if nothing had been published since.
    fn aged(&self, now: Timestamp) -> Self {
        let mut known = self.clone();
        let passed_s = now.duration_since(self.at).as_secs().max(0);
        for status in known
            .statuses
            .iter_mut()
            .filter(|status| status.state != FeedState::Off)
        {
            if let Some(last) = &mut status.last_cycle {
                last.age_s += passed_s;
            }
            let since_due_s = status.expected_at.map_or(0, |due| now.duration_since(due).as_secs());
            status.overdue_s = match status.overdue_s {
                0 => since_due_s.max(0),
                overdue_s => overdue_s + passed_s,
            };
            if status.overdue_s > 0 && status.state == FeedState::Fresh {
                status.state = FeedState::Late;
            }
        }
        known.at = now;
        known
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn status(state: FeedState, expected_at: Option<Timestamp>, overdue_s: i64) -> FeedStatus {
        FeedStatus {
            feed: "f".to_owned(),
            title: String::new(),
            provider: String::new(),
            attribution: String::new(),
            licence: String::new(),
            state,
            last_cycle: None,
            expected_run: None,
            expected_at,
            overdue_s,
            report: None,
        }
    }

    #[test]
    fn what_was_known_grows_late_while_the_store_is_away() {
        let at = Timestamp::UNIX_EPOCH;
        let hour = SignedDuration::from_hours(1);
        let known = Known {
            at,
            statuses: vec![
                status(FeedState::Fresh, Some(at + hour), 0),
                status(FeedState::Late, Some(at - hour), 3600),
                status(FeedState::Off, Some(at), 0),
                status(FeedState::Fresh, None, 0),
            ],
            cycles: 1,
            damaged: 0,
        };
        let after = |hours: i32| {
            let statuses = known.aged(at + hour * hours).statuses;
            statuses
                .into_iter()
                .map(|status| (status.state, status.overdue_s))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            after(1),
            [
                (FeedState::Fresh, 0),
                (FeedState::Late, 7200),
                (FeedState::Off, 0),
                (FeedState::Fresh, 0)
            ]
        );
        assert_eq!(after(3)[..2], [(FeedState::Late, 7200), (FeedState::Late, 4 * 3600)]);
    }
}
