//! Opened files into one published cycle: the fields of all files joined, looked at, stored whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_decode::{ForcingFile, Series};
use driftline_domain::{Composition, ForcingKind, RunTime, ValidTime, VectorField};
use driftline_store::{
    CycleIdentity, CyclePublisher, Horizon, Manifest, Mark, NewSeries, Origin, Published, SeriesEntry, SeriesRef,
    SourceFile, Store,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::feed::Field;
use crate::quality::{Expectation, Finding, SeriesCheck, Unseen, Verdict, compare_with_previous};

/// An opened file of a cycle.
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) file: ForcingFile,
    pub(crate) source: SourceFile,
}

/// A cycle that is about to be published.
pub(crate) struct Draft {
    pub(crate) feed: String,
    pub(crate) run: RunTime,
    pub(crate) files: Vec<Arc<Opened>>,
    /// Credit line; `None` for what the files say of themselves.
    pub(crate) attribution: Option<String>,
    /// How far the cycle should go, where that is known.
    pub(crate) horizon: Option<Horizon>,
    /// The fields that are wanted; every field of the files where it is empty.
    pub(crate) fields: Vec<Field>,
    /// The times that are wanted; every time where it is empty.
    pub(crate) times: Vec<ValidTime>,
    /// The coast that missing values are held against; without it nothing is told of where they lie.
    pub(crate) coast: Option<Arc<Coast>>,
}

/// A step of a cycle: the file, the series in it and the step in that.
type StepOf = (Arc<Opened>, usize, usize);

/// A field of the cycle: which step of which file holds each time.
struct Merged {
    series: NewSeries,
    steps: Arc<Vec<StepOf>>,
}

impl Opened {
    /// Opens and hashes a file; `origin` tells where it was fetched.
    pub(crate) fn open(path: &Path, name: String, origin: Option<Origin>) -> Result<Self, Error> {
        let digest = digest(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::open_hashed(path, name, origin, digest)
    }

    /// Opens a file whose length and SHA-256 are known.
    pub(crate) fn open_hashed(
        path: &Path,
        name: String,
        origin: Option<Origin>,
        (bytes, sha256): (u64, String),
    ) -> Result<Self, Error> {
        let file = ForcingFile::open(path).map_err(|source| Error::Refused {
            path: path.to_owned(),
            source,
        })?;
        let decoder = file.lineage().decoder.clone();
        Ok(Self {
            path: path.to_owned(),
            source: SourceFile {
                name,
                bytes,
                sha256,
                decoder,
                origin,
            },
            file,
        })
    }

    /// What an operator should know of the file.
    pub(crate) fn notes(&self) -> Vec<String> {
        let left_out = self.file.refused().iter().map(|reason| format!("left out: {reason}"));
        let caveats = self.file.caveats().iter().cloned();
        let series = self.file.series();
        let parts = series.iter().enumerate().filter_map(|(at, one)| {
            let whole = more_complete(&series[..at], one)?;
            let names = |series: &Series| series.source_variables.join("' and '");
            Some(format!(
                "'{}' are left out: '{}' stand for the {} there",
                names(one),
                names(whole),
                one.kind
            ))
        });
        left_out
            .chain(caveats)
            .chain(parts)
            .map(|note| format!("{}: {note}", self.source.name))
            .collect()
    }
}

/// Length and SHA-256 of a file.
pub(crate) fn digest(path: &Path) -> std::io::Result<(u64, String)> {
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

/// Publishes a cycle, or leaves nothing behind.
pub(crate) async fn publish(
    store: &Store,
    compute: &Compute,
    draft: Draft,
    now: Timestamp,
) -> Result<Published, Error> {
    let mut merged = merge(&draft)?;
    let mut identity = identity(&draft, Vec::new());
    for field in &mut merged {
        field.series.attribution = identity.attribution.clone().or(field.series.attribution.take());
        field.series.step_sources = step_sources(&field.steps, &identity.sources);
    }
    if let Some(unchanged) = store.already_published(&identity).await? {
        return Ok(unchanged);
    }
    for field in &merged {
        let expected = expectation(field.series.kind, &draft.fields);
        let mut found = check(compute, &identity.feed, field, (expected, draft.coast.clone())).await?;
        match hold_against_cycle_before(store, compute, &draft, field).await {
            Ok(odd) => found.extend(odd),
            Err(error) if matches!(error, Error::Quality { .. } | Error::Refused { .. }) => return Err(error),
            // A cycle before that is damaged or out of reach is no reason to keep this one from those who wait for it.
            Err(error) => {
                tracing::warn!(feed = draft.feed, run = %draft.run, cause = %error, "not held against the cycle before");
                found.push(Finding::not_compared(field.series.kind, &error));
            }
        }
        let group = &field.series.group;
        identity
            .marks
            .extend(found.into_iter().map(|finding| mark(group, finding)));
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
fn identity(draft: &Draft, marks: Vec<Mark>) -> CycleIdentity {
    let mut sources: Vec<SourceFile> = draft.files.iter().map(|file| file.source.clone()).collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name).then(a.sha256.cmp(&b.sha256)));
    CycleIdentity {
        feed: draft.feed.clone(),
        run: draft.run,
        sources,
        attribution: draft.attribution.clone(),
        horizon: draft.horizon.clone(),
        marks,
    }
}

/// What is asked of a field. A file given by hand may be of a model that has wind over its own waters only, as wave models
/// have: what every step of it lacks is marked. The wind of a feed is everywhere.
pub(crate) fn expectation(kind: ForcingKind, of_feed: &[Field]) -> Expectation {
    let mut expected = Expectation::of(kind);
    if of_feed.is_empty() {
        expected.holes.unseen = Unseen::Mark;
    }
    expected
}

/// Looks at every step. All fields of a cycle are looked at before the first byte of any is stored. What is odd and no
/// reason to refuse comes back.
async fn check(
    compute: &Compute,
    feed: &str,
    Merged { series, steps }: &Merged,
    (expected, coast): (Expectation, Option<Arc<Coast>>),
) -> Result<Vec<Finding>, Error> {
    let (reader, times, grid) = (Arc::clone(steps), series.times.clone(), series.grid.clone());
    let look = move || -> Result<Verdict, Error> {
        let mut check = SeriesCheck::new(&expected, &grid, coast.as_deref());
        for (step, time) in times.into_iter().enumerate() {
            check.look(time, &readable_step(&reader, step)?);
        }
        Ok(check.verdict())
    };
    verdict_of(feed, compute.run(look).await??)
}

/// Holds one step against the same instant of the feed's cycle before: whoever turned a convention round is told so.
async fn hold_against_cycle_before(
    store: &Store,
    compute: &Compute,
    draft: &Draft,
    Merged { series, steps }: &Merged,
) -> Result<Vec<Finding>, Error> {
    let catalog = store.catalog().await?;
    let is_before = |manifest: &Manifest| manifest.feed == draft.feed && manifest.run < draft.run;
    let before = catalog
        .cycles()
        .filter(|cycle| is_before(&cycle.manifest))
        .max_by_key(|cycle| cycle.manifest.run);
    let Some(cycle) = before else { return Ok(Vec::new()) };
    let is_same = |entry: &SeriesEntry| entry.kind == series.kind && entry.grid == series.grid;
    let Some(index) = cycle.manifest.series.iter().position(is_same) else {
        return Ok(Vec::new());
    };
    let theirs = &cycle.manifest.series[index].times;
    let common = series.times.iter().position(|time| theirs.binary_search(time).is_ok());
    let Some(step) = common else { return Ok(Vec::new()) };
    let (time, bounds) = (series.times[step], series.grid.bounds());
    let of_cycle = SeriesRef {
        cycle: Arc::clone(cycle),
        index,
    };
    let window = store.load_window(&of_cycle, &bounds, time, time).await?;
    let Some(mut window) = window.filter(|window| window.grid == series.grid) else {
        return Ok(Vec::new());
    };
    let Some(previous) = window
        .times
        .iter()
        .position(|one| *one == time)
        .map(|at| window.fields.swap_remove(at))
    else {
        return Ok(Vec::new());
    };
    let reader = Arc::clone(steps);
    let compare = move || {
        let mut verdict = compare_with_previous(&readable_step(&reader, step)?, &previous, time);
        // One step was looked at and stands for all of them.
        if let Some(refused) = &mut verdict.refused {
            refused.time = None;
        }
        Ok::<_, Error>(verdict)
    };
    verdict_of(&draft.feed, compute.run(compare).await??)
}

/// What is to be marked, or the refusal.
fn verdict_of(feed: &str, verdict: Verdict) -> Result<Vec<Finding>, Error> {
    match verdict.refused {
        Some(finding) => Err(Error::Quality {
            feed: feed.to_owned(),
            code: finding.code,
            time: finding.time,
            reason: finding.message,
        }),
        None => Ok(verdict.marks),
    }
}

/// A finding as the manifest keeps it.
fn mark(group: &str, finding: Finding) -> Mark {
    Mark {
        group: group.to_owned(),
        time: finding.time,
        code: finding.code.to_owned(),
        reason: finding.message,
    }
}

/// For each step the source it is read from, as an index into the cycle's sources.
fn step_sources(steps: &[StepOf], sources: &[SourceFile]) -> Vec<Vec<u32>> {
    let source_of = |(opened, ..): &StepOf| {
        let index = sources.iter().position(|source| *source == opened.source);
        index.and_then(|index| u32::try_from(index).ok()).into_iter().collect()
    };
    steps.iter().map(source_of).collect()
}

fn read_step(steps: &[StepOf], step: usize) -> Result<VectorField, driftline_decode::Error> {
    let (opened, series, step) = &steps[step];
    opened.file.read(*series, *step)
}

/// A step, or the refusal of the file that holds it.
fn readable_step(steps: &[StepOf], step: usize) -> Result<VectorField, Error> {
    read_step(steps, step).map_err(|source| Error::Refused {
        path: steps[step].0.path.clone(),
        source,
    })
}

/// Joins the series of several files: the same field on the same grid at different times is one series.
fn merge(draft: &Draft) -> Result<Vec<Merged>, Error> {
    let mut merged: Vec<Merged> = Vec::new();
    for opened in &draft.files {
        for (index, series) in wanted_series(opened, &draft.fields) {
            let same = merged
                .iter_mut()
                .find(|other| other.series.kind == series.kind && other.series.grid == series.grid);
            let is_wanted = |time: &ValidTime| draft.times.is_empty() || draft.times.binary_search(time).is_ok();
            let times = series.times.iter().enumerate().filter(|(_, time)| is_wanted(time));
            let (steps, times): (Vec<StepOf>, Vec<ValidTime>) = times
                .map(|(step, time)| ((Arc::clone(opened), index, step), *time))
                .unzip();
            match same {
                Some(other) => {
                    other.series.times.extend(times);
                    Arc::make_mut(&mut other.steps).extend(steps);
                }
                None => {
                    let group = group_name(&merged, series);
                    merged.push(Merged {
                        series: new_series(group, series, times, &draft.fields),
                        steps: Arc::new(steps),
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

/// The series of a file that a feed takes; of several that fit one field, or that hold the same times of one kind on one grid
/// (a total current beside its parts), the first, which is the most complete.
pub(crate) fn wanted_series<'a>(opened: &'a Opened, fields: &[Field]) -> Vec<(usize, &'a Series)> {
    let all = || opened.file.series().iter().enumerate();
    if fields.is_empty() {
        let series = opened.file.series();
        return all()
            .filter(|(at, one)| more_complete(&series[..*at], one).is_none())
            .collect();
    }
    let of_field = |field: &Field| all().find(|(_, series)| field.takes(series));
    fields.iter().filter_map(of_field).collect()
}

/// One of these series that stands for another one, too.
fn more_complete<'a>(earlier: &'a [Series], one: &Series) -> Option<&'a Series> {
    let has_a_time_of_it = |other: &Series| other.times.iter().any(|time| one.times.binary_search(time).is_ok());
    let mut earlier = earlier.iter();
    earlier.find(|other| other.kind == one.kind && other.grid == one.grid && has_a_time_of_it(other))
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

fn new_series(group: String, series: &Series, times: Vec<ValidTime>, fields: &[Field]) -> NewSeries {
    let stated = fields
        .iter()
        .find(|field| field.takes(series))
        .map(|field| field.composition);
    let composition = match series.composition {
        // What the provider's documents say where its files say nothing.
        Composition::Unstated => stated.unwrap_or(Composition::Unstated),
        told => told,
    };
    NewSeries {
        group,
        kind: series.kind,
        grid: series.grid.clone(),
        times,
        composition,
        level: series.level.clone(),
        source_variables: series.source_variables.clone(),
        attribution: series.attribution.clone(),
        step_sources: Vec::new(),
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
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let opened = Opened::open(&path, "current.nc".to_owned(), None).unwrap();
        let draft = Draft {
            feed: "x".to_owned(),
            run: opened.file.run(),
            files: vec![Arc::new(opened)],
            attribution: None,
            horizon: None,
            fields: Vec::new(),
            times: Vec::new(),
            coast: None,
        };
        let mut merged = merge(&draft).unwrap();
        let identity = identity(&draft, Vec::new());
        merged[0].series.step_sources = step_sources(&merged[0].steps, &identity.sources);
        // The last step is asked for where the file has none, as if it had been cut off since it was opened.
        let steps = Arc::make_mut(&mut merged[0].steps);
        steps.last_mut().unwrap().2 = 10_000;
        assert!(steps.len() > 24, "the first shard is stored before the fault is met");
        let error = store_whole(&store, identity, merged, Timestamp::now())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("10000"), "{error}");
        // The folders of the feed and the run are there, so that something had been stored below them.
        let runs = std::fs::read_dir(data.path().join("objects/forcing/x")).unwrap();
        let writers = runs.map(|run| std::fs::read_dir(run.unwrap().path()).unwrap().count());
        assert_eq!(writers.collect::<Vec<_>>(), [0]);
    }
}
