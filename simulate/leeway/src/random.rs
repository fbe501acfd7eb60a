//! Random numbers as a pure function of (run seed; particle, step, purpose, attempt): Philox4x32 with 10 rounds.
//! J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
//!
//! No stream is kept, so results do not depend on threads, blocks or order, and further particles leave the earlier
//! ones as they were.

use crate::maths::{ln, sincos_of_turns};

/// What a draw is for: the third word of the counter. Numbers are part of the meaning of a seed and never change.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(crate) enum Purpose {
    /// Where a particle starts: two normals, east and north, and one uniform, or four uniforms; redraws count up `attempt`.
    SeedPosition = 0,
    /// A particle's coefficients: two normals, downwind and crosswind; redraws count up `attempt`.
    SeedCoefficients = 1,
    /// A step: two normals for the current's error, east and north, one uniform for the jibe and one for capsizing.
    CurrentErrorAndJibe = 2,
    /// A step: two normals for the wind's error, east and north, and two for the slow part of the scores, downwind and
    /// crosswind.
    WindErrorAndSlowScores = 3,
    /// The errors that a particle starts with: two normals for the current, two for the wind.
    FirstErrors = 4,
    /// The slow parts of the scores that a particle starts with: two normals.
    FirstSlowScores = 5,
    /// Parity: where a particle starts; two normals or two uniforms.
    ParityPosition = 16,
    /// Parity: a particle's coefficients, two normals; redraws of the downwind one count up `attempt`.
    ParityCoefficients = 17,
    /// Parity: jibes of four steps, one word each; `step` counts in fours.
    ParityJibe = 18,
    /// Parity: a step's white noise of the wind, two normals.
    ParityWind = 19,
    /// Parity: a step's white noise of the current, two normals.
    ParityCurrent = 20,
    /// Parity: a step's uniform noise of the current, two uniforms; capsizing takes the third word.
    ParityUniform = 21,
}

/// The four words of one block of the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Draw([u32; 4]);

impl Draw {
    /// The block of a particle and step for a purpose.
    #[inline(always)]
    pub(crate) fn new(seed: u64, particle: u32, step: u32, purpose: Purpose, attempt: u32) -> Self {
        Self(philox(
            [particle, step, purpose as u32, attempt],
            [seed as u32, (seed >> 32) as u32],
        ))
    }

    /// The four words.
    #[inline(always)]
    pub(crate) fn words(&self) -> [u32; 4] {
        self.0
    }

    /// Two independent standard normals from the first two words (Box and Muller 1958).
    pub(crate) fn normals(&self) -> (f64, f64) {
        let radius = (-2.0 * libm::log(uniform(self.0[0]))).sqrt();
        let (sin, cos) = libm::sincos(std::f64::consts::TAU * uniform(self.0[1]));
        (radius * cos, radius * sin)
    }

    /// Four independent uniform numbers, one from each word: not together with [`Draw::normals`], which uses the first two.
    pub(crate) fn uniforms(&self) -> [f64; 4] {
        self.0.map(uniform)
    }
}

/// A number in (0, 1); never an end, so that its logarithm is finite.
#[inline]
fn uniform(word: u32) -> f64 {
    (f64::from(word) + 0.5) / 4_294_967_296.0
}

/// Two independent standard normals from two words, in single precision: the radius from 31 bits, so that it reaches 6.6
/// standard deviations, the angle from 24.
#[inline(always)]
pub(crate) fn normals_of(radius_word: u32, angle_word: u32) -> (f32, f32) {
    const PER_2_31: f32 = 1.0 / (1u32 << 31) as f32;
    const PER_2_24: f32 = 1.0 / (1u32 << 24) as f32;
    let uniform = ((radius_word >> 1) as i32 as f32 + 0.5) * PER_2_31;
    let radius = (-2.0 * ln(uniform)).sqrt();
    let (sin, cos) = sincos_of_turns((angle_word >> 8) as i32 as f32 * PER_2_24);
    (radius * cos, radius * sin)
}

#[inline(always)]
fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let ([mut c0, mut c1, mut c2, mut c3], [mut k0, mut k1]) = (counter, key);
    for _ in 0..10 {
        let (a, b) = (MULTIPLIERS[0] * u64::from(c0), MULTIPLIERS[1] * u64::from(c2));
        (c0, c1, c2, c3) = (
            (b >> 32) as u32 ^ c1 ^ k0,
            b as u32,
            (a >> 32) as u32 ^ c3 ^ k1,
            a as u32,
        );
        (k0, k1) = (k0.wrapping_add(KEY_STEPS[0]), k1.wrapping_add(KEY_STEPS[1]));
    }
    [c0, c1, c2, c3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers() {
        // Known answers published with Random123, as quoted in the design.
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox(counter, key), expected, "{counter:x?} {key:x?}");
        }
    }

    #[test]
    fn every_word_of_the_counter_and_of_the_seed_counts() {
        let base = Draw::new(7, 1, 2, Purpose::SeedPosition, 0);
        for other in [
            Draw::new(8, 1, 2, Purpose::SeedPosition, 0),
            Draw::new(7 | 1 << 40, 1, 2, Purpose::SeedPosition, 0),
            Draw::new(7, 2, 2, Purpose::SeedPosition, 0),
            Draw::new(7, 1, 3, Purpose::SeedPosition, 0),
            Draw::new(7, 1, 2, Purpose::SeedCoefficients, 0),
            Draw::new(7, 1, 2, Purpose::SeedPosition, 1),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn normals_have_the_moments_of_a_normal() {
        let n = 200_000u32;
        let (mut sums, mut cross, mut far) = ([0.0f64; 4], 0.0, 0u32);
        for particle in 0..n / 2 {
            let (a, b) = Draw::new(3, particle, 0, Purpose::CurrentErrorAndJibe, 0).normals();
            cross += a * b;
            for x in [a, b] {
                for (power, sum) in sums.iter_mut().enumerate() {
                    *sum += libm::pow(x, power as f64 + 1.0);
                }
                far += u32::from(libm::fabs(x) > 1.959_963_985);
            }
        }
        let moments = sums.map(|sum| sum / f64::from(n));
        // Four standard errors: sqrt(var(x^k) / n) with var 1, 2, 15, 96.
        for ((moment, expected), variance) in moments.iter().zip([0.0, 1.0, 0.0, 3.0]).zip([1.0, 2.0, 15.0, 96.0]) {
            let error = 4.0 * (variance / f64::from(n)).sqrt();
            assert!((moment - expected).abs() < error, "{moments:?}");
        }
        assert!((cross / f64::from(n / 2)).abs() < 4.0 / f64::from(n / 2).sqrt());
        let tail = f64::from(far) / f64::from(n);
        assert!(
            (tail - 0.05).abs() < 4.0 * (0.05 * 0.95 / f64::from(n)).sqrt(),
            "{tail}"
        );
    }

    #[test]
    fn uniforms_stay_inside_and_reach_the_stated_tail() {
        assert!(uniform(0) > 0.0 && uniform(u32::MAX) < 1.0);
        let farthest = Draw([0, 0, 0, 0]).normals().0;
        assert!((6.7..6.9).contains(&farthest), "{farthest}");
    }
}
