//! One event as CoT 2.0 writes it. Coordinates have seven decimals (a centimetre); heights and what is not known of accuracy
//! are 9999999.

use driftline_domain::ValidTime;
use geo::Coord;

use crate::xml::{Xml, XmlError};

/// What CoT writes for a number that is not known.
const UNKNOWN: &str = "9999999.0";
/// Where events come from: machine, predicted.
const HOW: &str = "m-p";
/// A polygon's fill is as weak as on other maps.
const FILL_OPACITY: u8 = 42;

/// What an event draws.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Drawn {
    /// A closed outline with the colour of its level, red green blue.
    Area { outline: Vec<Coord>, colour: [u8; 3] },
    /// A place, with the radius of one standard deviation in metres where it has one.
    Marker { sigma_m: Option<f64>, colour: [u8; 3] },
}

/// An event without its times: what is drawn of a run at one of its output times.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub(super) uid: String,
    /// Longitude and latitude.
    pub(super) place: (f64, f64),
    pub(super) drawn: Drawn,
    pub(super) callsign: String,
    pub(super) remarks: String,
}

impl Event {
    /// Names what is drawn; what holds later has the same.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The event as XML: written at `time`, holding from `start` until `stale`.
    ///
    /// # Errors
    /// What the writer of XML says.
    pub fn xml(&self, time: ValidTime, (start, stale): (ValidTime, ValidTime)) -> Result<Vec<u8>, XmlError> {
        let (kind, sigma_m) = match &self.drawn {
            Drawn::Area { .. } => ("u-d-f", None),
            Drawn::Marker { sigma_m, .. } => ("b-m-p-s-m", *sigma_m),
        };
        let mut xml = open(&self.uid, kind, HOW, [time, start, stale]);
        let sigma = sigma_m.map_or_else(|| UNKNOWN.to_owned(), |metres| format!("{metres:.1}"));
        point(&mut xml, self.place, &sigma);
        xml.within("detail", &[], |xml| {
            match &self.drawn {
                Drawn::Area { outline, colour } => area(xml, outline, *colour),
                Drawn::Marker { colour, .. } => marker(xml, *colour),
            }
            xml.empty("contact", &[("callsign", &self.callsign)]);
            xml.text("remarks", &self.remarks);
            xml.empty("labels_on", &[("value", "true")]);
        });
        xml.finish()
    }
}

/// Begins an event with its three times.
pub(super) fn open(uid: &str, kind: &str, how: &str, [time, start, stale]: [ValidTime; 3]) -> Xml {
    let mut xml = Xml::new();
    let [time, start, stale] = [time, start, stale].map(stamp);
    xml.open(
        "event",
        &[
            ("version", "2.0"),
            ("uid", uid),
            ("type", kind),
            ("how", how),
            ("time", &time),
            ("start", &start),
            ("stale", &stale),
        ],
    );
    xml
}

/// The place of an event.
pub(super) fn point(xml: &mut Xml, (lon, lat): (f64, f64), sigma: &str) {
    let (lat, lon) = (format!("{lat:.7}"), format!("{lon:.7}"));
    let attributes = [
        ("lat", lat.as_str()),
        ("lon", &lon),
        ("hae", UNKNOWN),
        ("ce", sigma),
        ("le", UNKNOWN),
    ];
    xml.empty("point", &attributes);
}

/// The place of a message that has none.
pub(super) fn nowhere(xml: &mut Xml) {
    point(xml, (0.0, 0.0), UNKNOWN);
}

fn area(xml: &mut Xml, outline: &[Coord], colour: [u8; 3]) {
    for Coord { x, y } in outline {
        xml.empty("link", &[("point", &format!("{y:.7},{x:.7}"))]);
    }
    xml.empty("strokeColor", &[("value", &argb(255, colour))]);
    xml.empty("strokeWeight", &[("value", "3.0")]);
    xml.empty("fillColor", &[("value", &argb(FILL_OPACITY, colour))]);
}

fn marker(xml: &mut Xml, colour: [u8; 3]) {
    let colour = argb(255, colour);
    let icon = format!("COT_MAPPING_SPOTMAP/b-m-p-s-m/{colour}");
    xml.empty("color", &[("argb", &colour)]);
    xml.empty("usericon", &[("iconsetpath", &icon)]);
}

/// A colour as a signed number of 32 bits.
fn argb(opacity: u8, [red, green, blue]: [u8; 3]) -> String {
    i32::from_be_bytes([opacity, red, green, blue]).to_string()
}

/// To the millisecond, which readers expect.
fn stamp(time: ValidTime) -> String {
    time.0.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
