//! The equations of drift: leeway as regressions on the wind speed, jibing, and the error of the current as an
//! Ornstein-Uhlenbeck process. SI throughout; directions are those moved towards.
//!
//! Allen and Plourde 1999 (regressions), Breivik and Allen 2008 (perturbation split 1/20 and 1/2, jibing); G. E.
//! Uhlenbeck and L. S. Ornstein, Phys. Rev. 36 (1930), with D. T. Gillespie's exact step, Phys. Rev. E 54 (1996).

use driftline_domain::{Coefficients, CurrentError, ObjectClass};

/// Probability that an object changes sides within an hour, unless asked for otherwise (Breivik and Allen 2008).
pub const JIBE_PER_HOUR: f64 = 0.04;

/// Leeway speed in one direction as a straight line of the wind speed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regression {
    /// m/s per m/s of wind.
    pub slope: f64,
    /// m/s at zero wind.
    pub offset_ms: f64,
}

impl Regression {
    /// The line of a particle whose standard score is `score`. Its perturbation is spread over slope and offset so
    /// that at 10 m/s of wind it is the regression's standard deviation times the score.
    #[inline]
    pub fn of(coefficients: &Coefficients, score: f64) -> Self {
        let perturbation_ms = coefficients.std_ms * score;
        Self {
            slope: coefficients.slope + perturbation_ms / 20.0,
            offset_ms: coefficients.offset_ms + perturbation_ms / 2.0,
        }
    }

    #[inline]
    fn speed_ms(self, wind_ms: f64) -> f64 {
        self.slope * wind_ms + self.offset_ms
    }
}

/// Eastward and northward leeway for a wind that blows towards (east, north). Positive crosswind is to the right of
/// downwind; without wind "downwind" is north.
#[inline]
pub fn leeway_ms(downwind: Regression, crosswind: Regression, (wind_east_ms, wind_north_ms): (f64, f64)) -> (f64, f64) {
    let wind_ms = (wind_east_ms * wind_east_ms + wind_north_ms * wind_north_ms).sqrt();
    let (down_east, down_north) = if wind_ms > 0.0 {
        (wind_east_ms / wind_ms, wind_north_ms / wind_ms)
    } else {
        (0.0, 1.0)
    };
    let (down_ms, right_ms) = (downwind.speed_ms(wind_ms), crosswind.speed_ms(wind_ms));
    (
        down_ms * down_east + right_ms * down_north,
        down_ms * down_north - right_ms * down_east,
    )
}

/// Probability of a jibe within one step, so that it is `per_hour` within an hour whatever the step.
pub(crate) fn jibe_probability(per_hour: f64, step_s: f64) -> f64 {
    -libm::expm1(libm::log1p(-per_hour) * step_s / 3_600.0)
}

/// A regression of a class in single precision, for many particles at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    slope: f32,
    offset_ms: f32,
    std_ms: f32,
}

/// The three regressions of a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Leeway {
    pub(crate) downwind: Line,
    /// Right and left of downwind.
    pub(crate) crosswind: [Line; 2],
}

impl Leeway {
    pub(crate) fn of(class: &ObjectClass) -> Self {
        Self {
            downwind: Line::of(&class.downwind),
            crosswind: [Line::of(&class.right), Line::of(&class.left)],
        }
    }
}

impl Line {
    fn of(coefficients: &Coefficients) -> Self {
        Self {
            slope: coefficients.slope as f32,
            offset_ms: coefficients.offset_ms as f32,
            std_ms: coefficients.std_ms as f32,
        }
    }

    /// The second line where `is_second` holds.
    #[inline(always)]
    pub(crate) fn choose([first, second]: &[Self; 2], is_second: bool) -> Self {
        let either = |a: f32, b: f32| if is_second { b } else { a };
        Self {
            slope: either(first.slope, second.slope),
            offset_ms: either(first.offset_ms, second.offset_ms),
            std_ms: either(first.std_ms, second.std_ms),
        }
    }

    /// Speed at a wind for a standard score (see [`Regression::of`]).
    #[inline(always)]
    pub(crate) fn speed_ms(self, score: f32, wind_ms: f32) -> f32 {
        let perturbation_ms = self.std_ms * score;
        (self.slope + perturbation_ms * 0.05) * wind_ms + (self.offset_ms + perturbation_ms * 0.5)
    }

    /// The same where more wind never means less speed: a score that would turn the slope round counts as none of it.
    #[inline(always)]
    pub(crate) fn speed_downwind_ms(self, score: f32, wind_ms: f32) -> f32 {
        let perturbation_ms = self.std_ms * score;
        let slope = (self.slope + perturbation_ms * 0.05).max(0.0);
        slope * wind_ms + (self.offset_ms + perturbation_ms * 0.5)
    }
}

/// One component of the error of current or wind, stepped exactly: its statistics do not depend on the step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorProcess {
    sigma_ms: f32,
    memory: f32,
    kick_ms: f32,
}

impl ErrorProcess {
    pub(crate) fn new(error: &CurrentError, step_s: f64) -> Self {
        let (memory, kick) = memory_and_kick(if error.sigma_ms > 0.0 { error.tau_s } else { 0.0 }, step_s);
        Self {
            sigma_ms: error.sigma_ms as f32,
            memory: memory as f32,
            kick_ms: (error.sigma_ms * kick) as f32,
        }
    }

    /// Whether there is no error, so that no normals need to be made.
    #[inline(always)]
    pub(crate) fn is_off(&self) -> bool {
        self.sigma_ms == 0.0
    }

    /// The error one step later.
    #[inline(always)]
    pub(crate) fn next_ms(&self, error_ms: f32, normal: f32) -> f32 {
        self.memory * error_ms + self.kick_ms * normal
    }
}

/// How far yesterday's value is remembered, and how much is new, of a process of unit variance.
fn memory_and_kick(tau_s: f64, step_s: f64) -> (f64, f64) {
    let memory = if tau_s > 0.0 { libm::exp(-step_s / tau_s) } else { 0.0 };
    (memory, (1.0 - memory * memory).sqrt())
}

/// The part of the standard scores that changes slowly, so that an ensemble does not contract when the wind turns back:
/// z(t) = sqrt(1 - q) z0 + sqrt(q) y(t), with y an Ornstein-Uhlenbeck process of unit variance (leeway.md 4.3).
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlowScores {
    /// sqrt(1 - q) and sqrt(q).
    constant: f32,
    slow: f32,
    memory: f32,
    kick: f32,
}

impl SlowScores {
    pub(crate) fn new(settings: &SlowCoefficients, step_s: f64) -> Self {
        let (memory, kick) = memory_and_kick(settings.tau_s, step_s);
        Self {
            constant: (1.0 - settings.share).sqrt() as f32,
            slow: settings.share.sqrt() as f32,
            memory: memory as f32,
            kick: kick as f32,
        }
    }

    #[inline(always)]
    pub(crate) fn is_off(&self) -> bool {
        self.slow == 0.0
    }

    #[inline(always)]
    pub(crate) fn score(&self, constant: f32, slow: f32) -> f32 {
        self.constant * constant + self.slow * slow
    }

    #[inline(always)]
    pub(crate) fn next(&self, slow: f32, normal: f32) -> f32 {
        self.memory * slow + self.kick * normal
    }
}

/// How much of the spread of the coefficients is not for a particle's life.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlowCoefficients {
    /// Share of the variance, 0 to 1; 0 is the published model.
    pub share: f64,
    /// Correlation time, seconds.
    pub tau_s: f64,
}

impl SlowCoefficients {
    /// The published model: coefficients for life.
    pub const NONE: Self = Self { share: 0.0, tau_s: 0.0 };
}

/// Probability of capsizing within a step at a wind (leeway.md 4.7): half a chance an hour at 30 m/s.
pub(crate) fn capsizing_probability(wind_ms: f64, step_s: f64) -> f64 {
    let hazard_per_hour = 0.5 + 0.5 * libm::tanh((wind_ms - 30.0) / 5.0);
    -libm::expm1(-hazard_per_hour * step_s / 3_600.0)
}

/// Leeway of a capsized object, as a share of what it was.
pub(crate) const CAPSIZED_LEEWAY: f32 = 0.4;

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::ObjectClass;

    fn close(a: (f64, f64), b: (f64, f64)) -> bool {
        (a.0 - b.0).abs() < 1e-12 && (a.1 - b.1).abs() < 1e-12
    }

    #[test]
    fn positive_crosswind_is_to_the_right_of_downwind() {
        let (down, right) = (
            Regression {
                slope: 0.03,
                offset_ms: 0.0,
            },
            Regression {
                slope: 0.01,
                offset_ms: 0.0,
            },
        );
        // Wind towards north: right is east. Wind towards east: right is south.
        assert!(close(leeway_ms(down, right, (0.0, 10.0)), (0.1, 0.3)));
        assert!(close(leeway_ms(down, right, (10.0, 0.0)), (0.3, -0.1)));
        assert!(close(leeway_ms(down, right, (0.0, -10.0)), (-0.1, -0.3)));
    }

    #[test]
    fn without_wind_the_offsets_remain() {
        let suit = ObjectClass::find("PIW-4").unwrap();
        let still = leeway_ms(
            Regression::of(&suit.downwind, 0.0),
            Regression::of(&suit.right, 0.0),
            (0.0, 0.0),
        );
        assert!(close(still, (-0.033, 0.0112)), "{still:?}");
    }

    #[test]
    fn speeds_at_10_ms_are_those_of_the_published_table() {
        // Crosswind at 10 m/s, cm/s, right and left by the table.
        for (key, right, left) in [
            ("PIW-4", 10.3, -4.0),
            ("LIFE-RAFT-DB-10", 3.2, -4.7),
            ("SAILBOAT-1", 49.5, -28.2),
            ("PIW-6", 4.3, -4.3),
        ] {
            let class = ObjectClass::find(key).unwrap();
            for (coefficients, expected) in [(&class.right, right), (&class.left, left)] {
                let speed = 100.0 * Regression::of(coefficients, 0.0).speed_ms(10.0);
                assert!((speed - expected).abs() < 0.051, "{key}: {speed}");
            }
            let two_sigma = Regression::of(&class.downwind, 2.0).speed_ms(10.0);
            let mean = Regression::of(&class.downwind, 0.0).speed_ms(10.0);
            assert!((two_sigma - mean - 2.0 * class.downwind.std_ms).abs() < 1e-12);
        }
    }

    #[test]
    fn the_jibe_probability_of_an_hour_does_not_depend_on_the_step() {
        for step_s in [60.0, 600.0, 3_600.0] {
            let stays = libm::pow(1.0 - jibe_probability(0.04, step_s), 3_600.0 / step_s);
            assert!((stays - 0.96).abs() < 1e-12, "{step_s}: {stays}");
        }
        assert_eq!(jibe_probability(0.0, 600.0), 0.0);
    }

    #[test]
    fn the_error_process_keeps_its_variance() {
        let process = ErrorProcess::new(
            &CurrentError {
                sigma_ms: 0.3,
                tau_s: 28_800.0,
            },
            600.0,
        );
        let variance = process.memory * process.memory * 0.09 + process.kick_ms * process.kick_ms;
        assert!((variance - 0.09).abs() < 1e-8);
        let off = ErrorProcess::new(
            &CurrentError {
                sigma_ms: 0.0,
                tau_s: 0.0,
            },
            600.0,
        );
        assert!(off.is_off() && off.next_ms(0.0, -3.0) == 0.0);
    }
}
