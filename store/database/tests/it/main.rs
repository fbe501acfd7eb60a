//! The database from outside: what it promises to the routes, the worker and the ledger.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

/// Makes of each function that takes a [`Place`] two tests: one in an embedded file, one on a server.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod in_file {
            $(#[tokio::test]
            async fn $name() {
                Box::pin(super::$name(crate::place_in_file().await)).await;
            })*
        }
        mod on_server {
            $(#[tokio::test]
            async fn $name() {
                Box::pin(super::$name(crate::place_on_server().await)).await;
            })*
        }
    };
}

mod accounts;
mod clocks;
mod contention;
mod credit;
mod deletion;
mod fair;
mod features;
mod keys;
mod limits;
mod mission_order;
mod missions;
mod opening;
mod operations;
mod operator_acts;
mod portable;
mod process_jobs;
mod queue;
mod submissions;
mod time_to_live;
mod usage;
mod usage_bounds;

use std::time::Duration;

use driftline_database::{
    ApiKey, Database, FeatureKind, KeyKind, LeasedJob, Mission, MissionCreation, NewFeature, NewMission, NewRun,
    PostgresSettings, Work,
};
use driftline_domain::{KeyId, MissionId, MissionSpec, OrgId, RunId, ValidTime};
use jiff::Timestamp;
use postgres::FreshDatabase;

#[path = "../../../../tests/services/postgres.rs"]
mod postgres;
#[path = "../../../../tests/services/service.rs"]
mod service;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// A database of its own, and an organisation with a key.
pub(crate) struct Place {
    pub(crate) database: Database,
    pub(crate) org: OrgId,
    pub(crate) key: KeyId,
    pub(crate) home: Home,
}

/// Where a database lives.
pub(crate) enum Home {
    Folder(tempfile::TempDir),
    Server(FreshDatabase),
}

impl Home {
    /// A further handle, as another process has one.
    pub(crate) async fn open(&self) -> Database {
        match self {
            Self::Folder(folder) => Database::open(&folder.path().join("driftline.sqlite")).await,
            Self::Server(database) => {
                let settings = PostgresSettings {
                    url: database.url().to_owned(),
                    connections: 5,
                    prepared: true,
                };
                Database::connect(&settings).await
            }
        }
        .unwrap()
    }

    /// The file of an embedded database.
    pub(crate) fn file(&self) -> std::path::PathBuf {
        match self {
            Self::Folder(folder) => folder.path().join("driftline.sqlite"),
            Self::Server(_) => panic!("a server has no file"),
        }
    }
}

pub(crate) async fn place_in_file() -> Place {
    place(Home::Folder(tempfile::tempdir().unwrap())).await
}

pub(crate) async fn place_on_server() -> Place {
    place(Home::Server(FreshDatabase::create())).await
}

async fn place(home: Home) -> Place {
    let database = home.open().await;
    let (org, key) = organisation(&database, "Coastguard").await;
    Place {
        database,
        org,
        key,
        home,
    }
}

pub(crate) async fn organisation(database: &Database, name: &str) -> (OrgId, KeyId) {
    let org = database.create_organisation(name, at(0)).await.unwrap().id;
    let key = ApiKey {
        id: KeyId::generate(),
        org,
        kind: KeyKind::Secret,
        name: "desk".to_owned(),
        hint: "dls_abc".to_owned(),
        sha256: sha_of(org),
        scopes: vec!["missions:write".to_owned()],
        origins: Vec::new(),
        networks: Vec::new(),
        replaced_by: None,
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        user: None,
        created_by: None,
    };
    database.insert_key(&key).await.unwrap();
    (org, key.id)
}

/// 32 bytes that differ between organisations.
pub(crate) fn sha_of(org: OrgId) -> [u8; 32] {
    let text = org.to_string();
    std::array::from_fn(|i| text.as_bytes()[4 + i])
}

/// This many seconds after 2026-01-01T00:00:00Z.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

pub(crate) fn spec(name: &str, priority: &str) -> MissionSpec {
    serde_json::from_value(serde_json::json!({
        "name": name, "description": null, "position": {"lat": 60.0, "lon": 4.0}, "time": "2026-01-01T00:00:00Z",
        "object": driftline_domain::OBJECT_CLASSES[0].key, "radius_m": 100.0, "forecast_hours": 6,
        "ensemble_size": 1000, "priority": priority, "distress": false, "mode": "operational", "step_s": 600,
        "output_interval_s": 3600, "seed": null, "forcing": [], "current_error": null
    }))
    .unwrap()
}

impl Place {
    pub(crate) fn new_mission(&self, name: &str, created_s: i64) -> NewMission {
        NewMission {
            id: MissionId::generate(),
            org: self.org,
            created_by: self.key,
            spec: spec(name, "normal"),
            warnings: vec!["position on land".to_owned()],
            idempotency: None,
            created_at: at(created_s),
        }
    }

    pub(crate) async fn create(&self, new: NewMission) -> Mission {
        match self.database.create_mission(new).await.unwrap() {
            MissionCreation::Created(mission) => mission,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn lease(&self, worker: &str, now_s: i64) -> Option<LeasedJob> {
        self.database
            .lease_job(worker, Work::All, LEASE, at(now_s))
            .await
            .unwrap()
    }

    /// A mission that is computed and published.
    pub(crate) async fn publish(&self, name: &str, now_s: i64, run: NewRun) -> driftline_database::Run {
        self.create(self.new_mission(name, now_s)).await;
        let leased = self.lease("node/1", now_s).await.unwrap();
        self.database
            .complete_job(leased.job, leased.token, run, "node", at(now_s))
            .await
            .unwrap()
            .unwrap()
    }
}

pub(crate) fn hour(hours: i64) -> ValidTime {
    ValidTime(at(hours * 3600))
}

/// A run with one search area per box, an hour apart, and a datum in the middle of the first.
pub(crate) fn run(boxes: &[[f64; 4]]) -> NewRun {
    let id = RunId::generate();
    let mut features: Vec<NewFeature> = Vec::new();
    for (i, bbox) in boxes.iter().enumerate() {
        features.push(NewFeature {
            kind: FeatureKind::SearchAreas,
            id: format!("{id}-area-{i}"),
            valid_time: hour(i as i64),
            level: Some(0.5),
            bbox: *bbox,
            geometry: serde_json::json!({"type": "Polygon", "coordinates": []}),
            properties: serde_json::json!({"level": 50, "step": i}),
        });
    }
    let middle = [boxes[0][0], boxes[0][1], boxes[0][0], boxes[0][1]];
    features.push(NewFeature {
        kind: FeatureKind::Datums,
        id: format!("{id}-datum-0"),
        valid_time: hour(0),
        level: None,
        bbox: middle,
        geometry: serde_json::json!({"type": "Point", "coordinates": [middle[0], middle[1]]}),
        properties: serde_json::json!({}),
    });
    NewRun {
        id,
        valid_from: hour(0),
        valid_until: hour(boxes.len() as i64 - 1),
        bbox: boxes[0],
        summary: serde_json::json!({"particles": 1000}),
        features,
        charge_units: 6000,
    }
}
