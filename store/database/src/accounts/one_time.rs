//! Tokens of links in mails: each is used once, and before its end.

use driftline_domain::UserId;
use jiff::Timestamp;

use super::AccountChange;
use crate::columns::{Reader, micros};
use crate::sql;
use crate::{Error, Result};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OneTimeKind {
    /// The mail address is the person's.
    Verify,
    /// A new password is set.
    Reset,
    /// A new mail address is the person's.
    ChangeEmail,
}

impl OneTimeKind {
    /// Its name in the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::ChangeEmail => "change_email",
        }
    }
}

/// A token that was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTime {
    /// Whose account.
    pub user: UserId,
    /// What came with it, sealed.
    pub payload: Option<Vec<u8>>,
}

impl AccountChange {
    /// Stores a token; earlier ones of its kind work no more, but for those that set a password: anybody can ask for such a
    /// mail, and must not be able to end the link in the one before. Whoever uses one ends the others.
    pub async fn insert_one_time(
        &mut self,
        sha256: &[u8; 32],
        kind: OneTimeKind,
        one: &OneTime,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        if kind != OneTimeKind::Reset {
            self.end_one_times(one.user, kind, now).await?;
        }
        let insert = sql::query(
            "INSERT INTO one_time_tokens (sha256, kind, user_id, payload, created_at, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(sha256.to_vec())
        .bind(kind.name())
        .bind(one.user)
        .bind(one.payload.clone())
        .bind(micros(now))
        .bind(micros(expires_at));
        self.run("store the token", insert).await
    }

    /// Uses a token up; `None` where there is none, or it was used or has ended.
    pub async fn use_one_time(
        &mut self,
        sha256: &[u8; 32],
        kind: OneTimeKind,
        now: Timestamp,
    ) -> Result<Option<OneTime>> {
        let row = sql::query(
            "UPDATE one_time_tokens SET used_at = ?1 WHERE sha256 = ?2 AND kind = ?3 AND used_at IS NULL \
             AND expires_at > ?1 RETURNING user_id, payload",
        )
        .bind(micros(now))
        .bind(sha256.to_vec())
        .bind(kind.name())
        .fetch_optional(&mut self.0.tx)
        .await
        .map_err(Error::engine("use the token"))?;
        let read = |row| {
            let row = Reader(&row);
            Ok(OneTime {
                user: row.id("user_id")?,
                payload: row.get("payload")?,
            })
        };
        row.map(read).transpose()
    }

    /// Ends all tokens of a kind that a person has.
    pub async fn end_one_times(&mut self, user: UserId, kind: OneTimeKind, now: Timestamp) -> Result<()> {
        let update =
            sql::query("UPDATE one_time_tokens SET used_at = ? WHERE user_id = ? AND kind = ? AND used_at IS NULL")
                .bind(micros(now))
                .bind(user)
                .bind(kind.name());
        self.run("end earlier tokens", update).await
    }
}
