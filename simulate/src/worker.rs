//! The worker: leases a mission, computes it, stores its files durably, and publishes with one database transaction.
//!
//! The transaction is the pointer: before it nobody sees the run, after it the run, its features, the mission's
//! completion and its charge are there together. A worker that lost its lease changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use driftline_database::{Database, Failure, LeaseState, LeasedJob, NewRun, Work};
use driftline_domain::{MissionId, OrgId, RunId};
use driftline_leeway::Continue;
use driftline_store::{ResultFile, Results};
use jiff::Timestamp;
use tokio::sync::{broadcast, watch};

use crate::error::chain;
use crate::results::RunContext;
use crate::{Engine, Error, Forecast, draw_seed, handover};

/// An idle worker looks for jobs at least this often: a wake-up may come from another process.
const IDLE_LOOK: Duration = Duration::from_secs(1);
/// Where many processes share a database, wake-ups of others may be missing.
const IDLE_LOOK_SHARED: Duration = Duration::from_millis(250);
/// Progress is written at most this often.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Computes missions, one at a time; clones compute side by side.
#[derive(Clone)]
pub struct Worker {
    /// The engine.
    pub engine: Engine,
    /// Missions and jobs.
    pub database: Database,
    /// Where files go.
    pub results: Results,
    /// Tells that something about a mission changed, and hears of new ones.
    pub changes: broadcast::Sender<(OrgId, MissionId)>,
    /// Node that missions are charged by.
    pub node: String,
    /// Name in leases; begins with the node's.
    pub name: String,
    /// Which jobs it takes, and how far it brings them.
    pub work: Work,
    /// How long a lease lasts without a heartbeat.
    pub lease: Duration,
    /// Turns true when the process is to end.
    pub shutdown: watch::Receiver<bool>,
}

/// What heartbeat and computation tell one another.
#[derive(Default)]
struct Shared {
    /// Thousandths done; it never runs back, although a run may begin anew with more forcing.
    progress: AtomicU64,
    stage: AtomicUsize,
    stop: AtomicBool,
}

/// How a worker was done with a job.
enum Done {
    Published(RunId),
    HandedOver,
}

/// Where a simulation was put down.
pub(crate) fn simulated_by(left: &serde_json::Value) -> Result<RunId, Error> {
    let run = left.get("run").and_then(serde_json::Value::as_str);
    let run = run.and_then(|run| run.parse().ok());
    run.ok_or_else(|| Error::Handover(format!("{left} names no run")))
}

/// What a worker does, in order.
const STAGES: [&str; 3] = ["drifting", "products", "publishing"];

impl Worker {
    /// Takes jobs until shutdown.
    pub async fn run(mut self) {
        let mut wake = self.changes.subscribe();
        let mut in_trouble = false;
        while !*self.shutdown.borrow() {
            match self.look().await {
                Ok(Some(job)) => {
                    in_trouble = false;
                    self.work(job).await;
                }
                Ok(None) => {
                    in_trouble = false;
                    self.rest(&mut wake).await;
                }
                Err(error) => {
                    // Once is enough: it is tried again every second.
                    if !in_trouble {
                        tracing::error!(worker = self.name, cause = chain(&error), "cannot look for jobs");
                    }
                    in_trouble = true;
                    self.rest(&mut wake).await;
                }
            }
        }
    }

    async fn look(&self) -> driftline_database::Result<Option<LeasedJob>> {
        let now = Timestamp::now();
        self.database.lease_job(&self.name, self.work, self.lease, now).await
    }

    async fn rest(&mut self, wake: &mut broadcast::Receiver<(OrgId, MissionId)>) {
        let look = if self.database.is_shared() {
            IDLE_LOOK_SHARED
        } else {
            IDLE_LOOK
        };
        tokio::select! {
            _ = wake.recv() => {}
            _ = tokio::time::sleep(look) => {}
            _ = self.shutdown.changed() => {}
        }
    }

    async fn work(&self, job: LeasedJob) {
        let mission = job.mission.id;
        let began = std::time::Instant::now();
        let shared = Arc::new(Shared::default());
        self.announce(&job);
        let outcome = {
            let beating = self.beat(&job, &shared);
            tokio::pin!(beating);
            let computing = self.compute_and_publish(&job, &shared);
            tokio::pin!(computing);
            loop {
                tokio::select! {
                    outcome = &mut computing => break outcome,
                    // Without a lease the computation stops by itself at its next report of progress.
                    () = &mut beating, if !shared.stop.load(Ordering::Relaxed) => {}
                }
            }
        };
        let duration_ms = began.elapsed().as_millis() as u64;
        match outcome {
            Ok(Done::Published(run)) => {
                tracing::info!(mission.id = %mission, run.id = %run, org.id = %job.mission.org, duration_ms, "mission completed")
            }
            Ok(Done::HandedOver) => {
                tracing::info!(mission.id = %mission, org.id = %job.mission.org, duration_ms, "mission simulated, its products are left to others")
            }
            Err(error) => self.give_back(&job, &error, &shared).await,
        }
        self.announce(&job);
    }

    /// Prolongs the lease and writes progress until the lease is lost or the process is to end.
    async fn beat(&self, job: &LeasedJob, shared: &Shared) {
        let pause = HEARTBEAT.min(self.lease / 4);
        let mut shutdown = self.shutdown.clone();
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = shutdown.changed() => break,
            }
            let progress = shared.progress.load(Ordering::Relaxed) as f64 / 1000.0;
            let stage = STAGES[shared.stage.load(Ordering::Relaxed) % STAGES.len()];
            match self
                .database
                .heartbeat(job.job, job.token, progress, stage, self.lease, Timestamp::now())
                .await
            {
                Ok(LeaseState::Held) => self.announce(job),
                Ok(LeaseState::Lost) => break,
                Err(error) => tracing::warn!(mission.id = %job.mission.id, cause = chain(&error), "a heartbeat failed"),
            }
        }
        shared.stop.store(true, Ordering::Relaxed);
    }

    async fn compute_and_publish(&self, job: &LeasedJob, shared: &Arc<Shared>) -> Result<Done, Error> {
        if let Some(left) = &job.handed_over {
            let simulated = simulated_by(left)?;
            let forecast = self.take_over(job, simulated).await?;
            let done = self.make_and_publish(job, forecast, shared).await?;
            self.forget(job.mission.id, simulated).await;
            return Ok(done);
        }
        let forecast = self.simulate(job, shared).await?;
        match self.work {
            Work::Simulation => self.hand_over(job, forecast, shared).await,
            Work::All | Work::Results => self.make_and_publish(job, forecast, shared).await,
        }
    }

    async fn simulate(&self, job: &LeasedJob, shared: &Arc<Shared>) -> Result<Forecast, Error> {
        let spec = &job.mission.spec;
        let seed = match spec.seed {
            Some(seed) => seed,
            None => draw_seed()?,
        };
        let watched = Arc::clone(shared);
        let watcher = move |done: f64| {
            watched.progress.fetch_max((done * 1000.0) as u64, Ordering::Relaxed);
            if watched.stop.load(Ordering::Relaxed) {
                Continue::Stop
            } else {
                Continue::Go
            }
        };
        self.engine.forecast(spec, seed, Arc::new(watcher)).await
    }

    /// Puts the forecast down for a worker that makes products.
    async fn hand_over(&self, job: &LeasedJob, forecast: Forecast, shared: &Shared) -> Result<Done, Error> {
        shared.stage.store(2, Ordering::Relaxed);
        let (mission, run) = (job.mission.id, RunId::generate());
        let bytes = self.engine.compute.run(move || handover::write(&forecast)).await??;
        let path = handover::FILE.to_owned();
        self.results
            .write(mission, run, vec![ResultFile { path, bytes }])
            .await?;
        let left = serde_json::json!({"run": run});
        let handed = self
            .database
            .hand_over_job(job.job, job.token, &left, Timestamp::now())
            .await;
        match handed {
            Ok(true) => Ok(Done::HandedOver),
            Ok(false) => {
                self.forget(mission, run).await;
                Err(Error::LeaseLost)
            }
            // It may have been handed over: the file stays.
            Err(error) => Err(error.into()),
        }
    }

    async fn take_over(&self, job: &LeasedJob, simulated: RunId) -> Result<Forecast, Error> {
        let bytes = self.results.read(job.mission.id, simulated, handover::FILE).await;
        let bytes = bytes.map_err(|error| match error {
            error if error.kind() == driftline_store::Kind::NotFound => Error::Handover(chain(&error)),
            error => error.into(),
        })?;
        let spec = job.mission.spec.clone();
        self.engine.compute.run(move || handover::read(&bytes, &spec)).await?
    }

    async fn make_and_publish(&self, job: &LeasedJob, forecast: Forecast, shared: &Shared) -> Result<Done, Error> {
        shared.progress.fetch_max(1000, Ordering::Relaxed);
        shared.stage.store(1, Ordering::Relaxed);
        let products = self.engine.products(forecast).await?;
        shared.stage.store(2, Ordering::Relaxed);
        let context = RunContext {
            mission: job.mission.id,
            run: RunId::generate(),
            issued: Timestamp::now(),
        };
        let run = context.run;
        let (files, row) = self.engine.files_and_row(products, context).await?;
        let published = self.publish(job, run, files, row).await;
        // If the transaction's fate is unknown the files stay: it may have held. Otherwise nobody will ever read them.
        let unknown = matches!(published, Err(Error::Database(_)));
        if !matches!(published, Ok(true)) && !unknown {
            self.forget(job.mission.id, run).await;
        }
        if published? {
            Ok(Done::Published(run))
        } else {
            Err(Error::LeaseLost)
        }
    }

    /// Removes files that nobody will read.
    async fn forget(&self, mission: MissionId, run: RunId) {
        if let Err(error) = self.results.delete_run(mission, run).await {
            tracing::warn!(mission.id = %mission, run.id = %run, cause = chain(&error), "files of an unpublished run stay behind");
        }
    }

    /// Stores files and row; false when the lease was lost.
    async fn publish(&self, job: &LeasedJob, run: RunId, files: Vec<ResultFile>, row: NewRun) -> Result<bool, Error> {
        self.results.write(job.mission.id, run, files).await?;
        let published = self
            .database
            .complete_job(job.job, job.token, row, &self.node, Timestamp::now())
            .await?;
        Ok(published.is_some())
    }

    /// Says why a job was not done, unless it is no longer ours to say.
    async fn give_back(&self, job: &LeasedJob, error: &Error, shared: &Shared) {
        let lost = matches!(
            error,
            Error::LeaseLost | Error::Kernel(driftline_leeway::Error::Cancelled)
        );
        if lost || shared.stop.load(Ordering::Relaxed) {
            tracing::info!(mission.id = %job.mission.id, worker = self.name, "mission left to others");
            return;
        }
        let met = chain(error);
        let (message, failure) = if error.is_final() {
            tracing::info!(mission.id = %job.mission.id, cause = met, "mission cannot be computed");
            (error.to_string(), Failure::Final)
        } else {
            tracing::error!(mission.id = %job.mission.id, attempt = job.attempt, cause = met, "mission failed");
            let message = "the computation failed for a reason of ours, not of the mission's";
            let failure = if matches!(error, Error::Handover(_)) {
                Failure::NothingLeft
            } else {
                Failure::Passing
            };
            (message.to_owned(), failure)
        };
        if let Err(error) = self
            .database
            .fail_job(job.job, job.token, &message, &met, failure, Timestamp::now())
            .await
        {
            tracing::error!(mission.id = %job.mission.id, cause = chain(&error), "cannot give the job back");
        }
    }

    fn announce(&self, job: &LeasedJob) {
        // Without listeners there is nobody to tell.
        let _ = self.changes.send((job.mission.org, job.mission.id));
    }
}
