//! Attempts at passwords and codes: counted for the account, whether it exists or not, and for the client's address.

use driftline_database::{Attempt, BlockedUntil};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;

use super::backoff::{FORGOTTEN_AFTER, Subject};
use super::client::Client;
use super::service::Identity;
use crate::Problem;

/// An attempt that is under way; it counts as a failure until it is said to be none.
pub(super) struct Trial {
    account: [u8; 32],
    address: Option<[u8; 32]>,
}

impl Identity {
    /// Counts an attempt at the account of this mail address, already normalised, or refuses it for now.
    pub(super) async fn begin_trial(&self, normalised: &str, client: &Client) -> Result<Trial, Problem> {
        let vault = &self.0.vault;
        let trial = Trial {
            account: vault.index("attempts at an account", normalised),
            address: client
                .address
                .map(|ip| vault.index("attempts of an address", &ip.to_string())),
        };
        let now = self.now();
        let pause = |subject: Subject| move |failures: i64| subject.blocked_until(failures, now);
        let (of_account, of_address) = (pause(Subject::Account), pause(Subject::Address));
        let mut subjects: Vec<([u8; 32], BlockedUntil<'_>)> = Vec::new();
        // Always in the same order, so that two attempts never wait for each other's second row.
        if let Some(address) = trial.address {
            subjects.push((address, &of_address));
        }
        subjects.push((trial.account, &of_account));
        let forgotten = now.checked_sub(FORGOTTEN_AFTER).unwrap_or(Timestamp::MIN);
        match self.database().begin_attempt(&subjects, forgotten, now).await? {
            Attempt::Counted => Ok(trial),
            Attempt::Blocked(until) => Err(too_many(until, now)),
        }
    }

    /// The attempt was right: failures at the account are forgotten, and this one is taken back from the address.
    pub(super) async fn end_trial(&self, trial: &Trial) -> Result<(), Problem> {
        let of_address: Vec<[u8; 32]> = trial.address.into_iter().collect();
        Ok(self.database().end_attempt(Some(&trial.account), &of_address).await?)
    }

    /// The attempt was right as far as it went, and a further step is asked for: it is no failure, and clears none.
    pub(super) async fn pause_trial(&self, trial: &Trial) -> Result<(), Problem> {
        let all: Vec<[u8; 32]> = trial.address.into_iter().chain([trial.account]).collect();
        Ok(self.database().end_attempt(None, &all).await?)
    }
}

fn too_many(until: Timestamp, now: Timestamp) -> Problem {
    let wait_s = (until.as_second() - now.as_second()).max(1);
    let detail = format!("too many failed attempts; the next one can be made in {wait_s} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail)
        .with_header(RETRY_AFTER, HeaderValue::from(wait_s))
}
