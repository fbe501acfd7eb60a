//! What waits between two steps of a login. Whoever takes it, takes it away: a second answer to one challenge finds
//! nothing.

use jiff::Timestamp;

use crate::columns::{Reader, micros};
use crate::sql;
use crate::{Database, Error, Result};

impl Database {
    /// Keeps the state of a ceremony, sealed, until then.
    pub async fn keep_ceremony(
        &self,
        sha256: &[u8; 32],
        kind: &str,
        state: Vec<u8>,
        expires_at: Timestamp,
    ) -> Result<()> {
        sql::query("INSERT INTO ceremonies (sha256, kind, state, expires_at) VALUES (?, ?, ?, ?)")
            .bind(sha256.to_vec())
            .bind(kind)
            .bind(state)
            .bind(micros(expires_at))
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("keep the state of the login"))
    }

    /// Takes it, once and before its end.
    pub async fn take_ceremony(&self, sha256: &[u8; 32], kind: &str, now: Timestamp) -> Result<Option<Vec<u8>>> {
        let row = sql::query("DELETE FROM ceremonies WHERE sha256 = ? AND kind = ? AND expires_at > ? RETURNING state")
            .bind(sha256.to_vec())
            .bind(kind)
            .bind(micros(now))
            .fetch_optional(&self.writer)
            .await
            .map_err(Error::engine("take the state of the login"))?;
        row.map(|row| Reader(&row).get("state")).transpose()
    }
}
