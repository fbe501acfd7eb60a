//! Published runs as maps need them: positions at one output time, tracks, areas and datums, decoded once and kept in
//! memory by their size in bytes. Published runs never change, so nothing kept is ever wrong. Whoever asks for
//! something that is being decoded waits for it instead of decoding it again.

mod binary;
mod density;
mod layout;
mod positions;
mod scatters;
mod shapes;
mod sparse;
mod times;

pub(crate) use binary::Binary;
pub(crate) use density::BandTimes;
pub(crate) use layout::Layout;
pub(crate) use positions::Positions;
pub(crate) use shapes::{Area, RunAreas, RunDatums, RunTracks, feature_rows};
pub(crate) use times::output_times;

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use driftline_database::Run;
use driftline_domain::RunId;
use driftline_tiles::{DensityGrid, Scatter};
use moka::future::Cache;

use crate::compression::Encoding;
use crate::features::{Collection, FeatureRows};
use crate::{AppState, Error};

const MIB: u64 = 1024 * 1024;

/// What is kept of runs. Each kind has its own room, so that none can take the others' place.
pub(crate) struct RunCache {
    layouts: Cache<RunId, Kept<Layout>>,
    positions: Cache<(RunId, usize), Kept<Positions>>,
    scatters: Cache<(RunId, usize), Kept<Scatter>>,
    tracks: Cache<RunId, Kept<RunTracks>>,
    areas: Cache<RunId, Kept<RunAreas>>,
    datums: Cache<RunId, Kept<RunDatums>>,
    rows: Cache<(RunId, Collection), Kept<FeatureRows>>,
    band_times: Cache<RunId, Kept<BandTimes>>,
    bands: Cache<(RunId, usize), Kept<DensityGrid>>,
    binaries: Cache<(RunId, usize, Encoding), Kept<Binary>>,
}

/// Something of a run; `None` when the run has no such thing.
type Kept<T> = Option<Arc<T>>;

/// How much room something takes.
pub(crate) trait Bytes {
    /// Bytes in memory, roughly.
    fn bytes(&self) -> usize;
}

impl Default for RunCache {
    fn default() -> Self {
        Self {
            layouts: room(16 * MIB),
            positions: room(96 * MIB),
            scatters: room(128 * MIB),
            tracks: room(32 * MIB),
            areas: room(64 * MIB),
            datums: room(16 * MIB),
            rows: room(64 * MIB),
            band_times: room(4 * MIB),
            bands: room(64 * MIB),
            binaries: room(96 * MIB),
        }
    }
}

fn room<K: Hash + Eq + Send + Sync + 'static, T: Bytes + Send + Sync + 'static>(bytes: u64) -> Cache<K, Kept<T>> {
    let weigh = |_: &K, kept: &Kept<T>| {
        let bytes = kept.as_ref().map_or(0, |kept| kept.bytes());
        u32::try_from(bytes.saturating_add(128)).unwrap_or(u32::MAX)
    };
    Cache::builder().max_capacity(bytes).weigher(weigh).build()
}

async fn kept<K, T>(
    cache: &Cache<K, Kept<T>>,
    key: K,
    make: impl Future<Output = Result<Option<T>, Error>>,
) -> Result<Kept<T>, Error>
where
    K: Hash + Eq + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    if let Some(kept) = cache.get(&key).await {
        return Ok(kept);
    }
    // Boxed, because both are large and stand inside the futures of handlers.
    let make = Box::pin(async { make.await.map(|made| made.map(Arc::new)) });
    Box::pin(cache.try_get_with(key, make)).await.map_err(Error::Shared)
}

impl RunCache {
    /// How `particles.parquet` is laid out.
    pub(crate) async fn layout(state: &AppState, run: &Run) -> Result<Kept<Layout>, Error> {
        kept(&state.runs().layouts, run.id, Layout::read(state, run)).await
    }

    /// Every particle at the output time of this number.
    pub(crate) async fn positions(state: &AppState, run: &Run, step: usize) -> Result<Kept<Positions>, Error> {
        let read = async {
            match Self::layout(state, run).await? {
                Some(layout) => Positions::read(state, run, &layout, step).await,
                None => Ok(None),
            }
        };
        kept(&state.runs().positions, (run.id, step), read).await
    }

    /// The same sorted for vector tiles.
    pub(crate) async fn scatter(state: &AppState, run: &Run, step: usize) -> Result<Kept<Scatter>, Error> {
        kept(&state.runs().scatters, (run.id, step), scatters::read(state, run, step)).await
    }

    /// The sample of tracks.
    pub(crate) async fn tracks(state: &AppState, run: &Run) -> Result<Kept<RunTracks>, Error> {
        kept(&state.runs().tracks, run.id, RunTracks::read(state, run)).await
    }

    /// Search areas.
    pub(crate) async fn areas(state: &AppState, run: &Run) -> Result<Kept<RunAreas>, Error> {
        kept(&state.runs().areas, run.id, RunAreas::read(state, run)).await
    }

    /// Features as text.
    pub(crate) async fn rows(state: &AppState, run: &Run, collection: Collection) -> Result<Kept<FeatureRows>, Error> {
        let read = FeatureRows::of_run(state, run, collection);
        kept(&state.runs().rows, (run.id, collection), read).await
    }

    /// Mean and most likely positions.
    pub(crate) async fn datums(state: &AppState, run: &Run) -> Result<Kept<RunDatums>, Error> {
        kept(&state.runs().datums, run.id, RunDatums::read(state, run)).await
    }
}

impl RunCache {
    /// When the run has a probability raster; `None` for runs of versions that made none.
    pub(crate) async fn band_times(state: &AppState, run: &Run) -> Result<Kept<BandTimes>, Error> {
        kept(&state.runs().band_times, run.id, density::read_times(state, run)).await
    }

    /// The probability raster of this number, as counted by its times.
    pub(crate) async fn band(state: &AppState, run: &Run, band: usize) -> Result<Kept<DensityGrid>, Error> {
        kept(
            &state.runs().bands,
            (run.id, band),
            density::read_band(state, run, band),
        )
        .await
    }
}

impl RunCache {
    /// All particles over all output times, at most so many, as one binary in an encoding.
    pub(crate) async fn binary(
        state: &AppState,
        run: &Run,
        max: usize,
        encoding: Encoding,
    ) -> Result<Kept<Binary>, Error> {
        let read = Binary::read(state, run, max, encoding);
        kept(&state.runs().binaries, (run.id, max, encoding), read).await
    }
}

/// A file of a run that cannot be read.
pub(crate) fn broken(run: &Run, file: &str, reason: impl ToString) -> Error {
    Error::Results {
        run: run.id.to_string(),
        file: file.to_owned(),
        reason: reason.to_string(),
    }
}
