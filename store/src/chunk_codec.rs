//! The bytes of one chunk: its numbers split into low and high bytes, compressed by zstd in the container of Blosc 1, and
//! closed by a CRC-32C. Every reader of Zarr v3 knows `blosc` and `crc32c`.
//!
//! Low bytes of a smooth field are noise and high bytes are nearly constant: apart they take a fifth less than together,
//! and are decoded faster. Only the plainest form of the container is written and read: one block, not split, shuffled
//! by bytes (Blosc 1 format: a header of 16 bytes, the place of the block, its length, its bytes). Versions before 0.4
//! wrote bare zstd, which is read as well.

use zstd::bulk::{Compressor, Decompressor};

/// Level of zstd. Beyond it the files of real currents hardly shrink and writing slows down.
const ZSTD_LEVEL: i32 = 3;
/// The level of Blosc that stands for it.
pub(crate) const BLOSC_LEVEL: u8 = 2;
/// Bytes of a stored number.
const TYPE_BYTES: usize = size_of::<i16>();
const HEADER_BYTES: usize = 16;
/// Where the block's bytes begin: behind the header, the place of the block and its length.
const BLOCK_AT: usize = HEADER_BYTES + 8;
/// Container version 2, version 1 of its zstd format, flags: zstd, not split, shuffled by bytes.
const BEGINNING: [u8; 4] = [2, 1, 0x80 | 0x10 | 0x01, TYPE_BYTES as u8];
const CRC_BYTES: usize = 4;

/// How chunks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChunkCodec {
    /// zstd alone, as versions before 0.4 wrote it.
    Zstd,
    /// Blosc 1 with zstd and byte shuffle.
    BloscZstd,
}

/// Compresses chunk after chunk.
pub(crate) struct ChunkEncoder {
    compressor: Compressor<'static>,
    planes: Vec<u8>,
}

/// Restores chunk after chunk.
pub(crate) struct ChunkDecoder {
    decompressor: Decompressor<'static>,
    plain: Vec<u8>,
}

impl ChunkEncoder {
    /// An encoder; it is worth keeping for many chunks.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            compressor: Compressor::new(ZSTD_LEVEL)?,
            planes: Vec::new(),
        })
    }

    /// Appends a chunk to the bytes of a shard and tells its length.
    pub(crate) fn append(&mut self, numbers: &[i16], shard: &mut Vec<u8>) -> std::io::Result<usize> {
        self.planes.clear();
        self.planes.extend(numbers.iter().map(|number| number.to_le_bytes()[0]));
        self.planes.extend(numbers.iter().map(|number| number.to_le_bytes()[1]));
        let (plain, from) = (self.planes.len(), shard.len());
        let most = plain.max(zstd::zstd_safe::compress_bound(plain));
        shard.resize(from + BLOCK_AT + most, 0);
        let block = &mut shard[from + BLOCK_AT..];
        let mut taken = self.compressor.compress_to_buffer(&self.planes, block)?;
        if taken >= plain {
            // A block of the full length counts as not compressed.
            block[..plain].copy_from_slice(&self.planes);
            taken = plain;
        }
        shard.truncate(from + BLOCK_AT + taken);
        write_header(&mut shard[from..], plain, taken);
        let crc = crc32c::crc32c(&shard[from..]);
        shard.extend_from_slice(&crc.to_le_bytes());
        Ok(shard.len() - from)
    }
}

/// Header, place and length of the one block. A chunk is far below the 2 GiB that the container can count.
fn write_header(frame: &mut [u8], plain: usize, taken: usize) {
    frame[..4].copy_from_slice(&BEGINNING);
    let numbers = [plain, plain, BLOCK_AT + taken, HEADER_BYTES + 4, taken];
    for (place, number) in frame[4..BLOCK_AT].chunks_exact_mut(4).zip(numbers) {
        place.copy_from_slice(&(number as u32).to_le_bytes());
    }
}

impl ChunkDecoder {
    /// A decoder; it is worth keeping for many chunks.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            decompressor: Decompressor::new()?,
            plain: Vec::new(),
        })
    }

    /// The numbers of a chunk, or why its bytes are not those of this many numbers.
    pub(crate) fn decode(&mut self, codec: ChunkCodec, bytes: &[u8], count: usize) -> Result<Vec<i16>, String> {
        let content = without_crc(bytes)?;
        self.plain.resize(count * TYPE_BYTES, 0);
        match codec {
            ChunkCodec::Zstd => {
                self.decompress(content)?;
                let (pairs, _) = self.plain.as_chunks::<TYPE_BYTES>();
                Ok(pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
            }
            ChunkCodec::BloscZstd => {
                let block = block_of(content, self.plain.len())?;
                if block.len() == self.plain.len() {
                    self.plain.copy_from_slice(block);
                } else {
                    self.decompress(block)?;
                }
                let (low, high) = self.plain.split_at(count);
                let pairs = low.iter().zip(high);
                Ok(pairs.map(|(&low, &high)| i16::from_le_bytes([low, high])).collect())
            }
        }
    }

    fn decompress(&mut self, block: &[u8]) -> Result<(), String> {
        let wanted = self.plain.len();
        let found = self.decompressor.decompress_to_buffer(block, &mut self.plain[..]);
        match found.map_err(|error| format!("it cannot be decompressed: {error}"))? {
            found if found == wanted => Ok(()),
            found => Err(format!("it holds {found} bytes instead of {wanted}")),
        }
    }
}

/// The bytes in front of the CRC-32C that closes them, if it is theirs.
pub(crate) fn without_crc(bytes: &[u8]) -> Result<&[u8], String> {
    let Some((content, closing)) = bytes.split_last_chunk::<CRC_BYTES>() else {
        return Err(format!("it has {} bytes, too few for its CRC-32C", bytes.len()));
    };
    let (found, wanted) = (crc32c::crc32c(content), u32::from_le_bytes(*closing));
    if found != wanted {
        return Err(format!(
            "its bytes have CRC-32C {found:08x} and are closed by {wanted:08x}"
        ));
    }
    Ok(content)
}

/// The one block of a container that holds this many bytes.
fn block_of(frame: &[u8], plain: usize) -> Result<&[u8], String> {
    let number = |at: usize| {
        let bytes = frame.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let block = frame.get(BLOCK_AT..).ok_or("its container is cut short")?;
    let expected = [plain, plain, frame.len(), HEADER_BYTES + 4, block.len()];
    let as_expected = expected
        .iter()
        .enumerate()
        .all(|(k, wanted)| number(4 + 4 * k) == Some(*wanted));
    if frame[..4] != BEGINNING || !as_expected {
        return Err("its Blosc container is of a form that this program does not read".to_owned());
    }
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(numbers: &[i16]) -> Vec<u8> {
        let mut bytes = vec![7; 3];
        let length = ChunkEncoder::new().unwrap().append(numbers, &mut bytes).unwrap();
        assert_eq!(length, bytes.len() - 3, "what was there stays");
        bytes.split_off(3)
    }

    /// Numbers of which nothing can be foretold.
    fn noise(count: usize) -> Vec<i16> {
        let mut state = 88_172_645_463_325_252_u64;
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as i16
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn numbers_come_back_smooth_or_not() {
        let smooth: Vec<i16> = (0..3600).map(|k| (k % 700) - 350).collect();
        for numbers in [smooth, noise(3600), vec![i16::MIN; 60]] {
            let bytes = encoded(&numbers);
            let back = ChunkDecoder::new()
                .unwrap()
                .decode(ChunkCodec::BloscZstd, &bytes, numbers.len());
            assert_eq!(back.unwrap(), numbers);
        }
    }

    #[test]
    fn any_flipped_bit_and_any_other_length_is_told() {
        let numbers: Vec<i16> = (0..600).map(|k| k * 3).collect();
        let good = encoded(&numbers);
        let mut decoder = ChunkDecoder::new().unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            let reason = decoder.decode(ChunkCodec::BloscZstd, &bad, 600).unwrap_err();
            assert!(reason.contains("CRC-32C"), "{reason}");
            decoder.decode(ChunkCodec::BloscZstd, &good[..at], 600).unwrap_err();
        }
        let reason = decoder.decode(ChunkCodec::BloscZstd, &good, 599).unwrap_err();
        assert!(reason.contains("container"), "{reason}");
    }

    #[test]
    fn foreign_bytes_with_a_right_checksum_are_refused_without_harm() {
        let mut decoder = ChunkDecoder::new().unwrap();
        let good = encoded(&noise(64));
        for at in 0..BLOCK_AT {
            let mut bad = good[..good.len() - CRC_BYTES].to_vec();
            bad[at] ^= 0x41;
            let crc = crc32c::crc32c(&bad);
            bad.extend_from_slice(&crc.to_le_bytes());
            decoder.decode(ChunkCodec::BloscZstd, &bad, 64).unwrap_err();
            decoder.decode(ChunkCodec::Zstd, &bad, 64).unwrap_err();
        }
    }
}
