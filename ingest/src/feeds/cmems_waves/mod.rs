//! Copernicus Marine waves (MFWAM), 1/12 degree, global: waves of the whole sea. Its Stokes drift is not read: no kind
//! of forcing holds it.
//!
//! **Runs.** Two a day, from 00 and 12 UTC. Files hold twelve hours, every three: from one day before the run to the end of
//! the ninth day after its date, so that a run from 12 UTC has one file less. The day before is made anew by each run; of a
//! run that is a day old the store keeps that day only.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | bucket, path, name `mfwamglocep_<begin>_R<day>_<hour>H.nc`, two cycles, 12 h a file | feeds-and-store.md 2.3; Open-Meteo | in its code |
//! | from one day before to the ninth day after | Open-Meteo; a listing of 2026-09-26 quoted in public code (R20260925_12H: 2026-09-24 12 to 2026-10-04 12) | yes |
//! | a file that begins at 12 holds 15, 18, 21 and 24 o'clock | that listing's end of service at 00 of the next day; a public tool that states 03 to 24 for daily files | inferred |
//! | 11 h after the run | Open-Meteo | in its code |
//! | `VHM0`, `VMDR` int16 with `scale_factor` and `missing_value` | feeds-and-store.md 2.3, Open-Meteo | in its code |
//! | `VSDX`, `VSDY` (Stokes drift at the surface) | feeds-and-store.md 2.2 | no |

mod domain;
mod download;
mod variables;

use super::{Known, marine_store};

const NAME: &str = "cmems-waves";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &marine_store::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| marine_store::times(&domain::files(run)),
};
