//! A calendar month in UTC: what an invoice is for.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::Error;

/// A month, from its first instant to the next one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

impl Month {
    /// The month in which this time lies.
    pub fn of(time: Timestamp) -> Result<Self, Error> {
        Self::beginning(time.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// The month before.
    pub fn before(self) -> Result<Self, Error> {
        let first = self.from.to_zoned(TimeZone::UTC).date();
        let before = first
            .checked_sub(1.month())
            .ok()
            .ok_or_else(|| Error::Month(first.to_string()))?;
        Self::beginning(before)
    }

    fn beginning(first: Date) -> Result<Self, Error> {
        let refuse = |_: jiff::Error| Error::Month(first.to_string());
        let instant = |day: Date| day.to_zoned(TimeZone::UTC).map(|day| day.timestamp());
        Ok(Self {
            from: instant(first).map_err(refuse)?,
            until: first.checked_add(1.month()).and_then(instant).map_err(refuse)?,
        })
    }

    /// How many days it has.
    pub fn days(self) -> i64 {
        (self.until.as_second() - self.from.as_second()) / 86_400
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.from.strftime("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = Error;

    /// Reads `2026-01`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || Error::Month(text.chars().take(64).collect());
        let (year, number) = text.split_once('-').ok_or_else(refuse)?;
        let is_canonical =
            year.len() == 4 && number.len() == 2 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let year: i16 = year.parse().ok().filter(|_| is_canonical).ok_or_else(refuse)?;
        let number: i8 = number
            .parse()
            .ok()
            .filter(|number| (1..=12).contains(number))
            .ok_or_else(refuse)?;
        Self::beginning(date(year, number, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_and_printed() {
        let month: Month = "2028-02".parse().unwrap();
        assert_eq!(month.to_string(), "2028-02");
        assert_eq!(month.days(), 29);
        assert_eq!(month.before().unwrap().to_string(), "2028-01");
        assert_eq!(Month::of(month.until).unwrap().to_string(), "2028-03");
        for text in [
            "2026-13",
            "2026-1",
            "2026",
            "26-01",
            "2026-00",
            "-026-01",
            "2026-01-01",
            "+026-01",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
