//! Executions (18-062r2, 7.11). Whoever prefers it is answered at once with the job; everybody else waits for its end, up to a
//! time. A client that goes away while it waits stops waiting and nothing else: the mission is computed and charged as any other,
//! and the list of jobs has it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::{MAX_SENT, Scope};
use driftline_database::{NewProcessJob, Subscriber};
use driftline_domain::{MissionId, OrgId};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::description::named;
use super::echo::echoed;
use super::exception::Exception;
use super::job::Job;
use super::mission_inputs;
use super::outputs::{answer, results_document};
use super::prefer::{PREFERENCE_APPLIED, Preference, RESPOND_ASYNC};
use super::process::Process;
use super::request::ExecuteRequest;
use super::results::{self, Held};
use super::{callbacks, inputs};
use crate::ask::Ask;
use crate::missions::{accept, read_json_body};
use crate::{AppState, Error};

/// A synchronous answer comes within this time, or tells where the job is: the service's own deadline is a little later.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// Bytes of an echo's results that are kept for later.
const MAX_KEPT: usize = 64 * 1024;
/// How long a waiting answer sleeps before it looks by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// `POST /ogc/processes/{process_id}/execution`.
pub(super) async fn execute(State(state): State<AppState>, ask: Ask, body: Body) -> Result<Response, Exception> {
    ask.require(Scope::MissionsWrite)?;
    ask.query.allow_only(&[])?;
    let process = named(&ask)?;
    let body = read_json_body(&ask.headers, body).await?;
    let mut request = ExecuteRequest::parse(process, &body)?;
    request.wanted.base = ask.site.bare_url("");
    check_subscriber(&state, &request.subscriber).await?;
    request.inputs = inputs::resolved(&state, std::mem::take(&mut request.inputs)).await?;
    let preference = Preference::of(&ask.headers);
    match process {
        Process::Echo => execute_echo(&state, &ask, request, preference).await,
        Process::Drift | Process::Backtrack | Process::SearchArea => {
            execute_mission(&state, &ask, (process, request), &body, preference).await
        }
    }
}

/// Whoever names an address that nothing would be sent to learns it now.
async fn check_subscriber(state: &AppState, subscriber: &Subscriber) -> Result<(), Exception> {
    let addresses = [
        ("subscriber.successUri", &subscriber.success),
        ("subscriber.inProgressUri", &subscriber.in_progress),
        ("subscriber.failedUri", &subscriber.failed),
    ];
    for (field, address) in addresses {
        if let Some(address) = address {
            let checked = state.outbound.check(address).await;
            checked.map_err(|error| Exception::invalid(field, "refused", error.to_string()))?;
        }
    }
    Ok(())
}

async fn execute_echo(
    state: &AppState,
    ask: &Ask,
    request: ExecuteRequest,
    preference: Preference,
) -> Result<Response, Exception> {
    let echoed = echoed(&request.inputs, &request.wanted)?;
    let tells = request.subscriber != Subscriber::default();
    // Who is to be told needs a job that can be told of.
    if preference.is_async || tells {
        let bytes = results_document(&echoed.parts).len();
        if bytes > MAX_KEPT {
            let message = format!("results of {bytes} bytes are not kept; {MAX_KEPT} are the most");
            return Err(Exception::invalid("inputs", "too_large", message));
        }
        if tells && bytes > MAX_SENT {
            let message = format!("results of more than {MAX_SENT} bytes are not sent to a subscriber");
            return Err(Exception::invalid("subscriber", "too_large", message));
        }
        let now = Timestamp::now();
        let job = state.echo_jobs().add(ask.caller.org, echoed, request.wanted, now)?;
        if tells {
            tokio::spawn(callbacks::tell_echo(
                state.clone(),
                std::sync::Arc::clone(&job),
                request.subscriber,
            ));
        }
        return created(ask, &Job::Echo(job));
    }
    let _place = state.event_streams().take(ask.caller.org)?;
    tokio::time::sleep(echoed.pause).await;
    answer(echoed.parts, &request.wanted, None)
}

async fn execute_mission(
    state: &AppState,
    ask: &Ask,
    (process, mut request): (Process, ExecuteRequest),
    body: &[u8],
    preference: Preference,
) -> Result<Response, Exception> {
    let spec = mission_inputs::mission(process, request.inputs)?;
    if process == Process::SearchArea {
        request.wanted.hour = Some(spec.forecast_hours);
    }
    // Before the mission is there: its end may come quickly. Who waits takes a place as a stream of events does.
    let wakes = state.changes.subscribe();
    let place = match preference.is_async {
        true => None,
        false => Some(state.event_streams().take(ask.caller.org)?),
    };
    let job = NewProcessJob {
        process: process.id().to_owned(),
        request: json!(request.wanted),
        subscriber: request.subscriber,
    };
    let sent = [process.id().as_bytes(), b"\n", body].concat();
    let accepted = accept(state, ask, spec, &sent, Some(job)).await;
    let accepted = accepted.map_err(|error| match error {
        Error::Violations(found) => Exception::Invalid(mission_inputs::of_inputs(process, found)),
        error => Exception::from(error),
    })?;
    let mission = &accepted.mission;
    let mut job = Job::find(state, mission.org, &mission.job_id.to_string()).await?;
    let mut response = if preference.is_async {
        created(ask, &job)?
    } else {
        let wait = preference.wait.map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT));
        job = wait_for_end(state, mission.org, job, wakes, Instant::now() + wait).await?;
        drop(place);
        let address = ask.site.url(&job.path());
        if !job.status(Timestamp::now()).is_over() {
            return Err(Exception::StillRunning(address));
        }
        let mut response = results::of_job(state, ask, &job, Held::Ignored).await?;
        let link = HeaderValue::from_str(&format!("<{address}>; rel=monitor"));
        let link = link.map_err(|error| Error::Internal(format!("a link: {error}")))?;
        response.headers_mut().append(header::LINK, link);
        response
    };
    accepted.note_replay(&mut response);
    Ok(response)
}

/// 201 with the job.
fn created(ask: &Ask, job: &Job) -> Result<Response, Exception> {
    let location = HeaderValue::from_str(&ask.site.url(&job.path()));
    let location = location.map_err(|error| Error::Internal(format!("a location: {error}")))?;
    let info = axum::Json(job.status_info(&ask.site, Timestamp::now()));
    let headers = [(header::LOCATION, location), (PREFERENCE_APPLIED, RESPOND_ASYNC)];
    Ok((StatusCode::CREATED, headers, info).into_response())
}

/// The job at its end, or as it stands when the time is over.
async fn wait_for_end(
    state: &AppState,
    org: OrgId,
    mut job: Job,
    mut wakes: broadcast::Receiver<(OrgId, MissionId)>,
    until: Instant,
) -> Result<Job, Exception> {
    let mut shutdown = state.shutdown.clone();
    let mission = job.place();
    while !job.status(Timestamp::now()).is_over() && Instant::now() < until && !*shutdown.borrow() {
        let look_again = tokio::time::sleep_until(until.min(Instant::now() + LOOK_AGAIN));
        tokio::pin!(look_again);
        loop {
            tokio::select! {
                () = &mut look_again => break,
                change = shutdown.changed() => {
                    if change.is_err() {
                        look_again.as_mut().await;
                    }
                    break;
                }
                wake = wakes.recv() => match wake {
                    Ok((_, changed)) if changed != mission => {}
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => break,
                    Err(broadcast::error::RecvError::Closed) => {
                        look_again.as_mut().await;
                        break;
                    }
                },
            }
        }
        job = Job::find(state, org, &job.id().to_string()).await?;
    }
    Ok(job)
}
