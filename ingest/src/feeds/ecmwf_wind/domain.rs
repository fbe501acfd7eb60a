//! When cycles come, how far they go, and the grid.

use driftline_domain::RunTime;
use jiff::SignedDuration;

use super::{NAME, variables};
use crate::feed::About;
use crate::feeds::cycle;
use crate::feeds::places::Places;

/// Hours of the steps: a run at 00 or 12 goes on where one at 06 or 18 ends.
pub(super) fn steps(run: RunTime) -> impl Iterator<Item = i64> {
    let long = run.unix_s().rem_euclid(12 * 3600) == 0;
    let beyond = if long { 360 } else { 0 };
    cycle::hours(0, 144, 3).chain(cycle::hours(150, beyond, 6))
}

pub(super) fn about(places: &Places) -> About {
    About {
        name: NAME,
        title: "ECMWF IFS open data 0.25 degree: wind at 10 m, global",
        provider: "European Centre for Medium-Range Weather Forecasts",
        attribution: variables::ATTRIBUTION,
        licence: variables::LICENCE,
        fields: variables::fields(places),
        cadence: SignedDuration::from_hours(6),
        first_after: SignedDuration::from_hours(7),
        complete_after: SignedDuration::from_hours(8),
        given_up_after: SignedDuration::from_hours(20),
        horizon: SignedDuration::from_hours(360),
        reissued: false,
        disabled: None,
    }
}
