//! When cycles come and how far they go: as of every model that is laid out like this.

use super::NAME;
use crate::feed::About;
use crate::feeds::harmonie;
use crate::feeds::places::Places;

pub(super) fn about(_places: &Places) -> About {
    harmonie::about(NAME, "MEPS 2.5 km: wind at 10 m, Scandinavia and the Nordic Seas")
}
