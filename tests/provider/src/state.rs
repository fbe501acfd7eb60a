//! What the server knows and what it was told: shelves, clock, what is held back, faults, and who asked for what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::build;
use crate::catalogue::Catalogue;
use crate::content::{Change, Content, Feed, Form};
use crate::error::Error;
use crate::faults::{self, Fault, Faults};
use crate::fields::Fields;
use crate::layout::{Named, Tree, after};

/// A request as it came, and what was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// `GET`, `HEAD`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Header of this name.
    pub range: Option<String>,
    /// Header of this name.
    pub if_none_match: Option<String>,
    /// Header of this name.
    pub if_range: Option<String>,
    /// Header of this name.
    pub user_agent: Option<String>,
    /// When it came.
    pub at: Timestamp,
    /// Status of the answer; 0 where there was none.
    pub status: u16,
    /// Bytes of the body that were handed to the socket.
    pub bytes_sent: u64,
}

/// A file as it is served.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) bytes: Bytes,
    pub(crate) modified: Timestamp,
    pub(crate) etag: String,
}

impl Object {
    pub(crate) fn new(bytes: Bytes, modified: Timestamp) -> Self {
        let digest = Sha256::digest(&bytes);
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self {
            bytes,
            modified,
            etag: format!("\"{hex}\""),
        }
    }
}

/// Everything that changes while the server runs.
pub(crate) struct State {
    pub(crate) fields: Fields,
    pub(crate) catalogue: Catalogue,
    pub(crate) now: Option<Timestamp>,
    pub(crate) withheld: BTreeSet<(Feed, Timestamp, i32)>,
    pub(crate) stops: BTreeMap<(Feed, Timestamp), i32>,
    /// How often a cycle was written anew, and when last.
    pub(crate) issues: BTreeMap<(Feed, Timestamp), (u32, Timestamp)>,
    /// How often a cycle was uploaded again with the same bytes.
    pub(crate) uploads: BTreeMap<(Feed, Timestamp), u32>,
    pub(crate) faults: Faults,
    pub(crate) requests: Vec<Request>,
    made: HashMap<(Content, Change), Bytes>,
}

impl State {
    pub(crate) fn new(catalogue: Catalogue) -> Result<Self, Error> {
        Ok(Self {
            fields: Fields::load()?,
            catalogue,
            now: None,
            withheld: BTreeSet::new(),
            stops: BTreeMap::new(),
            issues: BTreeMap::new(),
            uploads: BTreeMap::new(),
            faults: Faults::default(),
            requests: Vec::new(),
            made: HashMap::new(),
        })
    }

    /// The provider's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// Whether a file is on the shelf by now.
    fn there(&self, content: &Content) -> bool {
        let Content { feed, run, step, .. } = *content;
        let put_there = self
            .catalogue
            .shelves
            .get(&feed)
            .is_some_and(|shelf| shelf.runs.contains(&run));
        let in_time = put_there && self.now.is_none() || feed.appears(run, step) <= self.now();
        let stopped = self.stops.get(&(feed, run)).is_some_and(|last| step > *last);
        in_time && !stopped && !self.withheld.contains(&(feed, run, step))
    }

    /// Files of a tree whose names may begin with a prefix, in no order.
    pub(crate) fn files(&self, tree: Tree, prefix: &str) -> Vec<Named> {
        tree.feeds()
            .iter()
            .flat_map(|feed| self.files_of(*feed, prefix))
            .collect()
    }

    fn files_of(&self, feed: Feed, prefix: &str) -> Vec<Named> {
        let Some(shelf) = self.catalogue.shelves.get(&feed) else {
            return Vec::new();
        };
        let versions = match shelf.versions.is_empty() {
            true => vec![feed.version().to_owned()],
            false => shelf.versions.clone(),
        };
        let runs = shelf.runs(feed, self.now());
        let near = runs.iter().filter(|run| {
            let folder = feed.folder(**run);
            folder.starts_with(prefix) || prefix.starts_with(&folder)
        });
        let mut files: Vec<Named> = near.flat_map(|run| feed.files(*run, &versions)).collect();
        files.retain(|named| self.there(&named.content));
        if feed.replaces() {
            files = newest_of_each_time(files);
        }
        if feed == Feed::Norkyst {
            let analysis = |run: &&Timestamp| {
                self.there(&Content {
                    feed,
                    run: **run,
                    step: 0,
                    form: Form::Data,
                })
            };
            let newest = runs.iter().rev().find(analysis).copied();
            files.retain(|named| named.content.step == 0 || Some(named.content.run) == newest);
        }
        files.retain(|named| named.key.starts_with(prefix));
        files
    }

    /// The provider writes a cycle anew.
    pub(crate) fn reissue(&mut self, feed: Feed, run: Timestamp) {
        let now = self.now();
        let (count, since) = self.issues.entry((feed, run)).or_insert((0, now));
        (*count, *since) = (*count + 1, now);
    }

    /// A file by its name.
    pub(crate) fn find(&self, tree: Tree, key: &str) -> Option<Content> {
        let key = in_folder_of_its_day(key);
        self.files(tree, &key)
            .into_iter()
            .find(|named| named.key == key)
            .map(|named| named.content)
    }

    /// The bytes of a file, as faults make them.
    pub(crate) fn object(&mut self, content: &Content, befalling: &[(Fault, u32)]) -> Result<Object, Error> {
        let (issue, since) = self
            .issues
            .get(&(content.feed, content.run))
            .copied()
            .unwrap_or_default();
        let change = faults::change(befalling, issue);
        let place = (content.clone(), change.clone());
        let bytes = match self.made.get(&place) {
            Some(bytes) => bytes.clone(),
            None => {
                let bytes = Bytes::from(build::file(&self.fields, content, &change)?);
                self.made.insert(place, bytes.clone());
                bytes
            }
        };
        let an_hour_ago = self.now().saturating_sub(1.hour()).unwrap_or_default();
        let appeared = content.feed.appears(content.run, content.step).min(match self.now {
            Some(now) => now,
            None => an_hour_ago.max(content.run),
        });
        let modified = if issue > 0 { since } else { appeared };
        let mut object = Object::new(bytes, modified);
        if let Some(uploads) = self.uploads.get(&(content.feed, content.run)) {
            object.etag.insert_str(1, &format!("{uploads}-"));
        }
        Ok(damaged(object, befalling, self.now()))
    }
}

/// One file for each folder and valid time: that of the newest cycle.
fn newest_of_each_time(files: Vec<Named>) -> Vec<Named> {
    let mut kept: BTreeMap<(String, Timestamp), Named> = BTreeMap::new();
    for named in files {
        let folder = named.key.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let place = (folder, after(named.content.run, named.content.step));
        let newer = kept
            .get(&place)
            .is_none_or(|known| known.content.run < named.content.run);
        if newer {
            kept.insert(place, named);
        }
    }
    kept.into_values().collect()
}

/// NorKyst's forecasts are also found under the name that carries their date.
fn in_folder_of_its_day(key: &str) -> String {
    match key.split_once("_zdepth_2") {
        Some((start, end)) => match end.split_once("T00Z_m00_FC_") {
            Some((_, number)) => format!("{start}_zdepth_latest_m00_FC_{number}"),
            None => key.to_owned(),
        },
        None => key.to_owned(),
    }
}

/// The file as faults leave it that the server itself does not know of.
pub(crate) fn damaged(object: Object, befalling: &[(Fault, u32)], now: Timestamp) -> Object {
    let mut bytes = object.bytes.to_vec();
    let mut modified = object.modified;
    for (fault, before) in befalling {
        match fault {
            Fault::TruncatedFile { bytes: length } => bytes.truncate(*length),
            Fault::Corrupt => corrupt(&mut bytes),
            Fault::StaleIndex { by } => bytes = stale(&bytes, *by),
            Fault::StillUploading { share, grows } => {
                let there = (share + grows * f64::from(*before)).clamp(0.0, 1.0);
                bytes.truncate((bytes.len() as f64 * there) as usize);
                modified = now;
            }
            _ => continue,
        }
    }
    match bytes[..] == object.bytes[..] {
        true => Object { modified, ..object },
        false => Object::new(bytes.into(), modified),
    }
}

/// Overwrites a piece in the middle of every 200 bytes with what no packing means by itself.
fn corrupt(bytes: &mut [u8]) {
    let end = bytes.len().saturating_sub(8);
    for at in (190..end).filter(|at| at % 200 >= 190) {
        bytes[at] = !bytes[at];
    }
}

/// An index of either dialect with larger offsets.
fn stale(index: &[u8], by: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(index);
    let line = |line: &str| -> String {
        if let Some((before, rest)) = line.split_once("\"_offset\": ") {
            let (offset, after) = rest.split_once(',').unwrap_or((rest, ""));
            return format!(
                "{before}\"_offset\": {},{after}\n",
                offset.parse::<usize>().unwrap_or(0) + by
            );
        }
        let mut fields: Vec<String> = line.split(':').map(str::to_owned).collect();
        if let Some(offset) = fields.get_mut(1).filter(|offset| *offset != "0") {
            *offset = (offset.parse::<usize>().unwrap_or(0) + by).to_string();
        }
        fields.join(":") + "\n"
    };
    text.lines().map(line).collect::<String>().into_bytes()
}
