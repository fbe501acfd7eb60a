//! NATS: changes of missions that this process announces are told to all others, and theirs are announced here, on subjects
//! `<prefix>.mission.changed.v1.<organisation>`. Nothing hangs on it: whoever waits for a change also looks at the database by
//! itself, so that a message that is lost, or a server that is away, costs a moment and nothing else. The connection is made in the
//! background and made again for as long as the process lives.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Context;
use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event, HeaderMap, Message};
use bytes::Bytes;
use driftline_config::Secret;
use driftline_domain::{MissionId, OrgId};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, watch};
use url::Url;

/// Who sent a message, so that nobody takes his own for another's.
const SENDER: &str = "Driftline-Process";
/// A message that cannot be handed over within this time is not sent.
const SEND_WITHIN: Duration = Duration::from_secs(1);
/// Between two attempts to reach the server, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where messages go.
#[derive(Debug, Clone)]
pub(crate) struct BusSettings {
    /// The server.
    pub(crate) url: Secret,
    /// What subjects begin with.
    pub(crate) prefix: String,
    /// What tells this process from others.
    pub(crate) process: String,
}

/// The connection; clones share it.
#[derive(Clone)]
pub(crate) struct Bus {
    client: Client,
}

type Change = (OrgId, MissionId);

/// What a message says.
#[derive(Serialize, Deserialize)]
struct Changed {
    org_id: OrgId,
    mission_id: MissionId,
}

impl Bus {
    /// Begins to connect; an address that cannot be one is refused, a server that does not answer is not.
    pub(crate) async fn connect(settings: &BusSettings) -> anyhow::Result<Self> {
        let (options, address) = options(&settings.url)?;
        let client = options
            .name(format!("driftline {}", settings.process))
            .retry_on_initial_connect()
            .reconnect_delay_callback(|attempts| {
                LONGEST_PAUSE.min(Duration::from_millis(100) * attempts.min(50) as u32)
            })
            .event_callback(tell)
            .connect(address)
            .await
            .context("nats.url cannot be used")?;
        Ok(Self { client })
    }

    /// Whether messages go through now.
    pub(crate) fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Carries changes both ways until told to stop.
    pub(crate) async fn run(
        self,
        settings: BusSettings,
        changes: broadcast::Sender<Change>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let mut ours = changes.subscribe();
        let mut echoes = Echoes::default();
        let subjects = format!("{}.mission.changed.v1.*", settings.prefix);
        let mut theirs = match self.client.subscribe(subjects).await {
            Ok(theirs) => theirs,
            Err(error) => {
                tracing::error!(cause = %error, "changes of other processes are not heard of");
                return;
            }
        };
        loop {
            tokio::select! {
                () = until(&mut stopped) => break,
                change = ours.recv() => match change {
                    Ok(change) if echoes.is_one(change) => {}
                    Ok(change) => self.send(&settings, change).await,
                    Err(broadcast::error::RecvError::Lagged(_)) => echoes.forget(),
                    Err(broadcast::error::RecvError::Closed) => break,
                },
                message = theirs.next() => match message {
                    Some(message) => {
                        if let Some(change) = heard(&message, &settings.process) {
                            echoes.note(change);
                            // Without listeners there is nobody to tell.
                            let _ = changes.send(change);
                        }
                    }
                    None => break,
                },
            }
        }
        // What was said last, such as that leases were handed back, still goes out.
        let _ = tokio::time::timeout(SEND_WITHIN, self.client.flush()).await;
    }

    async fn send(&self, settings: &BusSettings, (org_id, mission_id): Change) {
        if !self.is_up() {
            return;
        }
        let Ok(payload) = serde_json::to_vec(&Changed { org_id, mission_id }) else {
            return;
        };
        let mut headers = HeaderMap::new();
        headers.insert(SENDER, settings.process.as_str());
        let subject = format!("{}.mission.changed.v1.{org_id}", settings.prefix);
        let sent = self.client.publish_with_headers(subject, headers, Bytes::from(payload));
        match tokio::time::timeout(SEND_WITHIN, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(cause = %error, "a change was not told to other processes"),
            Err(_) => tracing::debug!("a change was not told to other processes in time"),
        }
    }
}

async fn until(stopped: &mut watch::Receiver<bool>) {
    // Without a sender nobody is left to serve.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Changes that were announced here because another process told of them, and that come back on our own channel, in order.
#[derive(Default)]
struct Echoes(VecDeque<Change>);

impl Echoes {
    fn note(&mut self, change: Change) {
        self.0.push_back(change);
    }

    /// Whether this is the next of them. One of our own that is like it may stand before it: then that one is held back
    /// and the other goes out, which is the same message.
    fn is_one(&mut self, change: Change) -> bool {
        let is_next = self.0.front() == Some(&change);
        if is_next {
            self.0.pop_front();
        }
        is_next
    }

    /// Nobody knows any more which are still to come.
    fn forget(&mut self) {
        self.0.clear();
    }
}

/// A change that another process tells of; what is no such message is passed over.
fn heard(message: &Message, own: &str) -> Option<Change> {
    let sender = message.headers.as_ref().and_then(|headers| headers.get(SENDER));
    if sender.is_some_and(|sender| sender.as_str() == own) {
        return None;
    }
    let changed: Changed = serde_json::from_slice(&message.payload).ok()?;
    Some((changed.org_id, changed.mission_id))
}

/// User and password, or a token, are taken out of the address.
fn options(url: &Secret) -> anyhow::Result<(ConnectOptions, String)> {
    // The error of the parser would show the address.
    let Ok(mut address) = Url::parse(url.reveal()) else {
        anyhow::bail!("nats.url is not an address");
    };
    let user = address.username().to_owned();
    let password = address.password().map(str::to_owned);
    let options = match (user.is_empty(), password) {
        (true, _) => ConnectOptions::new(),
        (false, None) => ConnectOptions::with_token(user),
        (false, Some(password)) => ConnectOptions::with_user_and_password(user, password),
    };
    let cleared = address.set_password(None).and_then(|()| address.set_username(""));
    if cleared.is_err() {
        anyhow::bail!("nats.url names no host");
    }
    Ok((options, address.to_string()))
}

async fn tell(event: Event) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("NATS is away; processes look at the database by themselves"),
        other => tracing::debug!(event = %other, "NATS"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> Change {
        (OrgId::generate(), MissionId::generate())
    }

    #[test]
    fn what_was_heard_is_not_told_again_and_what_is_ours_is() {
        let (a, b, ours) = (change(), change(), change());
        let mut echoes = Echoes::default();
        echoes.note(a);
        echoes.note(b);
        assert!(!echoes.is_one(ours));
        assert!(echoes.is_one(a) && !echoes.is_one(a) && echoes.is_one(b) && !echoes.is_one(b));
        echoes.note(a);
        echoes.forget();
        assert!(!echoes.is_one(a));
    }

    #[test]
    fn user_and_password_are_not_part_of_the_address() {
        let (_, address) = options(&Secret::from("nats://me:hidden@nats.example.org:4222".to_owned())).unwrap();
        assert_eq!(address, "nats://nats.example.org:4222");
        let refused = options(&Secret::from("me:hidden@nowhere".to_owned()))
            .err()
            .unwrap()
            .to_string();
        assert!(!refused.contains("hidden"), "{refused}");
    }
}
