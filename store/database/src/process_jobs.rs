//! Missions seen as jobs of OGC API Processes (18-062r2): which process was executed and how its results were asked for, kept
//! in the mission's own transaction; jobs listed with the filters of clause 12; and whom to tell about their end.

use driftline_domain::{JobId, MissionId, OrgId};
use jiff::Timestamp;
use serde_json::Value;

use crate::columns::{Reader, json, micros};
use crate::missions::{self, status_word};
use crate::open::Change;
use crate::sql::{self, Dialect, QueryBuilder, Row};
use crate::{Database, Error, Mission, MissionCreation, MissionStatus, NewMission, Result};

/// How a mission was executed as a process.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProcessJob {
    /// Identifier of the process.
    pub process: String,
    /// How the results were asked for.
    pub request: Value,
    /// Whom to tell.
    pub subscriber: Subscriber,
}

/// Addresses that are told how a job goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscriber {
    /// Told the results.
    pub success: Option<String>,
    /// Told once that the work has begun.
    pub in_progress: Option<String>,
    /// Told that there are no results.
    pub failed: Option<String>,
}

/// A mission as a job.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessJob {
    /// The mission, of which a dismissed job is the tombstone.
    pub mission: Mission,
    /// The process that was executed; `None` for a mission that was submitted as one.
    pub process: Option<String>,
    /// How the results were asked for.
    pub request: Option<Value>,
    /// When a worker first took it up.
    pub started_at: Option<Timestamp>,
    /// Whether it was dismissed.
    pub is_dismissed: bool,
}

/// Which jobs are wanted, newest first; dismissed ones are not among them.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only of these processes.
    pub processes: Option<Vec<String>>,
    /// Only those that stand there.
    pub statuses: Option<Vec<MissionStatus>>,
    /// Only those created at or after this time.
    pub created_from: Option<Timestamp>,
    /// Only those created at or before this time.
    pub created_until: Option<Timestamp>,
    /// Only those that have taken at least so long, in seconds.
    pub min_duration_s: Option<u32>,
    /// Only those that have taken at most so long, in seconds.
    pub max_duration_s: Option<u32>,
    /// Only those older than this one.
    pub after: Option<MissionId>,
    /// At most so many; nothing without a number.
    pub limit: u32,
}

/// A subscriber that is to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct DueCallback {
    /// The job as it stands.
    pub job: ProcessJob,
    /// Whom to tell.
    pub subscriber: Subscriber,
    /// How often it was tried before.
    pub attempts: i64,
}

const COLUMNS: &str = "SELECT p.process, p.request AS process_request, p.success_uri, p.in_progress_uri, p.failed_uri, \
     p.attempts, j.started_at, m.withdrawn_at, ";
/// When its work ended.
const FINISHED: &str = "coalesce(m.completed_at, CASE WHEN m.status = 'failed' THEN m.updated_at END)";

impl Database {
    /// Accepts a mission as the job of a process: both stand or fall together.
    pub async fn create_process_job(&self, new: NewMission, job: NewProcessJob) -> Result<MissionCreation> {
        self.accept_mission(new, Some(job)).await
    }

    /// A job of this organisation, dismissed ones included.
    pub async fn process_job(&self, org: OrgId, id: JobId) -> Result<Option<ProcessJob>> {
        let mut query = select();
        query
            .push(" WHERE m.id = (SELECT mission_id FROM jobs WHERE id = ")
            .push_bind(id);
        query.push(") AND m.org_id = ").push_bind(org);
        let row = query
            .build()
            .fetch_optional(&self.reader)
            .await
            .map_err(Error::engine("read the job"))?;
        row.as_ref().map(process_job).transpose()
    }

    /// One page of an organisation's jobs, newest first.
    pub async fn process_jobs(&self, org: OrgId, filter: &JobFilter, now: Timestamp) -> Result<Vec<ProcessJob>> {
        let mut query = select();
        query
            .push(" WHERE m.withdrawn_at IS NULL AND m.org_id = ")
            .push_bind(org);
        push_filter(&mut query, self.dialect(), filter, now);
        query
            .push(" ORDER BY m.id DESC LIMIT ")
            .push_bind(i64::from(filter.limit));
        let rows = query
            .build()
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine("list the jobs"))?;
        rows.iter().map(process_job).collect()
    }

    /// Takes subscribers that are to be told now. Until `try_again_at` nobody else takes them: whoever dies while telling
    /// one leaves it to the next look.
    pub async fn take_callbacks(
        &self,
        limit: u32,
        now: Timestamp,
        try_again_at: Timestamp,
    ) -> Result<Vec<DueCallback>> {
        let what = "take callbacks";
        let mut query = select();
        query.push(" WHERE p.next_at <= ").push_bind(micros(now));
        query.push(
            " AND m.withdrawn_at IS NULL AND (m.status IN ('completed', 'failed') \
             OR (m.status = 'running' AND p.in_progress_uri IS NOT NULL AND p.progress_told = 0)) ORDER BY p.next_at LIMIT ",
        );
        query.push_bind(i64::from(limit));
        // Mostly there is nothing to do, and then nobody waits for the lock.
        let rows = query
            .build()
            .fetch_all(&self.reader)
            .await
            .map_err(Error::engine(what))?;
        let mut taken = Vec::with_capacity(rows.len());
        for row in &rows {
            let due = due(row)?;
            let claimed = sql::query("UPDATE process_jobs SET next_at = ? WHERE mission_id = ? AND next_at <= ?")
                .bind(micros(try_again_at))
                .bind(due.job.mission.id)
                .bind(micros(now))
                .execute(&self.writer)
                .await
                .map_err(Error::engine(what))?;
            if claimed.rows_affected() > 0 {
                taken.push(due);
            }
        }
        Ok(taken)
    }

    /// Notes that the subscriber knows that work has begun; its end is still to be told.
    pub async fn progress_was_told(&self, mission: MissionId, now: Timestamp) -> Result<()> {
        self.note_callback(
            "UPDATE process_jobs SET progress_told = 1, attempts = 0, next_at = ?1 WHERE mission_id = ?2",
            mission,
            Some(now),
        )
        .await
    }

    /// Notes that the subscriber could not be told: tried again then, or never.
    pub async fn callback_failed(&self, mission: MissionId, try_again_at: Option<Timestamp>) -> Result<()> {
        self.note_callback(
            "UPDATE process_jobs SET attempts = attempts + 1, next_at = ?1 WHERE mission_id = ?2",
            mission,
            try_again_at,
        )
        .await
    }

    /// Notes that nothing is left to tell.
    pub async fn callback_done(&self, mission: MissionId) -> Result<()> {
        self.note_callback(
            "UPDATE process_jobs SET next_at = ?1 WHERE mission_id = ?2",
            mission,
            None,
        )
        .await
    }

    async fn note_callback(
        &self,
        statement: &'static str,
        mission: MissionId,
        next_at: Option<Timestamp>,
    ) -> Result<()> {
        sql::query(statement)
            .bind(next_at.map(micros))
            .bind(mission)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("note a callback"))
    }
}

/// Writes the job beside its mission.
pub(crate) async fn insert(change: &mut Change, new: &NewMission, job: &NewProcessJob) -> Result<()> {
    let told = &job.subscriber;
    let waits = *told != Subscriber::default();
    sql::query(
        "INSERT INTO process_jobs (mission_id, org_id, process, request, success_uri, in_progress_uri, failed_uri, next_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.id)
    .bind(new.org)
    .bind(&job.process)
    .bind(json("the request", &job.request)?)
    .bind(&told.success)
    .bind(&told.in_progress)
    .bind(&told.failed)
    .bind(waits.then(|| micros(new.created_at)))
    .execute(&mut change.tx)
    .await
    .map(drop)
    .map_err(Error::engine("accept the job"))
}

fn select() -> QueryBuilder {
    let mut query = QueryBuilder::new(COLUMNS);
    query
        .push(missions::COLUMNS)
        .push(" LEFT JOIN process_jobs p ON p.mission_id = m.id LEFT JOIN jobs j ON j.id = m.job_id");
    query
}

/// The process of a mission, whichever way it was submitted.
fn process_of(dialect: Dialect) -> String {
    let direction = dialect.json_text("m.spec", "direction");
    format!("coalesce(p.process, CASE WHEN {direction} = 'backtrack' THEN 'backtrack' ELSE 'drift' END)")
}

fn push_filter(query: &mut QueryBuilder, dialect: Dialect, filter: &JobFilter, now: Timestamp) {
    if let Some(processes) = &filter.processes {
        query.push(" AND ").push(process_of(dialect));
        query.push_list(processes.iter().map(String::as_str));
    }
    if let Some(statuses) = &filter.statuses {
        query.push(" AND m.status");
        query.push_list(statuses.iter().map(|status| status_word(*status)));
    }
    if let Some(from) = filter.created_from {
        query.push(" AND m.created_at >= ").push_bind(micros(from));
    }
    if let Some(until) = filter.created_until {
        query.push(" AND m.created_at <= ").push_bind(micros(until));
    }
    for (comparison, seconds) in [(" >= ", filter.min_duration_s), (" <= ", filter.max_duration_s)] {
        if let Some(seconds) = seconds {
            // A job that was never begun has no duration and is in neither answer.
            query
                .push(" AND coalesce(")
                .push(FINISHED)
                .push(", ")
                .push_bind(micros(now));
            query
                .push(") - j.started_at")
                .push(comparison)
                .push_bind(i64::from(seconds) * 1_000_000);
        }
    }
    if let Some(after) = filter.after {
        query.push(" AND m.id < ").push_bind(after);
    }
}

fn process_job(row: &Row) -> Result<ProcessJob> {
    let found = Reader(row);
    let request: Option<String> = found.get("process_request")?;
    let read = |text: String| serde_json::from_str(&text).map_err(|error| Error::damaged("request", &text, error));
    Ok(ProcessJob {
        mission: missions::mission(row)?,
        process: found.get("process")?,
        request: request.map(read).transpose()?,
        started_at: found.maybe_time("started_at")?,
        is_dismissed: found.maybe_time("withdrawn_at")?.is_some(),
    })
}

fn due(row: &Row) -> Result<DueCallback> {
    let found = Reader(row);
    Ok(DueCallback {
        job: process_job(row)?,
        subscriber: Subscriber {
            success: found.get("success_uri")?,
            in_progress: found.get("in_progress_uri")?,
            failed: found.get("failed_uri")?,
        },
        attempts: found.get("attempts")?,
    })
}
