//! One cycle of one feed: planned, fetched, and published as soon as that does readers a service.

use std::sync::Arc;

use driftline_domain::{GridSpec, RunTime, ValidTime};
use driftline_store::{Catalog, Cycle, Horizon, Published};
use futures::StreamExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::missing::{missing_steps, progress};
use super::part_work::{Errand, Outcome, UNREACHABLE, UNREADABLE};
use super::{Scheduler, Turn};
use crate::Error;
use crate::cycle::{self, Draft, Opened, wanted_series};
use crate::feed::{Feed, Field, Listing, Listings, Part, Place, Plan};
use crate::fetch::{Class, Text};
use crate::report::Report;

/// After so many parts in a row that are not there yet, later ones are not asked for.
const ABSENT_IN_A_ROW: usize = 3;
/// Rounds of listings that a feed may ask for.
const MOST_ROUNDS: usize = 64;
/// Fetched steps of one cycle that quality control may refuse in one look; the same step from another place counts again.
const MOST_STEPS_REFUSED: usize = 12;
/// After so long a late cycle is published again however little has come.
const NEXT_EARLY_REVISION: SignedDuration = SignedDuration::from_mins(30);
/// Longest listing that is read.
const MOST_LISTING_BYTES: u64 = 16 * 1024 * 1024;

/// A cycle that is to be fetched.
pub(super) struct Wanted<'a> {
    pub(super) feed: &'a dyn Feed,
    pub(super) run: RunTime,
    pub(super) parts: &'a [Part],
    /// Every valid time of it within the window.
    pub(super) expected: Vec<ValidTime>,
    /// What is published of it.
    pub(super) head: Option<&'a Arc<Cycle>>,
}

/// The parts of a cycle after a look at each.
#[derive(Default)]
pub(super) struct Collected {
    /// What is here, by position in the plan.
    pub(super) here: Vec<Option<Arc<Opened>>>,
    /// What is not, and why.
    pub(super) missing: Vec<(usize, String)>,
}

impl Scheduler {
    /// Brings one cycle as far as it goes.
    pub(crate) async fn work_on(
        &self,
        feed: &dyn Feed,
        run: RunTime,
        catalog: &Catalog,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let about = feed.about();
        let expected = self.expected_times(feed, run);
        let head = catalog.head(about.name, run);
        if let Some(head) = head.filter(|head| has_all(head, &expected)) {
            report.fetching.remove(&run);
            return self.look_for_reissue(feed, run, head, (report, turn)).await;
        }
        let is_given_up = Timestamp::now() > run.0 + about.given_up_after;
        if is_given_up && head.is_some() {
            report.fetching.remove(&run);
            return Ok(());
        }
        turn.waiting |= !is_given_up;
        let parts = match self.parts(feed, run, &expected).await? {
            Some(parts) if !parts.is_empty() => parts,
            _ => {
                // Nothing of the cycle is there, not even a name.
                return Ok(());
            }
        };
        let wanted = Wanted {
            feed,
            run,
            parts: &parts,
            expected,
            head,
        };
        self.fetch_and_publish(&wanted, report, turn).await
    }

    /// The valid times of the whole cycle within the window.
    pub(super) fn expected_times(&self, feed: &dyn Feed, run: RunTime) -> Vec<ValidTime> {
        let last = run.0 + self.window.forecast;
        let times = feed.expected_times(run).into_iter();
        times.filter(|time| time.0 <= last).collect()
    }

    /// The parts within the window; `None` where a listing that the feed needs could not be had.
    pub(super) async fn parts(
        &self,
        feed: &dyn Feed,
        run: RunTime,
        expected: &[ValidTime],
    ) -> Result<Option<Vec<Part>>, Error> {
        let mut listings = Listings::new();
        for _ in 0..MOST_ROUNDS {
            match feed.plan(run, &listings).map_err(Error::Plan)? {
                Plan::Parts(parts) => {
                    let wanted = |part: &Part| {
                        part.times.is_empty() || part.times.iter().any(|time| expected.binary_search(time).is_ok())
                    };
                    return Ok(Some(parts.into_iter().filter(wanted).collect()));
                }
                Plan::List(urls) => {
                    for url in urls {
                        let listing = self.listing(&url).await?;
                        listings.insert(url, listing);
                    }
                }
            }
        }
        Err(Error::Conflict(format!(
            "{} asks for more than {MOST_ROUNDS} rounds of listings for {run}",
            feed.about().name
        )))
    }

    async fn listing(&self, url: &Url) -> Result<Listing, Error> {
        match self.fetcher.text(url, MOST_LISTING_BYTES, None).await {
            Ok(Text::New { body, .. }) => Ok(Listing::Body(body)),
            Ok(Text::Unchanged) => Ok(Listing::Absent),
            Err(error) if matches!(error.class(), Class::Absent) => Ok(Listing::Absent),
            Err(error) => Err(Error::Fetch(error)),
        }
    }

    /// Fetches a cycle and publishes it. A step that quality control refuses is taken out and had from another place, now or
    /// when its provider has other bytes; the steps before it are as good as if it had not come.
    pub(super) async fn fetch_and_publish(
        &self,
        wanted: &Wanted<'_>,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        for _ in 0..MOST_STEPS_REFUSED {
            let refused = match self.fetch_and_publish_once(wanted, report, turn).await {
                Err(error @ (Error::Quality { time: Some(_), .. } | Error::Refused { .. })) => error,
                other => return other,
            };
            if !self.take_out(wanted, &refused, report, turn)? {
                return Err(refused);
            }
        }
        turn.waiting = true;
        Ok(())
    }

    async fn fetch_and_publish_once(
        &self,
        wanted: &Wanted<'_>,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let Wanted { feed, run, parts, .. } = *wanted;
        let about = feed.about();
        let objects = parts.iter().flat_map(|part| &part.places).filter_map(Place::object);
        objects.for_each(|object| Self::asks(report, object));
        self.watcher.begins(about.name, run, parts.len());
        let collected = self.collect(feed, run, parts, report, turn).await;
        self.watcher.ends(about.name, run);
        let mut collected = collected?;
        self.set_other_grids_aside(feed, run, parts, &mut collected, report, turn)?;
        let progress = progress(wanted, &collected, report.fetching.get(&run));
        let is_whole = progress.missing.is_empty();
        report.fetching.insert(run, progress);
        let now = Timestamp::now();
        let usable = collected.here.iter().take_while(|part| part.is_some()).flatten();
        let files: Vec<Arc<Opened>> = usable.cloned().collect();
        let is_late = now > run.0 + about.complete_after;
        let is_ready = is_whole || is_late && self.is_usable(wanted, files.len(), now);
        if !is_ready {
            return Ok(());
        }
        let horizon = Horizon {
            expected_until: wanted.expected.last().copied().unwrap_or(ValidTime(run.0)),
            expected_steps: wanted.expected.len(),
            missing: missing_steps(wanted, &collected),
        };
        let draft = Draft {
            feed: about.name.to_owned(),
            run,
            files,
            attribution: Some(about.attribution.to_owned()),
            horizon: Some(horizon),
            fields: about.fields.clone(),
            times: wanted.expected.clone(),
            coast: self.coast.clone(),
        };
        let published = cycle::publish(&self.store, &self.compute, draft, now).await?;
        if let Published::New(cycle) = published {
            let revision = cycle.manifest.revision;
            turn.published.push((run, revision));
            report.counters.published += 1;
            tracing::info!(feed = about.name, %run, revision, whole = is_whole, "published");
        }
        if is_whole {
            report.fetching.remove(&run);
        }
        Ok(())
    }

    /// Refuses the fetched part that holds the step which was refused; `false` where none is known to.
    fn take_out(
        &self,
        wanted: &Wanted<'_>,
        refused: &Error,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<bool, Error> {
        let about = wanted.feed.about();
        let spool = self.spool.cycle(about.name, wanted.run)?;
        let mut parts = wanted.parts.iter();
        let (code, part) = match refused {
            Error::Quality {
                time: Some(time), code, ..
            } => (*code, parts.find(|part| part.times.contains(time))),
            Error::Refused { path, .. } => (UNREADABLE, parts.find(|part| spool.path(&part.name) == *path)),
            _ => return Ok(false),
        };
        let Some(part) = part else { return Ok(false) };
        let Some(receipt) = spool.fetched(&part.name) else {
            return Ok(false);
        };
        let reason = format!("{} from {}: {refused}", part.name, receipt.url);
        spool.refuse(&part.name, &receipt, reason.clone(), Timestamp::now())?;
        report.counters.refused += 1;
        let (run, subject) = (wanted.run, format!("{} {}", wanted.run, part.name));
        self.note_of(about.name, report, (code, &subject), format!("{run}: {reason}"));
        turn.failed = true;
        Ok(true)
    }

    /// Whether the first parts of a late cycle are worth publishing: they reach far enough, and farther than before by as much
    /// again, or it is a while since the last time. Each revision is a copy.
    fn is_usable(&self, wanted: &Wanted<'_>, count: usize, now: Timestamp) -> bool {
        let reached = wanted.parts[..count]
            .iter()
            .rev()
            .find_map(|part| part.times.last().copied());
        let Some(reached) = reached.filter(|reached| reached.0 >= wanted.run.0 + self.window.usable) else {
            return false;
        };
        let Some(head) = wanted.head else { return true };
        let series = head.manifest.series.iter();
        let published = series.filter_map(|series| series.times.last().copied()).min();
        published.is_none_or(|published| {
            let goes_on = reached.0.duration_since(published.0);
            let is_while_ago = now > head.manifest.published_at + NEXT_EARLY_REVISION;
            goes_on.is_positive() && (goes_on >= self.window.usable || is_while_ago)
        })
    }

    /// Every part of the plan, several at a time; a provider that has not got so far yet is not asked for the rest.
    async fn collect(
        &self,
        feed: &dyn Feed,
        run: RunTime,
        parts: &[Part],
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<Collected, Error> {
        let about = feed.about();
        let spool = self.spool.cycle(about.name, run)?;
        let errand = Errand {
            feed: about.name,
            run,
            fields: &about.fields,
            cadence: about.cadence,
            spool: &spool,
        };
        let mut collected = Collected {
            here: vec![None; parts.len()],
            missing: Vec::new(),
        };
        let mut absent_in_a_row = 0;
        let asked: Vec<BoxFuture<'_, Result<Outcome, Error>>> =
            parts.iter().map(|part| self.part(&errand, part)).collect();
        let outcomes = futures::stream::iter(asked).buffered(self.window.at_once);
        let mut outcomes = std::pin::pin!(outcomes.enumerate());
        while let Some((position, outcome)) = outcomes.next().await {
            match outcome? {
                Outcome::Here { part, fetched } => {
                    report.counters.parts += u64::from(fetched > 0);
                    report.counters.bytes += fetched;
                    collected.here[position] = Some(part);
                    absent_in_a_row = 0;
                }
                Outcome::Absent(reason) => {
                    collected.missing.push((position, format!("not there yet: {reason}")));
                    absent_in_a_row += 1;
                }
                Outcome::Failed { code, subject, reason } => {
                    report.counters.refused += u64::from(code != UNREACHABLE);
                    self.note_of(about.name, report, (code, &subject), reason.clone());
                    turn.failed = true;
                    collected.missing.push((position, reason));
                }
            }
            if absent_in_a_row >= ABSENT_IN_A_ROW {
                let rest = position + 1..parts.len();
                collected
                    .missing
                    .extend(rest.map(|position| (position, "not there yet, like the steps before it".to_owned())));
                break;
            }
        }
        Ok(collected)
    }

    /// A cycle lies on one grid: parts that are on another than most are no use.
    fn set_other_grids_aside(
        &self,
        feed: &dyn Feed,
        run: RunTime,
        parts: &[Part],
        collected: &mut Collected,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let about = feed.about();
        let spool = self.spool.cycle(about.name, run)?;
        for position in odd_ones_out(&collected.here, &about.fields) {
            let part = &parts[position];
            let reason = format!("{} lies on another grid than the other steps of the cycle", part.name);
            if let Some(receipt) = spool.fetched(&part.name) {
                spool.refuse(&part.name, &receipt, reason.clone(), Timestamp::now())?;
            }
            collected.here[position] = None;
            collected.missing.push((position, reason.clone()));
            report.counters.refused += 1;
            self.note(about.name, report, "grid_differs", format!("{run}: {reason}"));
            turn.failed = true;
        }
        Ok(())
    }
}

/// Whether a published revision has every expected time in each of its fields.
fn has_all(head: &Arc<Cycle>, expected: &[ValidTime]) -> bool {
    let covers = |times: &[ValidTime]| expected.iter().all(|time| times.binary_search(time).is_ok());
    head.manifest.series.iter().all(|series| covers(&series.times))
}

/// Positions of parts whose grid is not that of most.
fn odd_ones_out(here: &[Option<Arc<Opened>>], fields: &[Field]) -> Vec<usize> {
    let grids = here.iter().enumerate().filter_map(|(position, part)| {
        let part = part.as_deref()?;
        let grids: Vec<GridSpec> = wanted_series(part, fields)
            .into_iter()
            .map(|(_, one)| one.grid.clone())
            .collect();
        Some((position, grids))
    });
    let grids: Vec<(usize, Vec<GridSpec>)> = grids.collect();
    let followers = |grid: &Vec<GridSpec>| grids.iter().filter(|(_, other)| other == grid).count();
    let most = grids
        .iter()
        .max_by_key(|(position, grid)| (followers(grid), std::cmp::Reverse(*position)));
    let Some((_, usual)) = most else { return Vec::new() };
    let odd = grids.iter().filter(|(_, grid)| grid != usual);
    odd.map(|(position, _)| *position).collect()
}
