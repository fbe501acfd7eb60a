//! Sine and cosine in double precision for angles of at most a few turns, and their change over a small angle: no tables,
//! no branches, no calls, so that a loop over particles keeps many in flight. Good to 3e-14, a thousand times better than
//! what positions need.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// pi/2 less its double: together they have 106 bits.
const PI_2_REST: f64 = 6.123_233_995_736_766e-17;

/// Sine and cosine of an angle in radians.
#[inline]
pub(super) fn sin_cos(angle_rad: f64) -> (f64, f64) {
    // Adding 1.5 times 2^52 rounds to the nearest integer, which is left in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let shifted = angle_rad * FRAC_2_PI + ROUND;
    let quarter = shifted - ROUND;
    let (sine, cosine) = near_zero((angle_rad - quarter * FRAC_PI_2) - quarter * PI_2_REST);
    let quarter = shifted.to_bits();
    let (sine, cosine) = if quarter & 1 == 0 {
        (sine, cosine)
    } else {
        (cosine, sine)
    };
    let sign = |quarter: u64| (quarter & 2) << 62;
    (
        f64::from_bits(sine.to_bits() ^ sign(quarter)),
        f64::from_bits(cosine.to_bits() ^ sign(quarter.wrapping_add(1))),
    )
}

/// The series of sine and cosine, for angles up to pi/4.
#[inline]
fn near_zero(r: f64) -> (f64, f64) {
    let x = r * r;
    let sine = 1.0 / 6_227_020_800.0;
    let sine = 1.0 / 39_916_800.0 - x * sine;
    let sine = 1.0 / 362_880.0 - x * sine;
    let sine = 1.0 / 5_040.0 - x * sine;
    let sine = 1.0 / 120.0 - x * sine;
    let sine = 1.0 / 6.0 - x * sine;
    let cosine = 1.0 / 87_178_291_200.0;
    let cosine = 1.0 / 479_001_600.0 - x * cosine;
    let cosine = 1.0 / 3_628_800.0 - x * cosine;
    let cosine = 1.0 / 40_320.0 - x * cosine;
    let cosine = 1.0 / 720.0 - x * cosine;
    let cosine = 1.0 / 24.0 - x * cosine;
    let cosine = 0.5 - x * cosine;
    (r - r * x * sine, 1.0 - x * cosine)
}

/// Sine and cosine of an angle a little further on, by less than a hundredth of a radian.
#[inline]
pub(super) fn further((sin, cos): (f64, f64), by_rad: f64) -> (f64, f64) {
    let x = by_rad * by_rad;
    let sine = by_rad * (1.0 - x * (1.0 / 6.0 - x / 120.0));
    let less = x * (0.5 - x * (1.0 / 24.0 - x / 720.0));
    (sin + (cos * sine - sin * less), cos - (sin * sine + cos * less))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_libm() {
        for k in 0..200_000 {
            let angle = (f64::from(k) / 100_000.0 - 1.0) * 7.0;
            let (got, exact) = (sin_cos(angle), libm::sincos(angle));
            assert!(
                (got.0 - exact.0).abs() < 3e-14 && (got.1 - exact.1).abs() < 3e-14,
                "{angle}"
            );
            let by = (f64::from(k % 201) - 100.0) * 1e-4;
            let (got, exact) = (further(exact, by), libm::sincos(angle + by));
            assert!(
                (got.0 - exact.0).abs() < 1e-15 && (got.1 - exact.1).abs() < 1e-15,
                "{angle} {by}"
            );
        }
    }
}
