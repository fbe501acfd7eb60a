//! The member `release` of a scenario: an object with one member, whose name is the shape.

use serde_json::{Map, Value};

use super::members::Members;
use super::shapes;
use crate::Violation;
use crate::mission::{ConeEnd, ConeRelease, Distribution, PointRelease, PositionSource, Release, limits, sphere};

const SHAPES: [&str; 5] = ["point", "cone", "track", "polygon", "bearings"];

/// Reads a release; `path` is its own, without a dot at the end.
pub(super) fn read(map: &Map<String, Value>, path: &str, violations: &mut Vec<Violation>) -> Option<Release> {
    let mut members = Members::new(map, format!("{path}."), violations);
    let shapes = SHAPES.map(|shape| members.object(shape).map(|map| (shape, map)));
    members.refuse_unknown();
    let given = map
        .iter()
        .filter(|(name, value)| SHAPES.contains(&name.as_str()) && !value.is_null());
    let count = given.count();
    if count != 1 {
        let message = format!("it names {count} shapes; it must name one of {}", SHAPES.join(", "));
        let code = if count == 0 { "missing" } else { "contradiction" };
        violations.push(Violation::new(path, code, message));
        return None;
    }
    let (shape, map) = shapes.into_iter().flatten().next()?;
    let path = format!("{path}.{shape}");
    match shape {
        "point" => point(map, &path, violations).map(Release::Point),
        "cone" => cone(map, &path, violations).map(Release::Cone),
        "track" => shapes::track(map, &path, violations).map(Release::Track),
        "polygon" => shapes::polygon(map, &path, violations).map(Release::Polygon),
        _ => shapes::bearings(map, &path, violations).map(Release::Bearings),
    }
}

fn point(map: &Map<String, Value>, path: &str, violations: &mut Vec<Violation>) -> Option<PointRelease> {
    let mut members = Members::new(map, format!("{path}."), violations);
    let position = members.required_position();
    let time = members.required_time("time");
    let until = members.time("until");
    let radius_m = members.number("radius_m", limits::RADIUS_M);
    let distribution = members.word(
        "distribution",
        &[("gaussian", Distribution::Gaussian), ("uniform", Distribution::Uniform)],
    );
    let position_source = members.word("position_source", &PositionSource::WORDS);
    if let (Some(time), Some(until)) = (time, until)
        && until < time
    {
        members.refuse(
            "until",
            "out_of_order",
            format!("until is {until}, before the time of {time}"),
        );
    }
    members.refuse_unknown();
    let of_source = || position_source.map_or(limits::DEFAULT_RADIUS_M, PositionSource::radius_m);
    Some(PointRelease {
        position: position?,
        time: time?,
        until,
        radius_m: radius_m.unwrap_or_else(of_source),
        distribution: distribution.unwrap_or_default(),
        position_source,
    })
}

fn cone(map: &Map<String, Value>, path: &str, violations: &mut Vec<Violation>) -> Option<ConeRelease> {
    let mut members = Members::new(map, format!("{path}."), violations);
    let from = members.required_object("from");
    let to = members.required_object("to");
    members.refuse_unknown();
    let from = from.and_then(|map| cone_end(map, format!("{path}.from."), violations));
    let to = to.and_then(|map| cone_end(map, format!("{path}.to."), violations));
    let (from, to) = (from?, to?);
    if to.time < from.time {
        violations.push(Violation::new(
            format!("{path}.to.time"),
            "out_of_order",
            format!("to is at {}, before from at {}", to.time, from.time),
        ));
    }
    let length_m = sphere::distance_m(from.position, to.position);
    if length_m > limits::LEG_M {
        violations.push(Violation::new(
            format!("{path}.to"),
            "too_far",
            format!(
                "its ends are {:.0} km apart, more than the limit of {:.0} km",
                length_m / 1e3,
                limits::LEG_M / 1e3
            ),
        ));
    }
    Some(ConeRelease { from, to })
}

fn cone_end(map: &Map<String, Value>, path: String, violations: &mut Vec<Violation>) -> Option<ConeEnd> {
    let mut members = Members::new(map, path, violations);
    let position = members.required_position();
    let time = members.required_time("time");
    let radius_m = members.number("radius_m", limits::RADIUS_M);
    members.refuse_unknown();
    Some(ConeEnd {
        position: position?,
        time: time?,
        radius_m: radius_m.unwrap_or(limits::DEFAULT_RADIUS_M),
    })
}
