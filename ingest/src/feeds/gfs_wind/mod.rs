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

use super::{Known, cycle, nodd};

const NAME: &str = "gfs-wind";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &nodd::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| cycle::valid_times(run, nodd::steps()),
};
