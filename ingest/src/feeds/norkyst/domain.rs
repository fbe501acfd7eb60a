//! When cycles come and how far they go. The grid is the provider's (2747 x 1148 nodes, polar stereographic); as it may
//! change with a version, only the cycle before binds.

use jiff::SignedDuration;

use super::{NAME, variables};
use crate::feed::About;
use crate::feeds::cycle;
use crate::feeds::met_norway;
use crate::feeds::places::Places;

/// Hours of the last step.
pub(super) const LAST_STEP: i64 = 120;

/// Hourly from 0 to 120.
pub(super) fn steps() -> impl Iterator<Item = i64> {
    cycle::hours(0, LAST_STEP, 1)
}

pub(super) fn about(_places: &Places) -> About {
    About {
        name: NAME,
        title: "NorKyst v3, 800 m: currents along Norway's coast",
        provider: met_norway::PROVIDER,
        attribution: met_norway::ATTRIBUTION,
        licence: met_norway::LICENCE,
        fields: variables::fields(),
        cadence: SignedDuration::from_hours(24),
        first_after: SignedDuration::from_mins(4 * 60 + 20),
        complete_after: SignedDuration::from_mins(6 * 60 + 22),
        given_up_after: SignedDuration::from_hours(24),
        horizon: SignedDuration::from_hours(LAST_STEP),
        reissued: true,
        disabled: None,
    }
}
