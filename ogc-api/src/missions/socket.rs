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
use driftline_auth_billing::{ClientAddress, Problem, Scope, is_credential_parameter};
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::follow::{Follower, Told};
use super::listener::{Listener, may_see};
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
/// Pings and pongs that a client may send between two of ours.
const FRAMES_PER_PING: u32 = 60;
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
    let listener = listener_of_request(&state, &parts).await?;
    if let Some(listener) = &listener {
        // What is wrong is said before the connection is a socket.
        let caller = listener.caller(&state.auth).await.map_err(Error::refused)?;
        may_see(&caller, &super::find_mission(&state, caller.org, &mission).await?)?;
    }
    let address = parts.extensions.get::<ClientAddress>().copied();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &state).await;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]).max_message_size(MAX_MESSAGE),
        Err(refused) => {
            let detail = format!("this is a WebSocket: {}", refused.body_text());
            return Ok(Problem::new(StatusCode::UPGRADE_REQUIRED, "websocket_needed", detail).into_response());
        }
    };
    let begun = Beginning {
        listener,
        address,
        mission,
        seen,
    };
    Ok(upgrade.on_upgrade(move |socket| speak(state, socket, begun)))
}

/// What a socket begins with.
struct Beginning {
    /// Who listens, where the request showed it.
    listener: Option<Listener>,
    /// Where the request came from.
    address: Option<ClientAddress>,
    mission: String,
    /// The last id that the client has seen.
    seen: Option<String>,
}

/// Who asks, where the request shows it.
async fn listener_of_request(state: &AppState, parts: &Parts) -> Result<Option<Listener>, Error> {
    if let Some(ticket) = ticket(parts.uri.query()) {
        let holder = state.auth.caller_of_ticket(&ticket).await.map_err(Error::refused)?;
        return Ok(Some(Listener::Ticket(holder.key)));
    }
    if let Some(credential) = bearer_protocol(&parts.headers) {
        let address = parts.extensions.get::<ClientAddress>().copied();
        return Listener::of_credential(&credential, address)
            .map(Some)
            .map_err(Error::refused);
    }
    let has_header = parts.headers.contains_key(AUTHORIZATION) || parts.headers.contains_key("x-api-key");
    let has_parameter = parts.uri.query().is_some_and(|query| {
        let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        names.into_iter().any(is_credential_parameter)
    });
    Ok((has_header || has_parameter).then(|| Listener::Request(Box::new(parts.clone()))))
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

async fn speak(state: AppState, mut socket: WebSocket, beginning: Beginning) {
    let begun = begin(&state, &mut socket, beginning).await;
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
    beginning: Beginning,
) -> Result<Option<Follower>, (u16, String)> {
    let refused = |error: Error| match error {
        Error::Busy(reason) => (TRY_AGAIN_LATER, reason.to_owned()),
        error => (close_code::POLICY, error.to_string()),
    };
    let mut seen = beginning.seen;
    let listener = match beginning.listener {
        Some(listener) => listener,
        None => {
            let first = first_message(socket).await?;
            seen = first.resume_from.or(seen);
            let listener = Listener::of_credential(&first.authenticate, beginning.address);
            listener.map_err(|problem| refused(Error::refused(problem)))?
        }
    };
    let caller = listener.caller(&state.auth).await;
    let caller = caller.map_err(|problem| refused(Error::refused(problem)))?;
    caller
        .require(Scope::MissionsRead)
        .map_err(|problem| refused(Error::refused(problem)))?;
    let follower = Follower::of(state.clone(), listener, &caller, &beginning.mission, seen).await;
    follower.map_err(refused)
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
    let mut patience = Patience::new();
    loop {
        let told = {
            // One question at a time: what a client sends does not make it begin again.
            let next = std::pin::pin!(follower.next());
            match listen_until(socket, &mut patience, next).await {
                Ok(told) => told,
                Err(end) => return end,
            }
        };
        let told = match told {
            Some(told) => text_of(told),
            None if follower.is_over() => return (close_code::NORMAL, "the mission has ended".to_owned()),
            None if follower.is_withdrawn() => {
                return (
                    close_code::POLICY,
                    "this credential opens the mission no more".to_owned(),
                );
            }
            None if *shutdown.borrow_and_update() => {
                return (close_code::AWAY, "the service restarts, come back".to_owned());
            }
            None => return (TRY_AGAIN_LATER, "come back and resume".to_owned()),
        };
        if let Err(end) = send(socket, told).await {
            return end;
        }
    }
}

/// How often a client was pinged, and how much it has sent.
struct Patience {
    ping: tokio::time::Interval,
    frames: u32,
}

impl Patience {
    fn new() -> Self {
        let mut ping = tokio::time::interval(PING);
        ping.reset();
        Self { ping, frames: 0 }
    }

    /// Whether a client that sends one more frame sends too many; each of our pings lets it send some.
    fn is_at_its_end(&mut self) -> bool {
        self.frames += 1;
        self.frames > FRAMES_PER_PING
    }
}

/// Waits for what is to be told, and answers pings meanwhile; the reason for closing where the client gives one.
async fn listen_until<T>(
    socket: &mut WebSocket,
    patience: &mut Patience,
    mut told: std::pin::Pin<&mut impl Future<Output = T>>,
) -> Result<T, (u16, String)> {
    loop {
        tokio::select! {
            told = &mut told => return Ok(told),
            _ = patience.ping.tick() => {
                patience.frames = 0;
                send(socket, Message::Ping(bytes::Bytes::new())).await?;
            }
            received = socket.recv() => match received {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) if !patience.is_at_its_end() => {}
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    return Err((close_code::POLICY, "too many pings".to_owned()));
                }
                Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                    return Err((close_code::POLICY, "there is nothing to say here after the beginning".to_owned()));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err((close_code::NORMAL, String::new())),
            },
        }
    }
}

/// Sends a message; the reason for closing where it is not taken.
async fn send(socket: &mut WebSocket, message: Message) -> Result<(), (u16, String)> {
    match tokio::time::timeout(SEND_WITHIN, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_broken)) => Err((close_code::NORMAL, String::new())),
        Err(_elapsed) => Err((
            TRY_AGAIN_LATER,
            "messages are not taken, come back and resume".to_owned(),
        )),
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
