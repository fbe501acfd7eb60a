//! The unfinished file of a download and the record beside it that lets a later process go on.
//!
//! `<destination>.part` has the bytes; `<destination>.part.json` says of which object and version they are, how many of
//! them count, and their SHA-256. Nothing is synced before the end: after a power cut the digest tells whether the bytes
//! are those that were received, and if not, the download begins anew.

use std::fs::TryLockError;
use std::io::{ErrorKind, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::time::sleep;

use super::error::disk;
use super::{FetchError, Validator};

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// After so many bytes the record is written anew; a killed process loses no more.
const RECORD_EVERY_BYTES: u64 = 1 << 20;

/// The first bytes of the file that are kept at hand, to see what it is.
const FIRST_BYTES: usize = 512;

/// A download that was just given up may still be writing its last buffer.
const LOCK_TRIES: u32 = 10;
const BETWEEN_LOCK_TRIES: Duration = Duration::from_millis(20);

/// Of what the bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    /// Address without secrets.
    pub(super) url: String,
    /// First byte, and last byte plus one; none for the whole object.
    pub(super) ranges: Vec<[u64; 2]>,
}

/// What the record beside the unfinished file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    origin: Origin,
    validator: Validator,
    /// Bytes of the whole object, if told.
    total: Option<u64>,
    done: u64,
    sha256: String,
}

/// An unfinished file; nobody else writes to it.
pub(super) struct Part {
    destination: PathBuf,
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    origin: Origin,
    /// Version of the object that the bytes are of.
    pub(super) validator: Validator,
    /// Bytes of the whole object, if told.
    pub(super) total: Option<u64>,
    done: u64,
    recorded: u64,
    hasher: Sha256,
    first: Vec<u8>,
}

impl Part {
    /// Goes on with what lies there if it is of the same origin and as it was received, else begins anew.
    pub(super) async fn open(destination: &Path, origin: Origin) -> Result<Self, FetchError> {
        let path = with_suffix(destination, ".part");
        let mut part = Self {
            file: open_alone(&path).await?,
            destination: destination.to_owned(),
            path,
            buffer: Vec::new(),
            origin,
            validator: Validator::default(),
            total: None,
            done: 0,
            recorded: 0,
            hasher: Sha256::new(),
            first: Vec::new(),
        };
        let record = part.read_record().await?;
        match record.filter(|record| record.origin == part.origin) {
            Some(record) => part.go_on(record).await?,
            None => part.start_over().await?,
        }
        Ok(part)
    }

    /// Bytes of the file so far.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// The file's first bytes, at most 512.
    pub(super) fn first_bytes(&self) -> &[u8] {
        &self.first
    }

    /// Whether the first bytes are there in the number that suffices to tell what they are.
    pub(super) fn has_first_bytes(&self) -> bool {
        self.first.len() == FIRST_BYTES
    }

    pub(super) async fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.count(bytes);
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES {
            self.write_out().await?;
        }
        if self.done - self.recorded >= RECORD_EVERY_BYTES {
            self.record().await?;
        }
        Ok(())
    }

    /// Writes out what was received and says so in the record.
    pub(super) async fn record(&mut self) -> Result<(), FetchError> {
        self.write_out().await?;
        let record = Record {
            origin: self.origin.clone(),
            validator: self.validator.clone(),
            total: self.total,
            done: self.done,
            sha256: hex(&self.hasher.clone().finalize()),
        };
        let path = self.record_path();
        let fresh = with_suffix(&path, ".new");
        let text = serde_json::to_vec(&record)
            .map_err(std::io::Error::other)
            .map_err(disk("write", &path))?;
        tokio::fs::write(&fresh, text).await.map_err(disk("write", &fresh))?;
        tokio::fs::rename(&fresh, &path).await.map_err(disk("rename", &fresh))?;
        self.recorded = self.done;
        Ok(())
    }

    /// Forgets all bytes.
    pub(super) async fn start_over(&mut self) -> Result<(), FetchError> {
        remove(&self.record_path()).await?;
        self.validator = Validator::default();
        self.total = None;
        self.forget();
        self.cut_to(0).await
    }

    /// Removes what cannot become the file.
    pub(super) async fn discard(self) -> Result<(), FetchError> {
        remove(&self.record_path()).await?;
        remove(&self.path).await
    }

    /// Makes what was received survive a power cut. Returns its SHA-256.
    pub(super) async fn seal(&mut self) -> Result<String, FetchError> {
        self.write_out().await?;
        self.file.sync_all().await.map_err(disk("sync", &self.path))?;
        Ok(hex(&self.hasher.clone().finalize()))
    }

    /// Gives what was sealed its name, durably.
    pub(super) async fn settle(self) -> Result<(), FetchError> {
        tokio::fs::rename(&self.path, &self.destination)
            .await
            .map_err(disk("rename", &self.path))?;
        let folder = match self.destination.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let opened = File::open(folder).await.map_err(disk("open", folder))?;
        opened.sync_all().await.map_err(disk("sync", folder))?;
        remove(&self.record_path()).await
    }

    fn count(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.done += bytes.len() as u64;
        let lacking = (FIRST_BYTES - self.first.len()).min(bytes.len());
        self.first.extend_from_slice(&bytes[..lacking]);
    }

    fn forget(&mut self) {
        self.buffer.clear();
        self.first.clear();
        self.hasher = Sha256::new();
        (self.done, self.recorded) = (0, 0);
    }

    async fn write_out(&mut self) -> Result<(), FetchError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file
            .write_all(&self.buffer)
            .await
            .map_err(disk("write", &self.path))?;
        self.file.flush().await.map_err(disk("write", &self.path))?;
        self.buffer.clear();
        Ok(())
    }

    fn record_path(&self) -> PathBuf {
        with_suffix(&self.path, ".json")
    }

    /// The record, unless there is none or it is no record.
    async fn read_record(&self) -> Result<Option<Record>, FetchError> {
        let path = self.record_path();
        match tokio::fs::read(&path).await {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk("read", &path)(error)),
        }
    }

    /// Takes over the recorded bytes if they are still those that were received.
    async fn go_on(&mut self, record: Record) -> Result<(), FetchError> {
        let mut piece = vec![0; BUFFER_BYTES];
        while self.done < record.done {
            let lacking = usize::try_from(record.done - self.done).unwrap_or(usize::MAX);
            let most = piece.len().min(lacking);
            match self
                .file
                .read(&mut piece[..most])
                .await
                .map_err(disk("read", &self.path))?
            {
                0 => break,
                read => self.count(&piece[..read]),
            }
        }
        if self.done != record.done || hex(&self.hasher.clone().finalize()) != record.sha256 {
            return self.start_over().await;
        }
        self.validator = record.validator;
        self.total = record.total;
        self.recorded = self.done;
        self.cut_to(self.done).await
    }

    async fn cut_to(&mut self, length: u64) -> Result<(), FetchError> {
        let found = self.file.metadata().await.map_err(disk("look at", &self.path))?.len();
        if found != length {
            self.file.set_len(length).await.map_err(disk("shorten", &self.path))?;
        }
        let moved = self.file.seek(SeekFrom::Start(length)).await;
        moved.map_err(disk("write", &self.path)).map(|_| ())
    }
}

/// Opens the file so that no other process or task has it, and makes sure that it is the one that bears the name: who had
/// it before may just have given it its final name.
async fn open_alone(path: &Path) -> Result<File, FetchError> {
    let busy = || FetchError::Busy { path: path.to_owned() };
    let mut options = File::options();
    options.read(true).write(true).create(true);
    let file = options.open(path).await.map_err(disk("create", path))?.into_std().await;
    let mut tries = 1;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if tries < LOCK_TRIES => sleep(BETWEEN_LOCK_TRIES).await,
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(error)) => return Err(disk("lock", path)(error)),
        }
        tries += 1;
    }
    let ours = file.metadata().map_err(disk("look at", path))?;
    match tokio::fs::metadata(path).await {
        Ok(named) if (named.dev(), named.ino()) == (ours.dev(), ours.ino()) => Ok(File::from_std(file)),
        _ => Err(busy()),
    }
}

async fn remove(path: &Path) -> Result<(), FetchError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(disk("remove", path)(error)),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a file that begins like this is text: a page, an error message, a listing. GRIB, NetCDF and HDF5 have bytes
/// below 32 or above 127 at once. An empty beginning is no text.
pub fn looks_like_text(first: &[u8]) -> bool {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    // The last character may be cut in two.
    let whole = match std::str::from_utf8(first) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&first[..error.valid_up_to()]).unwrap_or(""),
        Err(_) => return false,
    };
    let readable = |c: char| !c.is_control() || ['\t', '\n', '\r', '\u{c}'].contains(&c);
    !whole.is_empty() && whole.chars().all(readable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_messages_are_text_and_data_is_not() {
        for text in [
            "<!DOCTYPE html>",
            "\u{feff}<html>",
            "\n {\"error\": \"not found\"}",
            "data file is not present",
            "Zugriff verweigert: R\u{e4}tsel",
        ] {
            assert!(looks_like_text(text.as_bytes()), "{text}");
        }
        assert!(looks_like_text(&"Rätsel".as_bytes()[..2]), "cut within a character");
        for data in [
            &b"GRIB\0\0\0\x02\0\0"[..],
            b"CDF\x01\0\0\0\x08",
            b"\x89HDF\r\n\x1a\n",
            b"PK\x03\x04",
            b"\x1f\x8b\x08",
            b"\xff\xfe<\0",
            b"",
        ] {
            assert!(!looks_like_text(data), "{data:?}");
        }
    }
}
