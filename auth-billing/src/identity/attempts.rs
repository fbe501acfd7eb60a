//! Attempts at passwords and codes: counted for the account, whether it exists or not, and for the client's address. Each
//! thing that can be guessed has a count of its own, so that knowing one clears no count of another.

use std::net::{IpAddr, Ipv6Addr};

use driftline_database::{Attempt, BlockedUntil};
use driftline_domain::UserId;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;

use super::backoff::{FORGOTTEN_AFTER, LONGEST, Subject};
use super::client::Client;
use super::hasher::Compared;
use super::service::Identity;
use crate::Problem;

/// What can be guessed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Guessed<'a> {
    /// How to log in to the account of this mail address, already normalised.
    Account(&'a str),
    /// The password of who is logged in.
    Password(UserId),
    /// The code of who is logged in.
    Code(UserId),
}

/// An attempt that is under way; it counts as a failure until it is said to be none.
pub(super) struct Trial {
    guessed: [u8; 32],
    address: Option<[u8; 32]>,
    /// Failures in a row, this one counted as one.
    pub(super) failures: i64,
}

impl Identity {
    /// What an attempt is counted under.
    pub(super) fn guessed(&self, guessed: Guessed<'_>) -> [u8; 32] {
        let vault = &self.0.vault;
        match guessed {
            Guessed::Account(normalised) => vault.index("attempts at an account", normalised),
            Guessed::Password(user) => vault.index("attempts at a password", &user.to_string()),
            Guessed::Code(user) => vault.index("attempts at a code", &user.to_string()),
        }
    }

    /// Counts an attempt, or refuses it for now.
    pub(super) async fn begin_trial(&self, guessed: Guessed<'_>, client: &Client) -> Result<Trial, Problem> {
        let mut trial = Trial {
            guessed: self.guessed(guessed),
            address: client
                .address
                .map(|ip| self.0.vault.index("attempts of an address", &network(ip).to_string())),
            failures: 0,
        };
        let now = self.now();
        let pause = |subject: Subject| move |failures: i64| subject.blocked_until(failures, now);
        let (of_account, of_address) = (pause(Subject::Account), pause(Subject::Address));
        let mut subjects: Vec<([u8; 32], BlockedUntil<'_>)> = Vec::new();
        // Always in the same order, so that two attempts never wait for each other's second row.
        if let Some(address) = trial.address {
            subjects.push((address, &of_address));
        }
        subjects.push((trial.guessed, &of_account));
        let forgotten = now.checked_sub(FORGOTTEN_AFTER).unwrap_or(Timestamp::MIN);
        let begun = self
            .database()
            .begin_attempt(&subjects, forgotten, LONGEST, now)
            .await?;
        match begun {
            Attempt::Counted(failures) => trial.failures = failures,
            Attempt::Blocked(until) => return Err(too_many(until, now)),
        }
        Ok(trial)
    }

    /// Compares a password within an attempt. Where it cannot be compared the attempt was none: a queue that is full must
    /// not lock the people out who wait in it.
    pub(super) async fn compare_in(
        &self,
        trial: &Trial,
        shown: &str,
        stored: Option<&str>,
    ) -> Result<Compared, Problem> {
        let compared = self.0.hasher.compare(shown, stored).await;
        if compared.is_err() {
            self.pause_trial(trial).await?;
        }
        compared
    }

    /// The attempt was right: failures are forgotten, and this one is taken back from the address.
    pub(super) async fn end_trial(&self, trial: &Trial) -> Result<(), Problem> {
        let of_address: Vec<[u8; 32]> = trial.address.into_iter().collect();
        Ok(self.database().end_attempt(Some(&trial.guessed), &of_address).await?)
    }

    /// The attempt was right as far as it went, and a further step is asked for: it is no failure, and clears none.
    pub(super) async fn pause_trial(&self, trial: &Trial) -> Result<(), Problem> {
        let all: Vec<[u8; 32]> = trial.address.into_iter().chain([trial.guessed]).collect();
        Ok(self.database().end_attempt(None, &all).await?)
    }
}

/// What counts as one client: of IPv6 a /64, since that is what one customer has at least.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
        v4 => v4,
    }
}

pub(super) fn too_many(until: Timestamp, now: Timestamp) -> Problem {
    let wait_s = (until.as_second() - now.as_second()).max(1);
    let detail = format!("too many failed attempts; the next one can be made in {wait_s} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail)
        .with_header(RETRY_AFTER, HeaderValue::from(wait_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_customer_are_one() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2a02:1:2:3::1"), of("2a02:1:2:3:ffff::2"));
        assert_ne!(of("2a02:1:2:3::1"), of("2a02:1:2:4::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
