//! The members of a JSON object, read by name with a note of whatever is wrong.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::{LatLon, ObjectClass, ValidTime, Violation, nearest_class_names};

/// The members of one JSON object, read by name; whatever is wrong with one is noted and reading goes on.
pub(super) struct Members<'a, 'v> {
    map: &'a Map<String, Value>,
    path: String,
    known: BTreeSet<&'static str>,
    violations: &'v mut Vec<Violation>,
}

impl<'a, 'v> Members<'a, 'v> {
    pub(super) fn new(
        map: &'a Map<String, Value>,
        path: impl Into<String>,
        violations: &'v mut Vec<Violation>,
    ) -> Self {
        Self {
            map,
            path: path.into(),
            known: BTreeSet::new(),
            violations,
        }
    }

    /// The member's value; an explicit null counts as absent.
    pub(super) fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.insert(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn refuse(&mut self, name: &str, code: &str, message: impl Into<String>) {
        self.violations
            .push(Violation::new(format!("{}{name}", self.path), code, message));
    }

    pub(super) fn wrong_type(&mut self, name: &str, wanted: &str, found: &Value) {
        self.refuse(
            name,
            "wrong_type",
            format!("{name} must be {wanted}, not {}", shown(found)),
        );
    }

    pub(super) fn number(&mut self, name: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.get(name)?;
        let Some(number) = value.as_f64() else {
            self.wrong_type(name, "a number", value);
            return None;
        };
        self.in_range(name, number, &range)
    }

    pub(super) fn required_number(&mut self, name: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        self.require(name);
        self.number(name, range)
    }

    pub(super) fn integer<T: TryFrom<u64> + PartialOrd + Display + Copy>(
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

    pub(super) fn in_range<T: PartialOrd + Display>(
        &mut self,
        name: &str,
        number: T,
        range: &RangeInclusive<T>,
    ) -> Option<T> {
        if range.contains(&number) {
            return Some(number);
        }
        self.refuse(name, "out_of_range", out_of_range(name, &number, range));
        None
    }

    pub(super) fn text(&mut self, name: &'static str, max_chars: usize) -> Option<String> {
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

    pub(super) fn time(&mut self, name: &'static str) -> Option<ValidTime> {
        let value = self.get(name)?;
        self.as_time(name, value)
    }

    pub(super) fn required_time(&mut self, name: &'static str) -> Option<ValidTime> {
        self.require(name);
        self.time(name)
    }

    fn as_time(&mut self, name: &str, value: &Value) -> Option<ValidTime> {
        match value.as_str().map(str::parse::<ValidTime>) {
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

    /// Two times, the second not before the first.
    pub(super) fn required_window(&mut self, name: &'static str) -> Option<[ValidTime; 2]> {
        self.require(name);
        let value = self.get(name)?;
        let Some([first, last]) = value.as_array().map(Vec::as_slice) else {
            self.wrong_type(name, "a list of two times", value);
            return None;
        };
        let (first, last) = (self.as_time(name, first), self.as_time(name, last));
        let (first, last) = (first?, last?);
        if last < first {
            self.refuse(
                name,
                "out_of_order",
                format!("{name} ends at {last}, before its start at {first}"),
            );
            return None;
        }
        Some([first, last])
    }

    /// A position of the members `lat` and `lon`.
    pub(super) fn required_position(&mut self) -> Option<LatLon> {
        let lat = self.required_number("lat", -90.0..=90.0);
        let lon = self.required_number("lon", -180.0..=180.0);
        LatLon::new(lat?, lon?).ok()
    }

    /// A list of this many items.
    pub(super) fn list(&mut self, name: &'static str, range: RangeInclusive<usize>) -> Option<&'a [Value]> {
        let value = self.get(name)?;
        let Some(items) = value.as_array() else {
            self.wrong_type(name, "a list", value);
            return None;
        };
        let count = items.len();
        if range.contains(&count) {
            return Some(items);
        }
        let code = if count < *range.start() { "too_few" } else { "too_many" };
        let (least, most) = (range.start(), range.end());
        self.refuse(
            name,
            code,
            format!("{name} has {count} items; it must have between {least} and {most}"),
        );
        None
    }

    pub(super) fn required_list(&mut self, name: &'static str, range: RangeInclusive<usize>) -> Option<&'a [Value]> {
        self.require(name);
        self.list(name, range)
    }

    pub(super) fn required_object(&mut self, name: &'static str) -> Option<&'a Map<String, Value>> {
        self.require(name);
        self.object(name)
    }

    pub(super) fn required_object_class(&mut self, name: &'static str) -> Option<&'static ObjectClass> {
        self.require(name);
        self.object_class(name)
    }

    pub(super) fn object_class(&mut self, name: &'static str) -> Option<&'static ObjectClass> {
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

    pub(super) fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
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

    pub(super) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let value = self.get(name)?;
        if !value.is_boolean() {
            self.wrong_type(name, "true or false", value);
        }
        value.as_bool()
    }

    pub(super) fn object(&mut self, name: &'static str) -> Option<&'a Map<String, Value>> {
        let value = self.get(name)?;
        if !value.is_object() {
            self.wrong_type(name, "an object", value);
        }
        value.as_object()
    }

    pub(super) fn require(&mut self, name: &'static str) {
        if self.get(name).is_none() {
            self.refuse(name, "missing", format!("{name} is required"));
        }
    }

    /// Reports members that nobody asked for.
    pub(super) fn refuse_unknown(&mut self) {
        let unknown: Vec<&String> = self
            .map
            .keys()
            .filter(|key| !self.known.contains(key.as_str()))
            .collect();
        for key in unknown {
            let key: String = key.chars().take(64).collect();
            self.refuse(&key, "unknown_field", format!("there is no field {key}"));
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
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 64 {
        text
    } else {
        format!("{}…", text.chars().take(63).collect::<String>())
    }
}
