//! The files of a folder into cycles: of each run what is new in it, and nothing where nothing is.
//!
//! A published cycle never shrinks. Folders, however, are cleared from their old end: files that are gone stay part of their
//! run as long as the spool has them and the folder still has another file of the run.

use std::collections::BTreeSet;
use std::sync::Arc;

use driftline_domain::RunTime;
use driftline_store::{CycleIdentity, Published, SourceFile};

use super::Look;
use super::notes::{Content, Fingerprint, Outcome};
use crate::Error;
use crate::cycle::{self, Draft, Opened};
use crate::feeds::files::{EntryName, NotTaken};

/// What the operating system says where a process has too many files open (errno.h).
const TOO_MANY_OPEN_FILES: i32 = 24;

/// The files of one run.
struct Run {
    run: RunTime,
    /// Those that are in the folder.
    here: Vec<(EntryName, Content)>,
    /// Those that are gone from it, still in the spool, and published.
    gone: Vec<(EntryName, Content)>,
    /// Files that the published revision was made from and that are nowhere.
    lost: Vec<String>,
    /// Whether a file of the folder is not in the published revision.
    has_news: bool,
}

impl Look<'_> {
    /// Publishes every run within the window that has something new, and forgets what is of no more use.
    pub(super) async fn publish_runs(&mut self) -> Result<(), Error> {
        let mut older = NotTaken::default();
        let mut kept: BTreeSet<String> = self.present.iter().map(EntryName::to_string).collect();
        let mut remembered = self.present.clone();
        let catalog = self.scheduler.store.catalog().await?;
        let by_run = self.notes.by_run();
        self.notes.runs.retain(|run, _| by_run.contains_key(run));
        for (run, files) in by_run {
            let is_wanted = files.iter().any(|(_, content)| content.last >= self.oldest);
            let (here, gone): (Vec<_>, Vec<_>) = files.into_iter().partition(|(name, _)| self.present.contains(name));
            if here.is_empty() {
                continue;
            }
            if !is_wanted {
                for (name, _) in here {
                    kept.remove(name.as_str());
                    older.add(name.to_string());
                }
                continue;
            }
            let head = catalog.head(&self.folder.name, run);
            let published = head.map_or(&[][..], |head| &head.manifest.sources);
            let run = self.run(run, published, here, gone);
            for (name, _) in &run.gone {
                kept.insert(name.to_string());
                remembered.insert(name.clone());
            }
            self.publish_run(run).await?;
        }
        self.notes.files.retain(|name, _| remembered.contains(name));
        self.tell(
            "older",
            older
                .told()
                .map(|what| format!("{what} of runs that have left the window: not used")),
        );
        self.spool.keep_only(&kept)
    }

    /// What a run consists of, next to what is published of it.
    fn run(
        &self,
        run: RunTime,
        published: &[SourceFile],
        here: Vec<(EntryName, Content)>,
        mut gone: Vec<(EntryName, Content)>,
    ) -> Run {
        let is_published = |content: &Content| {
            let mut sources = published.iter();
            sources.any(|source| source.name == content.source.name && source.sha256 == content.source.sha256)
        };
        gone.retain(|(name, content)| is_published(content) && self.is_here(name, content));
        let is_known = |source: &&SourceFile| {
            let mut names = here.iter().chain(&gone).map(|(name, _)| name.as_str());
            names.any(|name| name == source.name)
        };
        let lost = published.iter().filter(|source| !is_known(source));
        Run {
            run,
            lost: lost.map(|source| source.name.clone()).collect(),
            has_news: here.iter().any(|(_, content)| !is_published(content)),
            here,
            gone,
        }
    }

    async fn publish_run(&mut self, run: Run) -> Result<(), Error> {
        // Fewer files and none that is new: what is published stays as it is.
        if !run.has_news && !run.lost.is_empty() {
            return Ok(());
        }
        let identity = self.identity(&run);
        if self.scheduler.store.already_published(&identity).await?.is_some() {
            return Ok(());
        }
        let of = Fingerprint {
            attribution: identity.attribution,
            files: identity.sources.into_iter().map(|one| (one.name, one.sha256)).collect(),
        };
        let recent = |outcome: &&Outcome| {
            outcome.of == of && self.now.duration_since(outcome.at) < self.scheduler.window.recheck
        };
        if let Some(outcome) = self.notes.runs.get(&run.run).filter(recent) {
            if let Some(reason) = outcome.refused.clone() {
                self.fail("cycle_refused", reason);
            }
            return Ok(());
        }
        let Some(files) = self.opened(&run).await? else {
            return Ok(());
        };
        let refused = self.publish(&run, files).await?;
        let at = self.now;
        self.notes.runs.insert(run.run, Outcome { of, refused, at });
        Ok(())
    }

    fn identity(&self, run: &Run) -> CycleIdentity {
        let sources = run.here.iter().chain(&run.gone);
        let mut sources: Vec<SourceFile> = sources.map(|(_, content)| content.source.clone()).collect();
        sources.sort_by(|a, b| a.name.cmp(&b.name).then(a.sha256.cmp(&b.sha256)));
        CycleIdentity {
            feed: self.folder.name.clone(),
            run: run.run,
            sources,
            attribution: self.folder.attribution.clone(),
            horizon: None,
            marks: Vec::new(),
        }
    }

    /// The files of a run, opened; `None` where one cannot be opened now, which is noted.
    async fn opened(&mut self, run: &Run) -> Result<Option<Vec<Arc<Opened>>>, Error> {
        let mut files = Vec::new();
        for (name, content) in &run.here {
            match self.reopened(run, name, content).await? {
                Some(opened) => files.push(opened),
                None => return Ok(None),
            }
        }
        for (name, content) in &run.gone {
            match self.reopened(run, name, content).await? {
                Some(opened) if adds_only(&opened, &files) => files.push(opened),
                // The same times came back in another file.
                Some(_) => {}
                None => return Ok(None),
            }
        }
        Ok(Some(files))
    }

    async fn reopened(&mut self, run: &Run, name: &EntryName, content: &Content) -> Result<Option<Arc<Opened>>, Error> {
        let (path, source) = (self.spool.path(name), content.source.clone());
        let open = move || Opened::open(&path, source.name, source.origin);
        match self.scheduler.compute.run(open).await? {
            Ok(opened) if opened.source.sha256 == content.source.sha256 => Ok(Some(Arc::new(opened))),
            Err(
                Error::Read { source, .. }
                | Error::Refused {
                    source: driftline_decode::Error::Io { source, .. },
                    ..
                },
            ) if source.raw_os_error() == Some(TOO_MANY_OPEN_FILES) => {
                let count = run.here.len() + run.gone.len();
                let message = format!(
                    "{}: its {count} files cannot be open at the same time; raise the limit of open files (LimitNOFILE, ulimit -n)",
                    run.run
                );
                self.fail("cycle_unreadable", message);
                Ok(None)
            }
            Ok(_) | Err(Error::Read { .. } | Error::Refused { .. }) => {
                self.notes.files.remove(name);
                self.spool.drop_part(name)?;
                let message = format!(
                    "{name}: its copy in the spool was damaged or lost; the next look fetches it again if the folder still has it"
                );
                self.fail("spool_damaged", message);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Gives a run to the store; why it was refused, if it was.
    async fn publish(&mut self, run: &Run, files: Vec<Arc<Opened>>) -> Result<Option<String>, Error> {
        let draft = Draft {
            feed: self.folder.name.clone(),
            run: run.run,
            files,
            attribution: self.folder.attribution.clone(),
            horizon: None,
            fields: Vec::new(),
            times: Vec::new(),
            coast: self.scheduler.coast.clone(),
        };
        match cycle::publish(&self.scheduler.store, &self.scheduler.compute, draft, self.now).await {
            Ok(Published::New(cycle)) => {
                self.turn.published.push((run.run, cycle.manifest.revision));
                self.report.counters.published += 1;
                Ok(None)
            }
            Ok(Published::Unchanged(_)) => Ok(None),
            Err(error) if error.is_refusal() => {
                let reason = refusal(run, &error);
                self.fail("cycle_refused", reason.clone());
                Ok(Some(reason))
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether a file that is gone has only times that the files of the folder have not.
fn adds_only(gone: &Opened, here: &[Arc<Opened>]) -> bool {
    let mut of_gone = gone.file.series().iter();
    of_gone.all(|series| {
        let others = here.iter().flat_map(|file| file.file.series());
        let mut same = others.filter(|other| other.kind == series.kind && other.grid == series.grid);
        same.all(|other| !series.times.iter().any(|time| other.times.binary_search(time).is_ok()))
    })
}

/// Why a run is refused; and what to do, where that is because files of it are gone.
fn refusal(run: &Run, error: &Error) -> String {
    let lost = match run.lost.as_slice() {
        [] => return format!("{}: {error}", run.run),
        [one] => one.clone(),
        [first, .., last] => format!("{} files ({first} to {last})", run.lost.len()),
    };
    format!(
        "{}: what is published stays, and nothing is added to it: {lost}, which it was made from, is neither in the folder nor \
         in the spool any more; put it back, or leave it until the next run ({error})",
        run.run
    )
}
