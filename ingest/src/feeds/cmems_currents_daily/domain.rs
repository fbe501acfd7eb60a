//! When cycles come, how far they go, and the grid.

use driftline_domain::RunTime;
use jiff::SignedDuration;

use super::{NAME, variables};
use crate::feed::About;
use crate::feeds::marine_store::{self, FileTimes};
use crate::feeds::places::Places;

/// Hour of its day that a mean stands for.
const NOON: i64 = 12;

/// The files of a run: one mean each, from the day before it to the ninth after it.
pub(super) fn files(run: RunTime) -> Vec<FileTimes> {
    marine_store::daily_files(run, -1..=9, &[NOON])
}

pub(super) fn about(places: &Places) -> About {
    About {
        name: NAME,
        title: "Copernicus Marine daily mean currents, 1/12 degree, global",
        provider: marine_store::PROVIDER,
        attribution: marine_store::ATTRIBUTION,
        licence: marine_store::LICENCE,
        fields: variables::fields(places),
        cadence: SignedDuration::from_hours(24),
        first_after: SignedDuration::from_hours(11),
        complete_after: SignedDuration::from_hours(14),
        given_up_after: SignedDuration::from_hours(48),
        horizon: SignedDuration::from_hours(9 * 24 + NOON),
        reissued: true,
        disabled: Some("its native files hold 50 depths each and their size is not known; try one before enabling it"),
    }
}
