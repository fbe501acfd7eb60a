//! Mail on its way: written in the transaction of what it tells of, sent by whoever takes it first, tried again until it
//! is accepted or given up.

use std::time::Duration;

use driftline_domain::MailId;
use jiff::{SignedDuration, Timestamp};

use super::AccountChange;
use crate::columns::{Reader, micros};
use crate::sql;
use crate::{Database, Error, Result};

/// A mail to be sent.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// Identifier.
    pub id: MailId,
    /// What it is about; `decoy` is never sent.
    pub kind: &'static str,
    /// Recipient, subject and text, sealed.
    pub mail: Vec<u8>,
}

/// A mail that was taken to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Identifier.
    pub id: MailId,
    /// What it is about.
    pub kind: String,
    /// Recipient, subject and text, sealed.
    pub mail: Vec<u8>,
    /// Attempts, this one included.
    pub attempts: i64,
    /// When it was written.
    pub created_at: Timestamp,
}

impl AccountChange {
    /// Puts a mail on its way.
    pub async fn enqueue_mail(&mut self, new: &NewMail, now: Timestamp) -> Result<()> {
        let insert = sql::query("INSERT INTO mail_outbox (id, kind, mail, created_at, next_at) VALUES (?, ?, ?, ?, ?)")
            .bind(new.id)
            .bind(new.kind)
            .bind(new.mail.clone())
            .bind(micros(now))
            .bind(micros(now));
        self.run("put the mail on its way", insert).await
    }
}

impl Database {
    /// Takes the mail that waits longest, for so long: if nothing is heard of it by then, it is somebody else's.
    pub async fn take_mail(&self, lease: Duration, now: Timestamp) -> Result<Option<Mail>> {
        let until = SignedDuration::try_from(lease)
            .ok()
            .and_then(|lease| now.checked_add(lease).ok());
        let skip = self.dialect().skip_locked();
        let row = sql::query(format!(
            "UPDATE mail_outbox SET attempts = attempts + 1, next_at = ?1 WHERE id = \
             (SELECT id FROM mail_outbox WHERE next_at <= ?2 ORDER BY next_at, id LIMIT 1{skip}) AND next_at <= ?2 \
             RETURNING id, kind, mail, attempts, created_at"
        ))
        .bind(micros(until.unwrap_or(Timestamp::MAX)))
        .bind(micros(now))
        .fetch_optional(&self.writer)
        .await
        .map_err(Error::engine("take a mail"))?;
        let read = |row| {
            let row = Reader(&row);
            Ok(Mail {
                id: row.id("id")?,
                kind: row.get("kind")?,
                mail: row.get("mail")?,
                attempts: row.get("attempts")?,
                created_at: row.time("created_at")?,
            })
        };
        row.map(read).transpose()
    }

    /// The mail server has it; what it said is kept no longer.
    pub async fn mail_sent(&self, id: MailId, now: Timestamp) -> Result<()> {
        let text = "UPDATE mail_outbox SET sent_at = ?, next_at = NULL, mail = ? WHERE id = ?";
        self.settle_mail(text, id, now).await
    }

    /// It is tried no more.
    pub async fn mail_given_up(&self, id: MailId, now: Timestamp) -> Result<()> {
        let text = "UPDATE mail_outbox SET given_up_at = ?, next_at = NULL, mail = ? WHERE id = ?";
        self.settle_mail(text, id, now).await
    }

    async fn settle_mail(&self, text: &'static str, id: MailId, now: Timestamp) -> Result<()> {
        sql::query(text)
            .bind(micros(now))
            .bind(Vec::<u8>::new())
            .bind(id)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("note what became of the mail"))
    }

    /// It is tried again then.
    pub async fn mail_again(&self, id: MailId, next_at: Timestamp) -> Result<()> {
        sql::query("UPDATE mail_outbox SET next_at = ? WHERE id = ? AND sent_at IS NULL AND given_up_at IS NULL")
            .bind(micros(next_at))
            .bind(id)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("put the mail back"))
    }

    /// How many mails wait, and since when the oldest does.
    pub async fn mails_waiting(&self) -> Result<(i64, Option<Timestamp>)> {
        let row = sql::query(
            "SELECT count(*) AS waiting, min(created_at) AS oldest FROM mail_outbox WHERE next_at IS NOT NULL",
        )
        .fetch_one(&self.reader)
        .await
        .map_err(Error::engine("count the mails"))?;
        Ok((Reader(&row).get("waiting")?, Reader(&row).maybe_time("oldest")?))
    }
}
