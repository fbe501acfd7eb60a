//! NorKyst v3, 800 m: currents along Norway's coast, tide included.
//!
//! A day folder holds the analysis (24 steps of the run's day) and a file for each further day; the fifth has one step. The
//! grid is polar stereographic; the components are east and north already (`u_eastward`, `v_northward`), unlike those of
//! older versions, which had to be turned.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | folder, names, steps, 120 h, latency, grid, variables, licence | a public description that measured the server on 2026-07-27 | by its author |
//! | name of the analysis | OpenDrift and others | yes |
//! | forecast files are named `latest` or by the run's day | that description; paths of the institute's own scripts | either is taken |
//! | forecast files are removed a day later, analyses stay and are packed anew in the evening | that description | by its author |
//! | 4.1 to 4.4 GB a file of 24 steps: 21 GB a run | that description | yes, also elsewhere |
//! | tide inside | a file of tidal forcing lies beside the grid | inferred |

mod domain;
mod download;
mod variables;

use driftline_domain::{RunTime, ValidTime};
use jiff::Timestamp;

use super::cycle;
use super::places::{Overrides, Places};
use crate::feed::{About, Feed, Listings, Plan, PlanError};

pub(super) const NAME: &str = "norkyst";

pub(super) struct NorKyst {
    about: About,
    places: Places,
}

impl NorKyst {
    pub(super) fn new(overrides: &Overrides) -> Self {
        let places = Places::of(NAME, &download::PLACES, overrides);
        Self {
            about: domain::about(&places),
            places,
        }
    }
}

impl Feed for NorKyst {
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
