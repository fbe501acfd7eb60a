//! Where particles lie in a grid, for many at once. A regular grid is a multiplication; a map projection is replaced,
//! half a degree by half a degree, by the polynomial of third degree through it.
//!
//! The polynomial interpolates at Chebyshev points, so it is off by less than h^4/192 of the projection's fourth
//! derivative, h being a quarter of a degree in radians: 0.1 mm on the Earth. The projection itself costs some hundred
//! nanoseconds, the polynomial five. On a grid of positions each particle is looked for from the cell of the one before.

use driftline_domain::{CurvilinearGrid, GridSpec, Locator, integer, whole_below};

use crate::block::BLOCK;

/// Side of a patch, degrees.
const PATCH_DEG: f64 = 0.5;
const PER_PATCH: f64 = 1.0 / PATCH_DEG;
/// Coefficients of a polynomial of third degree in two variables.
const TERMS: usize = 10;

/// Finds columns and rows of particles in a grid.
pub(crate) enum Finder {
    Regular(Regular),
    Projected(Patches),
    Curvilinear(CurvilinearGrid),
}

/// A grid on longitude and latitude.
pub(crate) struct Regular {
    lon0_deg: f64,
    lat0_deg: f64,
    per_dlon: f64,
    per_dlat: f64,
}

/// A projected grid, patch by patch.
pub(crate) struct Patches {
    west_deg: f64,
    south_deg: f64,
    columns: usize,
    rows: usize,
    /// Column and row as polynomials of the place in the patch, -1 to 1 both ways.
    patches: Vec<[[f64; 2]; TERMS]>,
}

impl Finder {
    pub(crate) fn of(grid: &GridSpec) -> Self {
        match grid {
            GridSpec::Regular(grid) => Self::Regular(Regular {
                lon0_deg: grid.lon0_deg,
                lat0_deg: grid.lat0_deg,
                per_dlon: 1.0 / grid.dlon_deg,
                per_dlat: 1.0 / grid.dlat_deg,
            }),
            GridSpec::Projected(_) => Self::Projected(Patches::of(grid)),
            GridSpec::Curvilinear(grid) => Self::Curvilinear(grid.clone()),
        }
    }

    /// Fractional column and row of each position; anything outside of the grid, or NaN, for those that are not in it.
    #[inline(always)]
    pub(crate) fn find(&self, lon_deg: &[f64], lat_deg: &[f64], column: &mut [f64], row: &mut [f64]) {
        match self {
            Self::Regular(grid) => grid.find(lon_deg, lat_deg, column, row),
            Self::Projected(patches) => patches.find(lon_deg, lat_deg, column, row),
            Self::Curvilinear(grid) => find_in_turn(grid, lon_deg, lat_deg, column, row),
        }
    }
}

/// One after the other: particles of a block are near each other, and a cell is found quickest from one close by.
fn find_in_turn(grid: &CurvilinearGrid, lon_deg: &[f64], lat_deg: &[f64], column: &mut [f64], row: &mut [f64]) {
    let mut near = None;
    let places = lon_deg.iter().zip(lat_deg);
    for ((lon, lat), (column, row)) in places.zip(column.iter_mut().zip(row)) {
        let found = grid.fraction_near(near, *lon, *lat);
        (*column, *row) = found.map_or((f64::NAN, f64::NAN), |point| (point.i, point.j));
        near = found.or(near);
    }
}

impl Regular {
    #[inline(always)]
    fn find(&self, lon_deg: &[f64], lat_deg: &[f64], column: &mut [f64], row: &mut [f64]) {
        let n = lon_deg.len();
        let (lat_deg, column, row) = (&lat_deg[..n], &mut column[..n], &mut row[..n]);
        for p in 0..n {
            let turn = lon_deg[p] - self.lon0_deg;
            let turn = if turn < 0.0 { turn + 360.0 } else { turn };
            column[p] = turn * self.per_dlon;
            row[p] = (lat_deg[p] - self.lat0_deg) * self.per_dlat;
        }
    }
}

impl Patches {
    fn of(grid: &GridSpec) -> Self {
        let bounds = grid.bounds();
        let width = if bounds.crosses_antimeridian() {
            bounds.east + 360.0 - bounds.west
        } else {
            bounds.east - bounds.west
        };
        let whole = |degrees: f64| libm::ceil(degrees * PER_PATCH) as usize + 1;
        let south_deg = libm::floor(bounds.south * PER_PATCH) * PATCH_DEG;
        let west_deg = libm::floor(bounds.west * PER_PATCH) * PATCH_DEG;
        let (columns, rows) = (whole(width), whole(bounds.north - south_deg));
        let locator = Locator::of(grid);
        let corner = |k: usize| {
            (
                west_deg + (k % columns) as f64 * PATCH_DEG,
                south_deg + (k / columns) as f64 * PATCH_DEG,
            )
        };
        Self {
            west_deg,
            south_deg,
            columns,
            rows,
            patches: (0..columns * rows).map(|k| patch(&locator, corner(k))).collect(),
        }
    }

    #[inline(always)]
    fn find(&self, lon_deg: &[f64], lat_deg: &[f64], column: &mut [f64], row: &mut [f64]) {
        let n = lon_deg.len();
        let (lat_deg, column, row) = (&lat_deg[..n], &mut column[..n], &mut row[..n]);
        let (columns, rows) = (self.columns as f64, self.rows as f64);
        let mut number = [0u32; BLOCK];
        let number = &mut number[..n];
        for p in 0..n {
            let turn = lon_deg[p] - self.west_deg;
            let turn = if turn < 0.0 { turn + 360.0 } else { turn };
            let (x, y) = (turn * PER_PATCH, (lat_deg[p] - self.south_deg) * PER_PATCH);
            let is_inside = (x >= 0.0) & (x < columns) & (y >= 0.0) & (y < rows);
            // Patches meet: on the border either one does.
            let (i, j) = (whole_below(x).max(0.0), whole_below(y).max(0.0));
            number[p] = integer(if is_inside {
                j * columns + i
            } else {
                f64::from(u32::MAX)
            });
            (column[p], row[p]) = (2.0 * (x - i) - 1.0, 2.0 * (y - j) - 1.0);
        }
        for p in 0..n {
            (column[p], row[p]) = match self.patches.get(number[p] as usize) {
                Some(terms) => at(terms, column[p], row[p]),
                None => (f64::NAN, f64::NAN),
            };
        }
    }
}

/// The polynomial at a place in its patch, by Horner's rule in both directions.
#[inline(always)]
fn at(terms: &[[f64; 2]; TERMS], a: f64, b: f64) -> (f64, f64) {
    let mut sum = [0.0; 2];
    for (axis, sum) in sum.iter_mut().enumerate() {
        let c = |term: usize| terms[term][axis];
        let constant = c(0) + b * (c(2) + b * (c(5) + b * c(9)));
        let linear = c(1) + b * (c(4) + b * c(8));
        let square = c(3) + b * c(7);
        *sum = constant + a * (linear + a * (square + a * c(6)));
    }
    (sum[0], sum[1])
}

/// The polynomial of a patch; not a number where the projection is torn within it, on the far side of a cone. Those who
/// are there are looked up one by one.
fn patch(locator: &Locator, corner: (f64, f64)) -> [[f64; 2]; TERMS] {
    const GOOD_CELLS: f64 = 1e-4;
    let terms = polynomial(locator, corner);
    let is_good = |(a, b): (f64, f64)| {
        let half = PATCH_DEG / 2.0;
        let exact = locator.unbounded(corner.0 + half * (a + 1.0), (corner.1 + half * (b + 1.0)).min(90.0));
        let (i, j) = at(&terms, a, b);
        (i - exact.i).abs() < GOOD_CELLS && (j - exact.j).abs() < GOOD_CELLS
    };
    let checked = [(0.0, 0.0), (-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)];
    if checked.into_iter().all(is_good) {
        terms
    } else {
        [[f64::NAN; 2]; TERMS]
    }
}

/// Fits column and row over a patch: a product of Chebyshev series through 4 x 4 points, of which the terms up to the
/// third degree together are kept.
fn polynomial(locator: &Locator, (west_deg, south_deg): (f64, f64)) -> [[f64; 2]; TERMS] {
    const POINTS: usize = 4;
    let node = |k: usize| libm::cos(std::f64::consts::PI * (k as f64 + 0.5) / POINTS as f64);
    let chebyshev = |x: f64| [1.0, x, 2.0 * x * x - 1.0, (4.0 * x * x - 3.0) * x];
    let mut series = [[[0.0; 2]; POINTS]; POINTS];
    for ka in 0..POINTS {
        for kb in 0..POINTS {
            let (a, b) = (node(ka), node(kb));
            let half = PATCH_DEG / 2.0;
            let (lon, lat) = (west_deg + half * (a + 1.0), south_deg + half * (b + 1.0));
            let point = locator.unbounded(lon, lat.clamp(-90.0, 90.0));
            let (ta, tb) = (chebyshev(a), chebyshev(b));
            for (m, row) in series.iter_mut().enumerate() {
                for (n, sum) in row.iter_mut().enumerate() {
                    let weight = [1.0, 2.0][usize::from(m > 0)] * [1.0, 2.0][usize::from(n > 0)] / 16.0;
                    sum[0] += weight * ta[m] * tb[n] * point.i;
                    sum[1] += weight * ta[m] * tb[n] * point.j;
                }
            }
        }
    }
    // From Chebyshev polynomials to powers.
    std::array::from_fn(|term| {
        std::array::from_fn(|axis| {
            let c = |m: usize, n: usize| series[m][n][axis];
            match term {
                0 => c(0, 0) - c(2, 0) - c(0, 2),
                1 => c(1, 0) - 3.0 * c(3, 0) - c(1, 2),
                2 => c(0, 1) - 3.0 * c(0, 3) - c(2, 1),
                3 => 2.0 * c(2, 0),
                4 => c(1, 1),
                5 => 2.0 * c(0, 2),
                6 => 4.0 * c(3, 0),
                7 => 2.0 * c(2, 1),
                8 => 2.0 * c(1, 2),
                _ => 4.0 * c(0, 3),
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::{Ellipsoid, ProjectedGrid, Projection, RegularGrid};

    fn polar(ellipsoid: Ellipsoid) -> Projection {
        Projection::PolarStereographic {
            lat_ts_deg: 60.0,
            lon0_deg: 70.0,
            false_easting_m: 3_192_800.0,
            false_northing_m: 1_784_000.0,
            ellipsoid,
        }
    }

    fn lambert(ellipsoid: Ellipsoid) -> Projection {
        Projection::LambertConformal {
            lat1_deg: 77.5,
            lat2_deg: 77.5,
            lat0_deg: 77.5,
            lon0_deg: -25.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid,
        }
    }

    /// A grid of 1 km cells about a place.
    fn grid(projection: Projection, lon: f64, lat: f64) -> GridSpec {
        let (x, y) = projection.projector().forward(lon, lat);
        GridSpec::Projected(ProjectedGrid {
            projection,
            nx: 401,
            ny: 401,
            x0_m: x - 200_000.0,
            y0_m: y - 200_000.0,
            dx_m: 1_000.0,
            dy_m: 1_000.0,
        })
    }

    #[test]
    fn patches_follow_the_projection_to_a_millimetre_up_to_the_pole() {
        let round = Ellipsoid::sphere(6_371_000.0);
        for (projection, lon, lat) in [
            (polar(round), 4.0, 60.0),
            (polar(Ellipsoid::WGS84), 179.8, 75.0),
            (polar(round), 30.0, 89.5),
            (lambert(round), 3.0, 61.0),
            (lambert(Ellipsoid::WGS84), -25.0, 80.0),
        ] {
            let grid = grid(projection, lon, lat);
            let (finder, locator) = (Finder::of(&grid), Locator::of(&grid));
            let mut worst = 0.0f64;
            for k in 0..40_000 {
                let point = driftline_domain::GridPoint {
                    i: f64::from(k % 200) * 2.0,
                    j: f64::from(k / 200) * 2.0,
                };
                let (lon, lat) = grid.position(point);
                let (mut column, mut row) = ([0.0], [0.0]);
                finder.find(&[lon], &[lat], &mut column, &mut row);
                let exact = locator.unbounded(lon, lat);
                worst = worst.max(libm::hypot(column[0] - exact.i, row[0] - exact.j));
            }
            assert!(worst < 1e-6, "{lon} {lat}: {worst} cells of 1 km");
        }
    }

    #[test]
    fn what_is_not_in_the_grid_is_not_found_in_it() {
        let grid = grid(polar(Ellipsoid::sphere(6_371_000.0)), 4.0, 60.0);
        let finder = Finder::of(&grid);
        for (lon, lat) in [
            (60.0, 60.0),
            (4.0, -60.0),
            (-176.0, 60.0),
            (f64::NAN, 60.0),
            (4.0, f64::NAN),
        ] {
            let (mut column, mut row) = ([0.0], [0.0]);
            finder.find(&[lon], &[lat], &mut column, &mut row);
            let inside = (0.0..=400.0).contains(&column[0]) && (0.0..=400.0).contains(&row[0]);
            assert!(!inside, "{lon} {lat}: {} {}", column[0], row[0]);
        }
    }

    #[test]
    fn a_regular_grid_knows_the_antimeridian() {
        let grid = GridSpec::Regular(RegularGrid {
            nx: 21,
            ny: 11,
            lon0_deg: 179.0,
            lat0_deg: -0.5,
            dlon_deg: 0.1,
            dlat_deg: 0.1,
        });
        let (mut column, mut row) = ([0.0; 2], [0.0; 2]);
        Finder::of(&grid).find(&[179.5, -179.5], &[0.0, 0.25], &mut column, &mut row);
        assert!(
            (column[0] - 5.0).abs() < 1e-9 && (column[1] - 15.0).abs() < 1e-9,
            "{column:?}"
        );
        assert!((row[0] - 5.0).abs() < 1e-9 && (row[1] - 7.5).abs() < 1e-9, "{row:?}");
    }
}
