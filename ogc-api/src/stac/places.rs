//! Boxes as GeoJSON (RFC 7946): one polygon, or two where it crosses the antimeridian (section 3.1.9).

use driftline_domain::BBox;
use serde::Deserialize;
use serde_json::{Value, json};

/// West, south, east, north of a box as the forcing catalogue writes it.
pub(super) fn corners(value: &Value) -> Option<[f64; 4]> {
    let bbox = BBox::deserialize(value).ok()?;
    Some([bbox.west, bbox.south, bbox.east, bbox.north])
}

/// The box's area.
pub(super) fn geometry([west, south, east, north]: [f64; 4]) -> Value {
    let ring = |west: f64, east: f64| {
        json!([[
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south]
        ]])
    };
    if west > east {
        json!({"type": "MultiPolygon", "coordinates": [ring(west, 180.0), ring(-180.0, east)]})
    } else {
        json!({"type": "Polygon", "coordinates": ring(west, east)})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_across_the_antimeridian_is_two_polygons() {
        let plain = geometry([0.0, 55.0, 10.0, 65.0]);
        assert_eq!(
            (plain["type"].as_str(), &plain["coordinates"][0][2]),
            (Some("Polygon"), &json!([10.0, 65.0]))
        );
        let across = geometry([170.0, 0.0, -170.0, 1.0]);
        assert_eq!(across["coordinates"].as_array().unwrap().len(), 2);
        assert_eq!(across["coordinates"][0][0][1], json!([180.0, 0.0]));
        assert_eq!(across["coordinates"][1][0][0], json!([-180.0, 0.0]));
        assert_eq!(corners(&json!({"west": 1})), None);
        let bbox = json!({"west": 1.0, "south": 2.0, "east": 3.0, "north": 4.0});
        assert_eq!(corners(&bbox), Some([1.0, 2.0, 3.0, 4.0]));
    }
}
