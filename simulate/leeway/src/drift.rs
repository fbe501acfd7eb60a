//! The equations of drift: leeway as regressions on the wind speed, jibing, and the error of the current as an
//! Ornstein-Uhlenbeck process. SI throughout; directions are those moved towards.
//!
//! Allen and Plourde 1999 (regressions), Breivik and Allen 2008 (perturbation split 1/20 and 1/2, jibing); G. E.
//! Uhlenbeck and L. S. Ornstein, Phys. Rev. 36 (1930), with D. T. Gillespie's exact step, Phys. Rev. E 54 (1996).

use driftline_domain::{Coefficients, CurrentError};

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

/// One component of the current's error, stepped exactly: its statistics do not depend on the step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorProcess {
    sigma_ms: f64,
    memory: f64,
    kick_ms: f64,
}

impl ErrorProcess {
    pub(crate) fn new(error: &CurrentError, step_s: f64) -> Self {
        let memory = if error.sigma_ms > 0.0 {
            libm::exp(-step_s / error.tau_s)
        } else {
            0.0
        };
        Self {
            sigma_ms: error.sigma_ms,
            memory,
            kick_ms: error.sigma_ms * (1.0 - memory * memory).sqrt(),
        }
    }

    /// Whether there is no error, so that no normals need to be made.
    #[inline]
    pub(crate) fn is_off(&self) -> bool {
        self.sigma_ms == 0.0
    }

    /// The error that a particle starts with.
    #[inline]
    pub(crate) fn first_ms(&self, normal: f64) -> f64 {
        self.sigma_ms * normal
    }

    /// The error one step later.
    #[inline]
    pub(crate) fn next_ms(&self, error_ms: f64, normal: f64) -> f64 {
        self.memory * error_ms + self.kick_ms * normal
    }
}

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
        assert!((variance - 0.09).abs() < 1e-15);
        let off = ErrorProcess::new(
            &CurrentError {
                sigma_ms: 0.0,
                tau_s: 0.0,
            },
            600.0,
        );
        assert_eq!((off.first_ms(2.0), off.next_ms(0.0, -3.0).abs()), (0.0, 0.0));
    }
}
