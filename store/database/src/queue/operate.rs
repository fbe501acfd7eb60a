//! What people do with the queue: look at it, cancel missions, try dead letters again, and drain it.

use driftline_domain::{JobId, MissionId, OrgId};
use jiff::Timestamp;
use serde::Serialize;

use super::{end_of, fair, reap};
use crate::audit::{self, Act};
use crate::billing::{hold_credit, release_credit};
use crate::columns::{Reader, micros};
use crate::missions::{fetch, touch_content};
use crate::open::Change;
use crate::sql::{self, QueryBuilder, Row};
use crate::{Database, Error, Mission, Result};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits.
    Queued,
    /// A worker has it.
    Leased,
    /// Its mission is completed.
    Done,
    /// Its mission cannot be computed.
    Failed,
    /// It was given up: a dead letter.
    Dead,
    /// Its mission was cancelled or withdrawn.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Leased,
        Self::Done,
        Self::Failed,
        Self::Dead,
        Self::Cancelled,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    fn of(state: &str, is_dead: bool) -> Result<Self> {
        let word = if is_dead { "dead" } else { state };
        let found = Self::ALL.into_iter().find(|known| known.name() == word);
        found.ok_or_else(|| Error::damaged("state", state, "no state of a job has this name"))
    }
}

/// A job as an operator sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueueJob {
    /// The job.
    pub job: JobId,
    /// Its mission.
    pub mission: MissionId,
    /// Whose it is.
    pub org: OrgId,
    /// -1 distress, 0 urgent, 1 normal, 2 low; what it is treated as.
    pub priority: i64,
    /// Where it stands.
    pub state: JobState,
    /// `simulate` or `results`.
    pub stage: String,
    /// How often it was begun.
    pub attempts: i64,
    /// When it was submitted, by the queue's clock.
    pub created_at: Timestamp,
    /// Not begun again before: the pause after a failure.
    pub run_at: Option<Timestamp>,
    /// Who has it, or had it last.
    pub worker: Option<String>,
    /// Until when.
    pub lease_until: Option<Timestamp>,
    /// When it was given up.
    pub dead_at: Option<Timestamp>,
    /// What the last attempt met.
    pub error: Option<String>,
}

/// Which jobs are wanted, oldest first.
#[derive(Debug, Clone, Default)]
pub struct QueueFilter {
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only of this organisation.
    pub org: Option<OrgId>,
    /// Only those behind this one.
    pub after: Option<JobId>,
    /// At most so many.
    pub limit: u32,
}

/// How much waits and runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct QueueDepth {
    /// Waiting jobs by priority: distress, urgent, normal, low.
    pub waiting: [i64; 4],
    /// When the longest waiting was submitted.
    pub oldest: Option<Timestamp>,
    /// Waiting for products of what was simulated; among `waiting`.
    pub results_waiting: i64,
    /// In workers' hands.
    pub leased: i64,
    /// Dead letters.
    pub dead: i64,
    /// Since when the queue is being drained.
    pub paused_since: Option<Timestamp>,
}

const COLUMNS: &str = "SELECT id, mission_id, org_id, priority, state, stage, attempts, created_at, run_at, worker, \
     lease_until, dead_at, error FROM jobs";

impl Database {
    /// Jobs of all organisations, for operators.
    pub async fn queue_jobs(&self, filter: &QueueFilter) -> Result<Vec<QueueJob>> {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push(" WHERE true");
        match filter.state {
            None => {}
            Some(JobState::Dead) => drop(query.push(" AND dead_at IS NOT NULL")),
            Some(state) => drop(query.push(" AND dead_at IS NULL AND state = ").push_bind(state.name())),
        }
        if let Some(org) = filter.org {
            query.push(" AND org_id = ").push_bind(org);
        }
        if let Some(after) = filter.after {
            query.push(" AND id > ").push_bind(after);
        }
        query.push(" ORDER BY id LIMIT ").push_bind(i64::from(filter.limit));
        let rows = query.build().fetch_all(&self.reader).await;
        let rows = rows.map_err(Error::engine("list the queue"))?;
        rows.iter().map(queue_job).collect()
    }

    /// One job, for operators.
    pub async fn queue_job(&self, id: JobId) -> Result<Option<QueueJob>> {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push(" WHERE id = ").push_bind(id);
        let row = query.build().fetch_optional(&self.reader).await;
        row.map_err(Error::engine("read the job"))?
            .as_ref()
            .map(queue_job)
            .transpose()
    }

    /// How much waits and runs, for metrics and scaling.
    pub async fn queue_depth(&self) -> Result<QueueDepth> {
        let what = "measure the queue";
        let rows = sql::query(
            "SELECT priority, stage, count(*) AS jobs, min(created_at) AS oldest FROM jobs WHERE state = 'queued' \
             GROUP BY priority, stage",
        )
        .fetch_all(&self.reader)
        .await
        .map_err(Error::engine(what))?;
        let mut depth = QueueDepth::default();
        for row in &rows {
            let row = Reader(row);
            let (priority, jobs): (i64, i64) = (row.get("priority")?, row.get("jobs")?);
            if let Some(waiting) = usize::try_from(priority - fair::DISTRESS)
                .ok()
                .and_then(|index| depth.waiting.get_mut(index))
            {
                *waiting += jobs;
            }
            if row.get::<String>("stage")? == "results" {
                depth.results_waiting += jobs;
            }
            let oldest = row.maybe_time("oldest")?;
            depth.oldest = [depth.oldest, oldest].into_iter().flatten().min();
        }
        let row = sql::query(
            "SELECT (SELECT count(*) FROM jobs WHERE state = 'leased') AS leased, \
             (SELECT count(*) FROM jobs WHERE dead_at IS NOT NULL) AS dead, (SELECT since FROM queue_pause) AS since",
        )
        .fetch_one(&self.reader)
        .await
        .map_err(Error::engine(what))?;
        let row = Reader(&row);
        depth.leased = row.get("leased")?;
        depth.dead = row.get("dead")?;
        depth.paused_since = row.maybe_time("since")?;
        Ok(depth)
    }

    /// Cancels a mission: its job is not begun, a worker at it loses its lease within a second, and nothing is charged. The
    /// mission as it stands then, cancelled or as it had ended before; `None` where there is none.
    pub async fn cancel_mission(&self, org: OrgId, id: MissionId, now: Timestamp) -> Result<Option<Mission>> {
        self.cancel(org, id, None, now).await?;
        self.mission(org, id).await
    }

    /// The same for a job, by whoever runs the installation; false where it could not be cancelled any more.
    pub async fn cancel_job(&self, job: &QueueJob, now: Timestamp) -> Result<bool> {
        let details = serde_json::json!({ "mission": job.mission });
        let act = Act::of_system(Some(job.org), "job.cancelled", job.job, details);
        self.cancel(job.org, job.mission, Some(&act), now).await
    }

    async fn cancel(&self, org: OrgId, id: MissionId, act: Option<&Act>, now: Timestamp) -> Result<bool> {
        let what = "cancel the mission";
        let mut change = self.change(what).await?;
        let cancelled = sql::query(
            "UPDATE jobs SET state = 'cancelled', lease_until = NULL WHERE mission_id = ? AND org_id = ? \
             AND state IN ('queued', 'leased')",
        )
        .bind(id)
        .bind(org)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        if cancelled.rows_affected() > 0 {
            sql::query("UPDATE missions SET status = 'cancelled', stage = 'cancelled', updated_at = ? WHERE id = ?")
                .bind(micros(now))
                .bind(id)
                .execute(&mut change.tx)
                .await
                .map_err(Error::engine(what))?;
            touch_content(&mut change, org).await?;
            release_credit(&mut change, id, now).await?;
            if let Some(act) = act {
                audit::append(&mut change, act, now).await?;
            }
        }
        change.commit().await?;
        Ok(cancelled.rows_affected() > 0)
    }

    /// For whoever runs the installation: puts a failed or dead job back into the queue with all its attempts and a whole new
    /// time to live; false where there is none that failed.
    pub async fn retry_job(&self, job: JobId, now: Timestamp) -> Result<bool> {
        let what = "try the job again";
        let now = self.queue_now(now).await?;
        let mut change = self.change(what).await?;
        let row = sql::query(
            "UPDATE jobs SET state = 'queued', attempts = 0, dead_at = NULL, run_at = 0, token = token + 1, \
             started_at = NULL, expires_at = CASE WHEN expires_at IS NULL THEN NULL ELSE ?2 END \
             WHERE id = ?1 AND state = 'failed' AND EXISTS (SELECT 1 FROM missions m WHERE m.id = jobs.mission_id \
             AND m.withdrawn_at IS NULL AND m.status = 'failed') RETURNING mission_id, org_id",
        )
        .bind(job)
        .bind(end_of(self.rules.time_to_live, now))
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let Some(row) = row else { return Ok(false) };
        let row = Reader(&row);
        let mission: MissionId = row.id("mission_id")?;
        let org: OrgId = row.id("org_id")?;
        super::back_to_queue(&mut change, mission, org, now).await?;
        let found = fetch(&mut change.tx, mission).await?;
        let found = found.ok_or_else(|| Error::damaged("mission_id", mission, "the job's mission is gone"))?;
        hold_credit(&mut change, org, mission, &found.spec, now).await?;
        sql::query("UPDATE missions SET error = NULL WHERE id = ?")
            .bind(mission)
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        let details = serde_json::json!({ "mission": mission });
        audit::append(
            &mut change,
            &Act::of_system(Some(org), "job.retried", job, details),
            now,
        )
        .await?;
        change.commit().await?;
        Ok(true)
    }

    /// Stops jobs from being leased, or lets them be leased again; what workers have they finish. What waited meanwhile
    /// has then as long to be begun as it had left when the queue was stopped.
    pub async fn pause_queue(&self, pause: bool, now: Timestamp) -> Result<()> {
        let what = "drain the queue";
        let now = self.queue_now(now).await?;
        let mut change = self.change(what).await?;
        let changes = match pause {
            true => stop(&mut change, now).await?,
            false => go_on(&mut change, now).await?,
        };
        if changes {
            let action = if pause { "queue.drained" } else { "queue.opened" };
            let act = Act::of_system(None, action, "queue", serde_json::json!({}));
            audit::append(&mut change, &act, now).await?;
        }
        change.commit().await
    }

    /// Sets how an organisation shares the queue: its weight beside others' 100, and how many of its missions may be
    /// urgent at once. False where there is none.
    pub async fn set_queue_share(&self, org: OrgId, weight: u32, urgent_at_once: u32) -> Result<bool> {
        if weight == 0 {
            return Err(Error::invalid("the weight", weight, "it must be at least 1"));
        }
        let done = sql::query("UPDATE organisations SET queue_weight = ?, urgent_at_once = ? WHERE id = ?")
            .bind(weight)
            .bind(urgent_at_once)
            .bind(org)
            .execute(&self.writer)
            .await
            .map_err(Error::engine("set the share of the queue"))?;
        Ok(done.rows_affected() > 0)
    }
}

/// Stops the queue; false where it was stopped.
async fn stop(change: &mut Change, now: Timestamp) -> Result<bool> {
    let done = sql::query("INSERT INTO queue_pause (one, since) VALUES (1, ?) ON CONFLICT DO NOTHING")
        .bind(micros(now))
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine("stop the queue"))?;
    Ok(done.rows_affected() > 0)
}

/// Lets the queue go on; false where it did.
async fn go_on(change: &mut Change, now: Timestamp) -> Result<bool> {
    let what = "let the queue go on";
    change.lock(reap::SEVERAL_JOBS).await?;
    let since: Option<i64> = sql::query_scalar("DELETE FROM queue_pause RETURNING since")
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
    let Some(since) = since else { return Ok(false) };
    sql::query(
        "UPDATE jobs SET expires_at = expires_at + (?1 - CASE WHEN created_at > ?2 THEN created_at ELSE ?2 END) \
         WHERE state = 'queued' AND expires_at IS NOT NULL AND created_at < ?1 AND ?2 < ?1",
    )
    .bind(micros(now))
    .bind(since)
    .execute(&mut change.tx)
    .await
    .map_err(Error::engine(what))?;
    Ok(true)
}

fn queue_job(row: &Row) -> Result<QueueJob> {
    let row = Reader(row);
    let dead_at = row.maybe_time("dead_at")?;
    Ok(QueueJob {
        job: row.id("id")?,
        mission: row.id("mission_id")?,
        org: row.id("org_id")?,
        priority: row.get("priority")?,
        state: JobState::of(&row.get::<String>("state")?, dead_at.is_some())?,
        stage: row.get("stage")?,
        attempts: row.get("attempts")?,
        created_at: row.time("created_at")?,
        run_at: row.maybe_time("run_at")?.filter(|time| *time != Timestamp::UNIX_EPOCH),
        worker: row.get("worker")?,
        lease_until: row.maybe_time("lease_until")?,
        dead_at,
        error: row.get("error")?,
    })
}
