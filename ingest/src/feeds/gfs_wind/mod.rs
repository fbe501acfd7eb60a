//! GFS 0.25 degree: wind at 10 m, global.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | addresses of buckets, NOMADS, grib filter | feeds-and-store.md 2.1; read again in Herbie and Open-Meteo | in their code, not against the servers |
//! | 209 steps; first files after 3 h 40 min, whole after 5 h 38 min | feeds-and-store.md 2.1 (Open-Meteo, dynamical.org) | in their code |
//! | `UGRD`, `VGRD` at `10 m above ground`, `anl` at step 0 | `.idx` files quoted in public code | yes |
//! | grid 1440 x 721 | feeds-and-store.md 2.1, measured | yes |
//! | names of the filter's scripts and their parameters | feeds-and-store.md 2.1 | no: that the hourly script has all of f000 to f120 |

mod domain;
mod download;
mod variables;

use driftline_domain::{RunTime, ValidTime};
use jiff::Timestamp;

use super::places::{Overrides, Places};
use super::{cycle, nodd};
use crate::feed::{About, Feed, Listings, Plan, PlanError};

pub(super) use download::PLACES;

pub(super) const NAME: &str = "gfs-wind";

pub(super) struct GfsWind {
    about: About,
    places: Places,
}

impl GfsWind {
    pub(super) fn new(overrides: &Overrides) -> Self {
        let places = Places::of(NAME, &PLACES, overrides);
        Self {
            about: domain::about(&places),
            places,
        }
    }
}

impl Feed for GfsWind {
    fn about(&self) -> &About {
        &self.about
    }

    fn runs(&self, since: Timestamp, now: Timestamp) -> Vec<RunTime> {
        cycle::runs(self.about.cadence, self.about.first_after, since, now)
    }

    fn plan(&self, run: RunTime, _listed: &Listings) -> Result<Plan, PlanError> {
        Ok(Plan::Parts(nodd::parts(run, |step| {
            download::places(&self.places, run, step)
        })))
    }

    fn expected_times(&self, run: RunTime) -> Vec<ValidTime> {
        cycle::valid_times(run, nodd::steps())
    }
}
