//! Files of runs that were never published go; those that somebody may read stay.

use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};

use driftline_compute::Compute;
use driftline_database::{ApiKey, Database, KeyKind, LeasedJob, NewMission, NewRun, Work};
use driftline_domain::{KeyId, MissionId, OrgId, RunId, ValidTime};
use driftline_simulate::remove_leftovers;
use driftline_store::{ResultFile, Store};
use jiff::Timestamp;

use crate::engine::mission;

const LEASE: Duration = Duration::from_secs(600);

/// Makes everything below a folder two days old.
fn age(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            age(&entry.path());
        }
        let modified = FileTimes::new().set_modified(SystemTime::now() - Duration::from_secs(2 * 86_400));
        File::open(entry.path()).unwrap().set_times(modified).unwrap();
    }
}

async fn organisation(database: &Database) -> (OrgId, KeyId) {
    let now = Timestamp::now();
    let org = database.create_organisation("Coastguard", now).await.unwrap().id;
    let key = ApiKey {
        id: KeyId::generate(),
        org,
        kind: KeyKind::Secret,
        name: "desk".to_owned(),
        hint: "dls_abc".to_owned(),
        sha256: [7; 32],
        scopes: Vec::new(),
        origins: Vec::new(),
        networks: Vec::new(),
        replaced_by: None,
        created_at: now,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        user: None,
        created_by: None,
    };
    database.insert_key(&key).await.unwrap();
    (org, key.id)
}

async fn leased(database: &Database, (org, created_by): (OrgId, KeyId), work: Work) -> LeasedJob {
    let now = Timestamp::now();
    let new = NewMission {
        id: MissionId::generate(),
        org,
        created_by,
        spec: mission(60.0, 4.0, "2015-11-16T06:00:00Z", 6),
        warnings: Vec::new(),
        idempotency: None,
        created_at: now,
    };
    database.create_mission(new).await.unwrap();
    database.lease_job("node/1", work, LEASE, now).await.unwrap().unwrap()
}

async fn write(store: &Store, mission: MissionId) -> RunId {
    let run = RunId::generate();
    let files = ["raw/particles.nc", "processed/areas.parquet"].map(|path| ResultFile {
        path: path.to_owned(),
        bytes: "content".into(),
    });
    store.results().write(mission, run, files.into()).await.unwrap();
    run
}

async fn publish(database: &Database, job: &LeasedJob, id: RunId) {
    let time = ValidTime(Timestamp::UNIX_EPOCH);
    let run = NewRun {
        id,
        valid_from: time,
        valid_until: time,
        bbox: [4.0, 60.0, 5.0, 61.0],
        summary: serde_json::json!({}),
        features: Vec::new(),
        charge_units: 1,
    };
    let published = database
        .complete_job(job.job, job.token, run, "node", Timestamp::now())
        .await;
    published.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_never_published_goes_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join("driftline.sqlite")).await.unwrap();
    let store = Store::open(folder.path(), Compute::new(1).unwrap()).await.unwrap();
    let desk = organisation(&database).await;

    let published = leased(&database, desk, Work::All).await;
    let failed_attempt = write(&store, published.mission.id).await;
    let run = write(&store, published.mission.id).await;
    publish(&database, &published, run).await;

    let waiting = leased(&database, desk, Work::Simulation).await;
    let simulated = write(&store, waiting.mission.id).await;
    let left = serde_json::json!({"run": simulated});
    let handed = database.hand_over_job(waiting.job, waiting.token, &left, Timestamp::now());
    assert!(handed.await.unwrap());

    // Withdrawn, and nobody could remove its files.
    let withdrawn = database
        .lease_job("node/2", Work::Results, LEASE, Timestamp::now())
        .await
        .unwrap();
    assert_eq!(
        withdrawn.map(|job| job.job),
        Some(waiting.job),
        "in a worker's hands it waits no less"
    );
    let withdrawn = leased(&database, desk, Work::Simulation).await;
    let gone = write(&store, withdrawn.mission.id).await;
    publish(&database, &withdrawn, gone).await;
    database
        .delete_mission(desk.0, withdrawn.mission.id, Timestamp::now())
        .await
        .unwrap();

    // As beside a database that was restored from an older copy.
    let foreign = MissionId::generate();
    let unknown = write(&store, foreign).await;

    let all = [
        (foreign, unknown, true),
        (published.mission.id, run, true),
        (published.mission.id, failed_attempt, false),
        (waiting.mission.id, simulated, true),
        (withdrawn.mission.id, gone, false),
    ];
    let exists = async |mission, run| store.results().size(mission, run, "raw/particles.nc").await.is_ok();
    assert_eq!(remove_leftovers(&database, &store, Timestamp::now()).await.unwrap(), 0);
    for (mission, run, _) in all {
        assert!(exists(mission, run).await, "young files may be somebody's work");
    }
    age(&folder.path().join("objects/results"));
    // One file that is written now makes the whole run young.
    let growing = write(&store, published.mission.id).await;
    assert_eq!(remove_leftovers(&database, &store, Timestamp::now()).await.unwrap(), 2);
    for (mission, run, stays) in all {
        assert_eq!(exists(mission, run).await, stays, "{run}");
    }
    assert!(exists(published.mission.id, growing).await);
    assert_eq!(remove_leftovers(&database, &store, Timestamp::now()).await.unwrap(), 0);
}
