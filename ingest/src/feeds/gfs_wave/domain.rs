//! When cycles come, how far they go, and the grid.

use jiff::SignedDuration;

use super::{NAME, variables};
use crate::feed::About;
use crate::feeds::nodd;
use crate::feeds::places::Places;

pub(super) fn about(places: &Places) -> About {
    About {
        name: NAME,
        title: "GFS-wave 0.25 degree: waves, global",
        provider: nodd::PROVIDER,
        attribution: variables::ATTRIBUTION,
        licence: nodd::LICENCE,
        fields: variables::fields(places),
        cadence: nodd::CADENCE,
        first_after: nodd::FIRST_AFTER,
        complete_after: nodd::COMPLETE_AFTER,
        given_up_after: nodd::GIVEN_UP_AFTER,
        horizon: SignedDuration::from_hours(384),
        reissued: false,
        disabled: None,
    }
}
