//! Places to metres and back, for many points on one map.

use super::Ellipsoid;
use super::transverse_mercator::{self, TransverseMercator};

/// A projection with everything worked out that does not depend on the point: for many points on one map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projector {
    pub(super) shape: Shape,
    pub(super) lon0_deg: f64,
    pub(super) false_easting_m: f64,
    pub(super) false_northing_m: f64,
    pub(super) ellipsoid: Ellipsoid,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// Sign of the pole's latitude, and metres per unit of t.
    Polar { sign: f64, scale_m: f64 },
    /// Constants of a Lambert cone, Snyder 15-8, 15-10 and 15-7a.
    Cone { n: f64, a_f: f64, rho0: f64 },
    /// A cylinder around a meridian.
    Cylinder(TransverseMercator),
}

impl Projector {
    /// Projects degrees east and north to metres.
    pub fn forward(&self, lon_deg: f64, lat_deg: f64) -> (f64, f64) {
        let (x_m, y_m) = match self.shape {
            Shape::Polar { sign, scale_m } => {
                let rho = scale_m * self.ellipsoid.t(sign * lat_deg.to_radians());
                let turn = turn_deg(lon_deg, self.lon0_deg).to_radians();
                (rho * libm::sin(turn), -sign * rho * libm::cos(turn))
            }
            Shape::Cone { n, a_f, rho0 } => {
                let rho = a_f * libm::pow(self.ellipsoid.t(lat_deg.to_radians()), n);
                let turn = n * turn_deg(lon_deg, self.lon0_deg).to_radians();
                (rho * libm::sin(turn), rho0 - rho * libm::cos(turn))
            }
            Shape::Cylinder(mercator) => {
                let turn = turn_deg(lon_deg, self.lon0_deg).to_radians();
                mercator.forward(turn, self.ellipsoid.t(lat_deg.to_radians()))
            }
        };
        (x_m + self.false_easting_m, y_m + self.false_northing_m)
    }

    /// The degrees east and north of a projected point in metres.
    pub fn inverse(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        let (x, y) = (x_m - self.false_easting_m, y_m - self.false_northing_m);
        let (turn, lat) = match self.shape {
            Shape::Polar { sign, scale_m } => {
                let lat = sign * self.ellipsoid.lat_of_t(libm::hypot(x, y) / scale_m);
                (libm::atan2(x, -sign * y), lat)
            }
            Shape::Cone { n, a_f, rho0 } => {
                let side = if n < 0.0 { -1.0 } else { 1.0 };
                let (x, y) = (side * x, side * (rho0 - y));
                let rho = side * libm::hypot(x, y);
                (
                    libm::atan2(x, y) / n,
                    self.ellipsoid.lat_of_t(libm::pow(rho / a_f, 1.0 / n)),
                )
            }
            Shape::Cylinder(mercator) => {
                let (turn, t) = mercator.inverse(x, y);
                (turn, self.ellipsoid.lat_of_t(t))
            }
        };
        (crate::wrap_lon_deg(self.lon0_deg + turn.to_degrees()), lat.to_degrees())
    }

    /// Whether a place is one that [`Self::forward`] has an answer for: not the pole at infinity, and of transverse
    /// Mercator nothing far from its meridian.
    pub fn has(&self, lon_deg: f64, lat_deg: f64) -> bool {
        const SINGULAR_DEG: f64 = 1e-6;
        match self.shape {
            Shape::Polar { sign, .. } => sign * lat_deg > SINGULAR_DEG - 90.0,
            Shape::Cone { n, .. } => n.signum() * lat_deg > SINGULAR_DEG - 90.0,
            Shape::Cylinder(_) => {
                let turn = turn_deg(lon_deg, self.lon0_deg).to_radians();
                let off = libm::cos(lat_deg.to_radians()) * libm::sin(turn);
                libm::fabs(off) <= libm::sin(transverse_mercator::REACH_DEG.to_radians())
            }
        }
    }

    /// Whether a place in metres is one that [`Self::inverse`] has an answer for.
    pub fn reaches(&self, x_m: f64, y_m: f64) -> bool {
        let (x, y) = (x_m - self.false_easting_m, y_m - self.false_northing_m);
        match self.shape {
            Shape::Polar { .. } | Shape::Cone { .. } => x.is_finite() && y.is_finite(),
            Shape::Cylinder(mercator) => mercator.reaches(x, y),
        }
    }
}

fn turn_deg(lon_deg: f64, lon0_deg: f64) -> f64 {
    crate::wrap_lon_deg(lon_deg - lon0_deg)
}
