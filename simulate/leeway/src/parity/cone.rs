//! Points along the geodesic between two places on WGS84: the axis of a cone of seeds.
//!
//! T. Vincenty, "Direct and inverse solutions of geodesics on the ellipsoid with application of nested equations",
//! Survey Review 23 (1975), equations 13 to 19. It does not settle for places nearly opposite on the globe.

use driftline_domain::{Ellipsoid, wrap_lon_deg};

use super::spec::refuse;
use crate::{Error, moved};

const A_M: f64 = Ellipsoid::WGS84.a_m;
const E2: f64 = Ellipsoid::WGS84.e2;

/// So many places at equal distances between two, these left out; longitude and latitude in degrees.
pub(super) fn between(from: (f64, f64), to: (f64, f64), number: usize) -> Result<Vec<(f64, f64)>, Error> {
    refuse(&[("number", number as f64, number >= 2, "2 or more for a cone")])?;
    let way = displacement(from, to);
    refuse(&[(
        "ends",
        to.0,
        way.is_some(),
        "two places that are not on opposite sides of the globe",
    )])?;
    let (east_m, north_m) = way.unwrap_or((0.0, 0.0));
    let place = |k: usize| {
        let share = (k + 1) as f64 / (number + 1) as f64;
        moved(from.0, from.1, east_m * share, north_m * share)
    };
    Ok((0..number).map(place).collect())
}

/// Length of the geodesic from one place to another times the sine and cosine of its first azimuth, metres.
pub(super) fn displacement(from: (f64, f64), to: (f64, f64)) -> Option<(f64, f64)> {
    let flattening = 1.0 - (1.0 - E2).sqrt();
    let difference = wrap_lon_deg(to.0 - from.0).to_radians();
    let reduced = |lat_deg: f64| {
        let (sin, cos) = libm::sincos(lat_deg.to_radians());
        let length = libm::hypot((1.0 - flattening) * sin, cos);
        ((1.0 - flattening) * sin / length, cos / length)
    };
    let ((sin1, cos1), (sin2, cos2)) = (reduced(from.1), reduced(to.1));
    let mut lambda = difference;
    for _ in 0..50 {
        let (sin_l, cos_l) = libm::sincos(lambda);
        let (east, north) = (cos2 * sin_l, cos1 * sin2 - sin1 * cos2 * cos_l);
        let sin_sigma = libm::hypot(east, north);
        if sin_sigma == 0.0 {
            return Some((0.0, 0.0));
        }
        let cos_sigma = sin1 * sin2 + cos1 * cos2 * cos_l;
        let sigma = libm::atan2(sin_sigma, cos_sigma);
        let sin_alpha = cos1 * cos2 * sin_l / sin_sigma;
        let cos2_alpha = 1.0 - sin_alpha * sin_alpha;
        let cos_2m = if cos2_alpha > 1e-15 {
            cos_sigma - 2.0 * sin1 * sin2 / cos2_alpha
        } else {
            0.0
        };
        let c = flattening / 16.0 * cos2_alpha * (4.0 + flattening * (4.0 - 3.0 * cos2_alpha));
        let inner = cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0);
        let next = difference + (1.0 - c) * flattening * sin_alpha * (sigma + c * sin_sigma * inner);
        if (next - lambda).abs() < 1e-13 {
            let length_m = length_m(cos2_alpha, (sin_sigma, cos_sigma, sigma), cos_2m);
            return Some((length_m * east / sin_sigma, length_m * north / sin_sigma));
        }
        lambda = next;
    }
    None
}

/// Vincenty's equations 3, 4, 6 and 19.
fn length_m(cos2_alpha: f64, (sin_sigma, cos_sigma, sigma): (f64, f64, f64), cos_2m: f64) -> f64 {
    let u2 = cos2_alpha * E2 / (1.0 - E2);
    let a = 1.0 + u2 / 16_384.0 * (4_096.0 + u2 * (-768.0 + u2 * (320.0 - 175.0 * u2)));
    let b = u2 / 1_024.0 * (256.0 + u2 * (-128.0 + u2 * (74.0 - 47.0 * u2)));
    let cos2_2m = cos_2m * cos_2m;
    let inner = cos_sigma * (2.0 * cos2_2m - 1.0)
        - b / 6.0 * cos_2m * (4.0 * sin_sigma * sin_sigma - 3.0) * (4.0 * cos2_2m - 3.0);
    let correction = b * sin_sigma * (cos_2m + b / 4.0 * inner);
    A_M * (1.0 - E2).sqrt() * a * (sigma - correction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_leads_where_the_direct_problem_comes_from() {
        for (from, to) in [
            ((4.3, 60.2), (4.7, 60.5)),
            ((179.9, -40.0), (-178.0, -41.0)),
            ((0.0, 0.0), (12.0, 0.0)),
            ((10.0, 80.0), (100.0, 82.0)),
            ((5.0, 60.0), (5.0, 61.0)),
        ] {
            let (east, north) = displacement(from, to).unwrap();
            let at = moved(from.0, from.1, east, north);
            assert!(
                wrap_lon_deg(at.0 - to.0).abs() < 1e-7 && (at.1 - to.1).abs() < 1e-8,
                "{from:?} {to:?} {at:?}"
            );
        }
        assert_eq!(displacement((4.0, 60.0), (4.0, 60.0)), Some((0.0, 0.0)));
    }

    #[test]
    fn places_between_leave_the_ends_out() {
        let places = between((0.0, 0.0), (4.0, 0.0), 3).unwrap();
        for (place, lon) in places.iter().zip([1.0, 2.0, 3.0]) {
            assert!((place.0 - lon).abs() < 1e-9 && place.1.abs() < 1e-9, "{place:?}");
        }
        assert!(between((0.0, 0.0), (4.0, 0.0), 1).is_err());
    }
}
