//! Failed logins in the audit log of every organisation that the account belongs to: who administers one sees that somebody
//! guesses. The first failure in a row and each pause that failures bring have an entry with their number, so that a guesser
//! can write some hundred lines a day and not a flood. The entry is written behind the answer's back: what it costs would
//! otherwise tell an account that exists from one that does not.

use driftline_database::Attempt;
use driftline_domain::UserId;
use jiff::Timestamp;
use serde_json::json;

use super::accounts::{act, detailed};
use super::attempts::Trial;
use super::backoff::{FORGOTTEN_AFTER, LONGEST, Subject};
use super::service::{Identity, installation_act};
use crate::Problem;

const NOBODY: &str = "nobody";

impl Identity {
    /// Tells of a wrong password or code of an account that exists.
    pub(super) fn tell_failure(&self, user: UserId, what: &'static str, trial: &Trial) {
        self.write_failure(user, what, trial.failures);
    }

    /// Tells of a passkey that its account does not have. It cannot be guessed, so that nobody waits because of it; what is
    /// counted is how many entries there are.
    pub(super) async fn tell_unknown_passkey(&self, user: UserId) -> Result<(), Problem> {
        let subject = self.0.vault.index("unknown passkeys of", &user.to_string());
        let now = self.now();
        let pause = |failures: i64| Subject::Account.blocked_until(failures, now);
        let forgotten = now.checked_sub(FORGOTTEN_AFTER).unwrap_or(Timestamp::MIN);
        let counted = self
            .database()
            .begin_attempt(&[(subject, &pause)], forgotten, LONGEST, now)
            .await?;
        if let Attempt::Counted(failures) = counted {
            self.write_failure(user, "passkey", failures);
        }
        Ok(())
    }

    fn write_failure(&self, user: UserId, what: &'static str, failures: i64) {
        let now = self.now();
        let paused_s = Subject::Account
            .blocked_until(failures, now)
            .map(|until| until.as_second() - now.as_second());
        if failures != 1 && paused_s.is_none() {
            return;
        }
        let identity = self.clone();
        tokio::spawn(async move {
            let details = json!({ "what": what, "failures": failures, "paused_s": paused_s });
            if let Err(problem) = identity.record_failure(user, details, now).await {
                tracing::warn!(user.id = %user, cause = problem.detail, "a failed login is not in the audit log");
            }
        });
    }

    async fn record_failure(&self, user: UserId, details: serde_json::Value, now: Timestamp) -> Result<(), Problem> {
        let memberships = self.database().memberships(user).await?;
        let mut change = self.database().account_change("note the failed login").await?;
        let actor = || NOBODY.to_owned();
        // In the order of the ids: two that write the same chains never wait for each other.
        let mut orgs: Vec<_> = memberships.iter().map(|membership| membership.org).collect();
        orgs.sort_unstable();
        for org in &orgs {
            let failed = act(*org, actor(), "login.failed", user);
            change.record(&detailed(failed, details.clone()), now).await?;
        }
        if orgs.is_empty() {
            let failed = installation_act(actor(), "login.failed", user.to_string());
            change.record(&detailed(failed, details), now).await?;
        }
        change.commit().await?;
        tracing::info!(user.id = %user, "a login failed");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_guessing_writes_some_hundred_entries() {
        let mut now = Timestamp::UNIX_EPOCH;
        let (mut failures, mut entries) = (0, 0);
        while now.as_second() < 86_400 {
            failures += 1;
            let until = Subject::Account.blocked_until(failures, now);
            entries += i64::from(failures == 1 || until.is_some());
            now = until.unwrap_or(now);
        }
        assert!((90..=110).contains(&entries), "{entries}");
    }
}
