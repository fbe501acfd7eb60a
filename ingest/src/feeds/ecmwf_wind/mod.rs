//! ECMWF IFS open data 0.25 degree: wind at 10 m, global.
//!
//! The forecasts from 06 and 18 UTC were a stream `scda` and are named `oper` since IFS 50r1 (2026-05-12 in Herbie; Open-Meteo's
//! code says 2025). Neither name is relied on: the likelier one is asked for first, and where it is absent the other.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | path of objects and `.index`; three places | feeds-and-store.md 2.4; Herbie | in their code |
//! | steps: 00 and 12 every 3 h to 144, every 6 h to 360; 06 and 18 every 3 h to 144 | Open-Meteo, `ifs025` | in its code; earlier texts say 240 and 90 |
//! | whole after 7 to 8 h | Open-Meteo | no: nothing is known of single steps, nor of those beyond 240 h |
//! | four days on the first place | Herbie's documentation | in its text |
//! | `10u`, `10v` at `sfc` | index lines quoted in public code | yes |
//! | grid 1440 x 721 | feeds-and-store.md 4, measured | yes |

mod domain;
mod download;
mod variables;

use driftline_domain::{RunTime, ValidTime};
use jiff::Timestamp;

use super::cycle;
use super::places::{Overrides, Places};
use crate::feed::{About, Feed, Listings, Plan, PlanError};

pub(super) use download::PLACES;

pub(super) const NAME: &str = "ecmwf-wind";

pub(super) struct EcmwfWind {
    about: About,
    places: Places,
}

impl EcmwfWind {
    pub(super) fn new(overrides: &Overrides) -> Self {
        let places = Places::of(NAME, &PLACES, overrides);
        Self {
            about: domain::about(&places),
            places,
        }
    }
}

impl Feed for EcmwfWind {
    fn about(&self) -> &About {
        &self.about
    }

    fn runs(&self, since: Timestamp, now: Timestamp) -> Vec<RunTime> {
        cycle::runs(self.about.cadence, self.about.first_after, since, now)
    }

    fn plan(&self, run: RunTime, _listed: &Listings) -> Result<Plan, PlanError> {
        Ok(Plan::Parts(download::parts(&self.places, run)))
    }

    fn expected_times(&self, run: RunTime) -> Vec<ValidTime> {
        cycle::valid_times(run, domain::steps(run))
    }
}
