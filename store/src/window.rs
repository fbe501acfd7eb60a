//! A window of forcing: one field of one cycle, cut to a neighbourhood and a time range, verified against its manifest.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use driftline_compute::Compute;
use driftline_domain::{BBox, GridSpec, IndexWindow, ValidTime, VectorField};
use object_store::path::Path;

use crate::manifest::{Manifest, ObjectEntry, sha256_hex};
use crate::zarr_read::{FetchedArray, column_parts};
use crate::{Error, Objects, SeriesRef, Store, packing};

/// Nodes kept around the box, so that bilinear corners and nearest-wet values exist at its rim.
const MARGIN_NODES: usize = 3;

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
        let mut components = Vec::new();
        for variable in entry.kind.components() {
            let path = format!("{}/{}", entry.group, variable.array_name());
            let objects = self.fetch_array(series, &path, window, &steps).await?;
            let (grid, steps) = (entry.grid.clone(), steps.clone());
            let decode = move || FetchedArray::new(&path, objects)?.window(&grid, window, steps);
            components.push(self.compute.run(decode).await??);
        }
        let kind = entry.kind;
        let (Some(second), Some(first)) = (components.pop(), components.pop()) else {
            return Err(Error::Array {
                array: entry.group.clone(),
                reason: "a vector field has two arrays".to_owned(),
            });
        };
        let steps_of_both = first.iter().zip(&second);
        let fields = steps_of_both.map(|(first, second)| packing::unpack(kind, [first, second]));
        Ok(Some(ForcingWindow {
            series: series.clone(),
            grid: entry.grid.window(window),
            times: entry.times[steps].to_vec(),
            fields: fields.collect(),
        }))
    }

    /// The objects of an array that a window needs: its metadata and the shards it touches.
    async fn fetch_array(
        &self,
        series: &SeriesRef,
        path: &str,
        window: IndexWindow,
        steps: &Range<usize>,
    ) -> Result<Vec<(String, Bytes)>, Error> {
        let manifest = &series.cycle.manifest;
        let bytes = self.metadata_of(manifest, path).await?;
        let shard = shard_shape(&bytes).ok_or_else(|| Error::Array {
            array: path.to_owned(),
            reason: "its metadata names no chunk shape".to_owned(),
        })?;
        let mut objects = vec![(format!("{path}/zarr.json"), bytes)];
        for key in shard_keys(path, series.entry().grid.nx(), shard, window, steps) {
            // A shard without any value is not stored, and then the manifest does not name it either.
            if let Some(entry) = manifest.object(&key) {
                objects.push((key, self.fetch(manifest, entry).await?));
            }
        }
        Ok(objects)
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
        fetch(&self.objects, &self.compute, manifest, entry).await
    }

    /// Reads every object that a cycle names and compares it with the manifest.
    pub async fn verify(&self, cycle: &Arc<crate::Cycle>) -> Result<(), Error> {
        for entry in &cycle.manifest.objects {
            self.fetch(&cycle.manifest, entry).await?;
        }
        Ok(())
    }
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

/// The shard's extent in steps, rows and columns, from the array's metadata.
fn shard_shape(metadata: &[u8]) -> Option<[usize; 3]> {
    let value: serde_json::Value = serde_json::from_slice(metadata).ok()?;
    let shape = value.pointer("/chunk_grid/configuration/chunk_shape")?.as_array()?;
    let sizes: Option<Vec<usize>> = shape
        .iter()
        .map(|n| usize::try_from(n.as_u64()?).ok().filter(|&n| n > 0))
        .collect();
    sizes?.try_into().ok()
}

fn shard_keys(
    path: &str,
    nx: usize,
    [shard_t, shard_y, shard_x]: [usize; 3],
    window: IndexWindow,
    steps: &Range<usize>,
) -> Vec<String> {
    let covered = |range: Range<usize>, size: usize| range.start / size..(range.end - 1) / size + 1;
    let mut keys = Vec::new();
    for part in column_parts(nx, window.i0, window.nx) {
        for t in covered(steps.clone(), shard_t) {
            for j in covered(window.j0..window.j0 + window.ny, shard_y) {
                for i in covered(part.source.clone(), shard_x) {
                    keys.push(format!("{path}/c/{t}/{j}/{i}"));
                }
            }
        }
    }
    keys.sort();
    keys.dedup();
    keys
}
