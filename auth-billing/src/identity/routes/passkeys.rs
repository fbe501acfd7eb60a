//! Passkeys: registered by who is logged in, used by who wants to be.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use driftline_domain::{PasskeyId, Violation};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::super::body::Body;
use super::super::client::Client;
use super::super::person::Person;
use super::super::service::{Identity, installation_act};
use super::open::answer;
use super::{absent, named};
use crate::Problem;

pub(super) async fn list(State(identity): State<Identity>, person: Person) -> Result<Json<Value>, Problem> {
    let rows = identity.database().passkeys(person.user).await?;
    let passkeys: Vec<Value> = rows
        .iter()
        .map(|row| json!({"id": row.id, "name": row.name, "created_at": row.created_at, "last_used_at": row.last_used_at}))
        .collect();
    Ok(Json(json!({ "passkeys": passkeys })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeWish {
    password: Option<String>,
}

pub(super) async fn challenge(
    State(identity): State<Identity>,
    person: Person,
    client: Client,
    Body(wish): Body<ChallengeWish>,
) -> Result<Response, Problem> {
    let user = identity.user(person.user).await?;
    identity
        .require_presence(&user, person, wish.password.as_deref(), &client)
        .await?;
    Ok(unkept(identity.challenge_registration(person.user).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterWish {
    ceremony: String,
    name: String,
    credential: RegisterPublicKeyCredential,
}

pub(super) async fn register(
    State(identity): State<Identity>,
    person: Person,
    Body(wish): Body<RegisterWish>,
) -> Result<Response, Problem> {
    let name = wish.name.trim();
    if name.is_empty() || name.chars().count() > 50 || name.chars().any(char::is_control) {
        let message = "a passkey's name has 1 to 50 printable characters";
        return Err(Problem::invalid(vec![Violation::new("name", "not_a_name", message)]));
    }
    let id = identity
        .register_passkey(person.user, &wish.ceremony, name, &wish.credential)
        .await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "name": name }))).into_response())
}

pub(super) async fn remove(
    State(identity): State<Identity>,
    person: Person,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: PasskeyId = named("passkey", &id)?;
    let user = identity.user(person.user).await?;
    identity.require_recent_login_without_password(&user, person).await?;
    let now = identity.now();
    let mut change = identity.database().account_change("take the passkey away").await?;
    if !change.delete_passkey(person.user, id).await? {
        return Err(absent("passkey", &id));
    }
    identity
        .notify(&mut change, &user, "A passkey was taken from your account.", now)
        .await?;
    change
        .record(
            &installation_act(person.actor(), "passkey.removed", id.to_string()),
            now,
        )
        .await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn challenge_login(State(identity): State<Identity>) -> Result<Response, Problem> {
    Ok(unkept(identity.challenge_login().await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginWish {
    ceremony: String,
    credential: PublicKeyCredential,
    #[serde(default)]
    cookie: bool,
}

pub(super) async fn log_in(
    State(identity): State<Identity>,
    client: Client,
    headers: HeaderMap,
    Body(wish): Body<LoginWish>,
) -> Result<Response, Problem> {
    if wish.cookie {
        identity.settings().require_own_page(&headers)?;
    }
    let tokens = identity
        .log_in_with_passkey(&wish.ceremony, &wish.credential, &client)
        .await?;
    answer(&identity, tokens, wish.cookie)
}

fn unkept(challenge: Value) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(challenge)).into_response()
}
