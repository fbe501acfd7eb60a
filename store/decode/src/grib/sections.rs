//! Finds the messages of a file and the sections in them, with bounded reads; no value is unpacked.
//!
//! A message begins with `GRIB`, states its length in section 0 and ends with `7777`; each section between states its own.
//! All of it is checked here, so that later reads cannot leave the message. Between messages only padding is passed over
//! (zeros, blanks, line ends): anything else may be a damaged message, and leaving one out silently would make a hole.

use std::ops::Range;
use std::sync::Arc;

use super::bytes::ReadAt;
use super::octets::Octets;
use crate::Error;

/// Most bytes of a section that are kept: every template that is understood is shorter.
const MAX_HEAD: u32 = 4096;
/// Most fields of one file: a hundred full model cycles.
const MAX_FIELDS: usize = 200_000;
/// Most padding between two messages.
const MAX_PADDING: u64 = 1 << 20;

/// Where a message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counted from 1.
    pub(crate) number: usize,
    /// Its first byte in the file.
    pub(crate) offset: u64,
    /// Its bytes.
    pub(crate) length: u64,
}

/// One field: the sections that describe it, and where its values are. A message holds one field or several.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) place: Place,
    /// Code table 0.0.
    pub(crate) discipline: u8,
    /// Section 1; fields of one message share it, and the grid.
    pub(crate) identification: Arc<[u8]>,
    /// Beginning of section 3.
    pub(crate) grid: Arc<[u8]>,
    /// Beginning of section 4.
    pub(crate) product: Vec<u8>,
    /// Section 5.
    pub(crate) representation: Vec<u8>,
    /// Where the bitmap lies, without the section's head; `None` where every node has a value.
    pub(crate) bitmap: Option<Range<u64>>,
    /// Where the packed values lie.
    pub(crate) data: Range<u64>,
}

impl Place {
    /// An error about this message.
    pub(crate) fn broken(&self, reason: impl Into<String>) -> Error {
        Error::Grib {
            message: self.number,
            offset: self.offset,
            reason: reason.into(),
        }
    }
}

/// Every field of every message, in file order.
pub(crate) fn scan(bytes: &impl ReadAt) -> Result<Vec<Field>, Error> {
    if bytes.size() == 0 {
        return Err(Error::Empty);
    }
    let mut fields = Vec::new();
    let mut offset = 0;
    let mut number = 1;
    while let Some(start) = after_padding(bytes, offset, number)? {
        let place = message_at(bytes, start, number)?;
        fields_of(bytes, place, &mut fields)?;
        offset = start + place.length;
        number += 1;
    }
    if fields.is_empty() {
        return Err(Error::NotNetCdf("it holds padding and no GRIB message".to_owned()));
    }
    Ok(fields)
}

/// The first byte at or after an offset that is no padding.
fn after_padding(bytes: &impl ReadAt, from: u64, number: usize) -> Result<Option<u64>, Error> {
    let end = bytes.size().min(from.saturating_add(MAX_PADDING));
    let mut offset = from;
    let mut buffer = [0; 256];
    while offset < end {
        let length = (end - offset).min(buffer.len() as u64) as usize;
        let chunk = &mut buffer[..length];
        read(bytes, chunk, offset, number)?;
        if let Some(position) = chunk.iter().position(|byte| !matches!(byte, 0 | b' ' | b'\r' | b'\n')) {
            return Ok(Some(offset + position as u64));
        }
        offset += length as u64;
    }
    if end < bytes.size() {
        return Err(Error::Grib {
            message: number,
            offset: from,
            reason: format!("more than {MAX_PADDING} bytes of padding stand before it"),
        });
    }
    Ok(None)
}

fn read(bytes: &impl ReadAt, buffer: &mut [u8], offset: u64, number: usize) -> Result<(), Error> {
    bytes.read_exact_at(buffer, offset).map_err(|error| Error::Grib {
        message: number,
        offset,
        reason: format!("it cannot be read: {error}"),
    })
}

/// Section 0 and the end mark of the message that begins here.
fn message_at(bytes: &impl ReadAt, offset: u64, number: usize) -> Result<Place, Error> {
    let left = bytes.size() - offset;
    let place = |length| Place { number, offset, length };
    let mut head = [0; 16];
    let known = left.min(16) as usize;
    read(bytes, &mut head[..known], offset, number)?;
    if head[..known.min(4)] != b"GRIB"[..known.min(4)] {
        let shown: Vec<String> = head[..known.min(8)].iter().map(|byte| format!("{byte:02x}")).collect();
        let before = if number == 1 {
            "the file begins with"
        } else {
            "after the message before it come"
        };
        return Err(place(left).broken(format!("{before} the bytes {} and not GRIB", shown.join(" "))));
    }
    let cut_off = |stated: u64| Error::CutOff {
        message: number,
        offset,
        stated,
        found: left,
    };
    if known < 16 {
        return Err(cut_off(16));
    }
    match head[7] {
        2 => {}
        1 => return Err(place(left).broken("it is GRIB edition 1, and only edition 2 is read")),
        edition => return Err(place(left).broken(format!("it states the unknown edition {edition}"))),
    }
    let length = head[8..16]
        .iter()
        .fold(0_u64, |value, &byte| (value << 8) | u64::from(byte));
    if length < 16 + 4 {
        return Err(place(left).broken(format!("it states a length of {length} bytes")));
    }
    if length > left {
        return Err(cut_off(length));
    }
    let mut end = [0; 4];
    read(bytes, &mut end, offset + length - 4, number)?;
    if end != *b"7777" {
        return Err(place(length).broken(format!(
            "it does not end with 7777 after the {length} bytes that it states"
        )));
    }
    Ok(place(length))
}

/// Sections of the message that later fields of it may use again.
struct Kept {
    discipline: u8,
    identification: Option<Arc<[u8]>>,
    grid: Option<Arc<[u8]>>,
    product: Option<Vec<u8>>,
    representation: Option<Vec<u8>>,
    bitmap: Option<Option<Range<u64>>>,
    /// The last bitmap that the message holds, for indicator 254.
    last_bitmap: Option<Range<u64>>,
}

fn fields_of(bytes: &impl ReadAt, place: Place, fields: &mut Vec<Field>) -> Result<(), Error> {
    let mut discipline = [0];
    read(bytes, &mut discipline, place.offset + 6, place.number)?;
    let mut kept = Kept {
        discipline: discipline[0],
        identification: None,
        grid: None,
        product: None,
        representation: None,
        bitmap: None,
        last_bitmap: None,
    };
    let end = place.offset + place.length - 4;
    let mut offset = place.offset + 16;
    let first = fields.len();
    while offset < end {
        offset = section(bytes, place, offset..end, &mut kept, fields)?;
    }
    if fields.len() == first {
        return Err(place.broken("it holds no section of values"));
    }
    let left_over = kept.product.is_some() || kept.representation.is_some() || kept.bitmap.is_some();
    if left_over {
        return Err(place.broken("it ends within the description of a field"));
    }
    Ok(())
}

/// Reads the section that begins here and returns where the next one does.
fn section(
    bytes: &impl ReadAt,
    place: Place,
    rest: Range<u64>,
    kept: &mut Kept,
    fields: &mut Vec<Field>,
) -> Result<u64, Error> {
    let within = rest.start - place.offset;
    if rest.end - rest.start < 5 {
        return Err(place.broken(format!("the section at its byte {within} is cut off")));
    }
    let mut head = [0; 5];
    read(bytes, &mut head, rest.start, place.number)?;
    let (length, number) = (Octets(&head).u32(1).unwrap_or_default(), head[4]);
    if length < 5 || u64::from(length) > rest.end - rest.start {
        return Err(place.broken(format!(
            "section {number} at its byte {within} states a length of {length} bytes, and {} are left",
            rest.end - rest.start
        )));
    }
    let body = rest.start..rest.start + u64::from(length);
    let head_of = || {
        let mut octets = vec![0; length.min(MAX_HEAD) as usize];
        read(bytes, &mut octets, body.start, place.number).map(|()| octets)
    };
    match number {
        1 => kept.identification = Some(head_of()?.into()),
        2 => {}
        3 => kept.grid = Some(head_of()?.into()),
        4 => kept.product = Some(head_of()?),
        5 => kept.representation = Some(head_of()?),
        6 => kept.bitmap = Some(bitmap(bytes, place, body.clone(), kept)?),
        7 => fields.push(kept.field(place, body.start + 5..body.end)?),
        other => return Err(place.broken(format!("there is a section {other} at its byte {within}"))),
    }
    if fields.len() > MAX_FIELDS {
        return Err(Error::TooLarge {
            what: "the number of fields in the file".to_owned(),
            size: fields.len() as u64,
            limit: MAX_FIELDS as u64,
        });
    }
    Ok(body.end)
}

/// Code table 6.0: a bitmap of its own, the one before it in the message, or none.
fn bitmap(bytes: &impl ReadAt, place: Place, body: Range<u64>, kept: &mut Kept) -> Result<Option<Range<u64>>, Error> {
    if body.end - body.start < 6 {
        return Err(place.broken("its section 6 is too short to say whether there is a bitmap"));
    }
    let mut indicator = [0];
    read(bytes, &mut indicator, body.start + 5, place.number)?;
    match indicator[0] {
        0 => {
            kept.last_bitmap = Some(body.start + 6..body.end);
            Ok(kept.last_bitmap.clone())
        }
        254 => match &kept.last_bitmap {
            Some(bitmap) => Ok(Some(bitmap.clone())),
            None => Err(place.broken("it refers to an earlier bitmap and has none")),
        },
        255 => Ok(None),
        other => Err(place.broken(format!(
            "it uses the centre's own bitmap number {other}, which is not known"
        ))),
    }
}

impl Kept {
    /// The field whose values these are; sections 4 to 6 are used up, 1 and 3 hold on.
    fn field(&mut self, place: Place, data: Range<u64>) -> Result<Field, Error> {
        let lacks = |section: u8| place.broken(format!("it has values without a section {section} before them"));
        Ok(Field {
            place,
            discipline: self.discipline,
            identification: self.identification.clone().ok_or_else(|| lacks(1))?,
            grid: self.grid.clone().ok_or_else(|| lacks(3))?,
            product: self.product.take().ok_or_else(|| lacks(4))?,
            representation: self.representation.take().ok_or_else(|| lacks(5))?,
            bitmap: self.bitmap.take().ok_or_else(|| lacks(6))?,
            data,
        })
    }
}
