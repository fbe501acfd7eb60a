//! GFS-wave (WAVEWATCH III) 0.25 degree: waves of the whole sea, global.
//!
//! Its `UGRD` and `VGRD` are labelled surface and are the 10 m wind that drives the waves, on the same grid and at the same
//! steps as `gfs-wind` has it. They are not taken: a second copy of one wind would only compete with the first.
//! It has no Stokes drift (feeds-and-store.md 2.2, measured on real files).
//!
//! | fact | source | verified |
//! |---|---|---|
//! | key `wave/gridded/gfswave.tHHz.global.0p25.fFFF.grib2` and `.idx` | feeds-and-store.md 2.2; Herbie, Open-Meteo | in their code |
//! | 209 steps, same latency as GFS | feeds-and-store.md 2.2; Open-Meteo treats both alike | in their code |
//! | `HTSGW`, `DIRPW` at `surface`; direction that waves come from | measured on real files of other grids; Open-Meteo | yes |
//! | grid 1440 x 721 | Open-Meteo's `gfswave025` | no real file of this grid was at hand |

mod domain;
mod download;
mod variables;

use driftline_domain::{RunTime, ValidTime};
use jiff::Timestamp;

use super::places::{Overrides, Places};
use super::{cycle, nodd};
use crate::feed::{About, Feed, Listings, Plan, PlanError};

pub(super) use download::PLACES;

pub(super) const NAME: &str = "gfs-wave";

pub(super) struct GfsWave {
    about: About,
    places: Places,
}

impl GfsWave {
    pub(super) fn new(overrides: &Overrides) -> Self {
        let places = Places::of(NAME, &PLACES, overrides);
        Self {
            about: domain::about(&places),
            places,
        }
    }
}

impl Feed for GfsWave {
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
