//! A mission's progress as server-sent events (HTML Living Standard, 9.2).

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::Scope;
use futures::stream::{self, Stream};
use http::{HeaderName, Request, StatusCode};

use super::follow::{Follower, Told};
use super::listener::Listener;
use crate::ask::Ask;
use crate::{AppState, Error};

/// Comments that keep proxies from closing a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// `GET /v1/missions/{mission_id}/events`.
pub(crate) async fn events(State(state): State<AppState>, ask: Ask, request: Request<Body>) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&[])?;
    let seen = ask.headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let seen = seen.map(str::to_owned);
    let listener = Listener::of_request(request);
    let Some(follower) = Follower::of(state, listener, &ask.caller, ask.param("mission_id"), seen).await? else {
        // 204 tells an EventSource that there is nothing to come back for.
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let stream = Sse::new(told(follower)).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat"));
    Ok(stream.into_response())
}

fn told(follower: Follower) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    stream::unfold(follower, |mut follower| async move {
        let event = event(follower.next().await?);
        Some((Ok(event), follower))
    })
}

fn event(told: Told) -> Event {
    let event = Event::default().event(told.event).data(told.data.to_string());
    match told.id {
        Some(id) => event.id(id),
        None => event,
    }
}
