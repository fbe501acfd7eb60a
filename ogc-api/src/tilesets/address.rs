//! Paths of tiles and of TileJSON: `particles/5/16/9.mvt` (or `.pbf`), `currents/5/16/9.png`, `currents/5/16/9@2x.png`,
//! `particles.json`, and `search-areas.png.json` for what exists in both forms.

use driftline_tiles::TileId;

use super::Tileset;
use crate::Error;
use crate::ask::Ask;
use crate::features::Collection;
use crate::maps::Layer;

/// One tile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TileAddress {
    /// Of this tileset.
    pub(super) tileset: Tileset,
    /// Where.
    pub(super) id: TileId,
    /// Pixels on a side, for pictures.
    pub(super) size_px: u32,
}

impl TileAddress {
    /// The tile that the path names.
    pub(super) fn of(ask: &Ask) -> Result<Self, Error> {
        let (set, z, x, y) = (ask.param("tileset"), ask.param("z"), ask.param("x"), ask.param("y"));
        let name = || format!("{set}/{z}/{x}/{y}");
        Self::parse(set, z, x, y).ok_or_else(|| Error::not_found("tile", &name()))
    }

    fn parse(set: &str, z: &str, x: &str, y: &str) -> Option<Self> {
        let (row, ending) = y.split_once('.')?;
        let (row, size_px) = match row.strip_suffix("@2x") {
            Some(row) if ending == "png" => (row, 512),
            Some(_) => return None,
            None => (row, 256),
        };
        let tileset = match ending {
            "mvt" | "pbf" => Tileset::Vector(tiled(set)?),
            "png" => Tileset::Raster(Layer::find(set).filter(|layer| layer.has_raster_tiles())?),
            _ => return None,
        };
        let id = TileId::new(u8::try_from(number(z)?).ok()?, number(x)?, number(row)?);
        Some(Self {
            tileset,
            id: id.ok()?,
            size_px,
        })
    }
}

/// The tileset that a TileJSON's name names.
pub(super) fn described_tileset(name: &str) -> Result<Tileset, Error> {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let raster = |name: &str| {
        Layer::find(name)
            .filter(|layer| layer.has_raster_tiles())
            .map(Tileset::Raster)
    };
    let found = match stem.strip_suffix(".png") {
        Some(stem) => raster(stem),
        None => tiled(stem).map(Tileset::Vector).or_else(|| raster(stem)),
    };
    found.ok_or_else(|| Error::not_found("tileset", name))
}

/// A collection that has vector tiles.
fn tiled(name: &str) -> Option<Collection> {
    Collection::TILED.into_iter().find(|collection| collection.id() == name)
}

/// A number that has one spelling.
fn number(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any address read as one of a tile, for the fuzzer and a test (`crate::fuzzing`).
pub(crate) fn address_reading(set: &str, z: &str, x: &str, y: &str) {
    let Some(tile) = TileAddress::parse(set, z, x, y) else {
        return;
    };
    let (zoom, side) = (tile.id.z(), 1u64 << tile.id.z());
    assert!(
        u64::from(tile.id.x()) < side && u64::from(tile.id.y()) < side,
        "{tile:?}"
    );
    // A tile has one address, but for the two endings of vector tiles and the two sizes of pictures.
    assert_eq!((zoom.to_string().as_str(), tile.id.x().to_string().as_str()), (z, x));
    assert!(y.starts_with(&tile.id.y().to_string()), "{tile:?} from {y}");
}

#[cfg(any(test, feature = "fuzzing"))]
/// Any text read as the name of a tileset.
pub(crate) fn name_reading(name: &str) {
    std::hint::black_box(described_tileset(name).is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_have_one_spelling() {
        let tile = TileAddress::parse("particles", "5", "16", "9.pbf").unwrap();
        assert_eq!(tile.tileset, Tileset::Vector(Collection::Particles));
        assert_eq!((tile.id.z(), tile.id.x(), tile.id.y()), (5, 16, 9));
        let dense = TileAddress::parse("search-areas", "0", "0", "0@2x.png").unwrap();
        assert_eq!(
            (dense.tileset, dense.size_px),
            (Tileset::Raster(Layer::SearchAreas), 512)
        );
        for (set, z, x, y) in [
            ("particles", "5", "16", "9"),
            ("particles", "5", "16", "9.png"),
            ("particles", "5", "16", "9@2x.mvt"),
            ("currents", "5", "16", "9.mvt"),
            ("nothing", "5", "16", "9.mvt"),
            ("particles", "05", "16", "9.mvt"),
            ("particles", "5", "+16", "9.mvt"),
            ("particles", "5", "32", "9.mvt"),
            ("particles", "31", "0", "0.mvt"),
            ("particles", "256", "0", "0.mvt"),
            ("particles", "-1", "0", "0.mvt"),
            ("particles", "5", "16", ".mvt"),
            ("particles", "5", "16", "99999999999.mvt"),
            ("particles", "5", "16", "9.mvt.png"),
        ] {
            assert_eq!(TileAddress::parse(set, z, x, y), None, "{set}/{z}/{x}/{y}");
        }
    }

    #[test]
    fn tilejsons_are_found() {
        let vector = Tileset::Vector(Collection::SearchAreas);
        assert_eq!(described_tileset("search-areas.json").unwrap(), vector);
        assert_eq!(described_tileset("search-areas").unwrap(), vector);
        let raster = Tileset::Raster(Layer::SearchAreas);
        assert_eq!(described_tileset("search-areas.png.json").unwrap(), raster);
        assert_eq!(described_tileset("wind.json").unwrap(), Tileset::Raster(Layer::Wind));
        for name in ["", ".json", "particles.png.json", "datums.png.json", "nothing.json"] {
            assert!(described_tileset(name).is_err(), "{name}");
        }
    }
}
