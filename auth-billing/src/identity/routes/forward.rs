//! `GET /v1/auth/forward`, the question of a proxy that stands before another tool: is somebody logged in, and who
//! (nginx's `auth_request`, ForwardAuth of others)?
//!
//! The proxy hands on the headers of the request that it has, which is for the other tool's path: a browser sends the cookie
//! of the refresh token below `/v1/auth` only. A second cookie goes everywhere on the host. It names the session, sealed, and
//! is good for this one question: whoever catches it, such as the other tool, gets no token with it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_database::SessionHolder;
use driftline_domain::SessionId;
use http::header::{AUTHORIZATION, CACHE_CONTROL, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::super::cookie::{cookie, refresh_cookie};
use super::super::service::Identity;
use super::super::sign_in::Tokens;
use super::super::vault::Place;
use crate::Problem;

const NAME: &str = "driftline_session";
/// A cookie is sealed for nothing else.
const PLACE: Place<'static> = Place {
    column: "cookie of a session",
    row: b"",
};

/// Whether the request that the proxy has comes from somebody who is logged in: by the access token in `Authorization`, or by
/// a cookie, which is looked at and not spent.
pub(super) async fn forward(State(identity): State<Identity>, headers: HeaderMap) -> Result<Response, Problem> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|text| text.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (user, member) = match token {
        Some((_, token)) => {
            let found = identity.person_of(token.trim()).await?;
            let (person, _) = found.ok_or_else(Problem::unauthenticated)?;
            (person.user, person.member)
        }
        None => {
            let holder = holder_of_cookie(&identity, &headers).await?;
            let holder = holder.ok_or_else(Problem::unauthenticated)?;
            (holder.user, holder.member.map(|(org, _, role, _)| (org, role)))
        }
    };
    let row = identity.user(user).await?;
    let personal = identity.personal(&row)?;
    let mut response = StatusCode::OK.into_response();
    let answer = response.headers_mut();
    let mut set = |name: &'static str, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            answer.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-user", &user.to_string());
    set("x-email", personal.email.as_deref().unwrap_or_default());
    if let Some((org, role)) = member {
        set("x-org", &org.to_string());
        set("x-role", role.name());
    }
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.append(VARY, HeaderValue::from_static("Authorization, Cookie"));
    Ok(response)
}

async fn holder_of_cookie(identity: &Identity, headers: &HeaderMap) -> Result<Option<SessionHolder>, Problem> {
    if let Some(token) = refresh_cookie(headers) {
        return identity.holder_of_refresh(&token).await;
    }
    let Some(session) = cookie(headers, NAME).and_then(|text| opened(identity, text)) else {
        return Ok(None);
    };
    Ok(identity.database().session_holder(session, identity.now()).await?)
}

/// The session that a cookie names, unless it is over by the cookie's own time.
fn opened(identity: &Identity, text: &str) -> Option<SessionId> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = identity.0.vault.open_text(PLACE, &sealed).ok()?;
    let (session, until_s) = plain.split_once(' ')?;
    let is_over = until_s.parse::<i64>().ok()? <= identity.now().as_second();
    session.parse().ok().filter(|_| !is_over)
}

/// Puts the cookies of a session into a browser: the refresh token, and what a proxy asks by.
pub(super) fn with_session(identity: &Identity, mut response: Response, tokens: &Tokens) -> Result<Response, Problem> {
    let (settings, now) = (identity.settings(), identity.now());
    let until = tokens.refresh_until;
    let cookies = [
        settings.set_refresh_cookie(&tokens.refresh, until, now),
        settings.cookie_everywhere(
            NAME,
            &sealed(identity, tokens.session, until)?,
            until.duration_since(now),
        ),
    ];
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Takes both out of it.
pub(super) fn without_session(identity: &Identity, mut response: Response) -> Response {
    let settings = identity.settings();
    let ended = [
        settings.end_refresh_cookie(),
        settings.cookie_everywhere(NAME, "", SignedDuration::ZERO),
    ];
    for cookie in ended.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn sealed(identity: &Identity, session: SessionId, until: Timestamp) -> Result<String, Problem> {
    let plain = format!("{session} {}", until.as_second());
    let sealed = identity.0.vault.seal(PLACE, plain.as_bytes());
    let sealed = sealed.map_err(|error| Problem::unavailable(&error))?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}
