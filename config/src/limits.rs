//! How much callers may ask in a time, and how large and how slow a request may be.

use serde::{Deserialize, Serialize};

/// Token buckets: each fills within its time and holds as many as it gives in that time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Requests of one key or user in a minute.
    pub requests_per_minute: u32,
    /// Requests of one organisation in a minute.
    pub organisation_requests_per_minute: u32,
    /// Pictures and tiles of one key or user in a minute.
    pub maps_per_minute: u32,
    /// Pictures and tiles of one organisation in a minute.
    pub organisation_maps_per_minute: u32,
    /// Missions that one key or user sends, cancels or withdraws in a minute.
    pub mission_writes_per_minute: u32,
    /// Missions in distress of one organisation in an hour.
    pub distress_missions_per_hour: u32,
    /// Requests of one client address in a minute.
    pub address_requests_per_minute: u32,
    /// Attempts to sign in of one client address in a minute.
    pub logins_per_minute: u32,
}

/// More in a minute than this counts nothing any more.
const MOST: u32 = 10_000_000;

impl LimitSettings {
    pub(crate) fn check(&self) -> Result<(), String> {
        let all = [
            ("requests_per_minute", self.requests_per_minute),
            (
                "organisation_requests_per_minute",
                self.organisation_requests_per_minute,
            ),
            ("maps_per_minute", self.maps_per_minute),
            ("organisation_maps_per_minute", self.organisation_maps_per_minute),
            ("mission_writes_per_minute", self.mission_writes_per_minute),
            ("distress_missions_per_hour", self.distress_missions_per_hour),
            ("address_requests_per_minute", self.address_requests_per_minute),
            ("logins_per_minute", self.logins_per_minute),
        ];
        match all.into_iter().find(|(_, value)| !(1..=MOST).contains(value)) {
            Some((key, value)) => Err(format!("limits.{key} is {value}; it must be between 1 and {MOST}")),
            None => Ok(()),
        }
    }
}
