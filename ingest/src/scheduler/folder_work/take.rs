//! One file of a folder: fetched where it is new or has changed, and opened once to know what it holds.

use driftline_store::Origin;

use super::notes::{Content, Found, place};
use super::{Look, SETTLED};
use crate::Error;
use crate::cycle::Opened;
use crate::feeds::files::Entry;
use crate::fetch::{self, FetchError, Received, Validator};

impl Look<'_> {
    /// Takes a file that is listed. What is wrong with it alone is noted and ends nothing.
    pub(super) async fn take(&mut self, entry: &Entry) -> Result<(), Error> {
        match self.notes.of(entry) {
            Some(Found::Forcing(content)) if content.last < self.oldest || self.is_here(&entry.name, content) => {
                return Ok(());
            }
            Some(Found::Refused { reason, .. }) => {
                let reason = reason.clone();
                self.fail("unreadable", reason);
                return Ok(());
            }
            Some(Found::Ahead { seen_at }) if self.now.duration_since(*seen_at) <= SETTLED => return Ok(()),
            None if is_ahead(entry, self.now) => {
                self.notes.put(entry, Found::Ahead { seen_at: self.now });
                return Ok(());
            }
            _ => {}
        }
        match self.fetched(entry).await {
            Ok(receipt) => self.open(entry, &receipt).await,
            Err(FetchError::Unchanged { .. }) => {
                self.still_refused(entry);
                Ok(())
            }
            // No other file will fare better.
            Err(error @ FetchError::DiskFull { .. }) => Err(Error::Fetch(error)),
            Err(error) => {
                let (feed, of) = (&self.folder.name, ("unreachable", entry.name.as_str()));
                let message = format!("{}: {error}", entry.name);
                self.scheduler.note_of(feed, self.report, of, message);
                self.turn.failed = true;
                Ok(())
            }
        }
    }

    /// The bytes of a file in the spool. Only the server can tell whether they are still its newest: what is here is named
    /// to it, and is not sent again.
    async fn fetched(&mut self, entry: &Entry) -> Result<Received, FetchError> {
        let here = self.spool.fetched(&entry.name);
        let here = here.filter(|receipt| place(&receipt.url) == place(&entry.url));
        let same_length = |receipt: &Received| entry.marks.bytes.is_none_or(|bytes| bytes == receipt.bytes);
        let here = here.filter(same_length);
        let received = if entry.url.scheme() == "file" {
            match here {
                Some(receipt) if receipt.validator.last_modified == entry.marks.last_modified => return Ok(receipt),
                _ => self.copied(entry).await?,
            }
        } else {
            let known = here.as_ref().map(|receipt| receipt.validator.clone());
            let known = known.or_else(|| self.refused_version(entry));
            match (self.downloaded(entry, known).await, here) {
                (Err(FetchError::Unchanged { .. }), Some(receipt)) => return Ok(receipt),
                (received, _) => received?,
            }
        };
        self.report.counters.parts += 1;
        self.report.counters.bytes += received.bytes;
        Ok(received)
    }

    async fn copied(&self, entry: &Entry) -> Result<Received, FetchError> {
        let path = entry.url.to_file_path().map_err(|()| FetchError::Unaskable {
            url: entry.url.to_string(),
            reason: "it is no path of this machine".to_owned(),
        })?;
        fetch::local_copy(&path, &self.spool.path(&entry.name)).await
    }

    async fn downloaded(&self, entry: &Entry, known: Option<Validator>) -> Result<Received, FetchError> {
        let wanted = fetch::Wanted {
            url: entry.url.clone(),
            ranges: Vec::new(),
            at_least_bytes: 1,
            settled_for: Some(SETTLED.unsigned_abs()),
            known,
        };
        let (scheduler, feed) = (self.scheduler, &self.folder.name);
        let progress = |bytes: u64| scheduler.watcher.receives(feed, super::ONE_FOLDER, bytes);
        let destination = self.spool.path(&entry.name);
        scheduler.fetcher.to_file(&wanted, &destination, &progress).await
    }

    /// The version of the file that was refused before.
    fn refused_version(&self, entry: &Entry) -> Option<Validator> {
        match self.notes.of_name(&entry.name)? {
            Found::Refused { validator, .. } => Some(validator.clone()),
            _ => None,
        }
    }

    /// The listing says otherwise, the server says that it is the file that was refused.
    fn still_refused(&mut self, entry: &Entry) {
        if let Some(refused @ Found::Refused { reason, .. }) = self.notes.of_name(&entry.name).cloned().as_ref() {
            self.notes.put(entry, refused.clone());
            self.fail("unreadable", reason.clone());
        }
    }

    async fn open(&mut self, entry: &Entry, receipt: &Received) -> Result<(), Error> {
        if let Some(Found::Forcing(content)) = self.notes.of_name(&entry.name)
            && content.source.sha256 == receipt.sha256
        {
            let same = Found::Forcing(content.clone());
            self.notes.put(entry, same);
            return Ok(());
        }
        let (path, name, origin) = (
            self.spool.path(&entry.name),
            entry.name.to_string(),
            Origin::from(receipt),
        );
        let open = move || Opened::open(&path, name, Some(origin));
        match self.scheduler.compute.run(open).await? {
            Ok(opened) => {
                let found = content(opened);
                self.notes.put(entry, found);
            }
            Err(Error::Refused { source, .. }) if !matches!(source, driftline_decode::Error::Io { .. }) => {
                self.refuse(entry, receipt, format!("{}: {source}", entry.name))?;
            }
            // This machine's fault, and perhaps not the next time's.
            Err(error @ (Error::Refused { .. } | Error::Read { .. })) => {
                self.fail("unreadable", format!("{}: {error}", entry.name));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn refuse(&mut self, entry: &Entry, receipt: &Received, reason: String) -> Result<(), Error> {
        self.spool.drop_part(&entry.name)?;
        let refused = Found::Refused {
            reason: reason.clone(),
            validator: receipt.validator.clone(),
        };
        self.notes.put(entry, refused);
        self.report.counters.refused += 1;
        self.fail("unreadable", reason);
        Ok(())
    }
}

/// Whether a file of this machine is dated so far ahead of the clock that its age says nothing.
pub(super) fn is_ahead(entry: &Entry, now: jiff::Timestamp) -> bool {
    let dated = entry.marks.last_modified.filter(|_| entry.url.scheme() == "file");
    dated.is_some_and(|at| at.duration_since(now) > SETTLED)
}

fn content(opened: Opened) -> Found {
    let times = opened.file.series().iter().filter_map(|series| series.times.last());
    let run = opened.file.run();
    let last = times.max().copied();
    Found::Forcing(Content {
        last: last.unwrap_or(driftline_domain::ValidTime(run.0)),
        run,
        source: opened.source,
    })
}
