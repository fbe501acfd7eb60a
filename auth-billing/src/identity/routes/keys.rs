//! API keys, made, listed and revoked by people. Nobody gives a key more than the role has; who may manage own keys only
//! sees those.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use driftline_database::ApiKey;
use driftline_domain::{KeyId, UserId, Violation};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::accounts::{act, detailed};
use super::super::body::Body;
use super::super::made_keys::require_scopes;
use super::super::matrix::{Grant, Resource, Verb};
use super::super::service::Identity;
use super::{absent, named};
use crate::keys::{Successor, successor};
use crate::routes::allow_only;
use crate::{AllowedOrigins, Caller, Error, KeyText, Networks, Problem, Scopes, mint, mint_publishable};

/// Seconds for which a key and its successor both work.
const DEFAULT_OVERLAP_S: i64 = 86_400;
const MAX_OVERLAP_S: i64 = 90 * 86_400;

pub(super) async fn list(
    State(identity): State<Identity>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    let made_by = own_only(&caller, Verb::Read)?;
    let mut keys = identity.database().keys(caller.org).await?;
    if let Some(user) = made_by {
        keys.retain(|key| key.created_by == Some(user));
    }
    Ok(Json(json!({ "keys": keys })))
}

/// Whose keys only, where the caller may do it to own keys only.
fn own_only(caller: &Caller, verb: Verb) -> Result<Option<UserId>, Problem> {
    caller.require_right(Resource::Keys, verb, true)?;
    match caller.grant(Resource::Keys, verb) {
        Grant::Own => Ok(caller.person.map(|person| person.user)),
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyWish {
    name: String,
    kind: Option<String>,
    scopes: Option<Vec<String>>,
    origins: Option<Vec<String>>,
    networks: Option<Vec<String>>,
    expires_at: Option<String>,
}

pub(super) async fn create(
    State(identity): State<Identity>,
    caller: Caller,
    Body(wish): Body<KeyWish>,
) -> Result<Response, Problem> {
    caller.require_right(Resource::Keys, Verb::Create, true)?;
    let now = identity.now();
    let (text, mut row) = cut(&caller, &wish, now)?;
    let networks = wish.networks.clone().unwrap_or_default();
    let networks = Networks::parse(networks.iter().map(String::as_str))
        .map_err(|error| Problem::invalid(vec![Violation::new("networks", "invalid", error.to_string())]))?;
    row.networks = networks.names();
    row.created_by = caller.person.map(|person| person.user);
    let mut change = identity.database().account_change("store the key").await?;
    require_scopes(&mut change, &caller, &Scopes::of_stored(&row.scopes)).await?;
    change.insert_key(&row).await?;
    let details = json!({ "kind": row.kind, "scopes": row.scopes, "origins": row.origins, "networks": row.networks, "expires_at": row.expires_at });
    let created = detailed(act(caller.org, caller.actor(), "key.created", row.id), details);
    change.record(&created, now).await?;
    change.commit().await?;
    let mut answer = serde_json::to_value(&row).unwrap_or_default();
    answer["key"] = json!(text.expose());
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn cut(caller: &Caller, wish: &KeyWish, now: Timestamp) -> Result<(KeyText, ApiKey), Problem> {
    let broken = |field: &str, error: &dyn std::fmt::Display| {
        Problem::invalid(vec![Violation::new(field, "invalid", error.to_string())])
    };
    let expires_at = match &wish.expires_at {
        Some(text) => {
            let parsed = text.parse::<Timestamp>();
            Some(parsed.map_err(|_not_a_time| broken("expires_at", &"it is not an RFC 3339 time with a zone"))?)
        }
        None => None,
    };
    let made = match wish.kind.as_deref().unwrap_or("secret") {
        "secret" => {
            if wish.origins.is_some() {
                return Err(broken("origins", &"a secret key has no origins; kind publishable has"));
            }
            let scopes = wish.scopes.clone().unwrap_or_default().join(",");
            let scopes: Scopes = scopes.parse().map_err(|error: Error| broken("scopes", &error))?;
            mint(caller.org, &wish.name, &scopes, expires_at, now)
        }
        "publishable" => {
            if wish.scopes.is_some() {
                return Err(broken(
                    "scopes",
                    &"a publishable key reads maps and features and nothing else",
                ));
            }
            let origins = wish.origins.clone().unwrap_or_default();
            let origins = AllowedOrigins::parse(origins.iter().map(String::as_str));
            let origins = origins.map_err(|error| broken("origins", &error))?;
            mint_publishable(caller.org, &wish.name, &origins, expires_at, now)
        }
        _ => return Err(broken("kind", &"the kinds are secret and publishable")),
    };
    made.map_err(|error| match error {
        Error::KeyName(_) => broken("name", &error),
        Error::ExpiresInThePast(_) => broken("expires_at", &error),
        Error::NoScope => broken("scopes", &error),
        Error::NoOrigin => broken("origins", &error),
        error => error.into(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateWish {
    /// Seconds for which both work.
    overlap_s: Option<i64>,
}

/// A successor with the same name, scopes, origins and networks; the old key ends after the overlap.
pub(super) async fn rotate(
    State(identity): State<Identity>,
    caller: Caller,
    Path(id): Path<String>,
    Body(wish): Body<RotateWish>,
) -> Result<Response, Problem> {
    let id: KeyId = named("key", &id)?;
    let known = identity.database().key(id).await?;
    let known = known.filter(|key| key.org == caller.org && key.user.is_none());
    let key = known.ok_or_else(|| absent("key", &id))?;
    let owns = caller.person.is_some_and(|person| key.created_by == Some(person.user));
    caller.require_right(Resource::Keys, Verb::Update, owns)?;
    let overlap_s = wish.overlap_s.unwrap_or(DEFAULT_OVERLAP_S);
    if !(0..=MAX_OVERLAP_S).contains(&overlap_s) {
        let message = format!("{overlap_s} s is not between 0 and {MAX_OVERLAP_S}");
        return Err(Problem::invalid(vec![Violation::new(
            "overlap_s",
            "out_of_range",
            message,
        )]));
    }
    let now = identity.now();
    let overlap = SignedDuration::from_secs(overlap_s);
    let refuse = |error: Error| match error {
        Error::NoKeyToReplace(_) => Problem::conflict(error.to_string()),
        error => error.into(),
    };
    let Successor { text, row, old_ends } = successor(key, overlap, now).map_err(refuse)?;
    let row = ApiKey {
        // Who is shown the secret answers for it.
        created_by: caller.person.map(|person| person.user),
        ..row
    };
    let mut change = identity.database().account_change("replace the key").await?;
    require_scopes(&mut change, &caller, &Scopes::of_stored(&row.scopes)).await?;
    if !change.replace_key(id, &row, old_ends, now).await? {
        return Err(refuse(Error::NoKeyToReplace(id)));
    }
    let details = json!({ "successor": row.id, "overlap_s": overlap_s });
    let replaced = detailed(act(caller.org, caller.actor(), "key.replaced", id), details);
    change.record(&replaced, now).await?;
    change.commit().await?;
    let mut answer = serde_json::to_value(&row).unwrap_or_default();
    answer["key"] = json!(text.expose());
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

pub(super) async fn revoke(
    State(identity): State<Identity>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: KeyId = named("key", &id)?;
    let known = identity.database().key(id).await?;
    let known = known.filter(|key| key.org == caller.org && key.user.is_none());
    let Some(key) = known else {
        // First of all whether it is one's own organisation's: a foreign key is not there for anybody.
        return Err(absent("key", &id));
    };
    let owns = caller.person.is_some_and(|person| key.created_by == Some(person.user));
    caller.require_right(Resource::Keys, Verb::Delete, owns)?;
    let made_by = own_only(&caller, Verb::Delete)?;
    let now = identity.now();
    let mut change = identity.database().account_change("revoke the key").await?;
    if !change.revoke_key(caller.org, id, made_by, now).await? {
        return Err(Problem::conflict(format!("the key {id} was revoked already")));
    }
    change
        .record(&act(caller.org, caller.actor(), "key.revoked", id), now)
        .await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
