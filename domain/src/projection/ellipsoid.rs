//! The figure of the Earth, and the latitudes that conformal projections are built from, in radians.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

use serde::{Deserialize, Serialize};

/// The figure of the Earth that a file's projection is defined on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ellipsoid {
    /// Semi-major axis in metres.
    pub a_m: f64,
    /// First eccentricity squared; 0 for a sphere.
    pub e2: f64,
}

impl Ellipsoid {
    /// WGS84 (NGA.STND.0036, table 3.1).
    pub const WGS84: Self = Self {
        a_m: 6_378_137.0,
        e2: 6.694_379_990_141_316_5e-3,
    };

    /// A sphere of this radius in metres.
    pub const fn sphere(radius_m: f64) -> Self {
        Self { a_m: radius_m, e2: 0.0 }
    }

    pub(super) fn e(&self) -> f64 {
        libm::sqrt(self.e2)
    }

    /// Snyder 15-9: tan of half the conformal colatitude.
    pub(super) fn t(&self, lat: f64) -> f64 {
        let plain = libm::tan(FRAC_PI_4 - lat / 2.0);
        if self.e2 == 0.0 {
            return plain;
        }
        let es = self.e() * libm::sin(lat);
        plain / libm::pow((1.0 - es) / (1.0 + es), self.e() / 2.0)
    }

    /// Snyder 14-15: radius of the parallel divided by a.
    pub(super) fn m(&self, lat: f64) -> f64 {
        let sin_lat = libm::sin(lat);
        libm::cos(lat) / libm::sqrt(1.0 - self.e2 * sin_lat * sin_lat)
    }

    /// Snyder 7-9: the latitude of a given t, by fixed-point iteration (error below 1e-14 rad after a few rounds).
    pub(super) fn lat_of_t(&self, t: f64) -> f64 {
        let mut lat = FRAC_PI_2 - 2.0 * libm::atan(t);
        if self.e2 == 0.0 {
            return lat;
        }
        for _ in 0..12 {
            let es = self.e() * libm::sin(lat);
            let next = FRAC_PI_2 - 2.0 * libm::atan(t * libm::pow((1.0 - es) / (1.0 + es), self.e() / 2.0));
            if libm::fabs(next - lat) < 1e-15 {
                return next;
            }
            lat = next;
        }
        lat
    }
}
