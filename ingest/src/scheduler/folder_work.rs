//! A folder of this machine, or the listing of a bucket prefix or web folder, whose files are forcing: what is new or has
//! changed is fetched, and files of one model run become one cycle.
//!
//! A file is opened once to know what it holds, and again with its run when that has something new; what is known meanwhile
//! stands in the spool (`notes`). What is wrong with one file ends neither the look nor the other files.

mod feed;
mod listing;
mod notes;
mod publish;
mod take;

use std::collections::BTreeSet;

use driftline_domain::{RunTime, ValidTime};
use jiff::{SignedDuration, Timestamp};

use self::feed::Location;
use self::listing::Listing;
use self::notes::{Content, Notes};
use self::take::is_ahead;
use super::{Scheduler, Turn};
use crate::Error;
use crate::feeds::files::{EntryName, NotTaken};
use crate::report::Report;
use crate::spool::CycleSpool;

pub use self::feed::{FolderError, FolderFeed};

/// A file that changed less long ago than this may still be written to.
const SETTLED: SignedDuration = SignedDuration::from_secs(30);
/// One folder of the spool for all files: which run a file belongs to is known once it is opened.
const ONE_FOLDER: RunTime = RunTime(Timestamp::UNIX_EPOCH);

/// One look at a folder.
struct Look<'a> {
    scheduler: &'a Scheduler,
    folder: &'a FolderFeed,
    spool: CycleSpool,
    notes: Notes,
    /// Files of the folder.
    present: BTreeSet<EntryName>,
    now: Timestamp,
    /// Runs that end before are not used.
    oldest: ValidTime,
    report: &'a mut Report,
    turn: &'a mut Turn,
}

impl Scheduler {
    /// One look at a folder.
    pub(crate) async fn folder_turn(&self, folder: &FolderFeed) -> Turn {
        let began = Timestamp::now();
        let (_claim, mut report) = match self.open_turn(&folder.name).await {
            Ok(opened) => opened,
            Err(turn) => return turn,
        };
        if let Location::Remote(url) = &folder.location {
            Self::asks(&mut report, url);
        }
        let mut turn = Turn::default();
        if let Err(error) = self.work_through_folder(folder, began, &mut report, &mut turn).await {
            self.note_failed_turn(&folder.name, &mut report, &error);
            turn.failed = true;
        }
        self.close_turn(&folder.name, report, &turn, (began, self.window.poll))
            .await;
        turn
    }

    async fn work_through_folder(
        &self,
        folder: &FolderFeed,
        now: Timestamp,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let spool = self.spool.cycle(&folder.name, ONE_FOLDER)?;
        let listing = match &folder.location {
            Location::Local(path) => listing::local(path, now)?,
            Location::Remote(url) => listing::remote(&self.fetcher, url).await?,
        };
        let mut look = Look {
            scheduler: self,
            folder,
            notes: Notes::read(&spool),
            spool,
            present: BTreeSet::new(),
            now,
            oldest: ValidTime(now - self.window.hindcast),
            report,
            turn,
        };
        let taken = look.take_all(listing).await;
        // What was learned is kept, whatever ended the look.
        look.notes.write(&look.spool)?;
        taken?;
        let published = look.publish_runs().await;
        look.notes.write(&look.spool)?;
        published
    }
}

impl Look<'_> {
    async fn take_all(&mut self, listing: Listing) -> Result<(), Error> {
        let mut ahead = NotTaken::default();
        for entry in &listing.entries {
            if !self.present.insert(entry.name.clone()) {
                let message = format!("two files are called {}; the first is used", entry.name);
                self.note("name_twice", message);
                continue;
            }
            if is_ahead(entry, self.now) {
                ahead.add(entry.name.to_string());
            }
            self.take(entry).await?;
        }
        let told = |what: &NotTaken, rest: &str| what.told().map(|what| format!("{what} {rest}"));
        self.tell("not_taken", told(&listing.not_taken, "cannot be taken"));
        self.tell(
            "link",
            told(
                &listing.links,
                "passed over: links are not followed, copy the file or link it hard",
            ),
        );
        let rest = "dated ahead of this machine's clock: taken once unchanged for 30 s; check the clocks";
        self.tell("dated_ahead", told(&ahead, rest));
        Ok(())
    }

    /// Whether the spool has the bytes.
    fn is_here(&self, name: &EntryName, content: &Content) -> bool {
        let about = std::fs::metadata(self.spool.path(name));
        about.is_ok_and(|about| about.len() == content.source.bytes)
    }

    fn note(&mut self, code: &str, message: String) {
        self.scheduler.note(&self.folder.name, self.report, code, message);
    }

    fn fail(&mut self, code: &str, message: String) {
        self.note(code, message);
        self.turn.failed = true;
    }

    /// Tells of a number of files in one line, which takes the place of the line before: numbers change with every look.
    fn tell(&mut self, code: &str, message: Option<String>) {
        let Some(message) = message else { return };
        let problems = &mut self.report.problems;
        problems.retain(|problem| problem.code != code || problem.message == message);
        self.note(code, message);
    }
}
