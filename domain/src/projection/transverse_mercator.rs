//! Transverse Mercator on the ellipsoid: metres east of the central meridian and north of the equator.
//!
//! Formulas: C. F. F. Karney, "Transverse Mercator with an accuracy of a few nanometers", Journal of Geodesy 85 (2011),
//! 475-485, equations 7 to 36: Krueger's series to the sixth order of the third flattening. Over 60 degrees of arc
//! from the central meridian it stays within millimetres; beyond [`REACH_DEG`] it is not used.

use super::Ellipsoid;

/// Degrees of arc from the central meridian up to which the series is used.
pub(super) const REACH_DEG: f64 = 60.0;

/// What does not depend on the point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TransverseMercator {
    /// Scale on the central meridian times the rectifying radius, metres.
    scale_m: f64,
    /// Third flattening. The series are built from it point by point, which costs little beside their sines.
    n: f64,
}

impl TransverseMercator {
    pub(super) fn new(k0: f64, ellipsoid: Ellipsoid) -> Self {
        // The third flattening, from e2 = 4 n / (1 + n)^2.
        let root = libm::sqrt(1.0 - ellipsoid.e2);
        let n = (1.0 - root) / (1.0 + root);
        let n2 = n * n;
        let radius_m = ellipsoid.a_m / (1.0 + n) * (1.0 + n2 * (1.0 / 4.0 + n2 * (1.0 / 64.0 + n2 / 256.0)));
        Self {
            scale_m: k0 * radius_m,
            n,
        }
    }

    /// Metres from radians; the longitude counts from the central meridian. `t` is Snyder's t of the latitude.
    pub(super) fn forward(&self, turn: f64, t: f64) -> (f64, f64) {
        let tau = libm::sinh(-libm::log(t));
        let (sin_turn, cos_turn) = (libm::sin(turn), libm::cos(turn));
        let xi = libm::atan2(tau, cos_turn);
        let eta = libm::asinh(sin_turn / libm::hypot(tau, cos_turn));
        let (d_xi, d_eta) = waves(&series(self.n, &ALPHA), xi, eta);
        (self.scale_m * (eta + d_eta), self.scale_m * (xi + d_xi))
    }

    /// Radians from the central meridian, and t of the latitude, of a place in metres.
    pub(super) fn inverse(&self, x_m: f64, y_m: f64) -> (f64, f64) {
        let (xi, eta) = (y_m / self.scale_m, x_m / self.scale_m);
        let (d_xi, d_eta) = waves(&series(self.n, &BETA), xi, eta);
        let (xi, eta) = (xi - d_xi, eta - d_eta);
        let (sin_xi, cos_xi, sinh_eta) = (libm::sin(xi), libm::cos(xi), libm::sinh(eta));
        let tau = sin_xi / libm::hypot(sinh_eta, cos_xi);
        (libm::atan2(sinh_eta, cos_xi), libm::exp(-libm::asinh(tau)))
    }

    /// Whether a place in metres lies where the series is used.
    pub(super) fn reaches(&self, x_m: f64, y_m: f64) -> bool {
        // The factor is for places at the very edge, which the series moves a little.
        let limit = 1.01 * libm::asinh(libm::tan(REACH_DEG.to_radians()));
        libm::fabs(x_m) <= self.scale_m * limit && libm::fabs(y_m) <= self.scale_m * std::f64::consts::PI
    }
}

/// Rows of a series: the factors of n^k, n^(k+1), ... of the wave with 2 k times the angle.
type Rows = [&'static [f64]; 6];

/// From the conformal sphere to the plane (equation 35).
const ALPHA: Rows = [
    &[
        1.0 / 2.0,
        -2.0 / 3.0,
        5.0 / 16.0,
        41.0 / 180.0,
        -127.0 / 288.0,
        7_891.0 / 37_800.0,
    ],
    &[
        13.0 / 48.0,
        -3.0 / 5.0,
        557.0 / 1_440.0,
        281.0 / 630.0,
        -1_983_433.0 / 1_935_360.0,
    ],
    &[61.0 / 240.0, -103.0 / 140.0, 15_061.0 / 26_880.0, 167_603.0 / 181_440.0],
    &[49_561.0 / 161_280.0, -179.0 / 168.0, 6_601_661.0 / 7_257_600.0],
    &[34_729.0 / 80_640.0, -3_418_889.0 / 1_995_840.0],
    &[212_378_941.0 / 319_334_400.0],
];

/// From the plane to the conformal sphere (equation 36).
const BETA: Rows = [
    &[
        1.0 / 2.0,
        -2.0 / 3.0,
        37.0 / 96.0,
        -1.0 / 360.0,
        -81.0 / 512.0,
        96_199.0 / 604_800.0,
    ],
    &[
        1.0 / 48.0,
        1.0 / 15.0,
        -437.0 / 1_440.0,
        46.0 / 105.0,
        -1_118_711.0 / 3_870_720.0,
    ],
    &[17.0 / 480.0, -37.0 / 840.0, -209.0 / 4_480.0, 5_569.0 / 90_720.0],
    &[4_397.0 / 161_280.0, -11.0 / 504.0, -830_251.0 / 7_257_600.0],
    &[4_583.0 / 161_280.0, -108_847.0 / 3_991_680.0],
    &[20_648_693.0 / 638_668_800.0],
];

fn series(n: f64, rows: &Rows) -> [f64; 6] {
    let mut power = 1.0;
    rows.map(|row| {
        power *= n;
        power * row.iter().rev().fold(0.0, |sum, factor| sum * n + factor)
    })
}

/// The sums of both series at a place.
fn waves(factors: &[f64; 6], xi: f64, eta: f64) -> (f64, f64) {
    let mut sums = (0.0, 0.0);
    for (k, factor) in (1..).zip(factors) {
        let twice = f64::from(2 * k);
        sums.0 += factor * libm::sin(twice * xi) * libm::cosh(twice * eta);
        sums.1 += factor * libm::cos(twice * xi) * libm::sinh(twice * eta);
    }
    sums
}
