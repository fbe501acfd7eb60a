//! Whole numbers below fractions, as plain arithmetic that a compiler can do many of at once. A conversion would ask about
//! numbers that are too large or none, one by one.

/// Added to a number it leaves the nearest integer in the last bits: 1.5 times 2^52.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// The integer below a number that lies within 2^31 of zero; of an integer it may be itself or the one before.
#[inline(always)]
pub fn whole_below(x: f64) -> f64 {
    ((x - 0.5) + SHIFT) - SHIFT
}

/// A whole number from 0 to 2^32 - 1 as an integer.
#[inline(always)]
pub fn integer(x: f64) -> u32 {
    (x + SHIFT).to_bits() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_to_integers() {
        for x in [0.25, 0.999_999_999, 1.5, 2.0, 3.0, 3.75, 1_000_000.1, 4_000_000_000.5] {
            let below = whole_below(x);
            let exact = libm::floor(x);
            assert!(below == exact || (x == exact && below == x - 1.0), "{x}: {below}");
            assert_eq!(f64::from(integer(below)), below);
        }
        assert!(whole_below(0.0) == 0.0 && integer(0.0) == 0 && integer(4_294_967_295.0) == u32::MAX);
    }
}
