//! The probability raster of a run, `probability.tif`: one band for each output time, named by it.

use driftline_database::Run;
use driftline_domain::ValidTime;
use driftline_tiles::{DensityGrid, cog};

use super::broken;
use crate::features::FileCache;
use crate::maps::lists_file;
use crate::{AppState, Error};

const FILE: &str = "probability.tif";

/// What is known of the bands without reading one.
#[derive(Debug)]
pub(crate) struct BandTimes {
    /// Their times, in their order.
    pub(crate) times: Vec<ValidTime>,
    /// Their cells, without values.
    pub(crate) grid: DensityGrid,
}

impl super::Bytes for BandTimes {
    fn bytes(&self) -> usize {
        self.times.len() * size_of::<ValidTime>()
    }
}

impl super::Bytes for DensityGrid {
    fn bytes(&self) -> usize {
        self.values.len() * size_of::<f32>()
    }
}

pub(super) async fn read_times(state: &AppState, run: &Run) -> Result<Option<BandTimes>, Error> {
    let Some(bytes) = file(state, run).await? else {
        return Ok(None);
    };
    let read = move || Ok::<_, driftline_tiles::Error>((cog::read_descriptions(&bytes)?, cog::read_grid(&bytes)?));
    let read = state.compute.run(read).await;
    let read = read.map_err(|error| broken(run, FILE, error))?;
    let (names, grid) = read.map_err(|error| broken(run, FILE, error))?;
    let times: Result<Vec<ValidTime>, _> = names.iter().map(|name| name.parse()).collect();
    let times = times.map_err(|error| broken(run, FILE, format!("a band's name: {error}")))?;
    if !times.is_sorted() {
        return Err(broken(run, FILE, "its bands are not in the order of time"));
    }
    Ok(Some(BandTimes { times, grid }))
}

pub(super) async fn read_band(state: &AppState, run: &Run, band: usize) -> Result<Option<DensityGrid>, Error> {
    let Some(bytes) = file(state, run).await? else {
        return Ok(None);
    };
    let read = state.compute.run(move || cog::read_band(&bytes, band)).await;
    let read = read.map_err(|error| broken(run, FILE, error))?;
    read.map(Some).map_err(|error| broken(run, FILE, error))
}

async fn file(state: &AppState, run: &Run) -> Result<Option<bytes::Bytes>, Error> {
    if lists_file(run, FILE) {
        FileCache::read(state, run, FILE).await
    } else {
        Ok(None)
    }
}
