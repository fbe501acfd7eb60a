//! Copernicus Marine hourly surface currents (SMOC, "merged" currents), 1/12 degree, global.
//!
//! **What is read.** A file has four pairs under one standard name: `uo`/`vo` (the model's circulation, without tide),
//! `utide`/`vtide`, the Stokes drift, and `utotal`/`vtotal`, their sum. `utotal`/`vtotal` is read, and `circulation + tide +
//! Stokes drift` is recorded with every cycle, so that nobody adds Stokes drift to it. Leeway's coefficients hold wave
//! effects already; circulation + tide (`uo + utide`) would suit it better (feeds-and-store.md 2.3) and needs a decoder
//! that adds two pairs: docs/feeds.md says so to operators.
//!
//! **Runs.** One a day from 00 UTC: a file for each day from the one before the run to the ninth after it. The day before
//! is thus made anew by each run: a cycle of its own here, which is newer for that day. On Wednesdays the store also
//! writes 14 to 8 days back anew; these are days that no forecast starts in, they would tear a hole of six days into the
//! run's time axis, and they are not taken. Of a run that is a day old the store keeps the day before the run only.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | bucket, path, name `SMOC_<day>_R<run>.nc`, 24 hourly steps | feeds-and-store.md 2.3; Open-Meteo; a test of another public downloader | in their code |
//! | day -1 to day +9 | Open-Meteo's range (its end is exclusive); a listing of the waves of 2026-09-26 quoted in public code | the same for waves only |
//! | steps at 00 to 23 o'clock | three public programs that ask for just these | yes, through the toolbox |
//! | 11 h after the run | Open-Meteo; the product's target is 12:00 UTC | in its code |
//! | Wednesdays | Open-Meteo: days since 1970 modulo 7 equal 6 | in its code |
//! | names `utotal`, `vtotal` | feeds-and-store.md 2.3, Open-Meteo, others | yes |
//! | packing of the files | float32 with fill value in Open-Meteo's code | no file was at hand |

mod domain;
mod download;
mod variables;

use super::{Known, marine_store};

const NAME: &str = "cmems-currents";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &marine_store::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| marine_store::times(&domain::files(run)),
};
