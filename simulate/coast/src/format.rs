//! The coast file, version 1. Numbers are little-endian, geometry is in units of 1/7680 degree.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | the mark `DRFTCOAS` |
//! | 4 | version |
//! | 4 | CRC-32 of everything after it |
//! | 2, n | length of the source's name, and the name (UTF-8) |
//! | 4, n | length of the index, and the index |
//! | rest | packed tiles one after the other, each a zstd frame of a `shape::Shape` |
//!
//! The index is a zstd frame of one byte for each of 360 x 180 tiles (0 sea, 1 land, 2 mixed; row by row from the
//! south pole, each from 180 W eastward), then for each mixed tile two 4-byte numbers: its packed and its plain length.

use std::borrow::Cow;

use crate::Error;
use crate::grid::{TILES, tile_corner};
use crate::shape::Shape;
use crate::tile::{LAND, SEA, Tile};

const MARK: &[u8; 8] = b"DRFTCOAS";
const VERSION: u32 = 1;
/// Where the checked part begins.
const CHECKED: usize = 16;
/// Higher levels gain nothing on frames this small.
const LEVEL: i32 = 19;
/// The fullest tile of GSHHG takes a tenth of this; more is damage.
const LONGEST_TILE: usize = 1 << 20;
/// Code of a tile with shore in the index of the file.
const MIXED: u8 = 2;

/// A coast file taken apart, its tiles still packed.
#[derive(Debug)]
pub(crate) struct Packed {
    bytes: Cow<'static, [u8]>,
    pub(crate) checksum: u32,
    pub(crate) source: String,
    /// Code of each tile: sea, land, or two more than the number of the mixed tile.
    pub(crate) codes: Vec<u16>,
    mixed: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    tile: u32,
    start: u32,
    packed: u32,
    plain: u32,
}

impl Packed {
    /// Takes a file apart and checks everything but the insides of tiles.
    pub(crate) fn new(bytes: Cow<'static, [u8]>) -> Result<Packed, Error> {
        const SHORT: Error = Error::Damaged {
            what: "it ends too early",
        };
        if !bytes.starts_with(MARK) {
            return Err(Error::NotACoast);
        }
        let found = number(&bytes, MARK.len()).ok_or(SHORT)?;
        if found != VERSION {
            return Err(Error::Version {
                found,
                expected: VERSION,
            });
        }
        let checksum = number(&bytes, 12).ok_or(SHORT)?;
        if crc32fast::hash(&bytes[CHECKED..]) != checksum {
            return Err(Error::Damaged {
                what: "the checksum does not fit",
            });
        }
        let length = bytes.get(CHECKED..CHECKED + 2).ok_or(SHORT)?;
        let source_end = CHECKED + 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
        let source = bytes.get(CHECKED + 2..source_end).ok_or(SHORT)?;
        let source = String::from_utf8_lossy(source).into_owned();

        let index_start = source_end + 4;
        let index_end = index_start + number(&bytes, source_end).ok_or(SHORT)? as usize;
        let index = bytes.get(index_start..index_end).ok_or(SHORT)?;
        let index = zstd::bulk::decompress(index, TILES * 9).map_err(|_not_zstd| Error::Damaged {
            what: "the index cannot be unpacked",
        })?;
        let (codes, mixed) = read_index(&index, index_end, bytes.len())?;
        Ok(Packed {
            bytes,
            checksum,
            source,
            codes,
            mixed,
        })
    }

    /// The file as it was read.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many tiles have shore in them.
    pub(crate) fn mixed(&self) -> usize {
        self.mixed.len()
    }

    /// Unpacks a mixed tile for look-ups.
    pub(crate) fn tile(&self, number: usize) -> Result<Tile, Error> {
        self.shape(number).map(|shape| Tile::new(&shape))
    }

    /// The shoreline of a mixed tile.
    pub(crate) fn shape(&self, number: usize) -> Result<Shape, Error> {
        let place = self.mixed[number];
        let fault = |what| {
            let tile = place.tile as usize;
            let (lon_deg, lat_deg) = tile_corner(tile);
            Error::Tile {
                tile,
                lat_deg,
                lon_deg,
                what,
            }
        };
        let frame = &self.bytes[place.start as usize..(place.start + place.packed) as usize];
        let plain =
            zstd::bulk::decompress(frame, place.plain as usize).map_err(|_not_zstd| fault("not a zstd frame"))?;
        Shape::unpack(&plain).map_err(fault)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn read_index(index: &[u8], tiles_start: usize, file_length: usize) -> Result<(Vec<u16>, Vec<Place>), Error> {
    let damaged = |what| Error::Damaged { what };
    let (classes, lengths) = index.split_at_checked(TILES).ok_or(damaged("the index is too short"))?;
    let mut lengths = lengths.chunks_exact(8);
    let mut codes = Vec::with_capacity(TILES);
    let mut mixed = Vec::new();
    let mut start = tiles_start;
    for (tile, &class) in classes.iter().enumerate() {
        codes.push(match class {
            0 => SEA,
            1 => LAND,
            MIXED => {
                let pair = lengths.next().ok_or(damaged("the index is too short"))?;
                let (packed, plain) = (number(pair, 0).unwrap_or(0), number(pair, 4).unwrap_or(0));
                if plain as usize > LONGEST_TILE || packed as usize > file_length - start {
                    return Err(damaged("the index tells impossible lengths"));
                }
                mixed.push(Place {
                    tile: tile as u32,
                    start: start as u32,
                    packed,
                    plain,
                });
                start += packed as usize;
                u16::try_from(mixed.len() + 1).map_err(|_too_many| damaged("too many tiles with shore"))?
            }
            _ => return Err(damaged("a tile is neither sea, land nor mixed")),
        });
    }
    if start != file_length || lengths.next().is_some() || !lengths.remainder().is_empty() {
        return Err(damaged("the index and the tiles differ in length"));
    }
    Ok((codes, mixed))
}

/// Puts a coast file together. The same shapes give the same bytes.
pub(crate) struct Writer {
    source: String,
    classes: Vec<u8>,
    packed: Vec<Option<(u32, Vec<u8>)>>,
}

impl Writer {
    /// A file that is all sea so far.
    pub(crate) fn new(source: &str) -> Writer {
        Writer {
            source: source.chars().take(200).collect(),
            classes: vec![0; TILES],
            packed: vec![None; TILES],
        }
    }

    /// Makes a tile all land.
    pub(crate) fn land(&mut self, tile: usize) {
        self.classes[tile] = 1;
    }

    /// Gives a tile its shoreline.
    pub(crate) fn shore(&mut self, tile: usize, shape: &Shape) -> Result<(), Error> {
        let plain = shape.pack();
        self.classes[tile] = MIXED;
        self.packed[tile] = Some((
            plain.len() as u32,
            zstd::bulk::compress(&plain, LEVEL).map_err(Error::Pack)?,
        ));
        Ok(())
    }

    /// The finished file.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Error> {
        let mut index = self.classes;
        for (plain, packed) in self.packed.iter().flatten() {
            index.extend((packed.len() as u32).to_le_bytes());
            index.extend(plain.to_le_bytes());
        }
        let index = zstd::bulk::compress(&index, LEVEL).map_err(Error::Pack)?;
        let mut checked = (self.source.len() as u16).to_le_bytes().to_vec();
        checked.extend(self.source.as_bytes());
        checked.extend((index.len() as u32).to_le_bytes());
        checked.extend(index);
        for (_, packed) in self.packed.iter().flatten() {
            checked.extend(packed);
        }
        let mut file = MARK.to_vec();
        file.extend(VERSION.to_le_bytes());
        file.extend(crc32fast::hash(&checked).to_le_bytes());
        file.extend(checked);
        Ok(file)
    }
}
