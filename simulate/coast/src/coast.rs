//! The coast itself: opening it, and whether a position is on land.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use crate::Error;
use crate::format::{Packed, Writer};
use crate::grid::{COLUMNS, Point, TILE};
use crate::open_water::OpenWater;
use crate::polygons;
use crate::tile::{LAND, Tile};

static EMBEDDED: &[u8] = include_bytes!("../data/gshhg-coast.bin");

/// The coastline of the whole world. Look-ups never fail, never lock and may come from any number of threads; the first
/// one in a tile with shore unpacks it (about a millisecond at most).
#[derive(Debug)]
pub struct Coast {
    packed: Packed,
    tiles: Vec<OnceLock<Box<Tile>>>,
    open_water: OpenWater,
}

/// What a tile of one degree is.
#[derive(Clone, Copy)]
pub(crate) enum Degree<'coast> {
    Sea,
    Land,
    Shore(&'coast Tile),
}

impl Coast {
    /// The coast that comes with the product: GSHHG 2.3.7 at full resolution, lakes as land, Antarctica to the ice front.
    pub fn embedded() -> Result<Coast, Error> {
        Coast::from_bytes(EMBEDDED)
    }

    /// The coast of a file of the operator's own, with every tile of it checked once.
    pub fn open(path: &Path) -> Result<Coast, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let coast = Coast::from_bytes(bytes)?;
        coast.check()?;
        Ok(coast)
    }

    /// The coast of the bytes of a coast file. Tiles are covered by the checksum and unpacked when first needed;
    /// [`Coast::check`] looks into them all.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Coast, Error> {
        let packed = Packed::new(bytes.into())?;
        let tiles = (0..packed.mixed()).map(|_| OnceLock::new()).collect();
        Ok(Coast {
            packed,
            tiles,
            open_water: OpenWater::new(),
        })
    }

    /// A world without land, for tests and for runs that are to ignore the coast.
    pub fn open_sea() -> Result<Coast, Error> {
        Coast::from_polygons(&[])
    }

    /// A coast of a few land polygons of `(longitude, latitude)` vertices in degrees, for tests. Polygons must not
    /// overlap (where two do, it is sea); one that crosses the antimeridian continues past 180 or -180. They are rounded
    /// to 1/7680 degree and go through the same file format as the world's coast.
    pub fn from_polygons(polygons: &[Vec<(f64, f64)>]) -> Result<Coast, Error> {
        Coast::named("polygons", polygons)
    }

    /// A coast of polygons, as [`Coast::from_polygons`] takes them, that names its source.
    pub(crate) fn named(source: &str, polygons: &[Vec<(f64, f64)>]) -> Result<Coast, Error> {
        let mut writer = Writer::new(source);
        polygons::write(polygons, &mut writer)?;
        Coast::from_bytes(writer.finish()?)
    }

    /// Unpacks every tile once, and tells the first that makes no sense.
    pub fn check(&self) -> Result<(), Error> {
        (0..self.tiles.len()).try_for_each(|number| self.packed.tile(number).map(drop))
    }

    /// Whether this is the coast that comes with the product, byte for byte, wherever it was read from.
    pub fn is_embedded(&self) -> bool {
        self.packed.bytes() == EMBEDDED
    }

    /// Where the shoreline comes from and under which licence, as written in the file.
    pub fn source(&self) -> &str {
        &self.packed.source
    }

    /// The coast file this coast was opened from, for instance to keep a copy of it.
    pub fn bytes(&self) -> &[u8] {
        self.packed.bytes()
    }

    /// The checksum of the coast file: two coasts with the same one are the same coast.
    pub fn checksum(&self) -> u32 {
        self.packed.checksum
    }

    /// The file as it is packed.
    pub(crate) fn packed(&self) -> &Packed {
        &self.packed
    }

    pub(crate) fn open_water_words(&self) -> &OpenWater {
        &self.open_water
    }

    /// Memory taken by what has been unpacked so far, bytes.
    pub fn unpacked_bytes(&self) -> usize {
        self.tiles
            .iter()
            .filter_map(OnceLock::get)
            .map(|tile| tile.bytes())
            .sum()
    }

    /// Whether a position is on land. Any longitude is understood; latitudes beyond a pole are taken to it; a position
    /// that is not a number is not on land.
    #[inline]
    pub fn on_land(&self, lon_deg: f64, lat_deg: f64) -> bool {
        match Point::of(lon_deg, lat_deg) {
            Some(point) => self.land_at(point),
            None => false,
        }
    }

    /// Whether a point of the grid, `x` not wrapped, is on land.
    #[inline]
    pub(crate) fn land_at(&self, point: Point) -> bool {
        let (x, y) = point.unit();
        let (column, row) = (x / TILE as u32, y / TILE as u32);
        match self.degree((row * COLUMNS as u32 + column) as usize) {
            Degree::Sea => false,
            Degree::Land => true,
            Degree::Shore(tile) => {
                let (west, south) = (column * TILE as u32, row * TILE as u32);
                tile.on_land(
                    point.x - f64::from(west),
                    point.y - f64::from(south),
                    (x - west, y - south),
                )
            }
        }
    }

    /// The tile of a number.
    #[inline]
    pub(crate) fn degree(&self, number: usize) -> Degree<'_> {
        match self.packed.codes[number] {
            0 => Degree::Sea,
            1 => Degree::Land,
            mixed => Degree::Shore(self.tile(usize::from(mixed) - 2)),
        }
    }

    #[inline]
    fn tile(&self, number: usize) -> &Tile {
        self.tiles[number].get_or_init(|| self.unpack(number))
    }

    /// A tile that passed the checksum and still cannot be unpacked was written wrongly. It is then taken for land, which
    /// shows: a search area that ends there is safer than one that drifts through a coast. `open` finds such files.
    #[cold]
    fn unpack(&self, number: usize) -> Box<Tile> {
        Box::new(self.packed.tile(number).unwrap_or_else(|_fault| Tile::uniform(LAND)))
    }
}
