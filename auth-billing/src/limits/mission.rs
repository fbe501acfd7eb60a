//! The limit of new missions, which is asked once the body has been read: a mission in distress has its organisation's own
//! limit, 60 an hour, and passes the others, so that no program that sends too many ordinary missions stands in its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driftline_database::MISSION_METER;
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

    /// Lets one mission of so many particle-hours in, or refuses it with 429. The first ordinary one was counted with its
    /// request; one in distress is held against no quota and settled afterwards.
    pub async fn admit(&self, key: KeyId, is_distress: bool, particle_hours: u64) -> Result<(), Problem> {
        let Inner { limits, org, .. } = &*self.0;
        if let Some(quotas) = limits.0.quotas.as_ref().filter(|_| !is_distress) {
            quotas.check(*org, MISSION_METER, particle_hours)?;
        }
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
