//! The file of low tiles, version 1. Numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | the mark `DRFTBASE` |
//! | 4 | version |
//! | 4 | CRC-32 of everything after it |
//! | 4 | checksum of the coast file it was made of |
//! | 4, n | length of the index, and the index |
//! | rest | the tiles that are not empty one after the other, each a zstd frame of a vector tile |
//!
//! The index is a zstd frame of two 4-byte numbers for each tile: its packed and its plain length, both 0 where all is
//! sea. Tiles stand zoom by zoom, row by row from the north, each from the west.

use std::borrow::Cow;
use std::sync::Arc;

use driftline_coast::Coast;

use super::{LAST_LOW_ZOOM, cut};
use crate::{Error, TileId};

static EMBEDDED: &[u8] = include_bytes!("../../data/basemap-low.bin");

const MARK: &[u8; 8] = b"DRFTBASE";
const VERSION: u32 = 1;
/// Where the checked part begins.
const CHECKED: usize = 16;
const HEAD: usize = 24;
const LEVEL: i32 = 19;
/// The fullest tile takes a fifth of this; more is damage.
const LONGEST_TILE: usize = 1 << 22;

/// Tiles in all.
const TILES: usize = ((1 << (2 * (LAST_LOW_ZOOM as usize + 1))) - 1) / 3;

/// Low tiles, still packed.
#[derive(Debug, Clone)]
pub(crate) struct LowTiles {
    bytes: Cow<'static, [u8]>,
    coast: u32,
    /// Start, packed and plain length of each tile.
    places: Arc<[(u32, u32, u32)]>,
}

impl LowTiles {
    /// Those of the product's own coast.
    pub(crate) fn embedded() -> Result<Self, Error> {
        Self::read(Cow::Borrowed(EMBEDDED))
    }

    /// Takes a file apart and checks everything but the insides of tiles, which the checksum covers.
    pub(crate) fn read(bytes: Cow<'static, [u8]>) -> Result<Self, Error> {
        let damaged = |what| Error::LowTiles { what };
        let number = |at: usize| {
            let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
            four.map(u32::from_le_bytes).ok_or(damaged("it ends too early"))
        };
        if !bytes.starts_with(MARK) {
            return Err(damaged("it does not begin with the mark of one"));
        }
        if number(8)? != VERSION {
            return Err(damaged("its version is another"));
        }
        let checksum = number(12)?;
        let (coast, index_length) = (number(CHECKED)?, number(CHECKED + 4)? as usize);
        if crc32fast::hash(&bytes[CHECKED..]) != checksum {
            return Err(damaged("the checksum does not fit"));
        }
        let index = bytes
            .get(HEAD..)
            .and_then(|rest| rest.get(..index_length))
            .ok_or(damaged("it ends too early"))?;
        let index =
            zstd::bulk::decompress(index, TILES * 8).map_err(|_not_zstd| damaged("the index cannot be unpacked"))?;
        if index.len() != TILES * 8 {
            return Err(damaged("the index is of another length"));
        }
        let mut start = HEAD + index_length;
        let mut places = Vec::with_capacity(TILES);
        for pair in index.chunks_exact(8) {
            let packed = u32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]);
            let plain = u32::from_le_bytes([pair[4], pair[5], pair[6], pair[7]]);
            if packed as usize > bytes.len() - start || plain as usize > LONGEST_TILE {
                return Err(damaged("the index tells impossible lengths"));
            }
            places.push((start as u32, packed, plain));
            start += packed as usize;
        }
        if start != bytes.len() {
            return Err(damaged("the index and the tiles differ in length"));
        }
        Ok(Self {
            bytes,
            coast,
            places: places.into(),
        })
    }

    /// Checksum of the coast file they were made of.
    pub(crate) fn coast(&self) -> u32 {
        self.coast
    }

    /// A tile of a low zoom.
    pub(crate) fn tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Error> {
        let (start, packed, plain) = self.places[number_of(tile)];
        if packed == 0 {
            return Ok(None);
        }
        let frame = &self.bytes[start as usize..(start + packed) as usize];
        let bytes = zstd::bulk::decompress(frame, plain as usize);
        bytes.map(Some).map_err(|_not_zstd| Error::LowTiles {
            what: "a tile cannot be unpacked",
        })
    }
}

/// Place of a tile in the file.
fn number_of(tile: TileId) -> usize {
    let before = ((1usize << (2 * tile.z())) - 1) / 3;
    before + ((tile.y() as usize) << tile.z()) + tile.x() as usize
}

/// Makes the file of low tiles of a coast. The same coast gives the same bytes.
pub fn build_low_tiles(coast: &Coast) -> Result<Vec<u8>, Error> {
    let pack = |plain: &[u8]| zstd::bulk::compress(plain, LEVEL).map_err(Error::Pack);
    let (mut index, mut tiles) = (Vec::with_capacity(TILES * 8), Vec::new());
    for z in 0..=LAST_LOW_ZOOM {
        for y in 0..1 << z {
            for x in 0..1 << z {
                let plain = cut(coast, TileId::new(z, x, y)?).unwrap_or_default();
                let packed = if plain.is_empty() { Vec::new() } else { pack(&plain)? };
                index.extend((packed.len() as u32).to_le_bytes());
                index.extend((plain.len() as u32).to_le_bytes());
                tiles.extend(packed);
            }
        }
    }
    let index = pack(&index)?;
    let mut checked = coast.checksum().to_le_bytes().to_vec();
    checked.extend((index.len() as u32).to_le_bytes());
    checked.extend(index);
    checked.extend(tiles);
    let mut file = MARK.to_vec();
    file.extend(VERSION.to_le_bytes());
    file.extend(crc32fast::hash(&checked).to_le_bytes());
    file.extend(checked);
    Ok(file)
}
