//! Who guesses passwords. An attempt is counted before the password is looked at, so that many at once do not all pass.

use jiff::{SignedDuration, Timestamp};

use crate::columns::{Reader, micros};
use crate::sql;
use crate::{Database, Error, Result};

/// Whether a password may be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It may; failures in a row of the last subject, this attempt counted as one.
    Counted(i64),
    /// Not before this time.
    Blocked(Timestamp),
}

/// From how many failures in a row comes a pause until when; `None`: it is free.
pub type BlockedUntil<'a> = &'a (dyn Fn(i64) -> Option<Timestamp> + Send + Sync);

impl Database {
    /// Counts attempts of all these subjects, or of none where one of them has to wait. `blocked_until` says from how
    /// many failures in a row, this attempt counted as one, comes how long a pause; those before `forgotten` are none.
    /// A pause that ends later than the `longest` from now was set by a clock that was wrong, and is none.
    pub async fn begin_attempt(
        &self,
        subjects: &[([u8; 32], BlockedUntil<'_>)],
        forgotten: Timestamp,
        longest: SignedDuration,
        now: Timestamp,
    ) -> Result<Attempt> {
        let failed = || Error::engine("count the attempt");
        let last_end = now.checked_add(longest).unwrap_or(Timestamp::MAX);
        let mut all_failures = 0;
        let mut change = self.change("count the attempt").await?;
        for (subject, blocked_until) in subjects {
            // The row is locked from here on: who comes at the same time sees the pause that this attempt brings.
            let counted: Option<i64> = sql::query_scalar(
                "INSERT INTO login_attempts (subject, failures, last_at, blocked_until) VALUES (?1, 1, ?2, 0) \
                 ON CONFLICT (subject) DO UPDATE SET last_at = ?2, \
                 failures = CASE WHEN login_attempts.last_at < ?3 THEN 1 ELSE login_attempts.failures + 1 END \
                 WHERE login_attempts.blocked_until <= ?2 OR login_attempts.blocked_until > ?4 RETURNING failures",
            )
            .bind(subject.to_vec())
            .bind(micros(now))
            .bind(micros(forgotten))
            .bind(micros(last_end))
            .fetch_optional(&mut change.tx)
            .await
            .map_err(failed())?;
            let Some(failures) = counted else {
                let row = sql::query("SELECT blocked_until FROM login_attempts WHERE subject = ?")
                    .bind(subject.to_vec())
                    .fetch_one(&mut change.tx)
                    .await
                    .map_err(failed())?;
                return Ok(Attempt::Blocked(Reader(&row).time("blocked_until")?));
            };
            // A free attempt stores no time: who comes a moment later, by a clock a moment behind, need not wait for it.
            sql::query("UPDATE login_attempts SET blocked_until = ? WHERE subject = ?")
                .bind(blocked_until(failures).map_or(0, micros))
                .bind(subject.to_vec())
                .execute(&mut change.tx)
                .await
                .map_err(failed())?;
            all_failures = failures;
        }
        change.commit().await?;
        Ok(Attempt::Counted(all_failures))
    }

    /// Forgets all failures of one subject, and takes the present attempt back from others: it was right.
    pub async fn end_attempt(&self, forget: Option<&[u8; 32]>, take_back: &[[u8; 32]]) -> Result<()> {
        let failed = || Error::engine("forget the attempts");
        let mut change = self.change("forget the attempts").await?;
        for subject in take_back {
            sql::query(
                "UPDATE login_attempts SET failures = failures - 1, blocked_until = 0 WHERE subject = ? AND failures > 0",
            )
            .bind(subject.to_vec())
            .execute(&mut change.tx)
            .await
            .map_err(failed())?;
        }
        if let Some(subject) = forget {
            sql::query("DELETE FROM login_attempts WHERE subject = ?")
                .bind(subject.to_vec())
                .execute(&mut change.tx)
                .await
                .map_err(failed())?;
        }
        change.commit().await
    }
}
