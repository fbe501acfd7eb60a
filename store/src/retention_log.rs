//! What was decided about removing forcing: a log of small objects, `forcing/retention/<number>.json`, each created only if
//! its number is free. Whoever decides knows every entry before his own, so that a hold and a removal never cross.
//!
//! A revision is *retired* first: no reader chooses it any more, and who has it open keeps reading. After a grace period
//! it is *deleted*, said before the first object goes, and *gone* when the last one is. Manifests are never deleted: their
//! numbers stay taken. A *hold* keeps what late incidents need, and brings back what is retired and not yet deleted.

use std::collections::{BTreeMap, BTreeSet};

use driftline_domain::RunTime;
use jiff::Timestamp;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use crate::catalog::Damage;
use crate::{Error, Manifest, Objects};

pub(crate) const RETENTION: &str = "forcing/retention";
/// The layout of entries that this program writes and reads.
const SCHEMA: u32 = 1;

/// Where the entry with this number lies.
pub(crate) fn entry_path(number: u64) -> Path {
    Path::from(format!("{RETENTION}/{number:012}.json"))
}

/// The number in an entry's name.
pub(crate) fn number_of(path: &Path) -> Option<u64> {
    let number = path.filename()?.strip_suffix(".json")?.parse().ok()?;
    (entry_path(number) == *path).then_some(number)
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) schema: u32,
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    /// Random id, by which the one who wrote it recognises it.
    pub(crate) writer: String,
    pub(crate) act: Act,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    /// Keep revisions; those named are no longer retired.
    Hold { hold: Hold, restores: Vec<u64> },
    /// A hold ends.
    Release { hold: u64 },
    /// Hide these manifests from readers.
    Retire { manifests: Vec<u64>, why: String },
    /// From here on the objects of these manifests may be missing.
    Delete { manifests: Vec<u64> },
    /// No object of these manifests is left.
    Gone { manifests: Vec<u64> },
}

/// Forcing that is kept whatever its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Feed.
    pub feed: String,
    /// Model cycle; `None`: every cycle of the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunTime>,
    /// Revision; `None`: every revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// Until when; `None`: until it is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    pub why: String,
}

impl Hold {
    /// Whether it keeps this revision, now.
    pub(crate) fn keeps(&self, manifest: &Manifest, now: Timestamp) -> bool {
        self.names(manifest) && self.until.is_none_or(|until| now < until)
    }

    /// Whether this revision is among those that it names.
    pub(crate) fn names(&self, manifest: &Manifest) -> bool {
        self.feed == manifest.feed
            && self.run.is_none_or(|run| run == manifest.run)
            && self.revision.is_none_or(|revision| revision == manifest.revision)
    }
}

/// A revision that readers no longer choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retired {
    /// Number of the entry that says so.
    pub(crate) entry: u64,
    pub(crate) at: Timestamp,
}

/// What the log says as a whole, by numbers of manifests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retention {
    /// Number of the last entry known.
    pub(crate) number: u64,
    pub(crate) retired: BTreeMap<u64, Retired>,
    pub(crate) deleting: BTreeSet<u64>,
    pub(crate) holds: BTreeMap<u64, Hold>,
    /// Without objects; in a checkpoint they are those that are not named.
    #[serde(skip)]
    pub(crate) gone: BTreeSet<u64>,
}

impl Retention {
    /// Whether readers do not see this manifest.
    pub(crate) fn hides(&self, sequence: u64) -> bool {
        self.retired.contains_key(&sequence) || self.is_past_restoring(sequence)
    }

    /// Whether its objects are deleted or about to be: no hold brings it back.
    pub(crate) fn is_past_restoring(&self, sequence: u64) -> bool {
        self.deleting.contains(&sequence) || self.gone.contains(&sequence)
    }

    pub(crate) fn apply(&mut self, entry: &Entry) {
        self.number = entry.number;
        match &entry.act {
            Act::Hold { hold, restores } => {
                restores.iter().for_each(|sequence| {
                    self.retired.remove(sequence);
                });
                self.holds.insert(entry.number, hold.clone());
            }
            Act::Release { hold } => {
                self.holds.remove(hold);
            }
            Act::Retire { manifests, .. } => {
                for sequence in manifests.iter().filter(|sequence| !self.gone.contains(sequence)) {
                    let retired = Retired {
                        entry: entry.number,
                        at: entry.at,
                    };
                    self.retired.entry(*sequence).or_insert(retired);
                }
            }
            Act::Delete { manifests } => {
                for sequence in manifests {
                    self.retired.remove(sequence);
                    self.deleting.insert(*sequence);
                }
            }
            Act::Gone { manifests } => {
                for sequence in manifests {
                    self.retired.remove(sequence);
                    self.deleting.remove(sequence);
                    self.gone.insert(*sequence);
                }
            }
        }
    }

    /// Takes in the entries that follow; the damage where one cannot be read, beyond which nothing is known.
    pub(crate) async fn read_on(&mut self, objects: &Objects) -> Result<Option<Damage>, Error> {
        let after = (self.number > 0).then(|| entry_path(self.number));
        let found = objects.list_after(&Path::from(RETENTION), after.as_ref()).await?;
        for number in found.iter().filter_map(number_of) {
            let path = entry_path(self.number + 1);
            let damaged = |reason: String| {
                Ok(Some(Damage {
                    object: path.to_string(),
                    reason,
                }))
            };
            if number != self.number + 1 {
                return damaged(format!("it is missing, though entry {number} is there"));
            }
            let bytes = objects.get(&path).await?;
            match serde_json::from_slice::<Entry>(&bytes) {
                Ok(entry) if entry.number == number && entry.schema == SCHEMA => self.apply(&entry),
                Ok(entry) => {
                    return damaged(format!(
                        "it has number {} and layout version {}",
                        entry.number, entry.schema
                    ));
                }
                Err(error) => return damaged(error.to_string()),
            }
        }
        Ok(None)
    }
}

impl Entry {
    pub(crate) fn new(number: u64, at: Timestamp, writer: String, act: Act) -> Self {
        Self {
            schema: SCHEMA,
            number,
            at,
            writer,
            act,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, act: Act) -> Entry {
        Entry::new(number, Timestamp::UNIX_EPOCH, String::new(), act)
    }

    #[test]
    fn a_revision_is_hidden_from_its_retirement_on_and_a_hold_brings_it_back_in_time() {
        let mut log = Retention::default();
        let retire = Act::Retire {
            manifests: vec![1, 2],
            why: "old".to_owned(),
        };
        log.apply(&entry(1, retire.clone()));
        assert!(log.hides(1) && log.hides(2) && !log.hides(3));
        log.apply(&entry(2, Act::Delete { manifests: vec![1] }));
        let hold = Hold {
            feed: "f".to_owned(),
            run: None,
            revision: None,
            until: None,
            why: "late incident".to_owned(),
        };
        log.apply(&entry(
            3,
            Act::Hold {
                hold,
                restores: vec![2],
            },
        ));
        assert!(log.hides(1) && !log.hides(2) && log.holds.contains_key(&3));
        log.apply(&entry(4, Act::Gone { manifests: vec![1] }));
        log.apply(&entry(5, retire));
        assert!(
            log.gone.contains(&1) && !log.retired.contains_key(&1),
            "what is gone stays gone"
        );
        log.apply(&entry(6, Act::Release { hold: 3 }));
        assert!(log.holds.is_empty() && log.hides(2) && log.number == 6);
    }

    #[test]
    fn an_entry_reads_as_it_was_written() {
        let written = entry(7, Act::Delete { manifests: vec![3, 4] });
        let text = serde_json::to_string(&written).unwrap();
        assert!(text.contains(r#""act":{"delete":{"manifests":[3,4]}}"#), "{text}");
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), written);
    }
}
