//! Where the files lie, and what their names say.

use driftline_domain::RunTime;

use super::domain;
use crate::feed::{Listings, Plan, PlanError};
use crate::feeds::marine_store::{Dataset, FileName, NODES};
use crate::feeds::places::Places;
use crate::feeds::size::least_bytes;
use crate::stamp;

const DATASET: Dataset = Dataset {
    product: "GLOBAL_ANALYSISFORECAST_WAV_001_027",
    stem: "cmems_mod_glo_wav_anfc_0.083deg_PT3H-i_",
    name_of,
    // Two variables of four steps, int16, are the least that is in it.
    least_bytes: least_bytes(2 * 4, NODES, 2),
};

pub(super) fn plan(places: &Places, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
    DATASET.plan(places, run, &domain::files(run), listed)
}

/// `mfwamglocep_2024060500_R20240606_00H.nc`.
fn name_of(name: &str) -> Option<FileName> {
    let rest = name.strip_prefix("mfwamglocep_")?.strip_suffix("H.nc")?;
    let (begins, run) = rest.split_once("_R")?;
    let (day, hour) = run.split_once('_')?;
    Some(FileName {
        begins: stamp::read(begins)?,
        run: RunTime(stamp::read(&format!("{day}{hour}"))?),
    })
}
