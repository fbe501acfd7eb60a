//! How long to wait, how often to ask, how much to take. Times as `Duration`, sizes in bytes.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::FetchError;

/// Settings of the client; the default is meant for public forecast servers.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// How we name ourselves to servers; an operator adds an address for complaints.
    pub user_agent: String,
    /// For the connection, name look-up and TLS included.
    pub connect_timeout: Duration,
    /// From the request until the head of the answer.
    pub first_byte_timeout: Duration,
    /// Between two pieces of a body.
    pub stall_timeout: Duration,
    /// For one request as a whole; what it brought is kept and continued by the next one.
    pub total_timeout: Duration,
    /// Requests without progress before the caller is told to come back later.
    pub attempts: u32,
    /// The first wait between two attempts lasts at most this; each further one may last twice as long.
    pub backoff_base: Duration,
    /// No backoff lasts longer than this.
    pub backoff_cap: Duration,
    /// A wait that would last longer is not sat out: the caller is told when to come back.
    pub longest_wait: Duration,
    /// A `Retry-After` that asks for more counts as this.
    pub longest_retry_after: Duration,
    /// Objects that would be larger are refused.
    pub most_bytes: u64,
    /// An object up to this size may be read through where the server ignores ranges.
    pub small_object_bytes: u64,
    /// Limits of a host that `overrides` does not name.
    pub per_host: HostLimits,
    /// Limits by host name, with `:port` where it is not the scheme's own.
    pub overrides: BTreeMap<String, HostLimits>,
    /// Whether the environment's proxy is used.
    pub proxy: Proxying,
    /// The wall clock.
    pub now: fn() -> Timestamp,
}

/// What a host is spared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostLimits {
    /// Requests within any 60 s.
    pub requests_per_minute: u32,
    /// Requests at the same time.
    pub concurrent: u32,
    /// Failures in a row after which the host is left alone.
    pub failures_to_rest: u32,
    /// How long it is left alone the first time; twice as long after each probe that fails.
    pub rest: Duration,
    /// It is never left alone for longer than this.
    pub longest_rest: Duration,
}

/// Where connections go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxying {
    /// Through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, if any.
    Environment,
    /// Straight to the host.
    Direct,
}

impl Default for HostLimits {
    /// 100 requests a minute: NOMADS allows 120 (feeds-and-store.md, section 2.1).
    fn default() -> Self {
        Self {
            requests_per_minute: 100,
            concurrent: 4,
            failures_to_rest: 8,
            rest: Duration::from_secs(60),
            longest_rest: Duration::from_secs(900),
        }
    }
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            user_agent: concat!("driftline/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(900),
            attempts: 5,
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(60),
            longest_wait: Duration::from_secs(90),
            longest_retry_after: Duration::from_secs(3600),
            most_bytes: 8 << 30,
            small_object_bytes: 64 << 20,
            per_host: HostLimits::default(),
            overrides: BTreeMap::new(),
            proxy: Proxying::Environment,
            now: Timestamp::now,
        }
    }
}

impl FetchSettings {
    /// Limits of a host.
    pub(super) fn limits_of(&self, host: &str) -> HostLimits {
        self.overrides.get(host).copied().unwrap_or(self.per_host)
    }

    /// Refuses numbers with which nothing would ever be fetched.
    pub(super) fn check(&self) -> Result<(), FetchError> {
        let refuse = |what: String| Err(FetchError::Settings(what));
        if self.attempts == 0 {
            return refuse("attempts must be at least 1".to_owned());
        }
        let hosts = self
            .overrides
            .iter()
            .map(|(host, limits)| (host.as_str(), limits))
            .chain([("every host", &self.per_host)]);
        for (host, limits) in hosts {
            if limits.requests_per_minute == 0 || limits.concurrent == 0 || limits.failures_to_rest == 0 {
                return refuse(format!(
                    "requests per minute, requests at once and failures before a rest must be at least 1 for {host}"
                ));
            }
        }
        Ok(())
    }
}
