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

use super::{Known, cycle, met_norway};

const NAME: &str = "norkyst";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &met_norway::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| cycle::valid_times(run, domain::steps()),
};
