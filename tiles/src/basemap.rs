//! The offline basemap: land and shore as vector tiles, from the very coast file that particles strand on.
//!
//! Tiles of high zooms are cut from the coast when they are asked for. A tile of a low zoom takes in too much of it: those
//! come from a file that [`build_low_tiles`] made of the same coast (`data/README.md`), by the same steps. Web Mercator,
//! 4096 units to a tile (Mapbox Vector Tile 2.1); a lake is land, as it is to particles.

mod clip;
mod encode;
mod in_view;
mod low;
mod nest;
mod outline;
mod thin;

use std::sync::Arc;

use driftline_coast::Coast;

use crate::{Error, TileId};
pub use in_view::land_in_view;
use low::LowTiles;
pub use low::build_low_tiles;
use outline::Detail;

/// Low zooms, whose tiles are made beforehand.
const LAST_LOW_ZOOM: u8 = 5;

/// Tiles of land and shore.
#[derive(Debug, Clone)]
pub struct Basemap {
    coast: Arc<Coast>,
    low: Option<LowTiles>,
}

impl Basemap {
    /// Deepest zoom: a unit of the coast is 20 units of a tile there, and clients enlarge what they have.
    pub const MAX_ZOOM: u8 = 14;
    /// The layers of a tile and what is in them.
    pub const LAYERS: [(&str, &str); 2] = [("land", "Land, lakes included"), ("shore", "The shoreline")];

    /// The basemap of a coast. Low zooms of a coast other than the product's own are cut when asked for, which takes
    /// seconds.
    pub fn new(coast: Arc<Coast>) -> Result<Self, Error> {
        let low = LowTiles::embedded()?;
        let low = (low.coast() == coast.checksum()).then_some(low);
        Ok(Self { coast, low })
    }

    /// Whether low zooms are at hand, not cut from the coast when asked for.
    pub fn has_low_tiles(&self) -> bool {
        self.low.is_some()
    }

    /// A text that changes when tiles do: for ETags.
    pub fn version(&self) -> String {
        format!("{:08x}-{}", self.coast.checksum(), env!("CARGO_PKG_VERSION"))
    }

    /// The tile at an address, `None` where all is sea.
    pub fn tile(&self, z: u8, x: u32, y: u32) -> Result<Option<Vec<u8>>, Error> {
        let tile = TileId::new(z, x, y)?;
        if z > Self::MAX_ZOOM {
            return Err(Error::NoTile { z, x, y });
        }
        match &self.low {
            Some(low) if z <= LAST_LOW_ZOOM => low.tile(tile),
            _ => Ok(cut(&self.coast, tile)),
        }
    }
}

/// The tile of a coast.
fn cut(coast: &Coast, tile: TileId) -> Option<Vec<u8>> {
    let bytes = encode::tile(&outline::land(coast, tile, detail(tile.z())));
    (!bytes.is_empty()).then_some(bytes)
}

/// How much a tile of a zoom shows. A screen has 512 to 1024 pixels for the 4096 units of a tile.
fn detail(z: u8) -> Detail {
    let (tolerance, then, smallest) = match z {
        // Twice: many vertices of these tiles stand there for the borders of degrees alone.
        0..=LAST_LOW_ZOOM => (0.5, Some(2.0), 6),
        6 => (1.5, None, 8),
        7 => (1.0, None, 4),
        _ => (0.75, None, 2),
    };
    Detail {
        tolerance,
        then,
        smallest,
    }
}
