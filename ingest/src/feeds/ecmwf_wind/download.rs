//! Where the files lie: ECMWF's own server for four days, and two buckets with the same paths.

use driftline_domain::RunTime;
use jiff::SignedDuration;
use url::Url;

use super::domain;
use super::variables::WANTED;
use crate::feed::{Access, IndexDialect, Listings, Place, Plan, PlanError, Server};
use crate::feeds::cycle;
use crate::feeds::places::{Places, RealPlace};
use crate::feeds::size::LEAST_MESSAGE;
use crate::stamp;

/// The places, best first.
pub(super) const PLACES: [RealPlace; 3] = [
    RealPlace {
        name: "ecmwf",
        base: "https://data.ecmwf.int/forecasts",
        server: Server::Web,
    },
    RealPlace {
        name: "aws",
        base: "https://ecmwf-forecasts.s3.eu-central-1.amazonaws.com",
        server: Server::Bucket,
    },
    RealPlace {
        name: "gcs",
        base: "https://storage.googleapis.com/ecmwf-open-data",
        server: Server::Bucket,
    },
];

/// How long ECMWF's own server keeps a run.
const KEPT: SignedDuration = SignedDuration::from_hours(4 * 24);
/// 2026-05-12T00:00Z: from then on the stream `scda` is named `oper`.
const RENAMED_UNIX_S: i64 = 1_778_544_000;

pub(super) fn plan(places: &Places, run: RunTime, _listed: &Listings) -> Result<Plan, PlanError> {
    let part = |step: i64| cycle::step_part(run, step, of_step(places, run, step));
    Ok(Plan::Parts(domain::steps(run).map(part).collect()))
}

fn of_step(places: &Places, run: RunTime, step: i64) -> Vec<Place> {
    let streams = streams(run);
    let keys = streams.iter().map(|stream| key(run, step, stream));
    let found = keys.flat_map(|key| places.addresses(&["ecmwf", "aws", "gcs"], &key));
    found.map(|(place, object)| indexed(place, object)).collect()
}

/// Names that the stream may have, the likelier first.
fn streams(run: RunTime) -> &'static [&'static str] {
    let long = run.unix_s().rem_euclid(12 * 3600) == 0;
    if long {
        &["oper"]
    } else if run.unix_s() >= RENAMED_UNIX_S {
        &["oper", "scda"]
    } else {
        &["scda", "oper"]
    }
}

fn key(run: RunTime, step: i64, stream: &str) -> String {
    let (day, hour) = (stamp::day(run.0), stamp::hour(run.0));
    format!("{day}/{hour}z/ifs/0p25/{stream}/{day}{hour}0000-{step}h-{stream}-fc.grib2")
}

fn indexed(place: RealPlace, object: Url) -> Place {
    let mut index = object.clone();
    let stem = object.path().trim_end_matches(".grib2");
    index.set_path(&format!("{stem}.index"));
    Place {
        access: Access::Indexed {
            object,
            index,
            dialect: IndexDialect::Ecmwf,
            wanted: WANTED.to_vec(),
        },
        at_least_bytes: LEAST_MESSAGE * WANTED.len() as u64,
        while_younger_than: (place.name == "ecmwf").then_some(KEPT),
        server: place.server,
    }
}
