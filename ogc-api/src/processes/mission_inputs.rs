//! Inputs of the drift processes as the body of a mission, so that one set of rules checks both; and what breaks them as faults
//! of inputs.

use driftline_domain::{MissionSpec, Violation, limits};
use serde_json::{Map, Value, json};

use super::exception::Exception;
use super::process::Process;
use crate::query::shown;

/// Inputs of a search area and the member of a mission that each becomes; the position becomes two.
const SEARCH_AREA: [(&str, &str); 4] = [
    ("time", "last_known_time"),
    ("object", "object_type"),
    ("hours", "forecast_hours"),
    ("radius_m", "uncertainty_radius_m"),
];

/// The mission that the inputs of a process ask for.
pub(super) fn mission(process: Process, inputs: Map<String, Value>) -> Result<MissionSpec, Exception> {
    let mut broken = Vec::new();
    let body = match process {
        Process::Backtrack => backwards(inputs, &mut broken),
        Process::SearchArea => search_area(inputs, &mut broken),
        Process::Drift | Process::Echo => inputs,
    };
    match MissionSpec::from_json(&Value::Object(body)) {
        Ok(spec) if broken.is_empty() => Ok(spec),
        Ok(_) => Err(Exception::Invalid(broken)),
        Err(found) => {
            broken.extend(of_inputs(process, found));
            // The rules of a mission and those of its inputs may both say that something is missing.
            let mut seen = Vec::new();
            broken.retain(|violation| {
                let is_new = !seen.contains(&violation.field);
                seen.push(violation.field.clone());
                is_new
            });
            Err(Exception::Invalid(broken))
        }
    }
}

/// Faults of a mission as faults of the inputs that it was made from.
pub(super) fn of_inputs(process: Process, violations: Vec<Violation>) -> Vec<Violation> {
    let named = |violation: Violation| {
        let field = match process {
            Process::SearchArea => search_area_field(&violation.field),
            _ => &violation.field,
        };
        Violation {
            field: format!("inputs.{field}"),
            ..violation
        }
    };
    violations.into_iter().map(named).collect()
}

fn search_area_field(member: &str) -> &str {
    if member == "last_known_lat" || member == "last_known_lon" {
        return "position";
    }
    let known = SEARCH_AREA.iter().find(|(_, of_mission)| *of_mission == member);
    known.map_or(member, |(input, _)| input)
}

fn backwards(mut inputs: Map<String, Value>, broken: &mut Vec<Violation>) -> Map<String, Value> {
    let config = inputs.entry("config").or_insert_with(|| json!({}));
    // A configuration that is none is refused by the mission's own rules.
    if let Some(config) = config.as_object_mut() {
        match config.get("direction").map(Value::as_str) {
            None | Some(Some("backtrack")) => {
                config.insert("direction".to_owned(), json!("backtrack"));
            }
            Some(_) => broken.push(Violation::new(
                "inputs.config.direction",
                "value",
                "of this process it is backtrack",
            )),
        }
    }
    inputs
}

fn search_area(inputs: Map<String, Value>, broken: &mut Vec<Violation>) -> Map<String, Value> {
    let mut body = Map::new();
    for required in ["position", "time", "object", "hours"] {
        if !inputs.contains_key(required) {
            broken.push(Violation::new(
                format!("inputs.{required}"),
                "required",
                "it is missing",
            ));
        }
    }
    for (name, value) in inputs {
        if name == "position" {
            match point(&value) {
                Some([lon, lat]) => {
                    body.insert("last_known_lon".to_owned(), lon);
                    body.insert("last_known_lat".to_owned(), lat);
                }
                None => {
                    let message = "it is not a GeoJSON point with longitude and latitude";
                    broken.push(Violation::new("inputs.position", "value", message));
                }
            }
            continue;
        }
        match SEARCH_AREA.iter().find(|(input, _)| *input == name) {
            Some((_, member)) => {
                body.insert((*member).to_owned(), value);
            }
            None => {
                let message = "the inputs are position, time, object, hours and radius_m";
                broken.push(Violation::new(format!("inputs.{}", shown(&name)), "unknown", message));
            }
        }
    }
    // The areas wanted stand at the last hour: outputs at each hour before cost little and are there for who wants them.
    body.insert(
        "config".to_owned(),
        json!({"output_interval_s": limits::DEFAULT_OUTPUT_INTERVAL_S}),
    );
    body
}

fn point(value: &Value) -> Option<[Value; 2]> {
    let members = value.as_object()?;
    if members.get("type")?.as_str()? != "Point" {
        return None;
    }
    match members.get("coordinates")?.as_array()?.as_slice() {
        [lon, lat] if lon.is_number() && lat.is_number() => Some([lon.clone(), lat.clone()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(process: Process, inputs: Value) -> Result<MissionSpec, Vec<String>> {
        let Value::Object(inputs) = inputs else {
            panic!("no object")
        };
        mission(process, inputs).map_err(|exception| match exception {
            Exception::Invalid(broken) => broken.into_iter().map(|violation| violation.field).collect(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn a_search_area_is_a_mission_of_so_many_hours() {
        let inputs = json!({
            "position": {"type": "Point", "coordinates": [4.0, 61.5]}, "time": "2015-11-16T06:00:00Z", "object": "PIW-1",
            "hours": 7,
        });
        let spec = read(Process::SearchArea, inputs).unwrap();
        assert_eq!(
            (spec.position.lon_deg(), spec.position.lat_deg(), spec.forecast_hours),
            (4.0, 61.5, 7)
        );
        let mut found = read(
            Process::SearchArea,
            json!({"position": [4, 61], "hours": 0, "speed": 1, "object": "PIV"}),
        );
        found.as_mut().unwrap_err().sort();
        let expected = [
            "inputs.hours",
            "inputs.object",
            "inputs.position",
            "inputs.speed",
            "inputs.time",
        ];
        assert_eq!(found.unwrap_err(), expected);
    }

    #[test]
    fn a_backtrack_runs_backwards_whatever_else_is_set() {
        let inputs = |config: Value| {
            json!({
                "last_known_lat": 61.5, "last_known_lon": 4.0, "last_known_time": "2015-11-16T06:00:00Z",
                "object_type": "PIW-1", "config": config,
            })
        };
        let spec = read(Process::Backtrack, inputs(json!({"seed": 3}))).unwrap();
        assert_eq!(
            (spec.direction, spec.seed),
            (driftline_domain::Direction::Backtrack, Some(3))
        );
        let forward = read(Process::Backtrack, inputs(json!({"direction": "forward"})));
        assert_eq!(forward.unwrap_err(), ["inputs.config.direction"]);
        assert_eq!(
            read(Process::Backtrack, inputs(json!(5))).unwrap_err(),
            ["inputs.config"]
        );
        assert!(
            read(Process::Drift, json!({}))
                .unwrap_err()
                .contains(&"inputs.last_known_lat".to_owned())
        );
    }
}
