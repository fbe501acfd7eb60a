//! Where the files lie, and what their names say.

use driftline_domain::RunTime;

use super::domain;
use crate::feed::{Listings, Plan, PlanError};
use crate::feeds::marine_store::{Dataset, FileName, NODES};
use crate::feeds::places::Places;
use crate::feeds::size::least_bytes;
use crate::stamp;

const DATASET: Dataset = Dataset {
    product: "GLOBAL_ANALYSISFORECAST_PHY_001_024",
    stem: "cmems_mod_glo_phy_anfc_merged-uv_PT1H-i_",
    name_of,
    // Two variables of 24 steps, float32, are the least that is in it.
    least_bytes: least_bytes(2 * 24, NODES, 4),
};

pub(super) fn plan(places: &Places, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
    DATASET.plan(places, run, &domain::files(run), listed)
}

/// `SMOC_20240606_R20240607.nc`.
fn name_of(name: &str) -> Option<FileName> {
    let (day, run) = name.strip_prefix("SMOC_")?.strip_suffix(".nc")?.split_once("_R")?;
    Some(FileName {
        begins: stamp::read(day)?,
        run: RunTime(stamp::read(run)?),
    })
}
