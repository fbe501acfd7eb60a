//! When cycles come and how far they go. The grid is curvilinear; only the cycle before binds.

use jiff::SignedDuration;

use super::{NAME, variables};
use crate::feed::About;
use crate::feeds::places::Places;
use crate::feeds::{cycle, nodd};

/// Hours of the steps.
pub(super) fn steps() -> impl Iterator<Item = i64> {
    cycle::hours(0, 72, 1).chain(cycle::hours(75, 192, 3))
}

pub(super) fn about(_places: &Places) -> About {
    About {
        name: NAME,
        title: "RTOFS global: surface currents, 1/12 degree (disabled: layout not verified)",
        provider: nodd::PROVIDER,
        attribution: variables::ATTRIBUTION,
        licence: nodd::LICENCE,
        fields: variables::fields(),
        cadence: SignedDuration::from_hours(24),
        first_after: SignedDuration::from_hours(8),
        complete_after: SignedDuration::from_hours(17),
        given_up_after: SignedDuration::from_hours(36),
        horizon: SignedDuration::from_hours(192),
        reissued: false,
        disabled: Some(
            "its layout is not verified: neither the steps of its files nor the names of its variables were seen, and its \
             grid is curvilinear",
        ),
    }
}
