//! What forcing covers: asked before a mission is accepted and again before it runs.

use driftline_domain::{BBox, ForcingKind, LatLon, MissionSpec, Scenario, ValidTime, Violation};
use driftline_leeway::{Field, SEA_REACH_M};

use crate::Error;
use crate::error::Lacking;
use crate::forecast::Engine;
use crate::sources::{Components, ForcingOrigin, LoadedSource, SourceAbout};
use crate::span::Span;
use crate::window::around;

/// How far forcing carries a mission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The last time of the run, in its own direction, that both current and wind have where its scenarios begin.
    pub valid_until: ValidTime,
    /// Whether that is all that was asked for.
    pub is_whole: bool,
}

/// Where and when a scenario begins to drift; its middle stands for all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Onset {
    pub(crate) position: LatLon,
    pub(crate) time: ValidTime,
}

impl Onset {
    /// Of each scenario.
    pub(crate) fn all(spec: &MissionSpec) -> Vec<Self> {
        let span = Span::of(spec);
        let onset = |scenario: &Scenario| Self {
            position: scenario.release.centre(),
            time: span.sooner(scenario.release.first_time(), scenario.release.last_time()),
        };
        spec.scenarios().iter().map(onset).collect()
    }

    /// Of the mission as a whole.
    pub(crate) fn first(spec: &MissionSpec) -> Self {
        Self {
            position: spec.position,
            time: spec.time,
        }
    }
}

/// Forcing is asked for this far around the start: values near the coast are borrowed from wet nodes nearby.
const NEIGHBOURHOOD_M: f64 = 30_000.0;

impl Engine {
    /// Checks that current and wind have a value where each scenario of a mission begins, and tells how far they go
    /// there.
    pub async fn reach(&self, spec: &MissionSpec) -> Result<Reach, Error> {
        let span = Span::of(spec);
        let mut valid_until = span.end;
        for onset in Onset::all(spec) {
            let mut lacking = Vec::new();
            for kind in ForcingKind::DRIFT {
                match self.contiguous_end(kind, spec, &onset).await? {
                    Some(last) => valid_until = span.sooner(valid_until, last),
                    None => lacking.push(kind),
                }
            }
            if !lacking.is_empty() {
                return Err(self.not_covered(&lacking, spec, &onset).await?);
            }
        }
        if span.seconds_to(valid_until) < i64::from(spec.step_s) {
            return Err(Error::EndsAtOnce {
                valid_until,
                step_s: spec.step_s,
            });
        }
        Ok(Reach {
            valid_until,
            is_whole: valid_until == span.end,
        })
    }

    /// How far values of one kind go where a scenario begins, looked up as the kernel does it at every step; `None` where
    /// there is none at the beginning.
    async fn contiguous_end(
        &self,
        kind: ForcingKind,
        spec: &MissionSpec,
        onset: &Onset,
    ) -> Result<Option<ValidTime>, Error> {
        let span = Span::of(spec);
        let afloat = self.nearest_water(onset.position);
        let bbox = around(afloat, NEIGHBOURHOOD_M);
        let sources = self
            .origin
            .load(
                &self.compute,
                kind,
                &bbox,
                (span.earliest(), span.latest()),
                &spec.feeds(),
                Components::EastNorth,
            )
            .await?;
        if sources.is_empty() {
            return Ok(None);
        }
        let (step_s, begin, end) = (i64::from(spec.step_s) * span.sign(), onset.time, span.end);
        let look = move || -> Result<Option<ValidTime>, Error> {
            let field = Field::prepare(kind, sources.into_iter().map(LoadedSource::into_kernel).collect())?;
            let has_value = |time_s: i64| field.sample(afloat.lon_deg(), afloat.lat_deg(), time_s).is_some();
            let mut reached_s = begin.unix_s();
            if !has_value(reached_s) {
                return Ok(None);
            }
            while (end.unix_s() - reached_s) * step_s.signum() > 0 && has_value(reached_s + step_s) {
                reached_s += step_s;
            }
            Ok(ValidTime::from_unix_s(reached_s).map(|reached| span.sooner(reached, end)))
        };
        self.compute.run(look).await?
    }

    /// The position itself, or the sea nearest to it where it is on land.
    pub(crate) fn nearest_water(&self, position: LatLon) -> LatLon {
        let (lon, lat) = (position.lon_deg(), position.lat_deg());
        let sea = self.coast.nearest_sea(lon, lat, SEA_REACH_M);
        sea.and_then(|(lon, lat, _)| LatLon::new(lat, lon).ok())
            .unwrap_or(position)
    }

    /// Says which kinds are lacking where and when a scenario begins, and what is covered instead.
    pub(crate) async fn not_covered(
        &self,
        kinds: &[ForcingKind],
        spec: &MissionSpec,
        onset: &Onset,
    ) -> Result<Error, Error> {
        let (lon_deg, lat_deg) = (onset.position.lon_deg(), onset.position.lat_deg());
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
            time: onset.time,
            lacking,
        })
    }
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
