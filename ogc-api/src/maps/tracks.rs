//! Tracks in pictures: which of them a moment shows, and how far.

use std::borrow::Cow;

use driftline_domain::ValidTime;
use driftline_simulate::products::{self, Status};
use driftline_simulate::tile_content::track_lines;
use driftline_tiles::{MarkStatus, Track};

use super::time::Moment;

/// What a moment shows of a track: at an instant its way until then, of an interval the whole of every track that is
/// under way at some time of it.
pub(super) fn shown_of(track: &products::Track, moment: Moment) -> Option<Cow<'_, products::Track>> {
    let (start, end) = track.times()?;
    match moment {
        Moment::Near(at) if at < start => None,
        Moment::Near(at) if at < end => Some(Cow::Owned(until(track, at))),
        Moment::Near(_) => Some(Cow::Borrowed(track)),
        Moment::Within(interval) => {
            let is_under_way =
                interval.from.is_none_or(|from| end >= from) && interval.until.is_none_or(|until| start <= until);
            is_under_way.then_some(Cow::Borrowed(track))
        }
    }
}

/// A track up to a time before its end: whatever became of the particle later, it is adrift then.
fn until(track: &products::Track, at: ValidTime) -> products::Track {
    let begun = |part: &Vec<products::Vertex>| -> Vec<products::Vertex> {
        part.iter().filter(|vertex| vertex.time <= at).copied().collect()
    };
    products::Track {
        particle_id: track.particle_id,
        status: Status::Active,
        parts: track.parts.iter().map(begun).filter(|part| !part.is_empty()).collect(),
    }
}

pub(super) fn drawn_track(track: &products::Track) -> Track {
    Track {
        parts: track_lines(track),
        status: match track.status {
            Status::Active | Status::NotReleased => MarkStatus::Active,
            Status::Stranded => MarkStatus::Stranded,
            Status::MissingData | Status::SeededOnLand | Status::Outside | Status::Retired => MarkStatus::MissingData,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Interval;

    fn at(hour: i64) -> ValidTime {
        ValidTime::from_unix_s(3_600 * hour).unwrap()
    }

    #[test]
    fn an_instant_shows_the_way_until_then_and_an_interval_the_whole_way() {
        let vertex = |hour: i64| products::Vertex {
            lon_deg: hour as f64,
            lat_deg: 60.0,
            time: at(hour),
        };
        let track = products::Track {
            particle_id: 3,
            status: Status::Stranded,
            parts: vec![vec![vertex(1), vertex(2)], vec![vertex(2), vertex(3)]],
        };
        let shown = |moment| shown_of(&track, moment).map(|track| (track_lines(&track).0, track.status));
        let lengths = |hour: i64| {
            let (lines, status) = shown(Moment::Near(at(hour)))?;
            Some((lines.iter().map(|line| line.0.len()).collect::<Vec<_>>(), status))
        };
        assert_eq!(lengths(0), None, "it has not begun");
        assert_eq!(lengths(1), Some((vec![1], Status::Active)));
        assert_eq!(lengths(2), Some((vec![2, 1], Status::Active)));
        assert_eq!(lengths(3), Some((vec![2, 2], Status::Stranded)));
        assert_eq!(
            lengths(9),
            Some((vec![2, 2], Status::Stranded)),
            "where it ended stays to be seen"
        );
        let within = |from: i64, until: i64| {
            let (from, until) = (Some(at(from)), Some(at(until)));
            shown(Moment::Within(Interval { from, until })).is_some()
        };
        assert_eq!(
            (within(-2, 0), within(0, 1), within(3, 9), within(4, 9)),
            (false, true, true, false)
        );
    }
}
