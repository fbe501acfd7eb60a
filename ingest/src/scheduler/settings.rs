//! How much of each feed is kept, and how often it is looked at.

use std::time::Duration;

use jiff::SignedDuration;

use super::Turn;

/// The rolling window and the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How far beyond its nominal time a cycle is fetched.
    pub forecast: SignedDuration,
    /// How far back cycles are fetched and kept.
    pub hindcast: SignedDuration,
    /// How long a superseded or retired revision stays readable.
    pub grace: SignedDuration,
    /// A late cycle is published early once it reaches this far beyond its nominal time.
    pub usable: SignedDuration,
    /// Between looks at a feed.
    pub poll: Duration,
    /// Between looks at a published cycle that its provider may have written anew.
    pub recheck: SignedDuration,
    /// Parts of one cycle that are fetched at the same time.
    pub at_once: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            forecast: SignedDuration::from_hours(7 * 24),
            hindcast: SignedDuration::from_hours(3 * 24),
            grace: SignedDuration::from_hours(24),
            usable: SignedDuration::from_hours(24),
            poll: Duration::from_secs(120),
            recheck: SignedDuration::from_hours(3),
            at_once: 4,
        }
    }
}

impl Window {
    /// How long to wait after a turn: the pace while something may come, longer while nothing can.
    pub(crate) fn pause_after(&self, turn: &Turn) -> Duration {
        if turn.waiting || turn.failed {
            self.poll
        } else {
            self.poll * 3
        }
    }
}
