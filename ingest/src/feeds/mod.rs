//! The feeds that Driftline knows, one folder each: `domain` (cadence, horizon, grid), `variables` (what is taken of it
//! and who is credited), `download` (where its files lie).

use crate::feed::Feed;

/// Every feed, by name.
pub fn all() -> Vec<Box<dyn Feed>> {
    Vec::new()
}
