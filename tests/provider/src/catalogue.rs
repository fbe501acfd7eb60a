//! What a provider has on its shelves: cycles that a test puts there, or those that a clock brings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::content::Feed;

/// Cycles and folders to serve at the start.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub(crate) shelves: BTreeMap<Feed, Shelf>,
    pub(crate) folders: BTreeMap<String, PathBuf>,
}

/// Cycles of a feed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    /// Put there, whatever the clock says.
    pub(crate) runs: BTreeSet<Timestamp>,
    /// Cycles of this long until now come and go by themselves.
    pub(crate) rolling: Option<SignedDuration>,
    /// Versions of the dataset that the bucket has; empty for the usual one.
    pub(crate) versions: Vec<String>,
}

impl Shelf {
    /// Cycles of the shelf, oldest first.
    pub(crate) fn runs(&self, feed: Feed, now: Timestamp) -> Vec<Timestamp> {
        let cadence = i64::from(feed.cadence()) * 3600;
        let from = self.rolling.and_then(|length| now.checked_sub(length).ok());
        let first = from.map_or(i64::MAX, |from| from.as_second().div_euclid(cadence) + 1);
        let last = now.as_second().div_euclid(cadence);
        let rolling = (first..=last).filter_map(|number| Timestamp::from_second(number * cadence).ok());
        rolling
            .chain(self.runs.iter().copied())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

impl Catalogue {
    /// Nothing yet.
    pub fn empty() -> Self {
        Self::default()
    }

    /// With a whole cycle, there at once.
    pub fn cycle(mut self, feed: Feed, run: Timestamp) -> Self {
        self.shelves.entry(feed).or_default().runs.insert(run);
        self
    }

    /// With the cycles of the last while, each file from the minute on when its provider usually has it.
    pub fn rolling(mut self, feed: Feed, length: SignedDuration) -> Self {
        self.shelves.entry(feed).or_default().rolling = Some(length);
        self
    }

    /// With a version of a CMEMS dataset, `202511`; several are served side by side.
    pub fn version(mut self, feed: Feed, version: &str) -> Self {
        self.shelves.entry(feed).or_default().versions.push(version.to_owned());
        self
    }

    /// With the files of a folder, as a bucket and as a web server's folder of this name.
    pub fn folder(mut self, name: &str, path: impl Into<PathBuf>) -> Self {
        self.folders.insert(name.to_owned(), path.into());
        self
    }

    /// Three days of every feed, as a demo needs it.
    pub fn everything() -> Self {
        let three_days = SignedDuration::from_hours(72);
        Feed::ALL
            .into_iter()
            .fold(Self::empty(), |all, feed| all.rolling(feed, three_days))
    }
}
