//! The way of a mail from the outbox to the mail server: no request waits for it, and none is lost when either dies. A
//! mail may arrive twice where a node dies between the server's answer and ours; it never arrives not at all without a
//! line in the log.

use std::time::Duration;

use driftline_database::Mail;
use futures::future::BoxFuture;
use jiff::SignedDuration;
use tokio::sync::watch;

use super::address::masked;
use super::mail_text::MailKind;
use super::service::Identity;
use super::sign_in::later;
use crate::{Error, chain};

/// A mail is somebody else's if whoever took it is not heard of in this time.
const LEASE: Duration = Duration::from_secs(120);
/// Between two looks at the outbox.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Between two looks for what has ended long ago.
const PURGE_EVERY: Duration = Duration::from_secs(3_600);
/// Pauses behind failed attempts, in seconds; after the last one the mail is given up: about a day and a half.
const PAUSES_S: [i64; 10] = [15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600];

/// A mail as it is handed to a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Recipient's address.
    pub to: String,
    /// Subject, without line ends.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Identifier for the header `Message-ID`, the same on every attempt.
    pub id: String,
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MailRefusal {
    /// It never will be.
    #[error("the mail was refused for good: {0}")]
    ForGood(String),
    /// It may be later.
    #[error("the mail was not taken now: {0}")]
    ForNow(String),
}

/// What sends mails.
pub trait MailTransport: Send + Sync {
    /// Hands a mail over.
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailRefusal>>;
}

impl Identity {
    /// Sends what waits until the service stops, and takes away what has ended long ago. Where no mail is set up, what
    /// waits is given up with a line in the log.
    pub async fn run_outbox(self, transport: Option<Box<dyn MailTransport>>, mut stopped: watch::Receiver<bool>) {
        let mut purged = std::time::Instant::now();
        loop {
            match self.send_next(transport.as_deref()).await {
                Ok(true) if !*stopped.borrow() => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(cause = chain(&error), "the mails that wait could not be looked at"),
            }
            if let Err(problem) = self.tell_quotas().await {
                tracing::warn!(
                    cause = problem.detail,
                    "nobody could be told of a quota; it is tried again"
                );
            }
            if purged.elapsed() >= PURGE_EVERY {
                purged = std::time::Instant::now();
                if let Err(error) = self.database().purge_accounts(self.now()).await {
                    tracing::warn!(cause = chain(&error), "ended sessions and tokens were not taken away");
                }
                if let Err(error) = self.database().purge_deleted_organisations().await {
                    tracing::warn!(
                        cause = chain(&error),
                        "what deleted organisations have left was not taken away"
                    );
                }
            }
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Takes the mail that waits longest and sends it; false where none waits.
    pub async fn send_next(&self, transport: Option<&dyn MailTransport>) -> Result<bool, Error> {
        let Some(taken) = self.database().take_mail(LEASE, self.now()).await? else {
            return Ok(false);
        };
        let mail = match self.open_mail(taken.id, &taken.mail) {
            Ok(mail) => mail,
            Err(error) => {
                tracing::error!(mail.id = %taken.id, cause = chain(&error), "a mail cannot be read and is given up");
                self.database().mail_given_up(taken.id, self.now()).await?;
                return Ok(true);
            }
        };
        if mail.kind == MailKind::Decoy {
            self.database().mail_sent(taken.id, self.now()).await?;
            return Ok(true);
        }
        let to = masked(&mail.to);
        let Some(transport) = transport else {
            tracing::warn!(mail.id = %taken.id, kind = %taken.kind, to, "a mail is not sent: no mail server is set up");
            self.database().mail_given_up(taken.id, self.now()).await?;
            return Ok(true);
        };
        let outgoing = OutgoingMail {
            to: mail.to,
            subject: mail.subject,
            text: mail.text,
            id: taken.id.to_string(),
        };
        match transport.send(&outgoing).await {
            Ok(()) => {
                tracing::info!(mail.id = %taken.id, kind = %taken.kind, to, "a mail was sent");
                self.database().mail_sent(taken.id, self.now()).await?;
            }
            Err(refusal) => self.refused_mail(&taken, &to, &refusal).await?,
        }
        Ok(true)
    }

    async fn refused_mail(&self, taken: &Mail, to: &str, refusal: &MailRefusal) -> Result<(), Error> {
        let now = self.now();
        let pause = usize::try_from(taken.attempts - 1)
            .ok()
            .and_then(|attempt| PAUSES_S.get(attempt));
        let cause = refusal.to_string();
        match (refusal, pause) {
            (MailRefusal::ForNow(_), Some(pause_s)) => {
                tracing::warn!(mail.id = %taken.id, to, attempts = taken.attempts, pause_s, cause, "a mail is tried again");
                let next = later(now, SignedDuration::from_secs(*pause_s));
                self.database().mail_again(taken.id, next).await?;
            }
            _ => {
                tracing::error!(mail.id = %taken.id, kind = %taken.kind, to, cause, "a mail is given up");
                self.database().mail_given_up(taken.id, now).await?;
            }
        }
        Ok(())
    }
}
