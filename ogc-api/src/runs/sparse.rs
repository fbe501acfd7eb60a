//! A file of which only some parts are in memory, as the Parquet reader takes it: one output time of a large run is
//! read without the others.

use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// Parts of a file by their place in it.
#[derive(Debug, Clone)]
pub(crate) struct SparseFile {
    size: u64,
    parts: Vec<(u64, Bytes)>,
}

impl SparseFile {
    /// A file of this size with these parts, each with the place of its first byte.
    pub(crate) fn new(size: u64, parts: Vec<(u64, Bytes)>) -> Self {
        Self { size, parts }
    }

    /// The bytes from a place to the end of the part that holds it.
    fn from(&self, start: u64) -> Result<Bytes> {
        let held = self.parts.iter().find_map(|(first, bytes)| {
            let skipped = usize::try_from(start.checked_sub(*first)?).ok()?;
            (skipped < bytes.len()).then(|| bytes.slice(skipped..))
        });
        held.ok_or_else(|| ParquetError::EOF(format!("byte {start} of {} was not loaded", self.size)))
    }
}

impl Length for SparseFile {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for SparseFile {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let held = self.from(start)?;
        if held.len() < length {
            let end = start + length as u64;
            return Err(ParquetError::EOF(format!(
                "bytes {start} to {end} of {} were not loaded",
                self.size
            )));
        }
        Ok(held.slice(..length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_it_holds_and_refuses_the_rest() {
        let file = SparseFile::new(
            100,
            vec![(10, Bytes::from_static(b"abcdef")), (90, Bytes::from_static(b"tail"))],
        );
        assert_eq!(&file.get_bytes(12, 3).unwrap()[..], b"cde");
        assert_eq!(&file.get_bytes(90, 4).unwrap()[..], b"tail");
        assert!(file.get_bytes(12, 5).is_err() && file.get_bytes(0, 1).is_err() && file.get_read(16).is_err());
        assert_eq!(file.len(), 100);
    }
}
