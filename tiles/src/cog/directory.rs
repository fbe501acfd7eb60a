//! Directories of a TIFF file (TIFF 6.0, section 2): written, and read from bytes that nobody vouches for.

use tiff::tags::{Tag, Type};

use crate::Error;

/// GDAL's XML metadata; the tag is not in the crate's list.
pub(super) const GDAL_METADATA: u16 = 42_112;

/// Entries of a directory being written, little endian.
#[derive(Default)]
pub(super) struct DirectoryWriter {
    /// Tag, type, count, bytes.
    entries: Vec<(u16, Type, u32, Vec<u8>)>,
}

impl DirectoryWriter {
    pub(super) fn shorts(&mut self, tag: Tag, values: &[u16]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.entries
            .push((tag.to_u16(), Type::SHORT, values.len() as u32, bytes));
    }

    pub(super) fn longs(&mut self, tag: Tag, values: &[u32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.entries
            .push((tag.to_u16(), Type::LONG, values.len() as u32, bytes));
    }

    pub(super) fn doubles(&mut self, tag: Tag, values: &[f64]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.entries
            .push((tag.to_u16(), Type::DOUBLE, values.len() as u32, bytes));
    }

    /// A text; a NUL inside would end it early and is left out.
    pub(super) fn text(&mut self, tag: u16, text: &str) {
        let mut bytes: Vec<u8> = text.bytes().filter(|byte| *byte != 0).collect();
        bytes.push(0);
        self.entries.push((tag, Type::ASCII, bytes.len() as u32, bytes));
    }

    /// Bytes of the directory and of the values that do not fit into it.
    pub(super) fn len(&self) -> usize {
        let outside = self
            .entries
            .iter()
            .map(|(.., bytes)| if bytes.len() > 4 { even(bytes.len()) } else { 0 });
        2 + 12 * self.entries.len() + 4 + outside.sum::<usize>()
    }

    /// Writes the directory at the end of `out`, which is where it will stand in the file; `next` is the place of the
    /// directory after it or 0.
    pub(super) fn write(mut self, out: &mut Vec<u8>, next: u32) {
        self.entries.sort_by_key(|(tag, ..)| *tag);
        let mut outside = out.len() + 2 + 12 * self.entries.len() + 4;
        out.extend((self.entries.len() as u16).to_le_bytes());
        for (tag, kind, count, bytes) in &self.entries {
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_u16().to_le_bytes());
            out.extend(count.to_le_bytes());
            if bytes.len() > 4 {
                out.extend((outside as u32).to_le_bytes());
                outside += even(bytes.len());
            } else {
                let mut inside = [0; 4];
                inside[..bytes.len()].copy_from_slice(bytes);
                out.extend(inside);
            }
        }
        out.extend(next.to_le_bytes());
        for (.., bytes) in self.entries.iter().filter(|(.., bytes)| bytes.len() > 4) {
            out.extend(bytes);
            out.resize(even(out.len()), 0);
        }
    }
}

/// TIFF begins values at even places.
pub(super) fn even(length: usize) -> usize {
    length + length % 2
}

/// A directory that was read.
pub(super) struct Directory<'a> {
    file: &'a [u8],
    /// Tag, type, count, and where the value stands.
    entries: Vec<(u16, u16, usize, usize)>,
}

impl<'a> Directory<'a> {
    /// The first directory of a little endian TIFF file.
    pub(super) fn first(file: &'a [u8]) -> Result<Self, Error> {
        if file.get(..4) != Some(b"II*\0") {
            return Err(damaged("it does not begin like a little endian TIFF"));
        }
        let at = long(file, 4)? as usize;
        let count = usize::from(short(file, at)?);
        let entry = |k: usize| {
            let at = at + 2 + 12 * k;
            let (tag, kind, count) = (short(file, at)?, short(file, at + 2)?, long(file, at + 4)? as usize);
            let length = count
                .checked_mul(size_of_type(kind))
                .ok_or_else(|| damaged("a value is too long"))?;
            let value = if length <= 4 {
                at + 8
            } else {
                long(file, at + 8)? as usize
            };
            if value.checked_add(length).is_none_or(|end| end > file.len()) {
                return Err(damaged(&format!("the value of tag {tag} lies outside the file")));
            }
            Ok((tag, kind, count, value))
        };
        Ok(Self {
            file,
            entries: (0..count).map(entry).collect::<Result<_, Error>>()?,
        })
    }

    fn find(&self, tag: u16) -> Option<(u16, usize, usize)> {
        let entry = self.entries.iter().find(|(other, ..)| *other == tag)?;
        Some((entry.1, entry.2, entry.3))
    }

    /// Whole numbers of a tag.
    pub(super) fn numbers(&self, tag: Tag) -> Result<Vec<usize>, Error> {
        let tag = tag.to_u16();
        let missing = || damaged(&format!("there are no numbers under tag {tag}"));
        let (kind, count, at) = self.find(tag).ok_or_else(missing)?;
        match Type::from_u16(kind) {
            Some(Type::SHORT) => (0..count)
                .map(|k| short(self.file, at + 2 * k).map(usize::from))
                .collect(),
            Some(Type::LONG) => (0..count)
                .map(|k| long(self.file, at + 4 * k).map(|value| value as usize))
                .collect(),
            _ => Err(missing()),
        }
    }

    /// The only number of a tag.
    pub(super) fn number(&self, tag: Tag) -> Result<usize, Error> {
        match self.numbers(tag)?.as_slice() {
            [number] => Ok(*number),
            other => Err(damaged(&format!(
                "{} numbers instead of one under tag {}",
                other.len(),
                tag.to_u16()
            ))),
        }
    }

    /// Doubles of a tag.
    pub(super) fn doubles<const N: usize>(&self, tag: Tag) -> Result<[f64; N], Error> {
        let values = self
            .find(tag.to_u16())
            .filter(|(kind, count, _)| *kind == Type::DOUBLE.to_u16() && *count == N);
        let (_, _, at) =
            values.ok_or_else(|| damaged(&format!("there are not {N} doubles under tag {}", tag.to_u16())))?;
        let mut doubles = [0.0; N];
        for (k, double) in doubles.iter_mut().enumerate() {
            *double = f64::from_bits(
                u64::from(long(self.file, at + 8 * k)?) | u64::from(long(self.file, at + 8 * k + 4)?) << 32,
            );
        }
        Ok(doubles)
    }

    /// The text of a tag, without the NUL at its end.
    pub(super) fn text(&self, tag: u16) -> Result<&'a str, Error> {
        let found = self.find(tag).filter(|(kind, ..)| *kind == Type::ASCII.to_u16());
        let (_, count, at) = found.ok_or_else(|| damaged(&format!("there is no text under tag {tag}")))?;
        let text = std::str::from_utf8(&self.file[at..at + count]);
        text.map(|text| text.trim_end_matches('\0'))
            .map_err(|error| damaged(&format!("the text under tag {tag} is not UTF-8: {error}")))
    }
}

/// Bytes of one value of a type; unknown types count as bytes, their values are not looked at.
fn size_of_type(kind: u16) -> usize {
    match Type::from_u16(kind) {
        Some(Type::SHORT | Type::SSHORT) => 2,
        Some(Type::LONG | Type::SLONG | Type::FLOAT | Type::IFD) => 4,
        Some(Type::DOUBLE | Type::RATIONAL | Type::SRATIONAL | Type::LONG8 | Type::SLONG8 | Type::IFD8) => 8,
        _ => 1,
    }
}

fn short(file: &[u8], at: usize) -> Result<u16, Error> {
    let bytes = at
        .checked_add(2)
        .and_then(|end| file.get(at..end))
        .and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(u16::from_le_bytes)
        .ok_or_else(|| damaged("it ends in the middle of a directory"))
}

fn long(file: &[u8], at: usize) -> Result<u32, Error> {
    let bytes = at
        .checked_add(4)
        .and_then(|end| file.get(at..end))
        .and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(u32::from_le_bytes)
        .ok_or_else(|| damaged("it ends in the middle of a directory"))
}

pub(super) fn damaged(why: &str) -> Error {
    Error::RasterFile(why.to_owned())
}
