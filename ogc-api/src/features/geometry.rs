//! Geometries of features: read from GeoJSON, held against boxes.

use driftline_domain::BBox;
use geo::{BoundingRect, Intersects, Rect, coord};

/// Whether a geometry that is split at the antimeridian (RFC 7946, 3.1.9) shares a point with the box.
pub(crate) fn geometry_touches(geometry: &geo::Geometry<f64>, bbox: &BBox) -> bool {
    let rect = |west: f64, east: f64| Rect::new(coord! { x: west, y: bbox.south }, coord! { x: east, y: bbox.north });
    if bbox.crosses_antimeridian() {
        rect(bbox.west, 180.0).intersects(geometry) || rect(-180.0, bbox.east).intersects(geometry)
    } else {
        rect(bbox.west, bbox.east).intersects(geometry)
    }
}

/// West, south, east, north of a geometry; one that is split at the antimeridian (RFC 7946, 3.1.9) has a box that crosses it.
pub(crate) fn bounds_of(geometry: &geo::Geometry<f64>) -> Option<[f64; 4]> {
    let whole = geometry.bounding_rect()?;
    let (west, east) = (whole.min().x, whole.max().x);
    if west > -180.0 || east < 180.0 {
        return Some([west, whole.min().y, east, whole.max().y]);
    }
    let parts: Vec<Rect<f64>> = match geometry {
        geo::Geometry::MultiPolygon(parts) => parts.0.iter().filter_map(BoundingRect::bounding_rect).collect(),
        geo::Geometry::MultiLineString(parts) => parts.0.iter().filter_map(BoundingRect::bounding_rect).collect(),
        _ => return Some([west, whole.min().y, east, whole.max().y]),
    };
    let eastern = parts
        .iter()
        .filter(|part| part.min().x >= 0.0)
        .map(|part| part.min().x)
        .reduce(f64::min);
    let western = parts
        .iter()
        .filter(|part| part.max().x <= 0.0)
        .map(|part| part.max().x)
        .reduce(f64::max);
    let (west, east) = eastern.zip(western).unwrap_or((west, east));
    Some([west, whole.min().y, east, whole.max().y])
}

/// The geometry of a GeoJSON text.
pub(crate) fn parsed(text: &str) -> Option<geo::Geometry<f64>> {
    let geometry: geojson::Geometry = text.parse().ok()?;
    geo::Geometry::try_from(geometry).ok()
}
