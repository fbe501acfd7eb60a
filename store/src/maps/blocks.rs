//! Decoded blocks of fields, kept in memory and made once however many ask at the same time.
//!
//! A block is a square of nodes over the steps of one stored chunk. Blocks of a thinned field hold every n-th node:
//! nodes are picked, nothing is averaged, so that a coarse picture shows true values of true places and land keeps its
//! shape up to the spacing. Blocks stand at fixed nodes, so that a map that is moved finds what it showed before.

use std::sync::Arc;

use driftline_domain::{ForcingKind, VectorField};
use moka::future::Cache;
use rayon::prelude::*;

use crate::array_plan::ArrayPlan;
use crate::chunks::{Chunk, ChunkCache, Keep};
use crate::packing::{self, MISSING};
use crate::{Error, SeriesRef, Store};

/// Nodes along a side of a block: one stored chunk where the field is not thinned.
pub(crate) const BLOCK_NODES: usize = 60;

/// What maps and windows keep in memory: half of it blocks, half of it chunks.
pub(crate) struct MapCache {
    blocks: Cache<BlockKey, Cached>,
    pub(crate) chunks: ChunkCache,
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
        Self {
            blocks: Cache::builder().weigher(weigh_block).max_capacity(bytes / 2).build(),
            chunks: ChunkCache::new(bytes / 2),
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
        Ok(self.array_plan(series, first).await?.layout.chunk[0])
    }

    async fn read_block(&self, series: &SeriesRef, key: &BlockKey) -> Result<Cached, Error> {
        let entry = series.entry();
        let (kind, steps, [t, row, column]) = (entry.kind, entry.times.len(), key.place);
        let rows = Picked::of(row, key.stride, entry.grid.ny());
        let columns = Picked::of(column, key.stride, entry.grid.nx());
        let mut fetched = Vec::new();
        for variable in kind.components() {
            let plan = self.array_plan(series, variable).await?;
            let size = plan.layout.chunk;
            let across = columns.chunks(size[2]);
            let places = rows.chunks(size[1]).into_iter();
            let places = places.flat_map(|row| across.iter().map(move |&column| [t, row, column]));
            let chunks = self.read_chunks(series, &plan, places.collect(), Keep::Nothing).await?;
            fetched.push((plan, chunks));
        }
        // The first array tells where values are: a calm sea has a height and no direction.
        if fetched.first().is_none_or(|(_, chunks)| chunks.is_empty()) {
            return Ok(None);
        }
        let decode = move || pick_block(kind, &fetched, t, steps, &rows, &columns);
        Ok(self.compute.run(decode).await?)
    }
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

/// Fields of a block from the chunks of both arrays; `None` where no node has a value.
fn pick_block(
    kind: ForcingKind,
    read: &[(Arc<ArrayPlan>, Vec<Chunk>)],
    t: usize,
    steps: usize,
    rows: &Picked,
    columns: &Picked,
) -> Cached {
    let pick_array = |(plan, chunks): &(Arc<ArrayPlan>, Vec<Chunk>)| pick(plan, chunks, t, steps, rows, columns);
    let arrays: Vec<Vec<Vec<i16>>> = read.par_iter().map(pick_array).collect();
    let [first, second] = arrays.as_slice() else {
        return None;
    };
    if first.iter().flatten().all(|&number| number == MISSING) {
        return None;
    }
    let pairs = first.iter().zip(second);
    Some(Arc::new(Block {
        nx: columns.count,
        steps: pairs
            .map(|(first, second)| packing::unpack(kind, [first, second]))
            .collect(),
    }))
}

/// The picked numbers of one array, step by step.
fn pick(plan: &ArrayPlan, chunks: &[Chunk], t: usize, steps: usize, rows: &Picked, columns: &Picked) -> Vec<Vec<i16>> {
    let [chunk_steps, chunk_y, chunk_x] = plan.layout.chunk;
    let held = chunk_steps.min(steps.saturating_sub(t * chunk_steps));
    let mut picked = vec![vec![MISSING; rows.count * columns.count]; held];
    for chunk in chunks {
        let [_, chunk_row, chunk_column] = chunk.place;
        for (plane, step) in chunk.numbers.chunks_exact(chunk_y * chunk_x).zip(&mut picked) {
            for (row, y) in rows.within(chunk_row, chunk_y) {
                for (column, x) in columns.within(chunk_column, chunk_x) {
                    step[row * columns.count + column] = plane[y * chunk_x + x];
                }
            }
        }
    }
    picked
}
