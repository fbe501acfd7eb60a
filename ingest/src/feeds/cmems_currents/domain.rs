//! When cycles come, how far they go, and the grid.

use driftline_domain::RunTime;
use jiff::SignedDuration;

use super::{NAME, variables};
use crate::feed::About;
use crate::feeds::marine_store::{self, FileTimes};
use crate::feeds::places::Places;

/// The last hour that a file holds.
const LAST_HOUR: i64 = 23;

/// The files of a run: 24 hours each, from the day before it to the ninth after it.
pub(super) fn files(run: RunTime) -> Vec<FileTimes> {
    let hours: Vec<i64> = (0..=LAST_HOUR).collect();
    marine_store::daily_files(run, -1..=9, &hours)
}

pub(super) fn about(places: &Places) -> About {
    About {
        name: NAME,
        title: "Copernicus Marine hourly surface currents (SMOC), 1/12 degree, global",
        provider: marine_store::PROVIDER,
        attribution: marine_store::ATTRIBUTION,
        licence: marine_store::LICENCE,
        fields: variables::fields(places),
        cadence: SignedDuration::from_hours(24),
        first_after: SignedDuration::from_hours(11),
        complete_after: SignedDuration::from_hours(12),
        given_up_after: SignedDuration::from_hours(48),
        horizon: SignedDuration::from_hours(9 * 24 + LAST_HOUR),
        reissued: true,
        disabled: None,
    }
}
