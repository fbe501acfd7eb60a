//! How the servers of providers behave: how often they may be asked, and how long a new object is left alone because it may
//! still be growing. What their statuses mean is the same for all of them (`fetch/answer.rs`).
//!
//! Sources: feeds-and-store.md 2.1 (NOMADS allows 120 requests a minute, of which 100 are used; files are looked at 120 to
//! 180 s after their last modification); MET Norway's terms of service (no downloads side by side).

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::fetch::HostLimits;

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

impl Server {
    /// How long after its last modification an object is left alone, because it may still be growing.
    pub fn settles_after(self) -> SignedDuration {
        match self {
            Self::Bucket => SignedDuration::ZERO,
            Self::Nomads | Self::MetNorway | Self::Web => SignedDuration::from_secs(180),
        }
    }
}

/// Limits of the hosts that are known to ask for less than others, by host; what an operator sets below them holds there, too.
pub fn known_limits(set: HostLimits) -> BTreeMap<String, HostLimits> {
    let nomads = HostLimits {
        requests_per_minute: set.requests_per_minute.min(100),
        ..set
    };
    let met_norway = HostLimits { concurrent: 1, ..set };
    let known = [("nomads.ncep.noaa.gov", nomads), ("thredds.met.no", met_norway)];
    known.map(|(host, limits)| (host.to_owned(), limits)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_terms_of_their_own_are_asked_no_more_than_these_allow() {
        let generous = HostLimits {
            requests_per_minute: 60_000,
            ..HostLimits::default()
        };
        let known = known_limits(generous);
        assert_eq!(known["nomads.ncep.noaa.gov"].requests_per_minute, 100);
        assert_eq!(known["thredds.met.no"].concurrent, 1);
        let careful = HostLimits {
            requests_per_minute: 10,
            ..HostLimits::default()
        };
        assert_eq!(known_limits(careful)["nomads.ncep.noaa.gov"].requests_per_minute, 10);
    }
}
