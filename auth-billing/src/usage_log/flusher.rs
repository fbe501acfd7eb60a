//! Enters what the log holds behind the watermark into the ledger, and removes segments that are wholly in it.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftline_database::{Database, UsageRecord, Watermark};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::watch;

use super::segment::{Ending, Frame, HEADER, Origin, epoch_of, number_of, path_of, scan};
use super::writer::Position;
use crate::{Clock, Error};

/// Records in one transaction, about.
const PER_TRANSACTION: usize = 2_000;

pub(crate) struct Flusher {
    pub(crate) folder: PathBuf,
    pub(crate) node: String,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) log: watch::Receiver<Position>,
    pub(crate) every: Duration,
    pub(crate) every_records: u64,
    /// Everything up to here is in the ledger.
    pub(crate) entered: Option<Position>,
    /// The same, for whoever wants to know.
    pub(crate) told: watch::Sender<Entered>,
}

/// When the ledger had everything last, and how much of this process that was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entered {
    pub(crate) records: u64,
    pub(crate) at: Instant,
}

impl Entered {
    pub(crate) fn now(records: u64) -> Self {
        Self {
            records,
            at: Instant::now(),
        }
    }
}

impl Flusher {
    /// Enters what an earlier process has left. A ledger that fails now is tried again later: the log is safe.
    pub(crate) async fn replay(&mut self) {
        let position = *self.log.borrow_and_update();
        self.try_flush(position).await;
    }

    /// Flushes by time and by number of records, and a last time when told to stop.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
        loop {
            let position = *self.log.borrow_and_update();
            if self.entered == Some(position) {
                self.told.send_replace(Entered::now(position.records));
            } else {
                self.try_flush(position).await;
            }
            let many = position.records + self.every_records;
            tokio::select! {
                told = stop.wait_for(|stop| *stop) => match told {
                    Ok(_) => break,
                    // Nobody is left to tell: the rest is entered at the next start, as after a crash.
                    Err(_) => return Ok(()),
                },
                () = tokio::time::sleep(self.every) => {}
                _ = self.log.wait_for(|now| now.records >= many) => {}
            }
        }
        let position = *self.log.borrow();
        self.flush(position).await
    }

    async fn try_flush(&mut self, position: Position) {
        match self.flush(position).await {
            Ok(()) => {
                self.entered = Some(position);
                self.told.send_replace(Entered::now(position.records));
            }
            Err(error) => tracing::error!(cause = crate::chain(&error), "usage is not in the ledger yet"),
        }
    }

    /// Enters everything up to this position.
    pub(crate) async fn flush(&self, position: Position) -> Result<(), Error> {
        let watermark = self.database.watermark(&self.node).await?;
        let (first, entered) = watermark.map_or((0, 0), |mark| (mark.segment, mark.offset));
        let mut has_removed = false;
        for number in segments(&self.folder)? {
            if number > position.segment {
                continue;
            }
            let from = if number == first {
                (entered as usize).max(HEADER)
            } else {
                HEADER
            };
            let is_current = number == position.segment;
            if number >= first {
                self.enter(number, from, is_current.then_some(position.end)).await?;
            }
            if !is_current {
                let path = path_of(&self.folder, number);
                match tokio::fs::remove_file(&path).await {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(file_error("remove the segment", &path)(error));
                    }
                    // One that is gone already need not go.
                    _ => {}
                }
                has_removed = true;
            }
        }
        if has_removed {
            let sync = async { tokio::fs::File::open(&self.folder).await?.sync_all().await };
            sync.await.map_err(file_error("sync the folder", &self.folder))?;
        }
        Ok(())
    }

    async fn enter(&self, number: i64, from: usize, until: Option<u64>) -> Result<(), Error> {
        let path = path_of(&self.folder, number);
        let bytes = read(&path, from, until)
            .await
            .map_err(file_error("read the segment", &path))?;
        if bytes.len() <= HEADER {
            return Ok(());
        }
        let skipped = from - HEADER;
        let frames = frames_of(&bytes, &self.node, number, skipped, &path)?;
        let mut batch: Vec<UsageRecord> = Vec::new();
        let count = frames.len();
        for (i, frame) in frames.into_iter().enumerate() {
            batch.extend(frame.records);
            if batch.len() >= PER_TRANSACTION || i + 1 == count {
                let watermark = Watermark {
                    node: self.node.clone(),
                    segment: number,
                    offset: (skipped + frame.end) as i64,
                };
                self.database.apply_usage(&batch, &watermark, (self.clock)()).await?;
                batch.clear();
            }
        }
        Ok(())
    }
}

/// The frames behind a segment's header, of which so many bytes were left out; anything that is no frame is damage here, since
/// a torn end was cut off when the log was opened.
fn frames_of(bytes: &[u8], node: &str, number: i64, skipped: usize, path: &Path) -> Result<Vec<Frame>, Error> {
    let damaged = |offset: usize, reason: &str| Error::LogDamaged {
        path: path.to_owned(),
        offset: offset as u64,
        reason: reason.to_owned(),
    };
    let epoch = epoch_of(bytes, number).ok_or_else(|| damaged(0, "the header is not intact"))?;
    let origin = Origin {
        node: node.to_owned(),
        epoch,
    };
    match scan(bytes, &origin, HEADER) {
        (frames, Ending::Whole) => Ok(frames),
        (_, Ending::Torn { at }) => Err(damaged(
            skipped + at,
            "what follows is no record, and the segment is not the last",
        )),
        (_, Ending::Damaged { at, next }) => Err(damaged(
            skipped + at,
            &format!(
                "the checksum does not match, intact records follow at {}",
                skipped + next
            ),
        )),
    }
}

/// The numbers of the segments in a folder, ascending.
pub(crate) fn segments(folder: &Path) -> Result<Vec<i64>, Error> {
    let list = || -> io::Result<Vec<i64>> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            numbers.extend(entry?.file_name().to_str().and_then(number_of));
        }
        numbers.sort_unstable();
        Ok(numbers)
    };
    list().map_err(file_error("list", folder))
}

pub(crate) fn file_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::LogFile { what, path, source }
}

/// The header of a segment, and behind it what the segment holds from an offset on: what was entered is not read again.
async fn read(path: &Path, from: usize, until: Option<u64>) -> io::Result<Vec<u8>> {
    let mut file = tokio::fs::File::open(path).await?;
    let mut bytes = Vec::new();
    (&mut file).take(HEADER as u64).read_to_end(&mut bytes).await?;
    file.seek(SeekFrom::Start(from as u64)).await?;
    let length = until.unwrap_or(u64::MAX).saturating_sub(from as u64);
    file.take(length).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
