//! From the JSON body of `POST /v1/missions` to a `MissionSpec`, or to every rule that the body violates.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::{CurrentError, MissionSpec, Mode, Priority, limits};
use crate::{LatLon, ObjectClass, ValidTime, Violation, nearest_class_names};

/// Members of `config` that contract.md names and that this version does not run yet: refused by name, not ignored.
const NOT_YET: [&str; 4] = ["direction", "scenarios", "changes", "backtrack"];

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
        let mut members = Members::new(map, "", &mut violations);
        let name = members.text("name", limits::NAME_CHARS);
        let description = members.text("description", limits::DESCRIPTION_CHARS);
        let lat = members.required_number("last_known_lat", -90.0..=90.0);
        let lon = members.required_number("last_known_lon", -180.0..=180.0);
        let time = members.required_time("last_known_time");
        let object = members.object_class("object_type");
        let radius_m = members.number("uncertainty_radius_m", limits::RADIUS_M);
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
        members.refuse_unknown(&[]);

        let empty = Map::new();
        let config = Config::read(config.unwrap_or(&empty), &mut violations);
        let forecast_hours = forecast_hours.unwrap_or(limits::DEFAULT_HOURS);
        let ensemble_size = ensemble_size.unwrap_or(limits::DEFAULT_ENSEMBLE);
        config.check_size(forecast_hours, ensemble_size, &mut violations);

        match (lat, lon, time, object, violations.is_empty()) {
            (Some(lat), Some(lon), Some(time), Some(object), true) => {
                let position = LatLon::new(lat, lon)
                    .map_err(|error| vec![Violation::new("last_known_lat", "out_of_range", error.to_string())])?;
                Ok(Self {
                    name,
                    description,
                    position,
                    time,
                    object,
                    radius_m: radius_m.unwrap_or(limits::DEFAULT_RADIUS_M),
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
                })
            }
            _ => Err(violations),
        }
    }
}

struct Config {
    mode: Mode,
    step_s: u32,
    output_interval_s: u32,
    seed: Option<u64>,
    forcing: Vec<String>,
    current_error: Option<CurrentError>,
}

impl Config {
    fn read(map: &Map<String, Value>, violations: &mut Vec<Violation>) -> Self {
        let mut members = Members::new(map, "config.", violations);
        let mode = members.word("mode", &[("operational", Mode::Operational)]);
        let step_s = members
            .integer("step_s", limits::STEP_S)
            .unwrap_or(limits::DEFAULT_STEP_S);
        let output_interval_s = members
            .integer("output_interval_s", limits::OUTPUT_INTERVAL_S)
            .unwrap_or(limits::DEFAULT_OUTPUT_INTERVAL_S);
        let seed = members.integer("seed", limits::SEED);
        let forcing = members.names("forcing", limits::FORCING_CHOICES);
        let error = members.object("error");
        members.refuse_unknown(&NOT_YET);
        let current_error = error.and_then(|error| read_error(error, violations));
        Self {
            mode: mode.unwrap_or(Mode::Operational),
            step_s,
            output_interval_s,
            seed,
            forcing,
            current_error,
        }
    }

    fn check_size(&self, forecast_hours: u32, ensemble_size: u32, violations: &mut Vec<Violation>) {
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
    }
}

fn read_error(map: &Map<String, Value>, violations: &mut Vec<Violation>) -> Option<CurrentError> {
    let mut members = Members::new(map, "config.error.", violations);
    let current = members.object("current");
    members.refuse_unknown(&["wind"]);
    let mut members = Members::new(current?, "config.error.current.", violations);
    let sigma_ms = members.number("sigma", limits::SIGMA_MS);
    let tau_s = members.number("tau", limits::TAU_S);
    members.refuse_unknown(&[]);
    let start = CurrentError::UNCALIBRATED;
    Some(CurrentError {
        sigma_ms: sigma_ms.unwrap_or(start.sigma_ms),
        tau_s: tau_s.unwrap_or(start.tau_s),
    })
}

/// The members of one JSON object, read by name; whatever is wrong with one is noted and reading goes on.
struct Members<'a, 'v> {
    map: &'a Map<String, Value>,
    path: &'static str,
    known: BTreeSet<&'static str>,
    violations: &'v mut Vec<Violation>,
}

impl<'a, 'v> Members<'a, 'v> {
    fn new(map: &'a Map<String, Value>, path: &'static str, violations: &'v mut Vec<Violation>) -> Self {
        Self {
            map,
            path,
            known: BTreeSet::new(),
            violations,
        }
    }

    /// The member's value; an explicit null counts as absent.
    fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.insert(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    fn refuse(&mut self, name: &str, code: &str, message: impl Into<String>) {
        self.violations
            .push(Violation::new(format!("{}{name}", self.path), code, message));
    }

    fn wrong_type(&mut self, name: &str, wanted: &str, found: &Value) {
        self.refuse(
            name,
            "wrong_type",
            format!("{name} must be {wanted}, not {}", shown(found)),
        );
    }

    fn number(&mut self, name: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.get(name)?;
        let Some(number) = value.as_f64() else {
            self.wrong_type(name, "a number", value);
            return None;
        };
        self.in_range(name, number, &range)
    }

    fn required_number(&mut self, name: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        self.require(name);
        self.number(name, range)
    }

    fn integer<T: TryFrom<u64> + PartialOrd + Display + Copy>(
        &mut self,
        name: &'static str,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        let value = self.get(name)?;
        if !value.is_number() || value.as_f64().is_some_and(|number| number.fract() != 0.0) {
            self.wrong_type(name, "a whole number", value);
            return None;
        }
        // 24.0 is a whole number too; a negative or huge one is out of range, whatever integer type it would need.
        let whole = value
            .as_u64()
            .or_else(|| value.as_f64().filter(|n| (0.0..9e15).contains(n)).map(|n| n as u64));
        match whole.and_then(|number| T::try_from(number).ok()) {
            Some(number) => self.in_range(name, number, &range),
            None => {
                self.refuse(name, "out_of_range", out_of_range(name, value, &range));
                None
            }
        }
    }

    fn in_range<T: PartialOrd + Display>(&mut self, name: &str, number: T, range: &RangeInclusive<T>) -> Option<T> {
        if range.contains(&number) {
            return Some(number);
        }
        self.refuse(name, "out_of_range", out_of_range(name, &number, range));
        None
    }

    fn text(&mut self, name: &'static str, max_chars: usize) -> Option<String> {
        let value = self.get(name)?;
        let Some(text) = value.as_str() else {
            self.wrong_type(name, "a text", value);
            return None;
        };
        let length = text.chars().count();
        if length > max_chars {
            self.refuse(
                name,
                "too_long",
                format!("{name} has {length} characters, more than the limit of {max_chars}"),
            );
            return None;
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            self.refuse(name, "control_characters", format!("{name} holds control characters"));
            return None;
        }
        Some(text.to_owned())
    }

    fn required_time(&mut self, name: &'static str) -> Option<ValidTime> {
        self.require(name);
        let value = self.get(name)?;
        let parsed = value.as_str().map(str::parse::<ValidTime>);
        match parsed {
            Some(Ok(time)) => Some(time),
            Some(Err(error)) => {
                self.refuse(name, "malformed", error.to_string());
                None
            }
            None => {
                self.wrong_type(name, "an RFC 3339 time", value);
                None
            }
        }
    }

    fn object_class(&mut self, name: &'static str) -> Option<&'static ObjectClass> {
        self.require(name);
        let value = self.get(name)?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            other => {
                self.wrong_type(name, "a class key or number", other);
                return None;
            }
        };
        let found = ObjectClass::find(&text);
        if found.is_none() {
            let near = nearest_class_names(&text, 4).join(", ");
            self.refuse(
                name,
                "unknown",
                format!(
                    "there is no object class {}; the nearest names are {near}",
                    shown(value)
                ),
            );
        }
        found
    }

    fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let value = self.get(name)?;
        let found = value
            .as_str()
            .and_then(|text| words.iter().find(|(word, _)| *word == text));
        if found.is_none() {
            let allowed: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.refuse(
                name,
                "unknown",
                format!("{name} must be one of {}, not {}", allowed.join(", "), shown(value)),
            );
        }
        found.map(|(_, meaning)| *meaning)
    }

    fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let value = self.get(name)?;
        if !value.is_boolean() {
            self.wrong_type(name, "true or false", value);
        }
        value.as_bool()
    }

    fn object(&mut self, name: &'static str) -> Option<&'a Map<String, Value>> {
        let value = self.get(name)?;
        if !value.is_object() {
            self.wrong_type(name, "an object", value);
        }
        value.as_object()
    }

    fn names(&mut self, name: &'static str, max: usize) -> Vec<String> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let texts = value
            .as_array()
            .map(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        match texts {
            Some(Some(texts)) => {
                let texts: Vec<String> = texts;
                if texts.len() > max {
                    self.refuse(
                        name,
                        "too_many",
                        format!("{name} names {} feeds, more than the limit of {max}", texts.len()),
                    );
                }
                texts
            }
            _ => {
                self.wrong_type(name, "a list of feed names", value);
                Vec::new()
            }
        }
    }

    fn require(&mut self, name: &'static str) {
        if self.get(name).is_none() {
            self.refuse(name, "missing", format!("{name} is required"));
        }
    }

    /// Reports members that nobody asked for; `not_yet` are real ones that this version cannot honour.
    fn refuse_unknown(&mut self, not_yet: &[&str]) {
        let unknown: Vec<&String> = self
            .map
            .keys()
            .filter(|key| !self.known.contains(key.as_str()))
            .collect();
        for key in unknown {
            if not_yet.contains(&key.as_str()) {
                self.refuse(key, "not_supported", format!("{key} is not supported by this version"));
            } else {
                let key: String = key.chars().take(64).collect();
                self.refuse(&key, "unknown_field", format!("there is no field {key}"));
            }
        }
    }
}

fn out_of_range<T: Display>(name: &str, found: &dyn Display, range: &RangeInclusive<T>) -> String {
    format!(
        "{name} is {found}; it must be between {} and {}",
        range.start(),
        range.end()
    )
}

/// A value as it may be quoted in a message: short.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 64 {
        text
    } else {
        format!("{}…", text.chars().take(63).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn valid() -> Value {
        json!({"last_known_lat": 60.0, "last_known_lon": 4.0, "last_known_time": "2015-11-16T06:00:00Z", "object_type": "PIW-1"})
    }

    fn codes(body: &Value) -> Vec<(String, String)> {
        MissionSpec::from_json(body)
            .unwrap_err()
            .into_iter()
            .map(|v| (v.field, v.code))
            .collect()
    }

    #[test]
    fn the_shortest_mission_gets_the_documented_defaults() {
        let spec = MissionSpec::from_json(&valid()).unwrap();
        assert_eq!((spec.ensemble_size, spec.forecast_hours, spec.step_s), (5_000, 24, 600));
        assert_eq!(spec.priority, Priority::Normal);
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<MissionSpec>(&text).unwrap(), spec);
    }

    #[test]
    fn every_violation_is_reported_at_once() {
        let body = json!({
            "last_known_lat": 95, "last_known_time": "tomorrow", "object_type": "PIV-1", "forecast_hours": -3,
            "ensemble_size": 1_000_000_000, "uncertainty_radius_m": "wide", "distres": true,
            "config": {"step_s": 700, "seed": 1.5, "scenarios": [], "error": {"current": {"sigma": -1}}}
        });
        let found = codes(&body);
        let expect = [
            ("last_known_lat", "out_of_range"),
            ("last_known_lon", "missing"),
            ("last_known_time", "malformed"),
            ("object_type", "unknown"),
            ("uncertainty_radius_m", "wrong_type"),
            ("forecast_hours", "out_of_range"),
            ("ensemble_size", "out_of_range"),
            ("distres", "unknown_field"),
            ("config.seed", "wrong_type"),
            ("config.scenarios", "not_supported"),
            ("config.error.current.sigma", "out_of_range"),
            ("config.output_interval_s", "not_a_multiple"),
        ];
        let expect: Vec<_> = expect.iter().map(|(f, c)| ((*f).to_owned(), (*c).to_owned())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn nonsense_is_refused_without_a_panic() {
        for body in [
            json!(null),
            json!([]),
            json!("x"),
            json!({}),
            json!({"config": 3}),
            json!({"config": {"error": []}}),
        ] {
            assert!(!codes(&body).is_empty(), "{body}");
        }
        for (name, value) in [
            ("last_known_lat", json!(null)),
            ("last_known_lon", json!(1e308)),
            ("forecast_hours", json!(1e300)),
            ("ensemble_size", json!(0)),
            ("object_type", json!("x".repeat(100_000))),
            ("name", json!("n".repeat(201))),
            ("description", json!("a\u{0}b")),
        ] {
            let mut body = valid();
            body[name] = value;
            let violations = MissionSpec::from_json(&body).unwrap_err();
            assert_eq!(violations.len(), 1, "{violations:?}");
            assert_eq!(violations[0].field, name);
            assert!(violations[0].message.len() < 400);
        }
    }

    #[test]
    fn a_size_beyond_the_limit_of_positions_is_refused() {
        let mut body = valid();
        body["ensemble_size"] = json!(1_000_000);
        body["forecast_hours"] = json!(240);
        assert_eq!(codes(&body), [("ensemble_size".to_owned(), "too_large".to_owned())]);
    }
}
