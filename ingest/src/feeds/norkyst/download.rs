//! Where the files lie: found in the day's catalog.

use driftline_domain::RunTime;

use super::{domain, variables};
use crate::feed::{Listings, Part, Plan, PlanError};
use crate::feeds::cycle;
use crate::feeds::met_norway::{Lookup, catalog, whole};
use crate::feeds::places::Places;
use crate::feeds::size::least_bytes;
use crate::stamp;

const FOLDER: &str = "fou-hi/norkystv3_his_files";

pub(super) fn plan(places: &Places, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
    let folder = format!("{FOLDER}/{}", stamp::day_folders(run.0));
    let found = match catalog(places, &folder, listed)? {
        Lookup::Wanted(url) => return Ok(Plan::List(vec![url])),
        Lookup::Absent => return Ok(Plan::Parts(Vec::new())),
        Lookup::Here(found) => found,
    };
    let mut days: Vec<(i64, String)> = Vec::new();
    for dataset in &found.datasets {
        match day_of(dataset.name(), run) {
            Some(day) if days.iter().all(|(other, _)| *other != day) => days.push((day, dataset.path.clone())),
            _ => {}
        }
    }
    days.sort();
    Ok(Plan::Parts(
        days.into_iter()
            .map(|(day, path)| one_day(places, run, day, path))
            .collect(),
    ))
}

fn one_day(places: &Places, run: RunTime, day: i64, path: String) -> Part {
    let steps: Vec<i64> = domain::steps().filter(|step| step.div_euclid(24) == day).collect();
    // Two components at every depth, packed to 16 bits or more.
    let fields = 2 * variables::DEPTHS * steps.len() as u64;
    let least = least_bytes(fields, variables::NODES, 2);
    let name = stamp::day(stamp::valid(run, 24 * day).0);
    cycle::part(run, name, &steps, whole(places, &[path], least))
}

/// Which day of the run a file holds: `norkyst800_his_zdepth_20260727T00Z_m00_AN.nc` is day 0,
/// `norkyst800_his_zdepth_latest_m00_FC_0001.nc` day 1.
pub(super) fn day_of(name: &str, run: RunTime) -> Option<i64> {
    let rest = name.strip_prefix("norkyst800_his_zdepth_")?.strip_suffix(".nc")?;
    let (time, kind) = rest.split_once("_m00_")?;
    let own = time == format!("{}Z", stamp::day_t_hour(run.0));
    match kind.strip_prefix("FC_") {
        Some(day) if own || time == "latest" => day
            .parse()
            .ok()
            .filter(|day| (1..=domain::LAST_STEP / 24).contains(day)),
        None if own && kind == "AN" => Some(0),
        _ => None,
    }
}
