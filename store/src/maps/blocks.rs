//! Decoded blocks of fields, kept in memory and made once however many ask at the same time.
//!
//! A block is a square of nodes over the steps of one stored chunk. Blocks of a thinned field hold every n-th node:
//! nodes are picked, nothing is averaged, so that a coarse picture shows true values of true places and land keeps its
//! shape up to the spacing. Blocks stand at fixed nodes, so that a map that is moved finds what it showed before.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use driftline_domain::{ForcingKind, VectorField};
use moka::future::Cache;
use object_store::path::Path;
use rayon::prelude::*;

use super::shards::{ArrayPlan, ShardIndex};
use crate::packing::{self, MISSING};
use crate::{Error, SeriesRef, Store};

/// Nodes along a side of a block: one stored chunk where the field is not thinned.
pub(crate) const BLOCK_NODES: usize = 60;
/// Share of the cache that indices of shards may take.
const INDEX_SHARE: u64 = 16;
/// Arrays whose metadata is remembered.
const MAX_PLANS: u64 = 4096;

/// What maps keep in memory.
pub(crate) struct MapCache {
    blocks: Cache<BlockKey, Cached>,
    indices: Cache<Path, Arc<ShardIndex>>,
    plans: Cache<Path, Arc<ArrayPlan>>,
}

/// A block without any value takes no memory.
type Cached = Option<Arc<Block>>;

/// A square of nodes over the steps of one chunk.
pub(crate) struct Block {
    /// Nodes in a row.
    pub(crate) nx: usize,
    /// One field per step.
    pub(crate) steps: Vec<VectorField>,
}

/// Which block. A prefix belongs to one revision of one cycle for ever, so that nothing here goes stale.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BlockKey {
    /// Prefix of the cycle.
    pub(crate) prefix: Arc<str>,
    /// Series within the cycle.
    pub(crate) series: usize,
    /// Every how many nodes.
    pub(crate) stride: usize,
    /// Position along steps (in chunks), rows and columns (in blocks).
    pub(crate) place: [usize; 3],
}

impl MapCache {
    /// A cache that holds about this many bytes of decoded fields.
    pub(crate) fn new(bytes: u64) -> Self {
        let weigh_block = |_: &BlockKey, block: &Cached| {
            let values = block.as_ref().map_or(0, |block| {
                block.steps.iter().map(|step| 2 * step.east.len()).sum::<usize>()
            });
            u32::try_from(values * size_of::<f32>() + 256).unwrap_or(u32::MAX)
        };
        let weigh_index = |_: &Path, index: &Arc<ShardIndex>| {
            u32::try_from(index.len() * size_of::<Option<Range<u64>>>() + 256).unwrap_or(u32::MAX)
        };
        Self {
            blocks: Cache::builder().weigher(weigh_block).max_capacity(bytes).build(),
            indices: Cache::builder()
                .weigher(weigh_index)
                .max_capacity(bytes / INDEX_SHARE)
                .build(),
            plans: Cache::new(MAX_PLANS),
        }
    }
}

impl Store {
    /// A block from memory, or read and decoded by the first who asks.
    pub(crate) async fn block(&self, series: &SeriesRef, key: BlockKey) -> Result<Cached, Error> {
        if let Some(block) = self.maps.blocks.get(&key).await {
            return Ok(block);
        }
        let (chosen, wanted) = (series.clone(), key.clone());
        let made = self
            .maps
            .blocks
            .try_get_with(key, Box::pin(async move { self.read_block(&chosen, &wanted).await }));
        made.await.map_err(Error::Map)
    }

    /// Steps in a chunk of a series.
    pub(crate) async fn chunk_steps(&self, series: &SeriesRef) -> Result<usize, Error> {
        let [first, _] = series.entry().kind.components();
        Ok(self.plan(series, first.array_name()).await?.chunk[0])
    }

    async fn read_block(&self, series: &SeriesRef, key: &BlockKey) -> Result<Cached, Error> {
        let entry = series.entry();
        let (kind, steps, [t, row, column]) = (entry.kind, entry.times.len(), key.place);
        let rows = Picked::of(row, key.stride, entry.grid.ny());
        let columns = Picked::of(column, key.stride, entry.grid.nx());
        let mut fetched = Vec::new();
        for variable in kind.components() {
            let plan = self.plan(series, variable.array_name()).await?;
            let chunks = self.chunks(series, &plan, t, &rows, &columns).await?;
            fetched.push((plan, chunks));
        }
        // The first array tells where values are: a calm sea has a height and no direction.
        if fetched.first().is_none_or(|(_, chunks)| chunks.is_empty()) {
            return Ok(None);
        }
        let decode = move || decode_block(kind, &fetched, t, steps, &rows, &columns);
        self.compute.run(decode).await?
    }

    async fn plan(&self, series: &SeriesRef, array: &str) -> Result<Arc<ArrayPlan>, Error> {
        let (manifest, below) = (&series.cycle.manifest, format!("{}/{array}", series.entry().group));
        let path = Path::from(format!("{}/{below}/zarr.json", manifest.prefix));
        if let Some(plan) = self.maps.plans.get(&path).await {
            return Ok(plan);
        }
        let read = async {
            let metadata = self.metadata_of(manifest, &below).await?;
            ArrayPlan::parse(&below, &metadata).map(Arc::new)
        };
        let plan = self.maps.plans.try_get_with(path, Box::pin(read)).await;
        plan.map_err(Error::Map)
    }

    /// The encoded chunks of an array that picked nodes lie in; chunks without any value are left out.
    async fn chunks(
        &self,
        series: &SeriesRef,
        plan: &Arc<ArrayPlan>,
        t: usize,
        rows: &Picked,
        columns: &Picked,
    ) -> Result<Vec<EncodedChunk>, Error> {
        let mut shards: BTreeMap<String, Vec<(usize, [usize; 2])>> = BTreeMap::new();
        for row in rows.chunks(plan.chunk[1]) {
            for column in columns.chunks(plan.chunk[2]) {
                let (shard, position) = plan.place_of([t, row, column]);
                shards.entry(shard).or_default().push((position, [row, column]));
            }
        }
        let manifest = &series.cycle.manifest;
        let mut found = Vec::new();
        for (shard, wanted) in shards {
            // A shard without any value is not stored, and then the manifest does not name it either.
            let Some(entry) = manifest.object(&shard) else { continue };
            let path = Path::from(format!("{}/{shard}", manifest.prefix));
            let index = self.shard_index(plan, &path, entry.bytes).await?;
            let ranges = wanted.into_iter().filter_map(|(position, place)| {
                let range = index.get(position)?.clone()?;
                Some((place, range))
            });
            let (places, ranges): (Vec<[usize; 2]>, Vec<Range<u64>>) = ranges.unzip();
            let parts = self.objects.get_ranges(&path, &ranges).await?;
            let object: Arc<str> = path.as_ref().into();
            found.extend(places.into_iter().zip(parts).map(|(place, bytes)| EncodedChunk {
                object: Arc::clone(&object),
                place,
                bytes,
            }));
        }
        Ok(found)
    }

    async fn shard_index(
        &self,
        plan: &Arc<ArrayPlan>,
        path: &Path,
        named_bytes: u64,
    ) -> Result<Arc<ShardIndex>, Error> {
        let read = async {
            let (bytes, size) = self.objects.get_end(path, plan.index_bytes()?).await?;
            let damaged = |reason: String| Error::Damaged {
                object: path.to_string(),
                reason,
            };
            if size != named_bytes {
                return Err(damaged(format!("it has {size} bytes, the manifest says {named_bytes}")));
            }
            let index = plan.decode_index(&bytes, size);
            index.map(Arc::new).map_err(|error| damaged(error.to_string()))
        };
        let index = self.maps.indices.try_get_with_by_ref(path, Box::pin(read)).await;
        index.map_err(Error::Map)
    }
}

/// A chunk as stored.
struct EncodedChunk {
    /// The shard's path.
    object: Arc<str>,
    /// Row and column in chunks.
    place: [usize; 2],
    bytes: Bytes,
}

/// The nodes of a block along one axis: `first`, then every `stride`-th.
struct Picked {
    first: usize,
    stride: usize,
    count: usize,
}

impl Picked {
    /// The nodes of this block on an axis of `nodes`.
    fn of(block: usize, stride: usize, nodes: usize) -> Self {
        let thinned = nodes.div_ceil(stride);
        Self {
            first: block * BLOCK_NODES * stride,
            stride,
            count: BLOCK_NODES.min(thinned.saturating_sub(block * BLOCK_NODES)),
        }
    }

    fn node(&self, k: usize) -> usize {
        self.first + k * self.stride
    }

    /// The chunks that the nodes lie in, ascending.
    fn chunks(&self, size: usize) -> Vec<usize> {
        let mut chunks: Vec<usize> = (0..self.count).map(|k| self.node(k) / size).collect();
        chunks.dedup();
        chunks
    }

    /// The nodes that lie in a chunk: number within the block, and place within the chunk.
    fn within(&self, chunk: usize, size: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
        let first = (chunk * size).saturating_sub(self.first).div_ceil(self.stride);
        let end = ((chunk + 1) * size).saturating_sub(self.first).div_ceil(self.stride);
        let (from, stride) = (self.first, self.stride);
        (first..end.min(self.count)).map(move |k| (k, from + k * stride - chunk * size))
    }
}

/// Fields of a block from the encoded chunks of both arrays; `None` where no node has a value.
fn decode_block(
    kind: ForcingKind,
    fetched: &[(Arc<ArrayPlan>, Vec<EncodedChunk>)],
    t: usize,
    steps: usize,
    rows: &Picked,
    columns: &Picked,
) -> Result<Cached, Error> {
    let mut arrays = Vec::new();
    for (plan, chunks) in fetched {
        arrays.push(pick(plan, chunks, t, steps, rows, columns)?);
    }
    let [first, second] = arrays.as_slice() else {
        return Ok(None);
    };
    if first.iter().flatten().all(|&number| number == MISSING) {
        return Ok(None);
    }
    let pairs = first.iter().zip(second);
    Ok(Some(Arc::new(Block {
        nx: columns.count,
        steps: pairs
            .map(|(first, second)| packing::unpack(kind, [first, second]))
            .collect(),
    })))
}

/// The picked numbers of one array, step by step.
fn pick(
    plan: &ArrayPlan,
    chunks: &[EncodedChunk],
    t: usize,
    steps: usize,
    rows: &Picked,
    columns: &Picked,
) -> Result<Vec<Vec<i16>>, Error> {
    let [chunk_steps, chunk_y, chunk_x] = plan.chunk;
    let held = chunk_steps.min(steps.saturating_sub(t * chunk_steps));
    let mut picked = vec![vec![MISSING; rows.count * columns.count]; held];
    let decoded = chunks.par_iter().map(|chunk| {
        let numbers = plan.decode_chunk(&chunk.bytes).map_err(|error| Error::Damaged {
            object: chunk.object.to_string(),
            reason: format!("chunk ({t}, {}, {}): {error}", chunk.place[0], chunk.place[1]),
        })?;
        let across = || columns.within(chunk.place[1], chunk_x);
        let nodes: Vec<(usize, usize)> = rows
            .within(chunk.place[0], chunk_y)
            .flat_map(|(row, y)| across().map(move |(column, x)| (row * columns.count + column, y * chunk_x + x)))
            .collect();
        let steps = (0..held).map(|step| {
            let plane = &numbers[step * chunk_y * chunk_x..];
            nodes.iter().map(|&(to, from)| (to, plane[from])).collect()
        });
        Ok(steps.collect())
    });
    // Per chunk and step: where in the block each number goes.
    let decoded: Vec<Vec<Vec<(usize, i16)>>> = decoded.collect::<Result<_, Error>>()?;
    for chunk in decoded {
        for (step, numbers) in picked.iter_mut().zip(chunk) {
            for (to, number) in numbers {
                step[to] = number;
            }
        }
    }
    Ok(picked)
}
