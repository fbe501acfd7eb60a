//! One cycle of one feed: planned, fetched, and published as soon as that does readers a service.

use std::collections::BTreeSet;
use std::sync::Arc;

use driftline_domain::{GridSpec, RunTime, ValidTime};
use driftline_store::{Catalog, Cycle, Horizon, MissingStep, Published};
use futures::StreamExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use url::Url;

use super::part_work::{Errand, Outcome};
use super::{Scheduler, Turn};
use crate::Error;
use crate::cycle::{self, Draft, Opened, wanted_series};
use crate::feed::{Feed, Field, Listing, Listings, Part, Plan};
use crate::fetch::{Class, Looked, Text, Validator};
use crate::report::{Progress, Report};

/// After so many parts in a row that are not there yet, later ones are not asked for.
const ABSENT_IN_A_ROW: usize = 3;
/// Rounds of listings that a feed may ask for.
const MOST_ROUNDS: usize = 64;
/// Longest listing that is read.
const MOST_LISTING_BYTES: u64 = 16 * 1024 * 1024;

/// The parts of a cycle after a look at each.
#[derive(Default)]
struct Collected {
    /// What is here, by position in the plan.
    here: Vec<Option<Arc<Opened>>>,
    /// What is not, and why.
    missing: Vec<(usize, String)>,
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
            return self.look_for_reissue(feed, run, head, report, turn).await;
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
        self.fetch_and_publish(feed, run, &parts, expected, head, report, turn)
            .await
    }

    /// The valid times of the whole cycle within the window.
    fn expected_times(&self, feed: &dyn Feed, run: RunTime) -> Vec<ValidTime> {
        let last = run.0 + self.window.forecast;
        let times = feed.expected_times(run).into_iter();
        times.filter(|time| time.0 <= last).collect()
    }

    /// The parts within the window; `None` where a listing that the feed needs could not be had.
    async fn parts(&self, feed: &dyn Feed, run: RunTime, expected: &[ValidTime]) -> Result<Option<Vec<Part>>, Error> {
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

    #[expect(
        clippy::too_many_arguments,
        reason = "one cycle's whole state; a struct would only rename it"
    )]
    async fn fetch_and_publish(
        &self,
        feed: &dyn Feed,
        run: RunTime,
        parts: &[Part],
        expected: Vec<ValidTime>,
        head: Option<&Arc<Cycle>>,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let about = feed.about();
        self.watcher.begins(about.name, run, parts.len());
        let collected = self.collect(feed, run, parts, report, turn).await;
        self.watcher.ends(about.name, run);
        let mut collected = collected?;
        self.set_other_grids_aside(feed, run, parts, &mut collected, report, turn)?;
        let mut progress = progress(parts, &collected, report.fetching.get(&run));
        progress.missing.extend(unlisted(parts, &expected));
        let missing = progress.missing.clone();
        report.fetching.insert(run, progress);
        let now = Timestamp::now();
        let usable = collected.here.iter().take_while(|part| part.is_some()).flatten();
        let files: Vec<Arc<Opened>> = usable.cloned().collect();
        let is_whole = missing.is_empty();
        let is_late = now > run.0 + about.complete_after;
        let is_ready = is_whole || is_late && self.is_usable(run, parts, files.len(), head);
        if !is_ready {
            return Ok(());
        }
        let horizon = Horizon {
            expected_until: expected.last().copied().unwrap_or(ValidTime(run.0)),
            expected_steps: expected.len(),
            missing,
        };
        let draft = Draft {
            feed: about.name.to_owned(),
            run,
            files,
            attribution: Some(about.attribution.to_owned()),
            horizon: Some(horizon),
            fields: about.fields.clone(),
            times: expected,
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

    /// Whether the first parts of a late cycle are worth publishing: they reach far enough, and farther than before.
    fn is_usable(&self, run: RunTime, parts: &[Part], count: usize, head: Option<&Arc<Cycle>>) -> bool {
        let reached = parts[..count].iter().rev().find_map(|part| part.times.last().copied());
        let Some(reached) = reached else { return false };
        let published = head.and_then(|head| {
            let series = head.manifest.series.iter();
            series.filter_map(|series| series.times.last().copied()).min()
        });
        reached.0 >= run.0 + self.window.usable && published.is_none_or(|published| reached > published)
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
                Outcome::Failed { code, reason } => {
                    report.counters.refused += 1;
                    self.note(about.name, report, code, format!("{run}: {reason}"));
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

    /// Asks whether the provider has written a published cycle anew, and fetches what has changed.
    async fn look_for_reissue(
        &self,
        feed: &dyn Feed,
        run: RunTime,
        head: &Arc<Cycle>,
        report: &mut Report,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let about = feed.about();
        let now = Timestamp::now();
        let looked_at = report
            .rechecked
            .get(&run)
            .copied()
            .unwrap_or(head.manifest.published_at);
        if !about.reissued || now < looked_at + self.window.recheck || now > run.0 + about.given_up_after {
            return Ok(());
        }
        report.rechecked.insert(run, now);
        let spool = self.spool.cycle(about.name, run)?;
        let mut changed = 0;
        for source in &head.manifest.sources {
            let Some(origin) = &source.origin else { continue };
            let Ok(url) = Url::parse(&origin.url) else { continue };
            let known = Validator {
                etag: origin.etag.clone(),
                last_modified: origin.last_modified,
            };
            if let Ok(Looked::There { validator, .. }) = self.fetcher.look(&url, Some(&known)).await
                && validator != known
            {
                spool.drop_part(&source.name)?;
                changed += 1;
            }
        }
        if changed == 0 {
            return Ok(());
        }
        tracing::info!(feed = about.name, %run, parts = changed, "the provider has written parts of the cycle anew");
        let expected = self.expected_times(feed, run);
        let Some(parts) = self.parts(feed, run, &expected).await? else {
            return Ok(());
        };
        self.fetch_and_publish(feed, run, &parts, expected, Some(head), report, turn)
            .await
    }
}

/// Whether a published revision has every expected time in each of its fields.
fn has_all(head: &Arc<Cycle>, expected: &[ValidTime]) -> bool {
    let complete = head.manifest.horizon.as_ref().is_none_or(Horizon::is_complete);
    let covers = |times: &[ValidTime]| expected.iter().all(|time| times.binary_search(time).is_ok());
    complete && head.manifest.series.iter().all(|series| covers(&series.times))
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

/// Expected times for which the provider has no part at all.
fn unlisted(parts: &[Part], expected: &[ValidTime]) -> Vec<MissingStep> {
    if parts.iter().any(|part| part.times.is_empty()) {
        return Vec::new();
    }
    let listed: BTreeSet<&ValidTime> = parts.iter().flat_map(|part| &part.times).collect();
    let absent = expected.iter().filter(|time| !listed.contains(time));
    let missing = absent.map(|time| MissingStep {
        step: time.to_string(),
        time: Some(*time),
        reason: "the provider lists no file for it".to_owned(),
    });
    missing.collect()
}

fn progress(parts: &[Part], collected: &Collected, before: Option<&Progress>) -> Progress {
    let here: Vec<&Arc<Opened>> = collected.here.iter().flatten().collect();
    let missing = collected.missing.iter().map(|(position, reason)| MissingStep {
        step: parts[*position].name.clone(),
        time: parts[*position].times.first().copied(),
        reason: reason.clone(),
    });
    let first_seen_at = before.and_then(|before| before.first_seen_at);
    Progress {
        parts: parts.len(),
        fetched: here.len(),
        bytes: here.iter().map(|part| part.source.bytes).sum(),
        missing: missing.collect(),
        first_seen_at: first_seen_at.or_else(|| (!here.is_empty()).then(Timestamp::now)),
    }
}
