//! The second factor of who is logged in. Whoever gives or takes one shows the password again: an unlocked screen is not
//! enough.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use super::super::attempts::Guessed;
use super::super::body::Body;
use super::super::client::Client;
use super::super::person::Person;
use super::super::second_factor::Seed;
use super::super::secret_text::{recovery_code_sha256, recovery_codes};
use super::super::service::{Identity, installation_act};
use super::super::sign_in::SEED;
use super::super::vault::Place;
use crate::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnrolWish {
    password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmWish {
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoveWish {
    password: Option<String>,
    code: String,
}

pub(super) async fn show(State(identity): State<Identity>, person: Person) -> Result<Json<serde_json::Value>, Problem> {
    let totp = identity.database().totp(person.user).await?;
    let left = identity.database().recovery_codes_left(person.user).await?;
    let confirmed_at = totp.and_then(|totp| totp.confirmed_at);
    let answer = serde_json::json!({
        "enabled": confirmed_at.is_some(), "confirmed_at": confirmed_at, "recovery_codes_left": left
    });
    Ok(Json(answer))
}

pub(super) async fn enrol(
    State(identity): State<Identity>,
    person: Person,
    client: Client,
    Body(wish): Body<EnrolWish>,
) -> Result<Response, Problem> {
    let user = identity.user(person.user).await?;
    identity
        .require_presence(&user, person, wish.password.as_deref(), &client)
        .await?;
    let seed = Seed::generate()?;
    let id = user.id.uuid();
    let place = Place {
        column: SEED,
        row: id.as_bytes(),
    };
    let sealed = identity.0.vault.seal(place, seed.bytes())?;
    let now = identity.now();
    let mut change = identity.database().account_change("store the second factor").await?;
    if !change.put_totp(user.id, sealed, now).await? {
        return Err(Problem::conflict(
            "this account has a second factor; take it away first",
        ));
    }
    change.commit().await?;
    let account = identity.personal(&user)?.email.unwrap_or_default();
    let address = seed.to_address(&identity.settings().service_name, &account);
    let answer = serde_json::json!({ "secret": seed.to_text(), "otpauth": address });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

pub(super) async fn confirm(
    State(identity): State<Identity>,
    person: Person,
    client: Client,
    Body(wish): Body<ConfirmWish>,
) -> Result<Response, Problem> {
    let user = identity.user(person.user).await?;
    let now = identity.now();
    let totp = identity.database().totp(user.id).await?;
    let totp = totp.filter(|totp| totp.confirmed_at.is_none());
    let totp = totp.ok_or_else(|| Problem::conflict("there is no authenticator that waits for its first code"))?;
    let seed = identity.open_seed(user.id, &totp.seed)?;
    let trial = identity.begin_trial(Guessed::Code(user.id), &client).await?;
    let step = seed.step_of(wish.code.trim(), None, now).ok_or_else(wrong_code)?;
    let codes = recovery_codes()?;
    let owner = user.id.uuid();
    let hashes: Vec<[u8; 32]> = codes
        .iter()
        .filter_map(|code| recovery_code_sha256(owner.as_bytes(), code))
        .collect();
    let mut change = identity.database().account_change("confirm the second factor").await?;
    if !change.confirm_totp(user.id, step, now).await? {
        // Two confirmed at once: the code was right. The transaction goes first, since it holds a connection.
        drop(change);
        identity.pause_trial(&trial).await?;
        return Err(Problem::conflict("the second factor was confirmed already"));
    }
    change.put_recovery_codes(user.id, &hashes).await?;
    identity
        .notify(&mut change, &user, "A second factor was added to your account.", now)
        .await?;
    let added = installation_act(person.actor(), "second_factor.added", person.actor());
    change.record(&added, now).await?;
    change.commit().await?;
    identity.end_trial(&trial).await?;
    let answer = serde_json::json!({ "recovery_codes": codes });
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

pub(super) async fn remove(
    State(identity): State<Identity>,
    person: Person,
    client: Client,
    Body(wish): Body<RemoveWish>,
) -> Result<StatusCode, Problem> {
    let user = identity.user(person.user).await?;
    identity
        .require_presence(&user, person, wish.password.as_deref(), &client)
        .await?;
    let factor = identity.second_factor(&user).await?;
    let factor = factor.ok_or_else(|| Problem::not_found("this account has no second factor"))?;
    let trial = identity.begin_trial(Guessed::Code(user.id), &client).await?;
    identity.use_code_in(&trial, &user, &factor, &wish.code).await?;
    identity.end_trial(&trial).await?;
    let now = identity.now();
    let mut change = identity
        .database()
        .account_change("take the second factor away")
        .await?;
    change.delete_totp(user.id).await?;
    identity
        .notify(
            &mut change,
            &user,
            "The second factor of your account was taken away.",
            now,
        )
        .await?;
    let removed = installation_act(person.actor(), "second_factor.removed", person.actor());
    change.record(&removed, now).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn wrong_code() -> Problem {
    let detail = "the code is wrong; look whether the clock of the authenticator is right";
    Problem::new(StatusCode::UNAUTHORIZED, "second_factor_wrong", detail)
}
