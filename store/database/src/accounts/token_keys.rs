//! Keys that sign access tokens: generations that follow each other. Two nodes that make the next one at the same moment
//! make one.

use jiff::Timestamp;

use crate::columns::{Reader, micros};
use crate::sql::{self, Row};
use crate::{Database, Error, Result};

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenKey {
    /// Its number; the next one has the next.
    pub generation: i64,
    /// Its name in tokens.
    pub kid: String,
    /// What it signs with.
    pub algorithm: String,
    /// The private half, sealed.
    pub private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it signs,
    pub active_from: Timestamp,
    /// until when,
    pub active_until: Timestamp,
    /// and until when what it signed may be valid.
    pub kept_until: Timestamp,
}

impl Database {
    /// Every key that is kept, oldest first.
    pub async fn token_keys(&self) -> Result<Vec<TokenKey>> {
        let rows = sql::query("SELECT * FROM token_keys ORDER BY generation")
            .fetch_all(&self.reader)
            .await;
        rows.map_err(Error::engine("read the token keys"))?
            .iter()
            .map(token_key)
            .collect()
    }

    /// Stores a key; false where its generation is there.
    pub async fn insert_token_key(&self, new: &TokenKey) -> Result<bool> {
        let done = sql::query(
            "INSERT INTO token_keys (generation, kid, algorithm, private_key, created_at, active_from, active_until, \
             kept_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(new.generation)
        .bind(&new.kid)
        .bind(&new.algorithm)
        .bind(new.private_key.clone())
        .bind(micros(new.created_at))
        .bind(micros(new.active_from))
        .bind(micros(new.active_until))
        .bind(micros(new.kept_until))
        .execute(&self.writer)
        .await
        .map_err(Error::engine("store the token key"))?;
        Ok(done.rows_affected() > 0)
    }

    /// Lets a key sign no longer than until then; what it signed stays valid until `kept_until`.
    pub async fn end_token_key(&self, generation: i64, active_until: Timestamp, kept_until: Timestamp) -> Result<bool> {
        let done = sql::query(
            "UPDATE token_keys SET active_until = ?1, kept_until = ?2 WHERE generation = ?3 AND active_until > ?1",
        )
        .bind(micros(active_until))
        .bind(micros(kept_until))
        .bind(generation)
        .execute(&self.writer)
        .await
        .map_err(Error::engine("end the token key"))?;
        Ok(done.rows_affected() > 0)
    }
}

fn token_key(row: &Row) -> Result<TokenKey> {
    let row = Reader(row);
    Ok(TokenKey {
        generation: row.get("generation")?,
        kid: row.get("kid")?,
        algorithm: row.get("algorithm")?,
        private_key: row.get("private_key")?,
        created_at: row.time("created_at")?,
        active_from: row.time("active_from")?,
        active_until: row.time("active_until")?,
        kept_until: row.time("kept_until")?,
    })
}
