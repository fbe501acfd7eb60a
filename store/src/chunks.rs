//! Reading chunks: those in memory, and of the others only their own bytes out of their shards, several shards at the
//! same time, decoded on the compute pool. Windows and maps both read through here (docs/store-layout.md counts requests).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use driftline_domain::Variable;
use futures::{StreamExt, TryStreamExt};
use moka::future::Cache;
use object_store::path::Path;
use rayon::prelude::*;
use tokio::sync::Semaphore;

use crate::array_plan::{ArrayPlan, ShardIndex};
use crate::chunk_codec::ChunkDecoder;
use crate::manifest::{Manifest, ObjectEntry};
use crate::{Error, SeriesRef, Store};

/// Shards of one array that are read at the same time.
const READS: usize = 8;
/// On a store that is reached by requests, chunks with less than this between them come with one request: so many bytes
/// take no longer than a further request would.
const GAP_BYTES: u64 = 128 * 1024;
/// Share of the cache that indices of shards may take.
const INDEX_SHARE: u64 = 16;
/// Least memory for indices of shards: without them every read is two.
const INDEX_BYTES: u64 = 4 * 1024 * 1024;
/// Arrays whose metadata is remembered.
const MAX_PLANS: u64 = 4096;

/// Numbers of a chunk in row-major order.
pub(crate) type Numbers = Arc<Vec<i16>>;

/// A chunk that has a value.
pub(crate) struct Chunk {
    /// Position along steps, rows and columns, in chunks.
    pub(crate) place: [usize; 3],
    pub(crate) numbers: Numbers,
}

/// What is worth keeping in memory of what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The chunks.
    Chunks,
    /// Nothing: the caller keeps what it makes of them.
    Nothing,
}

/// Decoded chunks, and what leads to them. Nothing here goes stale: a prefix belongs to one revision of one cycle.
pub(crate) struct ChunkCache {
    chunks: Cache<ChunkKey, Numbers>,
    indices: Cache<Path, Arc<ShardIndex>>,
    plans: Cache<Path, Arc<ArrayPlan>>,
    /// One window at a time is read ahead.
    pub(crate) ahead: Arc<Semaphore>,
}

/// Array by its place in the store, and chunk.
type ChunkKey = (Arc<str>, [usize; 3]);

/// The chunks wanted of one shard: position in its index, and place.
type Wanted = Vec<(usize, [usize; 3])>;

impl ChunkCache {
    /// A cache that holds about this many bytes of decoded chunks.
    pub(crate) fn new(bytes: u64) -> Self {
        let weigh_chunk =
            |_: &ChunkKey, numbers: &Numbers| u32::try_from(size_of_val(numbers.as_slice()) + 256).unwrap_or(u32::MAX);
        let weigh_index = |_: &Path, index: &Arc<ShardIndex>| {
            u32::try_from(index.len() * size_of::<Option<Range<u64>>>() + 256).unwrap_or(u32::MAX)
        };
        Self {
            chunks: Cache::builder().weigher(weigh_chunk).max_capacity(bytes).build(),
            indices: Cache::builder()
                .weigher(weigh_index)
                .max_capacity((bytes / INDEX_SHARE).max(INDEX_BYTES))
                .build(),
            plans: Cache::new(MAX_PLANS),
            ahead: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Store {
    /// How an array of a series is cut.
    pub(crate) async fn array_plan(&self, series: &SeriesRef, variable: Variable) -> Result<Arc<ArrayPlan>, Error> {
        let manifest = &series.cycle.manifest;
        let below = format!("{}/{}", series.entry().group, variable.array_name());
        let path = Path::from(format!("{}/{below}/zarr.json", manifest.prefix));
        let read = async {
            let metadata = self.metadata_of(manifest, &below).await?;
            ArrayPlan::parse(&manifest.prefix, &below, &metadata).map(Arc::new)
        };
        let plan = self.maps.chunks.plans.try_get_with(path, Box::pin(read)).await;
        plan.map_err(Error::Map)
    }

    /// Chunks of an array; those without any value are left out.
    pub(crate) async fn read_chunks(
        &self,
        series: &SeriesRef,
        plan: &Arc<ArrayPlan>,
        places: Vec<[usize; 3]>,
        keep: Keep,
    ) -> Result<Vec<Chunk>, Error> {
        let cache = &self.maps.chunks.chunks;
        let mut found = Vec::with_capacity(places.len());
        let mut shards: BTreeMap<String, Wanted> = BTreeMap::new();
        for place in places {
            match cache.get(&(Arc::clone(&plan.place), place)).await {
                Some(numbers) => found.push(Chunk { place, numbers }),
                None => {
                    let (shard, position) = plan.place_of(place);
                    shards.entry(shard).or_default().push((position, place));
                }
            }
        }
        let manifest = &series.cycle.manifest;
        // A shard without any value is not stored, and then the manifest does not name it either.
        let reads: Vec<_> = shards
            .into_iter()
            .filter_map(|(shard, wanted)| Some(self.read_shard(manifest, manifest.object(&shard)?, plan, wanted)))
            .collect();
        let mut reads = futures::stream::iter(reads).buffer_unordered(READS);
        while let Some(chunks) = reads.try_next().await? {
            if keep == Keep::Chunks {
                for Chunk { place, numbers } in &chunks {
                    let key = (Arc::clone(&plan.place), *place);
                    cache.insert(key, Arc::clone(numbers)).await;
                }
            }
            found.extend(chunks);
        }
        Ok(found)
    }

    async fn read_shard(
        &self,
        manifest: &Manifest,
        entry: &ObjectEntry,
        plan: &Arc<ArrayPlan>,
        wanted: Wanted,
    ) -> Result<Vec<Chunk>, Error> {
        let path = Path::from(format!("{}/{}", manifest.prefix, entry.path));
        let index = self.shard_index(plan, &path, entry).await?;
        let ranges = wanted.into_iter().filter_map(|(position, place)| {
            let range = index.get(position)?.clone()?;
            Some((place, range))
        });
        let (places, ranges): (Vec<[usize; 3]>, Vec<Range<u64>>) = ranges.unzip();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let parts = self.fetch_parts(&path, &ranges).await.map_err(lost(&path))?;
        let plan = Arc::clone(plan);
        let decode = move || decode_chunks(&plan, path.as_ref(), places, &parts);
        self.compute.run(decode).await?
    }

    /// These bytes of a shard. A local file gives each part for itself; elsewhere parts that lie close together come with
    /// one request.
    async fn fetch_parts(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, Error> {
        if self.objects.local_root().is_some() {
            return self.objects.get_ranges(path, ranges).await;
        }
        let joined = join_close(ranges, GAP_BYTES);
        let fetches: Vec<_> = joined
            .iter()
            .map(|range| self.objects.get_ranges(path, std::slice::from_ref(range)))
            .collect();
        let fetched: Vec<Vec<Bytes>> = futures::stream::iter(fetches).buffered(READS).try_collect().await?;
        let fetched: Vec<Bytes> = fetched.into_iter().flatten().collect();
        let part = |range: &Range<u64>| {
            let of = joined.partition_point(|whole| whole.end < range.end);
            let (whole, bytes) = (joined.get(of)?, fetched.get(of)?);
            let from = usize::try_from(range.start - whole.start).ok()?;
            let until = usize::try_from(range.end - whole.start).ok()?;
            (until <= bytes.len()).then(|| bytes.slice(from..until))
        };
        let parts: Option<Vec<Bytes>> = ranges.iter().map(part).collect();
        parts.ok_or_else(|| Error::Damaged {
            object: path.to_string(),
            reason: "it is shorter than it was".to_owned(),
        })
    }

    async fn shard_index(
        &self,
        plan: &Arc<ArrayPlan>,
        path: &Path,
        entry: &ObjectEntry,
    ) -> Result<Arc<ShardIndex>, Error> {
        let read = async {
            let (bytes, size) = self
                .objects
                .get_end(path, plan.index_bytes())
                .await
                .map_err(lost(path))?;
            let damaged = |reason: String| Error::Damaged {
                object: path.to_string(),
                reason,
            };
            if size != entry.bytes {
                let named = entry.bytes;
                return Err(damaged(format!("it has {size} bytes, the manifest says {named}")));
            }
            let index = plan.decode_index(&bytes, size).map_err(damaged)?;
            let closing = bytes.last_chunk().map(|crc| u32::from_le_bytes(*crc));
            if entry.index_crc32c.is_some_and(|named| Some(named) != closing) {
                return Err(damaged(
                    "index of its chunks: it is not the one that the manifest names; this is another shard".to_owned(),
                ));
            }
            Ok(Arc::new(index))
        };
        let index = self.maps.chunks.indices.try_get_with_by_ref(path, Box::pin(read)).await;
        index.map_err(Error::Map)
    }
}

/// What a manifest names must be there: its absence is a loss, never "no value here".
fn lost(path: &Path) -> impl FnOnce(Error) -> Error {
    move |error| match error {
        Error::NotFound(object) => Error::Damaged {
            object,
            reason: "it is gone, though the manifest names it".to_owned(),
        },
        Error::Damaged { reason, .. } => Error::Damaged {
            object: path.to_string(),
            reason,
        },
        other => other,
    }
}

/// The chunks of one shard from their bytes.
fn decode_chunks(
    plan: &ArrayPlan,
    object: &str,
    places: Vec<[usize; 3]>,
    parts: &[Bytes],
) -> Result<Vec<Chunk>, Error> {
    let pairs: Vec<([usize; 3], &Bytes)> = places.into_iter().zip(parts).collect();
    let decode = |decoder: &mut std::io::Result<ChunkDecoder>, (place, bytes): ([usize; 3], &Bytes)| {
        let numbers = match decoder {
            Ok(decoder) => plan.decode_chunk(decoder, bytes),
            Err(error) => Err(error.to_string()),
        };
        let [t, y, x] = place;
        let numbers = numbers.map_err(|reason| Error::Damaged {
            object: object.to_owned(),
            reason: format!("chunk ({t}, {y}, {x}) of array {}: {reason}", plan.path),
        })?;
        let numbers = Arc::new(numbers);
        Ok(Chunk { place, numbers })
    };
    // One decoder serves a few chunks in a row.
    let decoded = pairs
        .into_par_iter()
        .with_min_len(4)
        .map_init(ChunkDecoder::new, decode);
    decoded.collect()
}

/// Ranges, which ascend, joined where less than `gap` lies between two of them.
fn join_close(ranges: &[Range<u64>], gap: u64) -> Vec<Range<u64>> {
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start >= last.start && range.start <= last.end.saturating_add(gap) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range.clone()),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_ranges_are_joined_and_distant_ones_are_not() {
        let ranges = [0..10, 10..20, 25..30, 41..50, 100..110];
        assert_eq!(join_close(&ranges, 5), [0..30, 41..50, 100..110]);
        assert_eq!(join_close(&ranges, 0), [0..20, 25..30, 41..50, 100..110]);
        assert_eq!(join_close(&[], 9), []);
    }
}
