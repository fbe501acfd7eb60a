//! Addresses in a tile pyramid: zoom, column from the west, row from the north; of the web's pyramid unless another tile
//! matrix set is named.
//!
//! The arithmetic is a handful of lines, so it stands here: `martin-tile-utils` has it too, but since 0.5 it comes with
//! brotli, zstd, serde_json and a profiler, none of which a tile address needs.

use driftline_domain::BBox;

use crate::{Error, TileMatrixSet};

/// One tile of a pyramid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileId {
    set: TileMatrixSet,
    z: u8,
    x: u32,
    y: u32,
}

/// The columns and rows of one zoom that a box reaches into, all included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileLimits {
    /// Zoom.
    pub z: u8,
    /// First column.
    pub min_x: u32,
    /// Last column.
    pub max_x: u32,
    /// First row.
    pub min_y: u32,
    /// Last row.
    pub max_y: u32,
}

impl TileId {
    /// Deepest zoom: a tile is 4 cm wide there.
    pub const MAX_ZOOM: u8 = 30;

    /// A checked address in the pyramid of the web.
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, Error> {
        Self::of(TileMatrixSet::WebMercatorQuad, z, x, y)
    }

    /// A checked address in a tile matrix set.
    pub fn of(set: TileMatrixSet, z: u8, x: u32, y: u32) -> Result<Self, Error> {
        let (columns, rows) = set.size(z);
        if z > Self::MAX_ZOOM || x >= columns || y >= rows {
            return Err(Error::NoTile { z, x, y });
        }
        Ok(Self { set, z, x, y })
    }

    /// The tile matrix set.
    pub fn set(&self) -> TileMatrixSet {
        self.set
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

    /// Width of the tile in units of its set's plane: metres of EPSG:3857, or degrees.
    pub fn span(&self) -> f64 {
        self.set.span(self.z)
    }

    /// min x, min y, max x, max y in the plane.
    pub fn bounds(&self) -> [f64; 4] {
        let span = self.span();
        let (left, top) = self.set.origin();
        let west = f64::from(self.x) * span + left;
        let north = top - f64::from(self.y) * span;
        [west, north - span, west + span, north]
    }

    /// The box of longitudes and latitudes, widened by a share of the tile's width on each side.
    pub fn bbox(&self, margin: f64) -> BBox {
        let [west, south, east, north] = self.bounds();
        let more = margin * self.span();
        let set = self.set;
        let lat = |y: f64| set.lat_deg(y).clamp(-90.0, 90.0);
        let (south, north) = (lat(south - more), lat(north + more));
        crate::view::wrapped_box(set.lon_deg(west - more), south, set.lon_deg(east + more), north)
    }
}

impl TileLimits {
    /// The tiles of a zoom, at most 30, that a box reaches into; of a box across the antimeridian all columns, because
    /// limits know one range of them.
    pub fn of_box(set: TileMatrixSet, z: u8, bbox: &BBox) -> Self {
        let (columns, rows) = set.size(z);
        let (left, top) = set.origin();
        let span = set.span(z);
        let index = |distance: f64, count: u32| (distance / span).floor().clamp(0.0, f64::from(count - 1)) as u32;
        let (west, east) = if bbox.crosses_antimeridian() {
            (-180.0, 180.0)
        } else {
            (bbox.west, bbox.east)
        };
        Self {
            z,
            min_x: index(set.x(west) - left, columns),
            max_x: index(set.x(east) - left, columns),
            min_y: index(top - set.y(bbox.north), rows),
            max_y: index(top - set.y(bbox.south), rows),
        }
    }

    /// Whether a tile of this zoom lies inside.
    pub fn hold(&self, tile: TileId) -> bool {
        tile.z == self.z && (self.min_x..=self.max_x).contains(&tile.x) && (self.min_y..=self.max_y).contains(&tile.y)
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
        let east = TileId::of(TileMatrixSet::WorldCrs84Quad, 0, 1, 0).unwrap().bbox(0.0);
        assert_eq!(
            (east.west, east.south, east.east, east.north),
            (0.0, -90.0, 180.0, 90.0)
        );
    }

    #[test]
    fn a_margin_reaches_over_the_antimeridian() {
        let bbox = TileId::new(3, 7, 3).unwrap().bbox(0.1);
        assert!(bbox.crosses_antimeridian() && bbox.contains(-179.0, 1.0), "{bbox:?}");
        let polar = TileId::of(TileMatrixSet::WorldCrs84Quad, 3, 0, 0).unwrap().bbox(0.1);
        assert_eq!(polar.north, 90.0);
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
        let world = TileMatrixSet::WorldCrs84Quad;
        assert!(TileId::of(world, 30, (1 << 31) - 1, (1 << 30) - 1).is_ok());
        assert!(TileId::of(world, 0, 2, 0).is_err() && TileId::of(world, 0, 0, 1).is_err());
    }

    #[test]
    fn limits_hold_the_tiles_of_a_box() {
        let bbox = BBox::new(3.0, 59.5, 5.0, 61.0).unwrap();
        for set in TileMatrixSet::ALL {
            for z in [0, 5, 9] {
                let limits = TileLimits::of_box(set, z, &bbox);
                let tile = |x: u32, y: u32| TileId::of(set, z, x, y).unwrap();
                assert!(
                    tile(limits.min_x, limits.min_y).bbox(0.0).contains(3.0, 61.0),
                    "{set:?} {z}"
                );
                assert!(
                    tile(limits.max_x, limits.max_y).bbox(0.0).contains(5.0, 59.5),
                    "{set:?} {z}"
                );
                assert!(limits.hold(tile(limits.max_x, limits.min_y)));
                if z > 0 {
                    assert!(!limits.hold(tile(limits.max_x + 1, limits.min_y)));
                }
            }
        }
        let fiji = BBox::new(175.0, -20.0, -175.0, -10.0).unwrap();
        let limits = TileLimits::of_box(TileMatrixSet::WebMercatorQuad, 3, &fiji);
        assert_eq!((limits.min_x, limits.max_x), (0, 7));
    }
}
