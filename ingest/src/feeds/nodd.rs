//! NOAA's open data: the same keys in several buckets, each object with an index of wgrib2 beside it, and on NOMADS while
//! they are recent.
//!
//! Addresses: feeds-and-store.md 2.1 (from Herbie, Open-Meteo and dynamical.org). Order: buckets first; NOMADS only for an
//! object that is missing there and younger than 12 h, which is what dynamical.org went back to after a trial of the
//! opposite. The Azure copy has about 30 days and is left out: it adds no cycle that the other two lack.

use driftline_domain::RunTime;
use jiff::SignedDuration;

use super::cycle;
use super::places::{Places, RealPlace};
use super::size::LEAST_MESSAGE;
use crate::feed::{Access, IndexDialect, Part, Place, Server, Wanted};

/// The places, best first.
pub(super) const PLACES: [RealPlace; 4] = [
    RealPlace {
        name: "aws",
        base: "https://noaa-gfs-bdp-pds.s3.amazonaws.com",
        server: Server::Bucket,
    },
    RealPlace {
        name: "gcs",
        base: "https://storage.googleapis.com/global-forecast-system",
        server: Server::Bucket,
    },
    RealPlace {
        name: "nomads",
        base: "https://nomads.ncep.noaa.gov/pub/data/nccf/com/gfs/prod",
        server: Server::Nomads,
    },
    RealPlace {
        name: "nomads-filter",
        base: "https://nomads.ncep.noaa.gov/cgi-bin",
        server: Server::Nomads,
    },
];

/// Who makes it.
pub(super) const PROVIDER: &str = "NOAA National Centers for Environmental Prediction";
/// Licence of the data.
pub(super) const LICENCE: &str = "public domain (United States)";

/// Age up to which NOMADS is asked.
pub(super) const NOMADS_WHILE: SignedDuration = SignedDuration::from_hours(12);

/// Cycles at 00, 06, 12 and 18.
pub(super) const CADENCE: SignedDuration = SignedDuration::from_hours(6);
/// First files about 3 h 40 min after the run (Open-Meteo).
pub(super) const FIRST_AFTER: SignedDuration = SignedDuration::from_mins(3 * 60 + 40);
/// Whole about 5 h 38 min after the run, when dynamical.org takes it.
pub(super) const COMPLETE_AFTER: SignedDuration = SignedDuration::from_mins(5 * 60 + 38);
/// Two cycles later nobody waits any more: our own choice.
pub(super) const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(18);

/// Hourly to 120, then every three hours to 384: 209 steps.
pub(super) fn steps() -> impl Iterator<Item = i64> {
    cycle::hours(0, 120, 1).chain(cycle::hours(123, 384, 3))
}

/// The messages of an object by its index, from every bucket and from NOMADS.
pub(super) fn indexed(places: &Places, key: &str, wanted: &[Wanted]) -> Vec<Place> {
    let addresses = places.addresses(&["aws", "gcs", "nomads"], key);
    let place = |(place, object): (RealPlace, url::Url)| {
        let mut index = object.clone();
        index.set_path(&format!("{}.idx", object.path()));
        Place {
            access: Access::Indexed {
                object,
                index,
                dialect: IndexDialect::Wgrib2,
                wanted: wanted.to_vec(),
            },
            at_least_bytes: LEAST_MESSAGE * wanted.len() as u64,
            while_younger_than: (place.server == Server::Nomads).then_some(NOMADS_WHILE),
            server: place.server,
        }
    };
    addresses.into_iter().map(place).collect()
}

/// What a script of the grib filter cuts out of a file, as a whole object.
///
/// No `subregion` is asked for: without one the whole grid comes, which is what is wanted; with one that spans the globe
/// it is not known how the script treats the meridian where both ends meet.
pub(super) fn filtered(places: &Places, script: &str, query: &[(&str, &str)]) -> Option<Place> {
    let mut object = places.address("nomads-filter", script)?;
    object.query_pairs_mut().extend_pairs(query);
    Some(Place {
        access: Access::Whole { object },
        at_least_bytes: LEAST_MESSAGE,
        while_younger_than: Some(NOMADS_WHILE),
        server: Server::Nomads,
    })
}

/// One part a step, named after it.
pub(super) fn parts(run: RunTime, places: impl Fn(i64) -> Vec<Place>) -> Vec<Part> {
    steps().map(|step| cycle::step_part(run, step, places(step))).collect()
}
