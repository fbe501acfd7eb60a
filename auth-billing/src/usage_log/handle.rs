//! Opening the log after whatever happened before, and the handle that requests append through.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use driftline_database::Database;
use driftline_domain::{KeyId, OrgId, RequestId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::flusher::{Entered, Flusher, file_error, segments};
use super::segment::{Ending, HEADER, Origin, epoch_of, path_of, scan};
use super::writer::{Message, Pending, Position, Writer, create_segment, private};
use crate::{Clock, Error};

/// Requests that wait for the log at once, at most; more wait for a place.
const WAITING: usize = 8_192;
/// A meter's name is stored with one byte of length.
const METER_MAX: usize = 255;

/// What an answer costs.
#[derive(Debug, Clone)]
pub struct UsageEntry {
    /// Who pays.
    pub org: OrgId,
    /// The key used.
    pub key: KeyId,
    /// What is counted.
    pub meter: String,
    /// How much of it.
    pub units: u64,
    /// The request.
    pub request: RequestId,
    /// The answer is released even if this cannot be written: then it is kept for a later attempt.
    pub owed: bool,
}

/// When segments end and when the ledger is brought up to date.
#[derive(Debug, Clone)]
pub struct UsageSettings {
    /// A segment that has reached this size is followed by a new one.
    pub segment_bytes: u64,
    /// The ledger is brought up to date after this time.
    pub flush_every: Duration,
    /// The ledger is brought up to date after so many records.
    pub flush_records: u64,
}

impl Default for UsageSettings {
    fn default() -> Self {
        Self {
            segment_bytes: 8 << 20,
            flush_every: Duration::from_secs(5),
            flush_records: 1_000,
        }
    }
}

/// The usage log of this process; clones append to the same.
#[derive(Clone)]
pub struct UsageLog {
    messages: mpsc::Sender<Message>,
    clock: Clock,
    log: watch::Receiver<Position>,
    entered: watch::Receiver<Entered>,
}

/// How far the ledger is behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageLag {
    /// Records of this process that are on disk and not in the ledger yet.
    pub records: u64,
    /// Since when the ledger has not had everything; nothing where it has.
    pub behind_for: Duration,
}

/// What works behind the log; [`UsageTasks::shutdown`] ends it with everything in the ledger. Dropped, it is as if the
/// process had died: what was recorded is entered at the next start.
pub struct UsageTasks {
    messages: mpsc::Sender<Message>,
    written: oneshot::Receiver<()>,
    stop: watch::Sender<bool>,
    /// One task; a set, because that ends with this value.
    flusher: JoinSet<Result<(), Error>>,
}

impl UsageLog {
    /// Opens the log of a node below this folder, cuts off what a crash has torn, begins a new segment, and starts to
    /// bring the ledger up to date. Refused where a segment is damaged otherwise, or another process has it open.
    pub async fn open(
        folder: &Path,
        node: &str,
        database: Database,
        clock: Clock,
        settings: UsageSettings,
    ) -> Result<(Self, UsageTasks), Error> {
        let (writer, log) = prepare(folder, node, &database, &clock, &settings).await?;
        let mut flusher = Flusher {
            told: watch::channel(Entered::now(0)).0,
            folder: writer.folder.clone(),
            node: node.to_owned(),
            database,
            clock: Clock::clone(&clock),
            log,
            every: settings.flush_every,
            every_records: settings.flush_records,
            entered: None,
        };
        flusher.replay().await;
        start(writer, flusher, clock)
    }

    /// Whether records could be written now.
    pub async fn check(&self) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        let message = Message::Check(answer);
        self.messages.send(message).await.map_err(|_closed| Error::LogClosed)?;
        answered.await.map_err(|_closed| Error::LogClosed)?
    }

    /// How far the ledger is behind.
    pub fn lag(&self) -> UsageLag {
        let (log, entered) = (*self.log.borrow(), *self.entered.borrow());
        let records = log.records.saturating_sub(entered.records);
        UsageLag {
            records,
            behind_for: if records == 0 {
                Duration::ZERO
            } else {
                entered.at.elapsed()
            },
        }
    }

    /// Records what an answer costs; returns when the record is on disk.
    pub async fn append(&self, entry: UsageEntry) -> Result<(), Error> {
        let units = i64::try_from(entry.units)
            .map_err(|error| Error::NotRecorded(format!("{} units: {error}", entry.units)))?;
        if entry.meter.len() > METER_MAX {
            return Err(Error::NotRecorded(format!(
                "the meter's name '{}' is too long",
                entry.meter
            )));
        }
        let pending = Pending {
            org: entry.org,
            key: entry.key,
            meter: entry.meter,
            units,
            at: (self.clock)(),
            request: entry.request,
            owed: entry.owed,
        };
        let (answer, answered) = oneshot::channel();
        let message = Message::Append(pending, answer);
        self.messages.send(message).await.map_err(|_closed| Error::LogClosed)?;
        answered.await.map_err(|_closed| Error::LogClosed)?
    }
}

impl UsageTasks {
    /// Writes what waits, enters everything into the ledger, and ends. Appending fails from here on.
    pub async fn shutdown(mut self) -> Result<(), Error> {
        // Both fail only where the thread has ended already.
        let _ = self.messages.send(Message::Stop).await;
        let _ = self.written.await;
        let _ = self.stop.send(true);
        match self.flusher.join_next().await {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(Error::NotRecorded(format!("the flusher ended early: {error}"))),
        }
    }
}

pub(crate) fn start(writer: Writer, flusher: Flusher, clock: Clock) -> Result<(UsageLog, UsageTasks), Error> {
    let (messages, received) = mpsc::channel(WAITING);
    let (done, written) = oneshot::channel();
    let folder = writer.folder.clone();
    let thread = std::thread::Builder::new().name("usage-log".to_owned());
    let run = move || {
        writer.run(received);
        let _ = done.send(());
    };
    thread.spawn(run).map_err(file_error("start the writer of", &folder))?;
    let (stop, stopped) = watch::channel(false);
    let (position, entered) = (flusher.log.clone(), flusher.told.subscribe());
    let flusher = JoinSet::from_iter([flusher.run(stopped)]);
    let log = UsageLog {
        messages: messages.clone(),
        clock,
        log: position,
        entered,
    };
    let tasks = UsageTasks {
        messages,
        written,
        stop,
        flusher,
    };
    Ok((log, tasks))
}

/// Brings the folder into order after whatever happened before, and begins a new segment.
pub(crate) async fn prepare(
    folder: &Path,
    node: &str,
    database: &Database,
    clock: &Clock,
    settings: &UsageSettings,
) -> Result<(Writer, watch::Receiver<Position>), Error> {
    if !is_node_name(node) {
        return Err(Error::NodeName(node.chars().take(64).collect()));
    }
    let folder = folder.join(node);
    create_folder(&folder)?;
    let lock = lock(&folder)?;
    let watermark = database.watermark(node).await?;
    let entered = watermark.as_ref().map_or(0, |mark| mark.segment);
    let found = recover(&folder, node)?;
    if let Some(first) = found.numbers.first().filter(|&&first| first > entered + 1) {
        tracing::error!(
            alarm = true,
            node,
            entered,
            first,
            "segments of the usage log are missing: the ledger ends in one segment and the next file is a later one"
        );
    }
    let segment = found.numbers.last().copied().unwrap_or(0).max(entered) + 1;
    // Records are told apart by epoch and number: an epoch must be new even where the clock has been set back.
    let used = database.last_epoch(node).await?.unwrap_or(0).max(found.last_epoch);
    let epoch = clock().as_microsecond().max(used + 1);
    let file = create_segment(&folder, epoch, segment)?;
    let start = Position {
        segment,
        end: HEADER as u64,
        records: 0,
    };
    let (published, log) = watch::channel(start);
    let writer = Writer {
        folder,
        node: node.to_owned(),
        epoch,
        segment_bytes: settings.segment_bytes,
        storage: Box::new(file),
        published,
        lock,
        next_seq: 0,
        is_broken: false,
        owed: Vec::new(),
    };
    Ok((writer, log))
}

struct Recovered {
    numbers: Vec<i64>,
    last_epoch: i64,
}

/// Checks every segment. A torn end of the last one is cut off, and the last one goes where not even its header is
/// whole; everything else that is not intact is an error.
fn recover(folder: &Path, node: &str) -> Result<Recovered, Error> {
    let mut numbers = segments(folder)?;
    let mut last_epoch = 0;
    let last = numbers.last().copied();
    for &number in &numbers.clone() {
        let path = path_of(folder, number);
        let bytes = fs::read(&path).map_err(file_error("read the segment", &path))?;
        let is_last = Some(number) == last;
        let Some(epoch) = epoch_of(&bytes, number) else {
            if is_last && bytes.len() <= HEADER {
                tracing::warn!(segment = %path.display(), "a segment without a whole header was removed: it holds no record");
                fs::remove_file(&path).map_err(file_error("remove the segment", &path))?;
                sync_folder(folder)?;
                numbers.retain(|&kept| kept != number);
                continue;
            }
            return Err(damaged(path, 0, "the header is not intact".to_owned()));
        };
        last_epoch = last_epoch.max(epoch);
        let node = node.to_owned();
        match scan(&bytes, &Origin { node, epoch }, HEADER).1 {
            Ending::Whole => {}
            Ending::Torn { at } if is_last => cut(&path, at, bytes.len())?,
            Ending::Torn { at } => {
                return Err(damaged(
                    path,
                    at,
                    "what follows is no record, and the segment is not the last".to_owned(),
                ));
            }
            Ending::Damaged { at, next } => {
                let reason = format!("the checksum does not match, intact records follow at {next}");
                return Err(damaged(path, at, reason));
            }
        }
    }
    Ok(Recovered { numbers, last_epoch })
}

fn damaged(path: PathBuf, offset: usize, reason: String) -> Error {
    Error::LogDamaged {
        path,
        offset: offset as u64,
        reason,
    }
}

fn cut(path: &Path, at: usize, length: usize) -> Result<(), Error> {
    tracing::warn!(
        segment = %path.display(),
        offset = at,
        size_bytes = length - at,
        "the usage log ended within a commit whose answers were not released; that commit was cut off"
    );
    let cut = || {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(at as u64)?;
        file.sync_all()
    };
    cut().map_err(file_error("cut the torn end off", path))
}

/// Creates the folder and those above it, each synced into the one above it.
fn create_folder(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_folder(parent)?;
        fs::create_dir(folder).map_err(file_error("create the folder", folder))?;
        return sync_folder(parent);
    }
    fs::create_dir(folder).map_err(file_error("create the folder", folder))
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(file_error("sync the folder", folder))
}

/// Two processes that append to one log would number their segments alike.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(&path)
        .map_err(file_error("open the lock", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::LogInUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(file_error("lock", &path)(source)),
    }
}

fn is_node_name(node: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    node.len() <= 64 && node.starts_with(|c: char| c.is_ascii_alphanumeric()) && node.bytes().all(is_plain)
}
