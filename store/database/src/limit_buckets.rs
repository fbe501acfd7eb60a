//! Token buckets that several nodes share, one row each. A bucket is one time, the instant at which it is full again; taking
//! tokens moves that on. What does not fit changes nothing, in the same statement.

use crate::sql;
use crate::{Database, Error, Result};

/// What a node wants of a bucket; times and durations in microseconds, durations as the time in which tokens come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenDraw {
    /// Now, since 1970 UTC.
    pub now_us: i64,
    /// What the wanted tokens cost.
    pub cost_us: i64,
    /// How far ahead of now the bucket may stand.
    pub depth_us: i64,
    /// What tokens cost that were drawn before and are given back unused.
    pub unused_us: i64,
    /// When the oldest of them were drawn: a bucket that was full since then has them already.
    pub unused_since_us: i64,
}

impl Database {
    /// Takes tokens from a bucket; whether there were as many, and when the bucket is full again.
    pub async fn draw_tokens(&self, bucket: &str, draw: TokenDraw) -> Result<(bool, i64)> {
        let credited = "(limit_buckets.full_at - CASE WHEN limit_buckets.cleared_at <= ?6 THEN ?5 ELSE 0 END)";
        let text = format!(
            "INSERT INTO limit_buckets (bucket, full_at, cleared_at) VALUES (?1, ?2 + ?3, ?2) \
             ON CONFLICT (bucket) DO UPDATE SET \
             full_at = CASE WHEN {credited} > ?2 THEN {credited} ELSE ?2 END + ?3, \
             cleared_at = CASE WHEN {credited} > ?2 THEN limit_buckets.cleared_at ELSE ?2 END \
             WHERE CASE WHEN {credited} > ?2 THEN {credited} ELSE ?2 END + ?3 <= ?2 + ?4 \
             RETURNING full_at"
        );
        let drawn: Option<i64> = sql::query_scalar(text)
            .bind(bucket)
            .bind(draw.now_us)
            .bind(draw.cost_us)
            .bind(draw.depth_us)
            .bind(draw.unused_us)
            .bind(draw.unused_since_us)
            .fetch_optional(&self.writer)
            .await
            .map_err(Error::engine("draw tokens"))?;
        if let Some(full_at) = drawn {
            return Ok((true, full_at));
        }
        let full_at = sql::query_scalar("SELECT full_at FROM limit_buckets WHERE bucket = ?")
            .bind(bucket)
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("look at a bucket"))?;
        Ok((false, full_at.unwrap_or(draw.now_us)))
    }

    /// Removes buckets that have been full since before this time; how many.
    pub async fn forget_full_buckets(&self, before_us: i64) -> Result<u64> {
        let done = sql::query("DELETE FROM limit_buckets WHERE full_at < ?")
            .bind(before_us)
            .execute(&self.writer)
            .await
            .map_err(Error::engine("remove full buckets"))?;
        Ok(done.rows_affected())
    }
}
