//! Boxes of longitude and latitude around cells and groups of cells, degrees. Longitudes are an arc of the circle, so
//! that a box may lie across the antimeridian and one that holds a pole has every longitude.

use crate::{BBox, wrap_lon_deg};

/// An arc of longitudes and a range of latitudes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    west: f64,
    /// Degrees to the eastern edge, up to 360.
    width: f64,
    south: f64,
    north: f64,
}

impl Extent {
    /// The box around a cell, its corners in a round; `None` where one has no position.
    pub(super) fn of_cell(corners: [(f64, f64); 4]) -> Option<Self> {
        if corners.iter().any(|(lon, lat)| !lon.is_finite() || !lat.is_finite()) {
            return None;
        }
        let (mut lon, mut west, mut east) = (0.0, 0.0f64, 0.0f64);
        let (mut south, mut north) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut leap = 0.0f64;
        for (k, corner) in corners.iter().enumerate() {
            let turn = wrap_lon_deg(corners[(k + 1) % 4].0 - corner.0);
            lon += turn;
            leap = leap.max(turn.abs());
            (west, east) = (west.min(lon), east.max(lon));
            (south, north) = (south.min(corner.1), north.max(corner.1));
        }
        // Around a pole longitudes add up to a turn; beside it they leap; on it they mean nothing.
        let at_pole = lon.abs() > 180.0 || leap > 90.0 || north > 89.999 || south < -89.999;
        if at_pole {
            return Some(Self {
                west: -180.0,
                width: 360.0,
                south: if south + north < 0.0 { -90.0 } else { south },
                north: if south + north < 0.0 { north } else { 90.0 },
            });
        }
        let width = east - west;
        // The straight line between two nodes runs poleward of their parallel by up to the sagitta of its arc.
        let bulge = width * width.to_radians() / 16.0 + 1e-9;
        Some(Self {
            west: wrap_lon_deg(corners[0].0 + west - 1e-9),
            width: width + 2e-9,
            south: (south - bulge).max(-90.0),
            north: (north + bulge).min(90.0),
        })
    }

    pub(super) fn of_box(bbox: &BBox) -> Self {
        let turn = if bbox.crosses_antimeridian() { 360.0 } else { 0.0 };
        Self {
            west: bbox.west,
            width: bbox.east + turn - bbox.west,
            south: bbox.south,
            north: bbox.north,
        }
    }

    /// A box around both.
    pub(super) fn with(&self, other: &Self) -> Self {
        let (south, north) = (self.south.min(other.south), self.north.max(other.north));
        let shift = wrap_lon_deg(other.west - self.west);
        // Seen from the middles, so that of two ways round the nearer one is taken.
        let middles = wrap_lon_deg(shift + (other.width - self.width) / 2.0);
        let start = middles - (other.width - self.width) / 2.0;
        let (west, east) = (start.min(0.0), self.width.max(start + other.width));
        if east - west >= 360.0 {
            return Self {
                west: -180.0,
                width: 360.0,
                south,
                north,
            };
        }
        Self {
            west: wrap_lon_deg(self.west + west),
            width: east - west,
            south,
            north,
        }
    }

    pub(super) fn holds(&self, lon_deg: f64, lat_deg: f64) -> bool {
        (self.south..=self.north).contains(&lat_deg) && eastward(self.west, lon_deg) <= self.width
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        let apart = self.south > other.north || other.south > self.north;
        let ahead = eastward(self.west, other.west);
        !apart && (ahead <= self.width || ahead + other.width >= 360.0)
    }

    /// As a box with edges rounded outward to a millionth of a degree.
    pub(super) fn bbox(&self) -> BBox {
        let down = |x: f64| libm::floor(x * 1e6) / 1e6;
        let up = |x: f64| libm::ceil(x * 1e6) / 1e6;
        let (south, north) = (down(self.south).max(-90.0), up(self.north).min(90.0));
        if self.width >= 359.99 {
            return BBox {
                west: -180.0,
                south,
                east: 180.0,
                north,
            };
        }
        let west = wrap_lon_deg(down(self.west));
        let east = up(self.west + self.width);
        BBox {
            west,
            south,
            east: if east == 180.0 { east } else { wrap_lon_deg(east) },
            north,
        }
    }
}

/// Degrees from one longitude eastward to another, in [0, 360).
fn eastward(from: f64, to: f64) -> f64 {
    let turn = to - from;
    let turn = turn - 360.0 * libm::floor(turn / 360.0);
    if turn >= 360.0 { 0.0 } else { turn }
}

/// The box around every complete cell; `None` where there is none.
pub(super) fn around_cells(nx: usize, ny: usize, node: impl Fn(usize, usize) -> (f64, f64)) -> Option<Extent> {
    let mut all: Option<Extent> = None;
    for j in 0..ny.saturating_sub(1) {
        for i in 0..nx.saturating_sub(1) {
            let corners = [node(i, j), node(i + 1, j), node(i + 1, j + 1), node(i, j + 1)];
            if let Some(cell) = Extent::of_cell(corners) {
                all = Some(all.map_or(cell, |all| all.with(&cell)));
            }
        }
    }
    all
}
