//! How the servers of providers behave: what their statuses mean, how often they may be asked, and how long a new object
//! is left alone because it may still be growing.
//!
//! Sources: feeds-and-store.md 2.1 (NOMADS: 302 is throttling and never "missing", 404 is absent, 403 is aged out; 120
//! requests a minute are allowed, 100 are used; files are looked at 120 to 180 s after their last modification) and 2.3
//! (the marine store answers 429); MET Norway's terms of service (no downloads side by side). What is not known of a
//! server is taken from RFC 9110.

use jiff::SignedDuration;

/// A server's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// An object store: a whole object appears at once.
    Bucket,
    /// NOAA's own web server: files appear while they are still being written.
    Nomads,
    /// MET Norway's THREDDS server.
    MetNorway,
    /// Any other web server.
    Web,
}

/// What a status says of the object that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The answer is the object, or the part of it that was asked for.
    Here,
    /// It is as it was when it was last fetched.
    Unchanged,
    /// There is no such object, or not yet.
    Absent,
    /// There was one, and it has been removed for its age.
    AgedOut,
    /// Too many requests: nothing is said of the object. Ask again later.
    Throttled,
    /// The object ends before the range that was asked for: it still grows, or its index is of another moment.
    TooShort,
    /// The server is in trouble: nothing is said of the object. Ask again later.
    Failing,
    /// It will not be given however often it is asked for; an operator has to look.
    Refused,
}

impl Server {
    /// What a status means here. Redirections are never followed: NOMADS sends those whom it throttles to a page.
    pub fn meaning(self, status: u16) -> Meaning {
        match (self, status) {
            (_, 200 | 206) => Meaning::Here,
            (_, 304) => Meaning::Unchanged,
            (Self::Nomads, 302) => Meaning::Throttled,
            (Self::Nomads, 403) => Meaning::AgedOut,
            (_, 404 | 410) => Meaning::Absent,
            (_, 416) => Meaning::TooShort,
            (_, 429 | 503) => Meaning::Throttled,
            (_, 408 | 500..=599) => Meaning::Failing,
            _ => Meaning::Refused,
        }
    }

    /// Requests a minute that are not exceeded; `None` where no limit is known.
    pub fn requests_per_minute(self) -> Option<u32> {
        match self {
            Self::Nomads => Some(100),
            Self::Bucket | Self::MetNorway | Self::Web => None,
        }
    }

    /// Requests under way at once that are not exceeded; `None` where no limit is known.
    pub fn at_once(self) -> Option<usize> {
        match self {
            Self::MetNorway => Some(1),
            Self::Bucket | Self::Nomads | Self::Web => None,
        }
    }

    /// How long after its last modification an object is left alone, because it may still be growing.
    pub fn settles_after(self) -> SignedDuration {
        match self {
            Self::Bucket => SignedDuration::ZERO,
            Self::Nomads | Self::MetNorway | Self::Web => SignedDuration::from_secs(180),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_never_taken_for_absence() {
        assert_eq!(Server::Nomads.meaning(302), Meaning::Throttled);
        assert_eq!(Server::Nomads.meaning(403), Meaning::AgedOut);
        for server in [Server::Bucket, Server::Nomads, Server::MetNorway, Server::Web] {
            assert_eq!(server.meaning(404), Meaning::Absent);
            assert_eq!(server.meaning(429), Meaning::Throttled);
            assert_eq!(server.meaning(503), Meaning::Throttled);
            assert_eq!(server.meaning(502), Meaning::Failing);
            assert_ne!(server.meaning(302), Meaning::Here);
        }
        assert_eq!(Server::Bucket.meaning(403), Meaning::Refused);
    }
}
