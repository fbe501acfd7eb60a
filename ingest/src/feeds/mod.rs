//! The feeds that Driftline knows, one folder each: `domain` (cadence, horizon, grid), `variables` (what is taken of it
//! and who is credited), `download` (where its files lie). docs/feeds.md tells operators of them.

mod arome;
mod cmems_currents;
mod cmems_currents_daily;
mod cmems_waves;
mod cycle;
mod ecmwf_wind;
pub mod files;
mod gfs_wave;
mod gfs_wind;
mod harmonie;
mod marine_store;
mod meps;
mod met_norway;
mod nodd;
mod norkyst;
mod places;
#[cfg(test)]
mod plans;
mod rtofs;
mod size;

pub use places::{Extent, FeedOverrides, Overrides};

use driftline_domain::{RunTime, ValidTime};
use jiff::Timestamp;

use self::places::{Places, RealPlace};
use crate::feed::{About, Feed, Listings, Plan, PlanError};

/// What a folder says of its feed.
struct Known {
    /// Name in paths, settings and missions.
    name: &'static str,
    /// Where its files lie, best first.
    places: &'static [RealPlace],
    /// What is told of it, at these places.
    about: fn(&Places) -> About,
    /// [`Feed::plan`] at these places.
    plan: fn(&Places, RunTime, &Listings) -> Result<Plan, PlanError>,
    /// [`Feed::expected_times`].
    expected_times: fn(RunTime) -> Vec<ValidTime>,
}

/// Every feed, in the order in which they are told of.
static KNOWN: [Known; 10] = [
    gfs_wind::FEED,
    gfs_wave::FEED,
    ecmwf_wind::FEED,
    cmems_currents::FEED,
    cmems_currents_daily::FEED,
    cmems_waves::FEED,
    norkyst::FEED,
    meps::FEED,
    arome::FEED,
    rtofs::FEED,
];

/// Names of the places of a feed, best first; `None` where there is no such feed.
pub fn places_of(feed: &str) -> Option<Vec<&'static str>> {
    let known = known(feed)?;
    Some(known.places.iter().map(|place| place.name).collect())
}

/// What is told of every feed.
pub fn all() -> Vec<About> {
    let providers = Overrides::default();
    let about = |known: &Known| (known.about)(&known.places(&providers));
    KNOWN.iter().map(about).collect()
}

/// The feed of this name, at the provider's own addresses unless `overrides` says otherwise.
pub fn by_name(name: &str, overrides: &Overrides) -> Option<Box<dyn Feed>> {
    let known = known(name)?;
    let places = known.places(overrides);
    let about = (known.about)(&places);
    Some(Box::new(KnownFeed { known, about, places }))
}

fn known(feed: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == feed)
}

impl Known {
    fn places(&self, overrides: &Overrides) -> Places {
        Places::of(self.name, self.places, overrides)
    }
}

/// A known feed at the places that an operator has left or set.
struct KnownFeed {
    known: &'static Known,
    about: About,
    places: Places,
}

impl Feed for KnownFeed {
    fn about(&self) -> &About {
        &self.about
    }

    fn runs(&self, since: Timestamp, now: Timestamp) -> Vec<RunTime> {
        cycle::runs(self.about.cadence, self.about.first_after, since, now)
    }

    fn plan(&self, run: RunTime, listed: &Listings) -> Result<Plan, PlanError> {
        (self.known.plan)(&self.places, run, listed)
    }

    fn expected_times(&self, run: RunTime) -> Vec<ValidTime> {
        (self.known.expected_times)(run)
    }
}
