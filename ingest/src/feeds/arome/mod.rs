//! AROME-Arctic 2.5 km: wind at 10 m over the Barents and Greenland Seas.
//!
//! Laid out like MEPS, without members.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | archive by day, `arome_arctic_det_2_5km_<time>.nc`, also by HTTP | public programs, a record of the institute's own catalogue (2023), last seen 2024-09 | yes, then |
//! | `arome_arctic_det_sfc_<time>.ncml` since | public programs of 2026 | yes |
//! | `HH/arome_arctic_sfc_<step>_<time>.nc`, the files that it joins | by analogy with MEPS | no: the catalog of the hour is asked first |
//! | runs at 00, 06, 12, 18; 67 hourly steps | as for MEPS | no |
//! | `x_wind_10m`, `y_wind_10m` along the grid's axes, Lambert | public programs | yes |
//! | 949 x 739 nodes | general knowledge; used for a lower bound only | no |
//! | 2 h to the first files, 4 h to all | | no: an estimate |

mod domain;
mod download;
mod variables;

use driftline_domain::{RunTime, ValidTime};
use jiff::Timestamp;

use super::cycle;
use super::places::{Overrides, Places};
use crate::feed::{About, Feed, Listings, Plan, PlanError};

pub(super) const NAME: &str = "arome";

pub(super) struct Arome {
    about: About,
    places: Places,
}

impl Arome {
    pub(super) fn new(overrides: &Overrides) -> Self {
        let places = Places::of(NAME, &download::PLACES, overrides);
        Self {
            about: domain::about(&places),
            places,
        }
    }
}

impl Feed for Arome {
    fn about(&self) -> &About {
        &self.about
    }

    fn runs(&self, since: Timestamp, now: Timestamp) -> Vec<RunTime> {
        cycle::runs(self.about.cadence, self.about.first_after, since, now)
    }

    fn plan(&self, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
        download::plan(&self.places, run, listed)
    }

    fn expected_times(&self, run: RunTime) -> Vec<ValidTime> {
        cycle::valid_times(run, domain::steps())
    }
}
