//! The catalog: what the manifests say. An immutable value; a newer one is made when manifests have appeared.
//!
//! A manifest that cannot be read hides its own revision and nothing else. It is kept as damage and tried again with
//! every look at the store, so that a restored file counts without a restart.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftline_compute::Compute;
use driftline_domain::{BBox, CurvilinearGrid, ForcingKind, GridSpec, RunTime, ValidTime};
use object_store::path::Path;

use crate::manifest::{Manifest, SCHEMA, SeriesEntry};
use crate::{Error, Objects, positions};

const MANIFESTS: &str = "forcing/manifests";

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

/// Every published cycle, the newest revision of each.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    sequence: u64,
    heads: BTreeMap<(String, RunTime), Arc<Cycle>>,
    /// Where the objects of every readable revision lie, superseded ones included.
    prefixes: BTreeSet<String>,
    damaged: Vec<Damage>,
    /// Numbers of manifests that were found and could not be read; the damaged ones, and those that have gone since.
    unread: BTreeSet<u64>,
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

    /// Whether a readable manifest, superseded or not, names this prefix.
    pub(crate) fn names(&self, prefix: &str) -> bool {
        self.prefixes.contains(prefix)
    }

    /// Whether every manifest up to the newest could be read. Numbers are given without gaps and each manifest has a
    /// prefix of its own, so that one that is damaged or was taken away shows in the count.
    pub(crate) fn is_complete(&self) -> bool {
        self.prefixes.len() as u64 == self.sequence
    }

    /// Grows with what is known: manifests that appeared, then damaged ones that became readable.
    pub(crate) fn rank(&self) -> (u64, Reverse<usize>) {
        (self.sequence, Reverse(self.unread.len()))
    }

    /// The newest revision of every cycle, by feed and run.
    pub fn cycles(&self) -> impl Iterator<Item = &Arc<Cycle>> {
        self.heads.values()
    }

    /// The newest revision of one cycle.
    pub fn head(&self, feed: &str, run: RunTime) -> Option<&Arc<Cycle>> {
        self.heads.get(&(feed.to_owned(), run))
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

    /// This catalog with the manifests that have appeared or become readable since; `None` when nothing has changed.
    pub(crate) async fn with_new_manifests(&self, objects: &Objects, compute: &Compute) -> Result<Option<Self>, Error> {
        let newest = (self.sequence > 0).then(|| manifest_path(self.sequence));
        let paths = objects.list_after(&Path::from(MANIFESTS), newest.as_ref()).await?;
        let appeared: Vec<u64> = paths.iter().filter_map(sequence_of).collect();
        if appeared.is_empty() && self.unread.is_empty() {
            return Ok(None);
        }
        let mut newer = self.clone();
        newer.damaged.clear();
        for sequence in self.unread.iter().copied().chain(appeared) {
            let path = manifest_path(sequence);
            let found = match read_manifest(objects, &path).await {
                Ok(mut manifest) => positions::load(objects, compute, &mut manifest, &newer.grids_of_positions())
                    .await
                    .map(|()| manifest),
                Err(error) => Err(error),
            };
            newer.take(sequence, &path, found);
        }
        let changed = newer.rank() != self.rank() || newer.damaged != self.damaged;
        Ok(changed.then_some(newer))
    }

    /// The curvilinear grids there are, which the next cycle most likely shares.
    fn grids_of_positions(&self) -> Vec<CurvilinearGrid> {
        let mut grids: Vec<CurvilinearGrid> = Vec::new();
        for entry in self.cycles().flat_map(|cycle| &cycle.manifest.series) {
            if let GridSpec::Curvilinear(grid) = &entry.grid
                && !grids.contains(grid)
            {
                grids.push(grid.clone());
            }
        }
        grids
    }

    /// Takes in a manifest, or notes that it cannot be read.
    fn take(&mut self, sequence: u64, path: &Path, found: Result<Manifest, Error>) {
        self.sequence = self.sequence.max(sequence);
        let reason = match found {
            Ok(manifest) => {
                self.unread.remove(&sequence);
                self.add(Cycle { sequence, manifest });
                return;
            }
            Err(error) => {
                self.unread.insert(sequence);
                match error {
                    // Somebody took it away; its number may be given again.
                    Error::NotFound(_) => return,
                    Error::Damaged { reason, .. } => reason,
                    other => other.to_string(),
                }
            }
        };
        self.damaged.push(Damage {
            object: path.to_string(),
            reason,
        });
    }

    fn add(&mut self, cycle: Cycle) {
        self.prefixes.insert(cycle.manifest.prefix.clone());
        let key = (cycle.manifest.feed.clone(), cycle.manifest.run);
        // A revision published while an equal one was unreadable has the same revision and a greater number.
        let rank = |cycle: &Cycle| (cycle.manifest.revision, cycle.sequence);
        if self.heads.get(&key).is_none_or(|head| rank(head) < rank(&cycle)) {
            self.heads.insert(key, Arc::new(cycle));
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
