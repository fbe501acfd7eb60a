//! Colours of a field on a regular grid: rows and columns are worked out apart from each other, in both coordinate
//! systems, and nothing is allocated per row or pixel.
//!
//! For each row of pixels the two rows of nodes around it are mixed once, as (east, north, wet) with zeros where there is
//! no value; each pixel then mixes two of those.

use driftline_domain::{Locator, RegularGrid};

use super::scale::Scale;
use super::{FieldSlab, Reading};
use crate::MapView;

/// Of one row or column of pixels: the two node rows or columns beside it, and the share of the second.
#[derive(Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

/// East, north, weight of wet nodes, padding: what the processor loads at once.
type Mixed = [f32; 4];

pub(super) fn paint(view: &MapView, slab: &FieldSlab<'_>, grid: &RegularGrid, scale: &Scale, indices: &mut [u8]) {
    let width = view.width as usize;
    let Some(columns) = Columns::of(view, grid) else { return };
    let mut mixed: Vec<Mixed> = vec![[0.0; 4]; columns.nodes.len() + 1];
    let (mut squares, mut wet) = (vec![0f32; width], vec![0f32; width]);
    for (row, line) in indices.chunks_exact_mut(width).enumerate() {
        let (_, lat) = view.lon_lat(0.0, row as f64 + 0.5);
        let Some(between) = row_between(grid, lat) else {
            continue;
        };
        if line.iter().all(|index| *index != 0) || !mix_rows(slab, grid.nx, &columns, between, &mut mixed) {
            continue;
        }
        for (pixel, (square, wet)) in columns.pixels.iter().zip(squares.iter_mut().zip(&mut wet)) {
            let (first, second) = (mixed[pixel.first], mixed[pixel.second]);
            let value: Mixed = std::array::from_fn(|k| first[k] + (second[k] - first[k]) * pixel.share);
            *square = value[0] * value[0] + value[1] * value[1];
            *wet = value[2];
        }
        scale.fill(&squares, &wet, line);
    }
}

/// Which nodes of a row the picture needs.
struct Columns {
    /// Node columns in use.
    nodes: Vec<usize>,
    /// For each column of pixels two places in `nodes`; one past the end where there is no value.
    pixels: Vec<Between>,
}

impl Columns {
    fn of(view: &MapView, grid: &RegularGrid) -> Option<Self> {
        let locator = Locator::Regular(*grid);
        let found: Vec<Option<Between>> = (0..view.width)
            .map(|column| {
                let (lon, _) = view.lon_lat(f64::from(column) + 0.5, 0.0);
                let i = locator.fraction(lon, grid.lat0_deg)?.i;
                let first = (i as usize).min(grid.nx - 1);
                let second = match first + 1 {
                    next if next < grid.nx => next,
                    _ if grid.wraps() => 0,
                    _ => first,
                };
                let share = (i - first as f64) as f32;
                Some(Between { first, second, share })
            })
            .collect();
        let mut nodes: Vec<usize> = found.iter().flatten().flat_map(|b| [b.first, b.second]).collect();
        nodes.sort_unstable();
        nodes.dedup();
        if nodes.is_empty() {
            return None;
        }
        let nowhere = Between {
            first: nodes.len(),
            second: nodes.len(),
            share: 0.0,
        };
        let place = |node: usize| nodes.partition_point(|other| *other < node);
        let pixels = found.into_iter().map(|between| {
            between.map_or(nowhere, |b| Between {
                first: place(b.first),
                second: place(b.second),
                share: b.share,
            })
        });
        let pixels = pixels.collect();
        Some(Self { nodes, pixels })
    }

    /// The nodes as one stretch of the row, where they are one.
    fn stretch(&self) -> Option<std::ops::Range<usize>> {
        let (first, last) = (*self.nodes.first()?, *self.nodes.last()?);
        (last - first + 1 == self.nodes.len()).then_some(first..last + 1)
    }
}

fn row_between(grid: &RegularGrid, lat_deg: f64) -> Option<Between> {
    let j = Locator::Regular(*grid).fraction(grid.lon0_deg, lat_deg)?.j;
    let first = (j as usize).min(grid.ny - 1);
    Some(Between {
        first,
        second: (first + 1).min(grid.ny - 1),
        share: (j - first as f64) as f32,
    })
}

/// Mixes two rows of nodes; whether any of them has a value.
fn mix_rows(slab: &FieldSlab<'_>, nx: usize, columns: &Columns, rows: Between, mixed: &mut [Mixed]) -> bool {
    let mut any = 0.0f32;
    let of = |row: usize| {
        (
            &slab.field.east[row * nx..(row + 1) * nx],
            &slab.field.north[row * nx..(row + 1) * nx],
        )
    };
    let ((east0, north0), (east1, north1)) = (of(rows.first), of(rows.second));
    let reading = slab.reading;
    if let Some(stretch) = columns.stretch() {
        let lower = east0[stretch.clone()].iter().zip(&north0[stretch.clone()]);
        let upper = east1[stretch.clone()].iter().zip(&north1[stretch]);
        for (out, ((e0, n0), (e1, n1))) in mixed.iter_mut().zip(lower.zip(upper)) {
            *out = mix(reading, (*e0, *n0), (*e1, *n1), rows.share);
            any += out[2];
        }
    } else {
        for (out, node) in mixed.iter_mut().zip(&columns.nodes) {
            *out = mix(
                reading,
                (east0[*node], north0[*node]),
                (east1[*node], north1[*node]),
                rows.share,
            );
            any += out[2];
        }
    }
    any > 0.0
}

#[inline]
fn mix(reading: Reading, lower: (f32, f32), upper: (f32, f32), share: f32) -> Mixed {
    let (lower, upper) = (known(reading, lower), known(reading, upper));
    std::array::from_fn(|k| lower[k] + (upper[k] - lower[k]) * share)
}

/// A node as (east, north, 1), or for a length of its own (length, 0, 1); zeros without a value.
#[inline]
pub(super) fn known(reading: Reading, (east, north): (f32, f32)) -> Mixed {
    let square = east * east + north * north;
    let wet = if square.is_nan() { 0.0 } else { 1.0 };
    let or_zero = |value: f32| if square.is_nan() { 0.0 } else { value };
    match reading {
        Reading::Vector => [or_zero(east), or_zero(north), wet, 0.0],
        Reading::LengthAndDirection => [or_zero(square.sqrt()), 0.0, wet, 0.0],
    }
}
