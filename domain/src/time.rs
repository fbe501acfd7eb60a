//! Two kinds of time that must not be mixed up: the run time of a model cycle and the time a field is valid at.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a text or number is no time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not an RFC 3339 time with a zone, such as 2015-11-16T06:00:00Z")]
pub struct TimeError(String);

macro_rules! times {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Timestamp);

        impl $name {
            /// The time this many seconds after 1970-01-01T00:00:00Z; `None` outside the years -9999 to 9999.
            pub fn from_unix_s(seconds: i64) -> Option<Self> {
                Timestamp::from_second(seconds).ok().map(Self)
            }

            /// Seconds since 1970-01-01T00:00:00Z, fractions cut off.
            pub fn unix_s(&self) -> i64 {
                self.0.as_second()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = TimeError;

            fn from_str(text: &str) -> Result<Self, TimeError> {
                // The parser also takes a time zone's name in brackets (RFC 9557), which is not RFC 3339.
                let plain = (!text.contains('[')).then_some(text);
                let time = plain.and_then(|text| text.parse().ok());
                time.map(Self).ok_or_else(|| TimeError(text.chars().take(64).collect()))
            }
        }
    )*};
}

times! {
    /// The time a model cycle is named after.
    RunTime;
    /// The time a field, a position or an area holds at.
    ValidTime;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_rfc_3339() {
        let time: ValidTime = "2015-11-16T08:00:00+02:00".parse().unwrap();
        assert_eq!(time.to_string(), "2015-11-16T06:00:00Z");
        assert_eq!(ValidTime::from_unix_s(time.unix_s()), Some(time));
        assert!(
            "2015-11-16T06:00:00".parse::<ValidTime>().is_err(),
            "a zone is required"
        );
        assert!("yesterday".parse::<ValidTime>().is_err());
        assert!("2015-11-16T08:00:00+01:00[Europe/Oslo]".parse::<ValidTime>().is_err());
        assert_eq!(ValidTime::from_unix_s(i64::MAX), None);
    }
}
