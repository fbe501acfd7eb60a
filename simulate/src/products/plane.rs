//! A local metric plane: Lambert azimuthal equal-area projection of the WGS84 ellipsoid around a cloud's centre, in
//! metres east (x) and north (y).
//!
//! Equal-area rather than equidistant, because an area is what the plane is for: one square metre of plane is one
//! square metre of sea, however wide the cloud; lengths are off by 0.03 % at 300 km from the centre.
//! Formulas: J. P. Snyder, "Map Projections: A Working Manual", USGS Professional Paper 1395 (1987), equations 3-12,
//! 3-18, 14-15 and 24-17 to 24-27. Trigonometry comes from `libm`, so that every machine computes the same bits.

use driftline_domain::{Ellipsoid, wrap_lon_deg};

/// The oblique form has no limit at the pole itself; a centre this near serves every cloud around it.
const MAX_CENTRE_LAT_DEG: f64 = 89.9;

/// A plane that touches the ellipsoid at its centre.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    lon0_deg: f64,
    sin_beta0: f64,
    cos_beta0: f64,
    /// q at the pole (3-12).
    q_pole: f64,
    /// Radius of the sphere with the ellipsoid's area.
    radius_m: f64,
    /// D of 24-20: keeps the scale true at the centre in both directions.
    stretch: f64,
}

impl Plane {
    /// The plane around a centre in degrees.
    pub(crate) fn around(lon_deg: f64, lat_deg: f64) -> Self {
        let Ellipsoid { a_m, e2 } = Ellipsoid::WGS84;
        let sin_lat0 = libm::sin(lat_deg.clamp(-MAX_CENTRE_LAT_DEG, MAX_CENTRE_LAT_DEG).to_radians());
        let cos_lat0 = libm::sqrt(1.0 - sin_lat0 * sin_lat0);
        let q_pole = q(1.0);
        let radius_m = a_m * libm::sqrt(q_pole / 2.0);
        let (sin_beta0, cos_beta0) = authalic(sin_lat0, q_pole);
        let parallel = cos_lat0 / libm::sqrt(1.0 - e2 * sin_lat0 * sin_lat0);
        Self {
            lon0_deg: wrap_lon_deg(lon_deg),
            sin_beta0,
            cos_beta0,
            q_pole,
            radius_m,
            stretch: a_m * parallel / (radius_m * cos_beta0),
        }
    }

    /// The plane around the middle of some places in degrees, at least one.
    pub(crate) fn amid(places: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
        for (lon_deg, lat_deg) in places {
            let (sin_lon, cos_lon) = libm::sincos(lon_deg.to_radians());
            let (sin_lat, cos_lat) = libm::sincos(lat_deg.to_radians());
            (x, y, z) = (x + cos_lat * cos_lon, y + cos_lat * sin_lon, z + sin_lat);
        }
        Self::around(
            libm::atan2(y, x).to_degrees(),
            libm::atan2(z, libm::hypot(x, y)).to_degrees(),
        )
    }

    /// Latitude of the centre.
    pub(crate) fn lat0_deg(&self) -> f64 {
        latitude(libm::asin(self.sin_beta0)).to_degrees()
    }

    /// Metres east and north of the centre.
    pub(crate) fn forward(&self, lon_deg: f64, lat_deg: f64) -> (f64, f64) {
        let (sin_beta, cos_beta) = authalic(libm::sin(lat_deg.to_radians()), self.q_pole);
        let (sin_lon, cos_lon) = libm::sincos(wrap_lon_deg(lon_deg - self.lon0_deg).to_radians());
        let cos_distance = self.sin_beta0 * sin_beta + self.cos_beta0 * cos_beta * cos_lon;
        let scale_m = self.radius_m * libm::sqrt(2.0 / (1.0 + cos_distance));
        (
            scale_m * self.stretch * cos_beta * sin_lon,
            scale_m / self.stretch * (self.cos_beta0 * sin_beta - self.sin_beta0 * cos_beta * cos_lon),
        )
    }

    /// Longitude and latitude in degrees. The longitude lies within half a turn of the centre's and is not wrapped
    /// into [-180, 180), so that a ring across the antimeridian stays in one piece.
    pub(crate) fn inverse(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        let (x, y) = (x_m / self.stretch, y_m * self.stretch);
        let rho = libm::hypot(x, y);
        if rho == 0.0 {
            return (self.lon0_deg, latitude(libm::asin(self.sin_beta0)).to_degrees());
        }
        let (sin_distance, cos_distance) = libm::sincos(2.0 * libm::asin((rho / (2.0 * self.radius_m)).min(1.0)));
        let sin_beta = cos_distance * self.sin_beta0 + y * sin_distance * self.cos_beta0 / rho;
        let turn = libm::atan2(
            x * sin_distance,
            rho * self.cos_beta0 * cos_distance - y * self.sin_beta0 * sin_distance,
        );
        let lat = latitude(libm::asin(sin_beta.clamp(-1.0, 1.0)));
        (self.lon0_deg + turn.to_degrees(), lat.to_degrees())
    }
}

/// Square metres between two latitudes, along this many degrees of longitude (Snyder 3-12: a parallel's q is twice the
/// area south of it per radian and square of the radius).
pub(crate) fn strip_m2(south_deg: f64, north_deg: f64, width_deg: f64) -> f64 {
    let a_m = Ellipsoid::WGS84.a_m;
    let of = |lat_deg: f64| q(libm::sin(lat_deg.to_radians()));
    0.5 * a_m * a_m * (of(north_deg) - of(south_deg)) * width_deg.to_radians()
}

/// Snyder 3-12.
fn q(sin_lat: f64) -> f64 {
    let e2 = Ellipsoid::WGS84.e2;
    let e = libm::sqrt(e2);
    (1.0 - e2) * (sin_lat / (1.0 - e2 * sin_lat * sin_lat) + libm::atanh(e * sin_lat) / e)
}

/// Sine and cosine of the authalic latitude (3-11).
fn authalic(sin_lat: f64, q_pole: f64) -> (f64, f64) {
    let sin_beta = (q(sin_lat) / q_pole).clamp(-1.0, 1.0);
    (sin_beta, libm::sqrt(1.0 - sin_beta * sin_beta))
}

/// Geodetic from authalic latitude, radians (3-18); the terms left out are below a millimetre.
fn latitude(beta: f64) -> f64 {
    let e2 = Ellipsoid::WGS84.e2;
    let (e4, e6) = (e2 * e2, e2 * e2 * e2);
    beta + (e2 / 3.0 + 31.0 * e4 / 180.0 + 517.0 * e6 / 5040.0) * libm::sin(2.0 * beta)
        + (23.0 * e4 / 360.0 + 251.0 * e6 / 3780.0) * libm::sin(4.0 * beta)
        + 761.0 * e6 / 45_360.0 * libm::sin(6.0 * beta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Distance, Geodesic, GeodesicArea, LineString, Point, Polygon};

    #[test]
    fn there_and_back_again() {
        for (lon0, lat0) in [
            (4.0, 60.0),
            (179.9, -17.0),
            (-70.0, 0.0),
            (30.0, 89.5),
            (0.0, 90.0),
            (10.0, -78.0),
        ] {
            let plane = Plane::around(lon0, lat0);
            for (dx, dy) in [(0.0, 0.0), (100.0, -3_000.0), (-250_000.0, 120_000.0), (4e5, 4e5)] {
                let (lon, lat) = plane.inverse(dx, dy);
                let (x, y) = plane.forward(lon, lat);
                // Beside the pole the sine of a latitude holds it to a few centimetres only.
                assert!(
                    (x - dx).abs() < 0.1 && (y - dy).abs() < 0.1,
                    "{lon0} {lat0}: {dx} {dy} -> {x} {y}"
                );
            }
        }
    }

    /// The geodesic library of `geo` has the last word on lengths and areas.
    #[test]
    fn lengths_and_areas_agree_with_geodesics() {
        for (lon0, lat0) in [(4.0, 60.0), (179.9, -17.0), (-70.0, 0.0), (30.0, 80.0)] {
            let plane = Plane::around(lon0, lat0);
            let (lon, lat) = plane.inverse(30_000.0, 40_000.0);
            let length = Geodesic.distance(Point::new(lon0, lat0), Point::new(lon, lat));
            assert!((length - 50_000.0).abs() < 1.0, "{lon0} {lat0}: {length}");
            let steps = 2_000;
            let ring: LineString = (0..=steps)
                .map(|k| f64::from(k % steps) / f64::from(steps) * std::f64::consts::TAU)
                .map(|turn| plane.inverse(300_000.0 + 2e5 * libm::cos(turn), 2e5 * libm::sin(turn)))
                .collect();
            let area = Polygon::new(ring, vec![]).geodesic_area_unsigned();
            let expected = std::f64::consts::PI * 4e10;
            assert!(
                (area / expected - 1.0).abs() < 1e-5,
                "{lon0} {lat0}: {}",
                area / expected
            );
        }
    }
}
