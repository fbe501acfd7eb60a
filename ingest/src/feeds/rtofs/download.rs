//! Where the files lie: NOMADS only.

use driftline_domain::RunTime;

use super::domain;
use crate::feed::{Listings, Plan, PlanError, Server};
use crate::feeds::cycle;
use crate::feeds::places::{Places, RealPlace};
use crate::feeds::size::least_bytes;
use crate::stamp;

/// The one place.
pub(super) const PLACES: [RealPlace; 1] = [RealPlace {
    name: "nomads",
    base: "https://nomads.ncep.noaa.gov/pub/data/nccf/com/rtofs/prod",
    server: Server::Nomads,
}];

/// Two components, float32.
const LEAST_BYTES: u64 = least_bytes(2, 4500 * 3298, 4);

pub(super) fn plan(places: &Places, run: RunTime, _listed: &Listings) -> Result<Plan, PlanError> {
    let part = |step: i64| {
        let key = format!("rtofs.{}/rtofs_glo_2ds_f{step:03}_prog.nc", stamp::day(run.0));
        cycle::step_part(run, step, places.whole(&["nomads"], &key, LEAST_BYTES))
    };
    Ok(Plan::Parts(domain::steps().map(part).collect()))
}
