//! What is known of a folder's files from one look to the next, in a file of the spool: with it an unchanged file is neither
//! fetched nor opened nor hashed again. It is a shortcut and no truth: without it everything is looked at anew.

use std::collections::BTreeMap;

use driftline_domain::{RunTime, ValidTime};
use driftline_store::SourceFile;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::Error;
use crate::feeds::files::{Entry, EntryName, Marks};
use crate::fetch::Validator;
use crate::spool::{CycleSpool, read_json, write_json};

/// Another version of the program may read files otherwise: it looks at all of them anew.
const WRITTEN_BY: &str = concat!("driftline ", env!("CARGO_PKG_VERSION"));

/// What is known of a folder.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Notes {
    written_by: String,
    pub(super) files: BTreeMap<EntryName, Note>,
    pub(super) runs: BTreeMap<RunTime, Outcome>,
}

/// What is known of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    /// Host and path, without secrets.
    place: String,
    /// What the listing said of it. What its server says when it is fetched is often something else: a listing rounds
    /// times to minutes, or states them more finely.
    listed: Marks,
    pub(super) found: Found,
}

/// What became of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Found {
    /// It is dated ahead of the clock; nothing else is known.
    Ahead { seen_at: Timestamp },
    /// It holds forcing.
    Forcing(Content),
    /// It was read and is no use.
    Refused { reason: String, validator: Validator },
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) source: SourceFile,
    pub(super) run: RunTime,
    pub(super) last: ValidTime,
}

/// What became of a run when it was last given to the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) of: Fingerprint,
    /// Why it was refused, if it was.
    pub(super) refused: Option<String>,
    pub(super) at: Timestamp,
}

/// Of what a revision would be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub(super) attribution: Option<String>,
    /// Name and SHA-256 of each file.
    pub(super) files: Vec<(String, String)>,
}

impl Notes {
    /// What an earlier look left.
    pub(super) fn read(spool: &CycleSpool) -> Self {
        let kept: Option<Self> = read_json(&spool.notes_path());
        kept.filter(|kept| kept.written_by == WRITTEN_BY).unwrap_or_default()
    }

    pub(super) fn write(&mut self, spool: &CycleSpool) -> Result<(), Error> {
        WRITTEN_BY.clone_into(&mut self.written_by);
        write_json(&spool.notes_path(), self)
    }

    /// What was found in a file, if it is still that file.
    pub(super) fn of(&self, entry: &Entry) -> Option<&Found> {
        let note = self.files.get(&entry.name)?;
        let same = note.place == place(&entry.url) && note.listed.same_version(&entry.marks);
        same.then_some(&note.found)
    }

    /// What was found in whatever had the name.
    pub(super) fn of_name(&self, name: &EntryName) -> Option<&Found> {
        Some(&self.files.get(name)?.found)
    }

    pub(super) fn put(&mut self, entry: &Entry, found: Found) {
        let note = Note {
            place: place(&entry.url),
            listed: entry.marks.clone(),
            found,
        };
        self.files.insert(entry.name.clone(), note);
    }

    /// Files that hold forcing, by the run that they belong to.
    pub(super) fn by_run(&self) -> BTreeMap<RunTime, Vec<(EntryName, Content)>> {
        let mut runs: BTreeMap<RunTime, Vec<(EntryName, Content)>> = BTreeMap::new();
        for (name, note) in &self.files {
            if let Found::Forcing(content) = &note.found {
                runs.entry(content.run)
                    .or_default()
                    .push((name.clone(), content.clone()));
            }
        }
        runs
    }
}

/// Host and path of an address: what else it may have are secrets and questions.
pub(super) fn place(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}
