//! When cycles come and how far they go. The grid may change with a version: only the cycle before binds.

use jiff::SignedDuration;

use super::{NAME, variables};
use crate::feed::About;
use crate::feeds::places::Places;
use crate::feeds::{harmonie, met_norway};

/// Hours of the steps.
pub(super) fn steps() -> Vec<i64> {
    harmonie::steps()
}

pub(super) fn about(_places: &Places) -> About {
    About {
        name: NAME,
        title: "MEPS 2.5 km: wind at 10 m, Scandinavia and the Nordic Seas",
        provider: met_norway::PROVIDER,
        attribution: met_norway::ATTRIBUTION,
        licence: met_norway::LICENCE,
        fields: variables::fields(),
        cadence: SignedDuration::from_hours(6),
        first_after: SignedDuration::from_hours(2),
        complete_after: SignedDuration::from_hours(4),
        given_up_after: SignedDuration::from_hours(18),
        horizon: SignedDuration::from_hours(harmonie::LAST_STEP),
        reissued: false,
        disabled: None,
    }
}
