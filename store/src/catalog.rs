//! The catalog: what the manifests say. An immutable value; a newer one is made when manifests have appeared.

use std::collections::BTreeMap;
use std::sync::Arc;

use driftline_domain::{BBox, ForcingKind, RunTime, ValidTime};
use object_store::path::Path;

use crate::manifest::{Manifest, SCHEMA, SeriesEntry};
use crate::{Error, Objects};

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

/// Every published cycle, the newest revision of each.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    sequence: u64,
    heads: BTreeMap<(String, RunTime), Arc<Cycle>>,
}

impl Catalog {
    /// Number of the newest manifest; it grows with every publication.
    pub fn sequence(&self) -> u64 {
        self.sequence
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

    /// This catalog with the manifests that have appeared since; `None` when there are none.
    pub(crate) async fn with_new_manifests(&self, objects: &Objects) -> Result<Option<Self>, Error> {
        let newest = (self.sequence > 0).then(|| manifest_path(self.sequence));
        let paths = objects.list_after(&Path::from(MANIFESTS), newest.as_ref()).await?;
        if paths.is_empty() {
            return Ok(None);
        }
        let mut newer = self.clone();
        for path in paths {
            let Some(sequence) = sequence_of(&path) else { continue };
            let manifest = read_manifest(objects, &path).await?;
            newer.sequence = newer.sequence.max(sequence);
            newer.add(Cycle { sequence, manifest });
        }
        Ok(Some(newer))
    }

    fn add(&mut self, cycle: Cycle) {
        let key = (cycle.manifest.feed.clone(), cycle.manifest.run);
        let newest = self
            .heads
            .get(&key)
            .is_none_or(|head| head.manifest.revision < cycle.manifest.revision);
        if newest {
            self.heads.insert(key, Arc::new(cycle));
        }
    }
}

/// The number in a manifest's name; `None` for files that are no manifests.
fn sequence_of(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".json")?.parse().ok()
}

async fn read_manifest(objects: &Objects, path: &Path) -> Result<Manifest, Error> {
    let bytes = objects.get(path).await?;
    let damaged = |reason: String| Error::Damaged {
        object: path.to_string(),
        reason,
    };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    let schema = value.get("schema").and_then(serde_json::Value::as_u64);
    if schema != Some(u64::from(SCHEMA)) {
        let found = schema.map_or("no layout version".to_owned(), |schema| {
            format!("layout version {schema}")
        });
        return Err(damaged(format!(
            "it has {found}; this program reads version {SCHEMA}: use a newer one"
        )));
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
    let checksum =
        Manifest::content_checksum(&manifest.series, &manifest.objects).map_err(|error| damaged(error.to_string()))?;
    if checksum != manifest.checksum {
        return Err(damaged(format!(
            "its content has checksum {checksum}, not {}",
            manifest.checksum
        )));
    }
    Ok(manifest)
}
