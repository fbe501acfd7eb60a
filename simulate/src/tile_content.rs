//! What vector tiles say of a run's features: names of layers and attributes, the same in tiles that are asked for over HTTP
//! and in archives of tiles (MVT 2.1). Times are RFC 3339 UTC.

use driftline_domain::ValidTime;
use driftline_tiles::mvt::Value;
use geo::{LineString, MultiLineString};
use serde_json::Map;

use crate::products::{Track, Vertex};

/// Members of an area that are its attributes in a tile.
pub const AREA_MEMBERS: [&str; 11] = [
    "level",
    "valid_time",
    "poc",
    "area_km2",
    "area_nm2",
    "n_particles",
    "stranded_fraction",
    "missing_fraction",
    "object_code",
    "mission_id",
    "run_id",
];
/// Members of a datum that are its attributes in a tile.
pub const DATUM_MEMBERS: [&str; 5] = ["datum_kind", "valid_time", "object_code", "mission_id", "run_id"];

/// Members that are one value each.
pub fn attributes<'a>(properties: &Map<String, serde_json::Value>, names: &[&'a str]) -> Vec<(&'a str, Value)> {
    let value = |name: &&'a str| {
        let value = match properties.get(*name)? {
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Bool(truth) => Value::Bool(*truth),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(whole) => Value::Int(whole),
                None => Value::Double(number.as_f64()?),
            },
            _ => return None,
        };
        Some((*name, value))
    };
    names.iter().filter_map(value).collect()
}

/// A track's lines.
pub fn track_lines(track: &Track) -> MultiLineString<f64> {
    let line = |part: &Vec<Vertex>| -> LineString<f64> {
        part.iter().map(|vertex| (vertex.lon_deg, vertex.lat_deg)).collect()
    };
    MultiLineString(track.parts.iter().map(line).collect())
}

/// The attributes of a track that is under way between these times.
pub fn track_attributes(track: &Track, (start, end): (ValidTime, ValidTime)) -> Vec<(&'static str, Value)> {
    vec![
        ("particle_id", Value::Int(i64::from(track.particle_id))),
        ("particle_status", Value::Text(track.status.name().to_owned())),
        ("valid_start", Value::Text(start.to_string())),
        ("valid_end", Value::Text(end.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_and_objects_are_no_attributes_and_whole_numbers_stay_whole() {
        let properties = json!({"level": 0.5, "n_particles": 7, "valid_time": "t", "poc": [1], "mission_id": null});
        let found = attributes(properties.as_object().unwrap(), &AREA_MEMBERS);
        assert_eq!(
            found,
            [
                ("level", Value::Double(0.5)),
                ("valid_time", Value::from("t")),
                ("n_particles", Value::Int(7))
            ]
        );
    }
}
