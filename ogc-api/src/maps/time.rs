//! Time on maps: which step a picture shows. An instant means the nearest stored step, `current` the one nearest to now
//! inside the layer's extent, an interval the latest step within it. What lies outside the extent by more than half a
//! step is refused with the extent's name, never answered with an empty picture (ogc.md, trap 11).

use driftline_domain::ValidTime;
use jiff::{Timestamp, ToSpan};

use crate::query::{Interval, shown};

/// When a layer has something to show.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timeline {
    first: ValidTime,
    last: ValidTime,
    step_s: u32,
    /// Every step, where they are known one by one.
    listed: Option<Vec<ValidTime>>,
}

/// What a request says about time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeWanted {
    /// Now.
    Current,
    /// One time.
    Instant(ValidTime),
    /// From one time to another, both included.
    Within(Interval),
}

/// What a picture of features shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Moment {
    /// The state at the step nearest to a time.
    Near(ValidTime),
    /// Everything that holds at some time of an interval.
    Within(Interval),
}

impl Timeline {
    /// Steps at these times; `None` without any.
    pub(crate) fn listed(times: Vec<ValidTime>) -> Option<Self> {
        let (first, last) = (*times.first()?, *times.last()?);
        let second = times.get(1).unwrap_or(&first);
        Some(Self {
            first,
            last,
            step_s: u32::try_from(second.unix_s() - first.unix_s()).unwrap_or(0),
            listed: Some(times),
        })
    }

    /// Steps of this length from one time to another.
    pub(crate) fn even(first: ValidTime, last: ValidTime, step_s: u32) -> Self {
        Self {
            first,
            last,
            step_s,
            listed: None,
        }
    }

    /// First step.
    pub(crate) fn first(&self) -> ValidTime {
        self.first
    }

    /// Last step.
    pub(crate) fn last(&self) -> ValidTime {
        self.last
    }

    /// Seconds between steps; 0 where there is only one.
    pub(crate) fn step_s(&self) -> u32 {
        self.step_s
    }

    /// The extent as WMS and TileJSON name it: `start/end/period`, never a list (ogc.md, trap 10).
    pub(crate) fn extent(&self) -> String {
        if self.first == self.last || self.step_s == 0 {
            return self.first.to_string();
        }
        format!("{}/{}/{}", self.first, self.last, duration(self.step_s))
    }

    /// The time of the one step that a picture shows.
    pub(crate) fn step(&self, wanted: TimeWanted, now: Timestamp) -> Result<ValidTime, String> {
        match wanted {
            TimeWanted::Current => Ok(self.nearest(self.clamped(ValidTime(now)))),
            TimeWanted::Instant(time) => {
                self.check(time)?;
                Ok(self.nearest(self.clamped(time)))
            }
            TimeWanted::Within(interval) => self.latest_within(interval),
        }
    }

    /// What a picture of features shows: of an instant the state then, of an interval everything in it.
    pub(crate) fn moment(&self, wanted: TimeWanted, now: Timestamp) -> Result<Moment, String> {
        match wanted {
            TimeWanted::Within(interval) => {
                let is_outside = interval.from.is_some_and(|from| from > self.last)
                    || interval.until.is_some_and(|until| until < self.first);
                if is_outside {
                    return Err(format!("the interval lies outside {}", self.extent()));
                }
                Ok(Moment::Within(interval))
            }
            _ => self.step(wanted, now).map(Moment::Near),
        }
    }

    fn check(&self, time: ValidTime) -> Result<(), String> {
        let half_a_step = i64::from(self.step_s / 2);
        let (first, last) = (self.first.unix_s() - half_a_step, self.last.unix_s() + half_a_step);
        if (first..=last).contains(&time.unix_s()) {
            return Ok(());
        }
        Err(format!("{time} lies outside {}", self.extent()))
    }

    fn clamped(&self, time: ValidTime) -> ValidTime {
        time.max(self.first).min(self.last)
    }

    /// The listed step nearest to a time inside the extent, the earlier one of two; where steps are not listed, the time
    /// itself, for the store to find the step.
    fn nearest(&self, time: ValidTime) -> ValidTime {
        let steps = self.listed.iter().flatten();
        steps
            .min_by_key(|step| step.unix_s().abs_diff(time.unix_s()))
            .copied()
            .unwrap_or(time)
    }

    fn latest_within(&self, interval: Interval) -> Result<ValidTime, String> {
        let until = interval.until.unwrap_or(self.last).min(self.last);
        let step = match &self.listed {
            Some(steps) => steps.iter().rev().find(|step| **step <= until).copied(),
            None => {
                let step_s = i64::from(self.step_s.max(1));
                let behind_first = until.unix_s() - self.first.unix_s();
                let whole_steps = behind_first.div_euclid(step_s) * step_s;
                (behind_first >= 0)
                    .then(|| ValidTime::from_unix_s(self.first.unix_s() + whole_steps))
                    .flatten()
            }
        };
        step.filter(|step| interval.from.is_none_or(|from| from <= *step))
            .ok_or_else(|| format!("no step lies in the interval; there are {}", self.extent()))
    }
}

impl TimeWanted {
    /// The forms of WMS 1.3.0, annex D: besides RFC 3339 also a date, an hour or a minute in UTC, which mean all of it,
    /// `current`, and an interval with a period behind it. Lists are not offered.
    pub(crate) fn of_wms(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("current") {
            return Ok(Self::Current);
        }
        if text.contains(',') {
            return Err("a list of times is not offered; name one time or one interval".to_owned());
        }
        match text.split('/').collect::<Vec<_>>()[..] {
            [one] => {
                let (start, end) = whole(one)?;
                Ok(if start == end {
                    Self::Instant(start)
                } else {
                    Self::Within(Interval {
                        from: Some(start),
                        until: Some(end),
                    })
                })
            }
            [start, end] | [start, end, _] => {
                let (from, until) = (whole(start)?.0, whole(end)?.1);
                if from > until {
                    return Err(format!("its start {from} is after its end {until}"));
                }
                Ok(Self::Within(Interval {
                    from: Some(from),
                    until: Some(until),
                }))
            }
            _ => Err(format!("'{}' has too many slashes", shown(text))),
        }
    }

    /// The forms of the parameter `datetime`, and `current`.
    pub(crate) fn of_tiles(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("current") {
            return Ok(Self::Current);
        }
        let interval = Interval::parse(text)?;
        Ok(match interval.from {
            Some(from) if !text.contains('/') => Self::Instant(from),
            _ => Self::Within(interval),
        })
    }
}

/// First and last instant of a time that may be cut short to a minute, an hour or a day.
fn whole(text: &str) -> Result<(ValidTime, ValidTime), String> {
    let (filled, length_s) = match text.len() {
        10 => (format!("{text}T00:00:00Z"), 86_400i64),
        14 if text.ends_with(['Z', 'z']) => (format!("{}:00:00Z", &text[..13]), 3_600),
        17 if text.ends_with(['Z', 'z']) => (format!("{}:00Z", &text[..16]), 60),
        _ => (text.to_owned(), 0),
    };
    let interval = if text.is_ascii() && !text.contains('/') {
        Interval::parse(&filled)
    } else {
        Err(String::new())
    };
    let start = interval.ok().and_then(|interval| interval.from);
    let start = start.ok_or_else(|| {
        format!(
            "'{}' is neither a time in UTC such as 2025-01-01T06:00:00Z, nor a day, nor 'current'",
            shown(text)
        )
    })?;
    // The last microsecond, the unit of stored times.
    let length_us = (length_s * 1_000_000 - 1).max(0);
    let end = start.0.checked_add(length_us.microseconds());
    Ok((start, end.map_or(start, ValidTime)))
}

/// Seconds as an ISO 8601 duration.
pub(crate) fn duration(seconds: u32) -> String {
    match seconds {
        s if s > 0 && s % 86_400 == 0 => format!("P{}D", s / 86_400),
        s if s > 0 && s % 3_600 == 0 => format!("PT{}H", s / 3_600),
        s if s > 0 && s % 60 == 0 => format!("PT{}M", s / 60),
        s => format!("PT{s}S"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> ValidTime {
        text.parse().unwrap()
    }

    fn timelines() -> [Timeline; 2] {
        let (first, last) = (time("2025-01-01T00:00:00Z"), time("2025-01-01T06:00:00Z"));
        let hours = (0..7).map(|hour| ValidTime::from_unix_s(first.unix_s() + 3_600 * hour).unwrap());
        [
            Timeline::even(first, last, 3_600),
            Timeline::listed(hours.collect()).unwrap(),
        ]
    }

    #[test]
    fn an_extent_is_a_period_and_never_a_list() {
        for timeline in timelines() {
            assert_eq!(timeline.extent(), "2025-01-01T00:00:00Z/2025-01-01T06:00:00Z/PT1H");
        }
        let one = Timeline::listed(vec![time("2025-01-01T00:00:00Z")]).unwrap();
        assert_eq!(one.extent(), "2025-01-01T00:00:00Z");
        assert_eq!(Timeline::listed(Vec::new()), None);
        for (seconds, text) in [
            (86_400, "P1D"),
            (7_200, "PT2H"),
            (600, "PT10M"),
            (5, "PT5S"),
            (0, "PT0S"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn an_instant_is_the_nearest_step_and_far_outside_it_is_refused() {
        let now = time("2025-01-01T02:10:00Z").0;
        let [even, listed] = timelines();
        for (wanted, step) in [
            ("2025-01-01T03:29:00Z", "2025-01-01T03:00:00Z"),
            ("2025-01-01T03:31:00Z", "2025-01-01T04:00:00Z"),
            ("2024-12-31T23:30:00Z", "2025-01-01T00:00:00Z"),
            ("2025-01-01T06:30:00Z", "2025-01-01T06:00:00Z"),
            ("current", "2025-01-01T02:00:00Z"),
            ("2025-01-01T03Z", "2025-01-01T03:00:00Z"),
            ("2025-01-01", "2025-01-01T06:00:00Z"),
            ("2025-01-01T01:30:00Z/2025-01-01T04:59:00Z", "2025-01-01T04:00:00Z"),
            ("2025-01-01T01:30:00Z/2025-01-01T04:59:00Z/PT1H", "2025-01-01T04:00:00Z"),
            ("2020-01-01T00:00:00Z/2030-01-01T00:00:00Z", "2025-01-01T06:00:00Z"),
        ] {
            let parsed = TimeWanted::of_wms(wanted).unwrap();
            assert_eq!(listed.step(parsed, now), Ok(time(step)), "{wanted}");
            if matches!(parsed, TimeWanted::Within(_)) {
                assert_eq!(even.step(parsed, now), Ok(time(step)), "{wanted}");
            }
        }
        let outside = TimeWanted::of_wms("2025-01-01T06:30:01Z").unwrap();
        for timeline in timelines() {
            let message = timeline.step(outside, now).unwrap_err();
            assert!(
                message.contains("2025-01-01T00:00:00Z/2025-01-01T06:00:00Z/PT1H"),
                "{message}"
            );
            for interval in ["2025-01-01T01:10:00Z/2025-01-01T01:50:00Z", "2026-01-01/2026-01-02"] {
                let wanted = TimeWanted::of_wms(interval).unwrap();
                assert!(timeline.step(wanted, now).is_err(), "{interval}");
            }
        }
        let even_instant = even.step(TimeWanted::of_wms("2025-01-01T03:31:00Z").unwrap(), now);
        assert_eq!(
            even_instant,
            Ok(time("2025-01-01T03:31:00Z")),
            "the store finds the step"
        );
        let late = time("2030-01-01T00:00:00Z").0;
        assert_eq!(
            even.step(TimeWanted::Current, late),
            Ok(time("2025-01-01T06:00:00Z")),
            "clamped"
        );
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_message() {
        for text in [
            "now",
            "2025",
            "2025-01",
            "2025-13-01",
            "2025-01-01T05:00:00",
            "2025-01-01T05",
            "a,b",
            "2025-01-02/2025-01-01",
            "////",
            "2025-01-01/",
            "２０２５-01",
            "ååååå",
        ] {
            assert!(TimeWanted::of_wms(text).unwrap_err().len() > 10, "{text}");
        }
        assert_eq!(TimeWanted::of_tiles("CURRENT"), Ok(TimeWanted::Current));
        assert!(matches!(
            TimeWanted::of_tiles("2025-01-01T05:00:00+02:00"),
            Ok(TimeWanted::Instant(_))
        ));
        assert!(matches!(
            TimeWanted::of_tiles("../2025-01-01T05:00:00Z"),
            Ok(TimeWanted::Within(_))
        ));
        assert!(TimeWanted::of_tiles("2025-01-01").is_err());
    }
}
