//! One source as the kernel reads it: at each time the east and north components of a node side by side, so that one
//! wide load brings two neighbouring nodes.
//!
//! Space is interpolated bilinearly in the grid's own index space, time linearly. Where a corner of the cell has no
//! value, the wet corners alone count; where none has, the nearest wet node lends its own. Values are single precision
//! (m/s), positions double.

use driftline_domain::{GridPoint, Locator, integer, whole_below};
use rayon::prelude::*;

use crate::block::BLOCK;
use crate::locate::Finder;
use crate::nearest_wet::NearestWet;
use crate::shape::check_shape;
use crate::{Source, SourceProblem};

/// East and north of a node, m/s; both NaN where one of them is missing.
type Node = [f32; 2];

/// Where a time lies in a product: the pair of times and how far from its earlier to its later one, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bracket {
    pair: u32,
    weight: f32,
}

/// A velocity in m/s, and whether it was lent by the nearest wet node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Velocity {
    pub(crate) east_ms: f32,
    pub(crate) north_ms: f32,
    pub(crate) extrapolated: bool,
}

/// A prepared source.
pub(crate) struct Product {
    finder: Finder,
    locator: Locator,
    nx: usize,
    ny: usize,
    /// Nodes of a row as they are kept: on a grid around the globe the first one stands at the end again.
    row: usize,
    rows: usize,
    /// Last column and row that a position may have.
    last: (f64, f64),
    times_s: Vec<i64>,
    /// For each time, every node.
    fields: Vec<Vec<Node>>,
    nearest: Vec<NearestWet>,
    /// Which table of nearest wet nodes belongs to each pair of times.
    nearest_of_pair: Vec<usize>,
    absurd_values: u64,
}

impl Product {
    /// Checks a source and interleaves its fields. A component faster than `limit_ms` is no velocity: its node has no
    /// value then, and is counted.
    pub(crate) fn prepare(source: Source, limit_ms: f32) -> Result<Self, SourceProblem> {
        check(&source)?;
        let Source { grid, times_s, fields } = source;
        let (nx, ny) = (grid.nx(), grid.ny());
        // A row or column of one node only is kept twice, so that every cell has four corners.
        let (row, rows) = (if grid.wraps() { nx + 1 } else { nx.max(2) }, ny.max(2));
        let fields: Vec<(Vec<Node>, u64)> = fields
            .into_par_iter()
            .map(|field| {
                let node = |number: usize| [field.east[number], field.north[number]];
                let is_absurd = |[east, north]: Node| east.abs() > limit_ms || north.abs() > limit_ms;
                let kept = |number: usize| {
                    let [east, north] = node(number);
                    // Written so that NaN stays out too.
                    if east.abs() <= limit_ms && north.abs() <= limit_ms {
                        [east, north]
                    } else {
                        [f32::NAN; 2]
                    }
                };
                let absurd = (0..nx * ny).filter(|number| is_absurd(node(*number))).count() as u64;
                let nodes = (0..rows)
                    .flat_map(|j| (0..row).map(move |i| (j % ny) * nx + i % nx))
                    .map(kept);
                (nodes.collect(), absurd)
            })
            .collect();
        let absurd_values = fields.iter().map(|(_, absurd)| absurd).sum();
        let fields: Vec<Vec<Node>> = fields.into_iter().map(|(nodes, _)| nodes).collect();
        let shape = Shape { nx, ny, row };
        let (masks, nearest_of_pair) = distinct_masks(&fields, shape);
        let nearest = masks.par_iter().map(|wet| NearestWet::of(&grid, wet)).collect();
        Ok(Self {
            finder: Finder::of(&grid),
            locator: Locator::of(&grid),
            nx,
            ny,
            row,
            rows,
            last: (if grid.wraps() { nx as f64 } else { (nx - 1) as f64 }, (ny - 1) as f64),
            times_s,
            fields,
            nearest,
            nearest_of_pair,
            absurd_values,
        })
    }

    /// Nodes at a time that had a value no sea or wind has.
    pub(crate) fn absurd_values(&self) -> u64 {
        self.absurd_values
    }

    /// First and last time.
    pub(crate) fn span_s(&self) -> (i64, i64) {
        (self.times_s[0], self.times_s[self.times_s.len() - 1])
    }

    /// Where a time lies; `None` before the first and after the last field.
    pub(crate) fn bracket(&self, time_s: i64) -> Option<Bracket> {
        let (first_s, last_s) = self.span_s();
        if !(first_s..=last_s).contains(&time_s) {
            return None;
        }
        let pairs = self.nearest_of_pair.len();
        let pair = (self.times_s.partition_point(|t| *t <= time_s) - 1).min(pairs - 1);
        let length_s = self.times_s.get(pair + 1).map_or(0, |end_s| end_s - self.times_s[pair]);
        let weight = if length_s > 0 {
            (time_s - self.times_s[pair]) as f64 / length_s as f64
        } else {
            0.0
        };
        Some(Bracket {
            pair: pair as u32,
            weight: weight as f32,
        })
    }

    /// Fields at the earlier and the later time of a pair; a single time holds at that instant only and is paired with
    /// itself.
    #[inline(always)]
    fn pair(&self, number: u32) -> (&[Node], &[Node]) {
        let earlier = number as usize;
        let later = (earlier + 1).min(self.fields.len() - 1);
        (&self.fields[earlier], &self.fields[later])
    }

    /// The velocities at many positions, where all corners have a value; NaN for the others, which
    /// [`Product::sample`] then answers. Tells whether there are any of these.
    #[inline(always)]
    pub(crate) fn look_up(&self, at: Bracket, places: Places<'_>, east_ms: &mut [f32], north_ms: &mut [f32]) -> bool {
        let Places {
            lon_deg,
            lat_deg,
            column,
            row,
        } = places;
        let n = lon_deg.len();
        self.finder.find(lon_deg, lat_deg, column, row);
        let (mut cell, mut across, mut up) = ([0u32; BLOCK], [0f32; BLOCK], [0f32; BLOCK]);
        self.cells(&column[..n], &row[..n], &mut cell[..n], &mut across[..n], &mut up[..n]);
        let (earlier, later) = self.pair(at.pair);
        let (earlier, later) = (earlier.as_flattened(), later.as_flattened());
        let length = 2 * self.row + 4;
        let mut any_missing = false;
        for p in 0..n {
            let south_west = 2 * cell[p] as usize;
            let corners = |field: &[f32]| -> Option<([f32; 4], [f32; 4])> {
                let rows = field.get(south_west..south_west + length)?;
                Some((*rows.first_chunk()?, *rows.last_chunk()?))
            };
            let [east, north] = match (corners(earlier), corners(later)) {
                (Some(earlier), Some(later)) => between(earlier, later, across[p], up[p], at.weight),
                _ => [f32::NAN; 2],
            };
            any_missing |= east.is_nan();
            (east_ms[p], north_ms[p]) = (east, north);
        }
        any_missing
    }

    /// The cell that each position lies in, by its south-western node, and where in it, 0 to 1 across and up; a number
    /// that no cell has for those outside.
    #[inline(always)]
    fn cells(&self, column: &[f64], row: &[f64], cell: &mut [u32], across: &mut [f32], up: &mut [f32]) {
        let n = column.len();
        let (row, cell, across, up) = (&row[..n], &mut cell[..n], &mut across[..n], &mut up[..n]);
        let (last_column, last_row) = self.last;
        let (last_cell_column, last_cell_row) = ((self.row - 2) as f64, (self.rows - 2) as f64);
        let nodes = self.row as f64;
        for p in 0..n {
            let (x, y) = (column[p], row[p]);
            let is_inside = (x >= 0.0) & (x <= last_column) & (y >= 0.0) & (y <= last_row);
            let i = whole_below(x).clamp(0.0, last_cell_column);
            let j = whole_below(y).clamp(0.0, last_cell_row);
            cell[p] = integer(if is_inside { j * nodes + i } else { f64::from(u32::MAX) });
            (across[p], up[p]) = ((x - i) as f32, (y - j) as f32);
        }
    }

    /// The velocity at a position; `None` outside the grid and where there is no water near enough.
    pub(crate) fn sample(&self, at: Bracket, lon_deg: f64, lat_deg: f64) -> Option<Velocity> {
        let cell = self.cell(self.locator.fraction(lon_deg, lat_deg)?);
        let (earlier, later) = self.pair(at.pair);
        let value = |node: usize| -> Option<Node> {
            let (a, b) = (earlier[node], later[node]);
            let value = [a[0] + at.weight * (b[0] - a[0]), a[1] + at.weight * (b[1] - a[1])];
            (!value[0].is_nan()).then_some(value)
        };
        let (mut sum, mut total) = ([0.0f32; 2], 0.0f32);
        for (node, weight) in cell.nodes.iter().zip(cell.weights) {
            if let Some([east, north]) = value(*node) {
                total += weight;
                sum[0] += weight * east;
                sum[1] += weight * north;
            }
        }
        if total > 0.0 {
            return Some(Velocity {
                east_ms: sum[0] / total,
                north_ms: sum[1] / total,
                extrapolated: false,
            });
        }
        let lender = self.nearest[self.nearest_of_pair[at.pair as usize]].lender(self.unpadded(cell.nearest_node()))?;
        let [east_ms, north_ms] = value(self.padded(lender))?;
        Some(Velocity {
            east_ms,
            north_ms,
            extrapolated: true,
        })
    }

    /// Number in the grid of a node as kept, and back.
    fn unpadded(&self, node: usize) -> usize {
        let Shape { nx, ny, row } = self.shape();
        (node / row % ny) * nx + node % row % nx
    }

    fn padded(&self, node: usize) -> usize {
        let Shape { nx, row, .. } = self.shape();
        node / nx * row + node % nx
    }

    fn shape(&self) -> Shape {
        Shape {
            nx: self.nx,
            ny: self.ny,
            row: self.row,
        }
    }

    fn cell(&self, point: GridPoint) -> Cell {
        let i = (point.i as usize).min(self.row - 2);
        let j = (point.j as usize).min(self.rows - 2);
        let (x, y) = ((point.i - i as f64) as f32, (point.j - j as f64) as f32);
        let (south, north) = (j * self.row + i, (j + 1) * self.row + i);
        Cell {
            nodes: [south, south + 1, north, north + 1],
            weights: [(1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y],
        }
    }
}

/// Positions to look up, and room for their columns and rows.
pub(crate) struct Places<'a> {
    pub(crate) lon_deg: &'a [f64],
    pub(crate) lat_deg: &'a [f64],
    pub(crate) column: &'a mut [f64],
    pub(crate) row: &'a mut [f64],
}

/// Nodes of a grid, and of a row as it is kept.
#[derive(Clone, Copy)]
struct Shape {
    nx: usize,
    ny: usize,
    row: usize,
}

/// Linear in row, time and column, in this order: four lanes at a time as long as there are four.
#[inline(always)]
fn between(earlier: ([f32; 4], [f32; 4]), later: ([f32; 4], [f32; 4]), fx: f32, fy: f32, weight: f32) -> [f32; 2] {
    let mut lanes = [0.0f32; 4];
    for (lane, mixed) in lanes.iter_mut().enumerate() {
        let early = earlier.0[lane] + fy * (earlier.1[lane] - earlier.0[lane]);
        let late = later.0[lane] + fy * (later.1[lane] - later.0[lane]);
        *mixed = early + weight * (late - early);
    }
    [
        lanes[0] + fx * (lanes[2] - lanes[0]),
        lanes[1] + fx * (lanes[3] - lanes[1]),
    ]
}

/// The four nodes around a position, south-west first, and their bilinear weights.
struct Cell {
    nodes: [usize; 4],
    weights: [f32; 4],
}

impl Cell {
    fn nearest_node(&self) -> usize {
        let mut best = 0;
        for corner in 1..4 {
            if self.weights[corner] > self.weights[best] {
                best = corner;
            }
        }
        self.nodes[best]
    }
}

/// The masks that occur in pairs of times, and which one each pair has. Nearly always there is one: the land does not
/// move. A node is wet where it has a value at both times.
fn distinct_masks(fields: &[Vec<Node>], Shape { nx, ny, row }: Shape) -> (Vec<Vec<bool>>, Vec<usize>) {
    let pairs = (fields.len() - 1).max(1);
    let mut masks: Vec<Vec<bool>> = Vec::new();
    let mut of_pair = Vec::with_capacity(pairs);
    for pair in 0..pairs {
        let (earlier, later) = (&fields[pair], &fields[(pair + 1).min(fields.len() - 1)]);
        let wet = |k: usize| {
            let node = k / nx * row + k % nx;
            !earlier[node][0].is_nan() && !later[node][0].is_nan()
        };
        let known = masks
            .iter()
            .position(|mask| mask.iter().enumerate().all(|(k, is_wet)| *is_wet == wet(k)));
        of_pair.push(known.unwrap_or(masks.len()));
        if known.is_none() {
            masks.push((0..nx * ny).map(wet).collect());
        }
    }
    (masks, of_pair)
}

fn check(source: &Source) -> Result<(), SourceProblem> {
    let Source { grid, times_s, fields } = source;
    check_shape(grid, times_s, fields)?;
    for (field, &time_s) in fields.iter().zip(times_s) {
        let mut values = field.east.iter().zip(&field.north);
        if let Some(node) = values.position(|(e, n)| e.is_infinite() || n.is_infinite()) {
            return Err(SourceProblem::Infinite { time_s, node });
        }
    }
    Ok(())
}
