//! Tiles in the pyramid of the web (XYZ, Web Mercator) at a tenant's root and at a mission's: vector tiles (MVT 2.1) of
//! the feature collections, PNG tiles of the layers, TileJSON 3.0 for both. Times are RFC 3339 UTC, positions degrees.

mod address;
mod list;
mod particles;
mod raster;
mod tile;
mod tilejson;
mod vector;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use address::{address_reading, name_reading};
pub(crate) use list::list;
pub(crate) use particles::EXACT_FROM;
pub(crate) use raster::{RasterWanted, existing, raster_tile};
pub(crate) use tile::tile;
pub(crate) use tilejson::{TileJson, center, tilejson, vector_layer};
pub(crate) use vector::{VectorWanted, fields, vector_tile};

use crate::features::Collection;
use crate::maps::Layer;

/// Deepest zoom that TileJSON names: a pixel is about five metres there. Deeper ones are answered too.
pub(crate) const MAX_ZOOM: u8 = 14;
/// MVT as media type.
pub(crate) const MVT: &str = "application/vnd.mapbox-vector-tile";

/// Names of the tilesets that every completed mission has, each with a TileJSON at `tiles/{name}.json`. `tiles` lists the
/// others, which depend on the run and on what forcing is stored.
pub const MISSION_TILESETS: [&str; 4] = ["particles", "trajectories", "search-areas", "datums"];

/// A tileset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tileset {
    /// Features.
    Vector(Collection),
    /// Pictures.
    Raster(Layer),
}

impl Tileset {
    /// Name in paths.
    fn id(self) -> &'static str {
        match self {
            Self::Vector(collection) => collection.id(),
            Self::Raster(layer) => layer.id(),
        }
    }

    /// Title for people.
    fn title(self) -> &'static str {
        match self {
            Self::Vector(collection) => collection.title(),
            Self::Raster(layer) => layer.title(),
        }
    }

    /// What it shows.
    fn description(self) -> &'static str {
        match self {
            Self::Vector(collection) => collection.description(),
            Self::Raster(layer) => layer.description(),
        }
    }

    /// What a tile's path ends with.
    fn ending(self) -> &'static str {
        match self {
            Self::Vector(_) => "mvt",
            Self::Raster(_) => "png",
        }
    }
}
