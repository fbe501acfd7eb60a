//! Login sessions of who is logged in: seen and ended.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use driftline_domain::SessionId;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::super::client::Client;
use super::super::person::Person;
use super::super::service::{Identity, installation_act};
use super::super::sign_in::CLIENT;
use super::super::vault::Place;
use super::{absent, named};
use crate::routes::allow_only;
use crate::{Error, Problem};

#[derive(Serialize)]
struct SessionAnswer {
    id: SessionId,
    /// This very session.
    current: bool,
    method: String,
    #[serde(flatten)]
    client: Client,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
}

pub(super) async fn list(
    State(identity): State<Identity>,
    person: Person,
    RawQuery(raw): RawQuery,
) -> Result<Json<serde_json::Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    let rows = identity.database().login_sessions(person.user, identity.now()).await?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in rows {
        sessions.push(SessionAnswer {
            id: row.id,
            current: row.id == person.session,
            client: identity.open_client(row.id, &row.client)?,
            method: row.method,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        });
    }
    Ok(Json(serde_json::json!({ "sessions": sessions })))
}

pub(super) async fn end(
    State(identity): State<Identity>,
    person: Person,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let session: SessionId = named("session", &id)?;
    if identity.end_session(person.user, session, "ended by its owner").await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(absent("session", &session))
    }
}

pub(super) async fn end_others(
    State(identity): State<Identity>,
    person: Person,
) -> Result<Json<serde_json::Value>, Problem> {
    let now = identity.now();
    let mut change = identity.database().account_change("end the sessions").await?;
    let why = "ended by its owner";
    let ended = change
        .revoke_sessions(person.user, Some(person.session), why, now)
        .await?;
    let act = installation_act(person.actor(), "session.others_ended", person.actor());
    change.record(&act, now).await?;
    change.commit().await?;
    ended.iter().for_each(|id| identity.0.known.forget_session(*id));
    Ok(Json(serde_json::json!({ "ended": ended })))
}

impl Identity {
    pub(super) fn open_client(&self, session: SessionId, sealed: &[u8]) -> Result<Client, Error> {
        let id = session.uuid();
        let place = Place {
            column: CLIENT,
            row: id.as_bytes(),
        };
        let bytes = self.0.vault.open(place, sealed)?;
        serde_json::from_slice(&bytes).map_err(|_not_shown| Error::Sealed(CLIENT))
    }
}
