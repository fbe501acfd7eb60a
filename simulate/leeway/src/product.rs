//! One source as the kernel reads it: for each pair of neighbouring times one array of quads, so that the values of a
//! node at both times lie side by side and two neighbouring nodes fill one wide load.
//!
//! Space is interpolated bilinearly in the grid's own index space with the weights of wet corners only, time linearly.
//! Values are single precision (m/s), positions double.

use driftline_domain::{GridPoint, GridSpec, Locator};
use rayon::prelude::*;

use crate::nearest_wet::NearestWet;
use crate::{Source, SourceProblem};

/// East and north at the earlier time, east and north at the later time; all NaN where one of them is missing.
#[derive(Debug, Clone, Copy)]
#[repr(align(16))]
struct Quad([f32; 4]);

impl Quad {
    const MISSING: Self = Self([f32::NAN; 4]);

    fn is_missing(self) -> bool {
        self.0[0].is_nan()
    }
}

/// A source between two neighbouring times.
struct Pair {
    quads: Vec<Quad>,
    /// Which of the product's tables of nearest wet nodes belongs to it.
    nearest: usize,
}

/// Where a time lies in a product: the pair and how far from its earlier to its later time, 0 to 1.
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
    locator: Locator,
    nx: usize,
    ny: usize,
    wraps: bool,
    times_s: Vec<i64>,
    pairs: Vec<Pair>,
    nearest: Vec<NearestWet>,
}

impl Product {
    /// Checks a source and interleaves its fields.
    pub(crate) fn prepare(source: Source) -> Result<Self, SourceProblem> {
        check(&source)?;
        let Source { grid, times_s, fields } = source;
        // A single time holds at that instant only; it is paired with itself.
        let pair_count = (fields.len() - 1).max(1);
        let quads: Vec<Vec<Quad>> = (0..pair_count)
            .into_par_iter()
            .map(|k| {
                let (earlier, later) = (&fields[k], &fields[(k + 1).min(fields.len() - 1)]);
                let early = earlier.east.iter().zip(&earlier.north);
                let late = later.east.iter().zip(&later.north);
                early
                    .zip(late)
                    .map(|((e0, n0), (e1, n1))| quad([*e0, *n0, *e1, *n1]))
                    .collect()
            })
            .collect();
        drop(fields);
        let (masks, mask_of_pair) = distinct_masks(&quads);
        let nearest = masks.par_iter().map(|wet| NearestWet::of(&grid, wet)).collect();
        let pairs = quads.into_iter().zip(mask_of_pair);
        Ok(Self {
            nx: grid.nx(),
            ny: grid.ny(),
            wraps: grid.wraps(),
            locator: Locator::of(&grid),
            pairs: pairs.map(|(quads, nearest)| Pair { quads, nearest }).collect(),
            times_s,
            nearest,
        })
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
        let pair = (self.times_s.partition_point(|t| *t <= time_s) - 1).min(self.pairs.len() - 1);
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

    /// The velocity at a position; `None` outside the grid and where there is no water near enough.
    #[inline]
    pub(crate) fn sample(&self, at: Bracket, lon_deg: f64, lat_deg: f64) -> Option<Velocity> {
        let cell = self.cell(self.locator.fraction(lon_deg, lat_deg)?);
        let pair = &self.pairs[at.pair as usize];
        let corners = cell.nodes.map(|node| pair.quads[node].0);
        let mut mixed = [0.0f32; 4];
        for (corner, weight) in corners.iter().zip(cell.weights) {
            for (sum, value) in mixed.iter_mut().zip(corner) {
                *sum += weight * value;
            }
        }
        if mixed[0].is_nan() {
            return self.near_shore(pair, &cell, at.weight);
        }
        Some(between(mixed, at.weight, false))
    }

    /// A cell with a missing corner.
    #[cold]
    fn near_shore(&self, pair: &Pair, cell: &Cell, weight: f32) -> Option<Velocity> {
        let (mut mixed, mut total) = ([0.0f32; 4], 0.0f32);
        for (node, corner_weight) in cell.nodes.iter().zip(cell.weights) {
            let quad = pair.quads[*node];
            if !quad.is_missing() {
                total += corner_weight;
                for (sum, value) in mixed.iter_mut().zip(quad.0) {
                    *sum += corner_weight * value;
                }
            }
        }
        if total > 0.0 {
            return Some(between(mixed.map(|sum| sum / total), weight, false));
        }
        let lender = self.nearest[pair.nearest].lender(cell.nearest_node())?;
        Some(between(pair.quads[lender].0, weight, true))
    }

    #[inline]
    fn cell(&self, point: GridPoint) -> Cell {
        let (mut i, mut x) = (point.i as usize, point.i);
        if self.wraps && i >= self.nx {
            (i, x) = (0, 0.0);
        } else if !self.wraps {
            i = i.min(self.nx.saturating_sub(2));
        }
        let east = if i + 1 < self.nx {
            i + 1
        } else if self.wraps {
            0
        } else {
            i
        };
        let j = (point.j as usize).min(self.ny.saturating_sub(2));
        let north = (j + 1).min(self.ny - 1);
        let (x, y) = ((x - i as f64) as f32, (point.j - j as f64) as f32);
        let (south, north) = (j * self.nx, north * self.nx);
        Cell {
            nodes: [south + i, south + east, north + i, north + east],
            weights: [(1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y],
        }
    }
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

#[inline]
fn between([east0, north0, east1, north1]: [f32; 4], weight: f32, extrapolated: bool) -> Velocity {
    Velocity {
        east_ms: east0 + (east1 - east0) * weight,
        north_ms: north0 + (north1 - north0) * weight,
        extrapolated,
    }
}

fn quad(values: [f32; 4]) -> Quad {
    if values.iter().any(|value| value.is_nan()) {
        Quad::MISSING
    } else {
        Quad(values)
    }
}

/// The masks that occur, and which one each pair has. Nearly always there is one: the land does not move.
fn distinct_masks(quads: &[Vec<Quad>]) -> (Vec<Vec<bool>>, Vec<usize>) {
    let mut masks: Vec<Vec<bool>> = Vec::new();
    let mut of_pair = Vec::with_capacity(quads.len());
    for pair in quads {
        let known = masks
            .iter()
            .position(|mask| mask.iter().zip(pair).all(|(wet, quad)| *wet != quad.is_missing()));
        of_pair.push(known.unwrap_or(masks.len()));
        if known.is_none() {
            masks.push(pair.iter().map(|quad| !quad.is_missing()).collect());
        }
    }
    (masks, of_pair)
}

fn check(source: &Source) -> Result<(), SourceProblem> {
    let Source { grid, times_s, fields } = source;
    let even = match grid {
        GridSpec::Regular(grid) => {
            grid.dlon_deg > 0.0 && grid.dlat_deg > 0.0 && grid.lon0_deg.is_finite() && grid.lat0_deg.is_finite()
        }
        GridSpec::Projected(grid) => {
            grid.dx_m > 0.0 && grid.dy_m > 0.0 && grid.x0_m.is_finite() && grid.y0_m.is_finite()
        }
    };
    if grid.is_empty() || grid.len() >= u32::MAX as usize || !even {
        return Err(SourceProblem::Grid {
            nx: grid.nx(),
            ny: grid.ny(),
        });
    }
    if fields.len() != times_s.len() {
        return Err(SourceProblem::FieldCount {
            fields: fields.len(),
            times: times_s.len(),
        });
    }
    if fields.is_empty() {
        return Err(SourceProblem::Empty);
    }
    if let Some(times) = times_s.windows(2).find(|times| times[0] >= times[1]) {
        return Err(SourceProblem::TimeOrder {
            earlier_s: times[0],
            later_s: times[1],
        });
    }
    for (field, &time_s) in fields.iter().zip(times_s) {
        if field.east.len() != grid.len() || field.north.len() != grid.len() {
            return Err(SourceProblem::FieldSize {
                time_s,
                east: field.east.len(),
                north: field.north.len(),
                nodes: grid.len(),
            });
        }
        let values = field.east.iter().zip(&field.north);
        if let Some(node) = values.clone().position(|(e, n)| e.is_infinite() || n.is_infinite()) {
            return Err(SourceProblem::Infinite { time_s, node });
        }
    }
    Ok(())
}
