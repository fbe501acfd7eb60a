//! A key that takes another one's place: for a while both work, so that nobody who uses the old one is stopped before they
//! have the new one.

use driftline_domain::KeyId;
use jiff::Timestamp;

use crate::columns::micros;
use crate::orgs_keys::{api_key, insert_key};
use crate::sql;
use crate::{AccountChange, ApiKey, Database, Error, Result};

impl Database {
    /// [`AccountChange::replace_key`] in a transaction of its own.
    pub async fn replace_key(&self, old: KeyId, successor: &ApiKey, ends: Timestamp, now: Timestamp) -> Result<bool> {
        let mut change = self.account_change("replace the key").await?;
        let is_done = change.replace_key(old, successor, ends, now).await?;
        if is_done {
            change.commit().await?;
        }
        Ok(is_done)
    }
}

impl AccountChange {
    /// Stores `successor` and lets the old key end at `ends`, or when it would have ended, whichever is first. A successor
    /// that it has already and that nobody ever used is revoked: who made it may never have seen it, since it is shown once.
    /// False, and nothing is to be committed, where the old key is not one of the successor's organisation, works no more,
    /// or has a successor that is in use.
    pub async fn replace_key(
        &mut self,
        old: KeyId,
        successor: &ApiKey,
        ends: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        self.lock_organisation(successor.org).await?;
        let failed = || Error::engine("replace the key");
        let hold = self.0.tx.dialect().for_update();
        let found = sql::query(format!(
            "SELECT * FROM api_keys WHERE id = ?1 AND org_id = ?2 AND revoked_at IS NULL \
             AND (expires_at IS NULL OR expires_at > ?3){hold}"
        ))
        .bind(old)
        .bind(successor.org)
        .bind(micros(now))
        .fetch_optional(&mut self.0.tx)
        .await
        .map_err(failed())?;
        let Some(found) = found.as_ref().map(api_key).transpose()? else {
            return Ok(false);
        };
        if let Some(unseen) = found.replaced_by {
            let revoke = sql::query(
                "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND last_used_at IS NULL AND replaced_by IS NULL \
                 AND revoked_at IS NULL",
            )
            .bind(micros(now))
            .bind(unseen);
            if !self.changed("replace the key", revoke).await? {
                return Ok(false);
            }
        }
        let replace = sql::query(
            "UPDATE api_keys SET replaced_by = ?1, \
             expires_at = CASE WHEN expires_at IS NULL OR expires_at > ?2 THEN ?2 ELSE expires_at END WHERE id = ?3",
        )
        .bind(successor.id)
        .bind(micros(ends))
        .bind(old);
        self.run("replace the key", replace).await?;
        insert_key(&mut self.0.tx, successor).await?;
        Ok(true)
    }
}
