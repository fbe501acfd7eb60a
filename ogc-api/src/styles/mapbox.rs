//! MapLibre style, version 8: one vector source, our own TileJSON with the caller's credential, and layers for every rule.
//! Particles below the zoom of single ones are circles that grow with their count.

use serde_json::{Value, json};

use super::StyleId;
use super::rules::{Rule, Symbol, When, hex, rules};
use crate::features::{Collection, RootAsk};
use crate::tilesets::EXACT_FROM;

/// Name of the source.
const SOURCE: &str = "driftline";

/// The style of some collections, the first at the bottom.
pub(super) fn style(asked: &RootAsk, style: StyleId, collections: &[Collection]) -> Value {
    let base = match asked.tiled_collection() {
        Ok(collection) => asked.root.collection_path(collection),
        Err(_) => asked.root.path(),
    };
    let mut pairs = vec![("f".to_owned(), "tilejson".to_owned())];
    pairs.extend(
        asked
            .ask
            .query
            .pairs()
            .iter()
            .filter(|(name, _)| name == "datetime")
            .cloned(),
    );
    let tilejson = format!("{base}/tiles/WebMercatorQuad");
    let layers = collections.iter().flat_map(|collection| {
        let mut layers: Vec<Value> = rules(*collection, style.scheme())
            .iter()
            .flat_map(|rule| layers_of(*collection, rule))
            .collect();
        if *collection == Collection::Particles {
            layers.extend(cells(style));
        }
        layers
    });
    json!({
        "version": 8,
        "name": format!("{}: {}", asked.root.title(), style.title()),
        "sources": {SOURCE: {"type": "vector", "url": asked.ask.site.url_with(&tilejson, &pairs)}},
        "layers": layers.collect::<Vec<Value>>(),
    })
}

fn layers_of(collection: Collection, rule: &Rule) -> Vec<Value> {
    let layer = |part: &str, kind: &str, paint: Value| {
        let mut layer = json!({
            "id": format!("{}-{}{part}", collection.id(), rule.name),
            "type": kind,
            "source": SOURCE,
            "source-layer": collection.id(),
            "paint": paint,
        });
        match &rule.when {
            When::Always => {}
            When::Level(level) => layer["filter"] = json!(["==", ["get", "level"], level]),
            When::States(states) => {
                layer["filter"] = json!(["in", ["get", "particle_status"], ["literal", states]]);
            }
        }
        if collection == Collection::Particles {
            layer["minzoom"] = json!(EXACT_FROM);
        }
        layer
    };
    match rule.look {
        Symbol::Area {
            colour,
            opacity,
            dashes,
        } => {
            let mut line = json!({"line-color": hex(colour), "line-width": 2});
            if let Some([drawn, left_out]) = dashes {
                // In widths of the line.
                line["line-dasharray"] = json!([drawn / 2.0, left_out / 2.0]);
            }
            let fill = json!({"fill-color": hex(colour), "fill-opacity": opacity});
            vec![layer("", "fill", fill), layer("-outline", "line", line)]
        }
        Symbol::Line { colour, width } => {
            let paint = json!({"line-color": hex(colour), "line-width": width, "line-opacity": 0.6});
            vec![layer("", "line", paint)]
        }
        Symbol::Point { colour, size } => {
            let paint = json!({
                "circle-color": hex(colour),
                "circle-radius": size / 2.0,
                "circle-stroke-color": "#ffffff",
                "circle-stroke-width": if size > 6.0 { 1.5 } else { 0.0 },
            });
            vec![layer("", "circle", paint)]
        }
    }
}

/// Particles that share a cell.
fn cells(style: StyleId) -> Option<Value> {
    let colour_of = |name: &str| {
        let found = rules(Collection::Particles, style.scheme())
            .into_iter()
            .find(|rule| rule.name == name)?;
        match found.look {
            Symbol::Point { colour, .. } => Some(hex(colour)),
            _ => None,
        }
    };
    let (adrift, ashore) = (colour_of("adrift")?, colour_of("ashore")?);
    Some(json!({
        "id": "particles-cells",
        "type": "circle",
        "source": SOURCE,
        "source-layer": Collection::Particles.id(),
        "filter": ["has", "count"],
        "paint": {
            "circle-color": ["interpolate", ["linear"], ["get", "share_stranded"], 0, adrift, 1, ashore],
            "circle-radius": ["interpolate", ["linear"], ["log10", ["get", "count"]], 0, 1.5, 4, 6],
            "circle-opacity": 0.8,
        },
    }))
}
