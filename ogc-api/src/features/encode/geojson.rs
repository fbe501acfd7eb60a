//! GeoJSON (RFC 7946) as text: geometries and properties that are stored as text are copied, not parsed and printed again.
//! In another reference system than CRS84 the positions are those of Part 2 (18-058r1), as the answer's header says.

use serde_json::{Map, Value, json};

use super::{Fields, PageDocument};
use crate::features::block::{Block, Picked, Shape};
use crate::features::cells::Cells;
use crate::features::positions::{Positioned, write_geometry};
use crate::features::text::{push_json_text, push_number, push_position};
use crate::links::Link;

/// A page.
pub(crate) fn page(document: &PageDocument<'_>) -> String {
    let mut text = String::with_capacity(document.features.len() * 400 + 1_000);
    text.push_str(r#"{"type":"FeatureCollection","timeStamp":"#);
    push_json_text(&mut text, &document.time_stamp.to_string());
    if let Some(matched) = document.number_matched {
        text.push_str(&format!(r#","numberMatched":{matched}"#));
    }
    text.push_str(&format!(r#","numberReturned":{}"#, document.number_returned()));
    push_attribution(&mut text, document.attribution);
    text.push_str(r#","links":"#);
    text.push_str(&json!(document.links).to_string());
    text.push_str(r#","features":["#);
    for (index, picked) in document.features.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_feature(&mut text, picked, document.fields, document.positions);
        text.push('}');
    }
    for (index, withdrawn) in document.withdrawn.iter().enumerate() {
        if index > 0 || !document.features.is_empty() {
            text.push(',');
        }
        text.push_str(&json!(withdrawn.as_feature()).to_string());
    }
    text.push_str("]}");
    text
}

/// One feature as a document of its own.
pub(crate) fn single(
    picked: &Picked,
    fields: &Fields,
    positions: &Positioned,
    attribution: &[String],
    links: &[Link],
) -> String {
    let mut text = String::new();
    push_feature(&mut text, picked, fields, positions);
    push_attribution(&mut text, attribution);
    text.push_str(r#","links":"#);
    text.push_str(&json!(links).to_string());
    text.push('}');
    text
}

/// The feature without its closing brace.
pub(super) fn push_feature(text: &mut String, picked: &Picked, fields: &Fields, positions: &Positioned) {
    let (block, index) = (picked.block.as_ref(), picked.index);
    if fields.is_all() && block.particles().is_some() {
        push_particle(text, block, index, positions);
        return;
    }
    if let Some(cells) = block.cells().filter(|_| fields.is_all()) {
        push_cell(text, block, cells, index, positions);
        return;
    }
    text.push_str(r#"{"type":"Feature","id":"#);
    push_json_text(text, &block.id(index));
    text.push_str(r#","geometry":"#);
    if fields.has_geometry {
        push_geometry(text, block, index, positions);
    } else {
        text.push_str("null");
    }
    text.push_str(r#","properties":"#);
    match block.properties_text(index).filter(|_| fields.is_all()) {
        Some(stored) => push_stored(text, stored),
        None => text.push_str(&json!(fields.of(block.properties(index))).to_string()),
    }
}

/// Stored properties, and what no stored feature says yet: nothing takes the place of a run so far.
fn push_stored(text: &mut String, stored: &str) {
    match stored.strip_suffix('}') {
        Some(open) if open.len() > 1 => {
            text.push_str(open);
            text.push_str(r#","superseded_by":null}"#);
        }
        _ => text.push_str(stored),
    }
}

pub(super) fn push_geometry(text: &mut String, block: &Block, index: usize, positions: &Positioned) {
    match block.shape(index) {
        Some(Shape::Text(stored, _)) if positions.are_crs84() => text.push_str(stored),
        Some(shape) => write_geometry(text, &shape, positions),
        None => text.push_str("null"),
    }
}

/// Pages of particles are long: no object is made for a particle.
fn push_particle(text: &mut String, block: &Block, index: usize, positions: &Positioned) {
    let (shared, Some(particles)) = (block.text(), block.particles()) else {
        return;
    };
    let row = block.first_row() + index as u64;
    text.push_str(&shared.before_row);
    push_number(text, row);
    text.push_str(r#"","geometry":{"type":"Point","coordinates":"#);
    match positions.of(particles.lon_deg[index], particles.lat_deg[index]) {
        Some(place) => push_position(text, place),
        None => text.push_str("[]"),
    }
    text.push('}');
    text.push_str(&shared.property_id);
    push_number(text, row);
    text.push_str(&shared.of_run);
    text.push_str(r#","particle_id":"#);
    push_number(text, index as u64);
    text.push_str(&shared.valid_time);
    text.push_str(r#","particle_status":""#);
    text.push_str(particles.status[index].name());
    text.push('"');
    text.push_str(&shared.end);
}

/// So are pages of cells.
fn push_cell(text: &mut String, block: &Block, cells: &Cells, index: usize, positions: &Positioned) {
    let (shared, row) = (block.text(), cells.row(index));
    text.push_str(&shared.before_row);
    push_number(text, row);
    text.push_str(r#"","geometry":"#);
    push_geometry(text, block, index, positions);
    text.push_str(&shared.property_id);
    push_number(text, row);
    text.push_str(&shared.of_run);
    text.push_str(&shared.valid_time);
    let numbers = [
        ("poc", cells.poc(index)),
        ("density_per_km2", cells.density_per_km2(index)),
        ("area_km2", cells.area_km2(index)),
    ];
    for (name, number) in numbers {
        // Numbers of cells are finite, and print as JSON has them.
        text.push_str(&format!(r#","{name}":{number}"#));
    }
    text.push_str(&shared.object_code);
    text.push_str(&shared.end);
}

pub(super) fn push_attribution(text: &mut String, lines: &[String]) {
    if !lines.is_empty() {
        text.push_str(r#","attribution":"#);
        push_json_text(text, &lines.join("; "));
    }
}

/// The members of a feature as an object, for encodings that build on it.
pub(super) fn feature_value(picked: &Picked, fields: &Fields, positions: &Positioned) -> Map<String, Value> {
    let mut text = String::new();
    push_feature(&mut text, picked, fields, positions);
    text.push('}');
    // What was written is JSON.
    serde_json::from_str(&text).unwrap_or_default()
}
