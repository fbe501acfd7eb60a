//! `/v1/missions`: questions are posted, followed and withdrawn here, and their result files fetched (contract.md).

mod actions;
mod completed;
mod documents;
mod events;
mod follow;
mod listener;
mod order;
mod particles;
mod read;
mod results;
mod socket;
mod streams;
mod submit;
mod view;

pub(crate) use actions::{ACTIONS, act, batch, methods_of_actions};
pub(crate) use completed::{CompletedMissions, known_mission};
pub(crate) use documents::DocumentMakers;
pub(crate) use events::events;
pub(crate) use particles::particles;
pub(crate) use read::{list, mission, status, withdraw, withdraw_mission};
pub(crate) use results::{file, file_names, media_type, results};
pub(crate) use socket::{socket, tickets};
pub(crate) use streams::EventStreams;
pub(crate) use submit::{accept, read_json_body, submit, validate};
pub(crate) use view::{CAPABILITIES, FIELDS, map_links};

use driftline_database::Mission;
use driftline_domain::{MissionId, OrgId};

use crate::{AppState, Error};

/// A mission of this organisation by its printed id; what is no id is as unknown as another tenant's mission.
pub(crate) async fn find_mission(state: &AppState, org: OrgId, id: &str) -> Result<Mission, Error> {
    let unknown = || Error::not_found("mission", id);
    let parsed: MissionId = id.parse().ok().ok_or_else(unknown)?;
    state.database.mission(org, parsed).await?.ok_or_else(unknown)
}
