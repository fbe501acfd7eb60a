//! A layer in the making: features are encoded as they come.

use std::ops::Range;

use geo::{MultiLineString, MultiPolygon};

use super::lines::line_commands;
use super::place::{FastPlacer, Placer};
use super::points::{self, Points};
use super::rings::ring_commands;
use super::table::{Keys, Value, Values};
use super::wire;
use crate::{Error, TileId};

/// Units to a tile's width.
pub const EXTENT: u32 = 4096;
/// Units drawn around the tile, so that circles and lines are not cut at its edge.
const BUFFER: u32 = 64;

/// Kinds of geometry, as the specification numbers them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Point = 1,
    Line = 2,
    Polygon = 3,
}

/// One layer of a tile in the making.
#[derive(Debug)]
pub struct LayerBuilder {
    name: String,
    pub(super) tile: TileId,
    pub(super) placer: Placer,
    /// Made for the first column of points, and used for all that follow.
    pub(super) fast: Option<FastPlacer>,
    pub(super) keys: Keys,
    pub(super) values: Values,
    /// Encoded features with their field keys.
    pub(super) features: Vec<u8>,
    pub(super) count: usize,
}

impl LayerBuilder {
    /// An empty layer of this name for this tile.
    pub fn new(name: &str, tile: TileId) -> Self {
        Self {
            name: name.to_owned(),
            tile,
            placer: Placer::of(tile, EXTENT, BUFFER),
            fast: None,
            keys: Keys::default(),
            values: Values::default(),
            features: Vec::new(),
            count: 0,
        }
    }

    /// Keeps what lies up to this many units around the tile (4096 to its width) instead of 64; at most a tile's width.
    pub fn with_buffer(self, units: u32) -> Self {
        Self {
            placer: Placer::of(self.tile, EXTENT, units.min(EXTENT)),
            fast: None,
            ..self
        }
    }

    /// Adds many points; returns how many lie in the tile.
    pub fn points(&mut self, points: &Points<'_>) -> Result<usize, Error> {
        points::add(self, points, std::slice::from_ref(&(0..points.lon_deg.len())))
    }

    /// Adds those of many points whose places in the columns lie in these ranges; returns how many lie in the tile.
    pub fn points_in(&mut self, points: &Points<'_>, ranges: &[Range<usize>]) -> Result<usize, Error> {
        points::add(self, points, ranges)
    }

    /// Adds a point; returns whether it lies in the tile.
    pub fn point(&mut self, id: Option<u64>, lon_deg: f64, lat_deg: f64, attributes: &[(&str, Value)]) -> bool {
        let Some((x, y)) = self.placer.point(lon_deg, lat_deg) else {
            return false;
        };
        self.feature(id, Kind::Point, &points::commands(x, y), attributes);
        true
    }

    /// Adds a line; returns whether any of it lies in the tile.
    pub fn line(&mut self, id: Option<u64>, line: &MultiLineString<f64>, attributes: &[(&str, Value)]) -> bool {
        let commands = line_commands(&self.placer, line);
        self.feature(id, Kind::Line, &commands, attributes)
    }

    /// Adds an area; returns whether any of it lies in the tile. Rings may come in either direction; where parts
    /// overlap they are joined.
    pub fn polygon(&mut self, id: Option<u64>, area: &MultiPolygon<f64>, attributes: &[(&str, Value)]) -> bool {
        let commands = ring_commands(&self.placer, area);
        self.feature(id, Kind::Polygon, &commands, attributes)
    }

    /// Features so far.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing lies in the tile.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn feature(&mut self, id: Option<u64>, kind: Kind, commands: &[u32], attributes: &[(&str, Value)]) -> bool {
        if commands.is_empty() {
            return false;
        }
        let tags = attributes
            .iter()
            .flat_map(|(key, value)| [self.keys.index(key), self.values.index(value)]);
        let tags: Vec<u32> = tags.collect();
        wire::nested(&mut self.features, 2, |out| {
            write_feature(out, id, kind, &tags, commands)
        });
        self.count += 1;
        true
    }

    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let mut head = vec![wire::key(15, wire::VARINT), 2];
        wire::bytes(&mut head, 1, self.name.as_bytes());
        let mut keys = Vec::with_capacity(256);
        self.keys
            .iter()
            .for_each(|key| wire::bytes(&mut keys, 3, key.as_bytes()));
        let mut foot = vec![wire::key(5, wire::VARINT)];
        wire::varint(&mut foot, u64::from(EXTENT));
        // Features and values are megabytes: they are copied once, to where they stay.
        let parts = [&head[..], &self.features, &keys, self.values.encoded(), &foot];
        let length: usize = parts.iter().map(|part| part.len()).sum();
        out.reserve(length + 12);
        out.push(wire::key(3, wire::LENGTH));
        wire::varint(out, length as u64);
        parts.iter().for_each(|part| out.extend_from_slice(part));
    }
}

/// The content of a feature's message.
fn write_feature(out: &mut Vec<u8>, id: Option<u64>, kind: Kind, tags: &[u32], commands: &[u32]) {
    let packed = |numbers: &[u32], out: &mut Vec<u8>| {
        for number in numbers {
            wire::varint(out, u64::from(*number));
        }
    };
    if let Some(id) = id {
        out.push(wire::key(1, wire::VARINT));
        wire::varint(out, id);
    }
    if !tags.is_empty() {
        wire::nested(out, 2, |out| packed(tags, out));
    }
    out.extend_from_slice(&[wire::key(3, wire::VARINT), kind as u8]);
    wire::nested(out, 4, |out| packed(commands, out));
}

/// A command of the geometry and how often it is repeated.
pub(super) fn command(id: u32, count: u32) -> u32 {
    id | count << 3
}

/// Go to the next place without drawing.
pub(super) const MOVE_TO: u32 = 1;
/// Draw to the next places.
pub(super) const LINE_TO: u32 = 2;
/// Draw to the ring's first place; the pen stays where it was.
pub(super) const CLOSE_PATH: u32 = 7;
