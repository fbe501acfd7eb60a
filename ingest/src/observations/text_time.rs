//! Times as tables of reports write them: ISO 8601 with or without a zone (none is UTC), names of months, days first with
//! dots, digits alone, and seconds, milliseconds or microseconds since 1970. What can be read in two ways is not guessed.

use driftline_domain::ValidTime;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Which of two numbers before a year is the day: 04/05/2023.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlashOrder {
    DayFirst,
    MonthFirst,
}

/// Civil times without a zone; a date alone is its midnight.
const FORMATS: [&str; 14] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
    "%d-%b-%Y %H:%M:%S%.f",
    "%d-%b-%Y %H:%M",
    "%d %b %Y %H:%M:%S%.f",
    "%d %b %Y %H:%M",
    "%d.%m.%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M",
    "%Y%m%d %H:%M:%S%.f",
    "%Y%m%d %H:%M",
    "%Y%m%d %H%M%S",
    "%Y%m%d %H%M",
];
const DAY_FIRST: [&str; 2] = ["%d/%m/%Y %H:%M:%S%.f", "%d/%m/%Y %H:%M"];
const MONTH_FIRST: [&str; 2] = ["%m/%d/%Y %H:%M:%S%.f", "%m/%d/%Y %H:%M"];

/// The time that a text tells.
pub(super) fn parse(text: &str, slashes: Option<SlashOrder>) -> Option<ValidTime> {
    let text = text.trim();
    if let Ok(time) = text.parse::<ValidTime>() {
        return Some(time);
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return digits(text);
    }
    let text = ["UTC", "utc", "GMT", "Z", "z"]
        .iter()
        .find_map(|zone| text.strip_suffix(zone))
        .unwrap_or(text)
        .trim();
    // ISO 8601 joins date and time by a T.
    let bytes = text.as_bytes();
    let joined = bytes
        .windows(3)
        .position(|w| w[0].is_ascii_digit() && matches!(w[1], b'T' | b't') && w[2].is_ascii_digit());
    let text = match joined {
        Some(at) => format!("{} {}", &text[..=at], &text[at + 2..]),
        None => text.to_owned(),
    };
    let by_slashes: &[&str] = match slashes {
        Some(SlashOrder::DayFirst) => &DAY_FIRST,
        Some(SlashOrder::MonthFirst) => &MONTH_FIRST,
        None => &[],
    };
    let civil = |format: &&str| DateTime::strptime(format, &text).ok();
    let found = FORMATS
        .iter()
        .find_map(civil)
        .or_else(|| by_slashes.iter().find_map(civil));
    let midnight = || {
        let text = format!("{text} 00:00");
        FORMATS.iter().find_map(|format| DateTime::strptime(format, &text).ok())
    };
    utc(found.or_else(midnight)?)
}

/// What comes first in dates such as 04/05/2023, from all of them: `None` where no text is such a date, `Err` where nothing
/// tells.
pub(super) fn slash_order<'text>(texts: impl Iterator<Item = &'text str>) -> Result<Option<SlashOrder>, String> {
    let (mut example, mut first_is_day, mut second_is_day) = (None, false, false);
    for text in texts {
        let mut parts = text.trim().splitn(3, '/');
        let (Some(first), Some(second), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (Ok(first), Ok(second)) = (first.parse::<u32>(), second.parse::<u32>()) else {
            continue;
        };
        if first > 31 {
            continue;
        }
        first_is_day |= first > 12;
        second_is_day |= second > 12;
        example.get_or_insert_with(|| text.trim().to_owned());
    }
    match (example, first_is_day, second_is_day) {
        (None, ..) => Ok(None),
        (Some(_), true, false) => Ok(Some(SlashOrder::DayFirst)),
        (Some(_), false, true) => Ok(Some(SlashOrder::MonthFirst)),
        (Some(example), ..) => Err(format!(
            "dates such as {example} may have the day first or the month first, and no row tells which"
        )),
    }
}

/// The time of a year, month, day, hour, minute and second; the hour may carry a fraction.
pub(super) fn of_parts(parts: [f64; 6]) -> Option<ValidTime> {
    let whole = |value: f64| (libm::rint(value) == value && value.abs() < 1e4).then_some(value as i16);
    let day = jiff::civil::Date::new(
        whole(parts[0])?,
        i8::try_from(whole(parts[1])?).ok()?,
        i8::try_from(whole(parts[2])?).ok()?,
    );
    let seconds = parts[3] * 3600.0 + parts[4] * 60.0 + parts[5];
    let midnight = utc(day.ok()?.to_datetime(jiff::civil::Time::midnight()))?;
    (0.0..=86_400.0)
        .contains(&seconds)
        .then(|| ValidTime::from_unix_s(midnight.unix_s() + libm::rint(seconds) as i64))?
}

/// Digits alone: by how many there are, a date with its time or a count since 1970.
fn digits(text: &str) -> Option<ValidTime> {
    let whole = text.split('.').next()?;
    match whole.len() {
        14 => utc(DateTime::strptime("%Y%m%d%H%M%S", whole).ok()?),
        12 if text.len() == 12 => utc(DateTime::strptime("%Y%m%d%H%M", whole).ok()?),
        9 | 10 => ValidTime::from_unix_s(libm::rint(text.parse::<f64>().ok()?) as i64),
        13 => Timestamp::from_millisecond(whole.parse().ok()?).ok().map(ValidTime),
        16 => Timestamp::from_microsecond(whole.parse().ok()?).ok().map(ValidTime),
        _ => None,
    }
}

fn utc(civil: DateTime) -> Option<ValidTime> {
    Some(ValidTime(civil.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_in_many_dialects() {
        for text in [
            "2023-04-20T10:04:49Z",
            "2023-04-20T12:04:49+02:00",
            "2023-04-20 10:04:49",
            "2023-04-20T10:04:49.000",
            "2023-04-20 10:04:49 UTC",
            "2023/04/20 10:04:49",
            "20-Apr-2023 10:04:49",
            "20 apr 2023 10:04:49",
            "20.04.2023 10:04:49",
            "20230420 100449",
            "20230420T100449",
            "20230420100449",
            "1681985089",
            "1681985089.0",
            "1681985089000",
            "1681985089000000",
        ] {
            let time = parse(text, None).map(|time| time.to_string());
            assert_eq!(time.as_deref(), Some("2023-04-20T10:04:49Z"), "{text}");
        }
        assert_eq!(parse("2023-04-20", None).unwrap().to_string(), "2023-04-20T00:00:00Z");
        assert_eq!(
            of_parts([2023.0, 4.0, 20.0, 10.5, 0.0, 0.0]).unwrap().to_string(),
            "2023-04-20T10:30:00Z"
        );
        for text in [
            "",
            "NaN",
            "yesterday",
            "04/05/2023 10:00",
            "2023-13-01",
            "31.02.2023 10:00",
            "7",
        ] {
            assert_eq!(parse(text, None), None, "{text}");
        }
        assert_eq!(of_parts([2023.0, 2.0, 30.0, 0.0, 0.0, 0.0]), None);
    }

    #[test]
    fn days_and_months_are_told_apart_or_refused() {
        let order = |texts: &[&str]| slash_order(texts.iter().copied());
        assert_eq!(
            order(&["04/05/2023 10:00", "20/05/2023 10:00"]),
            Ok(Some(SlashOrder::DayFirst))
        );
        assert_eq!(
            order(&["04/05/2023 10:00", "04/25/2023 10:00"]),
            Ok(Some(SlashOrder::MonthFirst))
        );
        assert_eq!(order(&["2023/05/04 10:00", "2023-05-04"]), Ok(None));
        assert!(order(&["04/05/2023 10:00"]).unwrap_err().contains("04/05/2023 10:00"));
        let time = parse("04/05/2023 10:00", Some(SlashOrder::DayFirst)).unwrap();
        assert_eq!(time.to_string(), "2023-05-04T10:00:00Z");
    }
}
