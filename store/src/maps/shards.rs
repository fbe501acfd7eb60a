//! Single chunks out of a stored array: which bytes of which shard they are, and their numbers.
//!
//! A map touches few chunks of large shards, so only those are read, with the shard's index in front. They are not
//! compared with the object's SHA-256, which would mean reading the whole shard; instead the index and each chunk carry
//! a CRC-32C that is checked here, and the shard's length must be the one that the manifest names. That finds every torn
//! or rotted byte that reaches a picture. Against objects that somebody exchanged on purpose it does not stand; what
//! missions compute with does, since windows are compared in full, and so does `Store::verify`.

use std::num::NonZeroU64;
use std::ops::Range;

use zarrs::array::{ArrayToBytesCodecTraits, BytesRepresentation, CodecChain, CodecOptions, FillValue, data_type};
use zarrs::metadata::v3::MetadataV3;

use crate::Error;
use crate::packing::MISSING;
use crate::zarr_write::array_error;

/// How an array is cut into shards and chunks and how their bytes are decoded, as its metadata states it. Extents are
/// steps, rows and columns.
pub(crate) struct ArrayPlan {
    /// Path below the cycle's prefix.
    pub(crate) path: String,
    pub(crate) shard: [usize; 3],
    pub(crate) chunk: [usize; 3],
    codecs: CodecChain,
    index_codecs: CodecChain,
}

/// Where a shard keeps its chunks, in row-major order; `None` for a chunk without any value.
pub(crate) type ShardIndex = Vec<Option<Range<u64>>>;

impl ArrayPlan {
    /// Understands the metadata of the array at `path`.
    pub(crate) fn parse(path: &str, metadata: &[u8]) -> Result<Self, Error> {
        let unknown = |what: &str| array_error(path, format!("its metadata names no {what} that is known"));
        let value: serde_json::Value = serde_json::from_slice(metadata).map_err(|error| array_error(path, error))?;
        let sharding = value
            .pointer("/codecs/0/configuration")
            .ok_or_else(|| unknown("sharding"))?;
        let at_end = sharding.get("index_location").is_none_or(|place| place == "end");
        let of_numbers = value.get("data_type").is_some_and(|name| name == "int16")
            && value.get("fill_value").is_some_and(|fill| fill == MISSING);
        if !at_end || !of_numbers {
            return Err(unknown("layout"));
        }
        let chain = |name: &str| {
            let list = sharding.get(name).cloned().unwrap_or_default();
            let list: Vec<MetadataV3> = serde_json::from_value(list).map_err(|error| array_error(path, error))?;
            CodecChain::from_metadata(&list).map_err(|error| array_error(path, error))
        };
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
            shard,
            chunk,
            codecs: chain("codecs")?,
            index_codecs: chain("index_codecs")?,
        })
    }

    /// Path of the shard that holds a chunk, and the chunk's position in the shard's index.
    pub(crate) fn place_of(&self, chunk: [usize; 3]) -> (String, usize) {
        let per_shard: [usize; 3] = std::array::from_fn(|axis| self.shard[axis] / self.chunk[axis]);
        let [t, y, x]: [usize; 3] = std::array::from_fn(|axis| chunk[axis] / per_shard[axis]);
        let inner: [usize; 3] = std::array::from_fn(|axis| chunk[axis] % per_shard[axis]);
        let position = (inner[0] * per_shard[1] + inner[1]) * per_shard[2] + inner[2];
        (format!("{}/c/{t}/{y}/{x}", self.path), position)
    }

    /// Length of a shard's index in bytes; it stands at the shard's end.
    pub(crate) fn index_bytes(&self) -> Result<u64, Error> {
        let shape = self.index_shape()?;
        let fill = FillValue::from(u64::MAX);
        let size = self
            .index_codecs
            .encoded_representation(&shape, &data_type::uint64(), &fill);
        match size.map_err(|error| array_error(&self.path, error))? {
            BytesRepresentation::FixedSize(size) => Ok(size),
            _ => Err(array_error(&self.path, "its index has no fixed length")),
        }
    }

    /// The index of a shard of this many bytes, from the bytes at its end.
    pub(crate) fn decode_index(&self, bytes: &[u8], shard_bytes: u64) -> Result<ShardIndex, Error> {
        let (shape, fill) = (self.index_shape()?, FillValue::from(u64::MAX));
        let options = CodecOptions::default().with_concurrent_target(1);
        let decoded = self
            .index_codecs
            .decode(bytes.into(), &shape, &data_type::uint64(), &fill, &options)
            .and_then(|decoded| Ok(decoded.into_fixed()?.into_owned()))
            .map_err(|error| array_error(&self.path, error))?;
        let pairs = decoded.as_chunks::<16>().0.iter().map(|pair| {
            let number = |half: &[u8]| half.try_into().map_or(u64::MAX, u64::from_ne_bytes);
            let (offset, length) = (number(&pair[..8]), number(&pair[8..]));
            if offset == u64::MAX && length == u64::MAX {
                return Ok(None);
            }
            let end = offset.checked_add(length).filter(|end| *end <= shard_bytes);
            let end = end.ok_or_else(|| array_error(&self.path, "a shard's index points beyond the shard"))?;
            Ok(Some(offset..end))
        });
        pairs.collect()
    }

    /// The numbers of one chunk in row-major order.
    pub(crate) fn decode_chunk(&self, bytes: &[u8]) -> Result<Vec<i16>, Error> {
        let shape = non_zero(&self.chunk).ok_or_else(|| array_error(&self.path, "its chunks are empty"))?;
        let options = CodecOptions::default().with_concurrent_target(1);
        let decoded = self
            .codecs
            .decode(
                bytes.into(),
                &shape,
                &data_type::int16(),
                &FillValue::from(MISSING),
                &options,
            )
            .and_then(|decoded| Ok(decoded.into_fixed()?.into_owned()))
            .map_err(|error| array_error(&self.path, error))?;
        let (pairs, _) = decoded.as_chunks::<2>();
        if pairs.len() != self.chunk.iter().product::<usize>() {
            return Err(array_error(&self.path, format!("a chunk holds {} values", pairs.len())));
        }
        Ok(pairs.iter().map(|pair| i16::from_ne_bytes(*pair)).collect())
    }

    fn index_shape(&self) -> Result<Vec<NonZeroU64>, Error> {
        let chunks: [usize; 3] = std::array::from_fn(|axis| self.shard[axis] / self.chunk[axis]);
        let [t, y, x] = chunks;
        non_zero(&[t, y, x, 2]).ok_or_else(|| array_error(&self.path, "its shards are empty"))
    }
}

fn extents(shape: &serde_json::Value) -> Option<[usize; 3]> {
    let sizes = shape.as_array()?.iter();
    let sizes: Option<Vec<usize>> = sizes
        .map(|size| usize::try_from(size.as_u64()?).ok().filter(|&size| size > 0))
        .collect();
    sizes?.try_into().ok()
}

fn non_zero(shape: &[usize]) -> Option<Vec<NonZeroU64>> {
    shape.iter().map(|&size| NonZeroU64::new(size as u64)).collect()
}
