//! Keeps every feed that is switched on up to date: looks for cycles, fetches their parts, publishes them whole.
//!
//! Each feed is worked on by itself, so that a provider that is down holds up nobody else. What was fetched stays in the
//! spool until a newer cycle is complete: a step that failed is tried again alone, and a process that was killed goes on
//! where it was.

mod cycle_work;
mod folder_work;
mod missing;
mod part_work;
mod reissue;
mod settings;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_domain::RunTime;
use driftline_store::{Catalog, Horizon, Retained, RetentionRules, Store};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use url::Url;

use crate::Error;
use crate::feed::Feed;
use crate::fetch::Fetcher;
use crate::report::Report;
use crate::spool::Spool;

pub use folder_work::{FolderError, FolderFeed};
pub use part_work::Watcher;
pub use settings::Window;

/// Everything that fetching needs.
pub struct Scheduler {
    store: Store,
    compute: Compute,
    fetcher: Fetcher,
    spool: Spool,
    window: Window,
    feeds: Vec<Arc<dyn Feed>>,
    folders: Vec<Arc<FolderFeed>>,
    hindcasts: BTreeMap<String, SignedDuration>,
    watcher: Arc<dyn Watcher>,
    coast: Option<Arc<Coast>>,
    /// Reports for which the store had no room: what went wrong meanwhile is told when it has.
    unkept: Mutex<BTreeMap<String, Report>>,
}

/// What a turn of one feed came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// Revisions that were published.
    pub published: Vec<(RunTime, u32)>,
    /// Whether something is still to come that could come any moment.
    pub waiting: bool,
    /// Whether something went wrong.
    pub failed: bool,
}

impl Scheduler {
    /// A scheduler of these feeds, which keeps what it fetches below `spool`.
    pub fn new(store: Store, compute: Compute, fetcher: Fetcher, spool: PathBuf, window: Window) -> Self {
        Self {
            store,
            compute,
            fetcher,
            spool: Spool::new(spool),
            window,
            feeds: Vec::new(),
            folders: Vec::new(),
            hindcasts: BTreeMap::new(),
            watcher: Arc::new(part_work::Unwatched),
            coast: None,
            unkept: Mutex::default(),
        }
    }

    /// With a coast that missing values are held against.
    #[must_use]
    pub fn with_coast(mut self, coast: Arc<Coast>) -> Self {
        self.coast = Some(coast);
        self
    }

    /// With one more feed.
    #[must_use]
    pub fn with_feed(mut self, feed: Arc<dyn Feed>) -> Self {
        self.feeds.push(feed);
        self
    }

    /// With one more folder whose files are forcing.
    #[must_use]
    pub fn with_folder(mut self, folder: FolderFeed) -> Self {
        self.folders.push(Arc::new(folder));
        self
    }

    /// With cycles of a feed kept for so long after their last valid time.
    #[must_use]
    pub fn with_hindcast(mut self, feed: &str, hindcast: SignedDuration) -> Self {
        self.hindcasts.insert(feed.to_owned(), hindcast);
        self
    }

    /// Whether a feed is among those that are fetched.
    pub fn has(&self, name: &str) -> bool {
        self.feeds.iter().any(|feed| feed.about().name == name)
    }

    /// With somebody who is told of every part, as a progress bar is.
    #[must_use]
    pub fn watched_by(mut self, watcher: Arc<dyn Watcher>) -> Self {
        self.watcher = watcher;
        self
    }

    /// Works until told to stop.
    pub async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let cyclic = self.feeds.iter().map(|feed| {
            let (scheduler, feed, stop) = (Arc::clone(&self), Arc::clone(feed), stop.clone());
            async move { scheduler.keep_up(feed, stop).await }
        });
        let folders = self.folders.iter().map(|folder| {
            let (scheduler, folder, stop) = (Arc::clone(&self), Arc::clone(folder), stop.clone());
            async move { scheduler.keep_folder_up(folder, stop).await }
        });
        let housekeeping = Arc::clone(&self).keep_house(stop.clone());
        tokio::join!(join_all(cyclic), join_all(folders), housekeeping);
    }

    /// Looks at every feed once, one after another; what each turn came to, by name.
    pub async fn run_once(&self) -> Vec<(String, Turn)> {
        let mut turns = Vec::new();
        for feed in &self.feeds {
            turns.push((feed.about().name.to_owned(), self.turn(feed.as_ref()).await));
        }
        for folder in &self.folders {
            turns.push((folder.name.clone(), self.folder_turn(folder).await));
        }
        self.retire().await;
        turns
    }

    async fn keep_up(&self, feed: Arc<dyn Feed>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let turn = tokio::select! {
                turn = self.turn(feed.as_ref()) => turn,
                _ = stop.changed() => return,
            };
            let pause = self.window.pause_after(&turn);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => return,
            }
        }
    }

    async fn keep_folder_up(&self, folder: Arc<FolderFeed>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                _ = self.folder_turn(&folder) => {}
                _ = stop.changed() => return,
            }
            tokio::select! {
                () = tokio::time::sleep(self.window.poll) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Removes old cycles and what killed ingests left behind.
    async fn keep_house(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        const HOURLY: Duration = Duration::from_secs(3600);
        while !*stop.borrow() {
            crate::files::sweep(&self.store, Timestamp::now()).await;
            self.retire().await;
            tokio::select! {
                () = tokio::time::sleep(HOURLY) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Retires superseded revisions, and cycles that have left the window. Those of folders without a window of their own and
    /// of files given by hand stay: nobody else has them.
    async fn retire(&self) {
        let rules = RetentionRules {
            hindcast: self.window.hindcast,
            grace: self.window.grace,
            feeds: Some(self.feeds.iter().map(|feed| feed.about().name.to_owned()).collect()),
            hindcasts: self.hindcasts.clone(),
            ..RetentionRules::default()
        };
        match self.store.apply_retention(&rules, Timestamp::now()).await {
            Ok(done) if done == Retained::default() => {}
            Ok(done) => tracing::info!(
                retired = done.retired,
                deleted = done.deleted,
                bytes = done.bytes,
                "revisions that have left the window"
            ),
            Err(error) => tracing::warn!(cause = %error, "old cycles could not be retired"),
        }
    }

    /// One look at one feed: every cycle within the window that is not complete, newest first.
    pub async fn turn(&self, feed: &dyn Feed) -> Turn {
        let name = feed.about().name;
        let began = Timestamp::now();
        let (_claim, mut report) = match self.open_turn(name).await {
            Ok(opened) => opened,
            Err(turn) => return turn,
        };
        let mut turn = Turn::default();
        if let Err(error) = self.work_through(feed, &mut report, &mut turn).await {
            self.note_failed_turn(name, &mut report, &error);
            turn.failed = true;
        }
        let pause = self.window.pause_after(&turn);
        self.close_turn(name, report, &turn, (began, pause)).await;
        turn
    }

    /// What a look at a feed begins with: the feed for this process alone, and what is known of it. Without either nothing is
    /// looked at, and what was kept is not overwritten with less.
    async fn open_turn(&self, feed: &str) -> Result<(File, Report), Turn> {
        let failed = Turn {
            failed: true,
            ..Turn::default()
        };
        let claim = match self.spool.claim(feed) {
            Ok(Some(claim)) => claim,
            Ok(None) => {
                tracing::info!(feed, "another process of this machine fetches the feed");
                return Err(Turn {
                    waiting: true,
                    ..Turn::default()
                });
            }
            Err(error) => {
                tracing::warn!(feed, cause = %error, "the spool cannot be used, the feed is not looked at");
                return Err(failed);
            }
        };
        match self.report(feed).await {
            Ok(mut report) => {
                report.hosts.clear();
                Ok((claim, report))
            }
            Err(error) => {
                tracing::warn!(feed, cause = %error, "the store cannot be read, the feed is not looked at");
                Err(failed)
            }
        }
    }

    /// Keeps what a look came to.
    async fn close_turn(&self, feed: &str, mut report: Report, turn: &Turn, (began, pause): (Timestamp, Duration)) {
        report.counters.failed_turns += u64::from(turn.failed);
        report.failed = turn.failed;
        report.polled_at = Some(began);
        report.next_poll_at = Some(began + SignedDuration::try_from(pause).unwrap_or(SignedDuration::ZERO));
        self.keep_report(feed, &report).await;
    }

    async fn work_through(&self, feed: &dyn Feed, report: &mut Report, turn: &mut Turn) -> Result<(), Error> {
        let now = Timestamp::now();
        let runs = feed.runs(now - self.reach_back(feed), now);
        report.fetching.retain(|run, _| runs.contains(run));
        report.rechecked.retain(|run, _| runs.contains(run));
        for run in &runs {
            let run = *run;
            let catalog = self.store.catalog().await?;
            match self.work_on(feed, run, &catalog, report, turn).await {
                Ok(()) => {}
                // A disk that is full, a store that is down: no other cycle will fare better.
                Err(error) if !error.is_refusal() => return Err(error),
                Err(error) => {
                    // A listing that cannot be had is one problem however many cycles it tells of, and says another time of
                    // day with every look.
                    let (code, subject) = match &error {
                        Error::Fetch(_) => ("unreachable", "listing".to_owned()),
                        _ => ("cycle_refused", run.to_string()),
                    };
                    self.note_of(feed.about().name, report, (code, &subject), format!("{run}: {error}"));
                    turn.failed = true;
                }
            }
            // A look at all cycles may take an hour: people need not wait for its end to see how it goes.
            self.keep_report(feed.about().name, report).await;
            // A cycle that has begun to appear meanwhile goes before older ones.
            let now = Timestamp::now();
            if feed.runs(now - self.reach_back(feed), now).first() > runs.first() {
                turn.waiting = true;
                break;
            }
        }
        self.clear_spool(feed, &*self.store.catalog().await?)
    }

    /// How far back cycles are looked for: the hindcast, and always as far as the newest that should be complete.
    fn reach_back(&self, feed: &dyn Feed) -> SignedDuration {
        let about = feed.about();
        self.window.hindcast.max(about.complete_after + about.cadence)
    }

    /// Fetched parts are kept until two newer cycles are complete, since a cycle may be written anew by its provider, and those
    /// of a cycle that still lacks some for as long as it is looked at: they would be fetched again.
    fn clear_spool(&self, feed: &dyn Feed, catalog: &Catalog) -> Result<(), Error> {
        let name = feed.about().name;
        let now = Timestamp::now();
        let spooled = self.spool.runs(name);
        let is_complete = |run: RunTime| {
            let horizon = catalog.head(name, run).and_then(|head| head.manifest.horizon.as_ref());
            horizon.is_some_and(Horizon::is_complete)
        };
        let is_final = |run: RunTime| {
            let is_given_up = now > run.0 + feed.about().given_up_after;
            is_complete(run) || is_given_up && catalog.head(name, run).is_some()
        };
        let oldest_kept = spooled.iter().rev().copied().filter(|run| is_complete(*run)).nth(1);
        let oldest_wanted = RunTime(now - self.reach_back(feed));
        for run in spooled {
            if oldest_kept.is_some_and(|oldest| run < oldest) && is_final(run) || run < oldest_wanted {
                self.spool.forget(name, run)?;
            }
        }
        Ok(())
    }

    /// Notes a problem that is the same whenever it is said in the same words, and logs it the first time.
    fn note(&self, feed: &str, report: &mut Report, code: &str, message: String) {
        let subject = message.clone();
        self.note_of(feed, report, (code, &subject), message);
    }

    /// Notes what ended a look before its end. A server that cannot be asked says another time of day with every look, and is
    /// the same problem.
    fn note_failed_turn(&self, feed: &str, report: &mut Report, error: &Error) {
        let message = error.to_string();
        let subject = if matches!(error, Error::Fetch(_)) {
            "server".to_owned()
        } else {
            message.clone()
        };
        self.note_of(feed, report, ("turn_failed", &subject), message);
    }

    /// Notes a problem of a part or a host, and logs it the first time.
    fn note_of(&self, feed: &str, report: &mut Report, (code, subject): (&str, &str), message: String) {
        if report.note(code, subject, message.clone(), Timestamp::now()) {
            tracing::warn!(feed, code, "{message}");
        }
    }

    /// What was kept of a feed; one that this version cannot read is begun anew.
    async fn report(&self, feed: &str) -> Result<Report, Error> {
        if let Some(report) = self.unkept().remove(feed) {
            return Ok(report);
        }
        let kept = self.store.feed_report(feed).await?;
        Ok(kept
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default())
    }

    /// Notes that a feed is fetched from the host of an address.
    fn asks(report: &mut Report, url: &Url) {
        if let Some(host) = crate::fetch::host_name(url) {
            report.hosts.entry(host).or_default();
        }
    }

    async fn keep_report(&self, feed: &str, report: &Report) {
        let mut report = report.clone();
        let hosts = self.fetcher.hosts().into_iter();
        report.hosts = hosts
            .filter(|host| report.hosts.contains_key(&host.host))
            .map(crate::report::host_report)
            .collect();
        let kept = match serde_json::to_vec(&report) {
            Ok(text) => self
                .store
                .put_feed_report(feed, text.into())
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(cause) = kept {
            tracing::warn!(feed, cause, "what the scheduler knows of the feed could not be kept");
            self.unkept().insert(feed.to_owned(), report);
        }
    }

    fn unkept(&self) -> MutexGuard<'_, BTreeMap<String, Report>> {
        // A map of whole reports: no panic leaves one half written.
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles only while feeds can be kept up to date by tasks of their own.
    #[expect(dead_code, reason = "what it proves is proved by compiling it")]
    fn the_work_may_move_between_threads(scheduler: Arc<Scheduler>, stop: watch::Receiver<bool>) -> impl Send {
        scheduler.run(stop)
    }
}
