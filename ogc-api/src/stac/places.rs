//! Boxes as GeoJSON (RFC 7946): one polygon, or two where it crosses the antimeridian (section 3.1.9).

use serde_json::{Value, json};

/// The four numbers of a box, if it is one.
pub(super) fn is_box(value: &Value) -> Option<[f64; 4]> {
    let numbers: Vec<f64> = value.as_array()?.iter().filter_map(Value::as_f64).collect();
    numbers.try_into().ok()
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
        assert_eq!(is_box(&json!([1, 2, 3])), None);
    }
}
