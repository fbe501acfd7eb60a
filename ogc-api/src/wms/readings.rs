//! Any text read as WMS would, for the fuzzer and a test (`crate::fuzzing`).

use std::hint::black_box;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, json};

use super::kvp::Kvp;
use super::sld::Sld;
use super::styling::Styles;
use super::version::Version;
use super::{feature_info, map_request};
use crate::maps::Layer;

/// A descriptor, by itself and as a parameter, in every layer.
pub(crate) fn sld(text: &str) {
    let parsed = Sld::parse(text);
    let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC);
    let (kvp, outcome) = Kvp::parse(Some(&format!("SLD_BODY={encoded}")));
    assert!(outcome.is_ok(), "what was encoded is decoded");
    let Ok(styles) = Styles::of(&kvp) else {
        assert!(parsed.is_err(), "what is read by itself is read as a parameter");
        return;
    };
    let properties = Map::from_iter([
        ("level".to_owned(), json!(0.5)),
        ("name".to_owned(), json!("a")),
        ("nothing".to_owned(), json!(null)),
    ]);
    for layer in Layer::ALL {
        let names = parsed
            .iter()
            .flat_map(|sld| sld.layers.iter().map(|layer| layer.name.as_str()));
        for name in names.chain([""]) {
            let Ok(styling) = styles.styling(layer, name) else {
                continue;
            };
            if let Some(rules) = styling.rules {
                black_box(rules.symbols_of(&properties, 1e6));
            }
        }
    }
}

/// A query.
pub(crate) fn kvp(raw: &str) {
    let (kvp, _outcome) = Kvp::parse(Some(raw));
    let version = Version::negotiated(kvp.get("VERSION")).unwrap_or(Version::V130);
    black_box(map_request::time_wanted(&kvp).is_ok());
    black_box(map_request::view(&kvp, version).is_ok());
    black_box(feature_info::pixel(&kvp, version).is_ok());
    black_box(feature_info::format(&kvp).is_ok());
    if let Ok(styles) = Styles::of(&kvp) {
        for layer in Layer::ALL {
            black_box(styles.styling(layer, kvp.get("STYLES").unwrap_or_default()).is_ok());
        }
    }
}
