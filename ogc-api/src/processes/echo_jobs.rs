//! Asynchronous jobs of the echo process: in memory, a bounded number for each organisation, gone when the process ends. A job
//! is over when its pause is: nothing runs meanwhile.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driftline_domain::{JobId, OrgId};
use jiff::{SignedDuration, Timestamp};

use super::echo::Echoed;
use super::request::Wanted;
use crate::Error;

/// Jobs kept of one organisation; the oldest makes room.
const MAX_OF_ORG: usize = 64;
/// Jobs kept in all, each with results of up to 64 kB.
const MAX_JOBS: usize = 256;

/// A job.
#[derive(Debug)]
pub(super) struct EchoJob {
    /// Identifier.
    pub(super) id: JobId,
    /// When it was accepted and began.
    pub(super) created_at: Timestamp,
    /// What it answers and when.
    pub(super) echoed: Echoed,
    /// How the answer was asked for.
    pub(super) wanted: Wanted,
    dismissed: AtomicBool,
}

/// The jobs of every organisation, oldest first.
#[derive(Debug, Default)]
pub(crate) struct EchoJobs(Mutex<HashMap<OrgId, VecDeque<Arc<EchoJob>>>>);

impl EchoJob {
    /// When its pause is over.
    pub(super) fn finishes_at(&self) -> Timestamp {
        let pause = SignedDuration::try_from(self.echoed.pause).unwrap_or(SignedDuration::ZERO);
        self.created_at.checked_add(pause).unwrap_or(self.created_at)
    }

    /// Whether it was dismissed.
    pub(super) fn is_dismissed(&self) -> bool {
        self.dismissed.load(Ordering::Relaxed)
    }

    /// Dismisses it; false where that was done before.
    pub(super) fn dismiss(&self) -> bool {
        !self.dismissed.swap(true, Ordering::Relaxed)
    }

    /// How long it still takes.
    pub(super) fn rest(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.finishes_at().duration_since(now)).unwrap_or(Duration::ZERO)
    }
}

impl EchoJobs {
    /// Keeps a job, or says that there are too many.
    pub(super) fn add(
        &self,
        org: OrgId,
        echoed: Echoed,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Arc<EchoJob>, Error> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.get(&org).map_or(0, VecDeque::len);
        if own < MAX_OF_ORG && all.values().map(VecDeque::len).sum::<usize>() >= MAX_JOBS {
            return Err(Error::Busy("all organisations together have too many echo jobs"));
        }
        let job = Arc::new(EchoJob {
            id: JobId::generate(),
            created_at: now,
            echoed,
            wanted,
            dismissed: AtomicBool::new(false),
        });
        let jobs = all.entry(org).or_default();
        if jobs.len() >= MAX_OF_ORG {
            jobs.pop_front();
        }
        jobs.push_back(Arc::clone(&job));
        Ok(job)
    }

    /// A job of this organisation.
    pub(super) fn find(&self, org: OrgId, id: JobId) -> Option<Arc<EchoJob>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&org)?.iter().find(|job| job.id == id).map(Arc::clone)
    }

    /// Every job of this organisation that was not dismissed, newest first.
    pub(super) fn list(&self, org: OrgId) -> Vec<Arc<EchoJob>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.get(&org).into_iter().flatten().rev();
        own.filter(|job| !job.is_dismissed()).map(Arc::clone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processes::process::Process;

    #[test]
    fn the_oldest_job_makes_room_and_organisations_do_not_see_each_other() {
        let jobs = EchoJobs::default();
        let (ours, theirs) = (OrgId::generate(), OrgId::generate());
        let add = |org| {
            let echoed = Echoed {
                parts: Vec::new(),
                pause: Duration::from_secs(5),
            };
            jobs.add(org, echoed, Wanted::by_reference(Process::Echo), Timestamp::UNIX_EPOCH)
        };
        let first = add(ours).unwrap();
        assert_eq!(first.rest(Timestamp::UNIX_EPOCH), Duration::from_secs(5));
        assert_eq!(first.rest(Timestamp::from_second(9).unwrap()), Duration::ZERO);
        assert!(jobs.find(theirs, first.id).is_none() && jobs.find(ours, first.id).is_some());
        for _ in 0..MAX_OF_ORG {
            add(ours).unwrap();
        }
        assert!(jobs.find(ours, first.id).is_none());
        let newest = jobs.list(ours)[0].id;
        assert!(jobs.find(ours, newest).unwrap().dismiss());
        assert!(!jobs.find(ours, newest).unwrap().dismiss());
        assert_eq!(jobs.list(ours).len(), MAX_OF_ORG - 1);
        for _ in 0..MAX_JOBS - MAX_OF_ORG {
            add(OrgId::generate()).unwrap();
        }
        assert!(add(theirs).is_err());
        assert!(add(ours).is_ok(), "one of its own makes room");
    }
}
