//! How much a caller may ask in a time: token buckets per key or user, per organisation and per client address
//! (platform.md 2.7). [`Limits::around`] counts addresses before anything is looked up, [`Limits::wrap`] counts callers
//! behind authentication and says in every answer how they stand. One request needs no lock that others hold for long, and
//! where nodes share their limits it asks the database only when the portion of its node is used up.

mod buckets;
mod class;
mod headers;
mod layer;
mod mission;
mod rate;
mod rows;
mod share;
mod shared;
mod sketch;
#[cfg(test)]
mod tests;

pub use class::{Class, LimitSettings};
pub use mission::MissionAdmission;
pub use rate::Rate;
pub use share::{DrawOrder, Drawn};
pub use shared::{Draw, SharedBuckets};

use std::net::IpAddr;
use std::sync::Arc;

use driftline_domain::{KeyId, OrgId, UserId};
use http::HeaderValue;

use crate::{Clock, Problem, Quotas};
use buckets::{Buckets, Name};
use rate::Standing;
use shared::Shared;
use sketch::AddressBuckets;

/// The address of the problem type for exhausted limits (draft-ietf-httpapi-ratelimit-headers-10, section 7).
pub(crate) const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// The limits of an installation; clones share the buckets.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    settings: LimitSettings,
    clock: Clock,
    addresses: AddressBuckets,
    logins: AddressBuckets,
    buckets: Arc<Buckets>,
    shared: Option<Shared>,
    quotas: Option<Quotas>,
    policies: [(Class, Option<HeaderValue>); 4],
}

/// Whether a request may go on, and how its caller stands.
pub(crate) struct Admission {
    class: Class,
    key: Option<Standing>,
    organisation: Option<Standing>,
}

impl Limits {
    /// Limits that this node counts alone, or through rows that it shares with others; with the quotas that new missions
    /// are held against.
    pub fn new(
        settings: LimitSettings,
        clock: Clock,
        shared: Option<Arc<dyn SharedBuckets>>,
        quotas: Option<Quotas>,
    ) -> Self {
        let policies = Class::ALL.map(|class| (class, headers::policy(&policies(&settings, class))));
        Self(Arc::new(Inner {
            addresses: AddressBuckets::new(Rate::per_minute(settings.address_requests)),
            logins: AddressBuckets::new(Rate::per_minute(settings.logins)),
            buckets: Arc::new(Buckets::default()),
            shared: shared.map(Shared::new),
            quotas,
            settings,
            clock,
            policies,
        }))
    }

    /// Refuses, with 429, an address that asks too often.
    pub(crate) fn admit_address(&self, address: IpAddr) -> Result<(), Problem> {
        let limit = &self.0.addresses;
        let standing = limit.take(address, self.now_us());
        refuse("address", "requests from this address", limit.rate(), standing)
    }

    /// Refuses, with 429, an address that tries to sign in too often.
    pub(crate) fn admit_login(&self, address: IpAddr) -> Result<(), Problem> {
        let limit = &self.0.logins;
        let standing = limit.take(address, self.now_us());
        refuse(
            "logins",
            "attempts to sign in from this address",
            limit.rate(),
            standing,
        )
    }

    /// Counts a request of this class; the organisation's bucket only where the key's gave a token.
    pub(crate) async fn admit(&self, class: Class, org: OrgId, key: KeyId) -> Admission {
        let settings = &self.0.settings;
        let mut admission = Admission {
            class,
            key: None,
            organisation: None,
        };
        if let Some(rate) = settings.of_key(class) {
            let standing = self.take(name(class, false, key.uuid()), rate).await;
            admission.key = Some(standing);
            if !standing.is_given {
                return admission;
            }
        }
        let organisation = if class == Class::MissionWrites {
            Class::Requests
        } else {
            class
        };
        let rate = settings.of_organisation(class);
        admission.organisation = Some(self.take(name(organisation, true, org.uuid()), rate).await);
        admission
    }

    /// Refuses, with 429, a person without an organisation who asks too often.
    pub(crate) async fn admit_person(&self, user: UserId) -> Result<(), Problem> {
        let class = Class::Requests;
        let Some(rate) = self.0.settings.of_key(class) else {
            return Ok(());
        };
        let standing = self.take(name(class, false, user.uuid()), rate).await;
        refuse(key_policy(class), "requests by this person", rate, standing)
    }

    async fn take(&self, name: Name, rate: Rate) -> Standing {
        let now_us = self.now_us();
        match &self.0.shared {
            Some(shared) => shared.take(&self.0.buckets, name, rate, now_us).await,
            None => self
                .0
                .buckets
                .with(name, rate, now_us, |bucket| bucket.take_own(now_us, rate)),
        }
    }

    pub(crate) fn policy(&self, class: Class) -> Option<HeaderValue> {
        let mut known = self.0.policies.iter();
        known.find(|(of, _)| *of == class).and_then(|(_, value)| value.clone())
    }

    fn now_us(&self) -> i64 {
        (self.0.clock)().as_microsecond()
    }
}

impl Admission {
    /// The problem of a request that may not go on.
    pub(crate) fn refusal(&self, settings: &LimitSettings) -> Option<Problem> {
        let class = self.class;
        let words = match class {
            Class::Requests => "requests",
            Class::Maps => "pictures and tiles",
            Class::MissionWrites => "changes of missions",
            Class::Distress => "missions in distress",
        };
        let of_key = self.key.zip(settings.of_key(class));
        let of_key = of_key.and_then(|(standing, rate)| {
            refuse(key_policy(class), &format!("{words} by this key"), rate, standing).err()
        });
        of_key.or_else(|| {
            let rate = settings.of_organisation(class);
            let policy = organisation_policy(class);
            refuse(
                policy,
                &format!("{words} by this organisation"),
                rate,
                self.organisation?,
            )
            .err()
        })
    }

    /// How the caller stands, as a header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let key = self.key.map(|standing| (key_policy(self.class), standing));
        let organisation = self
            .organisation
            .map(|standing| (organisation_policy(self.class), standing));
        match (key, organisation) {
            (Some(key), Some(organisation)) => headers::standing(&[key, organisation]),
            (Some(one), None) | (None, Some(one)) => headers::standing(&[one]),
            (None, None) => None,
        }
    }
}

fn name(class: Class, is_organisation: bool, whose: uuid::Uuid) -> Name {
    Name {
        class,
        is_organisation,
        whose,
    }
}

fn policies(settings: &LimitSettings, class: Class) -> Vec<(&'static str, Rate)> {
    let key = settings.of_key(class).map(|rate| (key_policy(class), rate));
    let organisation = (organisation_policy(class), settings.of_organisation(class));
    key.into_iter().chain([organisation]).collect()
}

fn key_policy(class: Class) -> &'static str {
    class.name()
}

fn organisation_policy(class: Class) -> &'static str {
    match class {
        Class::Requests | Class::MissionWrites => "organisation-requests",
        Class::Maps => "organisation-maps",
        Class::Distress => "distress",
    }
}

/// A 429 where nothing was given.
fn refuse(policy: &str, what: &str, rate: Rate, standing: Standing) -> Result<(), Problem> {
    if standing.is_given {
        return Ok(());
    }
    let (tokens, wait_s) = (rate.tokens(), standing.wait_s());
    let time = match rate.window_s() {
        60 => "a minute".to_owned(),
        3_600 => "an hour".to_owned(),
        other => format!("{other} s"),
    };
    let detail = format!("more than {tokens} {what} within {time}; try again in {wait_s} s");
    let headers = [
        (http::header::RETRY_AFTER, Some(HeaderValue::from(wait_s))),
        (headers::POLICY, headers::policy(&[(policy, rate)])),
        (headers::STANDING, headers::standing(&[(policy, standing)])),
    ];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Err(Problem {
        kind: QUOTA_EXCEEDED,
        headers: headers.collect(),
        ..Problem::new(http::StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
    })
}
