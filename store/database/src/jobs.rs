//! The queue: one job per mission, leased by priority and age, fenced by a token that grows with every lease. Whatever
//! a worker writes is conditional on its token, so that one that slept past its lease changes nothing and charges
//! nothing (platform.md 5.3).

use std::time::Duration;

use driftline_domain::{JobId, MissionId, OrgId};
use jiff::Timestamp;

use crate::columns::{Reader, json, micros};
use crate::features::kind_number;
use crate::missions::{fetch, touch_content};
use crate::open::Change;
use crate::sql;
use crate::usage::{MISSION_METER, insert_record};
use crate::{Database, Error, Mission, NewRun, Result, Run, UsageRecord, place};

/// A job is tried so often before its mission fails.
pub const MAX_ATTEMPTS: i64 = 5;
/// What the owner of a mission reads whose workers all died at it.
const GAVE_UP: &str = "the computation was interrupted too often and has been given up; please create the mission anew";

/// A job in the hands of one worker.
#[derive(Debug, Clone, PartialEq)]
pub struct LeasedJob {
    /// The job.
    pub job: JobId,
    /// The fencing token that every later call must show.
    pub token: i64,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// The mission to compute.
    pub mission: Mission,
}

/// Whether a job is still in a worker's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// It is, until the new end of the lease.
    Held,
    /// Another has it, or the mission was withdrawn: stop.
    Lost,
}

/// How the processes ended whose leases are freed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeaseEnd {
    Death,
    GoodOrder,
}

impl Database {
    /// Leases the next job: by priority, then by age; jobs whose lease has run out are taken again. Jobs that were
    /// tried too often fail on the way.
    pub async fn lease_job(&self, worker: &str, lease: Duration, now: Timestamp) -> Result<Option<LeasedJob>> {
        const DUE: &str = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'leased') \
             AND ((state = 'queued' AND run_at <= ?1) OR (state = 'leased' AND lease_until <= ?1))";
        let what = "lease a job";
        // An idle worker looks without taking the write lock.
        let due: i64 = sql::query_scalar(DUE)
            .bind(micros(now))
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine(what))?;
        if due == 0 {
            return Ok(None);
        }
        let mut change = self.change(what).await?;
        give_up(&mut change, now).await?;
        let leased = take_next(&mut change, worker, lease, now).await?;
        change.commit().await?;
        Ok(leased)
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
        let mut change = self.change(what).await?;
        let rows = sql::query(
            "UPDATE jobs SET state = 'queued', run_at = ?1, lease_until = NULL, token = token + 1, \
             attempts = attempts - CASE WHEN ?3 AND lease_until > ?1 THEN 1 ELSE 0 END \
             WHERE state = 'leased' AND substr(worker, 1, length(?2)) = ?2 RETURNING mission_id, org_id",
        )
        .bind(micros(now))
        .bind(prefix)
        .bind(end == LeaseEnd::GoodOrder)
        .fetch_all(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        for row in &rows {
            let row = Reader(row);
            back_to_queue(&mut change, row.id("mission_id")?, now).await?;
            touch_content(&mut change, row.id("org_id")?).await?;
        }
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

    /// Publishes a run: the run, its features, the mission's completion and its charge stand or fall together. `None`
    /// where the lease was lost, and then nothing changed. Repeated after an unclear end it returns the published run.
    pub async fn complete_job(
        &self,
        job: JobId,
        token: i64,
        run: NewRun,
        node: &str,
        now: Timestamp,
    ) -> Result<Option<Run>> {
        let what = "publish the run";
        let bbox = place::checked(run.bbox)?;
        if run.charge_units < 0 {
            return Err(Error::invalid(
                "the charge",
                run.charge_units,
                "it must not be negative",
            ));
        }
        let mut change = self.change(what).await?;
        let row = sql::query(
            "UPDATE jobs SET state = 'done', lease_until = NULL WHERE id = ? AND token = ? AND state = 'leased' \
             RETURNING mission_id, org_id",
        )
        .bind(job)
        .bind(token)
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let Some(row) = row else {
            return published_before(&mut change, job, &run).await;
        };
        let row = Reader(&row);
        let (id, org) = (row.id("mission_id")?, row.id("org_id")?);
        let mission = fetch(&mut change.tx, id).await?;
        let mission = mission.ok_or_else(|| Error::damaged("mission_id", id, "the job's mission is gone"))?;
        // First, because it locks the organisation: its runs and records are numbered in the order of their commits, so
        // that whoever pages through them by number misses none.
        touch_content(&mut change, org).await?;
        let seq = insert_run(&mut change, &mission, &run, bbox, now).await?;
        insert_features(&mut change, &mission, &run, seq).await?;
        complete_mission(&mut change, &mission, &run, now).await?;
        insert_record(&mut change, &charge(&mission, &run, node, seq, now)).await?;
        let published = fetch(&mut change.tx, id).await?.and_then(|mission| mission.run);
        change.commit().await?;
        Ok(published)
    }

    /// Gives a job back after a failure: to be tried again in so many seconds while attempts are left, otherwise its
    /// mission fails and says why. False where the lease was lost.
    pub async fn fail_job(
        &self,
        job: JobId,
        token: i64,
        public_message: &str,
        retry: Option<Duration>,
        now: Timestamp,
    ) -> Result<bool> {
        let what = "give the job back";
        let mut change = self.change(what).await?;
        let row = sql::query(
            "UPDATE jobs SET state = CASE WHEN ?3 IS NOT NULL AND attempts < ?4 THEN 'queued' ELSE 'failed' END, \
             run_at = coalesce(?3, run_at), lease_until = NULL WHERE id = ?1 AND token = ?2 AND state = 'leased' \
             RETURNING mission_id, org_id, state",
        )
        .bind(job)
        .bind(token)
        .bind(retry.map(|pause| end_of(pause, now)))
        .bind(MAX_ATTEMPTS)
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let Some(row) = row else { return Ok(false) };
        let row = Reader(&row);
        let (mission, org): (MissionId, OrgId) = (row.id("mission_id")?, row.id("org_id")?);
        match row.get::<String>("state")?.as_str() {
            "queued" => back_to_queue(&mut change, mission, now).await?,
            _ => fail_mission(&mut change, mission, public_message, now).await?,
        }
        touch_content(&mut change, org).await?;
        change.commit().await?;
        Ok(true)
    }
}

fn end_of(lease: Duration, now: Timestamp) -> i64 {
    micros(now).saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX))
}

async fn take_next(change: &mut Change, worker: &str, lease: Duration, now: Timestamp) -> Result<Option<LeasedJob>> {
    let failed = || Error::engine("lease a job");
    let row = sql::query(
        "UPDATE jobs SET state = 'leased', token = token + 1, attempts = attempts + 1, worker = ?2, lease_until = ?3, \
         started_at = coalesce(started_at, ?1) \
         WHERE id = (SELECT id FROM jobs WHERE state IN ('queued', 'leased') \
         AND ((state = 'queued' AND run_at <= ?1) OR (state = 'leased' AND lease_until <= ?1)) \
         ORDER BY priority, created_at, id LIMIT 1) RETURNING id, mission_id, org_id, token, attempts",
    )
    .bind(micros(now))
    .bind(worker)
    .bind(end_of(lease, now))
    .fetch_optional(&mut change.tx)
    .await
    .map_err(failed())?;
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
    let mission = fetch(&mut change.tx, id).await?;
    Ok(Some(LeasedJob {
        job: row.id("id")?,
        token: row.get("token")?,
        attempt: row.get("attempts")?,
        mission: mission.ok_or_else(|| Error::damaged("mission_id", id, "the job's mission is gone"))?,
    }))
}

/// Fails the jobs that may not be tried again.
async fn give_up(change: &mut Change, now: Timestamp) -> Result<()> {
    let rows = sql::query(
        "UPDATE jobs SET state = 'failed', lease_until = NULL WHERE attempts >= ?2 AND state IN ('queued', 'leased') \
         AND (state = 'queued' OR lease_until <= ?1) RETURNING mission_id, org_id",
    )
    .bind(micros(now))
    .bind(MAX_ATTEMPTS)
    .fetch_all(&mut change.tx)
    .await
    .map_err(Error::engine("give jobs up"))?;
    for row in &rows {
        let row = Reader(row);
        fail_mission(change, row.id("mission_id")?, GAVE_UP, now).await?;
        touch_content(change, row.id("org_id")?).await?;
    }
    Ok(())
}

async fn back_to_queue(change: &mut Change, mission: MissionId, now: Timestamp) -> Result<()> {
    sql::query("UPDATE missions SET status = 'queued', stage = 'queued', progress = 0, updated_at = ? WHERE id = ?")
        .bind(micros(now))
        .bind(mission)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("queue the mission again"))
}

async fn fail_mission(change: &mut Change, mission: MissionId, message: &str, now: Timestamp) -> Result<()> {
    sql::query("UPDATE missions SET status = 'failed', stage = 'failed', error = ?, updated_at = ? WHERE id = ?")
        .bind(message)
        .bind(micros(now))
        .bind(mission)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("fail the mission"))
}

async fn published_before(change: &mut Change, job: JobId, run: &NewRun) -> Result<Option<Run>> {
    let mission = sql::query(
        "SELECT r.mission_id FROM runs r JOIN missions m ON m.id = r.mission_id \
                               WHERE r.id = ? AND m.job_id = ? AND m.withdrawn_at IS NULL",
    )
    .bind(run.id)
    .bind(job)
    .fetch_optional(&mut change.tx)
    .await
    .map_err(Error::engine("look the run up"))?;
    let Some(row) = mission else { return Ok(None) };
    let id = Reader(&row).id("mission_id")?;
    Ok(fetch(&mut change.tx, id).await?.and_then(|mission| mission.run))
}

async fn insert_run(
    change: &mut Change,
    mission: &Mission,
    run: &NewRun,
    bbox: [f64; 4],
    now: Timestamp,
) -> Result<i64> {
    let [west, south, east, north] = bbox;
    sql::query_scalar(
        "INSERT INTO runs (id, mission_id, org_id, published_at, valid_from, valid_until, west, south, east, north, \
         summary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
    )
    .bind(run.id)
    .bind(mission.id)
    .bind(mission.org)
    .bind(micros(now))
    .bind(micros(run.valid_from.0))
    .bind(micros(run.valid_until.0))
    .bind(west)
    .bind(south)
    .bind(east)
    .bind(north)
    .bind(json("the summary", &run.summary)?)
    .fetch_one(&mut change.tx)
    .await
    .map_err(Error::engine("publish the run"))
}

async fn insert_features(change: &mut Change, mission: &Mission, run: &NewRun, seq: i64) -> Result<()> {
    for (row, feature) in (0_i64..).zip(&run.features) {
        let [west, south, east, north] = place::checked(feature.bbox)?;
        sql::query(
            "INSERT INTO features (run_seq, row, org_id, kind, mission_id, run_id, id, valid_time, level, west, south, \
             east, north, geometry, properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(seq)
        .bind(row)
        .bind(mission.org)
        .bind(kind_number(feature.kind))
        .bind(mission.id)
        .bind(run.id)
        .bind(&feature.id)
        .bind(micros(feature.valid_time.0))
        .bind(feature.level)
        .bind(west)
        .bind(south)
        .bind(east)
        .bind(north)
        .bind(json("the geometry", &feature.geometry)?)
        .bind(json("the properties", &feature.properties)?)
        .execute(&mut change.tx)
        .await
        .map_err(Error::engine("publish the features"))?;
    }
    Ok(())
}

async fn complete_mission(change: &mut Change, mission: &Mission, run: &NewRun, now: Timestamp) -> Result<()> {
    sql::query(
        "UPDATE missions SET status = 'completed', stage = 'completed', progress = 1, error = NULL, run_id = ?1, \
         valid_until = ?2, completed_at = ?3, updated_at = ?3 WHERE id = ?4",
    )
    .bind(run.id)
    .bind(micros(run.valid_until.0))
    .bind(micros(now))
    .bind(mission.id)
    .execute(&mut change.tx)
    .await
    .map(drop)
    .map_err(Error::engine("complete the mission"))
}

/// Epoch 0 is no process's start, and a run's sequence is given once: the record's number is unique.
fn charge(mission: &Mission, run: &NewRun, node: &str, seq: i64, now: Timestamp) -> UsageRecord {
    UsageRecord {
        node: node.to_owned(),
        epoch: 0,
        seq,
        org: mission.org,
        key: mission.created_by,
        meter: MISSION_METER.to_owned(),
        units: run.charge_units,
        at: now,
        request: None,
        mission: Some(mission.id),
    }
}
