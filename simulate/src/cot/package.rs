//! `cot.zip`: a TAK data package (mission package manifest version 2) with the events of a run for every sixth hour and the
//! end, each under a uid of its own, so that they stand beside each other. Written at the time that the run was issued: the same
//! run gives the same bytes.

use driftline_domain::ValidTime;

use super::Event;
use super::run::events;
use crate::archive::zipped;
use crate::documents::{Error, RunView};
use crate::products::holds_until;
use crate::xml::{Xml, XmlError};

/// Events are given for multiples of this many hours after the start.
const EVERY_H: f64 = 6.0;

struct Entry {
    uid: String,
    path: String,
    callsign: String,
    content: Vec<u8>,
}

/// `cot.zip`.
pub(crate) fn package(view: &RunView) -> Result<Vec<u8>, Error> {
    let entries = entries(view)?;
    let manifest = manifest(view, &entries)?;
    let first = ("MANIFEST/manifest.xml", manifest.as_slice());
    let rest = entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.content.as_slice()));
    zipped(std::iter::once(first).chain(rest), view.label.issued)
}

fn entries(view: &RunView) -> Result<Vec<Entry>, Error> {
    let times: Vec<ValidTime> = view.areas.iter().map(|set| set.time).collect();
    let last = view.areas.len().saturating_sub(1);
    let mut entries = Vec::new();
    for (number, set) in view.areas.iter().enumerate() {
        let hours = view.hours_after_start(set.time);
        if number != last && (hours <= 0.0 || hours % EVERY_H != 0.0) {
            continue;
        }
        let span = (set.time, holds_until(&times, number).unwrap_or(set.time));
        for event in events(view, set) {
            entries.push(entry(view, event, span)?);
        }
    }
    Ok(entries)
}

fn entry(view: &RunView, event: Event, span: (ValidTime, ValidTime)) -> Result<Entry, Error> {
    let uid = format!("{}.{}", event.uid(), span.0.0.strftime("%Y%m%dT%H%M%SZ"));
    let own = Event {
        uid: uid.clone(),
        ..event
    };
    Ok(Entry {
        path: format!("{uid}/{uid}.cot"),
        callsign: own.callsign.clone(),
        content: own.xml(view.label.issued, span)?,
        uid,
    })
}

fn manifest(view: &RunView, entries: &[Entry]) -> Result<Vec<u8>, XmlError> {
    let parameter = |xml: &mut Xml, name: &str, value: &str| {
        xml.empty("Parameter", &[("name", name), ("value", value)]);
    };
    let mut xml = Xml::new();
    xml.open("MissionPackageManifest", &[("version", "2")]);
    xml.within("Configuration", &[], |xml| {
        parameter(xml, "uid", &format!("driftline.{}", view.label.run_id));
        parameter(xml, "name", &format!("Driftline {}", view.name()));
        parameter(xml, "onReceiveDelete", "true");
    });
    xml.within("Contents", &[], |xml| {
        for entry in entries {
            xml.within("Content", &[("ignore", "false"), ("zipEntry", &entry.path)], |xml| {
                parameter(xml, "uid", &entry.uid);
                parameter(xml, "name", &entry.callsign);
                parameter(xml, "isCoT", "true");
            });
        }
    });
    xml.finish()
}
