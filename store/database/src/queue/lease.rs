//! Leases: taken by the worker whose turn it is, prolonged while it works, and freed when its process ends.

use std::time::Duration;

use driftline_domain::JobId;
use jiff::Timestamp;

use super::reap::{End, Ends};
use super::{LeaseState, LeasedJob, Work, end_of, fair, reap};
use crate::columns::{Reader, micros};
use crate::missions::{fetch, touch_content};
use crate::open::Change;
use crate::sql::{self, Dialect, QueryBuilder};
use crate::{Database, Error, Result};

/// How the processes ended whose leases are freed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeaseEnd {
    Death,
    GoodOrder,
}

impl Database {
    /// Leases the next job of this work: by priority, then by fair share between organisations. Jobs whose lease has run
    /// out, and those that were tried too often or have waited too long, are seen to first. Nothing while the queue drains.
    pub async fn lease_job(
        &self,
        worker: &str,
        work: Work,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<LeasedJob>> {
        let what = "lease a job";
        let now = self.queue_now(now).await?;
        self.reap(now, lease).await?;
        if !self.has_due_job(work, now).await? {
            return Ok(None);
        }
        let mut change = self.change(what).await?;
        let leased = take_next(&mut change, worker, work, lease, now).await?;
        if leased.is_some() {
            change.commit().await?;
        }
        Ok(leased)
    }

    /// An idle worker looks without a transaction: in the embedded file that would take the only writer's place.
    async fn has_due_job(&self, work: Work, now: Timestamp) -> Result<bool> {
        let mut query = QueryBuilder::new("SELECT EXISTS (SELECT 1 FROM jobs WHERE ");
        push_due(&mut query, work, now);
        query.push(")");
        let found = query.build_query_scalar().fetch_one(&self.reader).await;
        found.map_err(Error::engine("look for jobs"))
    }

    /// Takes back every lease of the workers whose names begin so: of processes that are dead. What they tried stays
    /// tried, because the mission may be what killed them. Returns how many.
    pub async fn take_back_leases_of_dead(&self, worker_prefix: &str, now: Timestamp) -> Result<u64> {
        self.free_leases("take leases back", worker_prefix, LeaseEnd::Death, now)
            .await
    }

    /// Hands back every lease of the workers whose names begin so: of this process, which ends in good order. That is
    /// no attempt of the missions, so that restarts do not fail them; a lease that has run out before still is one.
    /// Returns how many.
    pub async fn hand_back_leases_of(&self, worker_prefix: &str, now: Timestamp) -> Result<u64> {
        self.free_leases("hand leases back", worker_prefix, LeaseEnd::GoodOrder, now)
            .await
    }

    async fn free_leases(&self, what: &'static str, prefix: &str, end: LeaseEnd, now: Timestamp) -> Result<u64> {
        let now = self.queue_now(now).await?;
        let mut change = self.change(what).await?;
        change.lock(reap::SEVERAL_JOBS).await?;
        let rows = sql::query(
            "UPDATE jobs SET state = 'queued', run_at = 0, lease_until = NULL, token = token + 1, \
             attempts = attempts - CASE WHEN ?3 AND lease_until > ?1 THEN 1 ELSE 0 END \
             WHERE state = 'leased' AND substr(worker, 1, length(?2)) = ?2 RETURNING id, mission_id, org_id, attempts",
        )
        .bind(micros(now))
        .bind(prefix)
        .bind(end == LeaseEnd::GoodOrder)
        .fetch_all(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let mut ends = Ends::default();
        ends.note(&rows, End::Queued)?;
        if end == LeaseEnd::Death {
            for row in &rows {
                reap::pause(&mut change, &self.rules, &Reader(row), now).await?;
            }
        }
        reap::give_up(&mut change, &self.rules, &mut ends, now).await?;
        ends.tell_missions(&mut change, now).await?;
        change.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Prolongs a lease and notes how far the worker is, 0 to 1, and what it does.
    pub async fn heartbeat(
        &self,
        job: JobId,
        token: i64,
        progress: f64,
        stage: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<LeaseState> {
        let what = "prolong the lease";
        let now = self.queue_now(now).await?;
        let mut change = self.change(what).await?;
        let held = sql::query("UPDATE jobs SET lease_until = ? WHERE id = ? AND token = ? AND state = 'leased'")
            .bind(end_of(lease, now))
            .bind(job)
            .bind(token)
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        if held.rows_affected() == 0 {
            return Ok(LeaseState::Lost);
        }
        sql::query("UPDATE missions SET progress = ?, stage = ?, updated_at = ? WHERE job_id = ?")
            .bind(if progress.is_finite() {
                progress.clamp(0.0, 1.0)
            } else {
                0.0
            })
            .bind(stage)
            .bind(micros(now))
            .bind(job)
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        change.commit().await?;
        Ok(LeaseState::Held)
    }
}

fn push_due(query: &mut QueryBuilder, work: Work, now: Timestamp) {
    query.push("state = 'queued' AND run_at <= ").push_bind(micros(now));
    match work {
        Work::All => {}
        Work::Simulation => drop(query.push(" AND stage = 'simulate'")),
        Work::Results => drop(query.push(" AND stage = 'results'")),
    }
    query.push(" AND NOT EXISTS (SELECT 1 FROM queue_pause)");
}

async fn take_next(
    change: &mut Change,
    worker: &str,
    work: Work,
    lease: Duration,
    now: Timestamp,
) -> Result<Option<LeasedJob>> {
    let failed = || Error::engine("lease a job");
    let dialect: Dialect = change.tx.dialect();
    let mut query =
        QueryBuilder::new("UPDATE jobs SET state = 'leased', token = token + 1, attempts = attempts + 1, worker = ");
    query
        .push_bind(worker)
        .push(", lease_until = ")
        .push_bind(end_of(lease, now));
    query.push(", attempt_at = ").push_bind(micros(now));
    query
        .push(", started_at = coalesce(started_at, ")
        .push_bind(micros(now));
    query.push(") WHERE state = 'queued' AND id = (SELECT id FROM jobs WHERE ");
    push_due(&mut query, work, now);
    query
        .push(" ORDER BY priority, virtual_start, id LIMIT 1")
        .push(dialect.skip_locked());
    query.push(") RETURNING id, mission_id, org_id, token, attempts, priority, virtual_start, handed_over");
    let row = query.build().fetch_optional(&mut change.tx).await.map_err(failed())?;
    let Some(row) = row else { return Ok(None) };
    let row = Reader(&row);
    let (id, org) = (row.id("mission_id")?, row.id("org_id")?);
    sql::query("UPDATE missions SET status = 'running', progress = 0, stage = 'starting', updated_at = ? WHERE id = ?")
        .bind(micros(now))
        .bind(id)
        .execute(&mut change.tx)
        .await
        .map_err(failed())?;
    touch_content(change, org).await?;
    fair::served(change, org, row.get("priority")?, row.get("virtual_start")?).await?;
    let mission = fetch(&mut change.tx, id).await?;
    let handed_over: Option<String> = row.get("handed_over")?;
    let read = |text: String| serde_json::from_str(&text).map_err(|error| Error::damaged("handed_over", &text, error));
    Ok(Some(LeasedJob {
        job: row.id("id")?,
        token: row.get("token")?,
        attempt: row.get("attempts")?,
        mission: mission.ok_or_else(|| Error::damaged("mission_id", id, "the job's mission is gone"))?,
        handed_over: handed_over.map(read).transpose()?,
    }))
}
