//! Every particle of a run at one output time, sorted for vector tiles.

use driftline_database::Run;
use driftline_tiles::Scatter;

use super::layout::FILE;
use super::{RunCache, broken};
use crate::{AppState, Error};

impl super::Bytes for Scatter {
    fn bytes(&self) -> usize {
        Scatter::bytes(self)
    }
}

/// The particles at the output time of this number.
pub(super) async fn read(state: &AppState, run: &Run, step: usize) -> Result<Option<Scatter>, Error> {
    let Some(positions) = RunCache::positions(state, run, step).await? else {
        return Ok(None);
    };
    let sort = move || {
        let kinds: Vec<u8> = positions.status.iter().map(|status| *status as u8).collect();
        Scatter::new(&positions.lon_deg, &positions.lat_deg, &kinds)
    };
    let sorted = state.compute.run(sort).await;
    sorted.map(Some).map_err(|error| broken(run, FILE, error))
}
