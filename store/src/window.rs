//! A window of forcing: one field of one cycle, cut to a neighbourhood and a time range.
//!
//! Only the chunks that the window touches are read (`chunks.rs`), and each is checked. A drift forecast that goes on in
//! time asks for the steps behind its window next: the next row of chunks along time is read ahead while it computes.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use driftline_compute::Compute;
use driftline_domain::{BBox, ForcingKind, GridSpec, IndexWindow, ValidTime, VectorField};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use rayon::prelude::*;

use crate::array_plan::ArrayPlan;
use crate::chunks::{Chunk, Keep, Numbers};
use crate::manifest::{Manifest, ObjectEntry, sha256_hex};
use crate::packing::{self, MISSING};
use crate::{Error, Objects, SeriesRef, Store};

/// Nodes kept around the box, so that bilinear corners and nearest-wet values exist at its rim.
const MARGIN_NODES: usize = 3;
/// Rows that are put together at once: with these of the widest grids the packed numbers of both arrays stay in the cache.
const BLOCK_ROWS: usize = 32;
/// Fields read at the same time for one box.
const FIELDS: usize = 4;
/// Most chunks of one array that are read ahead: a window of the whole globe is not.
const MAX_AHEAD: usize = 64;

/// A field around a place over a time range, in memory.
#[derive(Debug, Clone)]
pub struct ForcingWindow {
    /// Where it comes from.
    pub series: SeriesRef,
    /// The grid, cut to the window.
    pub grid: GridSpec,
    /// When the fields hold.
    pub times: Vec<ValidTime>,
    /// One field per time.
    pub fields: Vec<VectorField>,
}

/// A field and the time range for which it is wanted.
#[derive(Debug, Clone)]
pub struct SeriesSpan {
    /// The field.
    pub series: SeriesRef,
    /// Begin of the time range.
    pub from: ValidTime,
    /// End of the time range.
    pub until: ValidTime,
}

/// Which nodes and steps of a stored grid.
#[derive(Clone)]
struct Cut {
    nx: usize,
    window: IndexWindow,
    steps: Range<usize>,
}

impl Store {
    /// Loads a field around a box for every stored time that brackets a time range; `None` where they do not meet.
    pub async fn load_window(
        &self,
        series: &SeriesRef,
        bbox: &BBox,
        from: ValidTime,
        until: ValidTime,
    ) -> Result<Option<ForcingWindow>, Error> {
        let entry = series.entry();
        let Some(window) = entry.grid.window_around(bbox, MARGIN_NODES) else {
            return Ok(None);
        };
        let Some(steps) = bracketing_steps(&entry.times, from, until) else {
            return Ok(None);
        };
        let cut = Cut {
            nx: entry.grid.nx(),
            window,
            steps: steps.clone(),
        };
        let fields = self.read_fields(series, &cut).await?;
        self.read_ahead(series, &cut);
        Ok(Some(ForcingWindow {
            series: series.clone(),
            grid: entry.grid.window(window),
            times: entry.times[steps].to_vec(),
            fields,
        }))
    }

    /// Loads one box of space and time across fields, whatever feeds they are of, several at the same time; in the order
    /// asked for.
    pub async fn load_windows(&self, wanted: &[SeriesSpan], bbox: &BBox) -> Result<Vec<Option<ForcingWindow>>, Error> {
        let loads = wanted
            .iter()
            .map(|span| self.load_window(&span.series, bbox, span.from, span.until));
        let loads: Vec<_> = loads.collect();
        futures::stream::iter(loads).buffered(FIELDS).try_collect().await
    }

    async fn read_fields(&self, series: &SeriesRef, cut: &Cut) -> Result<Vec<VectorField>, Error> {
        let kind = series.entry().kind;
        let read = async |variable| {
            let plan = self.array_plan(series, variable).await?;
            let places = cut.places(plan.layout.chunk);
            let chunks = self.read_chunks(series, &plan, places, Keep::Chunks).await?;
            Ok::<_, Error>(StoredPart::new(&plan, chunks))
        };
        let [first, second] = kind.components();
        let (first, second) = tokio::try_join!(read(first), read(second))?;
        let cut = cut.clone();
        let put_together = move || {
            let of_step = |step| field_of(kind, [&first, &second], &cut, step);
            cut.steps.clone().into_par_iter().map(of_step).collect()
        };
        Ok(self.compute.run(put_together).await?)
    }

    /// Reads the chunks behind a window into memory, unless something is being read ahead already.
    fn read_ahead(&self, series: &SeriesRef, cut: &Cut) {
        let following = cut.steps.end..series.entry().times.len().min(cut.steps.end + 1);
        let Ok(permit) = Arc::clone(&self.maps.chunks.ahead).try_acquire_owned() else {
            return;
        };
        if following.is_empty() {
            return;
        }
        let (store, series) = (self.clone(), series.clone());
        let cut = Cut {
            steps: following,
            ..cut.clone()
        };
        let read = async move {
            for variable in series.entry().kind.components() {
                let plan = store.array_plan(&series, variable).await?;
                let places = cut.places(plan.layout.chunk);
                if places.len() <= MAX_AHEAD {
                    store.read_chunks(&series, &plan, places, Keep::Chunks).await?;
                }
            }
            Ok::<_, Error>(())
        };
        tokio::spawn(async move {
            // Whoever needs these chunks finds out for himself what is wrong with them.
            if let Err(error) = read.await {
                tracing::debug!(cause = %error, "forcing could not be read ahead");
            }
            drop(permit);
        });
    }

    /// The metadata of the array at a path below a cycle's prefix, compared with the manifest.
    pub(crate) async fn metadata_of(&self, manifest: &Manifest, path: &str) -> Result<Bytes, Error> {
        let metadata = format!("{path}/zarr.json");
        match manifest.object(&metadata) {
            Some(entry) => self.fetch(manifest, entry).await,
            None => Err(Error::Damaged {
                object: format!("{}/{metadata}", manifest.prefix),
                reason: "the manifest does not name it".to_owned(),
            }),
        }
    }

    async fn fetch(&self, manifest: &Manifest, entry: &ObjectEntry) -> Result<Bytes, Error> {
        match fetch(&self.objects, &self.compute, manifest, entry).await {
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(self.unless_removed(manifest, error).await),
        }
    }

    /// Reads every object that a cycle names and compares it with the manifest.
    pub async fn verify(&self, cycle: &Arc<crate::Cycle>) -> Result<(), Error> {
        for entry in &cycle.manifest.objects {
            self.fetch(&cycle.manifest, entry).await?;
        }
        Ok(())
    }
}

impl Cut {
    /// The chunks that it touches, where chunks have this size.
    fn places(&self, [chunk_t, chunk_y, chunk_x]: [usize; 3]) -> Vec<[usize; 3]> {
        let window = self.window;
        let mut columns: Vec<usize> = column_parts(self.nx, window.i0, window.nx)
            .into_iter()
            .flat_map(|part| touched(&part.source, chunk_x))
            .collect();
        // A window around the globe may begin and end in the same chunk.
        columns.sort_unstable();
        columns.dedup();
        let mut places = Vec::new();
        for t in touched(&self.steps, chunk_t) {
            for row in touched(&(window.j0..window.j0 + window.ny), chunk_y) {
                places.extend(columns.iter().map(|&column| [t, row, column]));
            }
        }
        places
    }
}

/// The chunks of one array that a window touches.
struct StoredPart {
    chunk: [usize; 3],
    chunks: HashMap<[usize; 3], Numbers>,
}

impl StoredPart {
    fn new(plan: &ArrayPlan, chunks: Vec<Chunk>) -> Self {
        Self {
            chunk: plan.layout.chunk,
            chunks: chunks.into_iter().map(|chunk| (chunk.place, chunk.numbers)).collect(),
        }
    }

    /// The numbers of some stored rows of one step, missing ones where there is no chunk.
    fn copy_rows(&self, cut: &Cut, step: usize, rows: &Range<usize>, numbers: &mut [i16]) {
        let [chunk_t, chunk_y, chunk_x] = self.chunk;
        let window = cut.window;
        let plane = step % chunk_t * chunk_y * chunk_x;
        numbers.fill(MISSING);
        for part in column_parts(cut.nx, window.i0, window.nx) {
            for (row, column) in
                touched(rows, chunk_y).flat_map(|row| touched(&part.source, chunk_x).map(move |column| (row, column)))
            {
                let Some(chunk) = self.chunks.get(&[step / chunk_t, row, column]) else {
                    continue;
                };
                let (y0, x0) = (row * chunk_y, column * chunk_x);
                let columns = part.source.start.max(x0)..part.source.end.min(x0 + chunk_x);
                for y in rows.start.max(y0)..rows.end.min(y0 + chunk_y) {
                    let from = plane + (y - y0) * chunk_x + columns.start - x0;
                    let to = (y - rows.start) * window.nx + part.target + columns.start - part.source.start;
                    numbers[to..to + columns.len()].copy_from_slice(&chunk[from..from + columns.len()]);
                }
            }
        }
    }
}

/// The field of one step, in blocks of rows: a map of the globe is one step, and then the blocks are what the threads share.
fn field_of(kind: ForcingKind, parts: [&StoredPart; 2], cut: &Cut, step: usize) -> VectorField {
    let IndexWindow { j0, nx, ny, .. } = cut.window;
    let block = BLOCK_ROWS * nx;
    let (mut east, mut north) = (vec![0.0; nx * ny], vec![0.0; nx * ny]);
    let blocks = east.par_chunks_mut(block).zip(north.par_chunks_mut(block)).enumerate();
    blocks.for_each_init(
        || [(); 2].map(|()| vec![MISSING; block]),
        |numbers, (number, (east, north))| {
            let first = j0 + number * BLOCK_ROWS;
            let rows = first..first + east.len() / nx;
            let [first, second] = numbers.each_mut().map(|numbers| &mut numbers[..east.len()]);
            parts[0].copy_rows(cut, step, &rows, first);
            parts[1].copy_rows(cut, step, &rows, second);
            packing::unpack_into(kind, [first, second], [east, north]);
        },
    );
    VectorField { east, north }
}

/// The chunks of this size that a range, which is not empty, touches.
fn touched(range: &Range<usize>, size: usize) -> Range<usize> {
    range.start / size..range.end.div_ceil(size)
}

/// A run of columns in the stored row and where it goes in the window's row.
pub(crate) struct ColumnPart {
    pub(crate) source: Range<usize>,
    pub(crate) target: usize,
}

/// The stored columns of a window: one run, or two where it passes the seam.
pub(crate) fn column_parts(stored_nx: usize, i0: usize, nx: usize) -> Vec<ColumnPart> {
    let first = ColumnPart {
        source: i0..stored_nx.min(i0 + nx),
        target: 0,
    };
    let taken = first.source.len();
    let mut parts = vec![first];
    if taken < nx {
        parts.push(ColumnPart {
            source: 0..nx - taken,
            target: taken,
        });
    }
    parts
}

/// Reads an object and compares it with its manifest: length and SHA-256.
pub(crate) async fn fetch(
    objects: &Objects,
    compute: &Compute,
    manifest: &Manifest,
    entry: &ObjectEntry,
) -> Result<Bytes, Error> {
    let path = format!("{}/{}", manifest.prefix, entry.path);
    let bytes = objects.get(&Path::from(path.as_str())).await?;
    let (wanted, to_hash) = (entry.sha256.clone(), bytes.clone());
    let found = compute.run(move || sha256_hex(&to_hash)).await?;
    if bytes.len() as u64 != entry.bytes || found != wanted {
        let reason = format!(
            "it has {} bytes and SHA-256 {found}, the manifest says {} bytes and {wanted}",
            bytes.len(),
            entry.bytes
        );
        return Err(Error::Damaged { object: path, reason });
    }
    Ok(bytes)
}

/// The stored steps from the last one at or before `from` to the first one at or after `until`.
fn bracketing_steps(times: &[ValidTime], from: ValidTime, until: ValidTime) -> Option<Range<usize>> {
    let first = times.partition_point(|time| *time <= from).saturating_sub(1);
    let last = times
        .partition_point(|time| *time < until)
        .min(times.len().checked_sub(1)?);
    let touches = times[first] <= until && times[last] >= from;
    (touches && first <= last).then_some(first..last + 1)
}
