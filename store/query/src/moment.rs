//! Dates and timestamps of filters (OGC 21-065r2, 6.3; RFC 3339) as spans of microseconds since 1970, UTC: a timestamp is one
//! instant, a date all instants of its day.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Error;

const DAY_US: i64 = 86_400_000_000;

/// From the first to the last instant, both within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
}

impl Span {
    /// `2026-08-14`.
    pub(crate) fn date(text: &str) -> Result<Self, Error> {
        let midnight = text
            .parse::<Date>()
            .and_then(|date| date.to_zoned(TimeZone::UTC))
            .map_err(|error| refused("date", text, &error))?;
        if text.len() != "2026-08-14".len() {
            return Err(Error::Literal {
                what: "date",
                found: shown(text),
                reason: "dates are written as in 2026-08-14".to_owned(),
            });
        }
        let first_us = midnight.timestamp().as_microsecond();
        Ok(Self {
            first_us,
            last_us: first_us + (DAY_US - 1),
        })
    }

    /// `2026-08-14T12:00:00Z`, with any offset from UTC. Instants between two microseconds count as the one before.
    pub(crate) fn timestamp(text: &str) -> Result<Self, Error> {
        let us = text
            .parse::<Timestamp>()
            .map_err(|error| refused("timestamp", text, &error))?
            .as_microsecond();
        Ok(Self {
            first_us: us,
            last_us: us,
        })
    }

    /// Either.
    pub(crate) fn either(text: &str) -> Result<Self, Error> {
        if text.contains(['T', 't', ' ', ':']) {
            Self::timestamp(text)
        } else {
            Self::date(text)
        }
    }
}

fn refused(what: &'static str, text: &str, error: &jiff::Error) -> Error {
    Error::Literal {
        what,
        found: shown(text),
        reason: error.to_string(),
    }
}

/// As much of what was sent as a message repeats.
pub(crate) fn shown(text: &str) -> String {
    const MOST_SHOWN: usize = 60;
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
