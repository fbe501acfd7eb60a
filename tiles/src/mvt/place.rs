//! From degrees to units of a tile.

use crate::clip::{Frame, Place};
use crate::{TileId, TileMatrixSet};

/// Brings degrees into a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placer {
    set: TileMatrixSet,
    west: f64,
    north: f64,
    /// Units of a tile for one of the set's plane.
    scale: f64,
    /// The tile and its buffer, in units.
    pub(super) frame: Frame,
    /// The same in degrees; longitudes as distances from the tile's middle.
    half_width_deg: f64,
    middle_deg: f64,
    /// Units per degree of longitude, and the middle's place in units.
    per_lon_deg: f64,
    middle_x: f64,
    south_deg: f64,
    north_deg: f64,
}

impl Placer {
    pub(super) fn of(tile: TileId, extent: u32, buffer: u32) -> Self {
        let [west, _, _, north] = tile.bounds();
        let set = tile.set();
        let scale = f64::from(extent) / tile.span();
        let (low, high) = (-f64::from(buffer), f64::from(extent + buffer));
        let lat = |units: f64| set.lat_deg(north - units / scale);
        Self {
            set,
            west,
            north,
            scale,
            frame: Frame {
                x0: low,
                y0: low,
                x1: high,
                y1: high,
            },
            half_width_deg: set.lon_deg((high - low) / 2.0 / scale).min(180.0),
            middle_deg: set.lon_deg(west + tile.span() / 2.0),
            per_lon_deg: set.turn() / 360.0 * scale,
            middle_x: f64::from(extent) / 2.0,
            south_deg: lat(high),
            north_deg: lat(low),
        }
    }

    /// Units in a turn around the globe.
    pub(super) fn turn(&self) -> f64 {
        self.set.turn() * self.scale
    }

    /// Place of a position, not brought into the tile.
    pub(super) fn place(&self, lon_deg: f64, lat_deg: f64) -> Place {
        (
            (self.set.x(lon_deg) - self.west) * self.scale,
            (self.north - self.set.y(lat_deg)) * self.scale,
        )
    }

    /// How far a longitude lies from the tile's middle, where the point lies in the tile or its buffer; the copy of the
    /// world next to the middle counts.
    #[inline]
    fn off_middle(&self, lon_deg: f64, lat_deg: f64) -> Option<f64> {
        let mut off = lon_deg - self.middle_deg;
        if off.abs() > 180.0 {
            off -= 360.0 * libm::round(off / 360.0);
        }
        // What is no number lies in no range.
        let inside = (self.south_deg..=self.north_deg).contains(&lat_deg)
            && (-self.half_width_deg..=self.half_width_deg).contains(&off);
        inside.then_some(off)
    }

    #[inline]
    fn x(&self, off_middle_deg: f64) -> i32 {
        rounded(off_middle_deg * self.per_lon_deg + self.middle_x)
    }

    /// Place of a point that lies in the tile or its buffer.
    pub(super) fn point(&self, lon_deg: f64, lat_deg: f64) -> Option<(i32, i32)> {
        let off = self.off_middle(lon_deg, lat_deg)?;
        Some((self.x(off), rounded(self.place(0.0, lat_deg).1)))
    }
}

/// Brings many points into a tile: rows come from cubics instead of logarithms, exact to 0.0001 units.
#[derive(Debug)]
pub(super) struct FastPlacer {
    placer: Placer,
    per_deg: f64,
    /// Row in units as a polynomial in the share of a stretch of latitude.
    stretches: Vec<[f64; 4]>,
}

impl FastPlacer {
    pub(super) fn of(placer: Placer, zoom: u8) -> Self {
        // The larger the part of the globe, the more the scale varies over the tile.
        let n = if zoom < 4 { 1024 } else { 64 };
        let span = placer.north_deg - placer.south_deg;
        let lat = |k: usize| placer.south_deg + span * k as f64 / n as f64;
        let row = |k: usize| placer.place(0.0, lat(k)).1;
        // dy/dlat in units per stretch; on the sphere it grows with the latitude.
        let slope = |k: usize| {
            let stretch = span / n as f64 * placer.set.turn() / 360.0 * placer.scale;
            match placer.set {
                TileMatrixSet::WebMercatorQuad => -stretch / libm::cos(lat(k).to_radians()),
                TileMatrixSet::WorldCrs84Quad => -stretch,
            }
        };
        let hermite = |k: usize| {
            let (a, b, da, db) = (row(k), row(k + 1), slope(k), slope(k + 1));
            [a, da, 3.0 * (b - a) - 2.0 * da - db, 2.0 * (a - b) + da + db]
        };
        Self {
            placer,
            per_deg: n as f64 / span,
            stretches: (0..n).map(hermite).collect(),
        }
    }

    #[inline]
    pub(super) fn point(&self, lon_deg: f64, lat_deg: f64) -> Option<(i32, i32)> {
        let off = self.placer.off_middle(lon_deg, lat_deg)?;
        let along = (lat_deg - self.placer.south_deg) * self.per_deg;
        let stretch = (along as usize).min(self.stretches.len() - 1);
        let share = along - stretch as f64;
        let [a, b, c, d] = self.stretches[stretch];
        Some((self.placer.x(off), rounded(a + share * (b + share * (c + share * d)))))
    }
}

/// The nearest whole number, halves upwards, of units in a tile or around it; a cast that truncates is several times
/// faster than rounding.
#[inline]
pub(super) fn rounded(units: f64) -> i32 {
    const ABOVE_ZERO: i32 = 1 << 20;
    (units + (f64::from(ABOVE_ZERO) + 0.5)) as i32 - ABOVE_ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_places_are_the_exact_ones() {
        for (z, x, y) in [
            (0, 0, 0),
            (1, 1, 0),
            (3, 4, 0),
            (4, 8, 0),
            (4, 8, 7),
            (7, 65, 36),
            (14, 8000, 4000),
            (30, 5, 9),
        ] {
            let tile = TileId::new(z, x, y).unwrap();
            for tile in [tile, TileId::of(TileMatrixSet::WorldCrs84Quad, z, x, y).unwrap()] {
                let placer = Placer::of(tile, 4096, 64);
                let fast = FastPlacer::of(placer, z);
                for k in 0..=3_000 {
                    let lat = placer.south_deg + (placer.north_deg - placer.south_deg) * f64::from(k) / 3_000.0;
                    let stretch = ((lat - placer.south_deg) * fast.per_deg) as usize;
                    let stretch = stretch.min(fast.stretches.len() - 1);
                    let share = (lat - placer.south_deg) * fast.per_deg - stretch as f64;
                    let [a, b, c, d] = fast.stretches[stretch];
                    let row = a + share * (b + share * (c + share * d));
                    let exact = placer.place(0.0, lat).1;
                    // At zoom 30 a unit is 10 micrometres, and the degrees themselves are no finer than 0.001 of it.
                    let tolerance = if z < 20 { 1e-4 } else { 0.1 };
                    assert!((row - exact).abs() < tolerance, "{z}/{x}/{y} {lat}: {row} {exact}");
                }
            }
        }
    }

    #[test]
    fn rounds_to_the_nearest() {
        for (units, whole) in [
            (0.49, 0),
            (0.5, 1),
            (-0.5, 0),
            (-0.51, -1),
            (-64.0, -64),
            (8191.7, 8192),
        ] {
            assert_eq!(rounded(units), whole);
        }
    }
}
