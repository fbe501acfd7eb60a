//! From raw reports to a track: what cannot be a position of this buoy is dropped and counted, the rest is put in
//! order, judged and cut into unbroken pieces.

use driftline_coast::Coast;
use driftline_decode::{RawFix, RawTrack};
use driftline_domain::{BBox, ValidTime, wrap_lon_deg};
use serde::{Deserialize, Serialize};

use super::speed;
use super::state;
use super::track::{BuoyKind, Dropped, Fix, State, Tally, Track};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BuoyFilter {
    /// Kind of the buoys.
    pub kind: BuoyKind,
    /// Only positions in this box.
    pub bbox: Option<BBox>,
    /// Only reports from this time on.
    pub from: Option<ValidTime>,
    /// Only reports up to this time.
    pub until: Option<ValidTime>,
    /// Nothing adrift is faster, m/s. The strongest ocean currents reach 3 m/s and a wind-blown buoy adds less than one;
    /// only tidal races are faster than 5, and a position that jumps is faster by far.
    pub max_speed_ms: f64,
    /// Reports follow each other at least this late, seconds: over a few seconds the error of a position makes any speed.
    /// A buoy that reports more often by habit is held to half its usual interval instead.
    pub min_interval_s: f64,
    /// A longer silence breaks the track, seconds.
    pub max_gap_s: f64,
    /// A moored buoy is at its station within this distance of its middle position, metres. Deep moorings swing by several
    /// kilometres.
    pub watch_circle_m: f64,
}

impl BuoyFilter {
    /// What is kept of buoys unless told otherwise. An import sets the kind by what it is told and finds.
    pub fn of(kind: BuoyKind) -> Self {
        Self {
            kind,
            bbox: None,
            from: None,
            until: None,
            max_speed_ms: 5.0,
            min_interval_s: 300.0,
            max_gap_s: 10_800.0,
            watch_circle_m: 10_000.0,
        }
    }

    /// The track of a buoy and the account of its reports; `unreadable` rows were met that named it.
    pub fn apply(&self, raw: &RawTrack, unreadable: usize, coast: &Coast) -> (Track, Tally) {
        let mut tally = Tally {
            read: raw.fixes.len() + unreadable,
            ..Tally::default()
        };
        tally.drop(Dropped::Unreadable, unreadable);
        let mut fixes = Vec::with_capacity(raw.fixes.len());
        for report in &raw.fixes {
            match self.admit(report) {
                Ok(fix) => fixes.push(fix),
                Err(reason) => tally.drop(reason, 1),
            }
        }
        tally.reordered = fixes.windows(2).filter(|pair| pair[1].time < pair[0].time).count();
        fixes.sort_by_key(|fix| fix.time);
        drop_duplicates(&mut fixes, &mut tally);
        self.drop_too_soon(&mut fixes, &mut tally);
        let before = fixes.len();
        speed::drop_too_fast(&mut fixes, self.max_speed_ms);
        tally.drop(Dropped::TooFast, before - fixes.len());
        state::judge(&mut fixes, self, coast);
        self.number_segments(&mut fixes);
        tally.kept = fixes.len();
        tally.segments = fixes.last().map_or(0, |last| last.segment as usize + 1);
        for fix in &fixes {
            *tally.states.entry(fix.state).or_default() += 1;
        }
        let track = Track {
            platform: raw.platform.clone(),
            kind: self.kind,
            fixes,
        };
        (track, tally)
    }

    /// A report by itself.
    fn admit(&self, report: &RawFix) -> Result<Fix, Dropped> {
        let (lon, lat) = (report.lon_deg, report.lat_deg);
        let Some(time) = report.time.filter(|_| lon.is_finite() && lat.is_finite()) else {
            return Err(Dropped::NotFinite);
        };
        if !(-180.0..=360.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) || (lon == 0.0 && lat == 0.0) {
            return Err(Dropped::OutsideRange);
        }
        if self.from.is_some_and(|from| time < from) {
            return Err(Dropped::BeforeStart);
        }
        if self.until.is_some_and(|until| time > until) {
            return Err(Dropped::AfterEnd);
        }
        let lon_deg = wrap_lon_deg(lon);
        if self.bbox.is_some_and(|bbox| !bbox.contains(lon_deg, lat)) {
            return Err(Dropped::OutsideBox);
        }
        Ok(Fix {
            time,
            lon_deg,
            lat_deg: lat,
            sea_temperature_c: report.sea_temperature_c,
            segment: 0,
            state: State::Drifting,
        })
    }

    /// Keeps of reports that follow each other too closely the first.
    fn drop_too_soon(&self, fixes: &mut Vec<Fix>, tally: &mut Tally) {
        let least_s =
            median_interval_s(fixes).map_or(self.min_interval_s, |usual| self.min_interval_s.min(usual / 2.0));
        let before = fixes.len();
        let mut last: Option<ValidTime> = None;
        fixes.retain(|fix| {
            let keep = last.is_none_or(|last| seconds_between(last, fix.time) >= least_s);
            if keep {
                last = Some(fix.time);
            }
            keep
        });
        tally.drop(Dropped::TooSoon, before - fixes.len());
    }

    fn number_segments(&self, fixes: &mut [Fix]) {
        let mut segment = 0;
        for at in 1..fixes.len() {
            let (earlier, later) = (fixes[at - 1], fixes[at]);
            let is_broken = seconds_between(earlier.time, later.time) > self.max_gap_s
                || speed::speed_ms(&earlier, &later) > self.max_speed_ms
                || earlier.state != later.state;
            segment += u32::from(is_broken);
            fixes[at].segment = segment;
        }
    }
}

/// Seconds from one time to a later one.
pub(super) fn seconds_between(from: ValidTime, to: ValidTime) -> f64 {
    (to.0.as_millisecond() - from.0.as_millisecond()) as f64 / 1000.0
}

fn drop_duplicates(fixes: &mut Vec<Fix>, tally: &mut Tally) {
    let before = fixes.len();
    // Reports of one time lie side by side, not always the equal ones among them.
    let mut of_this_time: Vec<Fix> = Vec::new();
    fixes.retain(|fix| {
        if of_this_time.first().is_some_and(|first| first.time != fix.time) {
            of_this_time.clear();
        }
        let same = |other: &Fix| other.lon_deg == fix.lon_deg && other.lat_deg == fix.lat_deg;
        let is_new = !of_this_time.iter().any(same);
        if is_new {
            of_this_time.push(*fix);
        }
        is_new
    });
    tally.drop(Dropped::Duplicate, before - fixes.len());
}

/// How often the buoy reports by habit.
fn median_interval_s(fixes: &[Fix]) -> Option<f64> {
    let intervals = fixes.windows(2).map(|pair| seconds_between(pair[0].time, pair[1].time));
    let mut intervals: Vec<f64> = intervals.filter(|seconds| *seconds > 0.0).collect();
    let middle = intervals.len() / 2;
    (!intervals.is_empty()).then(|| *intervals.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buoy in the open Atlantic that goes east at 0.5 m/s and reports every half hour.
    fn sound(reports: usize) -> RawTrack {
        let fix = |report: usize| RawFix {
            time: ValidTime::from_unix_s(1_700_000_000 + 1800 * report as i64),
            lon_deg: -30.0 + 0.01 * report as f64,
            lat_deg: 40.0,
            sea_temperature_c: f64::NAN,
        };
        RawTrack {
            platform: "a".to_owned(),
            fixes: (0..reports).map(fix).collect(),
        }
    }

    fn filtered(raw: &RawTrack, filter: &BuoyFilter) -> (Track, Tally) {
        let (track, tally) = filter.apply(raw, 0, &Coast::open_sea().unwrap());
        let dropped: usize = tally.dropped.values().sum();
        assert_eq!(tally.read, tally.kept + dropped, "every report is accounted for");
        (track, tally)
    }

    fn only(tally: &Tally, reason: Dropped, count: usize) {
        assert_eq!(tally.dropped, [(reason, count)].into(), "{tally:?}");
    }

    #[test]
    fn a_sound_track_is_kept_whole() {
        let (track, tally) = filtered(&sound(50), &BuoyFilter::of(BuoyKind::Drifting));
        assert_eq!((tally.kept, tally.segments, tally.reordered), (50, 1, 0));
        assert!(tally.dropped.is_empty() && track.fixes.iter().all(|fix| fix.state == State::Drifting));
    }

    #[test]
    fn each_fault_is_dropped_for_its_own_reason() {
        let drifting = BuoyFilter::of(BuoyKind::Drifting);
        let mut raw = sound(50);
        raw.fixes[7].lat_deg = f64::NAN;
        raw.fixes[9].time = None;
        only(&filtered(&raw, &drifting).1, Dropped::NotFinite, 2);

        let mut raw = sound(50);
        (raw.fixes[7].lat_deg, raw.fixes[8].lon_deg) = (91.0, 400.0);
        (raw.fixes[9].lat_deg, raw.fixes[9].lon_deg) = (0.0, 0.0);
        only(&filtered(&raw, &drifting).1, Dropped::OutsideRange, 3);

        let mut raw = sound(50);
        raw.fixes.push(raw.fixes[20]);
        let (_, tally) = filtered(&raw, &drifting);
        only(&tally, Dropped::Duplicate, 1);
        assert_eq!(tally.reordered, 1);

        let mut raw = sound(50);
        let mut soon = raw.fixes[20];
        soon.time = ValidTime::from_unix_s(soon.time.unwrap().unix_s() + 10);
        soon.lat_deg += 0.1;
        raw.fixes.insert(21, soon);
        only(&filtered(&raw, &drifting).1, Dropped::TooSoon, 1);

        let mut raw = sound(50);
        raw.fixes[20].lat_deg += 1.0;
        let (_, tally) = filtered(&raw, &drifting);
        only(&tally, Dropped::TooFast, 1);
        assert_eq!(tally.segments, 1, "what is left joins again");
    }

    #[test]
    fn box_and_times_leave_out_what_lies_beyond_them() {
        let raw = sound(50);
        let time = |report: usize| raw.fixes[report].time;
        let boxed = BuoyFilter {
            bbox: Some(BBox::new(-29.9, 39.0, -20.0, 41.0).unwrap()),
            ..BuoyFilter::of(BuoyKind::Drifting)
        };
        only(&filtered(&raw, &boxed).1, Dropped::OutsideBox, 10);
        let timed = BuoyFilter {
            from: time(5),
            until: time(44),
            ..BuoyFilter::of(BuoyKind::Drifting)
        };
        let (_, tally) = filtered(&raw, &timed);
        assert_eq!(
            tally.dropped,
            [(Dropped::BeforeStart, 5), (Dropped::AfterEnd, 5)].into()
        );
    }

    #[test]
    fn a_silence_of_hours_begins_another_segment() {
        let mut raw = sound(50);
        raw.fixes.drain(20..30);
        let (track, tally) = filtered(&raw, &BuoyFilter::of(BuoyKind::Drifting));
        assert_eq!((tally.kept, tally.segments), (40, 2));
        assert_eq!((track.fixes[19].segment, track.fixes[20].segment), (0, 1));
    }

    #[test]
    fn a_buoy_that_reports_every_five_minutes_by_habit_is_not_thinned() {
        let mut raw = sound(50);
        for (report, fix) in raw.fixes.iter_mut().enumerate() {
            fix.time = ValidTime::from_unix_s(1_700_000_000 + 299 * report as i64);
            fix.lon_deg = -30.0 + 0.001 * report as f64;
        }
        assert_eq!(filtered(&raw, &BuoyFilter::of(BuoyKind::Drifting)).1.kept, 50);
    }
}
