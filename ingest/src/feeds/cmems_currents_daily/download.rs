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
    stem: "cmems_mod_glo_phy-cur_anfc_0.083deg_P1D-m_",
    name_of,
    // Two variables of one step and one depth, int16, are the least that is in it.
    least_bytes: least_bytes(2, NODES, 2),
};

pub(super) fn plan(places: &Places, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
    DATASET.plan(places, run, &domain::files(run), listed)
}

/// `glo12_rg_1d-m_20231201-20231201_3D-uovo_hcst_R20231213.nc`, whatever the mode.
fn name_of(name: &str) -> Option<FileName> {
    let rest = name.strip_prefix("glo12_rg_1d-m_")?.strip_suffix(".nc")?;
    let (days, rest) = rest.split_once("_3D-uovo_")?;
    let (first, last) = days.split_once('-')?;
    let (_, run) = rest.rsplit_once("_R")?;
    (first == last).then_some(FileName {
        begins: stamp::read(first)?,
        run: RunTime(stamp::read(run)?),
    })
}
