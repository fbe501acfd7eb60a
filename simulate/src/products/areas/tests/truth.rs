//! Distributions whose smallest areas are known by numerical integration, in metres, and numbers to draw from them.

use std::f64::consts::{FRAC_PI_2, TAU};

use crate::products::LEVELS;

/// SplitMix64 (G. L. Steele et al., OOPSLA 2014) with Box and Muller's gaussians.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0 + f64::EPSILON
    }

    pub(super) fn gaussians(&mut self) -> (f64, f64) {
        let radius = libm::sqrt(-2.0 * libm::log(self.uniform()));
        let (sin, cos) = libm::sincos(TAU * self.uniform());
        (radius * cos, radius * sin)
    }
}

/// A distribution in metres: how to draw from it, and its density per square metre.
pub(super) struct Truth {
    pub(super) draw: fn(&mut Random) -> (f64, f64),
    pub(super) density: fn(f64, f64) -> f64,
    pub(super) west_south_m: f64,
    pub(super) east_north_m: f64,
}

fn bell(u: f64, v: f64) -> f64 {
    libm::exp(-0.5 * (u * u + v * v)) / TAU
}

/// 0.6 N(0, 4 km) + 0.4 N((15, 6) km; 2 km by 5 km, turned by 30 degrees).
pub(super) const TWO_LOBES: Truth = Truth {
    draw: |random| {
        let first = random.uniform() < 0.6;
        let (u, v) = random.gaussians();
        if first {
            return (4e3 * u, 4e3 * v);
        }
        let (sin, cos) = libm::sincos(30f64.to_radians());
        (
            15e3 + cos * 2e3 * u - sin * 5e3 * v,
            6e3 + sin * 2e3 * u + cos * 5e3 * v,
        )
    },
    density: |x, y| {
        let (sin, cos) = libm::sincos(30f64.to_radians());
        let (dx, dy) = (x - 15e3, y - 6e3);
        let second = bell((cos * dx + sin * dy) / 2e3, (cos * dy - sin * dx) / 5e3) / 10e6;
        0.6 * bell(x / 4e3, y / 4e3) / 16e6 + 0.4 * second
    },
    west_south_m: -25e3,
    east_north_m: 40e3,
};

/// A quarter of a circle of 40 km radius, 1 km (standard deviation) wide.
pub(super) const FILAMENT: Truth = Truth {
    draw: |random| {
        let (sin, cos) = libm::sincos(random.uniform() * FRAC_PI_2);
        let radius = 40e3 + 1e3 * random.gaussians().0;
        (radius * cos, radius * sin)
    },
    density: |x, y| {
        let radius = libm::hypot(x, y);
        let across = (radius - 40e3) / 1e3;
        libm::exp(-0.5 * across * across) / (libm::sqrt(TAU) * 1e3) / (FRAC_PI_2 * radius)
    },
    west_south_m: 0.0,
    east_north_m: 50e3,
};

impl Truth {
    /// Square kilometres of the smallest area that holds each level.
    pub(super) fn areas_km2(&self) -> [f64; 3] {
        const STEP_M: f64 = 50.0;
        let n = ((self.east_north_m - self.west_south_m) / STEP_M) as usize;
        let at = |k: usize| self.west_south_m + (k as f64 + 0.5) * STEP_M;
        let mut densities: Vec<f64> = (0..n * n).map(|k| (self.density)(at(k % n), at(k / n))).collect();
        densities.sort_unstable_by(|a, b| b.total_cmp(a));
        let total: f64 = densities.iter().sum();
        LEVELS.map(|level| {
            let mut sum = 0.0;
            let cells = densities.iter().take_while(|density| {
                sum += **density;
                sum < level * total
            });
            (cells.count() + 1) as f64 * STEP_M * STEP_M / 1e6
        })
    }
}
