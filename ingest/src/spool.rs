//! Fetched parts on their way into a cycle, in a folder of this machine: `<root>/<feed>/<run>/<part>` beside a receipt
//! that tells where the bytes came from.
//!
//! A part counts as fetched once its receipt and all of its bytes are there, so that a killed ingest fetches nothing twice.
//! Bytes that were looked at and refused are remembered with their validator: as long as the provider has the same, they
//! are not fetched again.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use driftline_domain::RunTime;
use driftline_store::Origin;
use jiff::Timestamp;
use percent_encoding::AsciiSet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::fetch::{Received, Validator, receipt_path};

/// The folder of all feeds.
#[derive(Debug, Clone)]
pub(crate) struct Spool {
    root: PathBuf,
}

/// The folder of one cycle.
#[derive(Debug, Clone)]
pub(crate) struct CycleSpool {
    folder: PathBuf,
}

/// Bytes that are no use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RefusedBytes {
    /// Where they lie.
    pub(crate) url: String,
    /// Which bytes of the object; empty for all of it.
    #[serde(default)]
    pub(crate) ranges: Vec<[u64; 2]>,
    /// Which version of them.
    pub(crate) validator: Validator,
    /// Their SHA-256: some servers mark no versions.
    #[serde(default)]
    pub(crate) sha256: String,
    /// What is wrong with them.
    pub(crate) reason: String,
    /// When they were looked at.
    pub(crate) at: Timestamp,
}

impl Spool {
    /// The spool below a folder.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of a cycle, created where it is not there.
    pub(crate) fn cycle(&self, feed: &str, run: RunTime) -> Result<CycleSpool, Error> {
        let folder = self.root.join(feed).join(run_name(run));
        std::fs::create_dir_all(&folder).map_err(spool_error("create", &folder))?;
        Ok(CycleSpool { folder })
    }

    /// Takes a feed for this process for as long as the answer is kept; `None` where another one has it.
    pub(crate) fn claim(&self, feed: &str) -> Result<Option<std::fs::File>, Error> {
        std::fs::create_dir_all(&self.root).map_err(spool_error("create", &self.root))?;
        let path = self.root.join(format!("{feed}.lock"));
        let file = std::fs::File::create(&path).map_err(spool_error("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(spool_error("lock", &path)(error)),
        }
    }

    /// Runs of a feed that have a folder, oldest first.
    pub(crate) fn runs(&self, feed: &str) -> Vec<RunTime> {
        let Ok(entries) = std::fs::read_dir(self.root.join(feed)) else {
            return Vec::new();
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut runs: Vec<RunTime> = names.filter_map(|name| run_of(&name.to_string_lossy())).collect();
        runs.sort();
        runs
    }

    /// Removes what was fetched for a cycle.
    pub(crate) fn forget(&self, feed: &str, run: RunTime) -> Result<(), Error> {
        let folder = self.root.join(feed).join(run_name(run));
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(spool_error("remove", &folder)(error)),
            _ => Ok(()),
        }
    }
}

impl CycleSpool {
    /// Where a part's bytes lie, or will: always in this folder, whatever the part is called.
    pub(crate) fn path(&self, part: &str) -> PathBuf {
        self.folder.join(file_name(part).as_ref())
    }

    /// Where is noted what is known of the folder's parts: hidden, which no part's file is.
    pub(crate) fn notes_path(&self) -> PathBuf {
        self.folder.join(".notes.json")
    }

    /// The receipt of a part, if all of it is there.
    pub(crate) fn fetched(&self, part: &str) -> Option<Received> {
        let path = self.path(part);
        let receipt: Received = read_json(&receipt_path(&path))?;
        let is_whole = |path: &Path| std::fs::metadata(path).is_ok_and(|about| about.len() == receipt.bytes);
        let unnamed = path.with_added_extension("part");
        // Killed between the receipt and the name.
        let is_here = is_whole(&path) || (is_whole(&unnamed) && std::fs::rename(&unnamed, &path).is_ok());
        is_here.then_some(receipt)
    }

    /// Removes a part that cannot be used, and remembers why.
    pub(crate) fn refuse(&self, part: &str, receipt: &Received, reason: String, now: Timestamp) -> Result<(), Error> {
        let mut refused = self.refused(part);
        refused.retain(|one| one.url != receipt.url.as_str() || one.ranges != receipt.ranges);
        refused.push(RefusedBytes {
            url: receipt.url.to_string(),
            ranges: receipt.ranges.clone(),
            validator: receipt.validator.clone(),
            sha256: receipt.sha256.clone(),
            reason,
            at: now,
        });
        write_json(&self.refused_path(part), &refused)?;
        self.drop_part(part)
    }

    /// Forgets the bytes of a part, as when its provider has newer ones.
    pub(crate) fn drop_part(&self, part: &str) -> Result<(), Error> {
        let path = self.path(part);
        for file in [path.clone(), receipt_path(&path)] {
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(spool_error("remove", &file)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// What was refused of a part.
    pub(crate) fn refused(&self, part: &str) -> Vec<RefusedBytes> {
        read_json(&self.refused_path(part)).unwrap_or_default()
    }

    /// Removes every part that is not among these.
    pub(crate) fn keep_only(&self, parts: &BTreeSet<String>) -> Result<(), Error> {
        let entries = std::fs::read_dir(&self.folder).map_err(spool_error("read", &self.folder))?;
        let files: BTreeSet<_> = parts.iter().map(|part| file_name(part)).collect();
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // `a.nc`, and what lies beside it: `a.nc.receipt`, `a.nc.part.json`.
            let mut beginnings = name
                .match_indices('.')
                .map(|(at, _)| &name[..at])
                .chain([name.as_str()]);
            if !name.starts_with('.') && !beginnings.any(|beginning| files.contains::<str>(beginning)) {
                std::fs::remove_file(entry.path()).map_err(spool_error("remove", &entry.path()))?;
            }
        }
        Ok(())
    }

    fn refused_path(&self, part: &str) -> PathBuf {
        self.folder.join(format!("{}.refused", file_name(part)))
    }
}

impl From<&Received> for Origin {
    fn from(receipt: &Received) -> Self {
        Self {
            url: receipt.url.to_string(),
            ranges: receipt.ranges.clone(),
            etag: receipt.validator.etag.clone(),
            last_modified: receipt.validator.last_modified,
            fetched_at: receipt.fetched_at,
        }
    }
}

/// Bytes of a part's name that its file has as `%` and two digits.
const ESCAPED: AsciiSet = percent_encoding::CONTROLS.add(b'/').add(b'\\').add(b'%');

/// The file name of a part. Names of parts are made by this program, or come from listings and were checked; should one
/// of another kind ever come here, it is one strange file and no way out of the folder.
fn file_name(part: &str) -> Cow<'_, str> {
    let is_plain = !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '\\', '\0']);
    if is_plain {
        return Cow::Borrowed(part);
    }
    let escaped = percent_encoding::utf8_percent_encode(part, &ESCAPED).to_string();
    Cow::Owned(format!("%{escaped}"))
}

fn run_name(run: RunTime) -> String {
    run.0.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn run_of(name: &str) -> Option<RunTime> {
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", name).ok()?;
    Some(RunTime(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
}

/// A small file; `None` where there is none or it is no such thing.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Writes a small file so that it is there whole or not at all.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let staged = path.with_added_extension("new");
    let text = serde_json::to_vec(value).map_err(|error| spool_error("write", path)(error.into()))?;
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&staged)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&staged, path)
    };
    write().map_err(spool_error("write", path))
}

fn spool_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Spool { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_lies_outside_of_its_folder() {
        let root = tempfile::tempdir().unwrap();
        let run = RunTime(Timestamp::UNIX_EPOCH);
        let spool = Spool::new(root.path().to_owned()).cycle("x", run).unwrap();
        for part in [
            "../a.nc",
            "/tmp/a.nc",
            "..",
            ".",
            "",
            "a/../../b.nc",
            "a\0b.nc",
            ".notes.json",
            "f003",
        ] {
            let path = spool.path(part);
            assert_eq!(
                path.parent(),
                Some(spool.folder.as_path()),
                "{part:?}: {}",
                path.display()
            );
            std::fs::write(&path, "").unwrap();
            assert_ne!(path, spool.notes_path());
        }
        let parts: BTreeSet<String> = ["../a.nc".to_owned()].into();
        std::fs::write(spool.notes_path(), "{}").unwrap();
        std::fs::write(receipt_path(&spool.path("../a.nc")), "{}").unwrap();
        spool.keep_only(&parts).unwrap();
        let mut left: Vec<String> = std::fs::read_dir(&spool.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["%..%2Fa.nc", "%..%2Fa.nc.receipt", ".notes.json"]);
    }
}
