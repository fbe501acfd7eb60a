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

use super::{Known, cycle, harmonie, met_norway};

const NAME: &str = "arome";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &met_norway::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| cycle::valid_times(run, harmonie::steps()),
};
