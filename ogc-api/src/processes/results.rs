//! The results of a job (18-062r2, 7.13), in the form that its execution asked for. They never change, so that their tag is known
//! before they are read.

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::{Billable, Scope};
use driftline_database::ProcessJob;
use jiff::Timestamp;
use serde_json::json;

use super::echo_jobs::EchoJob;
use super::exception::Exception;
use super::job::{Job, JobStatus};
use super::mission_outputs;
use super::outputs::{Part, answer};
use crate::AppState;
use crate::ask::Ask;
use crate::document::not_modified;
use crate::entity_tag::EntityTag;
use crate::features::FEATURES_PER_UNIT;

/// `GET /ogc/jobs/{job_id}/results`.
pub(super) async fn results(State(state): State<AppState>, ask: Ask) -> Result<Response, Exception> {
    ask.require(Scope::MissionsRead)?;
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    let job = Job::find(&state, ask.caller.org, ask.param("job_id")).await?;
    of_job(&state, &ask, &job, Held::Counts).await
}

/// Whether what the client says it holds is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// As of a reading.
    Counts,
    /// An execution is no reading: who executes gets the results.
    Ignored,
}

/// The results of a job, or why there are none.
pub(super) async fn of_job(state: &AppState, ask: &Ask, job: &Job, held: Held) -> Result<Response, Exception> {
    let status = job.status(Timestamp::now());
    match (status, job) {
        (JobStatus::Accepted | JobStatus::Running, _) => Err(Exception::NotReady(status.word())),
        (JobStatus::Dismissed, job) => Err(Exception::Dismissed(job.id().to_string())),
        (JobStatus::Failed, Job::Mission(job)) => {
            let why = job.mission.error.as_deref().unwrap_or("its reason was not kept");
            Err(Exception::Failed(format!("the job failed: {why}")))
        }
        (_, Job::Mission(job)) => of_mission(state, ask, job, held).await,
        (_, Job::Echo(job)) => of_echo(ask, job),
    }
}

async fn of_mission(state: &AppState, ask: &Ask, job: &ProcessJob, held: Held) -> Result<Response, Exception> {
    let Some(run) = &job.mission.run else {
        return Err(Exception::NotReady(JobStatus::Running.word()));
    };
    let wanted = mission_outputs::wanted_of(job)?;
    let (how, address) = (json!(wanted).to_string(), ask.self_url());
    let version = env!("CARGO_PKG_VERSION");
    let tag = EntityTag::of_parts(&[
        version.as_bytes(),
        run.id.to_string().as_bytes(),
        how.as_bytes(),
        address.as_bytes(),
    ]);
    if held == Held::Counts && tag.is_held_by(&ask.headers) {
        return Ok(not_modified(&tag));
    }
    let parts = mission_outputs::parts(state, &ask.site, job, run, &wanted).await?;
    let features: usize = parts.iter().map(|part: &Part| part.features).sum();
    let mut response = answer(parts, &wanted, Some(&tag))?;
    if features > 0 {
        response.extensions_mut().insert(Billable {
            meter: "features",
            units: (features as u64).div_ceil(FEATURES_PER_UNIT),
            distress: job.mission.spec.distress,
        });
    }
    Ok(response)
}

fn of_echo(ask: &Ask, job: &EchoJob) -> Result<Response, Exception> {
    let tag = EntityTag::of_parts(&[job.id.to_string().as_bytes()]);
    if tag.is_held_by(&ask.headers) {
        return Ok(not_modified(&tag));
    }
    answer(job.echoed.parts.clone(), &job.wanted, Some(&tag))
}
