//! A mission's progress over a WebSocket (RFC 6455): the events of `…/events`, each a text message
//! `{"id", "event", "data"}`.
//!
//! A credential comes in any form that a request may carry it in, as the subprotocol `bearer.<credential>` beside
//! `driftline.v1` for browsers, which can set no header here, as a ticket that works once within 30 s, or in the first
//! message: `{"authenticate": "…", "resume_from": "…"}`. A client that was here before names the last id that it has
//! seen, in the query or in the first message, and is told what it has not seen.

use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::{Caller, Problem, Scope, is_credential_parameter};
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::follow::{Follower, Told};
use crate::ask::Ask;
use crate::query::Query;
use crate::{AppState, Error};

const PROTOCOL: &str = "driftline.v1";
const BEARER: &str = "bearer.";
/// The first message has to come within this time.
const FIRST_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of a client's message: it has nothing long to say.
const MAX_MESSAGE: usize = 16 * 1024;
/// Pings keep proxies from closing a quiet connection, and find dead ones.
const PING: Duration = Duration::from_secs(15);
/// A client that takes a message no sooner comes back and resumes.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// "Try again later" (RFC 6455's registry).
const TRY_AGAIN_LATER: u16 = 1013;

/// The first message of a client that did not show its credential before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    authenticate: String,
    #[serde(default)]
    resume_from: Option<String>,
}

/// `GET /v1/ws/missions/{mission_id}`: open to anybody, because the credential may come in the first message.
pub(crate) async fn socket(
    State(state): State<AppState>,
    Path(mission): Path<String>,
    request: Request<Body>,
) -> Result<Response, Error> {
    let (mut parts, _) = request.into_parts();
    let query = Query::parse(parts.uri.query(), |name| {
        is_credential_parameter(name) || name == "ticket"
    })?;
    query.allow_only(&["resume_from"])?;
    let seen = query.get("resume_from").map(str::to_owned);
    let caller = caller_of_request(&state, &mut parts).await?;
    if let Some(caller) = &caller {
        caller.require(Scope::MissionsRead).map_err(Error::refused)?;
        // What is wrong is said before the connection is a socket.
        super::find_mission(&state, caller.org, &mission).await?;
    }
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &state).await;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]).max_message_size(MAX_MESSAGE),
        Err(refused) => {
            let detail = format!("this is a WebSocket: {}", refused.body_text());
            return Ok(Problem::new(StatusCode::UPGRADE_REQUIRED, "websocket_needed", detail).into_response());
        }
    };
    Ok(upgrade.on_upgrade(move |socket| speak(state, socket, caller, mission, seen)))
}

/// Who asks, where the request shows it.
async fn caller_of_request(state: &AppState, parts: &mut Parts) -> Result<Option<Caller>, Error> {
    if let Some(ticket) = ticket(parts.uri.query()) {
        return state
            .auth
            .caller_of_ticket(&ticket)
            .await
            .map(Some)
            .map_err(Error::refused);
    }
    if let Some(credential) = bearer_protocol(&parts.headers) {
        return caller_of(state, &credential).await.map(Some).map_err(Error::refused);
    }
    let has_header = parts.headers.contains_key(AUTHORIZATION) || parts.headers.contains_key("x-api-key");
    let has_parameter = parts.uri.query().is_some_and(|query| {
        let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        names.into_iter().any(is_credential_parameter)
    });
    if has_header || has_parameter {
        return state.auth.caller(parts).await.map(Some).map_err(Error::refused);
    }
    Ok(None)
}

fn ticket(query: Option<&str>) -> Option<String> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, ticket) = pairs.into_iter().find(|(name, _)| *name == "ticket")?;
    Some(ticket.to_owned())
}

fn bearer_protocol(headers: &HeaderMap) -> Option<String> {
    let lists = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|list| list.to_str().ok());
    let mut protocols = lists.flat_map(|list| list.split(',')).map(str::trim);
    protocols
        .find_map(|protocol| protocol.strip_prefix(BEARER))
        .map(str::to_owned)
}

/// Whoever has this credential, as if a request had carried it.
async fn caller_of(state: &AppState, credential: &str) -> Result<Caller, Problem> {
    let mut request = Request::new(());
    let value = HeaderValue::from_str(&format!("Bearer {credential}"))
        .ok()
        .ok_or_else(Problem::unauthenticated)?;
    request.headers_mut().insert(AUTHORIZATION, value);
    // A publishable key is no credential under /v1, and is told so by this path.
    *request.uri_mut() = http::Uri::from_static("/v1/ws/missions");
    state.auth.caller(&request.into_parts().0).await
}

async fn speak(state: AppState, mut socket: WebSocket, caller: Option<Caller>, mission: String, seen: Option<String>) {
    let begun = begin(&state, &mut socket, caller, &mission, seen).await;
    let (code, reason) = match begun {
        Ok(Some(follower)) => follow(&mut socket, follower, state.shutdown.clone()).await,
        Ok(None) => (close_code::NORMAL, "the mission has ended, and you know how".to_owned()),
        Err(refused) => refused,
    };
    let reason: String = reason.chars().take(100).collect();
    let close = Message::Close(Some(CloseFrame {
        code,
        reason: reason.into(),
    }));
    // Whoever has left does not hear it.
    let _ = tokio::time::timeout(SEND_WITHIN, socket.send(close)).await;
}

/// Waits for the first message where nobody knows yet who this is.
async fn begin(
    state: &AppState,
    socket: &mut WebSocket,
    caller: Option<Caller>,
    mission: &str,
    mut seen: Option<String>,
) -> Result<Option<Follower>, (u16, String)> {
    let refused = |error: &Error| (close_code::POLICY, error.to_string());
    let caller = match caller {
        Some(caller) => caller,
        None => {
            let first = first_message(socket).await?;
            seen = first.resume_from.or(seen);
            let caller = caller_of(state, &first.authenticate).await.map_err(Error::refused);
            let caller = caller.map_err(|error| refused(&error))?;
            let allowed = caller.require(Scope::MissionsRead).map_err(Error::refused);
            allowed.map_err(|error| refused(&error))?;
            caller
        }
    };
    Follower::of(state.clone(), caller.org, mission, seen)
        .await
        .map_err(|error| match error {
            Error::Busy(reason) => (TRY_AGAIN_LATER, reason.to_owned()),
            error => refused(&error),
        })
}

async fn first_message(socket: &mut WebSocket) -> Result<First, (u16, String)> {
    let late = || {
        (
            close_code::POLICY,
            format!("no credential came within {} s", FIRST_WITHIN.as_secs()),
        )
    };
    let told = async {
        while let Some(Ok(message)) = socket.recv().await {
            match message {
                Message::Text(text) => return Some(text.to_string()),
                Message::Binary(_) | Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
        None
    };
    let text = tokio::time::timeout(FIRST_WITHIN, told)
        .await
        .map_err(|_elapsed| late())?;
    let text = text.ok_or_else(|| (close_code::UNSUPPORTED, "the first message has to be text".to_owned()))?;
    serde_json::from_str(&text).map_err(|error| (close_code::POLICY, format!("the first message: {error}")))
}

/// Tells what happens until there is nothing more to tell; the reason for closing.
async fn follow(
    socket: &mut WebSocket,
    mut follower: Follower,
    mut shutdown: tokio::sync::watch::Receiver<bool>,
) -> (u16, String) {
    let mut ping = tokio::time::interval(PING);
    ping.reset();
    loop {
        let message = tokio::select! {
            told = follower.next() => match told {
                Some(told) => text_of(told),
                None if follower.is_over() => return (close_code::NORMAL, "the mission has ended".to_owned()),
                None if *shutdown.borrow_and_update() => return (close_code::AWAY, "the service restarts, come back".to_owned()),
                None => return (TRY_AGAIN_LATER, "come back and resume".to_owned()),
            },
            _ = ping.tick() => Message::Ping(bytes::Bytes::new()),
            received = socket.recv() => match received {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                    return (close_code::POLICY, "there is nothing to say here after the beginning".to_owned());
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return (close_code::NORMAL, String::new()),
            },
        };
        match tokio::time::timeout(SEND_WITHIN, socket.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_broken)) => return (close_code::NORMAL, String::new()),
            Err(_elapsed) => {
                return (
                    TRY_AGAIN_LATER,
                    "messages are not taken, come back and resume".to_owned(),
                );
            }
        }
    }
}

fn text_of(told: Told) -> Message {
    let text = json!({"id": told.id, "event": told.event, "data": told.data}).to_string();
    Message::Text(text.into())
}

/// `POST /v1/ws/tickets`: a ticket for one socket, for browsers that would have to put a lasting credential into an address.
pub(crate) async fn tickets(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&[])?;
    let (ticket, expires_at) = state.auth.make_ticket(&ask.caller).await.map_err(Error::refused)?;
    let body = axum::Json(json!({"ticket": ticket, "expires_at": expires_at}));
    Ok((StatusCode::CREATED, [(http::header::CACHE_CONTROL, "no-store")], body).into_response())
}
