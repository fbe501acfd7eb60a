//! OGC Features and Geometries JSON (21-045r1): GeoJSON with time, and with `place` where the reference system is not that of
//! GeoJSON.

use serde_json::{Map, Value, json};

use super::PageDocument;
use super::geojson::feature_value;
use crate::features::block::Picked;
use crate::features::positions::Positioned;

const CONFORMS_TO: [&str; 2] = [
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
];

/// A page.
pub(super) fn page(document: &PageDocument<'_>) -> String {
    let mut features: Vec<Value> = document
        .features
        .iter()
        .map(|picked| feature(document, picked))
        .collect();
    features.extend(document.withdrawn.iter().map(|withdrawn| {
        let mut feature = withdrawn.as_feature();
        feature.insert("time".to_owned(), Value::Null);
        feature.insert("place".to_owned(), Value::Null);
        Value::Object(feature)
    }));
    let mut whole = json!({
        "type": "FeatureCollection",
        "conformsTo": CONFORMS_TO,
        "featureType": document.collection.id(),
        "coordRefSys": document.positions.system().uri(),
        "timeStamp": document.time_stamp,
        "numberReturned": document.number_returned(),
        "links": document.links,
        "features": features,
    });
    if let Some(matched) = document.number_matched {
        whole["numberMatched"] = json!(matched);
    }
    if !document.attribution.is_empty() {
        whole["attribution"] = json!(document.attribution.join("; "));
    }
    whole.to_string()
}

fn feature(document: &PageDocument<'_>, picked: &Picked) -> Value {
    let fields = document.fields;
    let mut feature: Map<String, Value> = feature_value(picked, fields, document.positions);
    let span = picked.block.span(picked.index);
    let time = match span {
        Some((from, until)) if from == until => json!({"timestamp": from}),
        Some((from, until)) => json!({"interval": [from, until]}),
        None => Value::Null,
    };
    feature.insert("time".to_owned(), time);
    if document.positions.are_crs84() {
        feature.insert("place".to_owned(), Value::Null);
    } else {
        // `geometry` stays what GeoJSON says it is.
        let place = feature.remove("geometry").unwrap_or_default();
        let plain = Positioned::in_system(driftline_domain::ReferenceSystem::Crs84);
        let stored = feature_value(picked, fields, &plain)
            .remove("geometry")
            .unwrap_or_default();
        feature.insert("place".to_owned(), place);
        feature.insert("geometry".to_owned(), stored);
    }
    Value::Object(feature)
}
