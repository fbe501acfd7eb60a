//! What forcing covers: asked before a mission is accepted and again before it runs.

use driftline_domain::{BBox, ForcingKind, LatLon, MissionSpec, ValidTime, Violation};
use driftline_leeway::{Field, SEA_REACH_M};

use crate::Error;
use crate::error::Lacking;
use crate::forecast::{Engine, around};
use crate::sources::{ForcingOrigin, LoadedSource, SourceAbout};

/// How far forcing carries a mission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Last valid time that both current and wind have at the start position.
    pub valid_until: ValidTime,
}

/// Forcing is asked for this far around the start: values near the coast are borrowed from wet nodes nearby.
const NEIGHBOURHOOD_M: f64 = 30_000.0;

impl Engine {
    /// Checks that current and wind have a value at the start of a mission, and tells how far they go there.
    pub async fn reach(&self, spec: &MissionSpec) -> Result<Reach, Error> {
        let end = end_of(spec);
        let afloat = self.nearest_water(spec.position);
        let bbox = around(afloat, NEIGHBOURHOOD_M);
        let mut valid_until = end;
        let mut lacking = Vec::new();
        for kind in ForcingKind::DRIFT {
            let sources = self
                .origin
                .load(&self.compute, kind, &bbox, spec.time, end, &spec.feeds())
                .await?;
            let (start, step_s) = (spec.time, spec.step_s);
            let look = move || contiguous_end(kind, sources, afloat, start, end, step_s);
            match self.compute.run(look).await?? {
                Some(last) => valid_until = valid_until.min(last),
                None => lacking.push(kind),
            }
        }
        if !lacking.is_empty() {
            return Err(self.not_covered(&lacking, spec).await?);
        }
        if valid_until.unix_s() - spec.time.unix_s() < i64::from(spec.step_s) {
            return Err(Error::EndsAtOnce {
                valid_until,
                step_s: spec.step_s,
            });
        }
        Ok(Reach { valid_until })
    }

    /// The position itself, or the sea nearest to it where it is on land.
    pub(crate) fn nearest_water(&self, position: LatLon) -> LatLon {
        let (lon, lat) = (position.lon_deg(), position.lat_deg());
        let sea = self.coast.nearest_sea(lon, lat, SEA_REACH_M);
        sea.and_then(|(lon, lat, _)| LatLon::new(lat, lon).ok())
            .unwrap_or(position)
    }

    /// Says which kinds a mission's start lacks, and what is covered instead.
    pub(crate) async fn not_covered(&self, kinds: &[ForcingKind], spec: &MissionSpec) -> Result<Error, Error> {
        let (lon_deg, lat_deg) = (spec.position.lon_deg(), spec.position.lat_deg());
        let mut lacking = Vec::new();
        for &kind in kinds {
            let sources = everything(&self.origin, kind, &spec.feeds()).await?;
            lacking.push(Lacking {
                kind,
                place_is_covered: sources.iter().any(|source| source.bounds.contains(lon_deg, lat_deg)),
                covered: describe(&sources, kind, &spec.feeds()),
            });
        }
        Ok(Error::NotCovered {
            lat_deg,
            lon_deg,
            time: spec.time,
            lacking,
        })
    }
}

/// The end of a mission's forecast.
pub(crate) fn end_of(spec: &MissionSpec) -> ValidTime {
    let seconds = spec.time.unix_s().saturating_add(i64::from(spec.forecast_hours) * 3600);
    ValidTime::from_unix_s(seconds).unwrap_or(spec.time)
}

/// How far values of one kind go at a place, looked up as the kernel does it at every step from a start on; `None`
/// where there is none at the start.
fn contiguous_end(
    kind: ForcingKind,
    sources: Vec<LoadedSource>,
    place: LatLon,
    start: ValidTime,
    end: ValidTime,
    step_s: u32,
) -> Result<Option<ValidTime>, Error> {
    if sources.is_empty() {
        return Ok(None);
    }
    let field = Field::prepare(kind, sources.into_iter().map(LoadedSource::into_kernel).collect())?;
    let has_value = |time_s: i64| field.sample(place.lon_deg(), place.lat_deg(), time_s).is_some();
    let (mut reached_s, step_s) = (start.unix_s(), i64::from(step_s));
    if !has_value(reached_s) {
        return Ok(None);
    }
    while reached_s < end.unix_s() && has_value(reached_s + step_s) {
        reached_s += step_s;
    }
    Ok(ValidTime::from_unix_s(reached_s.min(end.unix_s())))
}

async fn everything(origin: &ForcingOrigin, kind: ForcingKind, feeds: &[String]) -> Result<Vec<SourceAbout>, Error> {
    let world = BBox {
        west: -180.0,
        south: -90.0,
        east: 180.0,
        north: 90.0,
    };
    let (Some(from), Some(until)) = (
        ValidTime::from_unix_s(-62_000_000_000),
        ValidTime::from_unix_s(250_000_000_000),
    ) else {
        return Ok(Vec::new());
    };
    origin.covering(kind, &world, from, until, feeds).await
}

/// What there is of a kind, in words.
fn describe(sources: &[SourceAbout], kind: ForcingKind, feeds: &[String]) -> String {
    if sources.is_empty() {
        return if feeds.is_empty() {
            format!("there is no {kind} at all")
        } else {
            format!("the chosen feeds {} have no {kind}", feeds.join(", "))
        };
    }
    let one = |source: &SourceAbout| {
        let b = source.bounds;
        format!(
            "{} covers latitude {:.2} to {:.2}, longitude {:.2} to {:.2} from {} to {}",
            source.feed, b.south, b.north, b.west, b.east, source.valid_from, source.valid_until
        )
    };
    sources.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// An uncovered start as violations of the mission's fields; none for other errors.
pub fn violations(error: &Error) -> Vec<Violation> {
    match error {
        Error::NotCovered {
            lat_deg,
            lon_deg,
            time,
            lacking,
        } => lacking
            .iter()
            .map(|lacking| {
                let field = if lacking.place_is_covered {
                    "last_known_time"
                } else {
                    "last_known_lat"
                };
                let message = lacking.sentence(*lat_deg, *lon_deg, *time);
                Violation::new(field, "not_covered", message)
            })
            .collect(),
        Error::EndsAtOnce { .. } => vec![Violation::new("last_known_time", "not_covered", error.to_string())],
        _ => Vec::new(),
    }
}
