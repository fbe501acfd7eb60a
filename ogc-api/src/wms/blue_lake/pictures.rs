//! Pictures of test layers, and what stands at a pixel of them.

use driftline_domain::ValidTime;
use driftline_tiles::{MapView, Picture, Symbol, draw_symbols};
use geo::{Geometry, Intersects, Point};

use super::{TestFeature, TestLayer};
use crate::maps::{Probe, pixel_distance};

/// A line or point this many pixels away is meant.
const REACH_PX: f64 = 6.0;

impl TestLayer {
    fn shown<'a>(&'a self, times: &'a [ValidTime]) -> impl Iterator<Item = &'a TestFeature> {
        let is_shown = |feature: &&TestFeature| feature.time.is_none_or(|time| times.contains(&time));
        self.features.iter().filter(is_shown)
    }
}

/// Draws a layer at these times.
pub(in crate::wms) fn draw(layer: &TestLayer, times: &[ValidTime], view: &MapView) -> Picture {
    let shown = layer.shown(times);
    draw_symbols(view, shown.map(|feature| (&feature.geometry, layer.symbols.as_slice())))
}

/// What a layer has at a pixel.
pub(in crate::wms) fn probe(layer: &TestLayer, times: &[ValidTime], view: &MapView, pixel: (u32, u32)) -> Vec<Probe> {
    let (lon, lat) = view.lon_lat(f64::from(pixel.0) + 0.5, f64::from(pixel.1) + 0.5);
    let is_filled = layer.symbols.iter().any(|symbol| matches!(symbol, Symbol::Fill(_)));
    let hit = layer
        .shown(times)
        .filter(|feature| is_hit(&feature.geometry, view, pixel, (lon, lat), is_filled));
    let found = hit.map(|feature| {
        let mut properties = feature.properties.clone();
        properties.insert("layer".to_owned(), layer.name.clone().into());
        Probe {
            title: layer.name.clone().into(),
            id: feature.id.clone(),
            place: (lon, lat),
            properties,
        }
    });
    found.collect()
}

fn is_hit(geometry: &Geometry<f64>, view: &MapView, pixel: (u32, u32), place: (f64, f64), is_filled: bool) -> bool {
    match geometry {
        Geometry::Point(point) => {
            let (x, y) = view.pixel(point.x(), point.y());
            pixel_distance(pixel, (x, y), (x, y)) <= REACH_PX
        }
        Geometry::LineString(line) => line.lines().any(|line| {
            let (start, end) = (
                view.pixel(line.start.x, line.start.y),
                view.pixel(line.end.x, line.end.y),
            );
            pixel_distance(pixel, start, end) <= REACH_PX
        }),
        Geometry::GeometryCollection(many) => many.iter().any(|one| is_hit(one, view, pixel, place, is_filled)),
        other => is_filled && other.intersects(&Point::new(place.0, place.1)),
    }
}
