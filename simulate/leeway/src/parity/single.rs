//! Sine, cosine and the angle of a vector in single precision as NumPy 2 computes them: within one or two units of the
//! last place of the true value, and these units, being the same in every step of a steady wind, are what tracks would
//! differ by: up to 1.5 cm in a day, and nothing once they are the same.
//!
//! Sine and cosine: reduction by the nearest multiple of pi/2, which is subtracted in three parts (W. J. Cody and W. Waite,
//! "Software manual for the elementary functions", 1980); then odd and even polynomials of degree 9 and 8. The angle:
//! the quotient of the smaller by the larger component, an odd polynomial of degree 17 in two halves, and multiples of pi/2.
//! All by fused multiply-adds. The coefficients are those of NumPy and of the vector library it carries (BSD-3-Clause).

/// pi/2 in three parts, 2/pi, and the polynomials, highest power first.
const PARTS: [f32; 3] = [hex(0x192_1FB0, 0), hex(0x151_10B4, -22), hex(0x184_6988, -48)];
const TWO_OVER_PI: f32 = hex(0x145_F306, -1);
const SINE: [f32; 4] = [
    hex(0x17D_3BBC, -19),
    -hex(0x1A0_6BBA, -13),
    hex(0x111_119A, -7),
    -hex(0x155_5556, -3),
];
const COSINE: [f32; 4] = [hex(0x198_E616, -16), -hex(0x16C_06DC, -10), hex(0x155_553E, -5), -0.5];

/// Of the arc tangent: the powers 0, 2, 4, 6, 8 of the square, highest first, and 1, 3, 5, 7.
const EVEN: [f32; 5] = [
    f32::from_bits(0x3B32_2CC0),
    f32::from_bits(0x3D2B_C384),
    f32::from_bits(0x3DD9_6474),
    f32::from_bits(0x3E4C_B79F),
    1.0,
];
const ODD: [f32; 4] = [
    f32::from_bits(0xBC7F_2631),
    f32::from_bits(0xBD98_7629),
    f32::from_bits(0xBE11_61F8),
    f32::from_bits(0xBEAA_AA49),
];

/// A number written as 1 and 24 binary places, times a power of two.
const fn hex(mantissa: u32, exponent: i32) -> f32 {
    let scale = f64::from_bits(((1_023 + exponent - 24) as u64) << 52);
    (mantissa as f64 * scale) as f32
}

/// A product and a sum with one rounding: both are exact in double precision but for the last sum.
#[inline]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    (f64::from(a) * f64::from(b) + f64::from(c)) as f32
}

/// Sine and cosine of an angle of at most a few turns. Without branches, so that a loop takes several at a time.
#[inline]
pub(super) fn sin_cos(angle_rad: f32) -> (f32, f32) {
    // Adding 1.5 times 2^23 rounds to the nearest integer, which is left in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = angle_rad * TWO_OVER_PI + ROUND;
    let quarter = shifted - ROUND;
    let [first, second, third] = PARTS;
    let r = fused(
        -quarter,
        third,
        fused(-quarter, second, fused(-quarter, first, angle_rad)),
    );
    let r2 = r * r;
    let [s9, s7, s5, s3] = SINE;
    let sine = fused(fused(fused(fused(s9, r2, s7), r2, s5), r2, s3) * r2, r, r);
    let [c8, c6, c4, c2] = COSINE;
    let cosine = fused(fused(fused(fused(c8, r2, c6), r2, c4), r2, c2), r2, 1.0);
    let quarter = shifted.to_bits();
    let (sine, cosine) = if quarter & 1 == 0 {
        (sine, cosine)
    } else {
        (cosine, sine)
    };
    let sign = |quarter: u32| (quarter & 2) << 30;
    (
        f32::from_bits(sine.to_bits() ^ sign(quarter)),
        f32::from_bits(cosine.to_bits() ^ sign(quarter.wrapping_add(1))),
    )
}

/// The azimuth of a vector, radians clockwise from north; 0 for none. Without branches, as above.
#[inline]
pub(super) fn azimuth(east: f32, north: f32) -> f32 {
    let (across, along) = (east.abs(), north.abs());
    let steep = across < along;
    let (dividend, divisor) = if steep { (across, along) } else { (-along, across) };
    let offset = if steep { 0.0 } else { std::f32::consts::FRAC_PI_2 };
    // Of no vector at all the quotient is no number.
    let quotient = dividend / divisor;
    let square = quotient * quotient;
    let fourth = square * square;
    let [e8, e6, e4, e2, e0] = EVEN;
    let even = fused(fused(fused(fused(e8, fourth, e6), fourth, e4), fourth, e2), fourth, e0);
    let [o7, o5, o3, o1] = ODD;
    let odd = fused(fused(fused(o7, fourth, o5), fourth, o3), fourth, o1);
    let angle = fused(fused(odd, square, even), quotient, offset);
    let angle = if north < 0.0 {
        std::f32::consts::PI - angle
    } else {
        angle
    };
    if divisor == 0.0 { 0.0 } else { angle.copysign(east) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_within_a_unit_of_the_last_place() {
        for k in 0..200_000 {
            let angle = (k as f32 / 200_000.0 * 2.0 - 1.0) * std::f32::consts::PI;
            let (sin, cos) = sin_cos(angle);
            let exact = libm::sincos(f64::from(angle));
            for (got, exact) in [(sin, exact.0), (cos, exact.1)] {
                let unit = 2.0_f64.powi(-24).max(exact.abs() * 1.2e-7);
                assert!((f64::from(got) - exact).abs() <= unit, "{angle} {got} {exact}");
            }
        }
        // Not the nearest value, but NumPy's: of the wind (8, 5) m/s.
        assert_eq!(sin_cos(1.012_197).1, 0.529_998_9);
        assert_eq!(sin_cos(0.0), (0.0, 1.0));
    }

    #[test]
    fn azimuths_are_within_three_units_of_the_last_place() {
        for k in 0..200_000 {
            let angle = (f64::from(k) / 100_000.0 - 1.0) * std::f64::consts::PI;
            let (east, north) = ((7.0 * libm::sin(angle)) as f32, (7.0 * libm::cos(angle)) as f32);
            let exact = libm::atan2(east.into(), north.into());
            let off = f64::from(azimuth(east, north)) - exact;
            assert!(off.abs() <= 2e-7 * exact.abs().max(1.0), "{angle} {off}");
        }
        assert_eq!((azimuth(0.0, 0.0), azimuth(0.0, 3.0)), (0.0, 0.0));
        assert_eq!(
            (azimuth(0.0, -3.0), azimuth(-2.0, 0.0)),
            (std::f32::consts::PI, -std::f32::consts::FRAC_PI_2)
        );
    }
}
