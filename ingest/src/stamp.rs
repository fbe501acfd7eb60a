//! Times as providers write them into names and indexes: `20240103`, `2024010312`, `20240103T12`, always UTC.

use driftline_domain::{RunTime, ValidTime};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// `20240103`.
pub(crate) fn day(time: Timestamp) -> String {
    time.strftime("%Y%m%d").to_string()
}

/// `12`.
pub(crate) fn hour(time: Timestamp) -> String {
    time.strftime("%H").to_string()
}

/// `2024010312`.
pub(crate) fn day_hour(time: Timestamp) -> String {
    time.strftime("%Y%m%d%H").to_string()
}

/// `20240103T12`.
pub(crate) fn day_t_hour(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H").to_string()
}

/// `2024/01/03`, as folders.
pub(crate) fn day_folders(time: Timestamp) -> String {
    time.strftime("%Y/%m/%d").to_string()
}

/// `2024/01`, as folders.
pub(crate) fn month_folders(time: Timestamp) -> String {
    time.strftime("%Y/%m").to_string()
}

/// Reads `YYYYMMDD`, `YYYYMMDDHH`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`.
pub(crate) fn read(digits: &str) -> Option<Timestamp> {
    if !matches!(digits.len(), 8 | 10 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i16 = digits.get(..4)?.parse().ok()?;
    let two = |from: usize| -> Option<i8> { digits.get(from..from + 2).map_or(Some(0), |text| text.parse().ok()) };
    let date = Date::new(year, two(4)?, two(6)?).ok()?;
    let time = Time::new(two(8)?, two(10)?, two(12)?, 0).ok()?;
    let zoned = date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// The time this much after another, at the ends of what can be written that end.
pub(crate) fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    let end = if duration.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    time.checked_add(duration).unwrap_or(end)
}

/// Valid time of a step of so many hours.
pub(crate) fn valid(run: RunTime, hours: i64) -> ValidTime {
    ValidTime(after(run.0, SignedDuration::from_hours(hours)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_times_are_read_back() {
        let time: Timestamp = "2024-02-29T18:00:00Z".parse().unwrap();
        assert_eq!(read(&day_hour(time)), Some(time));
        assert_eq!(read("202402291830"), Some("2024-02-29T18:30:00Z".parse().unwrap()));
        assert_eq!(
            (day(time), hour(time), day_t_hour(time), day_folders(time)),
            (
                "20240229".to_owned(),
                "18".to_owned(),
                "20240229T18".to_owned(),
                "2024/02/29".to_owned()
            )
        );
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "20230229",
            "2024130112",
            "2024010124",
            "202401",
            "2024010l",
            "２０２４０１０１",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
