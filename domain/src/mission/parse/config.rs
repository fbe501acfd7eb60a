//! The member `config`: how a mission is computed, and its scenarios.

use serde_json::{Map, Value};

use super::members::{Members, shown};
use super::{begins, scenarios};
use crate::mission::{
    CoastlineAction, CurrentError, Direction, ForcingChoice, Mode, Release, Scenario, SlowCoefficients, WindError,
    limits,
};
use crate::{ObjectClass, Violation};

pub(super) struct Config {
    pub(super) mode: Mode,
    pub(super) step_s: u32,
    pub(super) output_interval_s: u32,
    pub(super) seed: Option<u64>,
    pub(super) direction: Direction,
    pub(super) forcing: Vec<ForcingChoice>,
    pub(super) current_error: Option<CurrentError>,
    pub(super) wind_error: Option<WindError>,
    pub(super) slow_coefficients: Option<SlowCoefficients>,
    pub(super) capsizing: bool,
    pub(super) coastline_action: CoastlineAction,
    pub(super) scenarios: Vec<Scenario>,
}

impl Config {
    /// Reads the member; `object` is what scenarios drift that name no object of their own.
    pub(super) fn read(
        map: &Map<String, Value>,
        object: Option<&'static ObjectClass>,
        violations: &mut Vec<Violation>,
    ) -> Self {
        let mut members = Members::new(map, "config.", violations);
        let mode = members.word("mode", &[("operational", Mode::Operational), ("parity", Mode::Parity)]);
        let step_s = members
            .integer("step_s", limits::STEP_S)
            .unwrap_or(limits::DEFAULT_STEP_S);
        let output_interval_s = members
            .integer("output_interval_s", limits::OUTPUT_INTERVAL_S)
            .unwrap_or(limits::DEFAULT_OUTPUT_INTERVAL_S);
        let seed = members.integer("seed", limits::SEED);
        let direction = members
            .word(
                "direction",
                &[("forward", Direction::Forward), ("backtrack", Direction::Backtrack)],
            )
            .unwrap_or_default();
        let capsizing = members.boolean("capsizing").unwrap_or(false);
        let coastline_action = members.word(
            "coastline_action",
            &[
                ("stranding", CoastlineAction::Stranding),
                ("previous", CoastlineAction::Previous),
                ("none", CoastlineAction::None),
            ],
        );
        let feeds = members.list("forcing", 0..=limits::FORCING_CHOICES);
        let error = members.object("error");
        let asked = members.list("scenarios", limits::SCENARIOS);
        members.refuse_unknown();
        let forcing = feeds.map_or_else(Vec::new, |feeds| read_forcing(feeds, violations));
        let error = error.map_or_else(Errors::default, |error| Errors::read(error, violations));
        let scenarios = asked.map_or_else(Vec::new, |asked| scenarios::read(asked, object, direction, violations));
        Self {
            mode: mode.unwrap_or(Mode::Operational),
            step_s,
            output_interval_s,
            seed,
            direction,
            forcing,
            current_error: error.current,
            wind_error: error.wind,
            slow_coefficients: error.coefficients,
            capsizing,
            coastline_action: coastline_action.unwrap_or_default(),
            scenarios,
        }
    }

    pub(super) fn check_size(&self, forecast_hours: u32, ensemble_size: u32, violations: &mut Vec<Violation>) {
        if self.step_s == 0 || self.output_interval_s == 0 || !self.output_interval_s.is_multiple_of(self.step_s) {
            violations.push(Violation::new(
                "config.output_interval_s",
                "not_a_multiple",
                format!(
                    "the output interval of {} s is not a multiple of the step of {} s",
                    self.output_interval_s, self.step_s
                ),
            ));
            return;
        }
        let outputs = u64::from(forecast_hours) * 3600 / u64::from(self.output_interval_s) + 1;
        if outputs > u64::from(limits::MAX_OUTPUTS) {
            violations.push(Violation::new(
                "config.output_interval_s",
                "too_many_outputs",
                format!(
                    "{outputs} output times are more than the limit of {}",
                    limits::MAX_OUTPUTS
                ),
            ));
        }
        if outputs * u64::from(ensemble_size) > limits::MAX_POSITIONS {
            violations.push(Violation::new(
                "ensemble_size",
                "too_large",
                format!(
                    "{ensemble_size} particles at {outputs} output times are more than the limit of {} positions",
                    limits::MAX_POSITIONS
                ),
            ));
        }
        let scenarios = self.scenarios.len();
        if (ensemble_size as usize) < scenarios {
            violations.push(Violation::new(
                "ensemble_size",
                "too_small",
                format!("{ensemble_size} particles are fewer than the {scenarios} scenarios"),
            ));
        }
    }

    /// Every release has to lie within the hours of the run, which begin with the first.
    pub(super) fn check_times(&self, forecast_hours: u32, violations: &mut Vec<Violation>) {
        let Some(begins) = begins(&self.scenarios, self.direction) else {
            return;
        };
        let hours_s = i64::from(forecast_hours) * 3600;
        for (number, scenario) in self.scenarios.iter().enumerate() {
            let last = match self.direction {
                Direction::Forward => scenario.release.last_time(),
                Direction::Backtrack => scenario.release.first_time(),
            };
            if (last.unix_s() - begins.unix_s()).abs() >= hours_s {
                violations.push(Violation::new(
                    format!("config.scenarios[{number}].release"),
                    "out_of_range",
                    format!(
                        "it releases until {last}; the run of {forecast_hours} h that begins at {begins} has ended by then"
                    ),
                ));
            }
        }
    }

    /// The reference implementation has no such thing as some of our settings (leeway.md 3.1, 3.4).
    pub(super) fn check_parity(&self, violations: &mut Vec<Violation>) {
        if self.mode != Mode::Parity {
            return;
        }
        let mut refuse = |field: String, what: &str| {
            violations.push(Violation::new(
                field,
                "not_in_parity",
                format!("the mode parity has no {what}: the reference implementation has none"),
            ));
        };
        if self.current_error.is_some() || self.wind_error.is_some() || self.slow_coefficients.is_some() {
            refuse("config.error".to_owned(), "error that is correlated in time");
        }
        if self.forcing.iter().any(|choice| choice.weight.is_some()) {
            refuse("config.forcing".to_owned(), "weighted feeds");
        }
        for (number, scenario) in self.scenarios.iter().enumerate() {
            let shape = match scenario.release {
                Release::Track(_) => Some("voyage"),
                Release::Bearings(_) => Some("bearings"),
                Release::Point(_) | Release::Cone(_) | Release::Polygon(_) => None,
            };
            if let Some(shape) = shape {
                refuse(format!("config.scenarios[{number}].release"), shape);
            }
            // The reference's polygons lie in a plane that ends at 180 degrees.
            let jumps = |ring: &Vec<[f64; 2]>| ring.windows(2).any(|ends| (ends[1][0] - ends[0][0]).abs() > 180.0);
            if let Release::Polygon(polygon) = &scenario.release
                && (polygon.coordinates.iter().any(jumps) || polygon.bounds().width_deg() >= 360.0)
            {
                refuse(
                    format!("config.scenarios[{number}].release.polygon.coordinates"),
                    "polygon across the antimeridian or around a pole",
                );
            }
            if let Release::Polygon(polygon) = &scenario.release
                && !polygon.outline().crossings().is_empty()
            {
                refuse(
                    format!("config.scenarios[{number}].release.polygon.coordinates"),
                    "polygon whose edges cross",
                );
            }
            if let Release::Polygon(polygon) = &scenario.release
                && polygon.coordinates.len() > 1
            {
                refuse(
                    format!("config.scenarios[{number}].release.polygon"),
                    "polygon with holes",
                );
            }
            if !scenario.changes.is_empty() {
                refuse(format!("config.scenarios[{number}].changes"), "changes of the object");
            }
        }
    }
}

/// The member `config.error`.
#[derive(Default)]
struct Errors {
    current: Option<CurrentError>,
    wind: Option<WindError>,
    coefficients: Option<SlowCoefficients>,
}

impl Errors {
    fn read(map: &Map<String, Value>, violations: &mut Vec<Violation>) -> Self {
        let mut members = Members::new(map, "config.error.", violations);
        let current = members.object("current");
        let wind = members.object("wind");
        let coefficients = members.object("coefficients");
        members.refuse_unknown();
        Self {
            current: current.map(|current| read_current(current, violations)),
            wind: wind.and_then(|wind| read_wind(wind, violations)),
            coefficients: coefficients.and_then(|coefficients| read_coefficients(coefficients, violations)),
        }
    }
}

fn read_current(map: &Map<String, Value>, violations: &mut Vec<Violation>) -> CurrentError {
    let mut members = Members::new(map, "config.error.current.", violations);
    let sigma_ms = members.number("sigma", limits::SIGMA_MS);
    let tau_s = members.number("tau", limits::TAU_S);
    members.refuse_unknown();
    let start = CurrentError::UNCALIBRATED;
    CurrentError {
        sigma_ms: sigma_ms.unwrap_or(start.sigma_ms),
        tau_s: tau_s.unwrap_or(start.tau_s),
    }
}

/// No value is known to start from, so both are asked for.
fn read_wind(map: &Map<String, Value>, violations: &mut Vec<Violation>) -> Option<WindError> {
    let mut members = Members::new(map, "config.error.wind.", violations);
    let sigma_ms = members.required_number("sigma", limits::WIND_SIGMA_MS);
    let tau_s = members.required_number("tau", limits::TAU_S);
    members.refuse_unknown();
    Some(WindError {
        sigma_ms: sigma_ms?,
        tau_s: tau_s?,
    })
}

fn read_coefficients(map: &Map<String, Value>, violations: &mut Vec<Violation>) -> Option<SlowCoefficients> {
    let mut members = Members::new(map, "config.error.coefficients.", violations);
    let share = members.required_number("share", limits::COEFFICIENT_SHARE);
    let tau_s = members.required_number("tau", limits::TAU_S);
    members.refuse_unknown();
    Some(SlowCoefficients {
        share: share?,
        tau_s: tau_s?,
    })
}

/// Feeds by name, or by name and weight.
fn read_forcing(feeds: &[Value], violations: &mut Vec<Violation>) -> Vec<ForcingChoice> {
    let mut choices: Vec<ForcingChoice> = Vec::new();
    for (number, value) in feeds.iter().enumerate() {
        let path = format!("config.forcing[{number}]");
        let choice = match value {
            Value::String(feed) => Some(ForcingChoice {
                feed: feed.clone(),
                weight: None,
            }),
            Value::Object(map) => read_weighted(map, format!("{path}."), violations),
            other => {
                let message = format!(
                    "{path} must be a feed's name or an object of feed and weight, not {}",
                    shown(other)
                );
                violations.push(Violation::new(path.as_str(), "wrong_type", message));
                None
            }
        };
        let Some(choice) = choice else { continue };
        if choices.iter().any(|other| other.feed == choice.feed) {
            let feed: String = choice.feed.chars().take(64).collect();
            violations.push(Violation::new(
                path,
                "duplicate",
                format!("the feed '{feed}' stands twice"),
            ));
        }
        choices.push(choice);
    }
    choices
}

fn read_weighted(map: &Map<String, Value>, path: String, violations: &mut Vec<Violation>) -> Option<ForcingChoice> {
    let mut members = Members::new(map, path, violations);
    members.require("feed");
    let feed = members.text("feed", limits::NAME_CHARS);
    let weight = members.number("weight", limits::WEIGHT);
    members.refuse_unknown();
    Some(ForcingChoice { feed: feed?, weight })
}
