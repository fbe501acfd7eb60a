//! KML 2.2 (OGC 07-147r2) for Google Earth and everything that takes it, and the same zipped as KMZ: areas of 50, 90 and
//! 95 % with the time span that each holds for, the track of the mean position, the last known position.
//!
//! An area holds from its output time to the next; the last one for as long as the one before. Elements stand in the order of
//! the schema.

use std::io::Write;

use driftline_domain::ValidTime;
use geo::{Coord, Polygon};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::outline::{TEXT_DECIMALS, rings, rounded};
use super::{Error, RunView, latitude_dm, longitude_dm};
use crate::products::{Area, AreaSet, Vertex};
use crate::xml::Xml;

/// Colours of the page's day map by level, red green blue.
const LEVEL_COLOURS: [(u32, [u8; 3]); 3] = [(50, [122, 1, 79]), (90, [178, 68, 5]), (95, [0, 84, 140])];
/// Fill: a sixth of the line's weight, so that levels that lie upon each other stay apart.
const FILL_OPACITY: u8 = 42;
/// What a KMZ reader opens first.
const MAIN_DOCUMENT: &str = "doc.kml";

/// `areas.kml`.
pub(super) fn kml(view: &RunView) -> Result<Vec<u8>, Error> {
    let mut xml = Xml::new();
    xml.open("kml", &[("xmlns", "http://www.opengis.net/kml/2.2")]);
    xml.open("Document", &[]);
    xml.text("name", &format!("Driftline: {}", view.name()));
    xml.text("open", "1");
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
    let content = kml(view)?;
    let issued = view.label.issued.0.to_zoned(jiff::tz::TimeZone::UTC);
    let (date, time) = (issued.date(), issued.time());
    let stamp = DateTime::from_date_and_time(
        date.year().unsigned_abs(),
        date.month().unsigned_abs(),
        date.day().unsigned_abs(),
        time.hour().unsigned_abs(),
        time.minute().unsigned_abs(),
        time.second().unsigned_abs(),
    );
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(stamp.unwrap_or_default());
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file(MAIN_DOCUMENT, options)?;
    archive.write_all(&content).map_err(Error::ArchiveContent)?;
    Ok(archive.finish()?.into_inner())
}

/// KML writes colours as opacity, blue, green, red.
fn colour(opacity: u8, [red, green, blue]: [u8; 3]) -> String {
    format!("{opacity:02x}{blue:02x}{green:02x}{red:02x}")
}

fn styles(xml: &mut Xml) {
    for (percent, rgb) in LEVEL_COLOURS {
        xml.within("Style", &[("id", &format!("area-{percent}"))], |xml| {
            xml.within("LineStyle", &[], |xml| {
                xml.text("color", &colour(255, rgb));
                xml.text("width", "2");
            });
            xml.within("PolyStyle", &[], |xml| xml.text("color", &colour(FILL_OPACITY, rgb)));
        });
    }
    xml.within("Style", &[("id", "track")], |xml| {
        xml.within("LineStyle", &[], |xml| {
            xml.text("color", &colour(255, [27, 27, 27]));
            xml.text("width", "2");
        });
    });
    for (id, rgb) in [("datum", [27, 27, 27]), ("start", [163, 18, 63])] {
        xml.within("Style", &[("id", id)], |xml| {
            // Without an icon of its own the viewer shows its pin in this colour.
            xml.within("IconStyle", &[], |xml| xml.text("color", &colour(255, rgb)));
        });
    }
}

fn extended_data<'a>(xml: &mut Xml, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    xml.open("ExtendedData", &[]);
    for (name, value) in pairs {
        xml.within("Data", &[("name", name)], |xml| xml.text("value", value));
    }
    xml.close();
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
            let (lon, lat) = set.datum.mean;
            let name = format!("{:+.1} h", view.hours_after_start(set.time));
            let id = view.label.id("datums", format_args!("mean.{}", set.time.unix_s()));
            xml.within("Placemark", &[("id", &id)], |xml| {
                xml.text("name", &name);
                xml.text("description", &format!("{} {}", latitude_dm(lat), longitude_dm(lon)));
                time_span(xml, set.time, until);
                xml.text("styleUrl", "#datum");
                point(xml, (lon, lat));
            });
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
    xml.within("Placemark", &[("id", &set.area_id(area, &view.label))], |xml| {
        xml.text(
            "name",
            &format!("{percent} %, {:+.1} h", view.hours_after_start(set.time)),
        );
        time_span(xml, set.time, until);
        xml.text("styleUrl", &format!("#area-{percent}"));
        let numbers = [
            ("valid_time", set.time.to_string()),
            ("level", area.level.to_string()),
            ("poc", set.probability_of_containment(area).to_string()),
            ("area_km2", format!("{:.3}", area.area_km2)),
            ("area_nm2", format!("{:.3}", area.area_nm2())),
            ("n_particles", set.n_particles.to_string()),
            ("stranded_fraction", set.stranded_fraction.to_string()),
        ];
        extended_data(xml, numbers.iter().map(|(name, value)| (*name, value.as_str())));
        xml.within("MultiGeometry", &[], |xml| {
            area.polygons.iter().for_each(|part| polygon(xml, part))
        });
    });
}

fn polygon(xml: &mut Xml, polygon: &Polygon) {
    xml.within("Polygon", &[], |xml| {
        xml.text("tessellate", "1");
        for (number, ring) in rings(polygon).enumerate() {
            let side = if number == 0 {
                "outerBoundaryIs"
            } else {
                "innerBoundaryIs"
            };
            xml.within(side, &[], |xml| {
                xml.within("LinearRing", &[], |xml| {
                    xml.text(
                        "coordinates",
                        &coordinates(ring.0.iter().copied().map(rounded).map(pair)),
                    );
                });
            });
        }
    });
}

fn pair(coord: Coord) -> (f64, f64) {
    (coord.x, coord.y)
}

fn point(xml: &mut Xml, place: (f64, f64)) {
    xml.within("Point", &[], |xml| {
        xml.text("coordinates", &coordinates(std::iter::once(place)))
    });
}

fn time_span(xml: &mut Xml, from: ValidTime, until: ValidTime) {
    xml.within("TimeSpan", &[], |xml| {
        xml.text("begin", &from.to_string());
        xml.text("end", &until.to_string());
    });
}

/// Longitude, latitude.
fn coordinates(places: impl Iterator<Item = (f64, f64)>) -> String {
    let one = |(lon, lat): (f64, f64)| format!("{lon:.TEXT_DECIMALS$},{lat:.TEXT_DECIMALS$}");
    places.map(one).collect::<Vec<_>>().join(" ")
}

/// Each set and until when it holds.
fn with_ends(sets: &[AreaSet]) -> impl Iterator<Item = (&AreaSet, ValidTime)> {
    let until = |index: usize| {
        let (this, before) = (sets[index].time, index.checked_sub(1).map(|before| sets[before].time));
        let after = sets.get(index + 1).map(|after| after.time);
        let as_long = before.and_then(|before| ValidTime::from_unix_s(2 * this.unix_s() - before.unix_s()));
        after.or(as_long).unwrap_or(this)
    };
    sets.iter().enumerate().map(move |(index, set)| (set, until(index)))
}
