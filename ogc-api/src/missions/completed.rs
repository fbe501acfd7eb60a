//! Completed missions as they were found: every request below a mission's root needs the mission, whose summary alone is long
//! enough for reading it again to cost more than a page of features. What is kept is believed for as long as the content
//! version of its organisation stays the same: that grows with whatever changes a mission, the progress of a running one
//! apart, and a running one is not kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use driftline_database::{Mission, MissionStatus};
use driftline_domain::{MissionId, OrgId};

use super::find_mission;
use crate::{AppState, Error};

/// Missions kept; beyond it all are forgotten.
const MAX_KEPT: usize = 256;

/// A mission with the content version that it was read at.
type Kept = (i64, Arc<Mission>);

/// What is kept.
#[derive(Default)]
pub(crate) struct CompletedMissions(Mutex<HashMap<(OrgId, MissionId), Kept>>);

impl CompletedMissions {
    fn kept(&self, org: OrgId, id: MissionId, version: i64) -> Option<Arc<Mission>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, mission) = kept.get(&(org, id))?;
        (*read_at == version).then(|| Arc::clone(mission))
    }

    fn keep(&self, mission: Mission, version: i64) -> Arc<Mission> {
        let mission = Arc::new(mission);
        if mission.status == MissionStatus::Completed {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert((mission.org, mission.id), (version, Arc::clone(&mission)));
        }
        mission
    }
}

/// A mission of this organisation by its printed id, as [`find_mission`] finds it.
pub(crate) async fn known_mission(state: &AppState, org: OrgId, id: &str) -> Result<Arc<Mission>, Error> {
    let parsed: MissionId = id.parse().ok().ok_or_else(|| Error::not_found("mission", id))?;
    // Asked before the mission is read: what is committed meanwhile makes the mission newer than its version, never older.
    let version = state.database.content_version(org).await?;
    if let Some(kept) = state.completed().kept(org, parsed, version) {
        return Ok(kept);
    }
    let found = find_mission(state, org, id).await?;
    Ok(state.completed().keep(found, version))
}
