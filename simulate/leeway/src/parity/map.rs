//! Where a position lies on a grid, and where the grid's y axis points there.
//!
//! The reference takes the bearing of the y axis from a geodesic on WGS84 to the point 10 m further along y. Both map
//! projections of forcing files are conformal, so that the axis' direction on the projection's own figure is an angle
//! that the projection has computed anyway; the second-order terms of the 10 m step and the change of figure are added
//! here in closed form (checked against the geodesic in the tests: within 1e-8 rad).

use driftline_domain::{Ellipsoid, GridSpec, Locator, ProjectedGrid, Projection, wrap_lon_deg};

use super::triangles::Triangles;
use super::trig;

/// The step along y that the reference takes, metres.
const STEP_M: f64 = 10.0;
/// How far beyond the last node a rounding error may put a position, in cells.
const EDGE: f64 = 1e-9;

/// A position with the sine and cosine of its latitude, which every map needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) lon_deg: f64,
    pub(super) lat_deg: f64,
    sin_lat: f64,
    cos_lat: f64,
}

impl Place {
    #[inline]
    pub(super) fn new(lon_deg: f64, lat_deg: f64) -> Self {
        let (sin_lat, cos_lat) = trig::sin_cos(lat_deg.to_radians());
        Self {
            lon_deg,
            lat_deg,
            sin_lat,
            cos_lat,
        }
    }

    /// Sine and cosine of the latitude.
    #[inline]
    pub(super) fn lat(&self) -> (f64, f64) {
        (self.sin_lat, self.cos_lat)
    }
}

/// A position in a grid's index space, and the sine and cosine of the bearing of its y axis there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) i: f64,
    pub(super) j: f64,
    pub(super) axis: (f64, f64),
}

/// A grid made ready for many positions.
#[derive(Debug, Clone)]
pub(super) enum Map {
    /// Degrees: the y axis points north.
    Degrees(Locator),
    /// A cone or a pole plane.
    Cone(Box<Cone>),
    /// Any other projection, the slow way.
    Other(ProjectedGrid, Locator),
    /// Positions of their own: values are turned to east and north at the nodes before they come here.
    Triangles(Triangles),
}

/// Polar stereographic and Lambert maps alike: points lie at `rho = scale t^n` from the apex and `n` times the longitude
/// around it (J. P. Snyder, USGS Professional Paper 1395, 1987, equations 15-1 to 15-11 and 21-33 to 21-40).
#[derive(Debug, Clone)]
pub(super) struct Cone {
    n: f64,
    scale_m: f64,
    lon0_deg: f64,
    /// Metres from the apex to the first node, along x and, away from the apex, along -y.
    apex_x_m: f64,
    apex_y_m: f64,
    per_dx: f64,
    per_dy: f64,
    nx: usize,
    ny: usize,
    ellipsoid: Ellipsoid,
    e: f64,
    /// Distances from the apex as polynomials, one for each stretch of latitude from -90 degrees on.
    stretches: Vec<[f64; DEGREE + 1]>,
}

/// Stretches of latitude in a degree, and the degree of their polynomials: with these the distance from the apex is good
/// to a micrometre between the limits below.
const PER_DEGREE: usize = 4;
const DEGREE: usize = 4;
/// Beyond this latitude the distance is computed and not looked up: towards a pole it may be infinite.
const LOOKED_UP_DEG: f64 = 80.0;

impl Map {
    pub(super) fn of(grid: &GridSpec) -> Self {
        match grid {
            GridSpec::Regular(_) => Self::Degrees(Locator::of(grid)),
            GridSpec::Projected(projected) => Cone::of(projected).map_or_else(
                || Self::Other(*projected, Locator::of(grid)),
                |cone| Self::Cone(Box::new(cone)),
            ),
            GridSpec::Curvilinear(positions) => Self::Triangles(Triangles::of(positions)),
        }
    }

    /// Where a position lies; `None` outside of the nodes.
    #[inline]
    pub(super) fn spot(&self, place: &Place) -> Option<Spot> {
        match self {
            Self::Degrees(locator) => {
                let point = locator.fraction(place.lon_deg, place.lat_deg)?;
                Some(Spot {
                    i: point.i,
                    j: point.j,
                    axis: (0.0, 1.0),
                })
            }
            Self::Cone(cone) => cone.spot(place),
            Self::Triangles(triangles) => {
                let (i, j) = triangles.fraction(place.lon_deg, place.lat_deg)?;
                Some(Spot { i, j, axis: (0.0, 1.0) })
            }
            Self::Other(grid, locator) => {
                let point = locator.fraction(place.lon_deg, place.lat_deg)?;
                let (x_m, y_m) = (grid.x0_m + point.i * grid.dx_m, grid.y0_m + point.j * grid.dy_m);
                let bearing = grid.projection.y_axis_bearing_rad(x_m, y_m);
                Some(Spot {
                    i: point.i,
                    j: point.j,
                    axis: libm::sincos(bearing),
                })
            }
        }
    }
}

impl Cone {
    /// The cone of a grid's projection, told from two of its points: the projection itself has the formulas.
    fn of(grid: &ProjectedGrid) -> Option<Self> {
        let projector = grid.projection.projector();
        // Not a `match`: projections that come later go the slow way until somebody writes them here.
        let (n, lon0_deg, ellipsoid, lat_deg) = if let Projection::PolarStereographic {
            lat_ts_deg,
            lon0_deg,
            ellipsoid,
            ..
        } = grid.projection
        {
            let sign = if lat_ts_deg < 0.0 { -1.0 } else { 1.0 };
            (sign, lon0_deg, ellipsoid, 60.0 * sign)
        } else if let Projection::LambertConformal {
            lat1_deg,
            lat2_deg,
            lon0_deg,
            ellipsoid,
            ..
        } = grid.projection
        {
            (
                cone_constant(lat1_deg, lat2_deg, ellipsoid),
                lon0_deg,
                ellipsoid,
                lat1_deg,
            )
        } else {
            return None;
        };
        let e = ellipsoid.e2.sqrt();
        // Along the central meridian y is the apex' minus rho: two latitudes give both.
        let t = |lat_deg: f64| {
            let (sin, cos) = libm::sincos(lat_deg.to_radians());
            libm::pow(conformal(sin, cos, e), n)
        };
        let (a_deg, b_deg) = (lat_deg, lat_deg - libm::copysign(10.0, lat_deg));
        let ((x_m, y_a_m), (_, y_b_m)) = (projector.forward(lon0_deg, a_deg), projector.forward(lon0_deg, b_deg));
        let scale_m = (y_a_m - y_b_m) / (t(b_deg) - t(a_deg));
        let apex_m = y_a_m + scale_m * t(a_deg);
        let mut cone = Self {
            n,
            scale_m,
            lon0_deg,
            apex_x_m: x_m - grid.x0_m,
            apex_y_m: apex_m - grid.y0_m,
            per_dx: 1.0 / grid.dx_m,
            per_dy: 1.0 / grid.dy_m,
            nx: grid.nx,
            ny: grid.ny,
            ellipsoid,
            e,
            stretches: Vec::new(),
        };
        cone.stretches = (0..180 * PER_DEGREE).map(|stretch| cone.fit(stretch)).collect();
        Some(cone)
    }

    /// The distance from the apex, signed as n, from the sine and cosine of the latitude.
    fn rho_m(&self, sin_lat: f64, cos_lat: f64) -> f64 {
        self.scale_m * libm::pow(conformal(sin_lat, cos_lat, self.e), self.n)
    }

    /// The polynomial of a stretch in the distance from its middle, by Newton's divided differences.
    fn fit(&self, stretch: usize) -> [f64; DEGREE + 1] {
        let middle = (stretch as f64 + 0.5) / PER_DEGREE as f64 - 90.0;
        let nodes: [f64; DEGREE + 1] = std::array::from_fn(|k| (k as f64 / DEGREE as f64 - 0.5) / PER_DEGREE as f64);
        let mut differences = nodes.map(|node| {
            let (sin, cos) = libm::sincos((middle + node).to_radians());
            self.rho_m(sin, cos)
        });
        for order in 1..=DEGREE {
            for k in (order..=DEGREE).rev() {
                differences[k] = (differences[k] - differences[k - 1]) / (nodes[k] - nodes[k - order]);
            }
        }
        // From Newton's form to powers, lowest first.
        let mut powers = [0.0; DEGREE + 1];
        for k in (0..=DEGREE).rev() {
            for j in (1..=DEGREE).rev() {
                powers[j] = powers[j - 1] - nodes[k] * powers[j];
            }
            powers[0] = differences[k] - nodes[k] * powers[0];
        }
        powers
    }

    /// The distance from the apex, looked up where that is good.
    #[inline]
    fn distance_m(&self, place: &Place) -> f64 {
        if place.lat_deg.abs() > LOOKED_UP_DEG {
            return self.rho_m(place.sin_lat, place.cos_lat);
        }
        let stretch = ((place.lat_deg + 90.0) * PER_DEGREE as f64) as usize;
        let x = place.lat_deg + 90.0 - (stretch as f64 + 0.5) / PER_DEGREE as f64;
        let [c0, c1, c2, c3, c4] = self.stretches[stretch];
        c0 + x * (c1 + x * (c2 + x * (c3 + x * c4)))
    }

    #[inline]
    fn spot(&self, place: &Place) -> Option<Spot> {
        let rho_m = self.distance_m(place);
        let turn = self.n * wrap_lon_deg(place.lon_deg - self.lon0_deg).to_radians();
        let (sin, cos) = trig::sin_cos(turn);
        let i = on_row((self.apex_x_m + rho_m * sin) * self.per_dx, self.nx)?;
        let j = on_row((self.apex_y_m - rho_m * cos) * self.per_dy, self.ny)?;
        // Half of the change of longitude over the step of the reference.
        let half = 0.5 * STEP_M * sin / (self.n * rho_m);
        let bend = self.n * half;
        let (east, north) = (sin + cos * bend, cos - sin * bend);
        let east = east * self.figures(place.sin_lat);
        let per_length = 1.0 / (east * east + north * north).sqrt();
        let (east, north) = (east * per_length, north * per_length);
        // From the bearing half way to the one at the start.
        let back = half * place.sin_lat;
        Some(Spot {
            i,
            j,
            axis: (east - north * back, north + east * back),
        })
    }

    /// How much longer a degree of longitude is on WGS84, compared with one of latitude, than on the map's figure.
    #[inline]
    fn figures(&self, sin_lat: f64) -> f64 {
        const PER_WGS84: f64 = 1.0 / (1.0 - Ellipsoid::WGS84.e2);
        let s2 = sin_lat * sin_lat;
        let wgs84 = (1.0 - Ellipsoid::WGS84.e2 * s2) * PER_WGS84;
        if self.e == 0.0 {
            return wgs84;
        }
        wgs84 * (1.0 - self.ellipsoid.e2) / (1.0 - self.ellipsoid.e2 * s2)
    }
}

/// Snyder 15-9: tan of half the conformal colatitude.
#[inline]
fn conformal(sin_lat: f64, cos_lat: f64, e: f64) -> f64 {
    let plain = if sin_lat > 0.0 {
        cos_lat / (1.0 + sin_lat)
    } else {
        (1.0 - sin_lat) / cos_lat
    };
    if e == 0.0 {
        return plain;
    }
    let es = e * sin_lat;
    plain / libm::exp(0.5 * e * libm::log((1.0 - es) / (1.0 + es)))
}

/// Snyder 15-8.
fn cone_constant(lat1_deg: f64, lat2_deg: f64, ellipsoid: Ellipsoid) -> f64 {
    let e = ellipsoid.e2.sqrt();
    let (sin1, cos1) = libm::sincos(lat1_deg.to_radians());
    if (lat1_deg - lat2_deg).abs() < 1e-10 {
        return sin1;
    }
    let (sin2, cos2) = libm::sincos(lat2_deg.to_radians());
    let m = |sin: f64, cos: f64| cos / (1.0 - ellipsoid.e2 * sin * sin).sqrt();
    let t = |sin: f64, cos: f64| conformal(sin, cos, e);
    libm::log(m(sin1, cos1) / m(sin2, cos2)) / libm::log(t(sin1, cos1) / t(sin2, cos2))
}

#[inline]
fn on_row(index: f64, nodes: usize) -> Option<f64> {
    let last = (nodes - 1) as f64;
    (-EDGE..=last + EDGE).contains(&index).then_some(index.clamp(0.0, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moved;

    fn grids() -> Vec<ProjectedGrid> {
        let sphere = Ellipsoid::sphere(6_371_000.0);
        let polar = |lat_ts_deg: f64, ellipsoid| Projection::PolarStereographic {
            lat_ts_deg,
            lon0_deg: 70.0,
            false_easting_m: 3_192_800.0,
            false_northing_m: 1_784_000.0,
            ellipsoid,
        };
        let lambert = |lat1_deg: f64, lat2_deg: f64, ellipsoid| Projection::LambertConformal {
            lat1_deg,
            lat2_deg,
            lat0_deg: lat1_deg,
            lon0_deg: 15.0,
            false_easting_m: 1_000.0,
            false_northing_m: 0.0,
            ellipsoid,
        };
        let projections = [
            polar(60.0, sphere),
            polar(60.0, Ellipsoid::WGS84),
            polar(-71.0, Ellipsoid::WGS84),
            lambert(63.0, 63.0, sphere),
            lambert(33.0, 45.0, Ellipsoid::WGS84),
            lambert(-40.0, -50.0, sphere),
        ];
        let grid = |projection| ProjectedGrid {
            projection,
            nx: 20_001,
            ny: 20_001,
            x0_m: -10_000_000.0,
            y0_m: -10_000_000.0,
            dx_m: 1_000.0,
            dy_m: 1_000.0,
        };
        projections.map(grid).to_vec()
    }

    /// The bearing in which a geodesic leaves one place to reach another close by, by Newton on the direct problem.
    fn bearing(from: (f64, f64), to: (f64, f64)) -> f64 {
        let (mut east, mut north) = (0.0, 0.0);
        let (lon_m, lat_m) = driftline_domain::meters_per_degree((from.1 + to.1) / 2.0);
        for _ in 0..5 {
            let at = moved(from.0, from.1, east, north);
            east += wrap_lon_deg(to.0 - at.0) * lon_m;
            north += (to.1 - at.1) * lat_m;
        }
        libm::atan2(east, north)
    }

    #[test]
    fn places_and_bearings_are_those_of_the_projection_and_the_geodesic() {
        let mut compared = 0;
        for grid in grids() {
            let map = Map::of(&GridSpec::Projected(grid));
            assert!(matches!(map, Map::Cone(..)));
            for lon in [-170.0, -60.0, 4.5, 15.0, 71.0, 130.0] {
                for lat in [-75.0, -45.0, 30.0, 60.5, 78.0] {
                    let (x, y) = grid.projection.forward(lon, lat);
                    let Some(spot) = map.spot(&Place::new(lon, lat)) else {
                        continue;
                    };
                    let (i, j) = ((x - grid.x0_m) / grid.dx_m, (y - grid.y0_m) / grid.dy_m);
                    assert!(
                        (spot.i - i).abs() < 1e-8 && (spot.j - j).abs() < 1e-8,
                        "{:?} {lon} {lat}: {spot:?} {i} {j}",
                        grid.projection
                    );
                    let ahead = grid.projection.inverse(x, y + STEP_M);
                    let back = grid.projection.inverse(x, y);
                    let expected = bearing(back, ahead);
                    let off =
                        wrap_lon_deg((libm::atan2(spot.axis.0, spot.axis.1) - expected).to_degrees()).to_radians();
                    // Degrees carry 1e-14 of themselves: 1e-8 rad in 10 m is 1e-12 degrees.
                    assert!(off.abs() < 3e-8, "{:?} {lon} {lat}: {off}", grid.projection);
                    compared += 1;
                }
            }
        }
        assert!(compared > 80, "{compared}");
    }
}
