//! Who runs the installation sees a tenant's data only through an act that the tenant can see (contract.md, "Who may do what"):
//! a key that reads for a quarter of an hour, listed among the organisation's keys and told in its audit log with the reason.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use driftline_database::{ApiKey, Role};
use driftline_domain::{OrgId, Violation};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

use super::super::accounts::{act, detailed};
use super::super::body::Body;
use super::super::client::Client;
use super::super::matrix::scopes_of;
use super::super::person::Person;
use super::super::service::Identity;
use super::super::sign_in::later;
use super::{absent, named};
use crate::{Problem, mint};

const LIFE: SignedDuration = SignedDuration::from_mins(15);
const REASON_CHARS: std::ops::RangeInclusive<usize> = 10..=500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookWish {
    reason: String,
    password: Option<String>,
}

pub(super) async fn begin(
    State(identity): State<Identity>,
    person: Person,
    client: Client,
    Path(id): Path<String>,
    Body(wish): Body<LookWish>,
) -> Result<Response, Problem> {
    let org: OrgId = named("organisation", &id)?;
    if !person.is_superadmin {
        return Err(match person.member {
            Some((own, _)) if own == org => Problem::forbidden("this is for whoever runs this service"),
            // Whether there is such an organisation is nobody's business.
            _ => absent("organisation", &org),
        });
    }
    let reason = wish.reason.trim();
    if !REASON_CHARS.contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
        let (least, most) = (REASON_CHARS.start(), REASON_CHARS.end());
        let message = format!("a reason has {least} to {most} printable characters; the organisation reads it");
        return Err(Problem::invalid(vec![Violation::new(
            "reason",
            "not_a_reason",
            message,
        )]));
    }
    let user = identity.user(person.user).await?;
    identity
        .require_presence(&user, person, wish.password.as_deref(), &client)
        .await?;
    let found = identity.database().organisation(org).await?;
    let found = found.filter(|found| found.deleted_at.is_none());
    let found = found.ok_or_else(|| absent("organisation", &org))?;
    let now = identity.now();
    let ends = later(now, LIFE);
    let name = format!("look of {}", person.user);
    let (text, row) = mint(org, &name, &scopes_of(Role::Viewer), Some(ends), now)?;
    let row = ApiKey {
        created_by: Some(person.user),
        ..row
    };
    let mut change = identity.database().account_change("begin the look").await?;
    change.insert_key(&row).await?;
    let details = json!({ "reason": reason, "key": row.id, "scopes": row.scopes, "until": ends });
    let begun = detailed(act(org, person.actor(), "organisation.looked_into", org), details);
    change.record(&begun, now).await?;
    change.commit().await?;
    let answer = json!({
        "organisation": org, "name": found.name, "id": row.id, "key": text.expose(), "scopes": row.scopes,
        "expires_at": ends,
    });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}
