//! Copernicus Marine daily mean currents, 1/12 degree, global: the circulation without tide and Stokes drift.
//!
//! For missions where the tide does not matter, and where hourly currents fail. The native files hold all 50 depths: they
//! are large (their size is not known), which is why this feed is not enabled by itself; the uppermost depth is read.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | path, name `glo12_rg_1d-m_<day>-<day>_3D-uovo_<mode>_R<run>.nc` | three public programs that read it | in their code |
//! | modes `fcst`, `hcst` and others | the same; any word is taken | yes |
//! | a mean is stamped at noon of its day; the toolbox gives the same mean at midnight, 12 h early | Deltares/dfm_tools #878, the toolbox' #271, which quote the product's manual; the sample of feeds-and-store.md 4 came through the toolbox | stated for native files; none was at hand |
//! | runs, days, latency | as for the hourly currents | no |
//! | no tide, no Stokes drift | feeds-and-store.md 2.3; a public description of GLO12 | tide: stated; Stokes: not |

mod domain;
mod download;
mod variables;

use driftline_domain::{RunTime, ValidTime};
use jiff::Timestamp;

use super::places::{Overrides, Places};
use super::{cycle, marine_store};
use crate::feed::{About, Feed, Listings, Plan, PlanError};

pub(super) const NAME: &str = "cmems-currents-daily";

pub(super) struct CmemsCurrentsDaily {
    about: About,
    places: Places,
}

impl CmemsCurrentsDaily {
    pub(super) fn new(overrides: &Overrides) -> Self {
        let places = Places::of(NAME, &marine_store::PLACES, overrides);
        Self {
            about: domain::about(&places),
            places,
        }
    }
}

impl Feed for CmemsCurrentsDaily {
    fn about(&self) -> &About {
        &self.about
    }

    fn runs(&self, since: Timestamp, now: Timestamp) -> Vec<RunTime> {
        cycle::runs(self.about.cadence, self.about.first_after, since, now)
    }

    fn plan(&self, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
        download::DATASET.plan(&self.places, run, &domain::files(run), listed)
    }

    fn expected_times(&self, run: RunTime) -> Vec<ValidTime> {
        marine_store::times(&domain::files(run))
    }
}
