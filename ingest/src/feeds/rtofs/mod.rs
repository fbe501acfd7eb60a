//! RTOFS global: currents at the surface, 1/12 degree, tripolar grid. Ships disabled: nobody here has seen a file.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | `rtofs.<day>/rtofs_glo_2ds_f<hour>_prog.nc` on NOMADS | public programs of 2026, NCEP's own scripts | in their code |
//! | the AWS bucket has no `prog` files, but barotropic (depth mean) currents, which are no surface current | two public descriptions of 2026 that looked | by their authors |
//! | hourly to 72 h, every 3 h to 192 h | one of them, for the other files of the same family; another speaks of daily files | no |
//! | `u_velocity`, `v_velocity` | convention | no |
//! | 4500 x 3298 nodes, curvilinear | those descriptions | yes |
//! | 8 h to the first files, 17 h to all | those descriptions | by their authors |
//! | no tide, no Stokes drift | those descriptions | by their authors |
//!
//! A change is announced: version 3.0 (public notice PNS 26-17 of March 2026) replaces the model and renames files.

mod domain;
mod download;
mod variables;

use super::{Known, cycle};

const NAME: &str = "rtofs";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &download::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| cycle::valid_times(run, domain::steps()),
};
