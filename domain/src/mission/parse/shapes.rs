//! Releases of more than a place or two: voyages, polygons and lines of bearing.

use serde_json::{Map, Value};

use super::members::{Members, shown};
use crate::mission::{
    BearingLine, BearingsRelease, Pace, PolygonRelease, Spread, TrackRelease, Waypoint, limits, sphere,
};
use crate::{ValidTime, Violation, wrap_lon_deg};

/// No voyage ends later, seconds since 1970: the year 9892.
const LAST_S: f64 = 250e9;
/// Lines of bearing that miss each other by more standard deviations than this cannot all be right.
const LARGEST_MISFIT: f64 = 6.0;

pub(super) fn track(map: &Map<String, Value>, path: &str, violations: &mut Vec<Violation>) -> Option<TrackRelease> {
    let mut members = Members::new(map, format!("{path}."), violations);
    let items = members.required_list("legs", limits::WAYPOINTS);
    let departure = members.required_window("departure");
    let radius_m = members.number("radius_m", limits::RADIUS_M);
    members.refuse_unknown();
    let items = items?;
    let legs: Vec<Waypoint> = items
        .iter()
        .enumerate()
        .filter_map(|(number, item)| waypoint(item, number, &format!("{path}.legs[{number}]"), violations))
        .collect();
    let track = TrackRelease {
        legs,
        departure: departure?,
        radius_m: radius_m.unwrap_or(limits::DEFAULT_RADIUS_M),
    };
    if track.legs.len() == items.len() {
        check_track(&track, path, violations);
    }
    Some(track)
}

fn waypoint(item: &Value, number: usize, path: &str, violations: &mut Vec<Violation>) -> Option<Waypoint> {
    let map = as_object(item, path, violations)?;
    let mut members = Members::new(map, format!("{path}."), violations);
    let position = members.required_position();
    let time = members.time("time");
    let speed_ms = members.number("speed_ms", limits::SPEED_MS);
    let given = [members.get("time"), members.get("speed_ms")].iter().flatten().count();
    members.refuse_unknown();
    let wanted = usize::from(number > 0);
    if given != wanted {
        let message = match (number, given) {
            (0, _) => "the first place of a voyage has the time of departure, no time or speed of its own",
            (_, 0) => "a leg needs the time at its end or its speed_ms",
            _ => "a leg has the time at its end or its speed_ms, not both",
        };
        let code = if given < wanted { "missing" } else { "contradiction" };
        violations.push(Violation::new(path, code, message));
        return None;
    }
    let pace = time.map(Pace::At).or(speed_ms.map(Pace::SpeedMs));
    Some(Waypoint {
        position: position?,
        pace,
    })
}

/// A voyage leads somewhere, by legs that are not too long, and passes its waypoints one after the other whenever in the
/// window it departed.
fn check_track(track: &TrackRelease, path: &str, violations: &mut Vec<Violation>) {
    let latest_s = track.latest_s();
    let mut whole_m = 0.0;
    for (number, ends) in track.legs.windows(2).enumerate() {
        let field = format!("{path}.legs[{}]", number + 1);
        let length_m = sphere::distance_m(ends[0].position, ends[1].position);
        whole_m += length_m;
        if length_m > limits::LEG_M {
            let message = format!(
                "the leg has {:.0} km, more than the limit of {:.0} km",
                length_m / 1e3,
                limits::LEG_M / 1e3
            );
            violations.push(Violation::new(field.as_str(), "too_far", message));
        }
        if let Some(Pace::At(time)) = ends[1].pace
            && latest_s[number] >= time.unix_s() as f64
        {
            let before = ValidTime::from_unix_s(libm::ceil(latest_s[number]) as i64);
            let before = before.map_or_else(String::new, |before| format!(" at {before}"));
            let message = format!("the time is {time}, but the place before it may be left as late as{before}");
            violations.push(Violation::new(format!("{field}.time"), "out_of_order", message));
        }
        if latest_s[number + 1] >= LAST_S {
            violations.push(Violation::new(field, "out_of_range", "the voyage has no end"));
            return;
        }
    }
    if whole_m < 1.0 {
        let message = "the waypoints are all at one place: that is a point";
        violations.push(Violation::new(format!("{path}.legs"), "degenerate", message));
    }
}

pub(super) fn polygon(map: &Map<String, Value>, path: &str, violations: &mut Vec<Violation>) -> Option<PolygonRelease> {
    let mut members = Members::new(map, format!("{path}."), violations);
    let rings = members.required_list("coordinates", limits::RINGS);
    let times = members.required_window("times");
    members.refuse_unknown();
    let rings = rings?;
    let field = format!("{path}.coordinates");
    let read: Vec<Vec<[f64; 2]>> = rings
        .iter()
        .enumerate()
        .filter_map(|(number, value)| ring(value, &format!("{field}[{number}]"), violations))
        .collect();
    if read.len() < rings.len() {
        return None;
    }
    let positions: usize = read.iter().map(Vec::len).sum();
    if positions > limits::POLYGON_POSITIONS {
        let most = limits::POLYGON_POSITIONS;
        let message = format!("its rings have {positions} positions, more than the limit of {most}");
        violations.push(Violation::new(field, "too_many", message));
        return None;
    }
    let polygon = PolygonRelease {
        coordinates: read,
        times: times?,
    };
    if polygon.outline().crossings().len() > limits::EDGE_CROSSINGS {
        let most = limits::EDGE_CROSSINGS;
        let message = format!("its edges cross each other more often than the limit of {most} times");
        violations.push(Violation::new(field, "too_many", message));
        return None;
    }
    if polygon.is_empty() {
        let message = "the polygon has no area";
        violations.push(Violation::new(field, "degenerate", message));
    }
    Some(polygon)
}

/// A closed ring of [longitude, latitude].
fn ring(value: &Value, field: &str, violations: &mut Vec<Violation>) -> Option<Vec<[f64; 2]>> {
    let mut refuse = |code: &str, message: String| violations.push(Violation::new(field, code, message));
    let Some(items) = value.as_array() else {
        refuse(
            "wrong_type",
            format!("a ring is a list of positions, not {}", shown(value)),
        );
        return None;
    };
    let (least, most) = (limits::RING_POSITIONS.start(), limits::RING_POSITIONS.end());
    if !limits::RING_POSITIONS.contains(&items.len()) {
        let code = if items.len() < *least { "too_few" } else { "too_many" };
        let count = items.len();
        refuse(
            code,
            format!("a ring has between {least} and {most} positions, not {count}"),
        );
        return None;
    }
    let mut corners = Vec::with_capacity(items.len());
    for (number, item) in items.iter().enumerate() {
        let numbers = item
            .as_array()
            .map(|pair| pair.iter().map(Value::as_f64).collect::<Vec<_>>());
        // A height, as GeoJSON allows, means nothing here.
        let Some([Some(lon), Some(lat)] | [Some(lon), Some(lat), Some(_)]) = numbers.as_deref() else {
            let message = format!("position {number} must be [longitude, latitude], not {}", shown(item));
            refuse("wrong_type", message);
            return None;
        };
        // A ring that crosses the antimeridian may count its longitudes on.
        if !(-360.0..=360.0).contains(lon) || !(-90.0..=90.0).contains(lat) {
            let message = format!("position {number} is at longitude {lon}, latitude {lat}, which is nowhere");
            refuse("out_of_range", message);
            return None;
        }
        corners.push([*lon, *lat]);
    }
    // Neither way round is the shorter one, and the wrong one would take in a pole.
    let is_half_a_turn = |ends: &[[f64; 2]]| wrap_lon_deg(ends[1][0] - ends[0][0]).abs() == 180.0;
    if let Some(number) = corners.windows(2).position(is_half_a_turn) {
        let message = format!(
            "position {} lies 180 degrees of longitude from the one before it, which may be either way round: another position between them says which",
            number + 1
        );
        refuse("ambiguous", message);
        return None;
    }
    if corners.first() != corners.last() {
        refuse("not_closed", "the last position of a ring must be its first".to_owned());
        return None;
    }
    Some(corners)
}

pub(super) fn bearings(
    map: &Map<String, Value>,
    path: &str,
    violations: &mut Vec<Violation>,
) -> Option<BearingsRelease> {
    let mut members = Members::new(map, format!("{path}."), violations);
    let items = members.required_list("lines", limits::BEARING_LINES);
    let times = members.required_window("times");
    members.refuse_unknown();
    let items = items?;
    let lines: Vec<BearingLine> = items
        .iter()
        .enumerate()
        .filter_map(|(number, item)| line(item, &format!("{path}.lines[{number}]"), violations))
        .collect();
    if lines.len() < items.len() {
        return None;
    }
    let bearings = BearingsRelease { lines, times: times? };
    let (_, misfit) = bearings.crossing();
    if misfit > LARGEST_MISFIT {
        violations.push(Violation::new(
            format!("{path}.lines"),
            "contradiction",
            format!(
                "no place within their ranges fits all lines: the best one found is {misfit:.1} standard deviations off"
            ),
        ));
    }
    Some(bearings)
}

fn line(item: &Value, path: &str, violations: &mut Vec<Violation>) -> Option<BearingLine> {
    let map = as_object(item, path, violations)?;
    let mut members = Members::new(map, format!("{path}."), violations);
    let position = members.required_position();
    let bearing_deg = members.required_number("bearing_deg", limits::BEARING_DEG);
    let sigma_deg = members.number("sigma_deg", limits::BEARING_SIGMA_DEG);
    let width_deg = members.number("width_deg", limits::SECTOR_WIDTH_DEG);
    let range_m = members.required_number("range_m", limits::RANGE_M);
    let min_range_m = members.number("min_range_m", limits::MIN_RANGE_M);
    if let (Some(range_m), Some(min_range_m)) = (range_m, min_range_m)
        && min_range_m >= range_m
    {
        let message = format!("min_range_m is {min_range_m}; it must be less than range_m, {range_m}");
        members.refuse("min_range_m", "out_of_range", message);
    }
    let given = [members.get("sigma_deg"), members.get("width_deg")];
    members.refuse_unknown();
    let spread = match given.iter().flatten().count() {
        1 => sigma_deg.map(Spread::SigmaDeg).or(width_deg.map(Spread::WidthDeg)),
        count => {
            let code = if count == 0 { "missing" } else { "contradiction" };
            let message = "a line has its sigma_deg, or as a sector its width_deg: one of them";
            violations.push(Violation::new(path, code, message));
            None
        }
    };
    Some(BearingLine {
        position: position?,
        bearing_deg: bearing_deg?,
        spread: spread?,
        range_m: range_m?,
        min_range_m: min_range_m.unwrap_or(0.0),
    })
}

fn as_object<'a>(item: &'a Value, path: &str, violations: &mut Vec<Violation>) -> Option<&'a Map<String, Value>> {
    let map = item.as_object();
    if map.is_none() {
        let message = format!("{path} must be an object, not {}", shown(item));
        violations.push(Violation::new(path, "wrong_type", message));
    }
    map
}
