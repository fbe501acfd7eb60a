//! How MET Norway lays out its 2.5 km weather models, MEPS and AROME-Arctic.
//!
//! Until 2024 or 2025 a run was one file a day folder (`meps_det_2_5km_20230101T00Z.nc`), also in a folder of latest runs.
//! Now the day folder has an aggregate (`meps_det_sfc_20260101T00Z.ncml`), which is a description and no data; what it
//! joins are files of one step each, below the run's hour: `00/member_00/meps_sfc_07_20260101T00Z.nc`. Two public programs
//! fetch these; another says that no catalog lists them. So the catalog of the hour is asked, and where it is absent or says
//! nothing of them the names are made.

use driftline_domain::{Composition, ForcingKind, RunTime};
use jiff::SignedDuration;

use super::cycle;
use super::met_norway::{self, Lookup, catalog, whole};
use super::places::Places;
use super::size::least_bytes;
use crate::feed::{About, Field, Listings, Part, Plan, PlanError};
use crate::stamp;

/// Names of a model's folders and files.
pub(super) struct Layout {
    /// Folder of all runs.
    pub(super) archive: &'static str,
    /// Folder of the latest runs.
    pub(super) latest: &'static str,
    /// A run in one file, up to its time.
    pub(super) whole: &'static str,
    /// The description of a run in many files, up to its time.
    pub(super) aggregate: &'static str,
    /// Folder of the steps below the run's hour; empty for none.
    pub(super) member: &'static str,
    /// A step's file, up to the step.
    pub(super) step: &'static str,
    /// Nodes of the grid.
    pub(super) nodes: u64,
}

/// Hours of the last step.
pub(super) const LAST_STEP: i64 = 66;
/// Two components, float32.
const BYTES_A_VALUE: u64 = 4;

/// Hourly from 0 to 66.
pub(super) fn steps() -> Vec<i64> {
    cycle::hours(0, LAST_STEP, 1).collect()
}

/// What is told of a model. Its grid may change with a version: only the cycle before binds.
pub(super) fn about(name: &'static str, title: &'static str) -> About {
    About {
        name,
        title,
        provider: met_norway::PROVIDER,
        attribution: met_norway::ATTRIBUTION,
        licence: met_norway::LICENCE,
        fields: fields(),
        cadence: SignedDuration::from_hours(6),
        first_after: SignedDuration::from_hours(2),
        complete_after: SignedDuration::from_hours(4),
        given_up_after: SignedDuration::from_hours(18),
        horizon: SignedDuration::from_hours(LAST_STEP),
        reissued: false,
        disabled: None,
    }
}

/// What is taken: components along the grid's axes, which the decoder turns to east and north.
fn fields() -> Vec<Field> {
    vec![Field {
        kind: ForcingKind::Wind,
        variables: &[["x_wind_10m", "y_wind_10m"]],
        composition: Composition::Unstated,
        grid: None,
    }]
}

impl Layout {
    /// The parts of a run that are there by now.
    pub(super) fn plan(&self, places: &Places, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
        let day = format!("{}/{}", self.archive, stamp::day_folders(run.0));
        let time = format!("{}Z", stamp::day_t_hour(run.0));
        let found = match catalog(places, &day, listed)? {
            Lookup::Wanted(url) => return Ok(Plan::List(vec![url])),
            Lookup::Absent => return Ok(Plan::Parts(Vec::new())),
            Lookup::Here(found) => found,
        };
        let has = |name: &str| found.datasets.iter().any(|dataset| dataset.name() == name);
        let whole = format!("{}{time}.nc", self.whole);
        if has(&whole) {
            return Ok(Plan::Parts(vec![self.whole_run(places, run, &day, &whole)]));
        }
        if !has(&format!("{}{time}.ncml", self.aggregate)) {
            return Ok(Plan::Parts(Vec::new()));
        }
        let hour = format!("{day}/{}{}", stamp::hour(run.0), self.member);
        let steps = match catalog(places, &hour, listed)? {
            Lookup::Wanted(url) => return Ok(Plan::List(vec![url])),
            Lookup::Absent => Vec::new(),
            Lookup::Here(found) => self.steps_among(&time, found.datasets.iter().map(|dataset| dataset.name())),
        };
        let steps = if steps.is_empty() { self::steps() } else { steps };
        let parts = steps.iter().map(|step| self.one_step(places, run, &hour, *step));
        Ok(Plan::Parts(parts.collect()))
    }

    fn whole_run(&self, places: &Places, run: RunTime, day: &str, name: &str) -> Part {
        let steps = steps();
        let paths = [format!("{day}/{name}"), format!("{}/{name}", self.latest)];
        let least = least_bytes(2 * steps.len() as u64, self.nodes, BYTES_A_VALUE);
        cycle::part(run, "whole".to_owned(), &steps, whole(places, &paths, least))
    }

    fn one_step(&self, places: &Places, run: RunTime, hour: &str, step: i64) -> Part {
        let time = stamp::day_t_hour(run.0);
        let path = format!("{hour}/{}{step:02}_{time}Z.nc", self.step);
        let least = least_bytes(2, self.nodes, BYTES_A_VALUE);
        cycle::step_part(run, step, whole(places, &[path], least))
    }

    /// Steps that names tell of, ascending.
    fn steps_among<'a>(&self, time: &str, names: impl Iterator<Item = &'a str>) -> Vec<i64> {
        let step = |name: &str| {
            let step = name.strip_prefix(self.step)?.strip_suffix(&format!("_{time}.nc"))?;
            step.parse::<i64>().ok().filter(|step| (0..=LAST_STEP).contains(step))
        };
        let mut steps: Vec<i64> = names.filter_map(step).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}
