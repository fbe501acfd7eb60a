//! Mapbox Vector Tiles, written byte by byte (specification 2.1; protobuf's wire format, types varint and length).
//!
//! Coordinates are units of a tile, 4096 to its width, x east, y south. Positions come in degrees and are brought into
//! the tile here: of the repeated worlds the copy that lies in the tile is drawn. Features stay sparse: what lies outside
//! the tile and its buffer is left out, and what is too small to have a geometry, too.

mod layer;
mod lines;
mod place;
mod points;
mod rings;
mod table;
mod whole;
mod wire;

pub use layer::{EXTENT, LayerBuilder};
pub use points::{Column, ColumnValues, Points};
pub use table::Value;

/// Media type of a tile.
pub const MEDIA_TYPE: &str = "application/vnd.mapbox-vector-tile";

/// A tile: the layers that have features.
#[derive(Debug, Default)]
pub struct VectorTile {
    bytes: Vec<u8>,
}

impl VectorTile {
    /// A tile without a layer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer; an empty one leaves nothing in the tile. Names of layers must differ.
    pub fn add(&mut self, layer: LayerBuilder) {
        if !layer.is_empty() {
            layer.write_to(&mut self.bytes);
        }
    }

    /// Whether no layer has a feature.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
