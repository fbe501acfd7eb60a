//! A field around a box at one stored step, thinned to a wanted resolution.

use std::sync::Arc;

use driftline_domain::{BBox, GridSpec, IndexWindow, ValidTime, VectorField};
use futures::{StreamExt, TryStreamExt};

use super::blocks::{BLOCK_NODES, Block, BlockKey};
use crate::window::column_parts;
use crate::{Error, SeriesRef, Store};

/// Nodes kept around the box, so that bilinear corners exist at its rim.
const MARGIN_NODES: usize = 2;
/// Most nodes of a slab: whatever resolution is asked for, a larger one is thinned further.
const MAX_NODES: usize = 2_000_000;
/// Nodes that a thinned grid keeps along its shorter side: a region seen from far keeps its outline.
const MIN_SIDE: usize = 16;
/// Blocks read at the same time for one slab: one is read while another is decoded, and a view of the whole world does
/// not hold all its chunks in memory at once.
const READS: usize = 2;

/// One field around a box at one time.
#[derive(Debug, Clone)]
pub struct Slab {
    /// The grid, thinned and cut to the box.
    pub grid: GridSpec,
    /// The values.
    pub field: Arc<VectorField>,
    /// When they hold.
    pub time: ValidTime,
}

/// Where a block's nodes go in a slab.
struct Piece {
    /// Row and column in blocks.
    place: [usize; 2],
    /// First row and column within the block.
    from: [usize; 2],
    /// First row and column within the slab.
    to: [usize; 2],
    /// Rows and columns.
    size: [usize; 2],
}

impl Store {
    /// A field of a series around a box at one of its steps. Where cells may be as large as `max_cell_m` metres, only
    /// every n-th node is taken, as many as that allows; 0 asks for every node. `None` where grid and box do not meet or
    /// no node there has a value.
    pub async fn slab(
        &self,
        series: &SeriesRef,
        bbox: &BBox,
        time_index: usize,
        max_cell_m: f64,
    ) -> Result<Option<Slab>, Error> {
        let entry = series.entry();
        let Some(&time) = entry.times.get(time_index) else {
            return Err(Error::NotFound(format!(
                "step {time_index} of {} in {}",
                entry.group, series.cycle.manifest.prefix
            )));
        };
        let Some((stride, thinned, window)) = thinned_window(&entry.grid, bbox, max_cell_m) else {
            return Ok(None);
        };
        let chunk_steps = self.chunk_steps(series).await?;
        let (t, step) = (time_index / chunk_steps, time_index % chunk_steps);
        let prefix: Arc<str> = series.cycle.manifest.prefix.as_str().into();
        let pieces = pieces(thinned.nx(), window);
        let reads: Vec<_> = pieces
            .iter()
            .map(|piece| BlockKey {
                prefix: Arc::clone(&prefix),
                series: series.index,
                stride,
                place: [t, piece.place[0], piece.place[1]],
            })
            .map(|key| self.block(series, key))
            .collect();
        let blocks: Vec<Option<Arc<Block>>> = futures::stream::iter(reads).buffered(READS).try_collect().await?;
        if blocks.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut field = VectorField {
            east: vec![f32::NAN; window.nx * window.ny],
            north: vec![f32::NAN; window.nx * window.ny],
        };
        for (piece, block) in pieces.iter().zip(&blocks) {
            if let Some((nx, values)) = block
                .as_ref()
                .and_then(|block| Some((block.nx, block.steps.get(step)?)))
            {
                copy(&values.east, nx, &mut field.east, window.nx, piece);
                copy(&values.north, nx, &mut field.north, window.nx, piece);
            }
        }
        Ok(Some(Slab {
            grid: thinned.window(window),
            field: Arc::new(field),
            time,
        }))
    }
}

/// The widest stride that keeps cells within `max_cell_m`, the grid thinned by it, and the window around the box.
fn thinned_window(grid: &GridSpec, bbox: &BBox, max_cell_m: f64) -> Option<(usize, GridSpec, IndexWindow)> {
    let allowed = (max_cell_m / grid.cell_m()).max(1.0);
    let mut level = allowed.log2().floor().clamp(0.0, 16.0) as u32;
    loop {
        let stride = stride(grid, 1 << level);
        let thinned = grid.thinned(stride);
        let window = thinned.window_around(bbox, MARGIN_NODES)?;
        if window.nx * window.ny <= MAX_NODES || level >= 16 {
            return Some((stride, thinned, window));
        }
        level += 1;
    }
}

/// The widest stride up to `wanted` that leaves a side of `MIN_SIDE`. Around the globe it must divide the row, so that no
/// cell at the seam is narrower.
fn stride(grid: &GridSpec, wanted: usize) -> usize {
    let fits = |stride: &usize| !grid.wraps() || grid.nx().is_multiple_of(*stride);
    let most = wanted.min(grid.nx().min(grid.ny()) / MIN_SIDE).max(1);
    (1..=most).rev().find(fits).unwrap_or(1)
}

/// The blocks that a window lies in; two runs of columns where it passes the seam.
fn pieces(nx: usize, window: IndexWindow) -> Vec<Piece> {
    let cut = |first: usize, count: usize| {
        let blocks = first / BLOCK_NODES..(first + count).div_ceil(BLOCK_NODES);
        blocks.map(move |block| {
            let (start, end) = (block * BLOCK_NODES, (block + 1) * BLOCK_NODES);
            let from = first.max(start);
            (block, from - start, from - first, end.min(first + count) - from)
        })
    };
    let mut pieces = Vec::new();
    for part in column_parts(nx, window.i0, window.nx) {
        for (row, from_row, to_row, rows) in cut(window.j0, window.ny) {
            for (column, from_column, to_column, columns) in cut(part.source.start, part.source.len()) {
                pieces.push(Piece {
                    place: [row, column],
                    from: [from_row, from_column],
                    to: [to_row, part.target + to_column],
                    size: [rows, columns],
                });
            }
        }
    }
    pieces
}

fn copy(from: &[f32], from_nx: usize, to: &mut [f32], to_nx: usize, piece: &Piece) {
    for row in 0..piece.size[0] {
        let source = (piece.from[0] + row) * from_nx + piece.from[1];
        let target = (piece.to[0] + row) * to_nx + piece.to[1];
        let width = piece.size[1];
        to[target..target + width].copy_from_slice(&from[source..source + width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::RegularGrid;

    fn globe(nx: usize) -> GridSpec {
        GridSpec::Regular(RegularGrid {
            nx,
            ny: 721,
            lon0_deg: -180.0,
            lat0_deg: -90.0,
            dlon_deg: 360.0 / nx as f64,
            dlat_deg: 0.25,
        })
    }

    #[test]
    fn strides_keep_the_globe_closed() {
        assert_eq!(stride(&globe(1440), 32), 32);
        assert_eq!(stride(&globe(1440), 64), 45);
        assert_eq!(stride(&globe(2250), 16), 15);
        let part = globe(1440).window(IndexWindow {
            i0: 10,
            j0: 10,
            nx: 100,
            ny: 90,
        });
        assert_eq!((stride(&part, 4), stride(&part, 1024)), (4, 5));
    }

    #[test]
    fn resolution_decides_the_stride_and_size_bounds_it() {
        let world = BBox::new(-180.0, -85.0, 180.0, 85.0).unwrap();
        let cell_m = globe(1440).cell_m();
        let of = |max_cell_m: f64| thinned_window(&globe(1440), &world, max_cell_m).unwrap().0;
        assert_eq!((of(0.0), of(cell_m * 1.9), of(cell_m * 8.5)), (1, 1, 8));
        assert_eq!(of(f64::INFINITY), 45);
        assert_eq!(of(f64::NAN), 1);
        let fine = GridSpec::Regular(RegularGrid {
            nx: 43_200,
            ny: 21_600,
            lon0_deg: -180.0,
            lat0_deg: -90.0,
            dlon_deg: 1.0 / 120.0,
            dlat_deg: 1.0 / 120.0,
        });
        let (_, _, window) = thinned_window(&fine, &world, 0.0).unwrap();
        assert!(window.nx * window.ny <= MAX_NODES);
    }

    #[test]
    fn pieces_cover_a_window_once_across_blocks_and_seam() {
        let window = IndexWindow {
            i0: 650,
            j0: 50,
            nx: 200,
            ny: 75,
        };
        let mut hit = vec![0; window.nx * window.ny];
        for piece in pieces(720, window) {
            for row in 0..piece.size[0] {
                for column in 0..piece.size[1] {
                    let (j, i) = (piece.to[0] + row, piece.to[1] + column);
                    hit[j * window.nx + i] += 1;
                    let at = [piece.from[0] + row, piece.from[1] + column];
                    assert_eq!(piece.place[0] * BLOCK_NODES + at[0], window.j0 + j);
                    assert_eq!(piece.place[1] * BLOCK_NODES + at[1], (window.i0 + i) % 720);
                }
            }
        }
        assert!(hit.iter().all(|&times| times == 1));
    }
}
