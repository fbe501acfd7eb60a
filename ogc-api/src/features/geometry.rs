//! Whether a feature really touches a box. The database compares boxes; a search area's own box may touch where the
//! area does not (Part 1, 7.15.3: the geometry decides).

use driftline_database::Feature;
use driftline_domain::BBox;
use geo::{Intersects, Rect, coord};

use crate::Error;

/// Whether the feature's geometry shares a point with the box, its edge included.
pub(crate) fn touches(feature: &Feature, bbox: &BBox) -> Result<bool, Error> {
    let [west, south, east, north] = feature.bbox;
    let crosses = west > east;
    if !crosses && bbox.contains(west, south) && bbox.contains(east, north) && !bbox.crosses_antimeridian() {
        return Ok(true);
    }
    let geometry = parsed(&feature.geometry)
        .ok_or_else(|| Error::Internal(format!("the geometry of {} does not read back", feature.id)))?;
    Ok(geometry_touches(&geometry, bbox))
}

/// Whether a geometry that is split at the antimeridian (RFC 7946, 3.1.9) shares a point with the box.
pub(crate) fn geometry_touches(geometry: &geo::Geometry<f64>, bbox: &BBox) -> bool {
    let rect = |west: f64, east: f64| Rect::new(coord! { x: west, y: bbox.south }, coord! { x: east, y: bbox.north });
    if bbox.crosses_antimeridian() {
        rect(bbox.west, 180.0).intersects(geometry) || rect(-180.0, bbox.east).intersects(geometry)
    } else {
        rect(bbox.west, bbox.east).intersects(geometry)
    }
}

/// The geometry of a GeoJSON text.
pub(crate) fn parsed(text: &str) -> Option<geo::Geometry<f64>> {
    let geometry: geojson::Geometry = text.parse().ok()?;
    geo::Geometry::try_from(geometry).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_database::Cursor;
    use driftline_domain::{MissionId, RunId, ValidTime};

    fn feature(bbox: [f64; 4], geometry: &str) -> Feature {
        Feature {
            cursor: Cursor { run_seq: 1, row: 0 },
            id: "a".to_owned(),
            mission: MissionId::generate(),
            run: RunId::generate(),
            valid_time: ValidTime::from_unix_s(0).unwrap(),
            bbox,
            geometry: geometry.to_owned(),
            properties: "{}".to_owned(),
        }
    }

    fn is_touched(feature: &Feature, bbox: [f64; 4]) -> bool {
        touches(feature, &BBox::new(bbox[0], bbox[1], bbox[2], bbox[3]).unwrap()).unwrap()
    }

    #[test]
    fn the_geometry_decides_where_only_its_box_touches() {
        let triangle = feature(
            [0.0, 0.0, 10.0, 10.0],
            r#"{"type":"Polygon","coordinates":[[[0,0],[10,0],[0,10],[0,0]]]}"#,
        );
        assert!(is_touched(&triangle, [1.0, 1.0, 2.0, 2.0]), "inside");
        assert!(is_touched(&triangle, [-5.0, -5.0, 20.0, 20.0]), "around");
        assert!(is_touched(&triangle, [-5.0, -5.0, 0.0, 0.0]), "in the corner");
        assert!(
            !is_touched(&triangle, [8.0, 8.0, 12.0, 12.0]),
            "in the empty half of its box"
        );
    }

    #[test]
    fn areas_and_boxes_across_the_antimeridian_meet() {
        let split = feature(
            [179.0, 0.0, -179.0, 1.0],
            r#"{"type":"MultiPolygon","coordinates":[[[[179,0],[180,0],[180,1],[179,1],[179,0]]],[[[-180,0],[-179,0],[-179,1],[-180,1],[-180,0]]]]}"#,
        );
        assert!(is_touched(&split, [178.0, 0.0, -178.0, 1.0]));
        assert!(is_touched(&split, [-179.5, 0.2, -170.0, 0.4]));
        assert!(is_touched(&split, [170.0, 0.2, 179.5, 0.4]));
        assert!(!is_touched(&split, [-170.0, 0.2, 170.0, 0.4]));
        assert!(!is_touched(&split, [-178.0, 0.2, 178.0, 0.4]));
    }
}
