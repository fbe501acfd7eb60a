//! How many missions a second the queue takes through lease and completion on PostgreSQL: fair share between twenty organisations,
//! prepaid credit settled, the run, its features, its charge and the mission's completion published, each durably (fsync and
//! synchronous commit are on). Prints figures and judges none.
//!
//! `cargo run --release -p driftline-database --example measure_queue [-- WORKERS MISSIONS]`

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "a measurement")]

#[path = "../../../tests/services/postgres.rs"]
mod postgres;
#[path = "../../../tests/services/service.rs"]
mod service;
mod tenants;

use std::time::{Duration, Instant};

use driftline_database::{Database, FeatureKind, NewFeature, NewMission, NewRun, PlanTerms, PostgresSettings, Work};
use driftline_domain::{KeyId, MissionId, MissionSpec, OrgId, RunId, ValidTime};
use jiff::Timestamp;
use postgres::FreshDatabase;
use tenants::organisation;

const ORGANISATIONS: usize = 20;
/// Search areas and datums of a run of a day.
const FEATURES: usize = 100;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().unwrap());
    let workers = arguments.next().unwrap_or(8);
    let missions = arguments.next().unwrap_or(2_000);
    let place = FreshDatabase::create();
    let settings = PostgresSettings {
        url: place.url().to_owned(),
        connections: 20,
        prepared: true,
    };
    let database = Database::connect(&settings).await.unwrap();
    let terms: PlanTerms = serde_json::from_value(serde_json::json!({
        "title": "Prepaid", "currency": "EUR", "monthly_minor": 0, "prepaid": true
    }))
    .unwrap();
    database.put_plan("prepaid", &terms, Timestamp::now()).await.unwrap();
    let mut organisations = Vec::new();
    for number in 0..ORGANISATIONS {
        organisations.push(prepaid_organisation(&database, number).await);
    }
    for features in [0, FEATURES] {
        let began = Instant::now();
        for number in 0..missions {
            submit(&database, organisations[number % ORGANISATIONS], number).await;
        }
        let accepted = missions as f64 / began.elapsed().as_secs_f64();
        let began = Instant::now();
        let working = (0..workers).map(|worker| {
            let database = database.clone();
            tokio::spawn(async move { work(&database, worker, features).await })
        });
        let mut done = 0;
        for worker in working.collect::<Vec<_>>() {
            done += worker.await.unwrap();
        }
        assert_eq!(done, missions, "every mission is completed once");
        println!(
            "accepted one by one {accepted:.0} missions/s; leased and completed by {workers} workers, {features} features each, \
             {:.0} missions/s",
            done as f64 / began.elapsed().as_secs_f64()
        );
    }
    database.close().await;
}

/// With a prepaid plan and more credit than the measurement takes.
async fn prepaid_organisation(database: &Database, number: usize) -> (OrgId, KeyId) {
    let (org, key) = organisation(database, number).await;
    let now = Timestamp::now();
    database.assign_plan(org, Some("prepaid"), now).await.unwrap();
    database.grant_credit(org, 1 << 40, "measurement", now).await.unwrap();
    (org, key)
}

async fn submit(database: &Database, (org, key): (OrgId, KeyId), number: usize) {
    let spec: MissionSpec = MissionSpec::from_json(&serde_json::json!({
        "name": format!("boat {number}"), "last_known_lat": 60.0, "last_known_lon": 4.0,
        "last_known_time": "2026-01-01T00:00:00Z", "object_type": "PIW-1", "forecast_hours": 24
    }))
    .unwrap();
    let new = NewMission {
        id: MissionId::generate(),
        org,
        created_by: key,
        spec,
        warnings: Vec::new(),
        idempotency: None,
        created_at: Timestamp::now(),
    };
    database.create_mission(new).await.unwrap();
}

/// Works until nothing is left; how many it completed.
async fn work(database: &Database, worker: usize, features: usize) -> usize {
    let name = format!("node/{worker}");
    let (lease, mut done) = (Duration::from_secs(30), 0);
    while let Some(leased) = database
        .lease_job(&name, Work::All, lease, Timestamp::now())
        .await
        .unwrap()
    {
        let run = run(features);
        let published = database.complete_job(leased.job, leased.token, run, "node", Timestamp::now());
        assert!(published.await.unwrap().is_some());
        done += 1;
    }
    done
}

fn run(features: usize) -> NewRun {
    let id = RunId::generate();
    let now = ValidTime(Timestamp::from_second(1_767_225_600).unwrap());
    let ring: Vec<[f64; 2]> = (0..60)
        .map(|n| [4.0 + f64::from(n) / 100.0, 60.0 + f64::from(n) / 200.0])
        .collect();
    let feature = |number: usize| NewFeature {
        kind: FeatureKind::SearchAreas,
        id: format!("{id}-{number}"),
        valid_time: now,
        level: Some(0.5),
        bbox: [3.0, 59.0, 5.0, 61.0],
        geometry: serde_json::json!({"type": "Polygon", "coordinates": [ring]}),
        properties: serde_json::json!({"level": 50, "run_id": id, "step": number}),
    };
    NewRun {
        id,
        valid_from: now,
        valid_until: now,
        bbox: [3.0, 59.0, 5.0, 61.0],
        summary: serde_json::json!({"particles": 5000}),
        features: (0..features).map(feature).collect(),
        charge_units: 120_000,
    }
}
