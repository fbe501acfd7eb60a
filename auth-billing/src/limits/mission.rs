//! The limit of new missions, which is asked once the body has been read: a mission in distress has its organisation's own
//! limit, 60 an hour, and passes the others, so that no program that sends too many ordinary missions stands in its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driftline_domain::{KeyId, OrgId};

use super::Limits;
use super::class::Class;
use crate::Problem;

/// In the extensions of a request that may bring missions; its handler asks it for each of them.
#[derive(Clone)]
pub struct MissionAdmission(Arc<Inner>);

struct Inner {
    limits: Limits,
    org: OrgId,
    /// What an ordinary mission is told.
    refusal: Option<Problem>,
    is_counted: AtomicBool,
}

impl MissionAdmission {
    pub(super) fn new(limits: Limits, org: OrgId, refusal: Option<Problem>) -> Self {
        Self(Arc::new(Inner {
            limits,
            org,
            refusal,
            is_counted: AtomicBool::new(true),
        }))
    }

    /// Lets one mission in, or refuses it with 429. The first ordinary one was counted with its request.
    pub async fn admit(&self, key: KeyId, is_distress: bool) -> Result<(), Problem> {
        let Inner { limits, org, .. } = &*self.0;
        let class = match (is_distress, &self.0.refusal) {
            (true, _) => Class::Distress,
            (false, Some(problem)) => return Err(problem.clone()),
            (false, None) if self.0.is_counted.swap(false, Ordering::Relaxed) => return Ok(()),
            (false, None) => Class::MissionWrites,
        };
        let admission = limits.admit(class, *org, key).await;
        admission.refusal(&limits.0.settings).map_or(Ok(()), Err)
    }
}
