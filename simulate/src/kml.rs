//! Elements of KML 2.2 (OGC 07-147r2) that documents of a run and live answers share: styles, polygons, points, time spans,
//! network links, and the zipped form. Longitude and latitude in degrees with six decimals, times RFC 3339 UTC. Elements stand
//! in the order of the schema.

use driftline_domain::ValidTime;
use geo::{Coord, MultiPolygon, Polygon};

use crate::documents::{Error, TEXT_DECIMALS, latitude_dm, longitude_dm, rings, rounded};
use crate::xml::Xml;

/// Media type of KML.
pub const KML: &str = "application/vnd.google-earth.kml+xml";
/// Media type of KMZ.
pub const KMZ: &str = "application/vnd.google-earth.kmz";

/// Colours of the page's day map by level, red green blue.
pub(crate) const LEVEL_COLOURS: [(u32, [u8; 3]); 3] = [(50, [122, 1, 79]), (90, [178, 68, 5]), (95, [0, 84, 140])];
/// Fill: a sixth of the line's weight, so that levels that lie upon each other stay apart.
const FILL_OPACITY: u8 = 42;
/// What a KMZ reader opens first.
const MAIN_DOCUMENT: &str = "doc.kml";

/// Begins a document of this name.
pub fn begin(name: &str) -> Xml {
    let mut xml = Xml::new();
    xml.open("kml", &[("xmlns", "http://www.opengis.net/kml/2.2")]);
    xml.open("Document", &[]);
    xml.text("name", name);
    xml.text("open", "1");
    xml
}

/// The document zipped, with the time that it was made of.
pub fn zipped(content: &[u8], at: ValidTime) -> Result<Vec<u8>, Error> {
    crate::archive::zipped([(MAIN_DOCUMENT, content)], at)
}

/// A link that a viewer follows again and again.
#[derive(Debug, Clone)]
pub struct NetworkLink<'a> {
    /// For people.
    pub name: &'a str,
    /// What stands behind it.
    pub description: &'a str,
    /// Whether it is shown before anybody ticks it.
    pub is_visible: bool,
    /// Address.
    pub href: &'a str,
    /// Seconds between two looks.
    pub refresh_s: u32,
}

impl NetworkLink<'_> {
    /// Writes it.
    pub fn write(&self, xml: &mut Xml) {
        xml.within("NetworkLink", &[], |xml| {
            xml.text("name", self.name);
            xml.text("visibility", if self.is_visible { "1" } else { "0" });
            xml.text("open", "1");
            xml.text("description", self.description);
            xml.within("Link", &[], |xml| {
                xml.text("href", self.href);
                xml.text("refreshMode", "onInterval");
                xml.text("refreshInterval", &self.refresh_s.to_string());
            });
        });
    }
}

/// KML writes colours as opacity, blue, green, red.
fn colour(opacity: u8, [red, green, blue]: [u8; 3]) -> String {
    format!("{opacity:02x}{blue:02x}{green:02x}{red:02x}")
}

/// Styles `area-50`, `area-90`, `area-95`, `track`, `datum` and `start`.
pub fn styles(xml: &mut Xml) {
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

/// Names and values that viewers show as a table.
pub fn extended_data<'a>(xml: &mut Xml, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    xml.open("ExtendedData", &[]);
    for (name, value) in pairs {
        xml.within("Data", &[("name", name)], |xml| xml.text("value", value));
    }
    xml.close();
}

/// A named place that holds for a while.
pub fn datum(xml: &mut Xml, id: &str, name: &str, place: (f64, f64), (from, until): (ValidTime, ValidTime)) {
    xml.within("Placemark", &[("id", id)], |xml| {
        xml.text("name", name);
        let (lon, lat) = place;
        xml.text("description", &format!("{} {}", latitude_dm(lat), longitude_dm(lon)));
        time_span(xml, from, until);
        xml.text("styleUrl", "#datum");
        point(xml, place);
    });
}

/// A search area, as viewers show it.
pub struct AreaPlacemark<'a> {
    /// Stable id.
    pub id: &'a str,
    /// For people.
    pub name: &'a str,
    /// From when and until when it holds.
    pub span: (ValidTime, ValidTime),
    /// Of 100.
    pub percent: u32,
    /// Names and values of its table.
    pub numbers: &'a [(&'a str, String)],
    /// Its parts.
    pub polygons: &'a MultiPolygon,
}

impl AreaPlacemark<'_> {
    /// Writes it.
    pub fn write(&self, xml: &mut Xml) {
        xml.within("Placemark", &[("id", self.id)], |xml| {
            xml.text("name", self.name);
            time_span(xml, self.span.0, self.span.1);
            xml.text("styleUrl", &format!("#area-{}", self.percent));
            extended_data(xml, self.numbers.iter().map(|(name, value)| (*name, value.as_str())));
            xml.within("MultiGeometry", &[], |xml| {
                self.polygons.iter().for_each(|part| polygon(xml, part));
            });
        });
    }
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
                    let places = ring.0.iter().copied().map(rounded).map(pair);
                    xml.text("coordinates", &coordinates(places));
                });
            });
        }
    });
}

fn pair(coord: Coord) -> (f64, f64) {
    (coord.x, coord.y)
}

/// A place.
pub(crate) fn point(xml: &mut Xml, place: (f64, f64)) {
    xml.within("Point", &[], |xml| {
        xml.text("coordinates", &coordinates(std::iter::once(place)));
    });
}

/// From when and until when something holds.
pub(crate) fn time_span(xml: &mut Xml, from: ValidTime, until: ValidTime) {
    xml.within("TimeSpan", &[], |xml| {
        xml.text("begin", &from.to_string());
        xml.text("end", &until.to_string());
    });
}

/// Longitude, latitude.
pub(crate) fn coordinates(places: impl Iterator<Item = (f64, f64)>) -> String {
    let one = |(lon, lat): (f64, f64)| format!("{lon:.TEXT_DECIMALS$},{lat:.TEXT_DECIMALS$}");
    places.map(one).collect::<Vec<_>>().join(" ")
}
