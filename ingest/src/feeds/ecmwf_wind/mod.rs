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

use super::{Known, cycle};

const NAME: &str = "ecmwf-wind";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &download::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| cycle::valid_times(run, domain::steps(run)),
};
