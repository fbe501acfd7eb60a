//! MEPS 2.5 km: wind at 10 m over Scandinavia and the Nordic Seas, the control forecast.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | archive by day; one file a run until 2024 or 2025, a description and files of single steps since | several public programs; the last of 2026 | in their code |
//! | path of the single steps | two public programs | in their code; another says that no catalog lists them |
//! | 67 hourly steps | several, counted on files | yes |
//! | runs at 00, 06, 12, 18 | the same | yes; those between (03, 09, 15, 21) exist and are not taken, their length is not known |
//! | `x_wind_10m`, `y_wind_10m` along the grid's axes, Lambert | the same, and the bundled sample | yes |
//! | 949 x 1069 nodes | a public program | yes |
//! | 2 h to the first files, 4 h to all | | no: an estimate |
//! | size of a file | | no |

mod domain;
mod download;
mod variables;

use super::{Known, cycle, harmonie, met_norway};

const NAME: &str = "meps";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &met_norway::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| cycle::valid_times(run, harmonie::steps()),
};
