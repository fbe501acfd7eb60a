//! Tickets: short-lived secrets that open one WebSocket each, whichever process is asked.

use driftline_domain::{KeyId, OrgId};
use jiff::Timestamp;

use crate::columns::{Reader, micros};
use crate::{Database, Error, Result, sql};

impl Database {
    /// Keeps a ticket by its hash, and forgets those that have expired.
    pub async fn keep_ticket(
        &self,
        sha256: &[u8; 32],
        org: OrgId,
        key: KeyId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        let what = "keep a ticket";
        let mut change = self.change(what).await?;
        sql::query("DELETE FROM stream_tickets WHERE expires_at <= ?")
            .bind(micros(now))
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        sql::query("INSERT INTO stream_tickets (sha256, org_id, key_id, expires_at) VALUES (?, ?, ?, ?)")
            .bind(sha256.to_vec())
            .bind(org)
            .bind(key)
            .bind(micros(expires_at))
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        change.commit().await
    }

    /// Takes a ticket: whoever comes second finds none.
    pub async fn take_ticket(&self, sha256: &[u8; 32], now: Timestamp) -> Result<Option<(OrgId, KeyId)>> {
        let row = sql::query("DELETE FROM stream_tickets WHERE sha256 = ? AND expires_at > ? RETURNING org_id, key_id")
            .bind(sha256.to_vec())
            .bind(micros(now))
            .fetch_optional(&self.writer)
            .await
            .map_err(Error::engine("take a ticket"))?;
        let Some(row) = row else { return Ok(None) };
        let row = Reader(&row);
        Ok(Some((row.id("org_id")?, row.id("key_id")?)))
    }
}
