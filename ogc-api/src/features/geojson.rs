//! GeoJSON as text: geometries and properties are stored as JSON text and are copied, not parsed and printed again.

use driftline_database::{Cursor, Feature};
use jiff::Timestamp;
use serde_json::json;

use crate::links::Link;

/// One feature, ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct FeatureText {
    /// Its place in the collection.
    pub(crate) cursor: Cursor,
    /// Stable identifier.
    pub(crate) id: String,
    /// GeoJSON geometry.
    pub(crate) geometry: String,
    /// GeoJSON properties.
    pub(crate) properties: String,
}

impl From<Feature> for FeatureText {
    fn from(feature: Feature) -> Self {
        Self {
            cursor: feature.cursor,
            id: feature.id,
            geometry: feature.geometry,
            properties: feature.properties,
        }
    }
}

/// What stands around the features of a page.
pub(crate) struct Frame<'a> {
    /// Links of the page.
    pub(crate) links: &'a [Link],
    /// The state of the content that the page was made from.
    pub(crate) time_stamp: Timestamp,
    /// Features that match in all, where that is known without reading them.
    pub(crate) number_matched: Option<i64>,
    /// Credits of the forcing.
    pub(crate) attribution: &'a [String],
}

/// A feature collection.
pub(crate) fn feature_collection(frame: &Frame<'_>, features: &[FeatureText]) -> String {
    let size: usize = features
        .iter()
        .map(|feature| feature.geometry.len() + feature.properties.len() + feature.id.len() + 80)
        .sum();
    let mut text = String::with_capacity(size + 1_000);
    text.push_str(r#"{"type":"FeatureCollection","timeStamp":"#);
    text.push_str(&json!(frame.time_stamp.to_string()).to_string());
    if let Some(matched) = frame.number_matched {
        text.push_str(&format!(r#","numberMatched":{matched}"#));
    }
    text.push_str(&format!(r#","numberReturned":{}"#, features.len()));
    push_attribution(&mut text, frame.attribution);
    text.push_str(r#","links":"#);
    text.push_str(&json!(frame.links).to_string());
    text.push_str(r#","features":["#);
    for (index, feature) in features.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_feature(&mut text, feature);
        text.push('}');
    }
    text.push_str("]}");
    text
}

/// One feature as a document of its own.
pub(crate) fn single_feature(feature: &FeatureText, attribution: &[String], links: &[Link]) -> String {
    let mut text = String::with_capacity(feature.geometry.len() + feature.properties.len() + 500);
    push_feature(&mut text, feature);
    push_attribution(&mut text, attribution);
    text.push_str(r#","links":"#);
    text.push_str(&json!(links).to_string());
    text.push('}');
    text
}

/// The feature without its closing brace.
fn push_feature(text: &mut String, feature: &FeatureText) {
    text.push_str(r#"{"type":"Feature","id":"#);
    text.push_str(&json!(feature.id).to_string());
    text.push_str(r#","geometry":"#);
    text.push_str(&feature.geometry);
    text.push_str(r#","properties":"#);
    text.push_str(&feature.properties);
}

fn push_attribution(text: &mut String, lines: &[String]) {
    if !lines.is_empty() {
        text.push_str(r#","attribution":"#);
        text.push_str(&json!(lines.join("; ")).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_text_is_valid_json_whatever_the_names_hold() {
        let features: Vec<FeatureText> = ["a", "quote\" and \\", "ål"]
            .iter()
            .enumerate()
            .map(|(row, id)| FeatureText {
                cursor: Cursor {
                    run_seq: 1,
                    row: row as i64,
                },
                id: (*id).to_owned(),
                geometry: r#"{"type":"Point","coordinates":[4.0,60.0]}"#.to_owned(),
                properties: r#"{"level":0.5}"#.to_owned(),
            })
            .collect();
        let attribution = ["Data from \"A\"".to_owned(), "B".to_owned()];
        let links = [Link::new("self", "application/geo+json", "http://h/x?a=\"".to_owned())];
        let frame = Frame {
            links: &links,
            time_stamp: Timestamp::UNIX_EPOCH,
            number_matched: Some(7),
            attribution: &attribution,
        };
        let read: Value = serde_json::from_str(&feature_collection(&frame, &features)).unwrap();
        assert_eq!(read["numberReturned"], 3);
        assert_eq!(read["numberMatched"], 7);
        assert_eq!(read["features"][1]["id"], "quote\" and \\");
        assert_eq!(read["attribution"], "Data from \"A\"; B");
        assert_eq!(read["timeStamp"], "1970-01-01T00:00:00Z");
        let empty: Value = serde_json::from_str(&feature_collection(&frame, &[])).unwrap();
        assert_eq!(empty["features"], json!([]));
        let one: Value = serde_json::from_str(&single_feature(&features[2], &[], &links)).unwrap();
        assert_eq!((&one["type"], &one["id"]), (&json!("Feature"), &json!("ål")));
        assert!(one.get("attribution").is_none());
    }
}
