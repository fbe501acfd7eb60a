//! A manifest names everything a revision of a cycle consists of; what no manifest names does not exist for readers.

use driftline_domain::{Composition, ForcingKind, GridSpec, RunTime, ValidTime};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The newest layout; readers know this one and every earlier one.
///
/// Version 1 has current and wind. Version 2 may have waves, version 3 grids of positions; programs before it do not know
/// them. A manifest states the
/// lowest version that describes it, so that an older program beside a newer one loses sight of nothing that it can read
/// and of the rest says that a newer one is needed.
pub(crate) const SCHEMA: u32 = 3;

/// The layout version that fields of these kinds need.
pub(crate) fn schema_of(series: &[SeriesEntry]) -> u32 {
    let has_waves = series.iter().any(|entry| entry.kind == ForcingKind::Waves);
    let has_positions = series
        .iter()
        .any(|entry| matches!(entry.grid, GridSpec::Curvilinear(_)));
    match (has_positions, has_waves) {
        (true, _) => 3,
        (false, true) => 2,
        (false, false) => 1,
    }
}

/// One published revision of one cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version.
    pub schema: u32,
    /// Random id of the writer, so that a writer recognises its own manifest after a lost answer.
    pub writer: String,
    /// Feed.
    pub feed: String,
    /// Model cycle.
    pub run: RunTime,
    /// Revision of the cycle, from 1.
    pub revision: u32,
    /// Where its objects lie.
    pub prefix: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// Its vector fields.
    pub series: Vec<SeriesEntry>,
    /// Every object with length and checksum, sorted by path.
    pub objects: Vec<ObjectEntry>,
    /// The files it was made from.
    pub sources: Vec<SourceFile>,
    /// Program that wrote it.
    pub written_by: String,
    /// SHA-256 over what the cycle says: fields and objects. Equal content has an equal checksum.
    pub checksum: String,
}

/// One vector field over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesEntry {
    /// Zarr group below the prefix.
    pub group: String,
    /// What it is.
    pub kind: ForcingKind,
    /// Where its values stand.
    pub grid: GridSpec,
    /// When they hold.
    pub times: Vec<ValidTime>,
    /// Parts of the current.
    pub composition: Composition,
    /// Depth or height, as the source states it.
    pub level: String,
    /// Variables of the source.
    pub source_variables: [String; 2],
    /// Line that every product must carry.
    pub attribution: Option<String>,
    /// Share of nodes without a value, averaged over the steps.
    pub missing_share: f64,
}

/// One stored object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// Path below the prefix.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: String,
}

/// One file that a cycle was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name, without folders.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// What read it.
    pub decoder: String,
}

impl Manifest {
    /// The checksum of these fields and objects in a layout version.
    pub(crate) fn content_checksum(
        schema: u32,
        series: &[SeriesEntry],
        objects: &[ObjectEntry],
    ) -> Result<String, serde_json::Error> {
        Ok(hex(&Sha256::digest(serde_json::to_vec(&(schema, series, objects))?)))
    }

    /// The entry of an object, by its path below the prefix.
    pub(crate) fn object(&self, path: &str) -> Option<&ObjectEntry> {
        let found = self.objects.binary_search_by(|entry| entry.path.as_str().cmp(path));
        found.ok().and_then(|index| self.objects.get(index))
    }
}

impl SeriesEntry {
    /// First and last valid time.
    pub fn extent(&self) -> Option<(ValidTime, ValidTime)> {
        Some((*self.times.first()?, *self.times.last()?))
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
