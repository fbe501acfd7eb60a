//! Reference time (section 1), lead time (section 4) and the valid time that both make, whole seconds UTC.

use driftline_domain::{RunTime, ValidTime};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::octets::Octets;

/// Seconds in a unit of code table 4.4; `None` for those without a fixed length.
fn unit_s(unit: u8) -> Option<i64> {
    Some(match unit {
        0 => 60,
        1 => 3600,
        2 => 86_400,
        10 => 3 * 3600,
        11 => 6 * 3600,
        12 => 12 * 3600,
        13 => 1,
        _ => return None,
    })
}

/// The reference time of section 1, octets 13 to 19.
pub(crate) fn reference(identification: Octets<'_>) -> Result<RunTime, String> {
    let octet = |at| identification.u8(at).map(|value| value as i8);
    let cut_off = || "its section 1 is too short to hold a time".to_owned();
    let year = identification.u16(13).ok_or_else(cut_off)?;
    let part = |at| octet(at).ok_or_else(cut_off);
    let (month, day, hour, minute, second) = (part(15)?, part(16)?, part(17)?, part(18)?, part(19)?);
    let stated = || format!("{year}-{month}-{day} {hour}:{minute}:{second}");
    let year = i16::try_from(year).ok();
    let civil = year.and_then(|year| DateTime::new(year, month, day, hour, minute, second, 0).ok());
    let instant = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC).ok());
    instant
        .map(|instant| RunTime(instant.timestamp()))
        .ok_or_else(|| format!("its reference time {} is no time", stated()))
}

/// The lead time in seconds at the octets of a unit and a count.
pub(crate) fn lead_s(unit: u8, count: i32) -> Result<i64, String> {
    let unit_s = unit_s(unit).ok_or_else(|| {
        format!("its lead time counts in the unit {unit} of code table 4.4, which has no fixed length or is unknown")
    })?;
    Ok(unit_s * i64::from(count))
}

/// Reference time and lead time.
pub(crate) fn valid(run: RunTime, lead_s: i64) -> Result<ValidTime, String> {
    let valid = run.unix_s().checked_add(lead_s).and_then(ValidTime::from_unix_s);
    valid.ok_or_else(|| format!("{lead_s} s after {run} is beyond all calendars"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_in_every_unit() {
        for (unit, count, expected) in [
            (0, 90, 5400),
            (1, 120, 432_000),
            (2, 2, 172_800),
            (10, 8, 86_400),
            (11, 4, 86_400),
            (12, -1, -43_200),
            (13, 30, 30),
        ] {
            assert_eq!(lead_s(unit, count), Ok(expected), "{unit}");
        }
        for unit in [3, 4, 7, 9, 14, 255] {
            assert!(lead_s(unit, 1).is_err(), "{unit}");
        }
    }

    #[test]
    fn a_reference_time_must_be_one() {
        let mut section = [0_u8; 21];
        section[12..19].copy_from_slice(&[0x07, 0xe8, 2, 29, 18, 30, 0]);
        let run = reference(Octets(&section)).unwrap();
        assert_eq!(run.to_string(), "2024-02-29T18:30:00Z");
        assert_eq!(valid(run, 21_600).unwrap().to_string(), "2024-03-01T00:30:00Z");
        section[13] = 0xe7;
        assert!(reference(Octets(&section)).is_err(), "2023 had no 29 February");
        assert!(reference(Octets(&section[..18])).is_err());
    }
}
