//! The `datetime` parameter: an instant or an interval that is closed at both ends (OGC API Features Part 1, 7.15.4).
//! A feature is selected when its own time intersects it. Times are RFC 3339 with a zone; nothing is guessed.

use driftline_domain::ValidTime;
use jiff::{Timestamp, ToSpan};

use super::{Query, shown};
use crate::Error;

/// A closed interval of time; `None` is an open end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Interval {
    /// First instant inside.
    pub(crate) from: Option<ValidTime>,
    /// Last instant inside.
    pub(crate) until: Option<ValidTime>,
}

impl Interval {
    /// Reads a parameter of this name; without one there is no restriction.
    pub(crate) fn parameter(query: &Query, name: &str) -> Result<Self, Error> {
        match query.get(name) {
            None => Ok(Self::default()),
            Some(text) => Self::parse(text).map_err(|why| Error::parameter(name, why)),
        }
    }

    /// Whether nothing is restricted.
    pub(crate) fn is_open(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Whether something that holds from one time to another holds at some time of it; ends are included.
    pub(crate) fn meets(&self, start: ValidTime, end: ValidTime) -> bool {
        self.from.is_none_or(|from| end >= from) && self.until.is_none_or(|until| start <= until)
    }

    /// Whether a time lies in it.
    pub(crate) fn holds(&self, time: ValidTime) -> bool {
        self.meets(time, time)
    }

    /// Reads an instant or an interval.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some((start, end)) = text.split_once('/') else {
            let instant = rfc3339(text)?;
            return Ok(Self::stored(Some(instant), Some(instant)));
        };
        if end.contains('/') {
            return Err(format!("'{}' has more than one slash", shown(text)));
        }
        let bound = |text: &str| match text {
            "" | ".." => Ok(None),
            time => rfc3339(time).map(Some),
        };
        let (start, end) = (bound(start)?, bound(end)?);
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            return Err(format!("its start {start} is after its end {end}"));
        }
        Ok(Self::stored(start, end))
    }

    /// Narrows both ends to whole microseconds, the unit of stored times, so that no feature a nanosecond outside
    /// slips in by rounding.
    fn stored(start: Option<Timestamp>, end: Option<Timestamp>) -> Self {
        Self {
            from: start.and_then(ceil_to_microsecond).map(ValidTime),
            until: end.and_then(floor_to_microsecond).map(ValidTime),
        }
    }
}

fn ceil_to_microsecond(time: Timestamp) -> Option<Timestamp> {
    let floor = Timestamp::from_microsecond(time.as_microsecond()).ok()?;
    if floor < time {
        floor.checked_add(1.microsecond()).ok()
    } else {
        Some(floor)
    }
}

fn floor_to_microsecond(time: Timestamp) -> Option<Timestamp> {
    let truncated = Timestamp::from_microsecond(time.as_microsecond()).ok()?;
    if truncated > time {
        truncated.checked_sub(1.microsecond()).ok()
    } else {
        Some(truncated)
    }
}

/// The shape of RFC 3339 is checked here, because the time library reads more than that (hours alone, zone names in
/// brackets); what the digits mean is its business.
fn rfc3339(text: &str) -> Result<Timestamp, String> {
    let refuse = || {
        format!(
            "'{}' is not an RFC 3339 time with a zone, such as 2025-01-01T06:00:00Z",
            shown(text)
        )
    };
    if !has_rfc3339_shape(text.as_bytes()) {
        return Err(refuse());
    }
    text.to_ascii_uppercase()
        .parse()
        .map_err(|error: jiff::Error| format!("{}: {error}", refuse()))
}

fn has_rfc3339_shape(text: &[u8]) -> bool {
    const DATE_TIME: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let Some((date_time, rest)) = text.split_at_checked(DATE_TIME.len()) else {
        return false;
    };
    let matches = |byte: &u8, shape: &u8| match shape {
        b'd' => byte.is_ascii_digit(),
        b'T' => byte.eq_ignore_ascii_case(&b'T'),
        exact => byte == exact,
    };
    let date_is_good = date_time
        .iter()
        .zip(DATE_TIME)
        .all(|(byte, shape)| matches(byte, shape));
    let zone = match rest.split_first() {
        Some((b'.', fraction)) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        _ => rest,
    };
    let zone_is_good = match zone {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    date_is_good && zone_is_good
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<ValidTime> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn every_form_of_the_standard_is_read() {
        let (a, b) = ("2025-01-01T00:00:00Z", "2025-01-01T06:00:00Z");
        let rows = [
            (a.to_owned(), time(a), time(a)),
            (format!("{a}/{b}"), time(a), time(b)),
            (format!("../{b}"), None, time(b)),
            (format!("/{b}"), None, time(b)),
            (format!("{a}/.."), time(a), None),
            (format!("{a}/"), time(a), None),
            ("../..".to_owned(), None, None),
            ("/".to_owned(), None, None),
            (format!("{a}/{a}"), time(a), time(a)),
            ("2025-01-01T02:00:00+02:00".to_owned(), time(a), time(a)),
            ("2024-12-31t19:00:00-05:00".to_owned(), time(a), time(a)),
            ("2025-01-01t00:00:00z".to_owned(), time(a), time(a)),
            ("2025-01-01T00:00:00.000Z".to_owned(), time(a), time(a)),
            (
                "2025-01-01T00:00:00.25Z".to_owned(),
                time("2025-01-01T00:00:00.25Z"),
                time("2025-01-01T00:00:00.25Z"),
            ),
        ];
        for (text, from, until) in rows {
            assert_eq!(Interval::parse(&text), Ok(Interval { from, until }), "{text}");
        }
    }

    #[test]
    fn whatever_else_is_refused_with_a_message() {
        for text in [
            "",
            "now",
            "2025-01-01",
            "2025-01-01T06:00:00",
            "2025-01-01T06:00Z",
            "2025-01-01T06Z",
            "2025-01-01 06:00:00Z",
            "2025-01-01T06:00:00.Z",
            "2025-01-01T06:00:00+02",
            "2025-01-01T06:00:00+02:00[Europe/Oslo]",
            "2025-02-30T06:00:00Z",
            "2025-01-01T25:00:00Z",
            "2025-01-01T06:00:00Z/2025-01-01T05:59:59Z",
            "2025-01-01T06:00:00Z/P1D",
            "2025-01-01T06:00:00Z/../..",
            "..",
            "２０２５-01-01T06:00:00Z",
        ] {
            let message = Interval::parse(text).unwrap_err();
            assert!(message.len() > 10, "{text}: {message}");
        }
    }

    #[test]
    fn parts_of_a_microsecond_narrow_the_interval() {
        let narrow = Interval::parse("2025-01-01T00:00:00.0000005Z/2025-01-01T00:00:00.0000029Z").unwrap();
        assert_eq!(narrow.from, time("2025-01-01T00:00:00.000001Z"));
        assert_eq!(narrow.until, time("2025-01-01T00:00:00.000002Z"));
        let before_1970 = Interval::parse("1969-12-31T23:59:59.9999995Z").unwrap();
        assert_eq!(before_1970.from, time("1970-01-01T00:00:00Z"));
        assert_eq!(before_1970.until, time("1969-12-31T23:59:59.999999Z"));
    }
}
