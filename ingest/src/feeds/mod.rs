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

pub use cmems_waves::STOKES_DRIFT as CMEMS_STOKES_DRIFT;
pub use places::{Extent, FeedOverrides, Overrides};

use crate::feed::{About, Feed};

/// Every feed, at the provider's own addresses unless `overrides` says otherwise.
fn every(overrides: &Overrides) -> Vec<Box<dyn Feed>> {
    vec![
        Box::new(gfs_wind::GfsWind::new(overrides)),
        Box::new(gfs_wave::GfsWave::new(overrides)),
        Box::new(ecmwf_wind::EcmwfWind::new(overrides)),
        Box::new(cmems_currents::CmemsCurrents::new(overrides)),
        Box::new(cmems_currents_daily::CmemsCurrentsDaily::new(overrides)),
        Box::new(cmems_waves::CmemsWaves::new(overrides)),
        Box::new(norkyst::NorKyst::new(overrides)),
        Box::new(meps::Meps::new(overrides)),
        Box::new(arome::Arome::new(overrides)),
        Box::new(rtofs::Rtofs::new(overrides)),
    ]
}

/// Names of the places of a feed, best first; `None` where there is no such feed.
pub fn places_of(feed: &str) -> Option<Vec<&'static str>> {
    let places: &[places::RealPlace] = match feed {
        gfs_wind::NAME => &gfs_wind::PLACES,
        gfs_wave::NAME => &gfs_wave::PLACES,
        ecmwf_wind::NAME => &ecmwf_wind::PLACES,
        cmems_currents::NAME | cmems_currents_daily::NAME | cmems_waves::NAME => &marine_store::PLACES,
        norkyst::NAME | meps::NAME | arome::NAME => &met_norway::PLACES,
        rtofs::NAME => &rtofs::PLACES,
        _ => return None,
    };
    Some(places.iter().map(|place| place.name).collect())
}

/// What is told of every feed.
pub fn all() -> Vec<About> {
    every(&Overrides::default())
        .iter()
        .map(|feed| feed.about().clone())
        .collect()
}

/// The feed of this name.
pub fn by_name(name: &str, overrides: &Overrides) -> Option<Box<dyn Feed>> {
    every(overrides).into_iter().find(|feed| feed.about().name == name)
}
