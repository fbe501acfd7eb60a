//! The messages of a stream beside events: the end of an event, and the answer to a client that asks whether anybody is there.

use driftline_domain::ValidTime;
use jiff::ToSpan;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as XmlEvent};

use super::event::{nowhere, open};
use crate::xml::XmlError;

/// How people's and programs' messages say where they come from.
const MESSAGE: &str = "h-g-i-g-o";
/// A message is of no use after this time.
const MESSAGE_S: i64 = 20;

/// Takes an event off the map of whoever has it.
///
/// # Errors
/// What the writer of XML says.
pub fn ended(uid: &str, now: ValidTime) -> Result<Vec<u8>, XmlError> {
    let mut xml = open(&format!("{uid}.end"), "t-x-d-d", "m-p", [now, now, soon(now)]);
    nowhere(&mut xml);
    xml.within("detail", &[], |xml| {
        xml.empty("link", &[("uid", uid), ("relation", "none"), ("type", "none")]);
        xml.empty("__forcedelete", &[]);
    });
    xml.finish()
}

/// Somebody is there.
///
/// # Errors
/// What the writer of XML says.
pub fn pong(now: ValidTime) -> Result<Vec<u8>, XmlError> {
    let mut xml = open("takPong", "t-x-c-t-r", MESSAGE, [now, now, soon(now)]);
    nowhere(&mut xml);
    xml.finish()
}

fn soon(now: ValidTime) -> ValidTime {
    now.0.checked_add(MESSAGE_S.seconds()).map_or(now, ValidTime)
}

/// Whether a client's event, from `<event` on, asks for a [`pong`]. Its first element alone is looked at.
pub fn is_ping(event: &str) -> bool {
    let mut reader = Reader::from_str(event);
    loop {
        match reader.read_event() {
            Ok(XmlEvent::Start(start) | XmlEvent::Empty(start)) => return is_ping_element(&start),
            Ok(XmlEvent::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

fn is_ping_element(start: &BytesStart<'_>) -> bool {
    let kind = start.try_get_attribute("type").ok().flatten();
    start.name().as_ref() == "event" && kind.is_some_and(|kind| kind.value.as_ref() == "t-x-c-t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_are_known_from_everything_else() {
        assert!(is_ping(
            r#"<event version="2.0" uid="a-ping" type="t-x-c-t" how="m-g"><point lat="0"/></event>"#
        ));
        assert!(is_ping("<?xml version='1.0'?><event type='t-x-c-t'/>"));
        for other in [
            r#"<event type="t-x-c-t-r"/>"#,
            r#"<event uid="t-x-c-t" type="a-f-G-U-C"><detail type="t-x-c-t"/></event>"#,
            r#"<other type="t-x-c-t"/>"#,
            "<event type=",
            "",
            "no XML",
            "<!DOCTYPE a [<!ENTITY b \"c\">]>",
        ] {
            assert!(!is_ping(other), "{other}");
        }
    }

    #[test]
    fn an_end_names_what_ends() {
        let now = ValidTime::from_unix_s(0).unwrap();
        let text = String::from_utf8(ended("driftline.mis_1.area-90.2", now).unwrap()).unwrap();
        assert!(
            text.contains(r#"type="t-x-d-d""#) && text.contains("__forcedelete"),
            "{text}"
        );
        assert!(
            text.contains(r#"<link uid="driftline.mis_1.area-90.2" relation="none""#),
            "{text}"
        );
        let text = String::from_utf8(pong(now).unwrap()).unwrap();
        assert!(
            text.contains(r#"stale="1970-01-01T00:00:20.000Z""#) && text.contains("t-x-c-t-r"),
            "{text}"
        );
    }
}
