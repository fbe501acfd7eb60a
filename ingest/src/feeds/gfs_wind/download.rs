//! Where the files lie: two buckets, NOMADS' files, and NOMADS' grib filter last.

use driftline_domain::RunTime;

use super::variables::WANTED;
use crate::feed::{Listings, Place, Plan, PlanError};
use crate::feeds::nodd;
use crate::feeds::places::Places;
use crate::stamp;

/// Last step that the filter's hourly script has.
const LAST_HOURLY: i64 = 120;

pub(super) fn plan(places: &Places, run: RunTime, _listed: &Listings) -> Result<Plan, PlanError> {
    Ok(Plan::Parts(nodd::parts(run, |step| of_step(places, run, step))))
}

fn of_step(places: &Places, run: RunTime, step: i64) -> Vec<Place> {
    let (day, hour) = (stamp::day(run.0), stamp::hour(run.0));
    let folder = format!("gfs.{day}/{hour}/atmos");
    let file = format!("gfs.t{hour}z.pgrb2.0p25.f{step:03}");
    let mut found = nodd::indexed(places, &format!("{folder}/{file}"), &WANTED);
    let script = if step <= LAST_HOURLY {
        "filter_gfs_0p25_1hr.pl"
    } else {
        "filter_gfs_0p25.pl"
    };
    let query = [
        ("file", file.as_str()),
        ("lev_10_m_above_ground", "on"),
        ("var_UGRD", "on"),
        ("var_VGRD", "on"),
        ("dir", &format!("/{folder}")),
    ];
    found.extend(nodd::filtered(places, script, &query));
    found
}
