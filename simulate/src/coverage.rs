//! What forcing covers: asked before a mission is accepted and again before it runs.

use driftline_domain::{BBox, ForcingKind, LatLon, MissionSpec, ValidTime, Violation};

use crate::Error;
use crate::sources::{ForcingOrigin, SourceAbout};

/// How far forcing carries a mission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Last valid time that both current and wind have at the start position.
    pub valid_until: ValidTime,
}

/// A box that is one place.
fn point(position: LatLon) -> BBox {
    let (lon, lat) = (position.lon_deg(), position.lat_deg());
    BBox {
        west: lon,
        south: lat,
        east: lon,
        north: lat,
    }
}

/// Checks that current and wind cover the start of a mission, and tells how far they go.
pub async fn reach(origin: &ForcingOrigin, spec: &MissionSpec) -> Result<Reach, Error> {
    let end = end_of(spec);
    let mut valid_until = end;
    for kind in ForcingKind::ALL {
        let sources = origin
            .covering(kind, &point(spec.position), spec.time, end, &spec.forcing)
            .await?;
        let Some(last) = contiguous_end(&sources, spec.time) else {
            let covered = describe(&everything(origin, kind, &spec.forcing).await?, kind);
            return Err(Error::NotCovered {
                kind,
                lat_deg: spec.position.lat_deg(),
                lon_deg: spec.position.lon_deg(),
                time: spec.time,
                covered,
            });
        };
        valid_until = valid_until.min(last);
    }
    if valid_until.unix_s() - spec.time.unix_s() < i64::from(spec.step_s) {
        return Err(Error::EndsAtOnce {
            valid_until,
            step_s: spec.step_s,
        });
    }
    Ok(Reach { valid_until })
}

/// The end of a mission's forecast.
pub(crate) fn end_of(spec: &MissionSpec) -> ValidTime {
    let seconds = spec.time.unix_s().saturating_add(i64::from(spec.forecast_hours) * 3600);
    ValidTime::from_unix_s(seconds).unwrap_or(spec.time)
}

/// How far sources reach without a gap from a time on; `None` where none holds at that time.
fn contiguous_end(sources: &[SourceAbout], from: ValidTime) -> Option<ValidTime> {
    let mut end = None;
    loop {
        let reached = end.unwrap_or(from);
        let next = sources
            .iter()
            .filter(|source| source.valid_from <= reached && source.valid_until >= reached)
            .map(|source| source.valid_until)
            .max()?;
        if Some(next) == end {
            return end;
        }
        end = Some(next);
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
fn describe(sources: &[SourceAbout], kind: ForcingKind) -> String {
    if sources.is_empty() {
        return format!("there is no {kind} at all");
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

/// An uncovered start as a violation of the mission's fields.
pub fn violation(error: &Error) -> Option<Violation> {
    if !matches!(error, Error::NotCovered { .. } | Error::EndsAtOnce { .. }) {
        return None;
    }
    Some(Violation::new("last_known_time", "not_covered", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::{Composition, RunTime};

    fn source(from_h: i64, until_h: i64) -> SourceAbout {
        let at = |hour: i64| ValidTime::from_unix_s(hour * 3600).unwrap();
        SourceAbout {
            kind: ForcingKind::Wind,
            feed: "test".to_owned(),
            run: RunTime::from_unix_s(0).unwrap(),
            revision: None,
            checksum: None,
            cell_m: 1.0,
            composition: Composition::Unstated,
            level: String::new(),
            bounds: BBox {
                west: 0.0,
                south: 0.0,
                east: 1.0,
                north: 1.0,
            },
            valid_from: at(from_h),
            valid_until: at(until_h),
            attribution: None,
        }
    }

    #[test]
    fn overlapping_cycles_carry_on_and_a_gap_ends_it() {
        let at = |hour: i64| ValidTime::from_unix_s(hour * 3600).unwrap();
        let sources = [source(0, 6), source(6, 12), source(13, 20)];
        assert_eq!(contiguous_end(&sources, at(1)), Some(at(12)));
        assert_eq!(contiguous_end(&sources, at(14)), Some(at(20)));
        assert_eq!(contiguous_end(&sources, at(21)), None);
        assert_eq!(contiguous_end(&[], at(0)), None);
        assert_eq!(contiguous_end(&sources, at(20)), Some(at(20)));
    }
}
