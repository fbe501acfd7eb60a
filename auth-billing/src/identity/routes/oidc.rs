//! Logging in elsewhere: the browser is sent to the provider and comes back. What goes wrong on the way back is told to the
//! page behind `#`, since there is a person looking at it and no program.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::SignedDuration;
use serde::Deserialize;

use super::super::client::Client;
use super::super::cookie::cookie;
use super::super::oidc::lost;
use super::super::service::Identity;
use super::forward::with_session;
use super::open::with_cookie;
use crate::Problem;
use crate::routes::allow_only;

const COOKIE: &str = "driftline_journey";
const PATH: &str = "/v1/auth/oidc";

/// The ways in that a page can offer beside mail address and password.
pub(super) async fn providers(
    State(identity): State<Identity>,
    RawQuery(raw): RawQuery,
) -> Result<Json<serde_json::Value>, Problem> {
    allow_only(&[], raw.as_deref())?;
    Ok(Json(serde_json::json!({
        "providers": identity.provider_names(),
        "registration": identity.settings().registration,
        "passkeys": identity.0.webauthn.is_some(),
    })))
}

pub(super) async fn depart(State(identity): State<Identity>, Path(name): Path<String>) -> Result<Response, Problem> {
    let departure = identity.depart(&name).await?;
    let kept = identity
        .settings()
        .cookie(COOKIE, &departure.state, PATH, SignedDuration::from_mins(10));
    Ok(with_cookie(sent_to(&departure.to)?, kept))
}

#[derive(Deserialize)]
pub(super) struct Brought {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

pub(super) async fn arrive(
    State(identity): State<Identity>,
    Path(name): Path<String>,
    client: Client,
    headers: HeaderMap,
    brought: Result<Query<Brought>, QueryRejection>,
) -> Result<Response, Problem> {
    let settings = identity.settings();
    let base = settings.public_base.clone().unwrap_or_default();
    let arrived = match brought {
        Ok(Query(brought)) => log_in(&identity, &name, &client, &headers, &brought).await,
        Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
    };
    let gone = settings.cookie(COOKIE, "", PATH, SignedDuration::ZERO);
    let response = match arrived {
        Ok(tokens) => with_session(&identity, sent_to(&format!("{base}/"))?, &tokens)?,
        Err(problem) => sent_to(&format!("{base}/#login-error={}", problem.code))?,
    };
    Ok(with_cookie(response, gone))
}

async fn log_in(
    identity: &Identity,
    name: &str,
    client: &Client,
    headers: &HeaderMap,
    brought: &Brought,
) -> Result<super::super::sign_in::Tokens, Problem> {
    if brought.error.is_some() {
        let detail = "the identity provider did not let you in";
        return Err(Problem::new(StatusCode::FORBIDDEN, "provider_refused", detail));
    }
    let (Some(code), Some(state)) = (&brought.code, &brought.state) else {
        return Err(lost());
    };
    // Who brings a state of another browser would log its person in as somebody else.
    if cookie(headers, COOKIE) != Some(state.as_str()) {
        return Err(lost());
    }
    identity.arrive(name, code, state, client).await
}

fn sent_to(address: &str) -> Result<Response, Problem> {
    let location = HeaderValue::from_str(address).map_err(|error| Problem::internal(&error))?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, location);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
