//! What is asked of the values of a series, by what it is: how large they are believed, and what becomes of missing ones.

use driftline_domain::ForcingKind;

/// What the values of a series must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// What it is.
    pub kind: ForcingKind,
    /// Values that are believed.
    pub limits: Limits,
    /// What becomes of missing values.
    pub holes: HolePolicy,
}

/// Values that are believed, in the unit of the kind. Tighter than what can be stored at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Longest vector.
    pub longest: f64,
    /// Largest mean length over a step: what a whole sea or sky can have at once.
    pub largest_mean: f64,
    /// Smallest mean length over a step of at least [`LARGE_STEP`] nodes.
    pub smallest_mean: f64,
}

/// Nodes of a step whose mean says something of the unit; a few nodes may lie in a calm.
pub(super) const LARGE_STEP: usize = 10_000;

/// What becomes of missing values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HolePolicy {
    /// A step that lacks more than this share of the nodes that other steps have is refused.
    pub lost_share: f64,
    /// With a coast: a step that lacks more than this share of them in open sea is refused; any is marked.
    pub lost_open_share: f64,
    /// What becomes of open sea that no step has.
    pub unseen: Unseen,
}

/// What becomes of open sea that no step has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// It is a hole.
    Refuse,
    /// It is marked: beyond the model's domain, or under ice.
    Mark,
}

impl Expectation {
    /// What the values of any series of a kind must be, whatever feed it comes from.
    pub fn of(kind: ForcingKind) -> Self {
        Self {
            kind,
            limits: Limits::of(kind),
            holes: HolePolicy::of(kind),
        }
    }
}

impl Limits {
    /// What is believed of a kind. The longest are the strongest tidal streams, hurricanes and seas that were ever
    /// measured, with room; the means are those of no region a model covers, and of any in the wrong unit.
    pub fn of(kind: ForcingKind) -> Self {
        let (longest, largest_mean, smallest_mean) = match kind {
            ForcingKind::Current => (12.0, 4.0, 0.001),
            ForcingKind::Wind => (90.0, 45.0, 0.2),
            ForcingKind::Waves => (25.0, 14.0, 0.01),
        };
        Self {
            longest,
            largest_mean,
            smallest_mean,
        }
    }
}

impl HolePolicy {
    /// What becomes of missing values of a kind. Tides lay flats dry, so that currents may come and go at the coast, but
    /// not in open sea. Air is everywhere. Wave models have no sea where ice covers it, and ice comes and goes within a
    /// forecast.
    pub fn of(kind: ForcingKind) -> Self {
        match kind {
            ForcingKind::Current => Self {
                lost_share: 0.02,
                lost_open_share: 0.001,
                unseen: Unseen::Mark,
            },
            ForcingKind::Wind => Self {
                lost_share: 0.02,
                lost_open_share: 0.0,
                unseen: Unseen::Refuse,
            },
            ForcingKind::Waves => Self {
                lost_share: 0.2,
                lost_open_share: 0.2,
                unseen: Unseen::Mark,
            },
        }
    }
}
