//! How many mails anybody can make this service send to one address, and how many one sender: mail that nobody wants is an
//! attack on its reader, and on the good name of the mail server. Counted by an HMAC of the address, for each kind of mail.

use driftline_database::{Attempt, BlockedUntil};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::service::Identity;
use super::sign_in::later;
use crate::Problem;

/// Mails of one kind to one address within [`WINDOW`].
const TO_ONE: i64 = 3;
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Mails that one person or key has sent within [`SENDER_WINDOW`].
const OF_ONE: i64 = 30;
const SENDER_WINDOW: SignedDuration = SignedDuration::from_hours(1);

impl Identity {
    /// Whether a mail of this kind may go to this address, already normalised, now; it is counted. Asked for each address,
    /// known or not, so that the answer takes as long.
    pub(super) async fn may_mail(&self, kind: &str, normalised: &str) -> Result<bool, Problem> {
        let subject = self
            .0
            .vault
            .index("mails to an address", &format!("{kind} {normalised}"));
        let counted = self.count_mail(subject, TO_ONE, WINDOW).await?;
        Ok(counted.is_none())
    }

    /// Refuses, openly, a mail that somebody has us send who is known: there is nothing to hide.
    pub(super) async fn require_mail(&self, kind: &str, normalised: &str, sender: &str) -> Result<(), Problem> {
        let of_sender = self.0.vault.index("mails of a sender", sender);
        if let Some(until) = self.count_mail(of_sender, OF_ONE, SENDER_WINDOW).await? {
            return Err(too_many(&format!("{OF_ONE} mails within an hour"), until, self.now()));
        }
        let to = self
            .0
            .vault
            .index("mails to an address", &format!("{kind} {normalised}"));
        if let Some(until) = self.count_mail(to, TO_ONE, WINDOW).await? {
            let what = format!("{TO_ONE} mails to this address within 15 minutes");
            return Err(too_many(&what, until, self.now()));
        }
        Ok(())
    }

    /// Counts a mail; until when none goes, where too many went.
    async fn count_mail(
        &self,
        subject: [u8; 32],
        most: i64,
        window: SignedDuration,
    ) -> Result<Option<Timestamp>, Problem> {
        let now = self.now();
        let until = |sent: i64| (sent >= most).then(|| later(now, window));
        let subjects: [([u8; 32], BlockedUntil<'_>); 1] = [(subject, &until)];
        let forgotten = now.checked_sub(window).unwrap_or(Timestamp::MIN);
        match self.database().begin_attempt(&subjects, forgotten, window, now).await? {
            Attempt::Counted(_) => Ok(None),
            Attempt::Blocked(until) => Ok(Some(until)),
        }
    }
}

fn too_many(what: &str, until: Timestamp, now: Timestamp) -> Problem {
    let wait_s = (until.as_second() - now.as_second()).max(1);
    let detail = format!("more than {what}; the next one can be sent in {wait_s} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_mails", detail)
        .with_header(RETRY_AFTER, HeaderValue::from(wait_s))
}
