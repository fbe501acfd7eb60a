//! What a parity run is asked to compute, with the reference's defaults.

use driftline_domain::LatLon;

use super::{Seed, SeedPlan};
use crate::{Error, JIBE_PER_HOUR};

/// What happens on land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoastAction {
    /// The particle stops, and is moved to the first node of land of a lattice over its last step.
    Stranding,
    /// The particle goes to the node before that and stays afloat.
    Previous,
    /// Nothing: particles drift over land.
    None,
}

/// Capsizing in strong wind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capsizing {
    /// Wind speed at which half of the particles capsize within an hour, m/s.
    pub threshold_ms: f32,
    /// Width of the transition, m/s.
    pub width_ms: f32,
    /// Share of the leeway that a capsized particle keeps.
    pub leeway_fraction: f32,
    /// Whether particles begin capsized: backward runs only right them.
    pub from_start: bool,
}

impl Capsizing {
    /// The reference's settings: 30 m/s, 5 m/s, 0.4.
    pub const STANDARD: Self = Self {
        threshold_ms: 30.0,
        width_ms: 5.0,
        leeway_fraction: 0.4,
        from_start: false,
    };
}

/// An area beyond which particles stop as `outside`, degrees; `None` is no limit. Longitudes are compared in [-180, 180),
/// or in [0, 360) where the eastern limit is beyond 180.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Western limit.
    pub west_deg: Option<f64>,
    /// Southern limit.
    pub south_deg: Option<f64>,
    /// Eastern limit.
    pub east_deg: Option<f64>,
    /// Northern limit.
    pub north_deg: Option<f64>,
}

impl Limits {
    /// Whether a position is beyond a limit.
    pub(super) fn exclude(&self, lon_deg: f64, lat_deg: f64) -> bool {
        let turn_deg = if self.east_deg.is_some_and(|limit| limit > 180.0) && lon_deg < 0.0 {
            360.0
        } else {
            0.0
        };
        let lon_deg = lon_deg + turn_deg;
        self.west_deg.is_some_and(|limit| lon_deg < limit)
            || self.south_deg.is_some_and(|limit| lat_deg < limit)
            || self.east_deg.is_some_and(|limit| lon_deg > limit)
            || self.north_deg.is_some_and(|limit| lat_deg > limit)
    }
}

/// What a run is to compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunSpec {
    /// Time of the first step, seconds since 1970-01-01T00:00:00Z: the earliest release, backward the latest.
    pub start_s: i64,
    /// Steps.
    pub steps: u32,
    /// Length of a step in seconds, negative backward.
    pub step_s: i32,
    /// Steps from one snapshot to the next.
    pub steps_per_output: u32,
    /// Seed of all random numbers after seeding.
    pub seed: u64,
    /// Probability of a jibe within an hour.
    pub jibe_per_hour: f64,
    /// What happens on land.
    pub coast: CoastAction,
    /// Spacing of the lattice on which strandings are found, degrees.
    pub coast_spacing_deg: f64,
    /// Standard deviation of the wind's white noise per component and step, m/s.
    pub wind_uncertainty_ms: f64,
    /// Standard deviation of the current's white noise per component and step, m/s.
    pub current_uncertainty_ms: f64,
    /// Half width of the current's uniform white noise per component and step, m/s.
    pub current_uncertainty_uniform_ms: f64,
    /// Capsizing; off by default.
    pub capsizing: Option<Capsizing>,
    /// Age at which particles retire, seconds. Backward ages are negative, as in the reference: nobody retires.
    pub max_age_s: Option<f64>,
    /// Area of the run.
    pub limits: Limits,
}

impl RunSpec {
    /// A forward run with the reference's defaults: steps of ten minutes, hourly output, stranding, jibing.
    pub fn forward(start_s: i64, hours: u32) -> Self {
        Self {
            start_s,
            steps: hours * 6,
            step_s: 600,
            steps_per_output: 6,
            seed: 0,
            jibe_per_hour: JIBE_PER_HOUR,
            coast: CoastAction::Stranding,
            coast_spacing_deg: 0.001,
            wind_uncertainty_ms: 0.0,
            current_uncertainty_ms: 0.0,
            current_uncertainty_uniform_ms: 0.0,
            capsizing: None,
            max_age_s: None,
            limits: Limits::default(),
        }
    }

    /// The time of a step, seconds since 1970.
    pub(super) fn time_s(&self, step: u32) -> i64 {
        self.start_s + i64::from(step) * i64::from(self.step_s)
    }

    /// The step at whose beginning a particle is released: the one that holds its time; `None` outside of the run.
    pub(super) fn release_step(&self, release_s: f64) -> Option<u32> {
        let step = libm::floor((release_s - self.start_s as f64) / f64::from(self.step_s));
        (step >= 0.0 && step < f64::from(self.steps)).then_some(step as u32)
    }

    /// Refuses what makes no run; the first fault found is named.
    pub(super) fn check(&self, seeds: &[Seed]) -> Result<(), Error> {
        let not_negative = |value: f64| value >= 0.0 && value.is_finite();
        let (noise, at_least_one) = ("a number that is not negative", "1 or more");
        let end_s = i64::from(self.steps)
            .checked_mul(i64::from(self.step_s))
            .and_then(|length_s| self.start_s.checked_add(length_s));
        let rules = [
            (
                "particles",
                seeds.len() as f64,
                !seeds.is_empty() && seeds.len() < u32::MAX as usize,
                at_least_one,
            ),
            ("steps", f64::from(self.steps), self.steps > 0, at_least_one),
            ("step_s", f64::from(self.step_s), self.step_s != 0, "seconds, not 0"),
            (
                "steps_per_output",
                f64::from(self.steps_per_output),
                self.steps_per_output > 0,
                at_least_one,
            ),
            (
                "start_s",
                self.start_s as f64,
                end_s.is_some(),
                "a time that leaves room for the run",
            ),
            (
                "jibe_per_hour",
                self.jibe_per_hour,
                (0.0..1.0).contains(&self.jibe_per_hour),
                "from 0 to below 1",
            ),
            (
                "coast_spacing_deg",
                self.coast_spacing_deg,
                (1e-5..=1.0).contains(&self.coast_spacing_deg),
                "from 0.00001 to 1 degree",
            ),
            (
                "wind_uncertainty_ms",
                self.wind_uncertainty_ms,
                not_negative(self.wind_uncertainty_ms),
                noise,
            ),
            (
                "current_uncertainty_ms",
                self.current_uncertainty_ms,
                not_negative(self.current_uncertainty_ms),
                noise,
            ),
            (
                "current_uncertainty_uniform_ms",
                self.current_uncertainty_uniform_ms,
                not_negative(self.current_uncertainty_uniform_ms),
                noise,
            ),
        ];
        refuse(&rules)
    }
}

impl SeedPlan {
    /// Refuses what makes no seeds.
    pub(super) fn check(&self) -> Result<(), Error> {
        let times = self.release_s.len();
        let number = self.number as usize;
        let fits = times == 1 || times == number || (times == 2 && number > 1);
        let rules = [
            ("number", f64::from(self.number), self.number > 0, "1 or more"),
            (
                "release_s",
                times as f64,
                fits,
                "one time, two, or one for each particle",
            ),
        ];
        refuse(&rules)
    }
}

/// A rule of a setting: its name and value, whether it holds, and what would do.
pub(super) type Rule = (&'static str, f64, bool, &'static str);

pub(super) fn refuse(rules: &[Rule]) -> Result<(), Error> {
    match rules.iter().find(|(_, _, holds, _)| !holds) {
        Some(&(name, value, _, allowed)) => Err(Error::Setting { name, value, allowed }),
        None => Ok(()),
    }
}

/// Degrees of a position as numbers, longitude first.
pub(super) fn degrees(position: LatLon) -> (f64, f64) {
    (position.lon_deg(), position.lat_deg())
}
