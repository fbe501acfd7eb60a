//! `driftline jobs`: the queue of missions as the operator sees it, on whichever database the settings name; beside a running
//! service.

use std::time::Duration;

use anyhow::ensure;
use clap::{Args, Subcommand, ValueEnum};
use driftline_database::{Database, JobState, QueueFilter, QueueJob};
use driftline_domain::JobId;
use jiff::Timestamp;
use serde_json::json;

use crate::commands::orgs::organisation;
use crate::{Common, commands, output};

/// Pause between two looks while the queue drains.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Work on the queue.
#[derive(Subcommand)]
pub(crate) enum Jobs {
    /// List jobs, oldest first, and how much waits.
    List(ListArguments),
    /// Put a failed job or a dead letter back into the queue.
    Retry(OneArguments),
    /// Cancel a job's mission; its worker stops within a second, and nothing is charged.
    Cancel(OneArguments),
    /// Let workers finish what they have and begin nothing new; returns when nothing is at work any more.
    Drain(DrainArguments),
}

/// Which jobs.
#[derive(Args)]
pub(crate) struct ListArguments {
    /// Only in this state.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Only of this organisation, by name.
    #[arg(long)]
    org: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Only those behind this one, as the last of an earlier list.
    #[arg(long, value_name = "JOB")]
    after: Option<JobId>,
    #[command(flatten)]
    common: Common,
}

/// States of jobs.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    Queued,
    Leased,
    Done,
    Failed,
    Dead,
    Cancelled,
}

/// Which job.
#[derive(Args)]
pub(crate) struct OneArguments {
    /// Identifier of the job (`job_…`).
    id: JobId,
    #[command(flatten)]
    common: Common,
}

/// How to drain.
#[derive(Args)]
pub(crate) struct DrainArguments {
    /// Open the queue again.
    #[arg(long)]
    off: bool,
    /// Give up waiting after so many seconds; the queue stays closed.
    #[arg(long, value_name = "S", default_value_t = 600)]
    wait: u64,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub(crate) fn run(jobs: Jobs) -> anyhow::Result<()> {
    let runtime = commands::runtime()?;
    match jobs {
        Jobs::List(arguments) => runtime.block_on(list(&arguments)),
        Jobs::Retry(arguments) => runtime.block_on(retry(&arguments)),
        Jobs::Cancel(arguments) => runtime.block_on(cancel(&arguments)),
        Jobs::Drain(arguments) => runtime.block_on(drain(&arguments)),
    }
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let org = match &arguments.org {
        Some(name) => Some(organisation(&database, name).await?.id),
        None => None,
    };
    let filter = QueueFilter {
        state: arguments.state.map(State::of_job),
        org,
        after: arguments.after,
        limit: arguments.limit,
    };
    let jobs = database.queue_jobs(&filter).await?;
    let depth = database.queue_depth().await?;
    database.close().await;
    if arguments.common.json {
        return output::json(&json!({"jobs": jobs, "depth": depth}));
    }
    for job in &jobs {
        output::line(&line(job))?;
    }
    let [distress, urgent, normal, low] = depth.waiting;
    let drains = depth
        .paused_since
        .map_or(String::new(), |since| format!(", draining since {since}"));
    output::line(&format!(
        "waiting: {distress} distress, {urgent} urgent, {normal} normal, {low} low; at work: {}; dead letters: {}{drains}",
        depth.leased, depth.dead
    ))
}

fn line(job: &QueueJob) -> String {
    let priority = match job.priority {
        -1 => "distress",
        0 => "urgent",
        1 => "normal",
        2 => "low",
        _ => "?",
    };
    let worker = job.worker.as_deref().unwrap_or("-");
    let error = job
        .error
        .as_deref()
        .map_or(String::new(), |error| format!(" ({error})"));
    format!(
        "{} {} {} {} {priority} attempts {} submitted {} worker {worker}{error}",
        job.job,
        job.mission,
        job.state.name(),
        job.stage,
        job.attempts,
        job.created_at
    )
}

async fn retry(arguments: &OneArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let done = database.retry_job(arguments.id, Timestamp::now()).await?;
    database.close().await;
    ensure!(done, "there is no job {} that failed", arguments.id);
    tell(&arguments.common, arguments.id, "queued")
}

async fn cancel(arguments: &OneArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let cancelled = cancel_in(&database, arguments.id).await;
    database.close().await;
    cancelled?;
    tell(&arguments.common, arguments.id, "cancelled")
}

async fn cancel_in(database: &Database, id: JobId) -> anyhow::Result<()> {
    let job = database.queue_job(id).await?;
    let Some(job) = job else {
        anyhow::bail!("there is no job {id}")
    };
    database.cancel_job(&job, Timestamp::now()).await?;
    let now = database.queue_job(id).await?.map(|job| job.state);
    ensure!(
        now == Some(JobState::Cancelled),
        "the job {id} is {} already",
        now.map_or("gone", JobState::name)
    );
    Ok(())
}

async fn drain(arguments: &DrainArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    database.pause_queue(!arguments.off, Timestamp::now()).await?;
    if arguments.off {
        database.close().await;
        return state(&arguments.common, "open");
    }
    let began = std::time::Instant::now();
    let left = loop {
        let left = database.queue_depth().await?.leased;
        if left == 0 || began.elapsed().as_secs() >= arguments.wait {
            break left;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    };
    database.close().await;
    ensure!(
        left == 0,
        "after {} s {left} jobs are still at work; the queue stays closed",
        arguments.wait
    );
    state(&arguments.common, "drained")
}

fn tell(common: &Common, id: JobId, state: &str) -> anyhow::Result<()> {
    if common.json {
        output::json(&json!({"job": id, "state": state}))
    } else {
        output::line(&format!("{state} {id}"))
    }
}

fn state(common: &Common, state: &str) -> anyhow::Result<()> {
    if common.json {
        output::json(&json!({ "queue": state }))
    } else {
        output::line(&format!("the queue is {state}"))
    }
}

impl State {
    fn of_job(self) -> JobState {
        match self {
            Self::Queued => JobState::Queued,
            Self::Leased => JobState::Leased,
            Self::Done => JobState::Done,
            Self::Failed => JobState::Failed,
            Self::Dead => JobState::Dead,
            Self::Cancelled => JobState::Cancelled,
        }
    }
}
