//! A run as KML 2.2 (OGC 07-147r2) for Google Earth and everything that takes it, and the same zipped as KMZ: areas of 50, 90
//! and 95 % with the time span that each holds for, the track of the mean position, the last known position.
//!
//! An area holds from its output time to the next; the last one for as long as the one before. Elements stand in the order of
//! the schema.

use driftline_domain::ValidTime;

use super::{Error, RunView, latitude_dm, longitude_dm};
use crate::kml::{
    AreaPlacemark, LEVEL_COLOURS, begin, coordinates, datum, extended_data, point, styles, time_span, zipped,
};
use crate::products::{Area, AreaSet, Vertex, holds_until};
use crate::xml::Xml;

/// `areas.kml`.
pub(super) fn kml(view: &RunView) -> Result<Vec<u8>, Error> {
    let mut xml = begin(&format!("Driftline: {}", view.name()));
    xml.text("description", &view.provenance_lines());
    styles(&mut xml);
    extended_data(
        &mut xml,
        view.provenance().iter().map(|(name, value)| (*name, value.as_str())),
    );
    start(&mut xml, view);
    track(&mut xml, view);
    xml.within("Folder", &[], |xml| {
        xml.text("name", "Search areas");
        // The largest first: what is listed later lies above.
        for (percent, _) in LEVEL_COLOURS.iter().rev() {
            level_folder(xml, view, *percent);
        }
    });
    Ok(xml.finish()?)
}

/// `areas.kmz`.
pub(super) fn kmz(view: &RunView) -> Result<Vec<u8>, Error> {
    zipped(&kml(view)?, view.label.issued)
}

fn start(xml: &mut Xml, view: &RunView) {
    let (lon, lat) = (view.spec.position.lon_deg(), view.spec.position.lat_deg());
    xml.within("Placemark", &[("id", &view.label.id("start", "0"))], |xml| {
        xml.text("name", "Last known position");
        let object = view.label.object.description;
        let place = format!("{} {}", latitude_dm(lat), longitude_dm(lon));
        xml.text("description", &format!("{object}\n{place}\n{}", view.spec.time));
        xml.within("TimeStamp", &[], |xml| xml.text("when", &view.spec.time.to_string()));
        xml.text("styleUrl", "#start");
        point(xml, (lon, lat));
    });
}

fn track(xml: &mut Xml, view: &RunView) {
    xml.within("Folder", &[], |xml| {
        xml.text("name", "Mean position");
        let track = view.datum_track();
        let lines: Vec<&Vec<Vertex>> = track.iter().filter(|part| part.len() > 1).collect();
        if !lines.is_empty() {
            xml.within("Placemark", &[("id", &view.label.id("datum-track", "0"))], |xml| {
                xml.text("name", "Track of the mean position");
                let ends = (view.areas.first(), view.areas.last());
                if let (Some(first), Some(last)) = ends {
                    time_span(xml, first.time, last.time);
                }
                xml.text("styleUrl", "#track");
                xml.open("MultiGeometry", &[]);
                for line in lines {
                    xml.within("LineString", &[], |xml| {
                        xml.text("tessellate", "1");
                        let places = line.iter().map(|vertex| (vertex.lon_deg, vertex.lat_deg));
                        xml.text("coordinates", &coordinates(places));
                    });
                }
                xml.close();
            });
        }
        for (set, until) in with_ends(&view.areas) {
            let name = format!("{:+.1} h", view.hours_after_start(set.time));
            let id = view.label.id("datums", format_args!("mean.{}", set.time.unix_s()));
            datum(xml, &id, &name, set.datum.mean, (set.time, until));
        }
    });
}

fn level_folder(xml: &mut Xml, view: &RunView, percent: u32) {
    xml.within("Folder", &[], |xml| {
        xml.text("name", &format!("{percent} %"));
        for (set, until) in with_ends(&view.areas) {
            let is_level = |area: &&Area| libm::round(area.level * 100.0) as u32 == percent;
            if let Some(area) = set.levels.iter().find(is_level) {
                area_placemark(xml, view, set, area, until);
            }
        }
    });
}

fn area_placemark(xml: &mut Xml, view: &RunView, set: &AreaSet, area: &Area, until: ValidTime) {
    let percent = libm::round(area.level * 100.0);
    let numbers = [
        ("valid_time", set.time.to_string()),
        ("level", area.level.to_string()),
        ("poc", set.probability_of_containment(area).to_string()),
        ("area_km2", format!("{:.3}", area.area_km2)),
        ("area_nm2", format!("{:.3}", area.area_nm2())),
        ("n_particles", set.n_particles.to_string()),
        ("stranded_fraction", set.stranded_fraction.to_string()),
    ];
    let placemark = AreaPlacemark {
        id: &set.area_id(area, &view.label),
        name: &format!("{percent} %, {:+.1} h", view.hours_after_start(set.time)),
        span: (set.time, until),
        percent: percent as u32,
        numbers: &numbers,
        polygons: &area.polygons,
    };
    placemark.write(xml);
}

/// Each set and until when it holds.
fn with_ends(sets: &[AreaSet]) -> impl Iterator<Item = (&AreaSet, ValidTime)> {
    let times: Vec<ValidTime> = sets.iter().map(|set| set.time).collect();
    let ends = (0..sets.len()).map(move |index| holds_until(&times, index));
    sets.iter().zip(ends).map(|(set, end)| (set, end.unwrap_or(set.time)))
}
