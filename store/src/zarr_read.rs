//! Reads a window of a stored array from objects that were fetched and verified before.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use driftline_domain::{GridSpec, IndexWindow};
use zarrs::array::{Array, ArraySubset};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

use crate::Error;
use crate::zarr_write::array_error;

/// Fetched objects of one array: path below the cycle's prefix, and bytes.
pub(crate) struct FetchedArray {
    path: String,
    store: Arc<MemoryStore>,
}

impl FetchedArray {
    /// Takes the objects of the array at `path`.
    pub(crate) fn new(path: &str, objects: Vec<(String, Bytes)>) -> Result<Self, Error> {
        let store = MemoryStore::new();
        for (key, bytes) in objects {
            let key = StoreKey::new(key).map_err(|error| array_error(path, error))?;
            store.set(&key, bytes).map_err(|error| array_error(path, error))?;
        }
        Ok(Self {
            path: path.to_owned(),
            store: Arc::new(store),
        })
    }

    /// Packed numbers of a window, step by step. A window may run over the last node of a row that wraps.
    pub(crate) fn window(
        &self,
        grid: &GridSpec,
        window: IndexWindow,
        steps: Range<usize>,
    ) -> Result<Vec<Vec<i16>>, Error> {
        let array = Array::open(Arc::clone(&self.store), &format!("/{}", self.path))
            .map_err(|error| array_error(&self.path, error))?;
        let mut out: Vec<Vec<i16>> = steps.clone().map(|_| vec![0; window.nx * window.ny]).collect();
        for part in column_parts(grid.nx(), window.i0, window.nx) {
            let ranges = [
                to_u64(&steps),
                to_u64(&(window.j0..window.j0 + window.ny)),
                to_u64(&part.source),
            ];
            let subset = ArraySubset::new_with_ranges(&ranges);
            let values: Vec<i16> = array
                .retrieve_array_subset(&subset)
                .map_err(|error| array_error(&self.path, error))?;
            let width = part.source.len();
            for (row, chunk) in values.chunks_exact(width).enumerate() {
                let (step, j) = (row / window.ny, row % window.ny);
                let to = j * window.nx + part.target;
                out[step][to..to + width].copy_from_slice(chunk);
            }
        }
        Ok(out)
    }
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

fn to_u64(range: &Range<usize>) -> Range<u64> {
    range.start as u64..range.end as u64
}
