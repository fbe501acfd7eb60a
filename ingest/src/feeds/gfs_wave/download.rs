//! Where the files lie: two buckets, and NOMADS' files. No filter: its script for waves is not known.

use driftline_domain::RunTime;

use super::variables::WANTED;
use crate::feed::{Listings, Place, Plan, PlanError};
use crate::feeds::nodd;
use crate::feeds::places::{Places, RealPlace};
use crate::stamp;

/// The places, best first: those of GFS but for the filter.
pub(super) const PLACES: [RealPlace; 3] = [nodd::PLACES[0], nodd::PLACES[1], nodd::PLACES[2]];

pub(super) fn plan(places: &Places, run: RunTime, _listed: &Listings) -> Result<Plan, PlanError> {
    Ok(Plan::Parts(nodd::parts(run, |step| of_step(places, run, step))))
}

fn of_step(places: &Places, run: RunTime, step: i64) -> Vec<Place> {
    let (day, hour) = (stamp::day(run.0), stamp::hour(run.0));
    let key = format!("gfs.{day}/{hour}/wave/gridded/gfswave.t{hour}z.global.0p25.f{step:03}.grib2");
    nodd::indexed(places, &key, &WANTED)
}
