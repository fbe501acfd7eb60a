//! Removes forcing that is no longer needed, and keeps what is (feeds-and-store.md 10, property 8): the rolling window of
//! hindcast and forecast, the newest cycles of every feed, superseded revisions for a grace period, and whatever is held.
//!
//! Every step can be interrupted and is taken up by the next run. A removal needs two runs with the grace period between
//! them, counted by the decision's own clock and by the store's; the clock of this machine may run ahead of the newest
//! publication by a day and no more, so that one that is wrong removes little and an ingest that stands still nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftline_domain::RunTime;
use jiff::{SignedDuration, Timestamp};
use object_store::path::Path;
use uuid::Uuid;

use crate::catalog::manifest_path;
use crate::retention_log::{Act, Entry, Hold, RETENTION, entry_path, number_of};
use crate::{Catalog, Cycle, Error, Manifest, Store};

/// How far the clock of this machine may be ahead of the newest publication.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Manifests without objects, since the last checkpoint, that make a new one worth while.
const CHECKPOINT_AFTER: usize = 64;
/// Numbers tried before giving up when others decide at the same time.
const MAX_ATTEMPTS: u32 = 100;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRules {
    /// Cycles with a valid time not longer ago than this.
    pub hindcast: SignedDuration,
    /// So many of the newest cycles of each feed, however old they are.
    pub newest: usize,
    /// Superseded revisions for so long, and the objects of whatever was retired for so long after that.
    pub grace: SignedDuration,
    /// Feeds whose cycles leave the window; `None`: every feed. Of the others, which another machine may fetch or nobody else
    /// has, only superseded revisions are retired.
    pub feeds: Option<BTreeSet<String>>,
    /// Feeds that have a hindcast of their own, whether they are named or not.
    pub hindcasts: BTreeMap<String, SignedDuration>,
}

impl RetentionRules {
    /// Rules that retire superseded revisions and no cycle.
    pub fn of_revisions_only(grace: SignedDuration) -> Self {
        Self {
            feeds: Some(BTreeSet::new()),
            grace,
            ..Self::default()
        }
    }

    /// How long after its last valid time a cycle is kept; `None`: for ever.
    fn hindcast_of(&self, feed: &str) -> Option<SignedDuration> {
        let is_named = self.feeds.as_ref().is_none_or(|feeds| feeds.contains(feed));
        let own = self.hindcasts.get(feed).copied();
        own.or_else(|| is_named.then_some(self.hindcast))
    }
}

impl Default for RetentionRules {
    fn default() -> Self {
        Self {
            hindcast: SignedDuration::from_hours(72),
            newest: 2,
            grace: SignedDuration::from_hours(24),
            feeds: None,
            hindcasts: BTreeMap::new(),
        }
    }
}

/// What a run of retention did, in revisions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retained {
    /// Hidden from readers from now on.
    pub retired: usize,
    /// Objects deleted.
    pub deleted: usize,
    /// Bytes of these.
    pub bytes: u64,
}

impl Store {
    /// Retires what the rules no longer keep, and deletes what was retired a grace period ago. Whoever has a revision
    /// open goes on reading it for that long.
    pub async fn apply_retention(&self, rules: &RetentionRules, now: Timestamp) -> Result<Retained, Error> {
        let catalog = self.catalog().await?;
        if let Some(damage) = catalog.broken_log() {
            return Err(Error::Damaged {
                object: damage.object.clone(),
                reason: format!("{}; no forcing is removed until it is restored", damage.reason),
            });
        }
        let Some(now) = self.careful_now(&catalog, now).await? else {
            return Ok(Retained::default());
        };
        let mut done = Retained::default();
        self.delete_retired(rules, now, &mut done).await?;
        done.retired = self.retire(rules, now).await?;
        self.write_checkpoint_when_due().await?;
        if done != Retained::default() {
            tracing::info!(?done, "forcing was removed by the rules of retention");
        }
        Ok(done)
    }

    /// Keeps forcing whatever its age; the number that releases the hold again. What was retired and is not deleted yet
    /// comes back.
    pub async fn hold(&self, hold: Hold, now: Timestamp) -> Result<u64, Error> {
        let decide = |catalog: &Catalog| {
            let log = catalog.retention();
            let named = catalog.present().values().filter(|cycle| hold.names(&cycle.manifest));
            let (deleting, had): (Vec<_>, Vec<_>) = named.partition(|cycle| log.deleting.contains(&cycle.sequence));
            if had.is_empty() && hold.run.is_some() {
                return Err(match deleting.first() {
                    Some(cycle) => removed(&cycle.manifest),
                    None => Error::NotFound(described(&hold)),
                });
            }
            let restores = had
                .iter()
                .map(|cycle| cycle.sequence)
                .filter(|number| log.retired.contains_key(number));
            Ok(Some(Act::Hold {
                hold: hold.clone(),
                restores: restores.collect(),
            }))
        };
        self.decide(now, decide).await.map(Option::unwrap_or_default)
    }

    /// Ends a hold; what it kept is judged by the rules again.
    pub async fn release(&self, number: u64, now: Timestamp) -> Result<(), Error> {
        let decide = |catalog: &Catalog| match catalog.retention().holds.contains_key(&number) {
            true => Ok(Some(Act::Release { hold: number })),
            false => Err(Error::NotFound(format!("hold {number}"))),
        };
        self.decide(now, decide).await.map(drop)
    }

    /// Withdraws a cycle by hand, with every revision that readers see; their numbers. Readers no longer choose it, and its
    /// objects are deleted a grace period later. Until then a hold brings it back; one that is held is not withdrawn.
    pub async fn retire_cycle(&self, feed: &str, run: RunTime, why: &str, now: Timestamp) -> Result<Vec<u32>, Error> {
        let decide = |catalog: &Catalog| {
            let revisions = catalog.revisions(feed, run);
            if revisions.is_empty() {
                return Err(Error::NotFound(format!("{feed} {run}")));
            }
            let mut holds = catalog.holds();
            let keeps = |hold: &Hold| revisions.iter().any(|cycle| hold.keeps(&cycle.manifest, now));
            if let Some((number, hold)) = holds.find(|(_, hold)| keeps(hold)) {
                let why = &hold.why;
                return Err(Error::Rejected(format!(
                    "{feed} {run} is kept by hold {number} ({why}); release it first"
                )));
            }
            Ok(Some(Act::Retire {
                manifests: revisions.iter().map(|cycle| cycle.sequence).collect(),
                why: format!("by hand: {why}"),
            }))
        };
        let entry = self.decide(now, decide).await?;
        let catalog = self.catalog().await?;
        let retired = catalog.retention().retired.iter();
        let by_this = retired.filter(|(_, retired)| Some(retired.entry) == entry);
        let of_numbers = by_this.filter_map(|(sequence, _)| catalog.present().get(sequence));
        Ok(of_numbers.map(|cycle| cycle.manifest.revision).collect())
    }

    /// The reason why an object of a cycle is not there, where retention took it away.
    pub async fn unless_removed(&self, manifest: &Manifest, error: Error) -> Error {
        if !matches!(error, Error::NotFound(_)) {
            return error;
        }
        let Ok(catalog) = self.catalog().await else {
            return error;
        };
        let revisions = catalog.revisions(&manifest.feed, manifest.run);
        match revisions.iter().any(|cycle| cycle.manifest.prefix == manifest.prefix) {
            true => error,
            false => removed(manifest),
        }
    }

    /// Writes what is decided on the whole log, or nothing; its number. Who loses the number to another decides again,
    /// knowing what the other one decided.
    async fn decide(
        &self,
        now: Timestamp,
        act: impl Fn(&Catalog) -> Result<Option<Act>, Error>,
    ) -> Result<Option<u64>, Error> {
        let writer = Uuid::now_v7().simple().to_string();
        for _ in 0..MAX_ATTEMPTS {
            let catalog = self.catalog().await?;
            if let Some(damage) = catalog.broken_log() {
                return Err(Error::Damaged {
                    object: damage.object.clone(),
                    reason: damage.reason.clone(),
                });
            }
            let Some(act) = act(&catalog)? else {
                return Ok(None);
            };
            let number = catalog.retention().number + 1;
            let entry = Entry::new(number, now, writer.clone(), act);
            let text = serde_json::to_vec_pretty(&entry).map_err(|error| Error::Rejected(error.to_string()))?;
            if self.objects.create_durably(&entry_path(number), text.into()).await? {
                return Ok(Some(number));
            }
        }
        Err(Error::Contended { attempts: MAX_ATTEMPTS })
    }

    /// This machine's time, held back to a day after the newest publication by the store's clock; `None` where nothing
    /// is published.
    async fn careful_now(&self, catalog: &Catalog, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        if catalog.sequence() == 0 {
            return Ok(None);
        }
        let newest = self.objects.last_written(&manifest_path(catalog.sequence())).await?;
        let latest = newest.checked_add(AHEAD).unwrap_or(now);
        if latest < now {
            tracing::debug!(%newest, "the newest publication is over a day old: retention counts no further");
        }
        Ok(Some(now.min(latest)))
    }

    async fn retire(&self, rules: &RetentionRules, now: Timestamp) -> Result<usize, Error> {
        let mut count = 0;
        for (why, chosen) in [
            (
                "superseded",
                superseded as fn(&Catalog, &RetentionRules, Timestamp) -> BTreeSet<u64>,
            ),
            ("outside the window of hindcast and forecast", outside_the_window),
        ] {
            let decide = |catalog: &Catalog| {
                let manifests: Vec<u64> = chosen(catalog, rules, now).into_iter().collect();
                let act = Act::Retire {
                    manifests: manifests.clone(),
                    why: why.to_owned(),
                };
                Ok((!manifests.is_empty()).then_some(act))
            };
            if let Some(number) = self.decide(now, decide).await? {
                let catalog = self.catalog().await?;
                let retired = catalog.retention().retired.values();
                count += retired.filter(|retired| retired.entry == number).count();
            }
        }
        Ok(count)
    }

    async fn delete_retired(&self, rules: &RetentionRules, now: Timestamp, done: &mut Retained) -> Result<(), Error> {
        let written: BTreeMap<u64, Timestamp> = self
            .objects
            .list_with_times(&Path::from(RETENTION))
            .await?
            .into_iter()
            .filter_map(|(path, written)| Some((number_of(&path)?, written)))
            .collect();
        let is_over = |at: Timestamp| now.duration_since(at) > rules.grace;
        let decide = |catalog: &Catalog| {
            let log = catalog.retention();
            let over = log.retired.iter().filter(|(sequence, retired)| {
                let by_the_store = written.get(&retired.entry).is_some_and(|written| is_over(*written));
                let cycle = catalog.present().get(sequence);
                // What cannot be read may be what is held.
                let is_free = cycle.is_some_and(|cycle| !is_held(catalog, cycle, now));
                is_over(retired.at) && by_the_store && is_free
            });
            let manifests: Vec<u64> = over.map(|(sequence, _)| *sequence).collect();
            Ok((!manifests.is_empty()).then_some(Act::Delete { manifests }))
        };
        self.decide(now, decide).await?;
        // Those of a run that was interrupted as well.
        let catalog = self.catalog().await?;
        let mut gone = Vec::new();
        for sequence in &catalog.retention().deleting {
            let Some(cycle) = catalog.present().get(sequence) else {
                continue;
            };
            self.objects
                .delete_tree(&Path::from(cycle.manifest.prefix.as_str()))
                .await?;
            done.bytes += cycle.manifest.objects.iter().map(|object| object.bytes).sum::<u64>();
            gone.push(*sequence);
        }
        done.deleted = gone.len();
        if !gone.is_empty() {
            let act = |_: &Catalog| {
                Ok(Some(Act::Gone {
                    manifests: gone.clone(),
                }))
            };
            self.decide(now, act).await?;
        }
        Ok(())
    }

    async fn write_checkpoint_when_due(&self) -> Result<(), Error> {
        let catalog = self.catalog().await?;
        let gone = &catalog.retention().gone;
        if gone.len() < CHECKPOINT_AFTER || !catalog.is_complete() {
            return Ok(());
        }
        let last = crate::checkpoint::Checkpoint::newest(&self.objects).await?;
        let known = last.map_or(0, |last| last.retention.gone.len());
        if gone.len() < known + CHECKPOINT_AFTER {
            return Ok(());
        }
        catalog.checkpoint().write(&self.objects).await
    }
}

/// Revisions of any feed that were followed by another one longer than the grace period ago.
fn superseded(catalog: &Catalog, rules: &RetentionRules, now: Timestamp) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    for head in catalog.cycles() {
        let revisions = catalog.revisions(&head.manifest.feed, head.manifest.run);
        for pair in revisions.windows(2) {
            let for_long = now.duration_since(pair[1].manifest.published_at) > rules.grace;
            if for_long && !is_held(catalog, &pair[0], now) {
                found.insert(pair[0].sequence);
            }
        }
    }
    found
}

/// Every revision of cycles whose last valid time has passed, but for the newest cycles of each feed.
fn outside_the_window(catalog: &Catalog, rules: &RetentionRules, now: Timestamp) -> BTreeSet<u64> {
    let mut by_feed: BTreeMap<&str, Vec<&Arc<Cycle>>> = BTreeMap::new();
    for head in catalog.cycles() {
        by_feed.entry(&head.manifest.feed).or_default().push(head);
    }
    let mut found = BTreeSet::new();
    for (feed, heads) in by_feed {
        let Some(hindcast) = rules.hindcast_of(feed) else {
            continue;
        };
        // Heads come in the order of their runs.
        for head in &heads[..heads.len().saturating_sub(rules.newest)] {
            let revisions = catalog.revisions(&head.manifest.feed, head.manifest.run);
            let all = || revisions.iter().flat_map(|cycle| &cycle.manifest.series);
            let last = all().filter_map(|series| Some(series.extent()?.1)).max();
            let has_passed = last.is_some_and(|last| now.duration_since(last.0) > hindcast);
            let free = revisions
                .iter()
                .filter(|cycle| has_passed && !is_held(catalog, cycle, now));
            found.extend(free.map(|cycle| cycle.sequence));
        }
    }
    found
}

fn is_held(catalog: &Catalog, cycle: &Cycle, now: Timestamp) -> bool {
    catalog.holds().any(|(_, hold)| hold.keeps(&cycle.manifest, now))
}

fn removed(manifest: &Manifest) -> Error {
    Error::Removed {
        feed: manifest.feed.clone(),
        run: manifest.run.to_string(),
        revision: manifest.revision,
    }
}

fn described(hold: &Hold) -> String {
    let run = hold.run.map(|run| format!(" {run}")).unwrap_or_default();
    let revision = hold
        .revision
        .map(|revision| format!(" revision {revision}"))
        .unwrap_or_default();
    format!("{}{run}{revision}", hold.feed)
}
