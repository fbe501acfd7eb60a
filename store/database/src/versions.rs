//! The version of what an organisation sees, remembered for a moment: every page and tile asks for it. Whatever this
//! process commits is known at once; what another process changes, for example the command line beside the service, is
//! seen within [`REMEMBERED`].

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftline_domain::OrgId;

/// How long a version is believed that this process did not change.
const REMEMBERED: Duration = Duration::from_millis(200);
/// Organisations remembered; beyond it all are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// What is remembered; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Commits that have begun and not ended: meanwhile nobody knows what a reader sees.
    under_way: AtomicU64,
    /// Commits that have ended.
    ended: AtomicU64,
    known: Mutex<HashMap<OrgId, Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    version: i64,
    ended: u64,
    at: Instant,
}

/// A commit that is under way until it is dropped, however it ends.
pub(crate) struct UnderWay(Versions);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let inner = &self.0.0;
        inner.ended.fetch_add(1, Ordering::SeqCst);
        inner.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Versions {
    /// Says that a commit begins.
    pub(crate) fn commit_begins(&self) -> UnderWay {
        self.0.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay(self.clone())
    }

    /// The remembered version of an organisation, where it is certain.
    pub(crate) fn remembered(&self, org: OrgId) -> Option<i64> {
        let ended = self.settled()?;
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&org)?;
        (known.ended == ended && known.at.elapsed() < REMEMBERED).then_some(known.version)
    }

    /// How many commits have ended, while none is under way. To be asked before a version is read that will be
    /// remembered.
    pub(crate) fn settled(&self) -> Option<u64> {
        let ended = self.0.ended.load(Ordering::SeqCst);
        (self.0.under_way.load(Ordering::SeqCst) == 0).then_some(ended)
    }

    /// Remembers what was read since so many commits had ended, unless something was committed meanwhile.
    pub(crate) fn remember(&self, org: OrgId, version: i64, read_at: Instant, settled: Option<u64>) {
        let Some(ended) = settled.filter(|_| self.settled() == settled) else {
            return;
        };
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        let at = read_at;
        known.insert(org, Known { version, ended, at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_remembered_across_a_commit() {
        let (versions, org) = (Versions::default(), OrgId::generate());
        let now = Instant::now;
        assert_eq!(versions.remembered(org), None);
        versions.remember(org, 7, now(), versions.settled());
        assert_eq!(versions.remembered(org), Some(7));
        let commit = versions.commit_begins();
        assert_eq!(versions.remembered(org), None, "a commit is under way");
        assert_eq!(versions.settled(), None);
        drop(commit);
        assert_eq!(versions.remembered(org), None, "a commit has ended");
        let before = versions.settled();
        drop(versions.commit_begins());
        versions.remember(org, 8, now(), before);
        assert_eq!(versions.remembered(org), None, "read before the commit");
        versions.remember(org, 9, now() - REMEMBERED, versions.settled());
        assert_eq!(versions.remembered(org), None, "too old");
    }
}
