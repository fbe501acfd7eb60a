//! Where the files lie: found in the day's catalog.

use driftline_domain::RunTime;

use super::variables;
use crate::feed::{Listings, Plan, PlanError};
use crate::feeds::harmonie::Layout;
use crate::feeds::places::Places;

const LAYOUT: Layout = Layout {
    archive: "meps25epsarchive",
    latest: "mepslatest",
    whole: "meps_det_2_5km_",
    aggregate: "meps_det_sfc_",
    member: "/member_00",
    step: "meps_sfc_",
    nodes: variables::NODES,
};

pub(super) fn plan(places: &Places, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
    LAYOUT.plan(places, run, listed)
}
