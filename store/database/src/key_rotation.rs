//! A key that takes another one's place: for a while both work, so that nobody who uses the old one is stopped before they
//! have the new one.

use driftline_domain::KeyId;
use jiff::Timestamp;

use crate::columns::micros;
use crate::orgs_keys::insert_key;
use crate::sql;
use crate::{ApiKey, Database, Error, Result};

impl Database {
    /// Stores `successor` and lets the old key end at `ends`, or when it would have ended, whichever is first. False, and
    /// nothing is stored, where the old key is not one of the successor's organisation, works no more, or has a successor.
    pub async fn replace_key(&self, old: KeyId, successor: &ApiKey, ends: Timestamp, now: Timestamp) -> Result<bool> {
        let mut change = self.change("replace the key").await?;
        let replaced = sql::query(
            "UPDATE api_keys SET replaced_by = ?1, \
             expires_at = CASE WHEN expires_at IS NULL OR expires_at > ?2 THEN ?2 ELSE expires_at END \
             WHERE id = ?3 AND org_id = ?4 AND replaced_by IS NULL AND revoked_at IS NULL \
             AND (expires_at IS NULL OR expires_at > ?5)",
        )
        .bind(successor.id)
        .bind(micros(ends))
        .bind(old)
        .bind(successor.org)
        .bind(micros(now))
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine("replace the key"))?;
        if replaced.rows_affected() == 0 {
            return Ok(false);
        }
        insert_key(&mut change.tx, successor).await?;
        change.commit().await?;
        Ok(true)
    }
}
