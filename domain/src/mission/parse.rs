//! From the JSON body of `POST /v1/missions` to a `MissionSpec`, or to every rule that the body violates.

mod config;
mod members;
mod releases;
mod scenarios;
mod shapes;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::config::Config;
use self::members::Members;
use super::{Direction, MissionSpec, Priority, Scenario, limits};
use crate::{LatLon, ObjectClass, ValidTime, Violation};

/// Members of the short form that scenarios have in their releases.
const SHORT_FORM: [&str; 4] = [
    "last_known_lat",
    "last_known_lon",
    "last_known_time",
    "uncertainty_radius_m",
];

impl MissionSpec {
    /// Reads a mission from JSON.
    ///
    /// # Errors
    /// Every violated rule, in the order of the members; the list is never empty.
    pub fn from_json(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let Some(map) = body.as_object() else {
            return Err(vec![Violation::new(
                "",
                "not_an_object",
                "the body must be a JSON object",
            )]);
        };
        let scenarios = map.get("config").and_then(|config| config.get("scenarios"));
        let has_scenarios = scenarios.and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let mut members = Members::new(map, "", &mut violations);
        let name = members.text("name", limits::NAME_CHARS);
        let description = members.text("description", limits::DESCRIPTION_CHARS);
        let (start, object) = if has_scenarios {
            refuse_short_form(&mut members);
            (None, members.object_class("object_type"))
        } else {
            read_short_form(&mut members)
        };
        let forecast_hours = members.integer("forecast_hours", limits::HOURS);
        let ensemble_size = members.integer("ensemble_size", limits::ENSEMBLE);
        let priority = members.word(
            "priority",
            &[
                ("urgent", Priority::Urgent),
                ("normal", Priority::Normal),
                ("low", Priority::Low),
            ],
        );
        let distress = members.boolean("distress");
        let config = members.object("config");
        members.refuse_unknown();

        let empty = Map::new();
        let config = Config::read(config.unwrap_or(&empty), object, &mut violations);
        let forecast_hours = forecast_hours.unwrap_or(limits::DEFAULT_HOURS);
        let ensemble_size = ensemble_size.unwrap_or(limits::DEFAULT_ENSEMBLE);
        config.check_size(forecast_hours, ensemble_size, &mut violations);
        config.check_times(forecast_hours, &mut violations);
        config.check_parity(&mut violations);
        let start = start.or_else(|| Start::of(&config.scenarios, config.direction, object));

        match (start, violations.is_empty()) {
            (Some(start), true) => Ok(Self {
                name,
                description,
                position: start.position,
                time: start.time,
                object: start.object,
                radius_m: start.radius_m,
                forecast_hours,
                ensemble_size,
                priority: priority.unwrap_or(Priority::Normal),
                distress: distress.unwrap_or(false),
                mode: config.mode,
                step_s: config.step_s,
                output_interval_s: config.output_interval_s,
                seed: config.seed,
                forcing: config.forcing,
                current_error: config.current_error,
                direction: config.direction,
                scenarios: config.scenarios,
                wind_error: config.wind_error,
                slow_coefficients: config.slow_coefficients,
                capsizing: config.capsizing,
                coastline_action: config.coastline_action,
            }),
            _ => Err(violations),
        }
    }
}

/// What a mission is about, in short.
struct Start {
    position: LatLon,
    time: ValidTime,
    object: &'static ObjectClass,
    radius_m: f64,
}

impl Start {
    /// The middle of the weightiest scenario, the first among equals, and where the whole mission begins in time.
    fn of(scenarios: &[Scenario], direction: Direction, object: Option<&'static ObjectClass>) -> Option<Self> {
        let mut weightiest = scenarios.first()?;
        for scenario in scenarios {
            if scenario.weight > weightiest.weight {
                weightiest = scenario;
            }
        }
        Some(Self {
            position: weightiest.release.centre(),
            time: begins(scenarios, direction)?,
            object: object.unwrap_or(weightiest.object),
            radius_m: weightiest.release.radius_m(),
        })
    }
}

/// The earliest release; in a backtrack the latest.
fn begins(scenarios: &[Scenario], direction: Direction) -> Option<ValidTime> {
    let releases = scenarios.iter().map(|scenario| &scenario.release);
    match direction {
        Direction::Forward => releases.map(super::Release::first_time).min(),
        Direction::Backtrack => releases.map(super::Release::last_time).max(),
    }
}

fn read_short_form(members: &mut Members<'_, '_>) -> (Option<Start>, Option<&'static ObjectClass>) {
    let lat = members.required_number("last_known_lat", -90.0..=90.0);
    let lon = members.required_number("last_known_lon", -180.0..=180.0);
    let time = members.required_time("last_known_time");
    let object = members.required_object_class("object_type");
    let radius_m = members.number("uncertainty_radius_m", limits::RADIUS_M);
    let position = match (lat, lon) {
        (Some(lat), Some(lon)) => LatLon::new(lat, lon).ok(),
        _ => None,
    };
    let start = match (position, time, object) {
        (Some(position), Some(time), Some(object)) => Some(Start {
            position,
            time,
            object,
            radius_m: radius_m.unwrap_or(limits::DEFAULT_RADIUS_M),
        }),
        _ => None,
    };
    (start, object)
}

fn refuse_short_form(members: &mut Members<'_, '_>) {
    for name in SHORT_FORM {
        if members.get(name).is_some() {
            members.refuse(
                name,
                "contradiction",
                format!("{name} cannot stand beside config.scenarios: each release has its own place and time"),
            );
        }
    }
}
