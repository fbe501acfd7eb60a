//! Missions: taken in with their jobs in one transaction (`accept`), listed newest first, withdrawn.

mod accept;
mod order;

use driftline_domain::{KeyId, MissionId, MissionSpec, OrgId, ValidTime};
use jiff::Timestamp;

pub use order::{MissionOrder, MissionOrderKey, OrderValue};

use crate::billing::release_credit;
use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::orgs_keys::absent;
use crate::sql::{self, Dialect, QueryBuilder, Row, Transaction};
use crate::tombstones::bury;
use crate::{Database, Error, Mission, MissionStatus, Result, runs};

/// How long an idempotency key is remembered, in hours.
pub const IDEMPOTENCY_KEPT_H: i64 = 24;

/// A mission to be accepted.
#[derive(Debug, Clone)]
pub struct NewMission {
    /// Identifier, made by the caller.
    pub id: MissionId,
    /// Owner.
    pub org: OrgId,
    /// The key that asks.
    pub created_by: KeyId,
    /// The question.
    pub spec: MissionSpec,
    /// Warnings found at validation.
    pub warnings: Vec<String>,
    /// The sender's idempotency key and the SHA-256 of the body it came with.
    pub idempotency: Option<(String, [u8; 32])>,
    /// When it was accepted.
    pub created_at: Timestamp,
}

/// What became of a mission to be accepted.
#[derive(Debug, Clone, PartialEq)]
pub enum MissionCreation {
    /// It is new, and its job waits.
    Created(Mission),
    /// The same body came with the same idempotency key before; this is the mission of then, which still stands.
    Replayed(Mission),
    /// Another body came with this idempotency key before.
    IdempotencyConflict,
}

/// Which missions are wanted, newest first where no other order is asked for.
#[derive(Debug, Clone, Default)]
pub struct MissionFilter {
    /// Only those that stand there.
    pub status: Option<MissionStatus>,
    /// Only those older than this one.
    pub after: Option<MissionId>,
    /// Another order.
    pub order: Option<MissionOrder>,
    /// Only those behind this place in that order.
    pub behind: Option<(OrderValue, MissionId)>,
    /// Only those that this key created.
    pub created_by: Option<KeyId>,
    /// Only those whose name holds this text, in any case.
    pub text: Option<String>,
    /// At most so many; nothing without a number.
    pub limit: u32,
}

/// What a mission is read from: columns and tables, to stand behind a `SELECT`.
pub(crate) const COLUMNS: &str = "m.id, m.org_id, m.created_by, m.job_id, m.spec, m.warnings, m.status, m.progress, \
     m.stage, m.error, m.created_at, m.updated_at, m.completed_at, m.valid_until, m.run_id, \
     (SELECT attempt_at FROM jobs WHERE jobs.id = m.job_id) AS attempt_at, r.seq AS run_seq, \
     r.published_at AS run_published_at, r.valid_from AS run_valid_from, r.valid_until AS run_valid_until, \
     r.west AS run_west, r.south AS run_south, r.east AS run_east, r.north AS run_north, r.summary AS run_summary \
     FROM missions m LEFT JOIN runs r ON r.id = m.run_id";

fn select() -> QueryBuilder {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS);
    query
}

impl Database {
    /// A mission of this organisation.
    pub async fn mission(&self, org: OrgId, id: MissionId) -> Result<Option<Mission>> {
        let mut query = select();
        query.push(" WHERE m.withdrawn_at IS NULL AND m.id = ").push_bind(id);
        query.push(" AND m.org_id = ").push_bind(org);
        let row = query
            .build()
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the mission"))?;
        row.as_ref().map(mission).transpose()
    }

    /// One page of an organisation's missions, newest first or in the filter's order.
    pub async fn missions(&self, org: OrgId, filter: &MissionFilter) -> Result<Vec<Mission>> {
        let mut query = select();
        push_filter(&mut query, self.dialect(), org, filter);
        if let Some(after) = filter.after {
            query.push(" AND m.id < ").push_bind(after);
        }
        match filter.order {
            None => drop(query.push(" ORDER BY m.id DESC")),
            Some(order) => {
                if let Some(behind) = &filter.behind {
                    order.push_behind(&mut query, self.dialect(), behind);
                }
                order.push_order(&mut query, self.dialect());
            }
        }
        query.push(" LIMIT ").push_bind(i64::from(filter.limit));
        let rows = query
            .build()
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the missions"))?;
        rows.iter().map(mission).collect()
    }

    /// How many missions a filter finds on all its pages together.
    pub async fn count_missions(&self, org: OrgId, filter: &MissionFilter) -> Result<i64> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM missions m");
        push_filter(&mut query, self.dialect(), org, filter);
        query
            .build_query_scalar()
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("count the missions"))
    }

    /// Withdraws a mission: its job is cancelled, a worker at it loses its lease, and the mission, its runs and its
    /// features are seen no more. Its idempotency key is forgotten: the same submission makes a new mission, not one
    /// that nobody can see. A tombstone stays, and so does what was charged. False where there is none.
    pub async fn delete_mission(&self, org: OrgId, id: MissionId, now: Timestamp) -> Result<bool> {
        let what = "withdraw the mission";
        let mut change = self.change(what).await?;
        // The job first, as every worker does, then the organisation, then what hangs on it: nobody waits in a circle. What has
        // failed is tried no more either.
        sql::query(
            "UPDATE jobs SET state = 'cancelled', lease_until = NULL, dead_at = NULL WHERE mission_id = ? AND org_id = ? \
             AND state IN ('queued', 'leased', 'failed')",
        )
        .bind(id)
        .bind(org)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        sql::query("DELETE FROM idempotency WHERE org_id = ? AND mission_id = ?")
            .bind(org)
            .bind(id)
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        touch_content(&mut change, org).await?;
        let found = sql::query(
            "UPDATE missions SET withdrawn_at = ?1, updated_at = ?1, status = CASE WHEN status IN ('queued', 'running') \
             THEN 'cancelled' ELSE status END WHERE id = ?2 AND org_id = ?3 AND withdrawn_at IS NULL",
        )
        .bind(micros(now))
        .bind(id)
        .bind(org)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        if found.rows_affected() == 0 {
            return Ok(false);
        }
        bury(&mut change, org, id, now).await?;
        for statement in [
            "UPDATE runs SET withdrawn_at = ?1 WHERE mission_id = ?2",
            "DELETE FROM features WHERE mission_id = ?2 AND ?1 IS NOT NULL",
            "UPDATE process_jobs SET next_at = NULL WHERE mission_id = ?2 AND ?1 IS NOT NULL",
        ] {
            sql::query(statement)
                .bind(micros(now))
                .bind(id)
                .execute(&mut change.tx)
                .await
                .map_err(Error::engine(what))?;
        }
        release_credit(&mut change, id, now).await?;
        change.commit().await?;
        Ok(true)
    }
}

/// Marks that what the organisation sees has changed.
pub(crate) async fn touch_content(change: &mut Change, org: OrgId) -> Result<()> {
    sql::query("UPDATE organisations SET content_version = content_version + 1 WHERE id = ?")
        .bind(org)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("raise the content version"))
}

/// The same for one that takes missions in; refused where it was deleted meanwhile. Holds the organisation until the transaction
/// ends.
async fn hold_standing(change: &mut Change, org: OrgId) -> Result<()> {
    let raise = "UPDATE organisations SET content_version = content_version + 1 WHERE id = ? AND deleted_at IS NULL";
    let done = sql::query(raise).bind(org).execute(&mut change.tx).await;
    if done
        .map_err(Error::engine("raise the content version"))?
        .rows_affected()
        > 0
    {
        return Ok(());
    }
    Err(absent(org))
}

/// A mission by its id alone, a tombstone included.
pub(crate) async fn fetch(connection: &mut Transaction, id: MissionId) -> Result<Option<Mission>> {
    let mut query = select();
    query.push(" WHERE m.id = ").push_bind(id);
    let row = query
        .build()
        .fetch_optional(connection)
        .await
        .map_err(Error::engine("read the mission"))?;
    row.as_ref().map(mission).transpose()
}

pub(crate) fn status_word(status: MissionStatus) -> &'static str {
    match status {
        MissionStatus::Queued => "queued",
        MissionStatus::Running => "running",
        MissionStatus::Completed => "completed",
        MissionStatus::Failed => "failed",
        MissionStatus::Cancelled => "cancelled",
    }
}

fn status_of(word: &str) -> Result<MissionStatus> {
    Ok(match word {
        "queued" => MissionStatus::Queued,
        "running" => MissionStatus::Running,
        "completed" => MissionStatus::Completed,
        "failed" => MissionStatus::Failed,
        "cancelled" => MissionStatus::Cancelled,
        other => return Err(Error::damaged("status", other, "no status has this name")),
    })
}

fn push_filter(query: &mut QueryBuilder, dialect: Dialect, org: OrgId, filter: &MissionFilter) {
    query
        .push(" WHERE m.withdrawn_at IS NULL AND m.org_id = ")
        .push_bind(org);
    if let Some(status) = filter.status {
        query.push(" AND m.status = ").push_bind(status_word(status));
    }
    if let Some(key) = filter.created_by {
        query.push(" AND m.created_by = ").push_bind(key);
    }
    if let Some(text) = &filter.text {
        query
            .push(format_args!(" AND {}(m.search, ", dialect.position()))
            .push_bind(text.to_lowercase())
            .push(") > 0");
    }
}

pub(crate) fn mission(row: &Row) -> Result<Mission> {
    let found = Reader(row);
    let run_seq: Option<i64> = found.get("run_seq")?;
    let status: String = found.get("status")?;
    Ok(Mission {
        id: found.id("id")?,
        org: found.id("org_id")?,
        created_by: found.id("created_by")?,
        job_id: found.id("job_id")?,
        spec: found.json("spec")?,
        warnings: found.json("warnings")?,
        status: status_of(&status)?,
        progress: found.get("progress")?,
        stage: found.get("stage")?,
        error: found.get("error")?,
        created_at: found.time("created_at")?,
        updated_at: found.time("updated_at")?,
        completed_at: found.maybe_time("completed_at")?,
        valid_until: found.maybe_time("valid_until")?.map(ValidTime),
        attempt_at: found.maybe_time("attempt_at")?,
        run: run_seq.map(|seq| runs::run_of_mission(row, seq)).transpose()?,
    })
}
