//! The two tile matrix sets (OGC 17-083r4, annexes D.1 and D.3): the pyramid of the web in Web Mercator, and that of
//! longitudes and latitudes, whose coarsest matrix is two tiles wide. Rows count from the north, columns from the west.

use crate::MapCrs;
use crate::mercator::{self, HALF_WORLD_M};

/// A tile matrix set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TileMatrixSet {
    /// EPSG:3857, one tile at zoom 0.
    #[default]
    WebMercatorQuad,
    /// CRS84 degrees, 2 x 1 tiles at zoom 0.
    WorldCrs84Quad,
}

/// Metres of a degree at the equator of WGS 84, as scale denominators count (17-083r4, 6.1.1).
const DEGREE_M: f64 = std::f64::consts::PI * 6_378_137.0 / 180.0;
/// A standardised pixel, metres.
const PIXEL_M: f64 = 0.000_28;

impl TileMatrixSet {
    /// Both, the most used first.
    pub const ALL: [Self; 2] = [Self::WebMercatorQuad, Self::WorldCrs84Quad];
    /// Pixels of a tile's side.
    pub const TILE_PX: u32 = 256;

    /// Identifier in the registry of tile matrix sets.
    pub fn id(self) -> &'static str {
        match self {
            Self::WebMercatorQuad => "WebMercatorQuad",
            Self::WorldCrs84Quad => "WorldCRS84Quad",
        }
    }

    /// The set of this identifier.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.id() == id)
    }

    /// The plane that its tiles are cut from.
    pub fn crs(self) -> MapCrs {
        match self {
            Self::WebMercatorQuad => MapCrs::WebMercator,
            Self::WorldCrs84Quad => MapCrs::Crs84,
        }
    }

    /// The finest zoom of the registered definition.
    pub fn finest_zoom(self) -> u8 {
        match self {
            Self::WebMercatorQuad => 24,
            Self::WorldCrs84Quad => 23,
        }
    }

    /// Columns and rows of a zoom, which is at most 30.
    pub fn size(self, zoom: u8) -> (u32, u32) {
        let rows = 1u32 << zoom.min(30);
        match self {
            Self::WebMercatorQuad => (rows, rows),
            Self::WorldCrs84Quad => (2 * rows, rows),
        }
    }

    /// The upper left corner in the plane.
    pub fn origin(self) -> (f64, f64) {
        match self {
            Self::WebMercatorQuad => (-HALF_WORLD_M, HALF_WORLD_M),
            Self::WorldCrs84Quad => (-180.0, 90.0),
        }
    }

    /// Side of a tile in units of the plane.
    pub fn span(self, zoom: u8) -> f64 {
        let (_, rows) = self.size(zoom);
        let whole = match self {
            Self::WebMercatorQuad => 2.0 * HALF_WORLD_M,
            Self::WorldCrs84Quad => 180.0,
        };
        whole / f64::from(rows)
    }

    /// Side of a pixel in units of the plane.
    pub fn cell_size(self, zoom: u8) -> f64 {
        self.span(zoom) / f64::from(Self::TILE_PX)
    }

    /// Scale denominator of a zoom.
    pub fn scale_denominator(self, zoom: u8) -> f64 {
        let unit_m = match self {
            Self::WebMercatorQuad => 1.0,
            Self::WorldCrs84Quad => DEGREE_M,
        };
        self.cell_size(zoom) * unit_m / PIXEL_M
    }

    /// A turn around the globe in units of the plane.
    pub(crate) fn turn(self) -> f64 {
        match self {
            Self::WebMercatorQuad => 2.0 * HALF_WORLD_M,
            Self::WorldCrs84Quad => 360.0,
        }
    }

    /// x of a longitude.
    #[inline]
    pub fn x(self, lon_deg: f64) -> f64 {
        match self {
            Self::WebMercatorQuad => mercator::x_m(lon_deg),
            Self::WorldCrs84Quad => lon_deg,
        }
    }

    /// y of a latitude.
    pub fn y(self, lat_deg: f64) -> f64 {
        match self {
            Self::WebMercatorQuad => mercator::y_m(lat_deg),
            Self::WorldCrs84Quad => lat_deg,
        }
    }

    /// Longitude of an x.
    pub fn lon_deg(self, x: f64) -> f64 {
        match self {
            Self::WebMercatorQuad => mercator::lon_deg(x),
            Self::WorldCrs84Quad => x,
        }
    }

    /// Latitude of a y.
    pub fn lat_deg(self, y: f64) -> f64 {
        match self {
            Self::WebMercatorQuad => mercator::lat_deg(y),
            Self::WorldCrs84Quad => y,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_registered_definitions() {
        for set in TileMatrixSet::ALL {
            assert_eq!(TileMatrixSet::find(set.id()), Some(set));
        }
        assert_eq!(TileMatrixSet::find("webmercatorquad"), None);
        let (web, world) = (TileMatrixSet::WebMercatorQuad, TileMatrixSet::WorldCrs84Quad);
        // 17-083r4, tables D.1 and D.3.
        for (set, zoom, scale, cell) in [
            (web, 0, 559_082_264.028_717, 156_543.033_928_040_97),
            (web, 24, 33.323_899_747_652_87, 0.009_330_691_929_342_804),
            (world, 0, 279_541_132.014_358_76, 0.703_125),
            (world, 17, 2_132.729_583_849_784, 0.000_005_364_418_029_785_156),
        ] {
            assert!(
                (set.scale_denominator(zoom) / scale - 1.0).abs() < 1e-9,
                "{set:?} {zoom}"
            );
            assert!((set.cell_size(zoom) / cell - 1.0).abs() < 1e-9, "{set:?} {zoom}");
        }
        assert_eq!((web.size(3), world.size(3)), ((8, 8), (16, 8)));
    }
}
