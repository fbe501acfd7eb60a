//! Subscribers of jobs (18-062r2, clause 13), told by POST of JSON through the address guard. Whom to tell is kept with the
//! mission and survives a restart; a failed attempt is repeated with growing pauses and given up after the last one. Telling
//! twice is possible (the process may end between sending and noting it), telling never of a reachable subscriber is not.
//!
//! `successUri` gets the results with features as links, since a message is under 20 kB; the other two get statusInfo.
//! Subscribers of echo jobs are told from memory, as their jobs lie there.

use std::sync::Arc;
use std::time::Duration;

use driftline_auth_billing::{OutboundError, chain};
use driftline_database::{DueCallback, ErrorKind, ProcessJob, Subscriber};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast;

use super::echo_jobs::EchoJob;
use super::exception::Exception;
use super::job::{Job, JobStatus};
use super::mission_outputs::{parts, wanted_of};
use super::outputs::results_document;
use super::request::{Transmission, Wanted};
use crate::AppState;
use crate::links::Site;

/// How often is looked for subscribers that are to be told, beside every change of a mission.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Told at once.
const AT_ONCE: u32 = 16;
/// Nobody else tells a subscriber within this time after it was taken.
const TAKEN_FOR: SignedDuration = SignedDuration::from_secs(120);
/// Pauses before each further attempt, in seconds: a quarter of a day in all, then it is given up.
const PAUSES_S: [i64; 6] = [5, 30, 300, 1_800, 7_200, 14_400];
/// Attempts for echo jobs, which lie in memory.
const ECHO_PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(5), Duration::from_secs(30)];

/// What is to be sent.
struct Message {
    address: String,
    body: Vec<u8>,
    /// Whether more is to be told later.
    is_progress: bool,
}

/// Tells subscribers until the service shuts down.
pub async fn deliver_callbacks(state: AppState) {
    let mut wakes = state.changes.subscribe();
    let mut shutdown = state.shutdown.clone();
    while !*shutdown.borrow() {
        let now = Timestamp::now();
        let taken = state.database.take_callbacks(AT_ONCE, now, now + TAKEN_FOR).await;
        match taken {
            Ok(taken) => {
                let full = taken.len() == AT_ONCE as usize;
                join_all(taken.into_iter().map(|due| tell(&state, due))).await;
                if full {
                    continue;
                }
            }
            Err(error) => tracing::error!(cause = chain(&error), "subscribers of jobs cannot be looked up"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            change = shutdown.changed() => if change.is_err() { return },
            // Progress wakes as well; one look a moment later serves them all.
            wake = wakes.recv() => match wake {
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => tokio::time::sleep(LOOK_AGAIN / 10).await,
                Err(broadcast::error::RecvError::Closed) => tokio::time::sleep(LOOK_AGAIN).await,
            },
        }
    }
}

async fn tell(state: &AppState, due: DueCallback) {
    let mission = due.job.mission.id;
    let noted = match message(state, &due).await {
        Ok(None) => state.database.callback_done(mission).await,
        Ok(Some(message)) => {
            let sent = state.outbound.post_json(&message.address, message.body).await;
            note(state, &due, message.is_progress, sent).await
        }
        Err(exception) => {
            tracing::error!(mission.id = %mission, cause = ?exception, "the message for a subscriber cannot be made");
            state
                .database
                .callback_failed(mission, next_attempt(due.attempts))
                .await
        }
    };
    if let Err(error) = noted {
        let level_is_low = error.kind() == ErrorKind::Unavailable;
        tracing::warn!(mission.id = %mission, cause = chain(&error), passing = level_is_low, "a callback was not noted and is repeated");
    }
}

async fn note(
    state: &AppState,
    due: &DueCallback,
    is_progress: bool,
    sent: Result<(), OutboundError>,
) -> driftline_database::Result<()> {
    let (mission, attempts) = (due.job.mission.id, due.attempts + 1);
    let told = async |is_progress| match is_progress {
        true => state.database.progress_was_told(mission, Timestamp::now()).await,
        false => state.database.callback_done(mission).await,
    };
    let Err(error) = sent else {
        tracing::info!(mission.id = %mission, attempts, "a subscriber was told");
        return told(is_progress).await;
    };
    let is_gone = matches!(error, OutboundError::Status { status: 410, .. });
    let next = next_attempt(due.attempts).filter(|_| !is_gone);
    match next {
        Some(at) => {
            tracing::warn!(mission.id = %mission, attempts, cause = chain(&error), again_at = %at, "a subscriber was not told");
            state.database.callback_failed(mission, Some(at)).await
        }
        None => {
            tracing::error!(mission.id = %mission, attempts, cause = chain(&error), "a subscriber is given up");
            told(is_progress).await
        }
    }
}

fn next_attempt(attempts_before: i64) -> Option<Timestamp> {
    let pause = PAUSES_S.get(usize::try_from(attempts_before).ok()?)?;
    Timestamp::now().checked_add(SignedDuration::from_secs(*pause)).ok()
}

/// What the subscriber is to be told now; `None` where it asked for nothing of the kind.
async fn message(state: &AppState, due: &DueCallback) -> Result<Option<Message>, Exception> {
    let wanted = wanted_of(&due.job)?;
    let site = Site::open(wanted.base.clone());
    let (job, subscriber) = (Job::Mission(Box::new(due.job.clone())), &due.subscriber);
    let now = Timestamp::now();
    let info = || job.status_info(&site, now).to_string().into_bytes();
    let status = job.status(now);
    let (address, body) = match status {
        JobStatus::Accepted | JobStatus::Running => (&subscriber.in_progress, info()),
        JobStatus::Failed | JobStatus::Dismissed => (&subscriber.failed, info()),
        JobStatus::Successful => (&subscriber.success, results(state, &site, &due.job, &wanted).await?),
    };
    Ok(address.clone().map(|address| Message {
        address,
        body,
        is_progress: status == JobStatus::Running,
    }))
}

/// The results as a document in which everything is a link.
async fn results(state: &AppState, site: &Site, job: &ProcessJob, wanted: &Wanted) -> Result<Vec<u8>, Exception> {
    let Some(run) = &job.mission.run else {
        return Err(Exception::NotReady(JobStatus::Running.word()));
    };
    let mut links = wanted.clone();
    for output in &mut links.outputs {
        output.by = Transmission::Reference;
    }
    let parts = parts(state, site, job, run, &links).await?;
    Ok(results_document(&parts).into_bytes())
}

/// Tells the subscriber of an echo job.
pub(super) async fn tell_echo(state: AppState, job: Arc<EchoJob>, subscriber: Subscriber) {
    let site = Site::open(job.wanted.base.clone());
    let as_job = Job::Echo(Arc::clone(&job));
    let rest = job.rest(Timestamp::now());
    if let Some(address) = subscriber.in_progress.filter(|_| !rest.is_zero()) {
        let info = as_job.status_info(&site, Timestamp::now()).to_string();
        send_repeatedly(&state, &address, info.into_bytes()).await;
    }
    tokio::time::sleep(job.rest(Timestamp::now())).await;
    if let Some(address) = subscriber.success.filter(|_| !job.is_dismissed()) {
        let results = results_document(&job.echoed.parts).into_bytes();
        send_repeatedly(&state, &address, results).await;
    }
}

async fn send_repeatedly(state: &AppState, address: &str, body: Vec<u8>) {
    for pause in ECHO_PAUSES {
        tokio::time::sleep(pause).await;
        match state.outbound.post_json(address, body.clone()).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(cause = chain(&error), "the subscriber of an echo job was not told"),
        }
    }
}
