//! Where the files lie: NOMADS only.

use driftline_domain::RunTime;

use super::domain;
use crate::feed::{Listings, Part, Plan, PlanError, Server};
use crate::feeds::places::{Places, RealPlace};
use crate::stamp;

/// The one place.
pub(super) const PLACES: [RealPlace; 1] = [RealPlace {
    name: "nomads",
    base: "https://nomads.ncep.noaa.gov/pub/data/nccf/com/rtofs/prod",
    server: Server::Nomads,
}];

/// Two components, float32, at the most that deflate compresses.
const LEAST_BYTES: u64 = 2 * 4500 * 3298 * 4 / 1032;

pub(super) fn plan(places: &Places, run: RunTime, _listed: &Listings) -> Result<Plan, PlanError> {
    let part = |step: i64| {
        let key = format!("rtofs.{}/rtofs_glo_2ds_f{step:03}_prog.nc", stamp::day(run.0));
        Part {
            name: format!("f{step:03}"),
            times: vec![stamp::valid(run, step)],
            places: places.whole(&["nomads"], &key, LEAST_BYTES),
        }
    };
    Ok(Plan::Parts(domain::steps().map(part).collect()))
}
