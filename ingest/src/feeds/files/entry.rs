//! A file as a listing tells of it. Names, addresses and marks are foreign text that becomes paths, requests and records of
//! this machine: there is one way to make an entry, and it refuses what could lead elsewhere or has no end.

use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// Longest name of a file that is taken, in bytes: file systems end at 255, and the spool's own files add endings.
const MOST_NAME_BYTES: usize = 200;
/// Longest address of a file that is taken, in bytes.
const MOST_ADDRESS_BYTES: usize = 4096;
/// Longest entity tag that is taken, in bytes.
const MOST_ETAG_BYTES: usize = 1024;

/// A file's name that stays within whatever folder it is put in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryName(String);

impl EntryName {
    /// A name as it is listed, decoded.
    ///
    /// # Errors
    /// A sentence, where the name is empty, too long, hidden (also `.` and `..`), or has separators or control characters.
    pub fn new(name: &str) -> Result<Self, String> {
        let is_bad = |c: char| matches!(c, '/' | '\\') || c.is_control();
        let reason = if name.is_empty() {
            "is empty"
        } else if name.len() > MOST_NAME_BYTES {
            "is too long"
        } else if name.contains(is_bad) {
            "has a separator of folders or a control character"
        } else if name.starts_with('.') {
            "begins with a dot"
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(format!("the name '{}' {reason}", shown(name)))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for EntryName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EntryName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::new(&name)
    }
}

impl From<EntryName> for String {
    fn from(name: EntryName) -> Self {
        name.0
    }
}

/// What a listing says that a file was, to tell its versions apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Its length, where the listing states it exactly.
    pub bytes: Option<u64>,
    /// When it was last written. Folder pages do not say in which zone: taken as UTC there, and good for comparing only.
    pub last_modified: Option<Timestamp>,
    /// Its entity tag, as the store writes it.
    pub etag: Option<String>,
}

impl Marks {
    /// Whether the two are of one version. A tag says so alone: times of listings are often rounded, or missing.
    pub fn same_version(&self, other: &Self) -> bool {
        let same_length = self.bytes.zip(other.bytes).is_none_or(|(one, other)| one == other);
        let same_mark = if self.etag.is_some() || other.etag.is_some() {
            self.etag == other.etag
        } else {
            self.last_modified == other.last_modified
        };
        same_length && same_mark
    }
}

/// A file as a listing tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it lies.
    pub url: Url,
    /// Its name, without folders.
    pub name: EntryName,
    /// Which version it is.
    pub marks: Marks,
}

impl Entry {
    /// An entry of a listing.
    ///
    /// # Errors
    /// A sentence, where the name, the address or the tag is none that can be worked with.
    pub fn new(url: Url, name: &str, marks: Marks) -> Result<Self, String> {
        let name = EntryName::new(name)?;
        let long = |text: &str, most: usize| text.len() > most;
        if long(url.as_str(), MOST_ADDRESS_BYTES) || marks.etag.as_deref().is_some_and(|tag| long(tag, MOST_ETAG_BYTES))
        {
            return Err(format!("the address or the entity tag of '{name}' is too long"));
        }
        Ok(Self { url, name, marks })
    }
}

/// Things that were not taken: how many, and one of them as an example, so that a listing of a hundred thousand makes one
/// line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotTaken {
    /// How many.
    pub count: usize,
    /// What the first one was.
    pub example: Option<String>,
}

impl NotTaken {
    /// One more.
    pub fn add(&mut self, what: String) {
        self.count += 1;
        self.example.get_or_insert(what);
    }

    /// Those of another page too.
    pub fn join(&mut self, other: Self) {
        self.count += other.count;
        self.example = self.example.take().or(other.example);
    }

    /// `1 file (a.nc)`, `12 files (a.nc is one)`; `None` where there is nothing to tell.
    pub fn told(&self) -> Option<String> {
        let example = self.example.as_ref()?;
        Some(match self.count {
            1 => format!("1 file ({example})"),
            count => format!("{count} files ({example}, for one)"),
        })
    }
}

/// A foreign name as a message may have it: in one line and not endless.
fn shown(name: &str) -> String {
    let beginning: String = name.chars().take(60).collect();
    let rest = if beginning.len() < name.len() { "…" } else { "" };
    format!("{}{rest}", beginning.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_folder() {
        for name in [
            "",
            ".",
            "..",
            ".index.json",
            "../a.nc",
            "/tmp/a.nc",
            "a/b.nc",
            "a\\b.nc",
            "a\0.nc",
            "a\n.nc",
            "a\u{85}.nc",
        ] {
            assert!(EntryName::new(name).is_err(), "{name:?}");
            assert!(serde_json::from_str::<EntryName>(&serde_json::to_string(name).unwrap()).is_err());
        }
        assert!(EntryName::new(&format!("{}.nc", "a".repeat(245))).is_err());
        for name in ["a.nc", "a b.nc", "R&D 1%2F.nc", "R\u{e4}tsel.grib2", "a..nc"] {
            assert_eq!(EntryName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_tag_tells_versions_apart_alone_and_a_time_where_there_is_none() {
        let marks = |bytes, second: Option<i64>, etag: Option<&str>| Marks {
            bytes,
            last_modified: second.map(|second| Timestamp::from_second(second).unwrap()),
            etag: etag.map(str::to_owned),
        };
        assert!(marks(Some(1), Some(1), Some("a")).same_version(&marks(Some(1), Some(2), Some("a"))));
        assert!(!marks(Some(1), Some(1), Some("a")).same_version(&marks(Some(1), Some(1), Some("b"))));
        assert!(marks(None, Some(1), None).same_version(&marks(Some(1), Some(1), None)));
        assert!(!marks(None, Some(1), None).same_version(&marks(None, Some(2), None)));
        assert!(!marks(Some(1), Some(1), None).same_version(&marks(Some(2), Some(1), None)));
    }

    #[test]
    fn an_endless_address_or_tag_makes_no_entry() {
        let url = Url::parse(&format!("https://a.example/{}/a.nc", "b".repeat(5000))).unwrap();
        assert!(
            Entry::new(url, "a.nc", Marks::default())
                .unwrap_err()
                .contains("too long")
        );
    }
}
