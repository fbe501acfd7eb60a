//! The member `config.scenarios`: what may have happened, each with its release and its changes.

use serde_json::Value;

use super::members::{Members, shown};
use super::releases;
use crate::mission::{Change, Direction, Release, Scenario, limits};
use crate::{ObjectClass, Violation};

/// Reads every scenario that can be read.
pub(super) fn read(
    asked: &[Value],
    object: Option<&'static ObjectClass>,
    direction: Direction,
    violations: &mut Vec<Violation>,
) -> Vec<Scenario> {
    let numbered = asked.iter().enumerate();
    numbered
        .filter_map(|(number, value)| {
            let path = format!("config.scenarios[{number}]");
            read_one(value, path, object, direction, violations)
        })
        .collect()
}

fn read_one(
    value: &Value,
    path: String,
    default: Option<&'static ObjectClass>,
    direction: Direction,
    violations: &mut Vec<Violation>,
) -> Option<Scenario> {
    let Some(map) = value.as_object() else {
        let message = format!("{path} must be an object, not {}", shown(value));
        violations.push(Violation::new(path, "wrong_type", message));
        return None;
    };
    let mut members = Members::new(map, format!("{path}."), violations);
    let name = members.text("name", limits::NAME_CHARS);
    let weight = members.number("weight", limits::WEIGHT);
    let object = match default {
        Some(default) if members.get("object_type").is_none() => Some(default),
        _ => members.required_object_class("object_type"),
    };
    let release = members.required_object("release");
    let changes = members.list("changes", limits::CHANGES);
    members.refuse_unknown();
    let release = release.and_then(|release| releases::read(release, &format!("{path}.release"), violations));
    let changes = changes.map_or_else(Vec::new, |changes| {
        read_changes(changes, &path, release.as_ref(), direction, violations)
    });
    Some(Scenario {
        name,
        weight: weight.unwrap_or(limits::DEFAULT_WEIGHT),
        object: object?,
        release: release?,
        changes,
    })
}

/// Changes take effect one after the other, the first of them after the first release.
fn read_changes(
    items: &[Value],
    path: &str,
    release: Option<&Release>,
    direction: Direction,
    violations: &mut Vec<Violation>,
) -> Vec<Change> {
    let (mut before, word) = match direction {
        Direction::Forward => (release.map(Release::first_time), "after"),
        Direction::Backtrack => (release.map(Release::last_time), "before"),
    };
    let mut changes = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let path = format!("{path}.changes[{number}]");
        let Some(map) = item.as_object() else {
            let message = format!("{path} must be an object, not {}", shown(item));
            violations.push(Violation::new(path, "wrong_type", message));
            continue;
        };
        let mut members = Members::new(map, format!("{path}."), violations);
        let at = members.required_time("at");
        let to = members.required_object_class("to");
        if let (Some(at), Some(earlier)) = (at, before) {
            let in_order = match direction {
                Direction::Forward => at > earlier,
                Direction::Backtrack => at < earlier,
            };
            if !in_order {
                let message = format!("at is {at}; it must be {word} {earlier}, what comes before it in the run");
                members.refuse("at", "out_of_order", message);
            }
        }
        members.refuse_unknown();
        before = at.or(before);
        changes.extend(at.zip(to).map(|(at, to)| Change { at, to }));
    }
    changes
}
