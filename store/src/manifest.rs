//! A manifest names everything a revision of a cycle consists of; what no manifest names does not exist for readers.

use driftline_domain::{Composition, ForcingKind, GridSpec, RunTime, ValidTime};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The newest layout; readers know this one and every earlier one.
///
/// Version 1 has current and wind. Version 2 may have waves. Version 3 compresses chunks in the container of Blosc, names
/// the CRC-32C of each shard's index, and may have grids of positions; whatever is published now has it, and programs
/// before it say that a newer one is needed. Lineage, horizon and marks are members that no number depends on.
pub(crate) const SCHEMA: u32 = 3;

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
    /// SHA-256 over what the cycle says: fields and objects. Equal content has an equal checksum, wherever it came from.
    pub checksum: String,
    /// Which sources each step of each series was made from; empty in cycles of versions before 0.4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lineage: Vec<SeriesLineage>,
    /// How far the cycle should go; `None` where nobody knows, as with files given by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<Horizon>,
    /// What quality control found and let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
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
    /// CRC-32C of the index of a shard's chunks, which readers of single chunks compare; none in what versions before
    /// 0.4 wrote, and none for what is no shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_crc32c: Option<u32>,
}

/// Where the steps of a series come from: with it, and the steps that a chunk spans, every chunk has its source bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesLineage {
    /// Zarr group of the series.
    pub group: String,
    /// For each step the sources it was made from, as indices into the manifest's `sources`.
    pub steps: Vec<Vec<u32>>,
}

/// What a cycle should consist of, and what of it has not come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// Last valid time of the whole cycle.
    pub expected_until: ValidTime,
    /// Steps that the whole cycle has.
    pub expected_steps: usize,
    /// Steps that are not in this revision, and why.
    pub missing: Vec<MissingStep>,
}

impl Horizon {
    /// Whether every expected step is there.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// A step that a cycle should have and this revision has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingStep {
    /// The step as the feed names it, such as `f021`.
    pub step: String,
    /// When it would hold, where its name tells one time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<ValidTime>,
    /// Why it is not there.
    pub reason: String,
}

/// A finding of quality control that did not stop publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Zarr group of the series.
    pub group: String,
    /// The step; `None` for the whole series.
    pub time: Option<ValidTime>,
    /// What it is, for programs.
    pub code: String,
    /// What it is, for people.
    pub reason: String,
}

/// Where bytes were fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Address without credentials.
    pub url: String,
    /// Byte ranges of the remote object, start and end (exclusive), in the order in which they stand in the file; empty
    /// for the whole object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<[u64; 2]>,
    /// Entity tag of the remote object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When the remote object was last changed, as its server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Timestamp>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
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
    /// Where it was fetched; `None` for a file given by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl SourceFile {
    /// Whether both hold the same bytes and were read by the same decoder, wherever they came from.
    pub(crate) fn is_same_content(&self, other: &Self) -> bool {
        self.name == other.name && self.sha256 == other.sha256 && self.decoder == other.decoder
    }
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
