//! Asking as abstract tests do: addresses with parameters, whole result sets, and what the API document says of a parameter.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Subject;
use super::common::link;
use crate::harness::Answer;

/// The most that a page of items holds.
const PAGE: &str = "10000";
/// The most features that brute force reads.
const READABLE: u64 = 20_000;

impl Subject {
    /// GET of a path with parameters, whatever the answer.
    pub(super) fn ask(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.client.get(&address(path, pairs))
    }

    /// GET with an `Accept` header.
    pub(super) fn ask_for(&self, path: &str, media_type: &str) -> Answer {
        let answer = self.client.send("GET", path, &[("accept", media_type)], b"");
        answer.unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// The described collections.
    pub(super) fn collections(&self) -> Vec<Value> {
        let listed = self.client.json("/ogc/collections");
        listed["collections"].as_array().unwrap().clone()
    }

    /// Identifiers of the collections.
    pub(super) fn collection_ids(&self) -> Vec<String> {
        let text = |collection: &Value| collection["id"].as_str().unwrap().to_owned();
        self.collections().iter().map(text).collect()
    }

    /// Collections that hold something; which ones do is a matter of the mission.
    pub(super) fn filled(&self) -> Vec<String> {
        let ids = self.collection_ids().into_iter();
        ids.filter(|id| !members(&self.page(id, &[("limit", "1")])).is_empty())
            .collect()
    }

    /// Collections that hold something and say how much, so little that all of it can be read again and again: what is right is
    /// found by brute force there.
    pub(super) fn readable(&self) -> Vec<String> {
        let count = |id: &String| self.page(id, &[("limit", "1")])["numberMatched"].as_u64();
        let ids = self.collection_ids().into_iter();
        let is_readable = |id: &String| count(id).is_some_and(|count| (1..=READABLE).contains(&count));
        ids.filter(is_readable).collect()
    }

    /// Those of them that hold many features, spread over places and times: boxes and intervals tell them apart.
    pub(super) fn spread(&self) -> Vec<String> {
        let is_spread = |id: &String| self.features(id, &[]).len() > 20;
        self.readable().into_iter().filter(is_spread).collect()
    }

    /// One page, which must be there.
    pub(super) fn page(&self, collection: &str, pairs: &[(&str, &str)]) -> Value {
        let path = format!("/ogc/collections/{collection}/items");
        self.ask(&path, pairs).expect(200, &address(&path, pairs)).json()
    }

    /// The status of a page.
    pub(super) fn page_status(&self, collection: &str, pairs: &[(&str, &str)]) -> u16 {
        self.ask(&format!("/ogc/collections/{collection}/items"), pairs).status
    }

    /// Every feature that matches, over all pages.
    pub(super) fn features(&self, collection: &str, pairs: &[(&str, &str)]) -> Vec<Value> {
        let mut pairs = pairs.to_vec();
        pairs.push(("limit", PAGE));
        let mut page = self.page(collection, &pairs);
        let mut found = members(&page).to_vec();
        while let Some(next) = link(&page, "next") {
            page = self.client.json(&next);
            found.extend_from_slice(members(&page));
        }
        found
    }

    /// A parameter of an operation, as the API document of the root defines it.
    pub(super) fn parameter(&self, path: &str, name: &str) -> Value {
        let document = self.client.json("/ogc/api");
        let operation = &document["paths"][path]["get"];
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let resolved = parameters.map(|parameter| match parameter["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => parameter,
        });
        let mut named = resolved.filter(|parameter| parameter["name"] == name);
        let found = named
            .next()
            .unwrap_or_else(|| panic!("{path} documents no parameter {name}"));
        found.clone()
    }
}

/// A path with parameters, percent-encoded (RFC 3986, 2.1).
pub(super) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let query: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}{mark}{}", query.join("&"))
}

/// Every link names its relation and its media type.
pub(super) fn links_are_complete(document: &Value, what: &str) {
    let links = document["links"]
        .as_array()
        .unwrap_or_else(|| panic!("{what} has no links"));
    for link in links {
        for member in ["href", "rel", "type"] {
            assert!(link[member].is_string(), "{what}: a link without {member}: {link}");
        }
    }
}

/// The features of a page.
pub(super) fn members(page: &Value) -> &[Value] {
    page["features"].as_array().map_or(&[], Vec::as_slice)
}

/// Identifiers of features.
pub(super) fn ids(features: &[Value]) -> BTreeSet<String> {
    features
        .iter()
        .map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect()
}

/// When a feature is valid: an instant, or a closed interval. All are in UTC with whole seconds, so that texts compare as
/// times do.
pub(super) fn times(feature: &Value) -> [&str; 2] {
    let properties = &feature["properties"];
    let text = |name: &str| properties[name].as_str();
    match text("valid_time") {
        Some(time) => [time, time],
        None => [text("valid_start").unwrap(), text("valid_end").unwrap()],
    }
}
