//! Follows a mission for whoever listens, by server-sent events or by WebSocket. The database is the only memory: a
//! wake-up, or a second, makes the follower read the mission again, and whatever changed is told, newest state only. An
//! event's id names that state, so that a client that comes back with the last id is told only what it has not seen, and
//! one that reads slowly skips states instead of falling behind.

use std::time::Duration;

use driftline_auth_billing::{Caller, chain};
use driftline_database::{Mission, MissionStatus};
use driftline_domain::{MissionId, OrgId};
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use super::find_mission;
use super::listener::{Listener, may_see};
use super::streams::StreamPlace;
use super::view::status_json;
use crate::error::status_word;
use crate::{AppState, Error};

/// How long a follower waits for a wake-up before it looks by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// It ends after this time; the client comes back.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// What is told.
pub(super) struct Told {
    /// Names the state; none where there is nothing to come back to.
    pub(super) id: Option<String>,
    /// `status`, or `withdrawn`.
    pub(super) event: &'static str,
    /// The mission's status.
    pub(super) data: Value,
}

/// Follows one mission until it has ended.
pub(super) struct Follower {
    state: AppState,
    org: OrgId,
    mission: MissionId,
    listener: Listener,
    wakes: broadcast::Receiver<(OrgId, MissionId)>,
    shutdown: watch::Receiver<bool>,
    until: Instant,
    sent: Option<String>,
    is_over: bool,
    is_withdrawn: bool,
    _place: StreamPlace,
}

impl Follower {
    /// Follows a mission of this organisation from the state that the client saw last; `None` where that is its end.
    pub(super) async fn of(
        state: AppState,
        listener: Listener,
        caller: &Caller,
        mission: &str,
        seen: Option<String>,
    ) -> Result<Option<Self>, Error> {
        let (wakes, org) = (state.changes.subscribe(), caller.org);
        let mission = find_mission(&state, org, mission).await?;
        may_see(caller, &mission)?;
        if is_terminal(&mission) && seen.as_deref() == Some(event_id(&mission).as_str()) {
            return Ok(None);
        }
        let place = state.event_streams().take(org)?;
        Ok(Some(Self {
            org,
            mission: mission.id,
            listener,
            sent: seen,
            is_over: false,
            is_withdrawn: false,
            until: Instant::now() + LONGEST,
            shutdown: state.shutdown.clone(),
            state,
            wakes,
            _place: place,
        }))
    }

    /// Whether the mission has ended, and its end was told.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether the listener may listen no more.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.is_withdrawn
    }

    /// What is to be told next; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Told> {
        while !self.is_over && Instant::now() < self.until && !*self.shutdown.borrow() {
            match self.state.database.mission(self.org, self.mission).await {
                Ok(Some(mission)) => {
                    if !self.may_listen(&mission).await {
                        self.is_withdrawn = true;
                        return None;
                    }
                    let id = event_id(&mission);
                    self.is_over = is_terminal(&mission);
                    if self.sent.as_deref() != Some(id.as_str()) {
                        self.sent = Some(id.clone());
                        return Some(Told {
                            id: Some(id),
                            event: "status",
                            data: Value::Object(status_json(&mission)),
                        });
                    }
                }
                Ok(None) => {
                    self.is_over = true;
                    return Some(Told {
                        id: None,
                        event: "withdrawn",
                        data: json!({"id": self.mission, "status": "withdrawn"}),
                    });
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

    /// Whether the credential still opens this mission; one that cannot be looked at now is looked at next time.
    async fn may_listen(&self, mission: &Mission) -> bool {
        match self.listener.caller(&self.state.auth).await {
            Ok(caller) => caller.org == self.org && may_see(&caller, mission).is_ok(),
            Err(problem) => problem.status.is_server_error(),
        }
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
