//! The thread that appends: it takes whatever waits as one batch, writes it as one frame, syncs, and only then tells
//! those who wait. After a failure the file is cut back to its last synced frame before anything else is written.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use driftline_database::UsageRecord;
use driftline_domain::{KeyId, OrgId, RequestId};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::segment::{HEADER, frame, header, path_of};
use crate::Error;

/// Records in one group commit, at most.
const BATCH: usize = 1024;
/// Records of distress answers that are kept in memory for a later attempt, at most.
const OWED: usize = 100_000;

/// A record on its way to the file.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) org: OrgId,
    pub(crate) key: KeyId,
    pub(crate) meter: String,
    pub(crate) units: i64,
    pub(crate) at: Timestamp,
    pub(crate) request: RequestId,
    pub(crate) owed: bool,
}

/// What the thread is told.
pub(crate) enum Message {
    Append(Pending, oneshot::Sender<Result<(), Error>>),
    /// Whether records could be written now.
    Check(oneshot::Sender<Result<(), Error>>),
    Stop,
}

/// How far the log is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) segment: i64,
    pub(crate) end: u64,
    /// Records since the start.
    pub(crate) records: u64,
}

/// A segment's file, as far as the writer needs it.
pub(crate) trait Storage: Send {
    fn append(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Storage for File {
    fn append(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

pub(crate) struct Writer {
    pub(crate) folder: PathBuf,
    pub(crate) node: String,
    pub(crate) epoch: i64,
    pub(crate) segment_bytes: u64,
    pub(crate) storage: Box<dyn Storage>,
    pub(crate) published: watch::Sender<Position>,
    /// Held for as long as this process may write.
    pub(crate) lock: File,
    pub(crate) next_seq: i64,
    pub(crate) is_broken: bool,
    pub(crate) owed: Vec<Pending>,
}

impl Writer {
    /// Appends until it is told to stop or nobody can tell it anything any more.
    pub(crate) fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut is_open = true;
        while is_open {
            let mut batch = Vec::new();
            let mut next = messages.blocking_recv();
            loop {
                match next {
                    Some(Message::Append(pending, answer)) => batch.push((pending, answer)),
                    Some(Message::Check(answer)) => {
                        let state = self.repair().and_then(|()| self.storage.sync());
                        // Whoever asked may have gone.
                        let _ = answer.send(state.map_err(|error| Error::NotRecorded(error.to_string())));
                    }
                    Some(Message::Stop) => {
                        // What was sent before the end is still written.
                        messages.close();
                    }
                    None => is_open = false,
                }
                if !is_open || batch.len() >= BATCH {
                    break;
                }
                next = match messages.try_recv() {
                    Ok(message) => Some(message),
                    Err(mpsc::error::TryRecvError::Empty) => break,
                    Err(mpsc::error::TryRecvError::Disconnected) => None,
                };
            }
            self.commit(batch);
        }
        if !self.owed.is_empty() {
            tracing::error!(alarm = true, records = ?self.owed, "usage of distress answers could not be recorded");
        }
        drop(self.lock);
    }

    /// Writes a batch, and answers everybody in it.
    pub(crate) fn commit(&mut self, batch: Vec<(Pending, oneshot::Sender<Result<(), Error>>)>) {
        if batch.is_empty() && self.owed.is_empty() {
            return;
        }
        let (pending, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let owed = std::mem::take(&mut self.owed);
        let result = self.write(owed.iter().chain(&pending));
        if let Err(error) = &result {
            tracing::error!(
                cause = crate::chain(error),
                records = pending.len(),
                "usage could not be recorded"
            );
            let debts = pending.into_iter().filter(|pending| pending.owed);
            self.owed = owed.into_iter().chain(debts).collect();
            for lost in self.owed.split_off(self.owed.len().min(OWED)) {
                tracing::error!(alarm = true, record = ?lost, "usage of a distress answer is not kept any longer");
            }
        }
        for answer in answers {
            let told = result
                .as_ref()
                .map(|_| ())
                .map_err(|error| Error::NotRecorded(error.to_string()));
            // Whoever waited may have gone: its record stays, as served but unconfirmed.
            let _ = answer.send(told);
        }
    }

    fn write<'a>(&mut self, pending: impl Iterator<Item = &'a Pending>) -> io::Result<()> {
        self.repair()?;
        self.rotate_when_full();
        let records: Vec<UsageRecord> = pending
            .enumerate()
            .map(|(i, pending)| self.numbered(pending, i))
            .collect();
        let count = records.len() as u64;
        self.next_seq += records.len() as i64;
        let bytes = frame(&records);
        let position = *self.published.borrow();
        if let Err(error) = self
            .storage
            .append(&bytes, position.end)
            .and_then(|()| self.storage.sync())
        {
            self.is_broken = true;
            // Cut at once while it may work, so that a crash now finds no half frame; otherwise before the next write.
            let _ = self.repair();
            return Err(error);
        }
        self.published.send_replace(Position {
            end: position.end + bytes.len() as u64,
            records: position.records + count,
            ..position
        });
        Ok(())
    }

    /// After a failed write or sync nobody knows what the file holds behind its last confirmed frame.
    fn repair(&mut self) -> io::Result<()> {
        if self.is_broken {
            let end = self.published.borrow().end;
            self.storage.cut(end)?;
            self.storage.sync()?;
            self.is_broken = false;
        }
        Ok(())
    }

    fn rotate_when_full(&mut self) {
        let position = *self.published.borrow();
        if position.end < self.segment_bytes {
            return;
        }
        match create_segment(&self.folder, self.epoch, position.segment + 1) {
            Ok(file) => {
                self.storage = Box::new(file);
                self.published.send_replace(Position {
                    segment: position.segment + 1,
                    end: HEADER as u64,
                    ..position
                });
            }
            // The full segment can grow on; the next commit tries again.
            Err(error) => tracing::warn!(cause = crate::chain(&error), "no new segment of the usage log"),
        }
    }

    fn numbered(&self, pending: &Pending, index: usize) -> UsageRecord {
        UsageRecord {
            node: self.node.clone(),
            epoch: self.epoch,
            seq: self.next_seq + index as i64,
            org: pending.org,
            key: pending.key,
            meter: pending.meter.clone(),
            units: pending.units,
            at: pending.at,
            request: Some(pending.request),
            mission: None,
        }
    }
}

/// Files that only their owner can read: who asked for what is nobody else's business.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A new segment with its header, it and its place in the folder synced.
pub(crate) fn create_segment(folder: &Path, epoch: i64, number: i64) -> Result<File, Error> {
    let path = path_of(folder, number);
    let create = || {
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&path)?;
        file.write_all(&header(epoch, number))?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(file)
    };
    create().map_err(|source| {
        // A half-made file would stand in the way of the next attempt; where it cannot go either, opening removes it.
        let _ = std::fs::remove_file(&path);
        Error::LogFile {
            what: "create the segment",
            path: path.clone(),
            source,
        }
    })
}
