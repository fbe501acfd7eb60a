//! A job: where it stands (statusInfo, 18-062r2, 7.12), and its dismissal (clause 14).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::{Resource, Scope, Verb};
use driftline_database::{MissionStatus, ProcessJob};
use driftline_domain::{JobId, MissionId, OrgId};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::echo_jobs::EchoJob;
use super::exception::Exception;
use super::mission_outputs::process_of;
use super::process::Process;
use super::relations;
use crate::AppState;
use crate::ask::Ask;
use crate::document::{JSON, document};
use crate::links::Site;
use crate::missions::withdraw_mission;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobStatus {
    /// It waits.
    Accepted,
    /// Work is on.
    Running,
    /// Its results are there.
    Successful,
    /// It ended without results.
    Failed,
    /// It was taken back.
    Dismissed,
}

impl JobStatus {
    /// Every status.
    pub(super) const ALL: [Self; 5] = [
        Self::Accepted,
        Self::Running,
        Self::Successful,
        Self::Failed,
        Self::Dismissed,
    ];

    /// How it is written.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Successful => "successful",
            Self::Failed => "failed",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether nothing changes any more.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Dismissed)
    }
}

/// A job of either sort.
#[derive(Debug, Clone)]
pub(super) enum Job {
    /// A mission.
    Mission(Box<ProcessJob>),
    /// An echo.
    Echo(Arc<EchoJob>),
}

impl Job {
    /// The job that a path names; what is no id is as unknown as another tenant's job.
    pub(super) async fn find(state: &AppState, org: OrgId, text: &str) -> Result<Self, Exception> {
        let unknown = || Exception::NoSuchJob(text.to_owned());
        let id: JobId = text.parse().ok().ok_or_else(unknown)?;
        if let Some(job) = state.echo_jobs().find(org, id) {
            return Ok(Self::Echo(job));
        }
        let found = state.database.process_job(org, id).await?;
        found.map(|job| Self::Mission(Box::new(job))).ok_or_else(unknown)
    }

    /// Its identifier: of a mission the `job_id` that the mission shows.
    pub(super) fn id(&self) -> JobId {
        match self {
            Self::Mission(job) => job.mission.job_id,
            Self::Echo(job) => job.id,
        }
    }

    /// Its place in lists, which are in the order of acceptance.
    pub(super) fn place(&self) -> MissionId {
        match self {
            Self::Mission(job) => job.mission.id,
            Self::Echo(job) => MissionId::from_uuid(job.id.uuid()),
        }
    }

    /// What was executed.
    pub(super) fn process(&self) -> Process {
        match self {
            Self::Mission(job) => process_of(job),
            Self::Echo(_) => Process::Echo,
        }
    }

    /// Where it stands.
    pub(super) fn status(&self, now: Timestamp) -> JobStatus {
        match self {
            Self::Mission(job) if job.is_dismissed => JobStatus::Dismissed,
            Self::Mission(job) => match job.mission.status {
                MissionStatus::Queued => JobStatus::Accepted,
                MissionStatus::Running => JobStatus::Running,
                MissionStatus::Completed => JobStatus::Successful,
                MissionStatus::Failed => JobStatus::Failed,
                MissionStatus::Cancelled => JobStatus::Dismissed,
            },
            Self::Echo(job) if job.is_dismissed() => JobStatus::Dismissed,
            Self::Echo(job) if now < job.finishes_at() => JobStatus::Running,
            Self::Echo(_) => JobStatus::Successful,
        }
    }

    /// When it was accepted.
    pub(super) fn created(&self) -> Timestamp {
        match self {
            Self::Mission(job) => job.mission.created_at,
            Self::Echo(job) => job.created_at,
        }
    }

    /// When work began, and when it ended, as far as they have.
    pub(super) fn span(&self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let status = self.status(now);
        match self {
            Self::Mission(job) => {
                let ended = match status {
                    JobStatus::Successful => job.mission.completed_at,
                    JobStatus::Failed | JobStatus::Dismissed => Some(job.mission.updated_at),
                    JobStatus::Accepted | JobStatus::Running => None,
                };
                (job.started_at, ended)
            }
            Self::Echo(job) => {
                let ended = (status == JobStatus::Successful).then(|| job.finishes_at());
                (Some(job.created_at), ended)
            }
        }
    }

    fn updated(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Mission(job) => job.mission.updated_at,
            Self::Echo(job) => now.clamp(job.created_at, job.finishes_at()),
        }
    }

    fn progress(&self, now: Timestamp) -> i64 {
        let share = match self {
            Self::Mission(job) => job.mission.progress,
            Self::Echo(job) => {
                let whole = job.echoed.pause.as_secs_f64();
                if whole > 0.0 {
                    1.0 - job.rest(now).as_secs_f64() / whole
                } else {
                    1.0
                }
            }
        };
        // A hundred is said of what is done, not of what is nearly done.
        match self.status(now) {
            JobStatus::Successful => 100,
            _ => ((share * 100.0) as i64).clamp(0, 99),
        }
    }

    fn message(&self, now: Timestamp) -> String {
        match (self, self.status(now)) {
            (_, JobStatus::Dismissed) => "dismissed".to_owned(),
            (Self::Mission(job), JobStatus::Failed) => job.mission.error.clone().unwrap_or_else(|| "failed".to_owned()),
            (Self::Mission(job), _) => job.mission.stage.clone(),
            (Self::Echo(_), status) => status.word().to_owned(),
        }
    }

    /// The job's path.
    pub(super) fn path(&self) -> String {
        format!("/ogc/jobs/{}", self.id())
    }

    /// statusInfo.
    pub(super) fn status_info(&self, site: &Site, now: Timestamp) -> Value {
        let (path, status, (started, finished)) = (self.path(), self.status(now), self.span(now));
        let mut links = vec![
            site.link("self", JSON, "This job", &path),
            site.link("monitor", JSON, "Where it stands", &path),
        ];
        if status == JobStatus::Successful {
            let results = format!("{path}/results");
            links.push(site.link(relations::RESULTS, JSON, "Its results", &results));
        }
        if let Self::Mission(job) = self
            && !job.is_dismissed
        {
            let mission = format!("/v1/missions/{}", job.mission.id);
            links.push(site.link("related", JSON, "The mission that it is", &mission));
        }
        let mut info = json!({
            "processID": self.process().id(),
            "type": "process",
            "jobID": self.id(),
            "status": status.word(),
            "message": self.message(now),
            "created": self.created(),
            "updated": self.updated(now),
            "progress": self.progress(now),
            "links": links,
        });
        for (name, time) in [("started", started), ("finished", finished)] {
            if let Some(time) = time {
                info[name] = json!(time);
            }
        }
        info
    }
}

/// `GET /ogc/jobs/{job_id}`.
pub(super) async fn status(State(state): State<AppState>, ask: Ask) -> Result<Response, Exception> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()?;
    let job = Job::find(&state, ask.caller.org, ask.param("job_id")).await?;
    Ok(document(
        &ask.headers,
        JSON,
        &job.status_info(&ask.site, Timestamp::now()),
    )?)
}

/// `DELETE /ogc/jobs/{job_id}`: a running job is stopped, the results of a finished one are withdrawn.
pub(super) async fn dismiss(State(state): State<AppState>, ask: Ask) -> Result<Response, Exception> {
    ask.require(Scope::MissionsWrite)?;
    ask.query.allow_only(&[])?;
    let (org, id) = (ask.caller.org, ask.param("job_id"));
    let gone = || Exception::Dismissed(id.to_owned());
    match Job::find(&state, org, id).await? {
        Job::Mission(job) if job.is_dismissed => return Err(gone()),
        Job::Mission(job) => {
            ask.require_right(Resource::Missions, Verb::Delete, Some(job.mission.created_by))?;
            if !withdraw_mission(&state, org, job.mission.id).await? {
                return Err(gone());
            }
        }
        Job::Echo(job) => {
            if !job.dismiss() {
                return Err(gone());
            }
        }
    }
    let job = Job::find(&state, org, id).await?;
    let info = job.status_info(&ask.site, Timestamp::now());
    Ok(document(&http::HeaderMap::new(), JSON, &info)?)
}
