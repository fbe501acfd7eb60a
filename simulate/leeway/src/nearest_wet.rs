//! Values for land nodes near the sea: for each the nearest node that has a value, found once per mask and
//! independent of any particle. Distances are metres on the grid, limited, because a current from far away is no
//! current of this place.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use driftline_domain::{CurvilinearGrid, GridSpec, meters_per_degree, wrap_lon_deg};

/// Water within this distance may lend its value, metres...
const REACH_M: f64 = 20_000.0;
/// ...or within so many cells on a coarser grid...
const REACH_CELLS: f64 = 3.0;
/// ...but never from farther away than this, metres.
const REACH_MAX_M: f64 = 100_000.0;

/// Pairs of a dry node and the wet node nearest to it, in order of the dry nodes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NearestWet(Vec<(u32, u32)>);

impl NearestWet {
    /// The table of a mask: `wet[node]` tells whether a node has a value.
    pub(crate) fn of(grid: &GridSpec, wet: &[bool]) -> Self {
        if !wet.contains(&true) || !wet.contains(&false) {
            return Self::default();
        }
        let reach_m = (REACH_CELLS * grid.cell_m()).clamp(REACH_M, REACH_MAX_M);
        let mut search = Search::new(grid, reach_m, wet);
        search.spread();
        Self(search.lent())
    }

    /// The wet node whose value a dry node takes.
    pub(crate) fn lender(&self, dry_node: usize) -> Option<usize> {
        let place = self.0.binary_search_by_key(&dry_node, |(dry, _)| *dry as usize).ok()?;
        Some(self.0[place].1 as usize)
    }
}

const NONE: u32 = u32::MAX;

/// Spreads from the shore inland in order of distance; a node passes on the wet node that it was reached from. Ties go
/// to the lower node number, so the table is the same wherever it is made.
struct Search {
    nx: usize,
    ny: usize,
    wraps: bool,
    metric: Metric,
    reach_m: f64,
    lender: Vec<u32>,
    /// Distance as bits (ordered as the distances are, none is negative), dry node, wet node.
    queue: BinaryHeap<Reverse<(u64, u32, u32)>>,
}

impl Search {
    fn new(grid: &GridSpec, reach_m: f64, wet: &[bool]) -> Self {
        let mut search = Self {
            nx: grid.nx(),
            ny: grid.ny(),
            wraps: grid.wraps(),
            metric: Metric::of(grid),
            reach_m,
            lender: vec![NONE; wet.len()],
            queue: BinaryHeap::new(),
        };
        let wet_nodes = || (0..wet.len()).filter(|node| wet[*node]);
        for node in wet_nodes() {
            search.lender[node] = node as u32;
        }
        for node in wet_nodes() {
            search.offer_to_neighbours(node, node as u32);
        }
        search
    }

    fn spread(&mut self) {
        while let Some(Reverse((_, node, lender))) = self.queue.pop() {
            if self.lender[node as usize] == NONE {
                self.lender[node as usize] = lender;
                self.offer_to_neighbours(node as usize, lender);
            }
        }
    }

    fn offer_to_neighbours(&mut self, node: usize, lender: u32) {
        let (i, j) = (node % self.nx, node / self.nx);
        for row in j.saturating_sub(1)..=(j + 1).min(self.ny - 1) {
            for step in [self.nx - 1, 0, 1] {
                let over_edge = (i == 0 && step == self.nx - 1) || (i + step == self.nx && step == 1);
                if over_edge && !self.wraps {
                    continue;
                }
                let neighbour = row * self.nx + (i + step) % self.nx;
                if self.lender[neighbour] != NONE {
                    continue;
                }
                let distance_m = self.distance_m(neighbour, lender as usize);
                if distance_m <= self.reach_m {
                    self.queue
                        .push(Reverse((distance_m.to_bits(), neighbour as u32, lender)));
                }
            }
        }
    }

    fn distance_m(&self, a: usize, b: usize) -> f64 {
        let spacing_m = match &self.metric {
            Metric::Rows(spacing_m) => spacing_m,
            Metric::Positions(grid) => {
                let node = |node: usize| grid.node(node % self.nx, node / self.nx);
                return apart_m(node(a), node(b));
            }
        };
        let along = (a % self.nx).abs_diff(b % self.nx);
        let along = if self.wraps { along.min(self.nx - along) } else { along };
        let (row_a, row_b) = (a / self.nx, b / self.nx);
        let (along_m, across_m) = spacing_m[(row_a + row_b) / 2];
        let (x_m, y_m) = (along as f64 * along_m, row_a.abs_diff(row_b) as f64 * across_m);
        (x_m * x_m + y_m * y_m).sqrt()
    }

    fn lent(&self) -> Vec<(u32, u32)> {
        let nodes = self.lender.iter().enumerate();
        nodes
            .filter(|(node, lender)| **lender != NONE && **lender != *node as u32)
            .map(|(node, lender)| (node as u32, *lender))
            .collect()
    }
}

/// How distances between nodes are told.
enum Metric {
    /// Metres per node along and across the row, for each row.
    Rows(Vec<(f64, f64)>),
    /// From the nodes' own positions.
    Positions(CurvilinearGrid),
}

impl Metric {
    fn of(grid: &GridSpec) -> Self {
        match grid {
            GridSpec::Regular(grid) => Self::Rows(
                (0..grid.ny)
                    .map(|j| {
                        let (lon_m, lat_m) = meters_per_degree(grid.lat0_deg + j as f64 * grid.dlat_deg);
                        (lon_m.abs() * grid.dlon_deg, lat_m * grid.dlat_deg)
                    })
                    .collect(),
            ),
            GridSpec::Projected(grid) => Self::Rows(vec![(grid.dx_m, grid.dy_m); grid.ny]),
            GridSpec::Curvilinear(grid) => Self::Positions(grid.clone()),
        }
    }
}

/// Metres between places within a few hundred kilometres; not a number, and so never near, where one is none.
fn apart_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lon_m, lat_m) = meters_per_degree((a.1 + b.1) / 2.0);
    let (x_m, y_m) = (wrap_lon_deg(b.0 - a.0) * lon_m, (b.1 - a.1) * lat_m);
    (x_m * x_m + y_m * y_m).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::RegularGrid;

    fn grid(nx: usize, ny: usize, lon0_deg: f64, spacing_deg: f64) -> GridSpec {
        GridSpec::Regular(RegularGrid {
            nx,
            ny,
            lon0_deg,
            lat0_deg: 0.0,
            dlon_deg: spacing_deg,
            dlat_deg: spacing_deg,
        })
    }

    #[test]
    fn a_dry_node_takes_the_nearest_wet_one_within_reach() {
        // 0.05 degrees are 5.6 km: three nodes are within 20 km, the fourth is not.
        let wet: Vec<bool> = (0..9).map(|i| i < 2).collect();
        let table = NearestWet::of(&grid(9, 1, 0.0, 0.05), &wet);
        let lenders: Vec<_> = (0..9).map(|node| table.lender(node)).collect();
        assert_eq!(lenders, [None, None, Some(1), Some(1), Some(1), None, None, None, None]);
    }

    #[test]
    fn agrees_with_trying_every_pair() {
        let (nx, ny) = (23usize, 17usize);
        let spec = grid(nx, ny, 0.0, 0.04);
        let wet: Vec<bool> = (0..nx * ny)
            .map(|node| (node * 7_919 + node * node * 31) % 23 == 0)
            .collect();
        let table = NearestWet::of(&spec, &wet);
        let search = Search::new(&spec, REACH_M, &wet);
        for dry in (0..wet.len()).filter(|node| !wet[*node]) {
            let all = (0..wet.len()).filter(|node| wet[*node]);
            let best = all
                .map(|node| search.distance_m(dry, node))
                .fold(f64::INFINITY, f64::min);
            let found = table.lender(dry).map(|node| search.distance_m(dry, node));
            // Passing on the lender from neighbour to neighbour may miss the very nearest by a fraction of a cell.
            assert!(
                found.is_some_and(|found| found < best + 1_000.0) || best > REACH_M - 1_000.0,
                "{dry} {best} {found:?}"
            );
        }
    }

    #[test]
    fn looks_across_the_seam_only_where_the_row_closes() {
        let mut wet = vec![false; 360];
        wet[359] = true;
        let globe = NearestWet::of(&grid(360, 1, -180.0, 1.0), &wet);
        assert_eq!(globe.lender(0), None, "111 km are too far");
        let mut wet = vec![false; 3_600];
        wet[3_599] = true;
        assert_eq!(
            NearestWet::of(&grid(3_600, 1, -180.0, 0.1), &wet).lender(1),
            Some(3_599)
        );
        assert_eq!(NearestWet::of(&grid(3_600, 1, -180.0, 0.05), &wet).lender(1), None);
    }

    #[test]
    fn all_wet_or_all_dry_needs_no_table() {
        let spec = grid(3, 3, 0.0, 0.1);
        assert_eq!(NearestWet::of(&spec, &[true; 9]), NearestWet::default());
        assert_eq!(NearestWet::of(&spec, &[false; 9]), NearestWet::default());
    }
}
