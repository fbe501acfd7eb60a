//! Forcing for a run: which fields cover a place and a time, loaded into memory, finest first.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_compute::Compute;
use driftline_decode::ForcingFile;
use driftline_domain::{BBox, ComponentAxes, Composition, ForcingKind, GridSpec, RunTime, ValidTime, VectorField};
use driftline_store::{ForcingWindow, SeriesRef, Store};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::freshness::{Held, fresh_parts};

/// Where forcing comes from.
#[derive(Clone)]
pub enum ForcingOrigin {
    /// Published cycles.
    Store(Store),
    /// Files given by hand.
    Files(Arc<Vec<LocalFile>>),
}

/// A forcing file read directly.
pub struct LocalFile {
    name: String,
    file: ForcingFile,
}

/// What is told of a field that a run used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceAbout {
    /// Current or wind.
    pub kind: ForcingKind,
    /// Feed, or the file's name.
    pub feed: String,
    /// Model cycle.
    pub run: RunTime,
    /// Revision of the cycle; `None` for a file.
    pub revision: Option<u32>,
    /// Checksum of the cycle; `None` for a file.
    pub checksum: Option<String>,
    /// Cell size in metres.
    pub cell_m: f64,
    /// Parts of the current.
    pub composition: Composition,
    /// Depth or height.
    pub level: String,
    /// Box that holds its grid.
    pub bounds: BBox,
    /// First and last time it has.
    pub valid_from: ValidTime,
    /// Last time it has.
    pub valid_until: ValidTime,
    /// Line that every product must carry.
    pub attribution: Option<String>,
}

/// A field in memory.
pub(crate) struct LoadedSource {
    pub(crate) about: SourceAbout,
    /// The whole grid; the window is a part of it.
    pub(crate) whole: GridSpec,
    pub(crate) window: GridSpec,
    pub(crate) times: Vec<ValidTime>,
    pub(crate) fields: Vec<VectorField>,
    /// What the components lie along: east and north, unless they were asked for as their file has them.
    pub(crate) axes: ComponentAxes,
}

/// How the components of a file are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Components {
    /// Turned to east and north.
    EastNorth,
    /// As the file has them; what is stored is turned already.
    Native,
}

/// A field that could be loaded.
#[derive(Clone)]
enum Candidate {
    Stored(SeriesRef),
    Local {
        files: Arc<Vec<LocalFile>>,
        file: usize,
        series: usize,
    },
}

impl LocalFile {
    /// Opens a forcing file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = ForcingFile::open(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        Ok(Self { name, file })
    }
}

impl ForcingOrigin {
    /// Opens files in place of the store.
    pub fn open_files(paths: &[PathBuf]) -> Result<Self, Error> {
        let files: Result<Vec<LocalFile>, Error> = paths.iter().map(|path| LocalFile::open(path)).collect();
        Ok(Self::Files(Arc::new(files?)))
    }

    /// Those of the feeds asked for that there are not; a file's feed is its name.
    pub async fn unknown_feeds(&self, asked: &[String]) -> Result<Vec<String>, Error> {
        let known: Vec<String> = match self {
            Self::Store(_) if asked.is_empty() => Vec::new(),
            Self::Store(store) => {
                let catalog = store.catalog().await?;
                catalog.cycles().map(|cycle| cycle.manifest.feed.clone()).collect()
            }
            Self::Files(files) => files.iter().map(|file| file.name.clone()).collect(),
        };
        let unknown = asked.iter().filter(|feed| !known.contains(feed));
        Ok(unknown.map(|feed| feed.chars().take(64).collect()).collect())
    }

    /// What is told of every field that touches a box and a time range, finest first.
    pub async fn covering(
        &self,
        kind: ForcingKind,
        bbox: &BBox,
        from: ValidTime,
        until: ValidTime,
        feeds: &[String],
    ) -> Result<Vec<SourceAbout>, Error> {
        let candidates = self.candidates(kind, bbox, from, until, feeds).await?;
        Ok(candidates.iter().filter_map(Candidate::about).collect())
    }

    /// Loads every field that touches a box and a time range, finest first.
    pub(crate) async fn load(
        &self,
        compute: &Compute,
        kind: ForcingKind,
        bbox: &BBox,
        (from, until): (ValidTime, ValidTime),
        feeds: &[String],
        components: Components,
    ) -> Result<Vec<LoadedSource>, Error> {
        let candidates = self.candidates(kind, bbox, from, until, feeds).await?;
        let held: Vec<Held<(&str, &GridSpec)>> = candidates.iter().filter_map(Candidate::held).collect();
        let parts = fresh_parts(&held, from, until);
        let mut loaded = Vec::new();
        for part in parts {
            let (candidate, from, until) = (candidates[part.index].clone(), part.from, part.until);
            let source = match (self, &candidate) {
                (Self::Store(store), Candidate::Stored(series)) => {
                    let window = store.load_window(series, bbox, from, until).await?;
                    window.and_then(|window| Some(LoadedSource::of_window(candidate.about()?, window)))
                }
                _ => {
                    let bbox = *bbox;
                    compute
                        .run(move || candidate.read_local(&bbox, from, until, components))
                        .await??
                }
            };
            loaded.extend(source);
        }
        Ok(loaded)
    }

    async fn candidates(
        &self,
        kind: ForcingKind,
        bbox: &BBox,
        from: ValidTime,
        until: ValidTime,
        feeds: &[String],
    ) -> Result<Vec<Candidate>, Error> {
        Ok(match self {
            Self::Store(store) => {
                let catalog = store.catalog().await?;
                let covering = catalog.covering(kind, bbox, from, until, feeds);
                covering.into_iter().map(Candidate::Stored).collect()
            }
            Self::Files(files) => local_candidates(files, kind, bbox, from, until),
        })
    }
}

fn local_candidates(
    files: &Arc<Vec<LocalFile>>,
    kind: ForcingKind,
    bbox: &BBox,
    from: ValidTime,
    until: ValidTime,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (file, local) in files.iter().enumerate() {
        for (series, about) in local.file.series().iter().enumerate() {
            let touches = about.times.first().is_some_and(|first| *first <= until)
                && about.times.last().is_some_and(|last| *last >= from);
            if about.kind == kind && touches && about.grid.window_around(bbox, 0).is_some() {
                found.push((
                    about.grid.cell_m(),
                    Candidate::Local {
                        files: Arc::clone(files),
                        file,
                        series,
                    },
                ));
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

impl Candidate {
    /// Which product it is of, and the times it holds; a product that has no time holds nothing.
    fn held(&self) -> Option<Held<(&str, &GridSpec)>> {
        let (feed, grid, times) = match self {
            Self::Stored(series) => (&series.cycle.manifest.feed, &series.entry().grid, &series.entry().times),
            Self::Local { files, file, series } => {
                let entry = &files[*file].file.series()[*series];
                (&files[*file].name, &entry.grid, &entry.times)
            }
        };
        Some(Held {
            product: (feed.as_str(), grid),
            first: *times.first()?,
            last: *times.last()?,
        })
    }

    fn about(&self) -> Option<SourceAbout> {
        match self {
            Self::Stored(series) => {
                let (manifest, entry) = (&series.cycle.manifest, series.entry());
                let (valid_from, valid_until) = entry.extent()?;
                Some(SourceAbout {
                    kind: entry.kind,
                    feed: manifest.feed.clone(),
                    run: manifest.run,
                    revision: Some(manifest.revision),
                    checksum: Some(manifest.checksum.clone()),
                    cell_m: entry.grid.cell_m(),
                    composition: entry.composition,
                    level: entry.level.clone(),
                    bounds: entry.grid.bounds(),
                    valid_from,
                    valid_until,
                    attribution: entry.attribution.clone(),
                })
            }
            Self::Local { files, file, series } => {
                let local = &files[*file];
                let entry = &local.file.series()[*series];
                Some(SourceAbout {
                    kind: entry.kind,
                    feed: local.name.clone(),
                    run: local.file.run(),
                    revision: None,
                    checksum: None,
                    cell_m: entry.grid.cell_m(),
                    composition: entry.composition,
                    level: entry.level.clone(),
                    bounds: entry.grid.bounds(),
                    valid_from: *entry.times.first()?,
                    valid_until: *entry.times.last()?,
                    attribution: entry.attribution.clone(),
                })
            }
        }
    }

    /// Reads the steps of a file that bracket a time range, on the file's whole grid.
    fn read_local(
        &self,
        bbox: &BBox,
        from: ValidTime,
        until: ValidTime,
        components: Components,
    ) -> Result<Option<LoadedSource>, Error> {
        let Self::Local { files, file, series } = self else {
            return Ok(None);
        };
        let local = &files[*file].file;
        let entry = &local.series()[*series];
        let first = entry.times.partition_point(|time| *time <= from).saturating_sub(1);
        let last = entry
            .times
            .partition_point(|time| *time < until)
            .min(entry.times.len().saturating_sub(1));
        let (Some(about), true) = (
            self.about(),
            first <= last && entry.grid.window_around(bbox, 0).is_some(),
        ) else {
            return Ok(None);
        };
        let path = || PathBuf::from(&files[*file].name);
        // Steps are unpacked side by side.
        let fields = (first..=last).into_par_iter().map(|step| {
            let field = match components {
                Components::EastNorth => local.read(*series, step),
                Components::Native => local.read_native(*series, step),
            };
            field.map_err(|source| Error::File { path: path(), source })
        });
        let axes = match components {
            Components::EastNorth => None,
            Components::Native => local.component_axes(*series),
        };
        Ok(Some(LoadedSource {
            about,
            whole: entry.grid.clone(),
            window: entry.grid.clone(),
            times: entry.times[first..=last].to_vec(),
            fields: fields.collect::<Result<_, _>>()?,
            axes: axes.unwrap_or(ComponentAxes::EastNorth),
        }))
    }
}

impl LoadedSource {
    fn of_window(about: SourceAbout, window: ForcingWindow) -> Self {
        let whole = window.series.entry().grid.clone();
        Self {
            about,
            whole,
            window: window.grid,
            times: window.times,
            fields: window.fields,
            axes: ComponentAxes::EastNorth,
        }
    }

    /// As the kernel takes it.
    pub(crate) fn into_kernel(self) -> driftline_leeway::Source {
        let times_s = self.times.iter().map(ValidTime::unix_s).collect();
        driftline_leeway::Source {
            grid: self.window,
            times_s,
            fields: self.fields,
        }
    }
}
