//! Where the files lie, and what their names say.

use driftline_domain::RunTime;

use crate::feeds::marine_store::{Dataset, FileName, least_bytes};
use crate::stamp;

pub(super) const DATASET: Dataset = Dataset {
    product: "GLOBAL_ANALYSISFORECAST_PHY_001_024",
    stem: "cmems_mod_glo_phy_anfc_merged-uv_PT1H-i_",
    name_of,
    // Two variables of 24 steps, float32, are the least that is in it.
    least_bytes: least_bytes(2 * 24, 4),
};

/// `SMOC_20240606_R20240607.nc`.
pub(super) fn name_of(name: &str) -> Option<FileName> {
    let (day, run) = name.strip_prefix("SMOC_")?.strip_suffix(".nc")?.split_once("_R")?;
    Some(FileName {
        begins: stamp::read(day)?,
        run: RunTime(stamp::read(run)?),
    })
}
