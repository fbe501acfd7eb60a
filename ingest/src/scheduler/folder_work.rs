//! A folder of this machine, or the listing of a bucket prefix or web folder, whose files are forcing: what is new or has
//! changed is fetched, and files of one model run become one cycle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use driftline_domain::RunTime;
use driftline_store::{Origin, Published};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{Scheduler, Turn};
use crate::Error;
use crate::cycle::{self, Draft, Opened};
use crate::feeds::files::{self, Entry};
use crate::fetch::{self, Class, FetchError, Received, Text, Validator};
use crate::report::Report;
use crate::spool::CycleSpool;

/// Pages of a listing that are read.
const MOST_PAGES: usize = 1000;
/// Longest page of a listing that is read.
const MOST_PAGE_BYTES: u64 = 16 * 1024 * 1024;
/// A file that changed less long ago than this may still be written to.
const SETTLED: SignedDuration = SignedDuration::from_secs(30);

/// A folder whose files are forcing.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderFeed {
    /// Feed that the files become.
    pub name: String,
    /// Credit line; `None` for what the files say of themselves.
    pub attribution: Option<String>,
    location: Location,
}

#[derive(Debug, Clone, PartialEq)]
enum Location {
    Local(PathBuf),
    Remote(Url),
}

/// Why a setting names no folder.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FolderError(String);

impl FolderFeed {
    /// A folder's path, or the address of a listing.
    pub fn new(name: &str, location: &str, attribution: Option<String>) -> Result<Self, FolderError> {
        if let Some(violation) = driftline_store::feed_name_violation(name) {
            return Err(FolderError(violation));
        }
        let location = match Url::parse(location) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Location::Remote(url),
            _ if location.is_empty() => return Err(FolderError("the location is empty".to_owned())),
            _ => Location::Local(PathBuf::from(location)),
        };
        Ok(Self {
            name: name.to_owned(),
            attribution,
            location,
        })
    }
}

impl Scheduler {
    /// One look at a folder.
    pub(crate) async fn folder_turn(&self, folder: &FolderFeed) -> Turn {
        let now = Timestamp::now();
        let mut turn = Turn::default();
        let mut report = match self.report(&folder.name).await {
            Ok(report) => report,
            // What was kept must not be overwritten with less.
            Err(error) => {
                tracing::warn!(feed = folder.name, cause = %error, "the store cannot be read, the folder is not looked at");
                turn.failed = true;
                return turn;
            }
        };
        report.hosts.clear();
        if let Location::Remote(url) = &folder.location {
            Self::asks(&mut report, url);
        }
        if let Err(error) = self.work_through_folder(folder, &mut report, &mut turn).await {
            self.note(&folder.name, &mut report, "turn_failed", error.to_string());
            turn.failed = true;
        }
        report.counters.failed_turns += u64::from(turn.failed);
        report.failed = turn.failed;
        report.polled_at = Some(now);
        self.keep_report(&folder.name, &report).await;
        turn
    }

    async fn work_through_folder(
        &self,
        folder: &FolderFeed,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let Some(_claim) = self.spool.claim(&folder.name)? else {
            tracing::info!(feed = folder.name, "another process of this machine fetches the folder");
            return Ok(());
        };
        // One folder of the spool for all of them: which run a file belongs to is known once it is opened.
        let spool = self.spool.cycle(&folder.name, RunTime(Timestamp::UNIX_EPOCH))?;
        let entries = match &folder.location {
            Location::Local(path) => local_entries(path)?,
            Location::Remote(url) => self.remote_entries(url).await?,
        };
        let mut files = Vec::new();
        let mut names = BTreeSet::new();
        for entry in &entries {
            if !names.insert(entry.name.clone()) {
                let message = format!("two files are called {}; the first is used", entry.name);
                self.note(&folder.name, report, "name_twice", message);
                continue;
            }
            match self.folder_file(folder, &spool, entry, report).await? {
                Some(opened) => files.push(opened),
                None => turn.failed = true,
            }
        }
        spool.keep_only(&names)?;
        self.publish_folder(folder, files, report, turn).await
    }

    async fn publish_folder(
        &self,
        folder: &FolderFeed,
        files: Vec<Arc<Opened>>,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let oldest = Timestamp::now() - self.window.hindcast;
        let mut cycles: BTreeMap<RunTime, Vec<Arc<Opened>>> = BTreeMap::new();
        for opened in files {
            let last = opened
                .file
                .series()
                .iter()
                .filter_map(|series| series.times.last())
                .max();
            if last.is_some_and(|last| last.0 >= oldest) {
                cycles.entry(opened.file.run()).or_default().push(opened);
            }
        }
        for (run, files) in cycles {
            let draft = Draft {
                feed: folder.name.clone(),
                run,
                files,
                attribution: folder.attribution.clone(),
                horizon: None,
                fields: Vec::new(),
                times: Vec::new(),
                coast: self.coast.clone(),
            };
            match cycle::publish(&self.store, &self.compute, draft, Timestamp::now()).await {
                Ok(Published::New(cycle)) => {
                    turn.published.push((run, cycle.manifest.revision));
                    report.counters.published += 1;
                }
                Ok(Published::Unchanged(_)) => {}
                Err(error) if error.is_refusal() => {
                    self.note(&folder.name, report, "cycle_refused", format!("{run}: {error}"));
                    turn.failed = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn remote_entries(&self, first: &Url) -> Result<Vec<Entry>, Error> {
        let (mut entries, mut next) = (Vec::new(), Some(first.clone()));
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { return Ok(entries) };
            let Text::New { body, .. } = self.fetcher.text(&url, MOST_PAGE_BYTES, None).await? else {
                return Ok(entries);
            };
            let page = files::read(&url, &body).map_err(Error::Plan)?;
            entries.extend(
                page.entries
                    .into_iter()
                    .filter(|entry| files::may_be_forcing(&entry.name)),
            );
            next = page.next;
        }
        Err(Error::Conflict(format!(
            "the listing at {first} has more than {MOST_PAGES} pages"
        )))
    }

    /// A file of the folder, opened; `None` where it is no use, which is noted.
    async fn folder_file(
        &self,
        folder: &FolderFeed,
        spool: &CycleSpool,
        entry: &Entry,
        report: &mut Report,
    ) -> Result<Option<Arc<Opened>>, Error> {
        let is_that = |validator: &Validator| {
            (entry.etag.is_none() || validator.etag == entry.etag)
                && (entry.last_modified.is_none() || validator.last_modified == entry.last_modified)
        };
        let mut refused = spool.refused(&entry.name).into_iter();
        if let Some(known) = refused.rfind(|one| is_that(&one.validator)) {
            self.note(&folder.name, report, "unreadable", known.reason);
            return Ok(None);
        }
        let here = spool.fetched(&entry.name).filter(|receipt| is_that(&receipt.validator));
        let receipt = match here {
            Some(receipt) => receipt,
            None => match self.fetch_entry(folder, spool, entry).await {
                Ok(receipt) => {
                    report.counters.parts += 1;
                    report.counters.bytes += receipt.bytes;
                    receipt
                }
                Err(error) if matches!(error.class(), Class::Local) => return Err(Error::Fetch(error)),
                Err(error) => {
                    self.note(&folder.name, report, "unreachable", format!("{}: {error}", entry.name));
                    return Ok(None);
                }
            },
        };
        self.open_entry(folder, spool, entry, receipt, report).await
    }

    async fn open_entry(
        &self,
        folder: &FolderFeed,
        spool: &CycleSpool,
        entry: &Entry,
        receipt: Received,
        report: &mut Report,
    ) -> Result<Option<Arc<Opened>>, Error> {
        let (path, name, origin) = (spool.path(&entry.name), entry.name.clone(), Origin::from(&receipt));
        match self
            .compute
            .run(move || Opened::open(&path, name, Some(origin)))
            .await?
        {
            Ok(opened) => Ok(Some(Arc::new(opened))),
            Err(Error::Refused { source, .. }) => {
                let reason = format!("{}: {source}", entry.name);
                spool.refuse(&entry.name, &receipt, reason.clone(), Timestamp::now())?;
                report.counters.refused += 1;
                self.note(&folder.name, report, "unreadable", reason);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn fetch_entry(
        &self,
        folder: &FolderFeed,
        spool: &CycleSpool,
        entry: &Entry,
    ) -> Result<Received, FetchError> {
        let destination = spool.path(&entry.name);
        if let Ok(path) = entry.url.to_file_path() {
            return fetch::local_copy(&path, &destination).await;
        }
        let wanted = fetch::Wanted {
            url: entry.url.clone(),
            ranges: Vec::new(),
            at_least_bytes: 1,
            settled_for: Some(SETTLED.unsigned_abs()),
            known: None,
        };
        let run = RunTime(Timestamp::UNIX_EPOCH);
        let progress = |bytes: u64| self.watcher.receives(&folder.name, run, bytes);
        self.fetcher.to_file(&wanted, &destination, &progress).await
    }
}

/// Regular files directly in a folder that have not changed for a while, in the order of their names.
fn local_entries(folder: &std::path::Path) -> Result<Vec<Entry>, Error> {
    let read_error = |source: std::io::Error| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let folder = std::fs::canonicalize(folder).map_err(read_error)?;
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(read_error)? {
        let entry = entry.map_err(read_error)?;
        let about = entry.metadata().map_err(read_error)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let modified = about.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        let is_settled = modified.is_none_or(|at| Timestamp::now().duration_since(at) > SETTLED);
        if !about.is_file() || name.starts_with('.') || !is_settled {
            continue;
        }
        if let Ok(url) = Url::from_file_path(entry.path()) {
            entries.push(Entry {
                url,
                name,
                bytes: Some(about.len()),
                last_modified: modified,
                etag: None,
            });
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
