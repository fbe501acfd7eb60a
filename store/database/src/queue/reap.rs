//! What nobody works on any more: leases that have run out go back to the queue or are given up, jobs that have waited too
//! long end, and what failed is tried again after a pause that grows. A job that was given up is a dead letter: it stays
//! with what it met until a person retries it or lets it be.

use std::collections::BTreeMap;
use std::time::Duration;

use driftline_domain::{JobId, MissionId, OrgId};
use jiff::{SignedDuration, Timestamp};

use super::{back_to_queue, end_of, fail_mission};
use crate::columns::{Reader, micros};
use crate::open::Change;
use crate::sql::{self, Row};
use crate::{Database, Error, QueueRules, Result};

/// What the owner of a mission reads whose workers all died at it.
const GAVE_UP: &str = "the computation was interrupted too often and has been given up; please create the mission anew";
/// What the owner of a mission reads that nobody came to compute.
const TOO_LATE: &str =
    "no worker was free for so long that the mission has been given up; please create it anew if it still matters";
/// Jobs that nobody has begun in time, `?1` being now: not what was begun once, and nothing while an operator drains the queue.
const WAITED_TOO_LONG: &str = "state = 'queued' AND expires_at <= ?1 AND started_at IS NULL \
     AND NOT EXISTS (SELECT 1 FROM queue_pause)";
/// Held by whoever changes several jobs at once.
pub(super) const SEVERAL_JOBS: &str = "several jobs";
/// What an operator reads of a worker that fell silent.
const SILENT: &str = "its worker fell silent and the lease ran out";

/// Whether a failure may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It may: the job is tried again while attempts are left.
    Passing,
    /// The same, and what a simulation had left for it is not to be had: the next attempt begins anew.
    NothingLeft,
    /// The mission cannot be computed.
    Final,
}

impl Database {
    /// Sees to jobs that nobody works on. Called with every look for work; it reads first and mostly finds nothing.
    pub(super) async fn reap(&self, now: Timestamp, lease: Duration) -> Result<()> {
        let what = "see to abandoned jobs";
        let clocks = self.look_at_clocks(now, lease);
        if let Some(step) = clocks.step {
            tracing::warn!(
                seconds = step.as_secs(),
                "the clock was set: leases are not judged for a while"
            );
            self.wait_on(step).await?;
        }
        if !clocks.is_sure {
            return Ok(());
        }
        let low_since = now.checked_sub(self.rules.low_waits).unwrap_or(Timestamp::MIN);
        let found: bool = sql::query_scalar(format!(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'leased' AND lease_until <= ?1) \
             OR EXISTS (SELECT 1 FROM jobs WHERE {WAITED_TOO_LONG}) \
             OR EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND priority = 2 AND created_at <= ?2)"
        ))
        .bind(micros(now))
        .bind(micros(low_since))
        .fetch_one(&self.reader)
        .await
        .map_err(Error::engine(what))?;
        if !found {
            return Ok(());
        }
        let mut change = self.change(what).await?;
        // One process at a time: the others find nothing left.
        change.lock(SEVERAL_JOBS).await?;
        let mut ends = Ends::default();
        self.requeue_silent(&mut change, &mut ends, now).await?;
        give_up(&mut change, &self.rules, &mut ends, now).await?;
        expire(&mut change, &mut ends, now).await?;
        sql::query("UPDATE jobs SET priority = 1 WHERE state = 'queued' AND priority = 2 AND created_at <= ?")
            .bind(micros(low_since))
            .execute(&mut change.tx)
            .await
            .map_err(Error::engine(what))?;
        ends.tell_missions(&mut change, now).await?;
        change.commit().await
    }

    /// The clock was set on while missions waited: they wait as long as they would have.
    async fn wait_on(&self, step: SignedDuration) -> Result<()> {
        let step_us = i64::try_from(step.as_micros()).unwrap_or(i64::MAX);
        // Set back it gives them longer by itself, and those of since then must not lose it.
        if step_us <= 0 {
            return Ok(());
        }
        sql::query("UPDATE jobs SET expires_at = expires_at + ? WHERE state = 'queued' AND expires_at IS NOT NULL")
            .bind(step_us)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("let missions wait on"))
    }

    /// A lease that ran out was pause enough before the first retry.
    async fn requeue_silent(&self, change: &mut Change, ends: &mut Ends, now: Timestamp) -> Result<()> {
        let rows = sql::query(
            "UPDATE jobs SET state = 'queued', lease_until = NULL, error = ?2 WHERE state = 'leased' AND lease_until <= ?1 \
             RETURNING id, mission_id, org_id, attempts",
        )
        .bind(micros(now))
        .bind(SILENT)
        .fetch_all(&mut change.tx)
        .await
        .map_err(Error::engine("take a silent worker's job back"))?;
        for row in &rows {
            pause(change, &self.rules, &Reader(row), now).await?;
        }
        ends.note(&rows, End::Queued)
    }

    /// Gives a job back after a failure: to be tried again after a pause while attempts are left, otherwise its mission
    /// fails and says why. `met` is for operators. False where the lease was lost.
    pub async fn fail_job(
        &self,
        job: JobId,
        token: i64,
        public_message: &str,
        met: &str,
        failure: Failure,
        now: Timestamp,
    ) -> Result<bool> {
        let what = "give the job back";
        let now = self.queue_now(now).await?;
        let mut change = self.change(what).await?;
        let row = sql::query(
            "UPDATE jobs SET state = CASE WHEN ?3 AND attempts < ?4 THEN 'queued' ELSE 'failed' END, \
             dead_at = CASE WHEN ?3 AND attempts >= ?4 THEN ?5 END, error = ?6, lease_until = NULL, \
             stage = CASE WHEN ?7 THEN 'simulate' ELSE stage END, \
             handed_over = CASE WHEN ?7 THEN NULL ELSE handed_over END \
             WHERE id = ?1 AND token = ?2 AND state = 'leased' RETURNING mission_id, org_id, state, attempts",
        )
        .bind(job)
        .bind(token)
        .bind(failure != Failure::Final)
        .bind(self.rules.attempts)
        .bind(micros(now))
        .bind(met)
        .bind(failure == Failure::NothingLeft)
        .fetch_optional(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
        let Some(row) = row else { return Ok(false) };
        let row = Reader(&row);
        let (mission, org): (MissionId, OrgId) = (row.id("mission_id")?, row.id("org_id")?);
        if row.get::<String>("state")? == "queued" {
            let pause = self.rules.pause(row.get("attempts")?, job);
            sql::query("UPDATE jobs SET run_at = ? WHERE id = ?")
                .bind(end_of(pause, now))
                .bind(job)
                .execute(&mut change.tx)
                .await
                .map_err(Error::engine(what))?;
            back_to_queue(&mut change, mission, org, now).await?;
        } else {
            fail_mission(&mut change, mission, org, public_message, now).await?;
        }
        change.commit().await?;
        Ok(true)
    }
}

/// What became of missions whose jobs were changed together. Their rows and organisations are changed after all jobs, in order, so
/// that no two changes wait for each other's.
#[derive(Default)]
pub(super) struct Ends(BTreeMap<(OrgId, MissionId), End>);

/// What became of one.
#[derive(Clone, Copy)]
pub(super) enum End {
    Queued,
    Failed(&'static str),
}

impl Ends {
    /// Notes the missions of these jobs; a later end of the same mission takes the place of the one before.
    pub(super) fn note(&mut self, rows: &[Row], end: End) -> Result<()> {
        for row in rows {
            let row = Reader(row);
            self.0.insert((row.id("org_id")?, row.id("mission_id")?), end);
        }
        Ok(())
    }

    pub(super) async fn tell_missions(self, change: &mut Change, now: Timestamp) -> Result<()> {
        for ((org, mission), end) in self.0 {
            match end {
                End::Queued => back_to_queue(change, mission, org, now).await?,
                End::Failed(message) => fail_mission(change, mission, org, message, now).await?,
            }
        }
        Ok(())
    }
}

/// Fails the jobs that may not be tried again.
pub(super) async fn give_up(change: &mut Change, rules: &QueueRules, ends: &mut Ends, now: Timestamp) -> Result<()> {
    let rows = sql::query(
        "UPDATE jobs SET state = 'failed', dead_at = ?1 WHERE state = 'queued' AND attempts >= ?2 RETURNING mission_id, org_id",
    )
    .bind(micros(now))
    .bind(rules.attempts)
    .fetch_all(&mut change.tx)
    .await
    .map_err(Error::engine("give jobs up"))?;
    ends.note(&rows, End::Failed(GAVE_UP))
}

async fn expire(change: &mut Change, ends: &mut Ends, now: Timestamp) -> Result<()> {
    let rows = sql::query(format!(
        "UPDATE jobs SET state = 'failed', dead_at = ?1, error = coalesce(error, 'it waited past its time to live') \
         WHERE {WAITED_TOO_LONG} RETURNING mission_id, org_id"
    ))
    .bind(micros(now))
    .fetch_all(&mut change.tx)
    .await
    .map_err(Error::engine("give up what waited too long"))?;
    ends.note(&rows, End::Failed(TOO_LATE))
}

/// The pause after the death of a worker: none before the first retry, so that a mission does not wait for nothing, and then
/// longer each time, so that one that kills its workers leaves some to others.
pub(super) async fn pause(change: &mut Change, rules: &QueueRules, row: &Reader<'_>, now: Timestamp) -> Result<()> {
    let job: JobId = row.id("id")?;
    let pause = rules.pause(row.get::<i64>("attempts")? - 1, job);
    sql::query("UPDATE jobs SET run_at = ? WHERE id = ?")
        .bind(end_of(pause, now))
        .bind(job)
        .execute(&mut change.tx)
        .await
        .map(drop)
        .map_err(Error::engine("put the next attempt off"))
}
