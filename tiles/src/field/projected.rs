//! Colours of a field on a map projection's grid, or on one whose nodes have positions of their own.
//!
//! A projection, and the search for a cell, cost a dozen transcendental functions per position, so it is worked out at the corners of blocks of
//! 16 x 16 pixels and interpolated within. Each block is compared with the truth in its middle, and where that is off
//! by more than a tenth of a pixel (at a pole, across the seam of the projection, at the edge of a grid of positions) every
//! pixel is worked out.

use driftline_domain::{GridSpec, Locator};

use super::FieldSlab;
use super::paint::known;
use super::scale::Scale;
use crate::MapView;

const BLOCK: usize = 16;
/// How far the interpolated place may be off, in pixels.
const TOLERANCE_PX: f64 = 0.1;

/// A place in index space; not brought into the grid.
type Place = (f64, f64);

pub(super) fn paint(view: &MapView, slab: &FieldSlab<'_>, scale: &Scale, indices: &mut [u8]) {
    let (width, height) = (view.width as usize, view.height as usize);
    let grid = slab.grid;
    let truth = Truth::of(view, grid);
    let mut upper: Vec<Place> = truth.corners(0);
    for top in (0..height).step_by(BLOCK) {
        let lower = truth.corners(top + BLOCK);
        for (left, (above, below)) in (0..width).step_by(BLOCK).zip(upper.windows(2).zip(lower.windows(2))) {
            let block = Block {
                left,
                top,
                corners: [above[0], above[1], below[0], below[1]],
            };
            if block.is_outside(grid) {
                continue;
            }
            let exact = !block.is_close(&truth);
            block.paint(slab, &truth, exact, scale, width, indices);
        }
        upper = lower;
    }
}

struct Truth<'a> {
    view: &'a MapView,
    locator: Locator,
}

impl<'a> Truth<'a> {
    fn of(view: &'a MapView, grid: &GridSpec) -> Self {
        Self {
            view,
            locator: Locator::of(grid),
        }
    }

    fn place(&self, x: f64, y: f64) -> Place {
        let (lon, lat) = self.view.lon_lat(x, y);
        if !(-90.0..=90.0).contains(&lat) {
            return (f64::NAN, f64::NAN);
        }
        let point = self.locator.unbounded(lon, lat);
        (point.i, point.j)
    }

    /// Places of the block corners along the upper edge of a row of pixels.
    fn corners(&self, row: usize) -> Vec<Place> {
        let columns = (self.view.width as usize).div_ceil(BLOCK);
        (0..=columns)
            .map(|column| self.place((column * BLOCK) as f64, row as f64))
            .collect()
    }
}

struct Block {
    left: usize,
    top: usize,
    corners: [Place; 4],
}

impl Block {
    /// Place in the block, from its upper left corner.
    fn between(&self, x: f64, y: f64) -> Place {
        let (u, v) = (x / BLOCK as f64, y / BLOCK as f64);
        let [a, b, c, d] = self.corners;
        let mix = |a: f64, b: f64, c: f64, d: f64| {
            let (upper, lower) = (a + (b - a) * u, c + (d - c) * u);
            upper + (lower - upper) * v
        };
        (mix(a.0, b.0, c.0, d.0), mix(a.1, b.1, c.1, d.1))
    }

    /// Whether the block is far from the grid: its corners lie on one side of it, by more than the block's own size.
    fn is_outside(&self, grid: &GridSpec) -> bool {
        let outside = |of: fn(&Place) -> f64, last: f64| {
            let low = self.corners.iter().map(of).fold(f64::INFINITY, f64::min);
            let high = self.corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            let size = high - low;
            high + size < 0.0 || low - size > last
        };
        let finite = self
            .corners
            .iter()
            .all(|place| place.0.is_finite() && place.1.is_finite());
        finite && (outside(|p| p.0, (grid.nx() - 1) as f64) || outside(|p| p.1, (grid.ny() - 1) as f64))
    }

    /// Whether interpolation is as good as the truth.
    fn is_close(&self, truth: &Truth<'_>) -> bool {
        let half = BLOCK as f64 / 2.0;
        let close_at = |x: f64, y: f64| {
            let is = truth.place(self.left as f64 + x, self.top as f64 + y);
            let guess = self.between(x, y);
            let off = libm::hypot(is.0 - guess.0, is.1 - guess.1);
            let beside = self.between(x + 1.0, y);
            let pixel = libm::hypot(beside.0 - guess.0, beside.1 - guess.1);
            // Not "off > ..": what is no number is not close.
            off <= TOLERANCE_PX * pixel
        };
        close_at(half, half) && close_at(half / 2.0, half) && close_at(half, 1.5 * half)
    }

    fn paint(
        &self,
        slab: &FieldSlab<'_>,
        truth: &Truth<'_>,
        exact: bool,
        scale: &Scale,
        width: usize,
        indices: &mut [u8],
    ) {
        let (mut squares, mut wet) = ([0f32; BLOCK], [0f32; BLOCK]);
        let columns = BLOCK.min(width - self.left);
        let rows = BLOCK.min(indices.len() / width - self.top);
        for y in 0..rows {
            for x in 0..columns {
                let (px, py) = (x as f64 + 0.5, y as f64 + 0.5);
                let place = if exact {
                    truth.place(self.left as f64 + px, self.top as f64 + py)
                } else {
                    self.between(px, py)
                };
                (squares[x], wet[x]) = value(slab, place);
            }
            let from = (self.top + y) * width + self.left;
            scale.fill(&squares, &wet, &mut indices[from..from + columns]);
        }
    }
}

/// Squared length times squared weight, and weight of wet nodes.
#[inline]
fn value(slab: &FieldSlab<'_>, (i, j): Place) -> (f32, f32) {
    // The same rounding at the rim as the locator's.
    const ROUNDING: f64 = 1e-9;
    let (nx, ny) = (slab.grid.nx(), slab.grid.ny());
    let (last_i, last_j) = ((nx - 1) as f64, (ny - 1) as f64);
    let inside = |at: f64, last: f64| at > -ROUNDING && at < last + ROUNDING;
    if !inside(i, last_i) || !inside(j, last_j) {
        return (0.0, 0.0);
    }
    let (i, j) = (i.clamp(0.0, last_i), j.clamp(0.0, last_j));
    let (i0, j0) = (i as usize, j as usize);
    let (i1, j1) = ((i0 + 1).min(nx - 1), (j0 + 1).min(ny - 1));
    let (u, v) = ((i - i0 as f64) as f32, (j - j0 as f64) as f32);
    let node = |i: usize, j: usize| {
        let at = j * nx + i;
        known(slab.reading, (slab.field.east[at], slab.field.north[at]))
    };
    let (a, b, c, d) = (node(i0, j0), node(i1, j0), node(i0, j1), node(i1, j1));
    let [east, north, wet, _]: [f32; 4] = std::array::from_fn(|k| {
        let (lower, upper) = (a[k] + (b[k] - a[k]) * u, c[k] + (d[k] - c[k]) * u);
        lower + (upper - lower) * v
    });
    (east * east + north * north, wet)
}
