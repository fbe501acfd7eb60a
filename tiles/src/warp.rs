//! Where the pixels of a bent picture stand in the index space of a grid.
//!
//! A projection, and the search for a cell, cost a dozen transcendental functions per position, so the place is worked
//! out at the corners of blocks of 16 x 16 pixels and interpolated within. Each block is compared with the truth in its
//! middle, and where that is off by more than a tenth of a pixel (at a pole, across the seam of a projection, at the edge
//! of a grid of positions) every pixel is worked out.

use crate::MapView;

/// Pixels on a block's side.
pub(crate) const BLOCK: usize = 16;
/// How far the interpolated place may be off, in pixels.
const TOLERANCE_PX: f64 = 0.1;

/// A place in index space; not brought into the grid. What is no number is no place.
pub(crate) type Place = (f64, f64);

/// A view, and the way from degrees to a grid's index space.
pub(crate) struct Warp<'a, F> {
    view: &'a MapView,
    locate: F,
}

/// A piece of the picture, at most [`BLOCK`] pixels on a side.
pub(crate) struct Block<'a, F> {
    warp: &'a Warp<'a, F>,
    /// First column of pixels.
    pub(crate) left: usize,
    /// First row.
    pub(crate) top: usize,
    /// Columns of pixels.
    pub(crate) columns: usize,
    /// Rows.
    pub(crate) rows: usize,
    corners: [Place; 4],
    exact: bool,
}

impl<'a, F: Fn(f64, f64) -> Place> Warp<'a, F> {
    /// `locate` takes longitude and latitude.
    pub(crate) fn of(view: &'a MapView, locate: F) -> Self {
        Self { view, locate }
    }

    /// Calls for every block but those that lie on one side of the index space from 0 to `last`; without a last column or
    /// row there is no such side.
    pub(crate) fn each_block(&self, last: (Option<f64>, Option<f64>), mut paint: impl FnMut(&Block<'_, F>)) {
        let (width, height) = (self.view.width as usize, self.view.height as usize);
        let mut upper: Vec<Place> = self.corners(0);
        for top in (0..height).step_by(BLOCK) {
            let lower = self.corners(top + BLOCK);
            for (left, (above, below)) in (0..width).step_by(BLOCK).zip(upper.windows(2).zip(lower.windows(2))) {
                let mut block = Block {
                    warp: self,
                    left,
                    top,
                    columns: BLOCK.min(width - left),
                    rows: BLOCK.min(height - top),
                    corners: [above[0], above[1], below[0], below[1]],
                    exact: false,
                };
                if !block.is_outside(last) {
                    block.exact = !block.is_close();
                    paint(&block);
                }
            }
            upper = lower;
        }
    }

    fn place(&self, x: f64, y: f64) -> Place {
        let (lon, lat) = self.view.lon_lat(x, y);
        if !(-90.0..=90.0).contains(&lat) {
            return (f64::NAN, f64::NAN);
        }
        (self.locate)(lon, lat)
    }

    /// Places of the block corners along the upper edge of a row of pixels.
    fn corners(&self, row: usize) -> Vec<Place> {
        let columns = (self.view.width as usize).div_ceil(BLOCK);
        (0..=columns)
            .map(|column| self.place((column * BLOCK) as f64, row as f64))
            .collect()
    }
}

impl<F: Fn(f64, f64) -> Place> Block<'_, F> {
    /// Place of a point of the block, in pixels from its upper left corner.
    #[inline]
    pub(crate) fn place(&self, x: f64, y: f64) -> Place {
        if self.exact {
            self.warp.place(self.left as f64 + x, self.top as f64 + y)
        } else {
            self.between(x, y)
        }
    }

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
    fn is_outside(&self, last: (Option<f64>, Option<f64>)) -> bool {
        let outside = |of: fn(&Place) -> f64, last: Option<f64>| {
            let low = self.corners.iter().map(of).fold(f64::INFINITY, f64::min);
            let high = self.corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            let size = high - low;
            last.is_some_and(|last| high + size < 0.0 || low - size > last)
        };
        let finite = self
            .corners
            .iter()
            .all(|place| place.0.is_finite() && place.1.is_finite());
        finite && (outside(|p| p.0, last.0) || outside(|p| p.1, last.1))
    }

    /// Whether interpolation is as good as the truth.
    fn is_close(&self) -> bool {
        let half = BLOCK as f64 / 2.0;
        let close_at = |x: f64, y: f64| {
            let is = self.warp.place(self.left as f64 + x, self.top as f64 + y);
            let guess = self.between(x, y);
            let off = libm::hypot(is.0 - guess.0, is.1 - guess.1);
            let beside = self.between(x + 1.0, y);
            let pixel = libm::hypot(beside.0 - guess.0, beside.1 - guess.1);
            // Not "off > ..": what is no number is not close.
            off <= TOLERANCE_PX * pixel
        };
        close_at(half, half) && close_at(half / 2.0, half) && close_at(half, 1.5 * half)
    }
}
