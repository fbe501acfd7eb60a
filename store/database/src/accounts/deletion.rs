//! The end of an organisation. Members, keys, links, quotas and missions go at once and together; what
//! nobody can see any more is taken away later. The row stays under another name
//! with the ledger, the invoices and the audit log, so that what was used is still billed.

use driftline_domain::{OrgId, UserId};
use jiff::Timestamp;

use super::AccountChange;
use crate::billing::end_with_month;
use crate::columns::{Reader, micros};
use crate::orgs_keys::absent;
use crate::sql::{self, Query};
use crate::{Database, Error, Result};

const WHAT: &str = "delete the organisation";

/// What became of the wish to delete an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// It is deleted, with the change that this is part of.
    Done(Deleted),
    /// So many missions of it are waiting or computed; nothing is changed.
    AtWork(i64),
}

/// What went with an organisation, and what is left to settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// The name that it had; another one may have it now.
    pub name: String,
    /// Missions that were withdrawn.
    pub missions: u64,
    /// Who belonged to it.
    pub members: Vec<UserId>,
    /// Keys that were revoked, those of memberships included.
    pub keys: u64,
    /// When its plan ends, and with it what is billed; none where it had none.
    pub plan_ends_at: Option<Timestamp>,
    /// Prepaid credit that is left; below 0 where it owes some.
    pub credit: i64,
}

/// With the moment (?1) and the organisation (?2).
const MARKED: [&str; 6] = [
    "UPDATE runs SET withdrawn_at = ?1 WHERE org_id = ?2 AND withdrawn_at IS NULL",
    "UPDATE share_links SET revoked_at = ?1 WHERE org_id = ?2 AND revoked_at IS NULL",
    "UPDATE invitations SET withdrawn_at = ?1 WHERE org_id = ?2 AND accepted_at IS NULL AND withdrawn_at IS NULL",
    "UPDATE quota_notices SET told_at = ?1 WHERE org_id = ?2 AND told_at IS NULL",
    "UPDATE login_sessions SET org_id = NULL WHERE org_id = ?2 AND ?1 IS NOT NULL",
    "UPDATE process_jobs SET next_at = NULL WHERE org_id = ?2 AND next_at IS NOT NULL AND ?1 IS NOT NULL",
];

/// Tables whose rows of the organisation go. Others hold rows of the first two while they wait for the organisation, so that these
/// are emptied before it is held as well.
const EMPTIED: [&str; 3] = ["idempotency", "stream_tickets", "quotas"];
/// Runs whose features go in one transaction.
const RUNS_AT_ONCE: i64 = 20;

impl Database {
    /// Takes away what deleted organisations have left behind and nobody can see any more, a little at a time so that nobody waits
    /// for it: features, and the names of those that went before. Says how many rows.
    pub async fn purge_deleted_organisations(&self) -> Result<u64> {
        let what = "take away what deleted organisations have left";
        let rows = sql::query("SELECT id FROM organisations WHERE deleted_at IS NOT NULL")
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine(what))?;
        let mut gone = 0;
        for row in &rows {
            let org: OrgId = Reader(row).id("id")?;
            let tombstones = sql::query("DELETE FROM tombstones WHERE org_id = ?").bind(org);
            gone += tombstones
                .execute(&self.writer)
                .await
                .map_err(Error::engine(what))?
                .rows_affected();
            loop {
                let some = sql::query(
                    "DELETE FROM features WHERE run_seq IN \
                     (SELECT DISTINCT run_seq FROM features WHERE org_id = ?1 ORDER BY run_seq LIMIT ?2)",
                );
                let some = some.bind(org).bind(RUNS_AT_ONCE).execute(&self.writer).await;
                let some = some.map_err(Error::engine(what))?.rows_affected();
                gone += some;
                if some == 0 {
                    break;
                }
            }
        }
        Ok(gone)
    }
}

impl AccountChange {
    /// Deletes an organisation, unless it has missions at work. Locks are taken in the order of everybody else: jobs, what is named,
    /// the organisation, what hangs on it.
    pub async fn delete_organisation(&mut self, org: OrgId, now: Timestamp) -> Result<Deletion> {
        let failed = "UPDATE jobs SET state = 'cancelled', dead_at = NULL WHERE org_id = ? AND state = 'failed'";
        self.count(sql::query(failed).bind(org)).await?;
        if let Some(at_work) = self.jobs_at_work(org).await? {
            return Ok(Deletion::AtWork(at_work));
        }
        self.lock_organisation(org).await?;
        let plan_ends_at = end_with_month(&mut self.0, org, now).await?;
        self.empty(&EMPTIED[..2], org).await?;
        let name = self.end_organisation(org, now).await?;
        // One that was accepted before the organisation was held.
        if let Some(at_work) = self.jobs_at_work(org).await? {
            return Ok(Deletion::AtWork(at_work));
        }
        let missions =
            "UPDATE missions SET withdrawn_at = ?1, updated_at = ?1 WHERE org_id = ?2 AND withdrawn_at IS NULL";
        let missions = self.count(sql::query(missions).bind(micros(now)).bind(org)).await?;
        for statement in MARKED {
            self.count(sql::query(statement).bind(micros(now)).bind(org)).await?;
        }
        self.empty(&EMPTIED, org).await?;
        let members = self.end_memberships(org).await?;
        let keys = "UPDATE api_keys SET revoked_at = ?1 WHERE org_id = ?2 AND revoked_at IS NULL";
        let keys = self.count(sql::query(keys).bind(micros(now)).bind(org)).await?;
        let credit = sql::query_scalar("SELECT units FROM credit_balances WHERE org_id = ?").bind(org);
        let credit = credit
            .fetch_optional(&mut self.0.tx)
            .await
            .map_err(Error::engine(WHAT))?;
        Ok(Deletion::Done(Deleted {
            name,
            missions,
            members,
            keys,
            plan_ends_at,
            credit: credit.unwrap_or(0),
        }))
    }

    /// How many missions wait or are computed; nothing for none.
    async fn jobs_at_work(&mut self, org: OrgId) -> Result<Option<i64>> {
        let count = "SELECT count(*) FROM jobs WHERE org_id = ? AND state IN ('queued', 'leased')";
        let count: i64 = sql::query_scalar(count)
            .bind(org)
            .fetch_one(&mut self.0.tx)
            .await
            .map_err(Error::engine(WHAT))?;
        Ok((count > 0).then_some(count))
    }

    /// Marks it as deleted and frees its name, which it returns.
    async fn end_organisation(&mut self, org: OrgId, now: Timestamp) -> Result<String> {
        let hold = self.0.tx.dialect().for_update();
        let row = sql::query(format!(
            "SELECT name FROM organisations WHERE id = ? AND deleted_at IS NULL{hold}"
        ))
        .bind(org)
        .fetch_optional(&mut self.0.tx)
        .await
        .map_err(Error::engine(WHAT))?;
        let row = row.ok_or_else(|| absent(org))?;
        let name = Reader(&row).get("name")?;
        let update = sql::query(
            "UPDATE organisations SET deleted_at = ?1, former_name = name, name = ?2, \
             content_version = content_version + 1 WHERE id = ?3",
        )
        .bind(micros(now))
        .bind(format!("{org}, deleted {now}"))
        .bind(org);
        self.count(update).await?;
        Ok(name)
    }

    async fn empty(&mut self, tables: &[&str], org: OrgId) -> Result<()> {
        for table in tables {
            let empty = sql::query(format!("DELETE FROM {table} WHERE org_id = ?")).bind(org);
            self.count(empty).await?;
        }
        Ok(())
    }

    async fn end_memberships(&mut self, org: OrgId) -> Result<Vec<UserId>> {
        let gone = sql::query("DELETE FROM memberships WHERE org_id = ? RETURNING user_id").bind(org);
        let gone = gone.fetch_all(&mut self.0.tx).await.map_err(Error::engine(WHAT))?;
        gone.iter().map(|row| Reader(row).id("user_id")).collect()
    }

    async fn count(&mut self, query: Query) -> Result<u64> {
        let done = query.execute(&mut self.0.tx).await.map_err(Error::engine(WHAT))?;
        Ok(done.rows_affected())
    }
}
