//! One CoT client: sent what holds and what changes, asked for nothing. What was sent is remembered, so that a batch is the
//! difference to what holds now: nothing waits in memory for a client that takes nothing.
//!
//! The events of a mission's output time are one batch, and its record stands on disk before the first byte is sent; that of a
//! distress mission is sent whether or not its record can be written.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use driftline_auth_billing::{UsageEntry, certificate_holder, chain};
use driftline_database::ApiKey;
use driftline_domain::{MissionId, OrgId, RequestId, RunId, ValidTime};
use driftline_simulate::XmlError;
use driftline_simulate::cot::{Event, ended, pong};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_rustls::server::TlsStream;

use super::Source;
use super::feed::Holding;
use super::inbox::Inbox;

/// A client that takes none of what it is sent for so long is gone.
pub(super) const TAKEN_WITHIN: Duration = Duration::from_secs(10);
/// How often a connection looks by itself whether something has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often everything is looked at, changed or not: an output time begins without any change.
const LOOK_AT_ALL_EVERY: Duration = Duration::from_secs(10);
/// How often the certificate is looked up again.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Bytes that are read from a client between two looks.
const MOST_READ: usize = 128 * 1024;
/// What is counted.
const METER: &str = "cot";

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client closed it.
    Closed,
    /// It broke.
    Broken,
    /// The client takes nothing.
    NotTaken,
    /// The client sends an event without an end.
    Endless,
    /// The certificate works no more.
    Revoked,
    /// The service stops.
    Stopped,
}

impl End {
    /// Why a connection failed; the system itself gives up one whose other side takes nothing.
    fn of(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::TimedOut => Self::NotTaken,
            _ => Self::Broken,
        }
    }

    /// For the log.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Closed => "it closed the connection",
            Self::Broken => "the connection broke",
            Self::NotTaken => "it took nothing of what it was sent",
            Self::Endless => "it sent an event without an end",
            Self::Revoked => "its certificate was revoked or has expired",
            Self::Stopped => "the service stops",
        }
    }
}

/// What a client has of a run.
struct Sent {
    mission: MissionId,
    number: usize,
    until: ValidTime,
    uids: BTreeSet<String>,
}

pub(super) struct Connection {
    source: Source,
    holder: ApiKey,
    reader: ReadHalf<TlsStream<TcpStream>>,
    sink: Sink,
    sent: HashMap<RunId, Sent>,
    version: Option<i64>,
    looked_at_all: Instant,
    checked: Instant,
}

/// The side that is written to.
struct Sink(WriteHalf<TlsStream<TcpStream>>);

impl Sink {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let write = async {
            self.0.write_all(bytes).await?;
            self.0.flush().await
        };
        match timeout(TAKEN_WITHIN, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::of(&error)),
            Err(_elapsed) => Err(End::NotTaken),
        }
    }
}

impl Connection {
    pub(super) fn new(stream: TlsStream<TcpStream>, source: Source, holder: ApiKey) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            source,
            holder,
            reader,
            sink: Sink(writer),
            sent: HashMap::new(),
            version: None,
            looked_at_all: Instant::now(),
            checked: Instant::now(),
        }
    }

    /// Until the client goes, or has to.
    pub(super) async fn run(mut self) -> End {
        let end = Box::pin(self.follow()).await;
        if end == End::Stopped || end == End::Revoked {
            // Whether the client hears of it changes nothing.
            let _ = timeout(LOOK_EVERY, self.sink.0.shutdown()).await;
        }
        end
    }

    async fn follow(&mut self) -> End {
        let mut wakes = self.source.changes.subscribe();
        let mut stopped = self.source.stopped.clone();
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut inbox, mut buffer, mut room) = (Inbox::default(), vec![0; 8 * 1024], MOST_READ);
        loop {
            let step = tokio::select! {
                () = is_stopped(&mut stopped) => Err(End::Stopped),
                _ = looks.tick() => {
                    room = MOST_READ;
                    self.look().await
                }
                wake = wakes.recv() => match is_ours(wake, self.holder.org) {
                    true => self.look().await,
                    false => Ok(()),
                },
                read = self.reader.read(&mut buffer), if room > 0 => match read {
                    Ok(0) => Err(End::Closed),
                    Ok(bytes) => {
                        room = room.saturating_sub(bytes);
                        match inbox.take(&buffer[..bytes]) {
                            Ok(true) => self.answer_ping().await,
                            Ok(false) => Ok(()),
                            Err(_endless) => Err(End::Endless),
                        }
                    }
                    Err(error) => Err(End::of(&error)),
                },
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn answer_ping(&mut self) -> Result<(), End> {
        match pong(now()) {
            Ok(pong) => self.sink.write(&pong).await,
            Err(error) => {
                unwritten(&error);
                Ok(())
            }
        }
    }

    /// Sends what has changed. A failing database is a matter of the next look.
    async fn look(&mut self) -> Result<(), End> {
        let (database, org) = (&self.source.database, self.holder.org);
        if self.checked.elapsed() >= CHECK_EVERY {
            self.checked = Instant::now();
            match certificate_holder(database, &self.holder.sha256, Timestamp::now()).await {
                Ok(Some(_)) => {}
                Ok(None) => return Err(End::Revoked),
                Err(error) => tracing::error!(cause = chain(&error), "a CoT client's certificate was not looked up"),
            }
        }
        let version = match database.content_version(org).await {
            Ok(version) => version,
            Err(error) => {
                tracing::error!(org.id = %org, cause = chain(&error), "a CoT connection cannot see what is published");
                return Ok(());
            }
        };
        let at = now();
        let is_over = self.sent.values().any(|sent| sent.until <= at);
        let is_due = self.looked_at_all.elapsed() >= LOOK_AT_ALL_EVERY;
        if self.version == Some(version) && !is_over && !is_due {
            return Ok(());
        }
        self.looked_at_all = Instant::now();
        match self.source.feed.holding_at(org, at).await {
            Ok(holdings) => {
                self.version = Some(version);
                self.send(holdings, at).await
            }
            Err(error) => {
                tracing::error!(org.id = %org, cause = format!("{error:#}"), "a CoT connection cannot read its runs");
                Ok(())
            }
        }
    }

    async fn send(&mut self, holdings: Vec<Holding>, at: ValidTime) -> Result<(), End> {
        let gone: Vec<RunId> = self.sent.keys().copied().collect();
        for run in gone {
            if !holdings.iter().any(|holding| holding.run == run) {
                self.let_go(run, &holdings, at).await?;
            }
        }
        for holding in holdings {
            if self
                .sent
                .get(&holding.run)
                .is_none_or(|sent| sent.number != holding.number)
            {
                self.send_one(&holding, at).await?;
            }
        }
        Ok(())
    }

    /// A run that holds no more: what went stale is left alone, what was withdrawn is taken off the map.
    async fn let_go(&mut self, run: RunId, holdings: &[Holding], at: ValidTime) -> Result<(), End> {
        let Some(sent) = self.sent.get(&run) else {
            return Ok(());
        };
        match self.source.feed.is_published(self.holder.org, sent.mission, run).await {
            Ok(true) => {}
            Ok(false) => {
                // A newer run of the mission goes on with the same uids.
                let successor = holdings.iter().filter(|holding| holding.mission == sent.mission);
                let kept: BTreeSet<&str> = successor
                    .flat_map(|holding| holding.events.iter())
                    .map(Event::uid)
                    .collect();
                let ends = sent.uids.iter().filter(|uid| !kept.contains(uid.as_str()));
                let bytes = messages(ends.map(|uid| ended(uid, at)));
                self.sink.write(&bytes).await?;
            }
            Err(error) => {
                tracing::error!(run.id = %run, cause = format!("{error:#}"), "whether a run was withdrawn is not known");
                return Ok(());
            }
        }
        self.sent.remove(&run);
        Ok(())
    }

    async fn send_one(&mut self, holding: &Holding, at: ValidTime) -> Result<(), End> {
        let events = &holding.events;
        if !self.is_recorded(events.len(), holding.distress).await {
            return Ok(());
        }
        let uids: BTreeSet<String> = events.iter().map(|event| event.uid().to_owned()).collect();
        let before = self.sent.get(&holding.run).map(|sent| &sent.uids);
        let ends = before.into_iter().flatten().filter(|uid| !uids.contains(*uid));
        let bytes = messages(
            events
                .iter()
                .map(|event| event.xml(at, holding.span))
                .chain(ends.map(|uid| ended(uid, at))),
        );
        self.sink.write(&bytes).await?;
        self.sent.insert(
            holding.run,
            Sent {
                mission: holding.mission,
                number: holding.number,
                until: holding.span.1,
                uids,
            },
        );
        Ok(())
    }

    /// Records what a batch costs; whether it may be sent.
    async fn is_recorded(&self, events: usize, distress: bool) -> bool {
        let holder = &self.holder;
        let entry = UsageEntry {
            org: holder.org,
            key: holder.id,
            meter: METER.to_owned(),
            units: events as u64,
            request: RequestId::generate(),
            owed: distress,
        };
        let Err(error) = self.source.log.append(entry).await else {
            return true;
        };
        tracing::error!(
            alarm = distress,
            cause = chain(&error),
            org.id = %holder.org,
            key.id = %holder.id,
            meter = METER,
            units = events,
            "CoT events have no usage record: those of a distress mission are sent and must be settled afterwards, others wait"
        );
        distress
    }
}

fn now() -> ValidTime {
    ValidTime(Timestamp::now())
}

/// Until the signal to stop.
async fn is_stopped(stopped: &mut watch::Receiver<bool>) {
    // A sender that is gone means the end as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Whether a change concerns the organisation, or may have.
fn is_ours(wake: Result<(OrgId, MissionId), RecvError>, org: OrgId) -> bool {
    match wake {
        Ok((changed, _)) => changed == org,
        Err(RecvError::Lagged(_)) => true,
        Err(RecvError::Closed) => false,
    }
}

/// Messages one after the other.
fn messages(all: impl Iterator<Item = Result<Vec<u8>, XmlError>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in all {
        match message {
            Ok(message) => {
                bytes.extend(message);
                bytes.push(b'\n');
            }
            Err(error) => unwritten(&error),
        }
    }
    bytes
}

fn unwritten(error: &XmlError) {
    tracing::error!(cause = %error, "a CoT message could not be written");
}
