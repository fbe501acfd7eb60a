//! A mission's progress as server-sent events. The database is the only memory: a wake-up, or a second, makes the
//! stream read the mission again, and whatever changed is sent, newest state only. An event's id names that state, so
//! that a client that comes back with `Last-Event-ID` is told only what it has not seen.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::{Scope, chain};
use driftline_database::{Mission, MissionStatus};
use driftline_domain::{MissionId, OrgId};
use futures::stream::{self, Stream};
use http::{HeaderName, StatusCode};
use serde_json::json;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use super::find_mission;
use super::streams::StreamPlace;
use super::view::status_json;
use crate::ask::Ask;
use crate::error::status_word;
use crate::{AppState, Error};

/// How long a stream waits for a wake-up before it looks by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Comments that keep proxies from closing a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends after this time; the client comes back, and its key is checked anew.
const LONGEST: Duration = Duration::from_secs(15 * 60);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// `GET /v1/missions/{mission_id}/events`.
pub(crate) async fn events(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&[])?;
    let wakes = state.changes.subscribe();
    let mission = find_mission(&state, ask.caller.org, ask.param("mission_id")).await?;
    let seen = ask.headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    if is_terminal(&mission) && seen == Some(event_id(&mission).as_str()) {
        // 204 tells an EventSource that there is nothing to come back for.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let place = state.event_streams().take(ask.caller.org)?;
    let follower = Follower {
        org: ask.caller.org,
        mission: mission.id,
        sent: seen.map(str::to_owned),
        is_over: false,
        until: Instant::now() + LONGEST,
        shutdown: state.shutdown.clone(),
        state,
        wakes,
        _place: place,
    };
    let stream = Sse::new(follower.events()).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat"));
    Ok(stream.into_response())
}

struct Follower {
    state: AppState,
    org: OrgId,
    mission: MissionId,
    wakes: broadcast::Receiver<(OrgId, MissionId)>,
    shutdown: watch::Receiver<bool>,
    until: Instant,
    sent: Option<String>,
    is_over: bool,
    _place: StreamPlace,
}

impl Follower {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        stream::unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        while !self.is_over && Instant::now() < self.until && !*self.shutdown.borrow() {
            match self.state.database.mission(self.org, self.mission).await {
                Ok(Some(mission)) => {
                    let id = event_id(&mission);
                    self.is_over = is_terminal(&mission);
                    if self.sent.as_deref() != Some(id.as_str()) {
                        self.sent = Some(id.clone());
                        return Some(event(&mission, id));
                    }
                }
                Ok(None) => {
                    self.is_over = true;
                    let data = json!({"id": self.mission, "status": "withdrawn"}).to_string();
                    return Some(Event::default().event("withdrawn").data(data));
                }
                Err(error) => {
                    tracing::error!(mission.id = %self.mission, cause = chain(&error), "an event stream cannot read its mission");
                    return None;
                }
            }
            if !self.is_over {
                self.wait().await;
            }
        }
        None
    }

    /// Until something about this mission may have changed.
    async fn wait(&mut self) {
        let look_again = tokio::time::sleep(LOOK_AGAIN);
        tokio::pin!(look_again);
        loop {
            tokio::select! {
                () = &mut look_again => return,
                change = self.shutdown.changed() => {
                    if change.is_err() {
                        // A dropped sender announces nothing more; without this wait the loop would spin.
                        look_again.as_mut().await;
                    }
                    return;
                }
                wake = self.wakes.recv() => match wake {
                    Ok((_, mission)) if mission != self.mission => {}
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Err(broadcast::error::RecvError::Closed) => {
                        look_again.as_mut().await;
                        return;
                    }
                },
            }
        }
    }
}

fn is_terminal(mission: &Mission) -> bool {
    match mission.status {
        MissionStatus::Completed | MissionStatus::Failed | MissionStatus::Cancelled => true,
        MissionStatus::Queued | MissionStatus::Running => false,
    }
}

/// The state's name: the time of its change, and what a worker may report twice within a microsecond.
fn event_id(mission: &Mission) -> String {
    let thousandths = (mission.progress * 1000.0).round();
    let status = status_word(mission.status);
    format!("{}.{status}.{thousandths}", mission.updated_at.as_microsecond())
}

fn event(mission: &Mission, id: String) -> Event {
    let data = serde_json::Value::Object(status_json(mission)).to_string();
    Event::default().id(id).event("status").data(data)
}
