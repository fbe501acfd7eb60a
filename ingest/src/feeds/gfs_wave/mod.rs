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

use super::{Known, cycle, nodd};

const NAME: &str = "gfs-wave";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &download::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| cycle::valid_times(run, nodd::steps()),
};
