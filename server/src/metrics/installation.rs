//! The queue, workers, missions, ledger, usage log and database in numbers. What is asked of the database is asked at most every few
//! seconds, however often somebody collects; while it cannot be asked, what was known last is told. Where processes share
//! a database, each tells of the whole: queue, missions, ledger and computations are the same everywhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftline_auth_billing::{UsageLog, chain, months_due};
use driftline_database::{Database, QueueDepth, Waiting};
use jiff::{SignedDuration, Timestamp};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::node::SILENT;

/// The queue is asked at most this often.
const QUEUE_EVERY: Duration = Duration::from_secs(5);
/// Sums over many rows are asked at most this often.
const SUMS_EVERY: Duration = Duration::from_secs(60);
/// How long the database may take; whoever collects metrics waits hardly longer.
const PATIENCE: Duration = Duration::from_secs(4);
/// Months that are due are closed within minutes.
const MONTHS_ARE_CLOSED_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// Computations counted in one look, at most.
const COMPUTED_AT_ONCE: u32 = 1_000;
/// Upper bounds in seconds.
const BOUNDS_S: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

/// Numbers of the installation as this process sees it.
pub(crate) struct Installation {
    database: Database,
    /// Where this process keeps one.
    usage: Option<UsageLog>,
    own_workers: String,
    /// Workers of this process.
    workers: usize,
    /// How long after their end months are closed by the service; none: it does not.
    closes_months_after: Option<SignedDuration>,
    known: Mutex<Numbers>,
    computation: Histogram,
}

#[derive(Debug, Clone, Default)]
struct Numbers {
    is_up: bool,
    queue_at: Option<Instant>,
    queue: Vec<Waiting>,
    depth: QueueDepth,
    busy: i64,
    nodes: i64,
    sums_at: Option<Instant>,
    missions: BTreeMap<String, i64>,
    ledger: BTreeMap<String, i64>,
    set_aside: i64,
    months_due: i64,
    /// Runs up to this number are counted, or were there before this process.
    counted_to: Option<i64>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfPriority {
    priority: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfStatus {
    status: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfMeter {
    meter: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfVersion {
    version: &'static str,
}

/// From -1 on.
const PRIORITIES: [&str; 4] = ["distress", "urgent", "normal", "low"];

impl Installation {
    pub(crate) fn new(
        database: Database,
        usage: Option<UsageLog>,
        own_workers: String,
        workers: usize,
        closes_months_after: Option<SignedDuration>,
    ) -> Self {
        Self {
            database,
            usage,
            own_workers,
            workers,
            closes_months_after,
            known: Mutex::default(),
            computation: Histogram::new(BOUNDS_S),
        }
    }

    /// Asks what is due.
    pub(super) async fn look(&self, now: Timestamp) {
        let before = self.lock().clone();
        match tokio::time::timeout(PATIENCE, self.ask(before, now)).await {
            Ok(Ok(numbers)) => *self.lock() = numbers,
            Ok(Err(error)) => {
                tracing::warn!(
                    cause = chain(&error),
                    "metrics tell what was known: the database cannot be asked"
                );
                self.lock().is_up = false;
            }
            Err(_) => {
                tracing::warn!("metrics tell what was known: the database does not answer in time");
                self.lock().is_up = false;
            }
        }
    }

    async fn ask(&self, mut numbers: Numbers, now: Timestamp) -> driftline_database::Result<Numbers> {
        let is_due = |at: Option<Instant>, every| at.is_none_or(|at| at.elapsed() >= every);
        if is_due(numbers.queue_at, QUEUE_EVERY) {
            numbers.queue = self.database.waiting_by_priority().await?;
            numbers.depth = self.database.queue_depth().await?;
            numbers.busy = self.database.jobs_in_hands_of(&self.own_workers).await?;
            let since = now - SignedDuration::try_from(SILENT).unwrap_or_default();
            let nodes = self.database.nodes_seen_since(since).await?;
            numbers.nodes = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
            numbers.counted_to = Some(self.count_computations(numbers.counted_to).await?);
            numbers.queue_at = Some(Instant::now());
        }
        if is_due(numbers.sums_at, SUMS_EVERY) {
            numbers.missions = self.database.missions_by_status().await?;
            numbers.ledger = self.database.ledger_totals().await?;
            numbers.set_aside = self.database.usage_set_aside().await?;
            numbers.months_due = self.months_due(now).await?;
            numbers.sums_at = Some(Instant::now());
        }
        numbers.is_up = true;
        Ok(numbers)
    }

    /// Months that should have an invoice by now; where the operator closes them by hand there are none.
    async fn months_due(&self, now: Timestamp) -> driftline_database::Result<i64> {
        let Some(after) = self.closes_months_after else {
            return Ok(0);
        };
        match months_due(&self.database, after + MONTHS_ARE_CLOSED_WITHIN, now).await {
            Ok(count) => Ok(i64::try_from(count).unwrap_or(i64::MAX)),
            Err(driftline_auth_billing::Error::Database(error)) => Err(error),
            Err(error) => {
                tracing::warn!(
                    cause = chain(&error),
                    "metrics do not tell of months without an invoice"
                );
                Ok(0)
            }
        }
    }

    async fn count_computations(&self, counted_to: Option<i64>) -> driftline_database::Result<i64> {
        let Some(counted_to) = counted_to else {
            return self.database.newest_run().await;
        };
        let computed = self.database.computed_after(counted_to, COMPUTED_AT_ONCE).await?;
        for run in &computed {
            self.computation.observe(run.compute_s);
        }
        Ok(computed.last().map_or(counted_to, |run| run.seq))
    }

    pub(super) fn register(&self, registry: &mut Registry, now: Timestamp) {
        let numbers = self.lock().clone();
        gauge(
            registry,
            "database_up",
            "1 where the database can be asked",
            i64::from(numbers.is_up),
        );
        register_queue(registry, &numbers, now);
        register_depth(registry, &numbers.depth);
        let workers = i64::try_from(self.workers).unwrap_or(i64::MAX);
        gauge(
            registry,
            "workers",
            "Missions that this process may compute at once",
            workers,
        );
        gauge(
            registry,
            "workers_busy",
            "Missions that this process computes now",
            numbers.busy,
        );
        gauge(
            registry,
            "nodes",
            "Processes that share the database server and live; 0 where the database is embedded",
            numbers.nodes,
        );
        let missions = Family::<OfStatus, Gauge>::default();
        for (status, count) in &numbers.missions {
            missions.get_or_create(&OfStatus { status: status.clone() }).set(*count);
        }
        registry.register("missions", "Missions by status", missions);
        registry.register_with_unit(
            "mission_computation",
            "How long published runs took to compute, since this process began",
            Unit::Seconds,
            self.computation.clone(),
        );
        let ledger = Family::<OfMeter, Counter>::default();
        for (meter, units) in &numbers.ledger {
            ledger
                .get_or_create(&OfMeter { meter: meter.clone() })
                .inc_by(u64::try_from(*units).unwrap_or(0));
        }
        registry.register("ledger_units", "Units in the ledger", ledger);
        for (name, help, value) in [
            (
                "usage_set_aside_records",
                "Records of usage beside the ledger, since their hour had no room for them: somebody has to look at them",
                numbers.set_aside,
            ),
            (
                "invoices_overdue",
                "Months of organisations that should have an invoice and have none",
                numbers.months_due,
            ),
        ] {
            gauge(registry, name, help, value);
        }
        self.register_process(registry);
    }

    fn register_process(&self, registry: &mut Registry) {
        if let Some(lag) = self.usage.as_ref().map(UsageLog::lag) {
            let records = i64::try_from(lag.records).unwrap_or(i64::MAX);
            gauge(
                registry,
                "usage_log_lag_records",
                "Records of usage that are on disk and not in the ledger",
                records,
            );
            seconds(
                registry,
                "usage_log_lag",
                "Since when the ledger lacks records of usage",
                lag.behind_for.as_secs_f64(),
            );
        }
        let connections = self.database.connections();
        for (name, help, value) in [
            (
                "database_connections",
                "Open connections to the database",
                connections.open,
            ),
            (
                "database_connections_idle",
                "Connections to the database that nobody uses",
                connections.idle,
            ),
            (
                "database_connections_most",
                "Connections to the database at most",
                connections.most,
            ),
        ] {
            gauge(registry, name, help, i64::from(value));
        }
        let build = Family::<OfVersion, Gauge>::default();
        build
            .get_or_create(&OfVersion {
                version: env!("CARGO_PKG_VERSION"),
            })
            .set(1);
        registry.register("build_info", "The version that runs", build);
        if let Some(bytes) = resident_bytes() {
            let memory = Gauge::<i64>::default();
            memory.set(bytes);
            registry.register_with_unit("process_resident_memory", "Memory in use", Unit::Bytes, memory);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Numbers> {
        // Nothing can panic while the lock is held: a poisoned one is still whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn register_queue(registry: &mut Registry, numbers: &Numbers, now: Timestamp) {
    let waiting = Family::<OfPriority, Gauge>::default();
    let oldest = Family::<OfPriority, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
    for (number, priority) in (-1_i64..).zip(PRIORITIES) {
        let found = numbers.queue.iter().find(|depth| depth.priority == number);
        let label = OfPriority { priority };
        waiting
            .get_or_create(&label)
            .set(found.map_or(0, |depth| depth.waiting));
        let since = found.and_then(|depth| depth.oldest);
        let waits_s = since.map_or(0.0, |since| now.duration_since(since).as_secs_f64().max(0.0));
        oldest.get_or_create(&label).set(waits_s);
    }
    registry.register("queue_waiting", "Missions that wait, by priority", waiting);
    registry.register_with_unit(
        "queue_oldest_wait",
        "How long the oldest of them has waited",
        Unit::Seconds,
        oldest,
    );
}

/// What is not told by priority.
fn register_depth(registry: &mut Registry, depth: &QueueDepth) {
    for (name, help, value) in [
        (
            "queue_results_waiting",
            "Missions of those that wait which are simulated and lack their products",
            depth.results_waiting,
        ),
        ("queue_leased", "Missions in workers' hands", depth.leased),
        (
            "queue_dead",
            "Missions that were given up and wait for a person",
            depth.dead,
        ),
        (
            "queue_paused",
            "1 while an operator drains the queue",
            i64::from(depth.paused_since.is_some()),
        ),
    ] {
        gauge(registry, name, help, value);
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    gauge.set(value);
    registry.register_with_unit(name, help, Unit::Seconds, gauge);
}

/// Memory in use; `None` where the system does not say it in Linux's form.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}
