//! Missions listed, shown and withdrawn.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::{Resource, Scope, Verb, chain};
use driftline_database::{MissionFilter, MissionStatus};
use driftline_domain::{MissionId, OrgId};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::find_mission;
use super::order::{Place, cursor_behind};
use super::view::{mission_json, sparse, status_json, wanted_fields};
use crate::ask::Ask;
use crate::document::{JSON, document};
use crate::error::status_word;
use crate::links::Link;
use crate::query::{PageLimits, Query, shown};
use crate::{AppState, Error};

/// Characters of a search text.
const SEARCH_CHARS: usize = 200;

/// `GET /v1/missions`.
pub(crate) async fn list(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query
        .allow_only(&["limit", "cursor", "sort", "status", "q", "fields"])?;
    let limit = PageLimits::LIST.limit(&ask.query)?;
    let fields = wanted_fields(&ask.query)?;
    let place = Place::of(&ask.query)?;
    let filter = MissionFilter {
        status: status_filter(&ask.query)?,
        after: place.after,
        order: place.sort.map(|(order, _)| order),
        behind: place.behind,
        text: ask.query.get("q").map(search_text).transpose()?,
        created_by: ask.sees_own_missions_only().then_some(ask.caller.key),
        limit: limit as u32 + 1,
    };
    let mut missions = state.database.missions(ask.caller.org, &filter).await?;
    let has_more = missions.len() > limit;
    missions.truncate(limit);
    let mut links = vec![Link::new("self", JSON, ask.self_url())];
    let next = missions.last().filter(|_| has_more);
    let next = next.map(|last| cursor_behind(place.sort, last));
    if let Some(next) = &next {
        links.push(Link::new("next", JSON, next_url(&ask, next)));
    }
    let shown: Vec<Value> = missions
        .iter()
        .map(|mission| sparse(mission_json(mission, &ask.site), fields.as_deref()))
        .collect();
    document(
        &ask.headers,
        JSON,
        &json!({"missions": shown, "next_cursor": next, "links": links}),
    )
}

/// `GET /v1/missions/{mission_id}`.
pub(crate) async fn mission(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&["fields"])?;
    let fields = wanted_fields(&ask.query)?;
    let mission = find_mission(&state, ask.caller.org, ask.param("mission_id")).await?;
    document(
        &ask.headers,
        JSON,
        &sparse(mission_json(&mission, &ask.site), fields.as_deref()),
    )
}

/// `GET /v1/missions/{mission_id}/status`.
pub(crate) async fn status(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&[])?;
    let mission = find_mission(&state, ask.caller.org, ask.param("mission_id")).await?;
    document(&ask.headers, JSON, &status_json(&mission))
}

/// `DELETE /v1/missions/{mission_id}`.
pub(crate) async fn withdraw(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.query.allow_only(&[])?;
    let id = ask.param("mission_id");
    let unknown = || Error::not_found("mission", id);
    let parsed: MissionId = id.parse().ok().ok_or_else(unknown)?;
    let mission = find_mission(&state, ask.caller.org, id).await?;
    ask.require(Scope::MissionsWrite)?;
    ask.require_right(Resource::Missions, Verb::Delete, Some(mission.created_by))?;
    if withdraw_mission(&state, ask.caller.org, parsed).await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(unknown())
    }
}

/// Withdraws a mission with everything of it; false where there is none.
pub(crate) async fn withdraw_mission(state: &AppState, org: OrgId, mission: MissionId) -> Result<bool, Error> {
    if !state.database.delete_mission(org, mission, Timestamp::now()).await? {
        return Ok(false);
    }
    // Nobody listening is no fault.
    let _ = state.changes.send((org, mission));
    // The mission is gone for everybody from here on; files that stay cost space only.
    if let Err(error) = state.files.remove(mission).await {
        tracing::warn!(mission.id = %mission, cause = chain(&error), "files of a withdrawn mission were not removed");
    }
    Ok(true)
}

fn next_url(ask: &Ask, next: &str) -> String {
    let mut pairs: Vec<_> = ask.query.pairs().to_vec();
    pairs.retain(|(name, _)| name != "cursor");
    pairs.push(("cursor".to_owned(), next.to_owned()));
    ask.site.url_with(&ask.path, &pairs)
}

fn status_filter(query: &Query) -> Result<Option<MissionStatus>, Error> {
    const ALL: [MissionStatus; 5] = [
        MissionStatus::Queued,
        MissionStatus::Running,
        MissionStatus::Completed,
        MissionStatus::Failed,
        MissionStatus::Cancelled,
    ];
    let Some(word) = query.get("status") else {
        return Ok(None);
    };
    let found = ALL.into_iter().find(|status| status_word(*status) == word);
    found.map(Some).ok_or_else(|| {
        let words = ALL.map(status_word).join(", ");
        Error::parameter("status", format!("'{}' is not one of {words}", shown(word)))
    })
}

/// Browsers and shells write a blank as a plus sign.
fn search_text(text: &str) -> Result<String, Error> {
    if text.chars().count() > SEARCH_CHARS {
        return Err(Error::parameter(
            "q",
            format!("it has more than {SEARCH_CHARS} characters"),
        ));
    }
    Ok(text.replace('+', " "))
}
