//! What layers say about one pixel as text: for WMS and WMTS alike.

use serde_json::{Map, Value, json};

use super::info::Probe;

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InfoForm {
    /// Lines for people.
    Plain,
    /// A feature collection (RFC 7946).
    Json,
    /// A page with a table for each thing.
    Html,
}

impl InfoForm {
    /// Every form in the order of capabilities; the first one is the default.
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Json, Self::Html];

    /// Its media type as it is asked for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "text/plain",
            Self::Json => "application/json",
            Self::Html => "text/html",
        }
    }

    /// The end of an address that asks for it.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Plain => "txt",
            Self::Json => "json",
            Self::Html => "html",
        }
    }

    /// The form of a media type, in any case and with any parameters; whatever is some kind of JSON is JSON.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind.ends_with("json") {
            return Some(Self::Json);
        }
        Self::ALL.into_iter().find(|form| form.name() == kind)
    }

    /// What was found, and its media type.
    pub(crate) fn written(self, found: &[Probe]) -> (String, &'static str) {
        match self {
            Self::Plain => (plain(found), "text/plain; charset=utf-8"),
            Self::Json => (collection(found), "application/json"),
            Self::Html => (html(found), "text/html; charset=utf-8"),
        }
    }
}

fn collection(found: &[Probe]) -> String {
    let feature = |probe: &Probe| {
        let mut feature = json!({
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [probe.place.0, probe.place.1]},
            "properties": probe.properties,
        });
        if let Some(id) = &probe.id {
            feature["id"] = json!(id);
        }
        feature
    };
    let features: Vec<Value> = found.iter().map(feature).collect();
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

fn plain(found: &[Probe]) -> String {
    if found.is_empty() {
        return "nothing here\n".to_owned();
    }
    let mut text = String::new();
    for probe in found {
        text.push_str(&format!("{}\n", &probe.title));
        text.push_str(&format!(
            "  longitude = {:.6}\n  latitude = {:.6}\n",
            probe.place.0, probe.place.1
        ));
        for (name, value) in flat(&probe.properties) {
            text.push_str(&format!("  {name} = {value}\n"));
        }
    }
    text
}

/// Members that are one value each, as text on one line.
fn flat(properties: &Map<String, Value>) -> impl Iterator<Item = (&str, String)> {
    properties.iter().filter_map(|(name, value)| {
        let text = match value {
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            Value::String(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
            other => other.to_string(),
        };
        Some((name.as_str(), text))
    })
}

fn html(found: &[Probe]) -> String {
    let mut text = String::from(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Driftline</title></head><body>",
    );
    if found.is_empty() {
        text.push_str("<p>Nothing here.</p>");
    }
    for probe in found {
        text.push_str(&format!("<table><caption>{}</caption>", escaped(&probe.title)));
        for (name, value) in flat(&probe.properties) {
            let row = format!(
                "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
                escaped(name),
                escaped(&value)
            );
            text.push_str(&row);
        }
        text.push_str("</table>");
    }
    text.push_str("</body></html>");
    text
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_found_by_their_media_types() {
        for (text, form) in [
            ("text/plain", Some(InfoForm::Plain)),
            ("Text/HTML; charset=utf-8", Some(InfoForm::Html)),
            ("application/geo+json", Some(InfoForm::Json)),
            ("application/vnd.ogc.gml", None),
            ("", None),
        ] {
            assert_eq!(InfoForm::find(text), form, "{text}");
        }
    }

    #[test]
    fn what_is_told_is_text_and_no_markup() {
        let probe = Probe {
            title: "A <b>".into(),
            id: None,
            place: (4.0, 60.0),
            properties: Map::from_iter([("na\"me".to_owned(), json!("x\n<i>")), ("list".to_owned(), json!([1]))]),
        };
        let (page, _) = InfoForm::Html.written(std::slice::from_ref(&probe));
        assert!(
            page.contains("A &lt;b&gt;") && page.contains("x &lt;i&gt;") && !page.contains("<i>"),
            "{page}"
        );
        let (lines, _) = InfoForm::Plain.written(&[probe]);
        assert_eq!(
            lines,
            "A <b>\n  longitude = 4.000000\n  latitude = 60.000000\n  na\"me = x <i>\n"
        );
    }
}
