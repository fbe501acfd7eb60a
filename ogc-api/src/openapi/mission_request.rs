//! Schemas of the body of a mission. Its bounds come from the domain, so that document and validation agree.

use std::ops::RangeInclusive;

use driftline_domain::{PositionSource, limits};
use serde_json::{Value, json};

use super::schemas::reference;

/// The body of `POST /v1/missions`.
pub(super) fn body() -> Value {
    json!({
        "type": "object",
        "description": "Either the short form, one last known position by the plain members, or config.scenarios, each with \
                        its own release; then the plain position, time and radius may not be given and object_type is the \
                        object of scenarios that name none.",
        "anyOf": [
            {"required": ["last_known_lat", "last_known_lon", "last_known_time", "object_type"]},
            {"required": ["config"]},
        ],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "maxLength": limits::NAME_CHARS},
            "description": {"type": "string", "maxLength": limits::DESCRIPTION_CHARS},
            "last_known_lat": latitude(),
            "last_known_lon": longitude(),
            "last_known_time": time(),
            "object_type": object_type(),
            "uncertainty_radius_m": radius(),
            "forecast_hours": whole(limits::HOURS, limits::DEFAULT_HOURS),
            "ensemble_size": whole(limits::ENSEMBLE, limits::DEFAULT_ENSEMBLE),
            "priority": word(&["urgent", "normal", "low"], "normal"),
            "distress": {"type": "boolean", "default": false},
            "config": config(),
        },
    })
}

fn config() -> Value {
    object(
        &[],
        json!({
            "mode": word(&["operational", "parity"], "operational"),
            "step_s": whole(limits::STEP_S, limits::DEFAULT_STEP_S),
            "output_interval_s": whole(limits::OUTPUT_INTERVAL_S, limits::DEFAULT_OUTPUT_INTERVAL_S),
            "seed": {"type": "integer", "minimum": limits::SEED.start(), "maximum": limits::SEED.end()},
            "direction": word(&["forward", "backtrack"], "forward"),
            "capsizing": {"type": "boolean", "default": false},
            "coastline_action": word(&["stranding", "previous", "none"], "stranding"),
            "forcing": {"type": "array", "maxItems": limits::FORCING_CHOICES, "items": {"oneOf": [
                {"type": "string"},
                object(&["feed"], json!({"feed": {"type": "string"}, "weight": number(limits::WEIGHT)})),
            ]}},
            "error": object(&[], json!({
                "current": object(&[], json!({"sigma": number(limits::SIGMA_MS), "tau": number(limits::TAU_S)})),
                "wind": object(&["sigma", "tau"], json!({"sigma": number(limits::WIND_SIGMA_MS), "tau": number(limits::TAU_S)})),
                "coefficients": object(
                    &["share", "tau"],
                    json!({"share": number(limits::COEFFICIENT_SHARE), "tau": number(limits::TAU_S)}),
                ),
            })),
            "scenarios": list(limits::SCENARIOS, reference("scenario")),
        }),
    )
}

/// One of the things that may have happened.
pub(super) fn scenario() -> Value {
    object(
        &["release"],
        json!({
            "name": {"type": "string", "maxLength": limits::NAME_CHARS},
            "weight": {
                "type": "number",
                "minimum": limits::WEIGHT.start(),
                "maximum": limits::WEIGHT.end(),
                "default": limits::DEFAULT_WEIGHT,
            },
            "object_type": object_type(),
            "release": reference("release"),
            "changes": list(limits::CHANGES, object(&["at", "to"], json!({"at": time(), "to": object_type()}))),
        }),
    )
}

/// Where and when an object began to drift: one member, whose name is the shape.
pub(super) fn release() -> Value {
    let sources: Vec<&str> = PositionSource::WORDS.iter().map(|(word, _)| *word).collect();
    let end = || {
        object(
            &["lat", "lon", "time"],
            json!({"lat": latitude(), "lon": longitude(), "time": time(), "radius_m": radius()}),
        )
    };
    let waypoint = object(
        &["lat", "lon"],
        json!({"lat": latitude(), "lon": longitude(), "time": time(), "speed_ms": number(limits::SPEED_MS)}),
    );
    let line = object(
        &["lat", "lon", "bearing_deg", "range_m"],
        json!({
            "lat": latitude(),
            "lon": longitude(),
            "bearing_deg": number(limits::BEARING_DEG),
            "sigma_deg": number(limits::BEARING_SIGMA_DEG),
            "width_deg": number(limits::SECTOR_WIDTH_DEG),
            "range_m": number(limits::RANGE_M),
            "min_range_m": number(limits::MIN_RANGE_M),
        }),
    );
    let position = json!({"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "number"}});
    let mut release = object(
        &[],
        json!({
            "point": object(
                &["lat", "lon", "time"],
                json!({
                    "lat": latitude(),
                    "lon": longitude(),
                    "time": time(),
                    "until": time(),
                    "radius_m": radius(),
                    "distribution": word(&["gaussian", "uniform"], "gaussian"),
                    "position_source": {"type": "string", "enum": sources},
                }),
            ),
            "cone": object(&["from", "to"], json!({"from": end(), "to": end()})),
            "track": object(
                &["legs", "departure"],
                json!({"legs": list(limits::WAYPOINTS, waypoint), "departure": window(), "radius_m": radius()}),
            ),
            "polygon": object(
                &["coordinates", "times"],
                json!({"coordinates": list(limits::RINGS, list(limits::RING_POSITIONS, position)), "times": window()}),
            ),
            "bearings": object(
                &["lines", "times"],
                json!({"lines": list(limits::BEARING_LINES, line), "times": window()}),
            ),
        }),
    );
    release["minProperties"] = json!(1);
    release["maxProperties"] = json!(1);
    release
}

fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn list(items_count: RangeInclusive<usize>, items: Value) -> Value {
    let (least, most) = items_count.into_inner();
    json!({"type": "array", "minItems": least, "maxItems": most, "items": items})
}

fn window() -> Value {
    json!({"type": "array", "minItems": 2, "maxItems": 2, "items": time()})
}

fn number(range: RangeInclusive<f64>) -> Value {
    let (least, most) = range.into_inner();
    json!({"type": "number", "minimum": least, "maximum": most})
}

fn whole(range: RangeInclusive<u32>, default: u32) -> Value {
    let (least, most) = range.into_inner();
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default})
}

fn word(words: &[&str], default: &str) -> Value {
    json!({"type": "string", "enum": words, "default": default})
}

fn radius() -> Value {
    let mut radius = number(limits::RADIUS_M);
    radius["default"] = json!(limits::DEFAULT_RADIUS_M);
    radius
}

fn latitude() -> Value {
    json!({"type": "number", "minimum": -90, "maximum": 90})
}

fn longitude() -> Value {
    json!({"type": "number", "minimum": -180, "maximum": 180})
}

fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn object_type() -> Value {
    json!({
        "description": "Key, number or everyday name of an object class, as listed under /v1/object-types.",
        "oneOf": [{"type": "string"}, {"type": "integer", "minimum": 1, "maximum": 85}],
    })
}
