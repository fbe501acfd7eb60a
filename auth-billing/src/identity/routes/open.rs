//! Logging in and what leads to it: `/v1/auth/…`, and the key set.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use driftline_domain::{OrgId, SessionId, UserId};
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::super::body::Body;
use super::super::client::Client;
use super::super::cookie::refresh_cookie;
use super::super::refresh::refused;
use super::super::registration::Registration;
use super::super::rotation::KEY_SET_KEPT_S;
use super::super::secret_text::{REFRESH_PREFIX, SecretText};
use super::super::service::Identity;
use super::super::sign_in::{OrganisationAnswer, Shown, Tokens};
use super::forward::{with_session, without_session};
use crate::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterWish {
    email: String,
    password: String,
    #[serde(default)]
    name: String,
    organisation: String,
}

pub(super) async fn register(
    State(identity): State<Identity>,
    Body(wish): Body<RegisterWish>,
) -> Result<Response, Problem> {
    let registration = Registration {
        email: &wish.email,
        password: &wish.password,
        name: &wish.name,
        organisation: &wish.organisation,
    };
    identity.register(&registration).await?;
    Ok(accepted("a mail is on its way to this address and says how to go on"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyWish {
    token: String,
    organisation: Option<String>,
}

pub(super) async fn verify_email(
    State(identity): State<Identity>,
    Body(wish): Body<VerifyWish>,
) -> Result<StatusCode, Problem> {
    identity.verify_email(&wish.token, wish.organisation.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginWish {
    email: String,
    password: String,
    code: Option<String>,
    organisation: Option<OrgId>,
    /// The refresh token is wanted as a cookie and not in the answer.
    #[serde(default)]
    cookie: bool,
}

pub(super) async fn login(
    State(identity): State<Identity>,
    client: Client,
    headers: HeaderMap,
    Body(wish): Body<LoginWish>,
) -> Result<Response, Problem> {
    if wish.cookie {
        identity.settings().require_own_page(&headers)?;
    }
    let shown = Shown {
        email: &wish.email,
        password: &wish.password,
        code: wish.code.as_deref(),
        organisation: wish.organisation,
    };
    let tokens = identity.log_in(&shown, &client).await?;
    answer(&identity, tokens, wish.cookie)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshWish {
    refresh_token: Option<String>,
    organisation: Option<OrgId>,
}

pub(super) async fn refresh(
    State(identity): State<Identity>,
    headers: HeaderMap,
    Body(wish): Body<RefreshWish>,
) -> Result<Response, Problem> {
    let (token, is_cookie) = presented(&identity, &headers, wish.refresh_token.as_deref())?;
    let token = token.ok_or_else(refused)?;
    match identity.refresh(&token, wish.organisation).await {
        Ok(tokens) => answer(&identity, tokens, is_cookie),
        // What works no more is of no use in the browser.
        Err(problem) if is_cookie && problem.status == StatusCode::UNAUTHORIZED => {
            Ok(without_session(&identity, problem.into_response()))
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogoutWish {
    refresh_token: Option<String>,
}

pub(super) async fn logout(
    State(identity): State<Identity>,
    headers: HeaderMap,
    Body(wish): Body<LogoutWish>,
) -> Result<Response, Problem> {
    let (token, is_cookie) = presented(&identity, &headers, wish.refresh_token.as_deref())?;
    if let Some(token) = token {
        identity.log_out(&token).await?;
    }
    let done = StatusCode::NO_CONTENT.into_response();
    Ok(match is_cookie {
        true => without_session(&identity, done),
        false => done,
    })
}

/// The refresh token of a request, and whether it is the cookie's.
fn presented(
    identity: &Identity,
    headers: &HeaderMap,
    in_body: Option<&str>,
) -> Result<(Option<SecretText>, bool), Problem> {
    match in_body {
        Some(text) => Ok((SecretText::parse(REFRESH_PREFIX, text), false)),
        None => {
            identity.settings().require_own_page(headers)?;
            Ok((refresh_cookie(headers), true))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetWish {
    email: String,
}

pub(super) async fn ask_for_reset(
    State(identity): State<Identity>,
    Body(wish): Body<ResetWish>,
) -> Result<Response, Problem> {
    identity.ask_for_reset(&wish.email).await?;
    Ok(accepted(
        "if there is an account with this address, a mail with a link is on its way",
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasswordWish {
    token: String,
    password: String,
}

pub(super) async fn reset_password(
    State(identity): State<Identity>,
    Body(wish): Body<NewPasswordWish>,
) -> Result<StatusCode, Problem> {
    identity.reset_password(&wish.token, &wish.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The public keys, for others who check our tokens.
pub(super) async fn key_set(State(identity): State<Identity>) -> Result<Response, Problem> {
    let keys = identity.key_set().await?;
    let kept = format!("public, max-age={KEY_SET_KEPT_S}");
    Ok(([(CACHE_CONTROL, kept)], Json(keys)).into_response())
}

#[derive(Serialize)]
struct TokensAnswer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    session: SessionId,
    user: UserId,
    organisation: Option<&'a OrganisationAnswer>,
}

/// Tokens for a browser, which keeps the refresh token as a cookie that no script reads, or for a program.
pub(in super::super) fn answer(identity: &Identity, tokens: Tokens, as_cookie: bool) -> Result<Response, Problem> {
    let settings = identity.settings();
    let body = TokensAnswer {
        access_token: &tokens.access,
        token_type: "Bearer",
        expires_in: settings.access_life.as_secs(),
        refresh_token: (!as_cookie).then(|| tokens.refresh.expose()),
        session: tokens.session,
        user: tokens.user,
        organisation: tokens.organisation.as_ref(),
    };
    let response = ([(CACHE_CONTROL, "no-store")], Json(body)).into_response();
    match as_cookie {
        true => with_session(identity, response, &tokens),
        false => Ok(response),
    }
}

pub(in super::super) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn accepted(message: &str) -> Response {
    let body = Json(serde_json::json!({ "message": message }));
    (StatusCode::ACCEPTED, [(CACHE_CONTROL, "no-store")], body).into_response()
}
