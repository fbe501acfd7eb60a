//! Elementary functions as plain arithmetic, so that the compiler can take many particles through them at once and every
//! machine gets the same bits: no library call, no table, no fused multiply-add, no branch.
//!
//! Single precision: the polynomials of S. L. Moshier's Cephes library (Methods and Programs for Mathematical Functions,
//! 1989), good to about 1e-7 on the ranges given. Double precision: Taylor polynomials about zero, good to 1e-13.

/// Natural logarithm of a positive, normal number.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    const SQRT_HALF_BITS: i32 = 0x3f35_04f3;
    // x = m 2^e with m from sqrt(1/2) to sqrt(2).
    let bits = x.to_bits() as i32;
    let e = (bits - SQRT_HALF_BITS) >> 23;
    let f = f32::from_bits((bits - (e << 23)) as u32) - 1.0;
    let (e, z) = (e as f32, f * f);
    let p = ((((((((7.037_683_6e-2 * f - 1.151_461e-1) * f + 1.167_699_9e-1) * f - 1.242_014_1e-1) * f
        + 1.424_932_3e-1)
        * f
        - 1.666_805_8e-1)
        * f
        + 2.000_071_5e-1)
        * f
        - 2.499_999_4e-1)
        * f
        + 3.333_333e-1)
        * f
        * z;
    // ln 2 in two parts, so that its product with e is exact.
    (f + (p - 2.121_944_4e-4 * e - 0.5 * z)) + 0.693_359_4 * e
}

/// Added to a number it leaves the nearest integer in the last bits: 1.5 times 2^23.
const SHIFT: f32 = 12_582_912.0;

/// Sine and cosine of `turns` whole turns, 0 to 1.
#[inline(always)]
pub(crate) fn sincos_of_turns(turns: f32) -> (f32, f32) {
    let quarters = turns * 4.0;
    let shifted = quarters + SHIFT;
    let quadrant = shifted.to_bits();
    let x = (quarters - (shifted - SHIFT)) * std::f32::consts::FRAC_PI_2;
    let z = x * x;
    let sin = ((-1.951_529_6e-4 * z + 8.332_161e-3) * z - 1.666_665_5e-1) * z * x + x;
    let cos = ((2.443_315_7e-5 * z - 1.388_731_6e-3) * z + 4.166_664_6e-2) * z * z - 0.5 * z + 1.0;
    // An odd quarter swaps the two; the signs go round with the quarters.
    let odd = quadrant & 1 == 1;
    let (s, c) = (if odd { cos } else { sin }, if odd { sin } else { cos });
    let signed = |value: f32, quadrant: u32| f32::from_bits(value.to_bits() ^ (quadrant & 2) << 30);
    (signed(s, quadrant), signed(c, quadrant.wrapping_add(1)))
}

/// Sine and cosine of a latitude in radians, -pi/2 to pi/2.
#[inline(always)]
pub(crate) fn sincos_of_latitude(x: f64) -> (f64, f64) {
    // 1/3!, 1/5!, ... and 1/2!, 1/4!, ...
    const SIN: [f64; 8] = [
        -1.666_666_666_666_666_6e-1,
        8.333_333_333_333_333e-3,
        -1.984_126_984_126_984e-4,
        2.755_731_922_398_589e-6,
        -2.505_210_838_544_172e-8,
        1.605_904_383_682_161_5e-10,
        -7.647_163_731_819_816e-13,
        2.811_457_254_345_520_6e-15,
    ];
    const COS: [f64; 9] = [
        -0.5,
        4.166_666_666_666_666_4e-2,
        -1.388_888_888_888_889e-3,
        2.480_158_730_158_73e-5,
        -2.755_731_922_398_589e-7,
        2.087_675_698_786_81e-9,
        -1.147_074_559_772_972_5e-11,
        4.779_477_332_387_385e-14,
        -1.561_920_696_858_622_6e-16,
    ];
    let z = x * x;
    let mut sin = SIN[7];
    let mut cos = COS[8];
    for k in (0..7).rev() {
        sin = sin * z + SIN[k];
    }
    for k in (0..8).rev() {
        cos = cos * z + COS[k];
    }
    (x + x * (z * sin), 1.0 + z * cos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_good_to_single_precision() {
        let mut x = 1e-10f32;
        while x < 3.0 {
            let exact = libm::log(f64::from(x));
            let off = (f64::from(ln(x)) - exact).abs();
            assert!(off <= 2.5e-7 * exact.abs().max(0.5), "{x}: {off}");
            x *= 1.000_7;
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn sine_and_cosine_go_round() {
        for k in 0..100_000 {
            let turns = k as f32 / 100_000.0;
            let (sin, cos) = sincos_of_turns(turns);
            let (s, c) = libm::sincos(std::f64::consts::TAU * f64::from(turns));
            assert!(
                (f64::from(sin) - s).abs() < 3e-7 && (f64::from(cos) - c).abs() < 3e-7,
                "{turns}"
            );
        }
    }

    #[test]
    fn latitudes_are_good_to_ten_picometres() {
        for k in -9_000..=9_000 {
            let x = (f64::from(k) / 100.0).to_radians();
            let ((sin, cos), (s, c)) = (sincos_of_latitude(x), libm::sincos(x));
            assert!(
                (sin - s).abs() < 2e-13 && (cos - c).abs() < 2e-13,
                "{k}: {} {}",
                sin - s,
                cos - c
            );
        }
    }
}
