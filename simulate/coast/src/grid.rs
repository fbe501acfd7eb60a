//! The grid all geometry lives on: units of 1/7680 degree, counted from 180 W and the south pole.
//!
//! 32 units make a cell (1/240 degree), 16 cells a block (1/15 degree), 15 blocks a tile (1 degree). One unit is 14.5 m
//! along a meridian. Cells, blocks and tiles are half-open: their west and south borders belong to them.

/// Units in a degree, and so along the side of a tile.
pub(crate) const TILE: i32 = 7680;
/// Units along the side of a block.
pub(crate) const BLOCK: i32 = 512;
/// Units along the side of a cell.
pub(crate) const CELL: i32 = 32;
/// Blocks along the side of a tile.
pub(crate) const BLOCKS: i32 = TILE / BLOCK;
/// Cells along the side of a block.
pub(crate) const BLOCK_CELLS: i32 = BLOCK / CELL;
/// Cells along the side of a tile.
pub(crate) const CELLS: i32 = TILE / CELL;
/// Tiles round the globe.
pub(crate) const COLUMNS: i32 = 360;
/// Tiles from pole to pole.
pub(crate) const ROWS: i32 = 180;
/// Tiles in all.
pub(crate) const TILES: usize = (COLUMNS * ROWS) as usize;
/// Units round the globe.
pub(crate) const WIDTH: f64 = (COLUMNS * TILE) as f64;

const UNITS_PER_DEGREE: f64 = TILE as f64;
const HEIGHT_UNITS: i32 = ROWS * TILE;
/// The pole is read as a hair south of itself: north borders belong to no tile.
const NORTH_END: f64 = (HEIGHT_UNITS as f64).next_down();

/// A position in units; `x` may leave 0..WIDTH where a segment crosses the antimeridian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

impl Point {
    /// The point of a position, with 0 <= x < WIDTH; none for a position that is not finite.
    #[inline]
    pub(crate) fn of(lon_deg: f64, lat_deg: f64) -> Option<Point> {
        let mut lon = lon_deg;
        if !(-180.0..180.0).contains(&lon) {
            if !lon.is_finite() {
                return None;
            }
            lon -= 360.0 * libm::floor((lon + 180.0) / 360.0);
        }
        let mut lat = lat_deg;
        if !(-90.0..=90.0).contains(&lat) {
            if lat.is_nan() {
                return None;
            }
            lat = lat.clamp(-90.0, 90.0);
        }
        // A position a hair short of the antimeridian or the pole may round onto it.
        let mut x = (lon + 180.0) * UNITS_PER_DEGREE;
        if x >= WIDTH {
            x -= WIDTH;
        }
        let y = ((lat + 90.0) * UNITS_PER_DEGREE).min(NORTH_END);
        Some(Point { x, y })
    }

    /// Longitude in -180..180 and latitude of this point.
    pub(crate) fn degrees(self) -> (f64, f64) {
        let mut lon = self.x / UNITS_PER_DEGREE - 180.0;
        if lon >= 180.0 {
            lon -= 360.0;
        } else if lon < -180.0 {
            lon += 360.0;
        }
        (lon, latitude(self.y))
    }

    /// Column and row of the whole unit a point of [`Point::of`] is in.
    #[inline]
    pub(crate) fn unit(self) -> (u32, u32) {
        (self.x as u32, self.y as u32)
    }
}

/// Latitude in degrees of a height in units.
pub(crate) fn latitude(y: f64) -> f64 {
    (y / UNITS_PER_DEGREE - 90.0).clamp(-90.0, 90.0)
}

/// Number of the tile at a column and row; columns wrap.
#[inline]
pub(crate) fn tile_number(column: i32, row: i32) -> usize {
    (row.clamp(0, ROWS - 1) * COLUMNS + column.rem_euclid(COLUMNS)) as usize
}

/// Longitude and latitude in degrees of a tile's south-west corner.
pub(crate) fn tile_corner(number: usize) -> (i32, i32) {
    let number = number as i32;
    (number % COLUMNS - 180, number / COLUMNS - 90)
}

/// Metres in a unit east and a unit north at a latitude, on the WGS84 ellipsoid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metric {
    pub(crate) east_m: f64,
    pub(crate) north_m: f64,
}

impl Metric {
    /// The metric at a height in units.
    pub(crate) fn at(y: f64) -> Metric {
        const EQUATOR_RADIUS_M: f64 = 6_378_137.0;
        const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_141_316;
        let radians_per_unit = std::f64::consts::PI / 180.0 / UNITS_PER_DEGREE;
        let latitude = latitude(y) * (std::f64::consts::PI / 180.0);
        let (sin, cos) = (libm::sin(latitude), libm::cos(latitude));
        let w_squared = 1.0 - ECCENTRICITY_SQUARED * sin * sin;
        let prime_vertical_m = EQUATOR_RADIUS_M / w_squared.sqrt();
        let meridian_m = prime_vertical_m * (1.0 - ECCENTRICITY_SQUARED) / w_squared;
        // At the pole itself a unit east has no length; a little keeps divisions sound.
        Metric {
            east_m: (prime_vertical_m * cos * radians_per_unit).max(1e-6),
            north_m: meridian_m * radians_per_unit,
        }
    }

    /// Length in metres of a step of so many units.
    pub(crate) fn length_m(self, dx: f64, dy: f64) -> f64 {
        let (east, north) = (dx * self.east_m, dy * self.north_m);
        (east * east + north * north).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitudes_wrap_and_latitudes_stop_at_the_poles() {
        assert_eq!(Point::of(180.0, 0.0), Point::of(-180.0, 0.0));
        assert_eq!(Point::of(190.0, 10.0), Point::of(-170.0, 10.0));
        assert_eq!(Point::of(-540.0, 0.0), Point::of(180.0, 0.0));
        assert_eq!(Point::of(0.0, 95.0), Point::of(0.0, 90.0));
        assert_eq!(
            Point::of(0.0, 90.0).map(|point| point.unit().1),
            Some(ROWS as u32 * TILE as u32 - 1)
        );
        assert_eq!(Point::of(f64::NAN, 0.0), None);
        let almost = Point::of(179.999_999_999_999_97, 0.0).map(|point| point.x);
        assert!(almost.is_some_and(|x| x < WIDTH), "{almost:?}");
    }

    #[test]
    fn metres_follow_the_ellipsoid() {
        let metric = Metric::at(f64::from(TILE) * 150.0);
        assert!((metric.east_m * UNITS_PER_DEGREE - 55_800.0).abs() < 1.0, "{metric:?}");
        assert!(
            (metric.north_m * UNITS_PER_DEGREE - 111_412.0).abs() < 1.0,
            "{metric:?}"
        );
    }
}
