//! Names of nodes among processes that share a server. Leases, records of usage and watermarks carry a node's name, so that
//! two processes under one name would free each other's leases and number their records alike: a name is one living process's.
//!
//! A process says every few seconds that it lives. Its name is free for a process on the same data directory at once, since
//! a lock there has shown that it is dead; for any other one when it has been silent for long.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::columns::{Reader, micros};
use crate::sql;
use crate::{Database, Error, Result};

/// A process that wants to serve under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeClaim {
    /// The node's name.
    pub name: String,
    /// Its data directory's identity.
    pub home: Uuid,
    /// The process's own.
    pub process: Uuid,
    /// What it does, for people.
    pub roles: String,
}

/// A process that serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its node's name.
    pub name: String,
    /// What it does.
    pub roles: String,
    /// When it took the name.
    pub claimed_at: Timestamp,
    /// When it said last that it lives.
    pub seen_at: Timestamp,
}

impl Database {
    /// Takes the name, where nobody has it, where whoever had it was on the same data directory, or has been silent for so
    /// long. False where another process has it.
    pub async fn claim_node(&self, claim: &NodeClaim, silent_for: Duration, now: Timestamp) -> Result<bool> {
        let silent = i64::try_from(silent_for.as_micros()).unwrap_or(i64::MAX);
        let taken = sql::query(
            "INSERT INTO nodes (name, home, process, roles, claimed_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5) \
             ON CONFLICT (name) DO UPDATE SET home = ?2, process = ?3, roles = ?4, claimed_at = ?5, seen_at = ?5 \
             WHERE nodes.home = ?2 OR nodes.process = ?3 OR nodes.seen_at <= ?6",
        )
        .bind(&claim.name)
        .bind(claim.home)
        .bind(claim.process)
        .bind(&claim.roles)
        .bind(micros(now))
        .bind(micros(now).saturating_sub(silent))
        .execute(&self.writer)
        .await
        .map_err(Error::engine("claim the node's name"))?;
        Ok(taken.rows_affected() > 0)
    }

    /// Says that the process lives; false where the name is no longer its own.
    pub async fn node_lives(&self, claim: &NodeClaim, now: Timestamp) -> Result<bool> {
        let seen = sql::query("UPDATE nodes SET seen_at = ? WHERE name = ? AND process = ?")
            .bind(micros(now))
            .bind(&claim.name)
            .bind(claim.process)
            .execute(&self.writer)
            .await
            .map_err(Error::engine("say that the node lives"))?;
        Ok(seen.rows_affected() > 0)
    }

    /// Gives the name back.
    pub async fn release_node(&self, claim: &NodeClaim) -> Result<()> {
        sql::query("DELETE FROM nodes WHERE name = ? AND process = ?")
            .bind(&claim.name)
            .bind(claim.process)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("give the node's name back"))
    }

    /// Processes that said since this time that they live, by name.
    pub async fn nodes_seen_since(&self, since: Timestamp) -> Result<Vec<Node>> {
        let rows = sql::query("SELECT name, roles, claimed_at, seen_at FROM nodes WHERE seen_at >= ? ORDER BY name")
            .bind(micros(since))
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the nodes"))?;
        let read = |row: &sql::Row| {
            let row = Reader(row);
            Ok(Node {
                name: row.get("name")?,
                roles: row.get("roles")?,
                claimed_at: row.time("claimed_at")?,
                seen_at: row.time("seen_at")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
