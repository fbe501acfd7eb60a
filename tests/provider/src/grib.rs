//! GRIB2 messages as ecCodes wrote them, with other dates, steps, grids and names put into their bytes, and a subset of
//! a grid written anew. Octets as in WMO's Manual on Codes, sections 0 to 8.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::content::Change;
use crate::error::Error;
use crate::fields::{HOURS, nuance};
use crate::layout::after;

/// Messages of 67 hours, the same number in each.
pub(crate) struct Messages {
    bytes: &'static [u8],
    ranges: Vec<std::ops::Range<usize>>,
}

impl Messages {
    /// Splits a file of whole messages.
    pub(crate) fn new(bytes: &'static [u8]) -> Result<Self, Error> {
        let mut ranges = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let length = bytes.get(at + 8..at + 16).and_then(|field| field.try_into().ok());
            let length = length.map(u64::from_be_bytes).ok_or(Error::Section(0))? as usize;
            if !bytes[at..].starts_with(b"GRIB") || length < 16 || at + length > bytes.len() {
                return Err(Error::Section(0));
            }
            ranges.push(at..at + length);
            at += length;
        }
        if ranges.is_empty() || ranges.len() % HOURS != 0 {
            return Err(Error::Fields(
                "a GRIB file has not the same messages for each of 67 hours",
            ));
        }
        Ok(Self { bytes, ranges })
    }

    /// Messages of an hour, in the order of the file.
    pub(crate) fn hour(&self, hour: usize) -> impl Iterator<Item = &'static [u8]> {
        let each = self.ranges.len() / HOURS;
        let ranges = self.ranges[hour * each..(hour + 1) * each].iter();
        ranges.map(|range| &self.bytes[range.clone()])
    }
}

/// What a served message says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Label {
    /// Reference time.
    pub(crate) run: Timestamp,
    /// Hours from it.
    pub(crate) step: i32,
}

/// Where a section begins.
fn section(message: &[u8], wanted: u8) -> Result<usize, Error> {
    let mut at = 16;
    while at + 5 <= message.len() {
        let length = u32::from_be_bytes([message[at], message[at + 1], message[at + 2], message[at + 3]]) as usize;
        if message[at + 4] == wanted {
            return Ok(at);
        }
        if length < 5 {
            break;
        }
        at += length;
    }
    Err(Error::Section(wanted))
}

/// The message with another label, and with what a fault or a new issue changes.
pub(crate) fn relabelled(message: &[u8], label: Label, change: &Change) -> Result<Vec<u8>, Error> {
    let mut out = message.to_vec();
    let one = section(&out, 1)?;
    let at = label.run.to_zoned(TimeZone::UTC);
    put(&mut out, one + 12, &(at.year().unsigned_abs()).to_be_bytes());
    let clock = [at.month(), at.day(), at.hour(), at.minute(), at.second()];
    put(&mut out, one + 14, &clock.map(i8::unsigned_abs));
    let four = section(&out, 4)?;
    put(&mut out, four + 18, &label.step.unsigned_abs().to_be_bytes());
    let by = change.shift() + nuance(after(label.run, label.step));
    if by != 0.0 {
        shift(&mut out, by)?;
    }
    if change.other_grid {
        coarser(&mut out)?;
    }
    if change.renamed {
        // 192 to 254 are for local use.
        put(&mut out, four + 10, &[200]);
    }
    Ok(out)
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + new.len()) {
        place.copy_from_slice(new);
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|field| field.try_into().ok())
        .map_or(0, u32::from_be_bytes)
}

/// Adds to every value, through the reference value that all of them are counted from.
fn shift(message: &mut [u8], by: f32) -> Result<(), Error> {
    let five = section(message, 5)?;
    let scale = u16::from_be_bytes([message[five + 17], message[five + 18]]);
    let sign = if scale & 0x8000 == 0 { 1 } else { -1 };
    let decimals = sign * i32::from(scale & 0x7fff);
    let reference = f32::from_bits(word(message, five + 11)) + by * 10f32.powi(decimals);
    put(message, five + 11, &reference.to_be_bytes());
    Ok(())
}

/// Says that the grid has twice the distance between its nodes: bytes of another product.
fn coarser(message: &mut [u8]) -> Result<(), Error> {
    let three = section(message, 3)?;
    let (columns, rows) = (word(message, three + 30), word(message, three + 34));
    let (north, west, step) = (
        word(message, three + 46),
        word(message, three + 50),
        2 * word(message, three + 63),
    );
    put(message, three + 55, &(north - step * (rows - 1)).to_be_bytes());
    put(message, three + 59, &(west + step * (columns - 1)).to_be_bytes());
    put(message, three + 63, &step.to_be_bytes());
    put(message, three + 67, &step.to_be_bytes());
    Ok(())
}

/// Part of a regular grid: nodes counted from its north-west corner.
pub(crate) struct Piece {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    /// Corner and distance in degrees.
    pub(crate) north: f64,
    pub(crate) west: f64,
    pub(crate) step: f64,
}

/// The message with other values on another grid, in simple packing (template 5.0) of 16 bits.
pub(crate) fn rewritten(message: &[u8], piece: &Piece, values: &[f32]) -> Result<Vec<u8>, Error> {
    let (three, four, five) = (section(message, 3)?, section(message, 4)?, section(message, 5)?);
    let micro = |degrees: f64| ((degrees * 1e6).round() as u32).to_be_bytes();
    let mut grid = message[three..four].to_vec();
    put(&mut grid, 6, &(values.len() as u32).to_be_bytes());
    put(&mut grid, 30, &(piece.columns as u32).to_be_bytes());
    put(&mut grid, 34, &(piece.rows as u32).to_be_bytes());
    put(&mut grid, 46, &micro(piece.north));
    put(&mut grid, 50, &micro(piece.west.rem_euclid(360.0)));
    put(
        &mut grid,
        55,
        &micro(piece.north - piece.step * (piece.rows - 1) as f64),
    );
    put(
        &mut grid,
        59,
        &micro((piece.west + piece.step * (piece.columns - 1) as f64).rem_euclid(360.0)),
    );
    let mut out = message[..three].to_vec();
    out.extend(grid);
    out.extend(&message[four..five]);
    out.extend(simply_packed(values));
    out.extend(b"7777");
    let length = out.len() as u64;
    put(&mut out, 8, &length.to_be_bytes());
    Ok(out)
}

/// Sections 5 to 7: value = reference + count * 2^-8, good for 0.002 m/s and a spread of 255.
fn simply_packed(values: &[f32]) -> Vec<u8> {
    let reference = values.iter().copied().fold(f32::INFINITY, f32::min);
    let mut out = Vec::new();
    out.extend(21u32.to_be_bytes());
    out.push(5);
    out.extend((values.len() as u32).to_be_bytes());
    out.extend(0u16.to_be_bytes());
    out.extend(reference.to_be_bytes());
    out.extend((0x8000u16 | 8).to_be_bytes());
    out.extend(0u16.to_be_bytes());
    out.extend([16, 0]);
    out.extend(6u32.to_be_bytes());
    out.extend([6, 255]);
    out.extend((5 + 2 * values.len() as u32).to_be_bytes());
    out.push(7);
    for value in values {
        out.extend((((value - reference) * 256.0).round() as u16).to_be_bytes());
    }
    out
}
