//! Single chunks out of a stored array: which bytes of which shard they are, and their numbers.
//!
//! A read touches few chunks of large shards, so only those are fetched, with the shard's index in front. They are not
//! compared with the object's SHA-256, which would mean reading the whole shard; instead the index and each chunk carry
//! a CRC-32C that is checked here, the shard's length must be the one that the manifest names, and so must the CRC-32C
//! of its index, which stands for the lengths and places of all its chunks: another shard in this one's place shows.
//! `Store::verify` compares every object in full.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::Error;
use crate::chunk_codec::{ChunkCodec, ChunkDecoder, without_crc};
use crate::layout::Layout;
use crate::packing::MISSING;
use crate::zarr_write::array_error;

/// How an array is cut into shards and chunks and how their bytes are decoded, as its metadata states it.
pub(crate) struct ArrayPlan {
    /// Path below the cycle's prefix.
    pub(crate) path: String,
    /// Path in the store: no other array, of whatever cycle or revision, has the same.
    pub(crate) place: Arc<str>,
    pub(crate) layout: Layout,
    codec: ChunkCodec,
}

/// Where a shard keeps its chunks, in row-major order; `None` for a chunk without any value.
pub(crate) type ShardIndex = Vec<Option<Range<u64>>>;

/// Bytes of the index for each chunk: place and length.
const ENTRY_BYTES: usize = 16;

impl ArrayPlan {
    /// Understands the metadata of the array at `path` below a cycle's prefix.
    pub(crate) fn parse(prefix: &str, path: &str, metadata: &[u8]) -> Result<Self, Error> {
        let unknown = |what: &str| array_error(path, format!("its metadata names no {what} that is known"));
        let value: Value = serde_json::from_slice(metadata).map_err(|error| array_error(path, error))?;
        let sharding = value
            .pointer("/codecs/0/configuration")
            .ok_or_else(|| unknown("sharding"))?;
        let at_end = sharding.get("index_location").is_none_or(|place| place == "end");
        let of_numbers = value.get("data_type").is_some_and(|name| name == "int16")
            && value.get("fill_value").is_some_and(|fill| fill == MISSING);
        let bytes = json!({"name": "bytes", "configuration": {"endian": "little"}});
        let known_index = sharding.get("index_codecs") == Some(&json!([bytes, {"name": "crc32c"}]));
        if !at_end || !of_numbers || !known_index {
            return Err(unknown("layout"));
        }
        let shard = value
            .pointer("/chunk_grid/configuration/chunk_shape")
            .and_then(extents)
            .ok_or_else(|| unknown("shard shape"))?;
        let chunk = sharding
            .get("chunk_shape")
            .and_then(extents)
            .ok_or_else(|| unknown("chunk shape"))?;
        if shard.iter().zip(chunk).any(|(shard, chunk)| shard % chunk != 0) {
            return Err(unknown("whole number of chunks in a shard"));
        }
        Ok(Self {
            path: path.to_owned(),
            place: format!("{prefix}/{path}").into(),
            layout: Layout { shard, chunk },
            codec: sharding
                .get("codecs")
                .and_then(codec)
                .ok_or_else(|| unknown("compression"))?,
        })
    }

    /// Path of the shard that holds a chunk, and the chunk's position in the shard's index.
    pub(crate) fn place_of(&self, chunk: [usize; 3]) -> (String, usize) {
        let per_shard = self.layout.chunks_per_shard();
        let [t, y, x]: [usize; 3] = std::array::from_fn(|axis| chunk[axis] / per_shard[axis]);
        let inner: [usize; 3] = std::array::from_fn(|axis| chunk[axis] % per_shard[axis]);
        let position = (inner[0] * per_shard[1] + inner[1]) * per_shard[2] + inner[2];
        (format!("{}/c/{t}/{y}/{x}", self.path), position)
    }

    /// Length of a shard's index in bytes; it stands at the shard's end.
    pub(crate) fn index_bytes(&self) -> u64 {
        let chunks: usize = self.layout.chunks_per_shard().iter().product();
        (chunks * ENTRY_BYTES + size_of::<u32>()) as u64
    }

    /// The index of a shard of this many bytes, from the bytes at its end; or what is wrong with it.
    pub(crate) fn decode_index(&self, bytes: &[u8], shard_bytes: u64) -> Result<ShardIndex, String> {
        if bytes.len() as u64 != self.index_bytes() {
            return Err(format!("it has {} bytes, fewer than its index", bytes.len()));
        }
        let entries = without_crc(bytes).map_err(|reason| format!("index of its chunks: {reason}"))?;
        let ends_before = shard_bytes - bytes.len() as u64;
        let read = |entry: &[u8; ENTRY_BYTES]| {
            let number = |half: &[u8]| half.try_into().map_or(u64::MAX, u64::from_le_bytes);
            let (offset, length) = (number(&entry[..8]), number(&entry[8..]));
            if offset == u64::MAX && length == u64::MAX {
                return Ok(None);
            }
            match offset.checked_add(length).filter(|end| *end <= ends_before) {
                Some(end) => Ok(Some(offset..end)),
                None => Err("index of its chunks: it points beyond the shard".to_owned()),
            }
        };
        entries.as_chunks::<ENTRY_BYTES>().0.iter().map(read).collect()
    }

    /// The numbers of one chunk in row-major order, or what is wrong with its bytes.
    pub(crate) fn decode_chunk(&self, decoder: &mut ChunkDecoder, bytes: &[u8]) -> Result<Vec<i16>, String> {
        decoder.decode(self.codec, bytes, self.layout.chunk.iter().product())
    }
}

/// The compression that a list of codecs states.
fn codec(codecs: &Value) -> Option<ChunkCodec> {
    let [bytes, compression, crc] = codecs.as_array()?.as_slice() else {
        return None;
    };
    let name = |codec: &Value| codec.get("name").and_then(Value::as_str).map(str::to_owned);
    let little = bytes
        .pointer("/configuration/endian")
        .is_some_and(|endian| endian == "little");
    if name(bytes).as_deref() != Some("bytes") || !little || name(crc).as_deref() != Some("crc32c") {
        return None;
    }
    let of_blosc = |member: &str| compression.pointer(&format!("/configuration/{member}"));
    match name(compression)?.as_str() {
        "zstd" => Some(ChunkCodec::Zstd),
        "blosc"
            if of_blosc("cname").is_some_and(|name| name == "zstd")
                && of_blosc("shuffle").is_some_and(|shuffle| shuffle == "shuffle")
                && of_blosc("typesize").is_some_and(|size| size == 2) =>
        {
            Some(ChunkCodec::BloscZstd)
        }
        _ => None,
    }
}

fn extents(shape: &Value) -> Option<[usize; 3]> {
    let sizes = shape.as_array()?.iter();
    let sizes: Option<Vec<usize>> = sizes
        .map(|size| usize::try_from(size.as_u64()?).ok().filter(|&size| size > 0))
        .collect();
    sizes?.try_into().ok()
}
