//! GPX 1.1 (topografix.com/GPX/1/1) for plotters and hand-helds: the last known position and the newest datum as waypoints,
//! the mean position as a route and as a track with times, outlines of areas as tracks.
//!
//! A plotter holds few tracks: outlines are given for every sixth hour after the start and for the last output time. GPX knows
//! no areas: each ring is a segment. Longitudes are below 180, as the schema demands.

use geo::LineString;

use super::outline::{TEXT_DECIMALS, rings, rounded};
use super::{Error, RunView};
use crate::products::{Area, AreaSet};
use crate::xml::Xml;

/// Outlines are given for multiples of this many hours.
const OUTLINE_EVERY_H: f64 = 6.0;
/// The name space of what GPX has no element for.
const EXTENSION: &str = "urn:x-driftline:run:1";

/// `areas.gpx`.
pub(super) fn gpx(view: &RunView) -> Result<Vec<u8>, Error> {
    let mut xml = Xml::new();
    xml.open(
        "gpx",
        &[
            ("version", "1.1"),
            ("creator", &format!("Driftline {}", view.label.engine_version)),
            ("xmlns", "http://www.topografix.com/GPX/1/1"),
            ("xmlns:driftline", EXTENSION),
        ],
    );
    metadata(&mut xml, view);
    let start = (view.spec.position.lon_deg(), view.spec.position.lat_deg());
    let from = view.spec.time.to_string();
    point(
        &mut xml,
        "wpt",
        start,
        &from,
        Some(("Last known position", view.label.object.description)),
    );
    if let Some(last) = view.areas.last() {
        let time = last.time.to_string();
        let hours = view.hours_after_start(last.time);
        point(
            &mut xml,
            "wpt",
            last.datum.mean,
            &time,
            Some((&format!("Mean {hours:+.1} h"), "mean position")),
        );
        point(
            &mut xml,
            "wpt",
            last.datum.mode,
            &time,
            Some((&format!("Peak {hours:+.1} h"), "most likely position")),
        );
    }
    if !view.areas.is_empty() {
        route(&mut xml, view);
        datum_track(&mut xml, view);
    }
    for set in outlined(view) {
        set.levels.iter().for_each(|area| outline(&mut xml, view, set, area));
    }
    Ok(xml.finish()?)
}

fn metadata(xml: &mut Xml, view: &RunView) {
    xml.within("metadata", &[], |xml| {
        xml.text("name", &format!("Driftline: {}", view.name()));
        xml.text("desc", &view.provenance_lines());
        xml.within("copyright", &[("author", &view.label.attribution_line())], |_| {});
        xml.text("time", &view.label.issued.to_string());
        xml.text("keywords", "drift forecast, search area");
        xml.within("extensions", &[], |xml| {
            for (name, value) in view.provenance() {
                xml.text(&format!("driftline:{name}"), &value);
            }
        });
    });
}

/// A place of any kind; elements in the order of the schema: time, name, description.
fn point(xml: &mut Xml, element: &str, (lon, lat): (f64, f64), time: &str, named: Option<(&str, &str)>) {
    // A longitude of 180 belongs to the other side, where a line that ends here does not go.
    let lon = lon.min(179.999_999);
    let (lat, lon) = (format!("{lat:.TEXT_DECIMALS$}"), format!("{lon:.TEXT_DECIMALS$}"));
    xml.within(element, &[("lat", &lat), ("lon", &lon)], |xml| {
        xml.text("time", time);
        if let Some((name, description)) = named {
            xml.text("name", name);
            xml.text("desc", description);
        }
    });
}

/// The mean position as a route: a plotter steers along it.
fn route(xml: &mut Xml, view: &RunView) {
    xml.within("rte", &[], |xml| {
        xml.text("name", "Mean position");
        for set in &view.areas {
            let name = format!("{:+.1} h", view.hours_after_start(set.time));
            let named = Some((name.as_str(), "mean position"));
            point(xml, "rtept", set.datum.mean, &set.time.to_string(), named);
        }
    });
}

fn datum_track(xml: &mut Xml, view: &RunView) {
    xml.within("trk", &[], |xml| {
        xml.text("name", "Mean position");
        xml.text("type", "datum");
        for part in view.datum_track() {
            xml.within("trkseg", &[], |xml| {
                for vertex in &part {
                    point(
                        xml,
                        "trkpt",
                        (vertex.lon_deg, vertex.lat_deg),
                        &vertex.time.to_string(),
                        None,
                    );
                }
            });
        }
    });
}

/// The sets whose outlines are given.
fn outlined(view: &RunView) -> impl Iterator<Item = &AreaSet> {
    let last = view.areas.len().saturating_sub(1);
    let wanted = move |(index, set): &(usize, &AreaSet)| {
        let hours = view.hours_after_start(set.time);
        *index == last || (hours > 0.0 && hours % OUTLINE_EVERY_H == 0.0)
    };
    view.areas.iter().enumerate().filter(wanted).map(|(_, set)| set)
}

fn outline(xml: &mut Xml, view: &RunView, set: &AreaSet, area: &Area) {
    let percent = libm::round(area.level * 100.0);
    let hours = view.hours_after_start(set.time);
    xml.within("trk", &[], |xml| {
        xml.text("name", &format!("{percent} % {hours:+.1} h"));
        xml.text(
            "desc",
            &format!("{:.1} km2, {:.1} nm2, {}", area.area_km2, area.area_nm2(), set.time),
        );
        xml.text("type", "search-area");
        let rings = area.polygons.iter().flat_map(rings);
        rings.for_each(|ring| segment(xml, ring, &set.time.to_string()));
    });
}

fn segment(xml: &mut Xml, ring: &LineString, time: &str) {
    xml.within("trkseg", &[], |xml| {
        for place in ring.0.iter().copied().map(rounded) {
            point(xml, "trkpt", (place.x, place.y), time, None);
        }
    });
}
