//! The two layers of a basemap tile as a vector tile (Mapbox Vector Tile 2.1): polygons of land, lines of shore. No
//! attributes, coordinates that are tile units already: a few lines write it.

use i_overlay::i_float::int::point::IntPoint;

use super::outline::{EXTENT, Polygons, Ring, along_cut};

/// Version of the format.
const VERSION: u32 = 2;
/// Kind of geometry: lines.
const LINES: u32 = 2;
/// Kind of geometry: polygons.
const POLYGONS: u32 = 3;
/// Field of a tile: a layer.
const TILE_LAYER: u32 = 3;
const LAYER_NAME: u32 = 1;
const LAYER_FEATURE: u32 = 2;
const LAYER_EXTENT: u32 = 5;
const LAYER_VERSION: u32 = 15;
const FEATURE_KIND: u32 = 3;
const FEATURE_GEOMETRY: u32 = 4;

/// The bytes of a tile with this land; empty without any.
pub(crate) fn tile(land: &Polygons) -> Vec<u8> {
    let mut bytes = Vec::new();
    if land.is_empty() {
        return bytes;
    }
    let mut areas = Geometry::default();
    land.iter().flatten().for_each(|ring| areas.ring(ring));
    layer(&mut bytes, "land", POLYGONS, &areas);
    let mut lines = Geometry::default();
    land.iter().flatten().for_each(|ring| shore(ring, &mut lines));
    if !lines.commands.is_empty() {
        layer(&mut bytes, "shore", LINES, &lines);
    }
    bytes
}

/// Adds the edges of a ring that are shore, not the tile's cut.
fn shore(ring: &Ring, lines: &mut Geometry) {
    let after = |index: usize| ring[(index + 1) % ring.len()];
    let cuts: Vec<usize> = (0..ring.len())
        .filter(|&index| along_cut(ring[index], after(index)))
        .collect();
    let Some(&first) = cuts.first() else {
        let closed: Ring = ring.iter().chain(ring.first()).copied().collect();
        return lines.line(&closed);
    };
    // From behind each cut edge to the next.
    let nexts = cuts.iter().skip(1).copied().chain([first + ring.len()]);
    for (from, to) in cuts.iter().zip(nexts) {
        let line: Ring = (from + 1..=to).map(|index| ring[index % ring.len()]).collect();
        if line.len() > 1 {
            lines.line(&line);
        }
    }
}

/// Geometry commands in the making.
#[derive(Default)]
struct Geometry {
    commands: Vec<u8>,
    pen: IntPoint,
}

impl Geometry {
    fn ring(&mut self, ring: &Ring) {
        const CLOSE_PATH: u32 = 7 | 1 << 3;
        self.line(ring);
        varint(&mut self.commands, CLOSE_PATH);
    }

    fn line(&mut self, line: &Ring) {
        const MOVE_TO: u32 = 1 | 1 << 3;
        const LINE_TO: u32 = 2;
        for (index, at) in line.iter().enumerate() {
            match index {
                0 => varint(&mut self.commands, MOVE_TO),
                1 => varint(&mut self.commands, LINE_TO | (line.len() as u32 - 1) << 3),
                _ => {}
            }
            for step in [at.x - self.pen.x, at.y - self.pen.y] {
                varint(&mut self.commands, ((step << 1) ^ (step >> 31)) as u32);
            }
            self.pen = *at;
        }
    }
}

fn layer(bytes: &mut Vec<u8>, name: &str, kind: u32, geometry: &Geometry) {
    let mut feature = Vec::with_capacity(geometry.commands.len() + 16);
    number(&mut feature, FEATURE_KIND, kind);
    block(&mut feature, FEATURE_GEOMETRY, &geometry.commands);
    let mut layer = Vec::with_capacity(feature.len() + 32);
    number(&mut layer, LAYER_VERSION, VERSION);
    block(&mut layer, LAYER_NAME, name.as_bytes());
    block(&mut layer, LAYER_FEATURE, &feature);
    number(&mut layer, LAYER_EXTENT, EXTENT as u32);
    block(bytes, TILE_LAYER, &layer);
}

fn number(bytes: &mut Vec<u8>, field: u32, value: u32) {
    varint(bytes, field << 3);
    varint(bytes, value);
}

fn block(bytes: &mut Vec<u8>, field: u32, content: &[u8]) {
    varint(bytes, field << 3 | 2);
    varint(bytes, content.len() as u32);
    bytes.extend(content);
}

/// Seven bits at a time, low ones first.
fn varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
