//! Outlines of areas as documents write them: rounded, in order, and their boxes.

use driftline_domain::BBox;
use geo::{Coord, LineString, MapCoords, MultiPolygon, Polygon};

use crate::products::bounds;

/// Decimals of a degree in texts: 1e-6 is 0.1 m, far below any kernel's width.
pub(crate) const TEXT_DECIMALS: usize = 6;

/// The rings of a polygon, the outer one first.
pub(crate) fn rings(polygon: &Polygon) -> impl Iterator<Item = &LineString> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

/// The smallest box around polygons, west of east across the antimeridian.
pub(super) fn box_of(polygons: &MultiPolygon) -> Option<BBox> {
    let rounded = polygons.map_coords(rounded);
    bounds(rounded.0.iter().flat_map(|polygon| polygon.exterior().0.clone()))
}

/// To a centimetre, as stored areas are: rounding twice changes nothing.
pub(crate) fn rounded(coord: Coord) -> Coord {
    let round = |value: f64| libm::round(value * 1e7) / 1e7;
    Coord {
        x: round(coord.x),
        y: round(coord.y),
    }
}
