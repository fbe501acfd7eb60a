//! How an array is cut: chunks, which are read whole, and shards, which are the stored objects (docs/store-layout.md).
//!
//! What a drift forecast asks for is a place of some degrees over some days. A chunk should be about that wide whatever
//! the grid, so that few are touched and little is read in vain: 60 nodes of a twelfth of a degree, 30 of a quarter. With
//! fewer nodes a chunk takes more steps, so that it does not become too small to compress.

use driftline_domain::GridSpec;

/// Steps in a shard; a late step touches one shard's span only.
pub(crate) const SHARD_STEPS: usize = 24;
/// Chunks along each side of a shard.
const SHARD_CHUNKS: usize = 8;
/// Cells beyond this size count as coarse: an eighth of a degree, in metres.
const COARSE_CELL_M: f64 = 13_900.0;

/// Extents in steps, rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) shard: [usize; 3],
    pub(crate) chunk: [usize; 3],
}

impl Layout {
    /// The layout of a field of this many steps. Small grids and short series have smaller shards of the same chunks.
    pub(crate) fn of(grid: &GridSpec, steps: usize) -> Self {
        let chunk = if grid.cell_m() > COARSE_CELL_M {
            [12, 30, 30]
        } else {
            [6, 60, 60]
        };
        let side = |nodes: usize, chunk: usize| (SHARD_CHUNKS * chunk).min(nodes.next_multiple_of(chunk));
        let steps = SHARD_STEPS.min(steps.next_multiple_of(chunk[0]));
        Self {
            shard: [steps, side(grid.ny(), chunk[1]), side(grid.nx(), chunk[2])],
            chunk,
        }
    }

    /// Chunks along each axis of a shard.
    pub(crate) fn chunks_per_shard(&self) -> [usize; 3] {
        std::array::from_fn(|axis| self.shard[axis] / self.chunk[axis])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::RegularGrid;

    fn regular(nx: usize, ny: usize, step_deg: f64) -> GridSpec {
        GridSpec::Regular(RegularGrid {
            nx,
            ny,
            lon0_deg: -180.0,
            lat0_deg: -80.0,
            dlon_deg: step_deg,
            dlat_deg: step_deg,
        })
    }

    #[test]
    fn chunks_follow_the_grid_and_shards_hold_whole_ones() {
        let currents = Layout::of(&regular(4320, 2041, 1.0 / 12.0), 240);
        assert_eq!((currents.shard, currents.chunk), ([24, 480, 480], [6, 60, 60]));
        let wind = Layout::of(&regular(1440, 721, 0.25), 209);
        assert_eq!((wind.shard, wind.chunk), ([24, 240, 240], [12, 30, 30]));
        let small = Layout::of(&regular(70, 20, 0.05), 8);
        assert_eq!((small.shard, small.chunk), ([12, 60, 120], [6, 60, 60]));
        for layout in [currents, wind, small] {
            for axis in 0..3 {
                assert_eq!(layout.chunks_per_shard()[axis] * layout.chunk[axis], layout.shard[axis]);
            }
        }
    }
}
