//! The catalog: what the manifests say. An immutable value; a newer one is made when manifests have appeared.
//!
//! A manifest that is there and makes no sense hides its own revision and nothing else. It is kept as damage and tried
//! again with every look at the store, so that a restored file counts without a restart. A manifest that the store did not
//! hand out this time is no damage: nobody knows what it says, and a catalog that leaves it out would be an older one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftline_compute::Compute;
use driftline_domain::{BBox, CurvilinearGrid, ForcingKind, GridSpec, RunTime, ValidTime};
use futures::StreamExt;
use object_store::path::Path;

use crate::checkpoint::Checkpoint;
use crate::manifest::{Manifest, SCHEMA, SeriesEntry};
use crate::retention_log::{Hold, Retention};
use crate::{Error, Objects, positions};

const MANIFESTS: &str = "forcing/manifests";
/// Manifests that are read at the same time.
const READS: usize = 16;

/// Where the manifest with this number lies.
pub(crate) fn manifest_path(sequence: u64) -> Path {
    Path::from(format!("{MANIFESTS}/{sequence:012}.json"))
}

/// One published revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// Number of its manifest.
    pub sequence: u64,
    /// What it consists of.
    pub manifest: Manifest,
}

/// One vector field of one cycle.
#[derive(Debug, Clone)]
pub struct SeriesRef {
    /// The cycle.
    pub cycle: Arc<Cycle>,
    /// Index into its series.
    pub index: usize,
}

impl SeriesRef {
    /// What the manifest says of it.
    pub fn entry(&self) -> &SeriesEntry {
        &self.cycle.manifest.series[self.index]
    }
}

/// A manifest that cannot be read, be it damaged or written by a newer program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Path of the manifest.
    pub object: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Every published cycle, each with the revisions that can be had.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    sequence: u64,
    /// Every readable revision that may still have objects, retired ones included, by the number of its manifest.
    present: BTreeMap<u64, Arc<Cycle>>,
    /// What readers see of them: by feed and run, the revisions in ascending order.
    cycles: BTreeMap<(String, RunTime), Vec<Arc<Cycle>>>,
    damaged: Vec<Damage>,
    /// Numbers of manifests that were found and could not be read; the damaged ones, and those that have gone since.
    unread: BTreeSet<u64>,
    retention: Retention,
    /// An entry of the retention log that cannot be read: what was decided after it is not known.
    broken_log: Option<Damage>,
}

/// What cycles are looked for; whatever is empty or `None` restricts nothing.
#[derive(Debug, Clone, Default)]
pub struct CycleQuery {
    /// Only what touches this box.
    pub bbox: Option<BBox>,
    /// Only these kinds of field.
    pub kinds: Vec<ForcingKind>,
    /// Only what holds at this time or later.
    pub from: Option<ValidTime>,
    /// Only what holds at this time or earlier.
    pub until: Option<ValidTime>,
    /// Only these feeds.
    pub feeds: Vec<String>,
}

impl CycleQuery {
    fn accepts(&self, entry: &SeriesEntry) -> bool {
        let in_time = entry.extent().is_some_and(|(first, last)| {
            self.until.is_none_or(|until| first <= until) && self.from.is_none_or(|from| last >= from)
        });
        let is_there = |bbox: &BBox| entry.grid.window_around(bbox, 0).is_some();
        in_time
            && (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
            && self.bbox.as_ref().is_none_or(is_there)
    }
}

impl Catalog {
    /// Number of the newest manifest, readable or not; it grows with every publication.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Manifests that cannot be read, in the order of their numbers; what they publish is not in this catalog.
    pub fn damaged(&self) -> &[Damage] {
        &self.damaged
    }

    /// Whether some published forcing is missing here because its manifest cannot be read.
    pub fn is_degraded(&self) -> bool {
        !self.damaged.is_empty()
    }

    /// Whether a readable manifest whose objects may be there, superseded and retired ones included, names this prefix.
    pub(crate) fn names(&self, prefix: &str) -> bool {
        self.present.values().any(|cycle| cycle.manifest.prefix == prefix)
    }

    /// Whether every manifest up to the newest could be read or is known to have no objects any more. Numbers are given
    /// without gaps, so that a manifest that is damaged or was taken away shows in the count.
    pub(crate) fn is_complete(&self) -> bool {
        let known = self.present.len() + self.retention.gone.len();
        known as u64 == self.sequence && self.broken_log.is_none()
    }

    /// Grows with what is known: manifests and decisions that appeared, then damaged manifests that became readable.
    pub(crate) fn rank(&self) -> (u64, Reverse<usize>) {
        (self.sequence + self.retention.number, Reverse(self.unread.len()))
    }

    /// The newest revision of every cycle, by feed and run.
    pub fn cycles(&self) -> impl Iterator<Item = &Arc<Cycle>> {
        self.cycles.values().filter_map(|revisions| revisions.last())
    }

    /// The newest revision of one cycle.
    pub fn head(&self, feed: &str, run: RunTime) -> Option<&Arc<Cycle>> {
        self.revisions(feed, run).last()
    }

    /// The revisions of one cycle that can be had, the newest last. Superseded ones are there for a grace period.
    pub fn revisions(&self, feed: &str, run: RunTime) -> &[Arc<Cycle>] {
        self.cycles.get(&(feed.to_owned(), run)).map_or(&[], Vec::as_slice)
    }

    /// One revision of one cycle, superseded or not; of several that bear the number the one published last.
    pub fn revision(&self, feed: &str, run: RunTime, revision: u32) -> Option<&Arc<Cycle>> {
        let mut from_newest = self.revisions(feed, run).iter().rev();
        from_newest.find(|cycle| cycle.manifest.revision == revision)
    }

    /// The greatest revision that a cycle ever had, as far as its manifests are read: also of those that readers no longer
    /// see. 0 where it has none.
    pub(crate) fn last_revision(&self, feed: &str, run: RunTime) -> u32 {
        let manifests = self.present.values().map(|cycle| &cycle.manifest);
        let of_cycle = manifests.filter(|manifest| manifest.feed == feed && manifest.run == run);
        of_cycle.map(|manifest| manifest.revision).max().unwrap_or(0)
    }

    /// The cycles with a field that answers all parts of a query, the newest revision of each, by feed and run.
    pub fn find(&self, query: &CycleQuery) -> Vec<Arc<Cycle>> {
        let chosen = |feed: &String| query.feeds.is_empty() || query.feeds.contains(feed);
        self.cycles()
            .filter(|cycle| chosen(&cycle.manifest.feed))
            .filter(|cycle| cycle.manifest.series.iter().any(|entry| query.accepts(entry)))
            .map(Arc::clone)
            .collect()
    }

    /// The holds in force or expired, by the number that releases them.
    pub fn holds(&self) -> impl Iterator<Item = (u64, &Hold)> {
        self.retention.holds.iter().map(|(number, hold)| (*number, hold))
    }

    /// What is decided about removing forcing.
    pub(crate) fn retention(&self) -> &Retention {
        &self.retention
    }

    /// The entry of the retention log that cannot be read.
    pub(crate) fn broken_log(&self) -> Option<&Damage> {
        self.broken_log.as_ref()
    }

    /// Every readable revision that may still have objects, whether readers see it or not.
    pub(crate) fn present(&self) -> &BTreeMap<u64, Arc<Cycle>> {
        &self.present
    }

    /// What whoever starts later may begin with.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let present = self.present.keys().copied().collect();
        Checkpoint::new(self.sequence, present, self.retention.clone())
    }

    /// Fields of a kind that touch a box and a time range, finest grid first and of equal grids the newest run first.
    /// `feeds` restricts the choice where it is not empty.
    pub fn covering(
        &self,
        kind: ForcingKind,
        bbox: &BBox,
        from: ValidTime,
        until: ValidTime,
        feeds: &[String],
    ) -> Vec<SeriesRef> {
        let chosen = |cycle: &Arc<Cycle>| feeds.is_empty() || feeds.contains(&cycle.manifest.feed);
        let mut found: Vec<SeriesRef> = Vec::new();
        for cycle in self.cycles().filter(|cycle| chosen(cycle)) {
            for (index, entry) in cycle.manifest.series.iter().enumerate() {
                let touches = entry
                    .extent()
                    .is_some_and(|(first, last)| first <= until && last >= from);
                if entry.kind == kind && touches && entry.grid.window_around(bbox, 0).is_some() {
                    found.push(SeriesRef {
                        cycle: Arc::clone(cycle),
                        index,
                    });
                }
            }
        }
        found.sort_by(|a, b| {
            let by_cell = a.entry().grid.cell_m().total_cmp(&b.entry().grid.cell_m());
            by_cell
                .then(b.cycle.manifest.run.cmp(&a.cycle.manifest.run))
                .then(a.cycle.manifest.feed.cmp(&b.cycle.manifest.feed))
        });
        found
    }

    /// This catalog with the manifests that have appeared or become readable since, and what was decided about removing
    /// some; `None` when nothing has changed. An error where the store hands out less than all of it.
    pub(crate) async fn with_new_manifests(&self, objects: &Objects, compute: &Compute) -> Result<Option<Self>, Error> {
        let mut newer = self.clone();
        if self.sequence == 0 && self.retention.number == 0 {
            newer.begin_at(Checkpoint::newest(objects).await?);
        }
        let newest = (newer.sequence > 0).then(|| manifest_path(newer.sequence));
        let manifests = Path::from(MANIFESTS);
        let (paths, broken_log) = futures::future::try_join(
            objects.list_after(&manifests, newest.as_ref()),
            newer.retention.read_on(objects),
        )
        .await?;
        newer.broken_log = broken_log;
        newer.damaged.clear();
        let appeared = paths.iter().filter_map(sequence_of);
        let wanted: BTreeSet<u64> = newer.unread.iter().copied().chain(appeared).collect();
        newer.read(objects, compute, wanted).await?;
        let changed =
            newer.rank() != self.rank() || newer.damaged != self.damaged || newer.broken_log != self.broken_log;
        if changed {
            newer.arrange();
        }
        Ok(changed.then_some(newer))
    }

    fn begin_at(&mut self, checkpoint: Option<Checkpoint>) {
        if let Some(checkpoint) = checkpoint {
            self.sequence = checkpoint.sequence;
            self.unread = checkpoint.present;
            self.retention = checkpoint.retention;
        }
    }

    /// Takes in the manifests with these numbers, curvilinear grids with their positions.
    async fn read(&mut self, objects: &Objects, compute: &Compute, wanted: BTreeSet<u64>) -> Result<(), Error> {
        let read = futures::stream::iter(wanted)
            .map(|sequence| async move { (sequence, read_manifest(objects, &manifest_path(sequence)).await) })
            .buffered(READS);
        let read: Vec<_> = read.collect().await;
        let mut known = self.grids_of_positions();
        for (sequence, mut found) in read {
            // Of what is being deleted the positions may be gone already, and nobody looks for anything in it.
            if let Ok(manifest) = &mut found
                && !self.retention.is_past_restoring(sequence)
                && let Err(error) = positions::load(objects, compute, manifest, &mut known).await
            {
                found = Err(error);
            }
            self.take(sequence, found)?;
        }
        Ok(())
    }

    /// The curvilinear grids whose positions are at hand, which the next cycle most likely shares.
    fn grids_of_positions(&self) -> Vec<CurvilinearGrid> {
        let mut grids: Vec<CurvilinearGrid> = Vec::new();
        for entry in self.present.values().flat_map(|cycle| &cycle.manifest.series) {
            if let GridSpec::Curvilinear(grid) = &entry.grid
                && grid.has_positions()
                && !grids.contains(grid)
            {
                grids.push(grid.clone());
            }
        }
        grids
    }

    /// Takes in a manifest, or notes that it makes no sense. Any other failure may be gone in a moment.
    fn take(&mut self, sequence: u64, found: Result<Manifest, Error>) -> Result<(), Error> {
        let damage = match found {
            Ok(manifest) => {
                self.unread.remove(&sequence);
                self.present.insert(sequence, Arc::new(Cycle { sequence, manifest }));
                None
            }
            // Somebody took it away; its number may be given again.
            Err(Error::NotFound(_)) => Some(None),
            Err(Error::Damaged { reason, .. }) => Some(Some(reason)),
            Err(error @ Error::Array { .. }) => Some(Some(error.to_string())),
            Err(error) => return Err(error),
        };
        self.sequence = self.sequence.max(sequence);
        if let Some(reason) = damage {
            self.unread.insert(sequence);
            self.damaged.extend(reason.map(|reason| Damage {
                object: manifest_path(sequence).to_string(),
                reason,
            }));
        }
        Ok(())
    }

    /// Works out what readers see.
    fn arrange(&mut self) {
        let gone = &self.retention.gone;
        self.present.retain(|sequence, _| !gone.contains(sequence));
        self.unread.retain(|sequence| !gone.contains(sequence));
        self.cycles.clear();
        for cycle in self
            .present
            .values()
            .filter(|cycle| !self.retention.hides(cycle.sequence))
        {
            let key = (cycle.manifest.feed.clone(), cycle.manifest.run);
            self.cycles.entry(key).or_default().push(Arc::clone(cycle));
        }
        for revisions in self.cycles.values_mut() {
            // A revision published while an equal one was unreadable has the same revision and a greater number.
            revisions.sort_by_key(|cycle| (cycle.manifest.revision, cycle.sequence));
        }
    }
}

/// The number in a manifest's name; `None` for files that are no manifests.
fn sequence_of(path: &Path) -> Option<u64> {
    let sequence = path.filename()?.strip_suffix(".json")?.parse().ok()?;
    (manifest_path(sequence) == *path).then_some(sequence)
}

async fn read_manifest(objects: &Objects, path: &Path) -> Result<Manifest, Error> {
    let bytes = objects.get(path).await?;
    let damaged = |reason: String| Error::Damaged {
        object: path.to_string(),
        reason,
    };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    let schema = value.get("schema").and_then(serde_json::Value::as_u64);
    if !schema.is_some_and(|schema| (1..=u64::from(SCHEMA)).contains(&schema)) {
        let found = schema.map_or("no layout version".to_owned(), |schema| {
            format!("layout version {schema}")
        });
        return Err(damaged(format!(
            "it has {found}; this program reads versions 1 to {SCHEMA}: use a newer one"
        )));
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
    let checksum = Manifest::content_checksum(manifest.schema, &manifest.series, &manifest.objects)
        .map_err(|error| damaged(error.to_string()))?;
    if checksum != manifest.checksum {
        return Err(damaged(format!(
            "its content has checksum {checksum}, not {}",
            manifest.checksum
        )));
    }
    Ok(manifest)
}
