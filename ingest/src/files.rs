//! Local files into cycles. Files of one feed and one model run become one cycle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_domain::RunTime;
use driftline_store::{ORPHAN_AGE, Published, Store};
use jiff::Timestamp;

use crate::Error;
use crate::cycle::{self, Draft, Opened};

/// What an operator says of the files.
#[derive(Debug, Clone, Default)]
pub struct FeedOrigin {
    /// Feed that they belong to.
    pub feed: Option<String>,
    /// Line that every product made from them must carry; without it what the files say of themselves.
    pub attribution: Option<String>,
    /// The coast that missing values are held against; without it nothing is told of where they lie.
    pub coast: Option<Arc<Coast>>,
}

/// One cycle as ingested.
#[derive(Debug, Clone)]
pub struct Ingested {
    /// The files it was made from.
    pub paths: Vec<PathBuf>,
    /// What an operator should know: fields that were left out and why, contradictions that were lived with.
    pub notes: Vec<String>,
    /// What became of it.
    pub published: Published,
}

/// Ingests files. Without a feed name each file is a feed of its own, named after the file; with one, all files of the
/// same model run are published together. The first refusal ends it: cycles published before stay published, and nothing is
/// left of the refused one. Begins by removing what killed ingests have left behind.
pub async fn ingest_files(
    store: &Store,
    compute: &Compute,
    paths: &[PathBuf],
    origin: &FeedOrigin,
    now: Timestamp,
) -> Result<Vec<Ingested>, Error> {
    sweep(store, now).await;
    let mut cycles: BTreeMap<(String, RunTime), Vec<Arc<Opened>>> = BTreeMap::new();
    for path in paths {
        let (to_open, name) = (path.clone(), file_name(path));
        let opened = compute.run(move || Opened::open(&to_open, name, None)).await??;
        let feed = origin.feed.clone().unwrap_or_else(|| feed_name_of(path));
        cycles
            .entry((feed, opened.file.run()))
            .or_default()
            .push(Arc::new(opened));
    }
    let mut ingested = Vec::new();
    for ((feed, run), files) in cycles {
        let paths = files.iter().map(|file| file.path.clone()).collect();
        let notes = files.iter().flat_map(|file| file.notes()).collect();
        let draft = Draft {
            feed,
            run,
            files,
            attribution: origin.attribution.clone(),
            horizon: None,
            fields: Vec::new(),
            times: Vec::new(),
            coast: origin.coast.clone(),
        };
        let published = cycle::publish(store, compute, draft, now).await?;
        ingested.push(Ingested {
            paths,
            notes,
            published,
        });
    }
    Ok(ingested)
}

/// Makes room. What earlier ingests left behind is in nobody's way: a failure here stops no forcing.
pub(crate) async fn sweep(store: &Store, now: Timestamp) {
    if let Err(error) = store.sweep_orphans(ORPHAN_AGE, now).await {
        tracing::warn!(cause = %error, "leftovers of unfinished ingests could not be removed");
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default()
}

/// A feed name made from a file's name, for files that come without one.
pub fn feed_name_of(path: &Path) -> String {
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let words: Vec<&str> = stem
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let name: String = words.join("-").chars().take(63).collect();
    let name = name.trim_end_matches('-');
    if name.is_empty() {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_name_is_made_from_any_file_name() {
        for (file, name) in [
            ("norkyst800_subset_16Nov2015.nc", "norkyst800-subset-16nov2015"),
            ("/tmp/..nc", "file"),
            ("Ocean  Currents (1).nc", "ocean-currents-1"),
            ("\u{e9}.nc", "file"),
        ] {
            assert_eq!(feed_name_of(Path::new(file)), name);
            assert_eq!(driftline_store::feed_name_violation(name), None);
        }
    }
}
