//! How the installation stands, in numbers for monitoring. Each is one statement of bounded cost; whoever asks often
//! remembers the answers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::columns::Reader;
use crate::sql::{self, Pool, Row};
use crate::{Database, Error, Result};

/// Missions that wait, of one priority.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// -1 distress, 0 urgent, 1 normal, 2 low.
    pub priority: i64,
    /// How many.
    pub waiting: i64,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
}

/// A published run.
#[derive(Debug, Clone, PartialEq)]
pub struct Computed {
    /// Its number, growing.
    pub seq: i64,
    /// Seconds that reading its forcing and its drift took.
    pub compute_s: f64,
}

/// Connections to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Open ones.
    pub open: u32,
    /// Of those, the ones that nobody uses.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

impl Database {
    /// What waits, by priority; a priority without jobs is left out.
    pub async fn waiting_by_priority(&self) -> Result<Vec<Waiting>> {
        let what = "measure the queue";
        let rows = sql::query(
            "SELECT CAST(priority AS BIGINT) AS priority, count(*) AS waiting, CAST(min(created_at) AS BIGINT) AS oldest \
             FROM jobs WHERE state = 'queued' GROUP BY priority ORDER BY priority",
        );
        let rows = rows.fetch_all(&self.reader).await.map_err(Error::engine(what))?;
        let read = |row: &Row| {
            let row = Reader(row);
            Ok(Waiting {
                priority: row.get("priority")?,
                waiting: row.get("waiting")?,
                oldest: row.maybe_time("oldest")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Jobs in the hands of workers whose names begin so.
    pub async fn jobs_in_hands_of(&self, worker_prefix: &str) -> Result<i64> {
        sql::query_scalar("SELECT count(*) FROM jobs WHERE state = 'leased' AND substr(worker, 1, length(?1)) = ?1")
            .bind(worker_prefix)
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("count the leases"))
    }

    /// Missions by status.
    pub async fn missions_by_status(&self) -> Result<BTreeMap<String, i64>> {
        self.counted(
            "SELECT status AS word, count(*) AS n FROM missions GROUP BY status",
            "count the missions",
        )
        .await
    }

    /// Units of the whole ledger, by meter.
    pub async fn ledger_totals(&self) -> Result<BTreeMap<String, i64>> {
        let text = format!(
            "SELECT meter AS word, {} AS n FROM usage_all GROUP BY meter",
            sql::whole_sum("units")
        );
        self.counted(text, "add up the ledger").await
    }

    async fn counted(
        &self,
        text: impl Into<Cow<'static, str>> + Send,
        what: &'static str,
    ) -> Result<BTreeMap<String, i64>> {
        let rows = sql::query(text)
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine(what))?;
        let read = |row: &Row| Ok((Reader(row).get("word")?, Reader(row).get("n")?));
        rows.iter().map(read).collect()
    }

    /// Records of usage that were set aside, since their hour had no room for them.
    pub async fn usage_set_aside(&self) -> Result<i64> {
        sql::query_scalar("SELECT count(*) FROM usage_set_aside")
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("count the usage that was set aside"))
    }

    /// The number of the newest run; 0 where there is none.
    pub async fn newest_run(&self) -> Result<i64> {
        sql::query_scalar("SELECT coalesce(max(seq), 0) FROM runs")
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("find the newest run"))
    }

    /// How long runs behind this number took to compute, oldest first. Those that do not say are left out.
    pub async fn computed_after(&self, seq: i64, limit: u32) -> Result<Vec<Computed>> {
        let what = "read how long runs took";
        let rows = sql::query("SELECT seq, summary FROM runs WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(seq)
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine(what))?;
        let mut computed = Vec::new();
        for row in &rows {
            let row = Reader(row);
            let summary: serde_json::Value = row.json("summary")?;
            let load_s = summary["load_seconds"].as_f64().unwrap_or(0.0);
            if let Some(compute_s) = summary["kernel_seconds"].as_f64().map(|kernel_s| kernel_s + load_s) {
                let seq = row.get("seq")?;
                computed.push(Computed { seq, compute_s });
            }
        }
        Ok(computed)
    }

    /// How many connections there are; of the embedded engine both that write and that read.
    pub fn connections(&self) -> Connections {
        let of = |open: u32, idle: usize, most: u32| Connections {
            open,
            idle: u32::try_from(idle).unwrap_or(u32::MAX),
            most,
        };
        match (&self.writer, &self.reader) {
            (Pool::Sqlite(writer), Pool::Sqlite(reader)) => of(
                writer.size() + reader.size(),
                writer.num_idle() + reader.num_idle(),
                writer.options().get_max_connections() + reader.options().get_max_connections(),
            ),
            (Pool::Postgres(pool), _) | (_, Pool::Postgres(pool)) => {
                of(pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
        }
    }
}
