//! Local files into cycles. Files of one feed and one model run become one cycle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_compute::Compute;
use driftline_decode::{ForcingFile, Series};
use driftline_domain::{RunTime, ValidTime, VectorField};
use driftline_store::{CycleIdentity, CyclePublisher, NewSeries, ORPHAN_AGE, Published, SourceFile, Store};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::quality::{self, StepSummary};

/// What an operator says of the files.
#[derive(Debug, Clone, Default)]
pub struct FeedOrigin {
    /// Feed that they belong to.
    pub feed: Option<String>,
    /// Line that every product made from them must carry; without it what the files say of themselves.
    pub attribution: Option<String>,
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

/// An opened file of a cycle.
struct Opened {
    path: PathBuf,
    file: ForcingFile,
    source: SourceFile,
}

/// A step of a cycle: the file, the series in it and the step in that.
type StepOf = (Arc<Opened>, usize, usize);

/// A field of the cycle: which step of which file holds each time.
struct Merged {
    series: NewSeries,
    steps: Arc<Vec<StepOf>>,
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
        let to_open = path.clone();
        let opened = compute.run(move || open(&to_open)).await??;
        let feed = origin.feed.clone().unwrap_or_else(|| feed_name_of(path));
        cycles
            .entry((feed, opened.file.run()))
            .or_default()
            .push(Arc::new(opened));
    }
    let mut ingested = Vec::new();
    for ((feed, run), files) in cycles {
        let identity = identity(feed, run, &files, origin.attribution.clone());
        let published = publish(store, compute, identity, &files, now).await?;
        let paths = files.iter().map(|file| file.path.clone()).collect();
        let notes = files.iter().flat_map(|file| notes(file)).collect();
        ingested.push(Ingested {
            paths,
            notes,
            published,
        });
    }
    Ok(ingested)
}

/// Makes room. What earlier ingests left behind is in nobody's way: a failure here stops no forcing.
async fn sweep(store: &Store, now: Timestamp) {
    if let Err(error) = store.sweep_orphans(ORPHAN_AGE, now).await {
        tracing::warn!(cause = %error, "leftovers of unfinished ingests could not be removed");
    }
}

fn notes(opened: &Opened) -> Vec<String> {
    let left_out = opened.file.refused().iter().map(|reason| format!("left out: {reason}"));
    let caveats = opened.file.caveats().iter().cloned();
    left_out
        .chain(caveats)
        .map(|note| format!("{}: {note}", opened.source.name))
        .collect()
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

fn open(path: &Path) -> Result<Opened, Error> {
    let file = ForcingFile::open(path).map_err(|source| Error::Refused {
        path: path.to_owned(),
        source,
    })?;
    let (bytes, sha256) = digest(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let decoder = file.lineage().decoder.clone();
    Ok(Opened {
        path: path.to_owned(),
        source: SourceFile {
            name,
            bytes,
            sha256,
            decoder,
        },
        file,
    })
}

/// Length and SHA-256 of a file.
fn digest(path: &Path) -> std::io::Result<(u64, String)> {
    use std::fmt::Write as _;
    let mut hasher = Sha256::new();
    let bytes = std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok((bytes, text))
}

async fn publish(
    store: &Store,
    compute: &Compute,
    identity: CycleIdentity,
    files: &[Arc<Opened>],
    now: Timestamp,
) -> Result<Published, Error> {
    let mut merged = merge(files)?;
    for field in &mut merged {
        field.series.attribution = identity.attribution.clone().or(field.series.attribution.take());
    }
    if let Some(unchanged) = store.already_published(&identity).await? {
        return Ok(unchanged);
    }
    for field in &merged {
        check(compute, &identity.feed, field).await?;
    }
    store_whole(store, identity, merged, now).await
}

/// Stores and publishes, or leaves nothing behind.
async fn store_whole(
    store: &Store,
    identity: CycleIdentity,
    merged: Vec<Merged>,
    now: Timestamp,
) -> Result<Published, Error> {
    let mut cycle = match store.begin_cycle(identity).await? {
        Ok(cycle) => cycle,
        Err(unchanged) => return Ok(unchanged),
    };
    if let Err(error) = add_fields(&mut cycle, merged).await {
        cycle.abandon().await;
        return Err(error);
    }
    Ok(cycle.publish(now).await?)
}

async fn add_fields(cycle: &mut CyclePublisher, merged: Vec<Merged>) -> Result<(), Error> {
    for field in merged {
        let steps = field.steps;
        cycle
            .add_series(field.series, move |step| read_step(&steps, step))
            .await?;
    }
    Ok(())
}

/// What is published, and from what.
fn identity(feed: String, run: RunTime, files: &[Arc<Opened>], attribution: Option<String>) -> CycleIdentity {
    let mut sources: Vec<SourceFile> = files.iter().map(|file| file.source.clone()).collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name).then(a.sha256.cmp(&b.sha256)));
    CycleIdentity {
        feed,
        run,
        sources,
        attribution,
    }
}

/// Looks at every step. All fields of a cycle are looked at before the first byte of any is stored.
async fn check(compute: &Compute, feed: &str, Merged { series, steps }: &Merged) -> Result<(), Error> {
    let (reader, count) = (Arc::clone(steps), series.times.len());
    let look = move || -> Result<Vec<StepSummary>, driftline_decode::Error> {
        (0..count)
            .map(|step| Ok(quality::summarise(&read_step(&reader, step)?)))
            .collect()
    };
    let looked = compute.run(look).await?;
    let summaries = looked.map_err(|source| Error::Refused {
        path: steps[0].0.path.clone(),
        source,
    })?;
    let name = |step: usize| format!("{} at {}", series.kind, series.times[step]);
    match quality::objection(series.kind, &summaries, name) {
        Some(reason) => Err(Error::Quality {
            feed: feed.to_owned(),
            reason,
        }),
        None => Ok(()),
    }
}

fn read_step(steps: &[StepOf], step: usize) -> Result<VectorField, driftline_decode::Error> {
    let (opened, series, step) = &steps[step];
    opened.file.read(*series, *step)
}

/// Joins the series of several files: the same field on the same grid at different times is one series.
fn merge(files: &[Arc<Opened>]) -> Result<Vec<Merged>, Error> {
    let mut merged: Vec<Merged> = Vec::new();
    for opened in files {
        for (index, series) in opened.file.series().iter().enumerate() {
            let same = merged
                .iter_mut()
                .find(|other| other.series.kind == series.kind && other.series.grid == series.grid);
            let steps = (0..series.times.len()).map(|step| (Arc::clone(opened), index, step));
            match same {
                Some(other) => {
                    other.series.times.extend(&series.times);
                    Arc::make_mut(&mut other.steps).extend(steps);
                }
                None => {
                    let group = group_name(&merged, series);
                    merged.push(Merged {
                        series: new_series(group, series),
                        steps: Arc::new(steps.collect()),
                    });
                }
            }
        }
    }
    for field in &mut merged {
        sort_by_time(field)?;
    }
    Ok(merged)
}

/// `current`, `wind`, `waves`, and `current-2` where a cycle has the same field on a second grid.
fn group_name(merged: &[Merged], series: &Series) -> String {
    let earlier = merged.iter().filter(|other| other.series.kind == series.kind).count();
    if earlier == 0 {
        series.kind.name().to_owned()
    } else {
        format!("{}-{}", series.kind, earlier + 1)
    }
}

fn new_series(group: String, series: &Series) -> NewSeries {
    NewSeries {
        group,
        kind: series.kind,
        grid: series.grid.clone(),
        times: series.times.clone(),
        composition: series.composition,
        level: series.level.clone(),
        source_variables: series.source_variables.clone(),
        attribution: series.attribution.clone(),
    }
}

fn sort_by_time(field: &mut Merged) -> Result<(), Error> {
    let mut order: Vec<usize> = (0..field.steps.len()).collect();
    order.sort_by_key(|&step| field.series.times[step]);
    let times: Vec<ValidTime> = order.iter().map(|&step| field.series.times[step]).collect();
    if let Some(twice) = times.windows(2).find(|pair| pair[0] == pair[1]) {
        let files: Vec<String> = field
            .steps
            .iter()
            .map(|(opened, ..)| opened.source.name.clone())
            .collect();
        let mut files = files;
        files.dedup();
        return Err(Error::Conflict(format!(
            "{} at {} stands twice in {}",
            field.series.kind,
            twice[0],
            files.join(", ")
        )));
    }
    field.steps = Arc::new(order.iter().map(|&step| field.steps[step].clone()).collect());
    field.series.times = times;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_fails_while_it_is_stored_leaves_nothing_behind() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path(), Compute::new(2).unwrap()).await.unwrap();
        let name = "../tests/data/forcing/derived_latlon_current_16Nov2015.nc";
        let files = [Arc::new(
            open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap(),
        )];
        let mut merged = merge(&files).unwrap();
        // The last step is asked for where the file has none, as if it had been cut off since it was opened.
        let steps = Arc::make_mut(&mut merged[0].steps);
        steps.last_mut().unwrap().2 = 10_000;
        assert!(steps.len() > 24, "the first shard is stored before the fault is met");
        let identity = identity("x".to_owned(), files[0].file.run(), &files, None);
        let error = store_whole(&store, identity, merged, Timestamp::now())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("10000"), "{error}");
        // The folders of the feed and the run are there, so that something had been stored below them.
        let runs = std::fs::read_dir(data.path().join("objects/forcing/x")).unwrap();
        let writers = runs.map(|run| std::fs::read_dir(run.unwrap().path()).unwrap().count());
        assert_eq!(writers.collect::<Vec<_>>(), [0]);
    }

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
