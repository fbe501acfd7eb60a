//! What needs more than an access token, which may have been copied: the password once more, or, where the account has none,
//! a login of a moment ago.

use driftline_database::User;
use http::StatusCode;
use jiff::SignedDuration;

use super::attempts::Guessed;
use super::client::Client;
use super::person::Person;
use super::service::Identity;
use super::sign_in::wrong_credentials;
use crate::Problem;

/// A login is of a moment ago for so long.
const RECENT: SignedDuration = SignedDuration::from_mins(5);

impl Identity {
    /// Refuses who does not show the account's password, or, where it has none, has not logged in within [`RECENT`].
    pub(super) async fn require_presence(
        &self,
        user: &User,
        person: Person,
        shown: Option<&str>,
        client: &Client,
    ) -> Result<(), Problem> {
        let Some(stored) = user.password.as_deref() else {
            return self.require_recent_login(person).await;
        };
        let Some(shown) = shown else {
            let detail = "this needs the password of the account once more";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "password_needed", detail));
        };
        let trial = self.begin_trial(Guessed::Password(user.id), client).await?;
        if !self.compare_in(&trial, shown, Some(stored)).await?.is_right {
            self.tell_failure(user.id, "password", &trial);
            return Err(wrong_credentials());
        }
        self.end_trial(&trial).await
    }

    /// Refuses, where the account has no password, who has not logged in within [`RECENT`].
    pub(super) async fn require_recent_login_without_password(
        &self,
        user: &User,
        person: Person,
    ) -> Result<(), Problem> {
        match user.password {
            Some(_) => Ok(()),
            None => self.require_recent_login(person).await,
        }
    }

    async fn require_recent_login(&self, person: Person) -> Result<(), Problem> {
        let session = self.database().login_session(person.session).await?;
        let now = self.now();
        let is_recent = session.is_some_and(|session| now.duration_since(session.created_at) <= RECENT);
        if is_recent {
            return Ok(());
        }
        let minutes = RECENT.as_mins();
        let detail = format!("this needs a login of the last {minutes} minutes, since the account has no password");
        Err(Problem::new(StatusCode::UNAUTHORIZED, "recent_login_needed", detail))
    }
}
