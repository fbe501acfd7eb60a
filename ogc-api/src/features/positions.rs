//! Positions of answers in the reference system that was asked for, in its order of axes (Part 2, 18-058r1).

use driftline_domain::{ReferencePlane, ReferenceSystem};
use driftline_simulate::tile_content::track_lines;
use geo::{Geometry, LineString, MapCoords, Polygon};

use super::block::Shape;
use super::text::push_position;

/// How positions are written.
#[derive(Debug, Clone)]
pub(crate) struct Positioned {
    system: ReferenceSystem,
    plane: ReferencePlane,
}

impl Positioned {
    /// In this system.
    pub(crate) fn in_system(system: ReferenceSystem) -> Self {
        let plane = system.plane();
        Self { system, plane }
    }

    /// The system.
    pub(crate) fn system(&self) -> &ReferenceSystem {
        &self.system
    }

    /// Whether they are longitude and latitude as stored.
    pub(crate) fn are_crs84(&self) -> bool {
        self.system == ReferenceSystem::Crs84
    }

    /// A position; `None` where the system has none for it.
    pub(crate) fn of(&self, lon_deg: f64, lat_deg: f64) -> Option<(f64, f64)> {
        if self.are_crs84() {
            return Some((lon_deg, lat_deg));
        }
        let (x, y) = self.plane.forward(lon_deg, lat_deg)?;
        Some(if self.system.is_north_first() { (y, x) } else { (x, y) })
    }

    /// A geometry in this system; `None` where a position of it has none.
    pub(crate) fn geometry(&self, geometry: &Geometry<f64>) -> Option<Geometry<f64>> {
        let moved = geometry.try_map_coords(|place| {
            let (x, y) = self.of(place.x, place.y).ok_or(())?;
            Ok::<_, ()>(geo::Coord { x, y })
        });
        moved.ok()
    }
}

impl Positioned {
    /// A geometry in this system with the eastern axis first, as binary forms have it.
    pub(crate) fn geometry_east_first(&self, geometry: &Geometry<f64>) -> Option<Geometry<f64>> {
        let moved = geometry.try_map_coords(|place| {
            let (x, y) = self.plane.forward(place.x, place.y).ok_or(())?;
            Ok::<_, ()>(geo::Coord { x, y })
        });
        moved.ok()
    }
}

/// The geometry of a block's feature.
pub(crate) fn geometry_of(shape: &Shape<'_>) -> Option<Geometry<f64>> {
    match shape {
        Shape::Point(lon, lat) => Some(geo::Point::new(*lon, *lat).into()),
        Shape::Text(_, shape) => shape.cloned(),
        Shape::Area(area) => Some(area.clone()),
        Shape::Track(track) => {
            let mut lines = track_lines(track);
            Some(match lines.0.len() {
                1 => lines.0.remove(0).into(),
                _ => lines.into(),
            })
        }
    }
}

/// Writes a geometry as GeoJSON, or null where a position of it does not exist in the system.
pub(crate) fn write_geometry(text: &mut String, shape: &Shape<'_>, positions: &Positioned) {
    match geometry_of(shape).and_then(|geometry| positions.geometry(&geometry)) {
        Some(geometry) => push_geometry(text, &geometry),
        None => text.push_str("null"),
    }
}

fn push_geometry(text: &mut String, geometry: &Geometry<f64>) {
    match geometry {
        Geometry::Point(point) => {
            text.push_str(r#"{"type":"Point","coordinates":"#);
            push_position(text, point.x_y());
            text.push('}');
        }
        Geometry::LineString(line) => typed(text, "LineString", |text| push_line(text, line)),
        Geometry::MultiLineString(lines) => {
            typed(text, "MultiLineString", |text| push_list(text, &lines.0, push_line));
        }
        Geometry::Polygon(polygon) => typed(text, "Polygon", |text| push_polygon(text, polygon)),
        Geometry::MultiPolygon(polygons) => {
            typed(text, "MultiPolygon", |text| push_list(text, &polygons.0, push_polygon));
        }
        Geometry::MultiPoint(points) => typed(text, "MultiPoint", |text| {
            push_list(text, &points.0, |text, point| push_position(text, point.x_y()));
        }),
        other => text.push_str(&geojson::Geometry::new(other.into()).to_string()),
    }
}

fn typed(text: &mut String, kind: &str, coordinates: impl FnOnce(&mut String)) {
    text.push_str(r#"{"type":""#);
    text.push_str(kind);
    text.push_str(r#"","coordinates":"#);
    coordinates(text);
    text.push('}');
}

fn push_list<T>(text: &mut String, list: &[T], one: impl Fn(&mut String, &T)) {
    text.push('[');
    for (index, item) in list.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        one(text, item);
    }
    text.push(']');
}

fn push_line(text: &mut String, line: &LineString<f64>) {
    push_list(text, &line.0, |text, place| push_position(text, place.x_y()));
}

fn push_polygon(text: &mut String, polygon: &Polygon<f64>) {
    let rings: Vec<&LineString<f64>> = std::iter::once(polygon.exterior()).chain(polygon.interiors()).collect();
    push_list(text, &rings, |text, ring| push_line(text, ring));
}
