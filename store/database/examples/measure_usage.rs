//! How many records of usage a second the ledger takes from a node's log, and what processor time of this process each costs (of
//! the embedded engine that is all of it, of a server the client's part), durably (fsync and synchronous commit are on), and how
//! long a mission of one of the organisations waits for its acceptance meanwhile. Prints figures and judges none.
//!
//! `cargo run --release -p driftline-database --example measure_usage [-- RECORDS PER_TRANSACTION]`

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "a measurement")]

#[path = "../../../tests/services/postgres.rs"]
mod postgres;
#[path = "../../../tests/services/service.rs"]
mod service;
mod tenants;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use driftline_database::{Database, NewMission, PostgresSettings, UsageRecord, Watermark};
use driftline_domain::{KeyId, MissionId, MissionSpec, OrgId, RequestId};
use jiff::{SignedDuration, Timestamp};
use postgres::FreshDatabase;
use tenants::organisation;

const ORGANISATIONS: usize = 20;
const METERS: [&str; 4] = ["tile", "map", "features", "edr"];

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().unwrap());
    let records = arguments.next().unwrap_or(100_000);
    let at_once = arguments.next().unwrap_or(2_000);
    let folder = tempfile::tempdir().unwrap();
    let embedded = Database::open(&folder.path().join("driftline.sqlite")).await.unwrap();
    measure("SQLite", embedded, records, at_once).await;
    let place = FreshDatabase::create();
    let settings = PostgresSettings {
        url: place.url().to_owned(),
        connections: 20,
        prepared: true,
    };
    measure(
        "PostgreSQL",
        Database::connect(&settings).await.unwrap(),
        records,
        at_once,
    )
    .await;
}

async fn measure(engine: &str, database: Database, records: usize, at_once: usize) {
    let mut organisations = Vec::new();
    for number in 0..ORGANISATIONS {
        organisations.push(organisation(&database, number).await);
    }
    let now = Timestamp::now();
    let all: Vec<UsageRecord> = (0..records)
        .map(|n| record(organisations[n % ORGANISATIONS], n, now))
        .collect();
    let stop = Arc::new(AtomicBool::new(false));
    let waits = tokio::spawn(submit(database.clone(), organisations[0], Arc::clone(&stop)));
    let (began, used) = (Instant::now(), processor_s());
    for (n, batch) in all.chunks(at_once).enumerate() {
        let watermark = Watermark {
            node: "node-1".to_owned(),
            segment: 1,
            offset: n as i64 + 1,
        };
        let new = database.apply_usage(batch, &watermark, now).await.unwrap();
        assert_eq!(new as usize, batch.len());
    }
    let (took, used) = (began.elapsed(), processor_s() - used);
    stop.store(true, Ordering::SeqCst);
    let waits = waits.await.unwrap();
    println!(
        "{engine}: {:.0} records/s, {:.0} us of processor time each, {at_once} in a transaction; {} missions accepted meanwhile, \
         the slowest in {:.0} ms",
        records as f64 / took.as_secs_f64(),
        1e6 * used / records as f64,
        waits.len(),
        1e3 * waits.iter().max().map_or(0.0, Duration::as_secs_f64),
    );
    database.close().await;
}

/// Missions of a busy organisation, ten a second; how long each waited.
async fn submit(database: Database, (org, key): (OrgId, KeyId), stop: Arc<AtomicBool>) -> Vec<Duration> {
    let spec: MissionSpec = MissionSpec::from_json(&serde_json::json!({
        "name": "boat", "last_known_lat": 60.0, "last_known_lon": 4.0,
        "last_known_time": "2026-01-01T00:00:00Z", "object_type": "PIW-1", "forecast_hours": 24
    }))
    .unwrap();
    let mut waits = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let new = NewMission {
            id: MissionId::generate(),
            org,
            created_by: key,
            spec: spec.clone(),
            warnings: Vec::new(),
            idempotency: None,
            created_at: Timestamp::now(),
        };
        let began = Instant::now();
        database.create_mission(new).await.unwrap();
        waits.push(began.elapsed());
    }
    waits
}

fn record((org, key): (OrgId, KeyId), n: usize, now: Timestamp) -> UsageRecord {
    UsageRecord {
        node: "node-1".to_owned(),
        epoch: 1,
        seq: n as i64,
        org,
        key,
        meter: METERS[n / ORGANISATIONS % METERS.len()].to_owned(),
        units: 1 + n as i64 % 7,
        at: now - SignedDuration::from_millis((n % 1_000) as i64),
        request: Some(RequestId::generate()),
        mission: None,
    }
}

/// Seconds of processor time that this process has had; clock ticks are hundredths of a second on Linux.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit(") ").next().unwrap();
    let fields: Vec<&str> = behind_name.split(' ').collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}
