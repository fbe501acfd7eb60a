//! Addresses in the tile pyramid of the web: zoom, column from the west, row from the north (XYZ, Web Mercator).
//!
//! The arithmetic is a handful of lines, so it stands here: `martin-tile-utils` has it too, but since 0.5 it comes with
//! brotli, zstd, serde_json and a profiler, none of which a tile address needs.

use driftline_domain::BBox;

use crate::Error;
use crate::mercator::{self, HALF_WORLD_M};

/// One tile of the pyramid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileId {
    z: u8,
    x: u32,
    y: u32,
}

impl TileId {
    /// Deepest zoom: a tile is 4 cm wide there.
    pub const MAX_ZOOM: u8 = 30;

    /// A checked address.
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, Error> {
        if z > Self::MAX_ZOOM || x >> z != 0 || y >> z != 0 {
            return Err(Error::NoTile { z, x, y });
        }
        Ok(Self { z, x, y })
    }

    /// Zoom.
    pub fn z(&self) -> u8 {
        self.z
    }

    /// Column from the west.
    pub fn x(&self) -> u32 {
        self.x
    }

    /// Row from the north.
    pub fn y(&self) -> u32 {
        self.y
    }

    /// Width of the tile in metres of EPSG:3857.
    pub fn span_m(&self) -> f64 {
        2.0 * HALF_WORLD_M / f64::from(1u32 << self.z)
    }

    /// min x, min y, max x, max y in metres of EPSG:3857.
    pub fn bounds_m(&self) -> [f64; 4] {
        let span = self.span_m();
        let west = f64::from(self.x) * span - HALF_WORLD_M;
        let north = HALF_WORLD_M - f64::from(self.y) * span;
        [west, north - span, west + span, north]
    }

    /// The box of longitudes and latitudes, widened by a share of the tile's width on each side.
    pub fn bbox(&self, margin: f64) -> BBox {
        let [west, south, east, north] = self.bounds_m();
        let more = margin * self.span_m();
        let (west, east) = (mercator::lon_deg(west - more), mercator::lon_deg(east + more));
        let (south, north) = (mercator::lat_deg(south - more), mercator::lat_deg(north + more));
        crate::view::wrapped_box(west, south, east, north)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_the_north_west() {
        let south_of_bergen = TileId::new(7, 65, 37).unwrap();
        let bbox = south_of_bergen.bbox(0.0);
        assert!(bbox.contains(5.3, 60.1) && !bbox.contains(5.3, 60.39), "{bbox:?}");
        assert!(
            (bbox.west - 2.8125).abs() < 1e-9 && (bbox.north - 60.239_811_170).abs() < 1e-9,
            "{bbox:?}"
        );
        let world = TileId::new(0, 0, 0).unwrap().bbox(0.0);
        assert_eq!((world.west, world.east), (-180.0, 180.0));
        assert!((world.north - 85.051_128_779_806_6).abs() < 1e-9);
    }

    #[test]
    fn a_margin_reaches_over_the_antimeridian() {
        let bbox = TileId::new(3, 7, 3).unwrap().bbox(0.1);
        assert!(bbox.crosses_antimeridian() && bbox.contains(-179.0, 1.0), "{bbox:?}");
    }

    #[test]
    fn refuses_what_is_outside_the_pyramid() {
        for (z, x, y) in [
            (0, 1, 0),
            (3, 8, 0),
            (3, 0, 8),
            (31, 0, 0),
            (255, 0, 0),
            (1, u32::MAX, 0),
        ] {
            assert!(TileId::new(z, x, y).is_err(), "{z}/{x}/{y}");
        }
        assert!(TileId::new(30, (1 << 30) - 1, (1 << 30) - 1).is_ok());
    }
}
