//! Files of buoys into the store: read, filtered, stored once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_decode::{RawTrack, TrackFile, read_tracks};
use driftline_store::{ObservationFile, Store};

use super::csv;
use super::filter::{BuoyFilter, seconds_between};
use super::geoparquet::{BuoyFile, BuoySource, read_buoys};
use super::track::{BuoyKind, Track};
use crate::Error;
use crate::files::{digest, feed_name_of};

/// What observations of buoys are called in the store.
const BUOYS: &str = "buoys";

/// What an operator says of the files.
#[derive(Debug, Clone, Default)]
pub struct BuoyOrigin {
    /// Data set that they belong to; without it each is one of its own, named after the file.
    pub dataset: Option<String>,
    /// Line that whoever shows them must carry; without it what the files say of themselves.
    pub attribution: Option<String>,
    /// Kind of the buoys; without it moored where a file gives one position for each buoy, else drifting.
    pub kind: Option<BuoyKind>,
}

/// One file as imported.
#[derive(Debug, Clone)]
pub struct ImportedBuoys {
    /// The file.
    pub path: PathBuf,
    /// Where it is stored.
    pub stored: ObservationFile,
    /// Whether it was not there before.
    pub is_new: bool,
    /// What it says of itself, and its tracks.
    pub file: BuoyFile,
}

/// Imports files of buoys. The first that is refused ends it; those before it stay imported.
pub async fn import_buoys(
    store: &Store,
    compute: &Compute,
    coast: &Arc<Coast>,
    paths: &[PathBuf],
    origin: &BuoyOrigin,
    filter: &BuoyFilter,
) -> Result<Vec<ImportedBuoys>, Error> {
    let mut imported = Vec::new();
    for path in paths {
        let (from, origin, filter, coast) = (path.clone(), origin.clone(), *filter, Arc::clone(coast));
        let made = compute.run(move || make(&from, &origin, &filter, &coast)).await?;
        let (file, bytes) = made?;
        let (stored, is_new) = store.observations().create(BUOYS, &file.dataset, bytes).await?;
        imported.push(ImportedBuoys {
            path: path.clone(),
            stored,
            is_new,
            file,
        });
    }
    Ok(imported)
}

/// The tracks of a data set, or the newest files of all: of two imports of the same source file the later counts, and a
/// buoy that several files tell of is one track.
pub async fn buoy_tracks(store: &Store, dataset: &str) -> Result<Vec<Track>, Error> {
    let observations = store.observations();
    let files = observations.list(BUOYS).await?;
    let mut by_source: BTreeMap<String, BuoyFile> = BTreeMap::new();
    for stored in files.iter().filter(|file| file.dataset == dataset) {
        let file = read_buoys(observations.read(stored).await?)?;
        by_source.insert(file.source.sha256.clone(), file);
    }
    if by_source.is_empty() {
        let mut names: Vec<&str> = files.iter().map(|file| file.dataset.as_str()).collect();
        names.dedup();
        return Err(Error::BuoyFile(format!(
            "there is no data set '{dataset}'; there are: {}",
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        )));
    }
    Ok(joined(by_source.into_values().flat_map(|file| file.tracks)))
}

/// One track for each buoy, in the order of time; a report that two files have counts once.
fn joined(tracks: impl Iterator<Item = Track>) -> Vec<Track> {
    let mut by_platform: BTreeMap<String, Track> = BTreeMap::new();
    for mut track in tracks {
        match by_platform.get_mut(&track.platform) {
            Some(known) => {
                let first = known.fixes.iter().map(|fix| fix.segment + 1).max().unwrap_or(0);
                track.fixes.iter_mut().for_each(|fix| fix.segment += first);
                known.fixes.append(&mut track.fixes);
                known.fixes.sort_by_key(|fix| fix.time);
                known
                    .fixes
                    .dedup_by(|later, earlier| seconds_between(earlier.time, later.time) == 0.0);
            }
            None => {
                by_platform.insert(track.platform.clone(), track);
            }
        }
    }
    by_platform.into_values().collect()
}

/// What a source holds, whatever it is written in.
struct Raw {
    tracks: Vec<RawTrack>,
    unreadable: BTreeMap<String, usize>,
    attribution: Option<String>,
    has_fixed_positions: bool,
}

fn make(path: &Path, origin: &BuoyOrigin, filter: &BuoyFilter, coast: &Coast) -> Result<(BuoyFile, Bytes), Error> {
    let read_error = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let (bytes, sha256) = digest(path).map_err(read_error)?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let raw = read(path).map_err(|error| match error {
        Error::Observations { .. } if bytes == 0 => refused(path, "the file is empty"),
        other => other,
    })?;
    let by_content = if raw.has_fixed_positions {
        BuoyKind::Moored
    } else {
        BuoyKind::Drifting
    };
    let filter = BuoyFilter {
        kind: origin.kind.unwrap_or(by_content),
        ..*filter
    };
    let mut file = BuoyFile {
        dataset: origin.dataset.clone().unwrap_or_else(|| feed_name_of(path)),
        kind: filter.kind,
        attribution: origin.attribution.clone().or(raw.attribution),
        source: BuoySource { name, bytes, sha256 },
        filter,
        platforms: BTreeMap::new(),
        tracks: Vec::new(),
    };
    for one in merged(raw.tracks) {
        let unreadable = raw.unreadable.get(&one.platform).copied().unwrap_or(0);
        let (track, tally) = filter.apply(&one, unreadable, coast);
        file.platforms.insert(one.platform, tally);
        file.tracks.extend(Some(track).filter(|track| !track.fixes.is_empty()));
    }
    if file.tracks.is_empty() {
        let tally = file.tally();
        let why = match tally.read {
            0 => "it holds no report".to_owned(),
            read => format!("none of its {read} reports is left: {}", tally.dropped_words()),
        };
        return Err(refused(path, &why));
    }
    let bytes = Bytes::from(file.to_parquet()?);
    Ok((file, bytes))
}

/// Reads a file by its content: NetCDF, else a table.
fn read(path: &Path) -> Result<Raw, Error> {
    let name = feed_name_of(path);
    if is_netcdf(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })? {
        let read = read_tracks(path, &name).map_err(|source| Error::Refused {
            path: path.to_owned(),
            source,
        })?;
        let TrackFile {
            tracks,
            has_fixed_positions,
            attribution,
        } = read;
        return Ok(Raw {
            tracks,
            unreadable: BTreeMap::new(),
            attribution,
            has_fixed_positions,
        });
    }
    let table = csv::read(path, &name).map_err(|reason| refused(path, &reason))?;
    Ok(Raw {
        tracks: table.tracks,
        unreadable: table.unreadable,
        attribution: None,
        has_fixed_positions: false,
    })
}

fn is_netcdf(path: &Path) -> std::io::Result<bool> {
    use std::io::Read as _;
    let mut head = Vec::with_capacity(8);
    std::fs::File::open(path)?.take(8).read_to_end(&mut head)?;
    Ok(head.starts_with(b"CDF") || head.starts_with(b"\x89HDF\r\n\x1a\n"))
}

/// One raw track for each name.
fn merged(tracks: Vec<RawTrack>) -> Vec<RawTrack> {
    let mut by_name: BTreeMap<String, RawTrack> = BTreeMap::new();
    for mut track in tracks {
        match by_name.get_mut(&track.platform) {
            Some(known) => known.fixes.append(&mut track.fixes),
            None => {
                by_name.insert(track.platform.clone(), track);
            }
        }
    }
    by_name.into_values().collect()
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::Observations {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}
