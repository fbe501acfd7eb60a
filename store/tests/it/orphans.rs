//! What unfinished ingests leave behind, and that a sweep removes it and nothing else.

use std::convert::Infallible;
use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use driftline_compute::Compute;
use driftline_store::{CyclePublisher, ORPHAN_AGE, Objects, Store, Swept};
use jiff::{SignedDuration, Timestamp};

use crate::faulty::Faulty;
use crate::{field, globe, identity, made, manifest_file, open, publish, series, times, walk};

const DAYS_2: Duration = Duration::from_secs(2 * 86_400);

pub(crate) async fn begun(store: &Store) -> CyclePublisher {
    let mut cycle = store
        .begin_cycle(identity("never published"))
        .await
        .unwrap()
        .ok()
        .unwrap();
    let read = |step| Ok::<_, Infallible>(field(step, &globe()));
    cycle.add_series(series(globe(), times(6)), read).await.unwrap();
    cycle
}

fn set_age(path: &Path, age: Duration) {
    let modified = FileTimes::new().set_modified(SystemTime::now() - age);
    File::open(path).unwrap().set_times(modified).unwrap();
}

/// Makes everything below a folder look older than any living ingest.
pub(crate) fn age(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            age(&entry.path());
        }
        set_age(&entry.path(), DAYS_2);
    }
}

/// The one folder below `objects/forcing/test/<run>` that is not among these.
fn other_prefix(dir: &Path, known: &[PathBuf]) -> PathBuf {
    let run = dir.join("objects/forcing/test/20151116T000000Z");
    let mut folders = std::fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path());
    folders.find(|folder| !known.contains(folder)).unwrap()
}

async fn published(dir: &Path, store: &Store, source: &str, add: f32) -> PathBuf {
    let cycle = made(publish(store, source, 6, add).await.unwrap());
    dir.join("objects").join(&cycle.manifest.prefix)
}

async fn sweep(store: &Store) -> Swept {
    store.sweep_orphans(ORPHAN_AGE, Timestamp::now()).await.unwrap()
}

#[tokio::test]
async fn an_abandoned_cycle_and_a_refused_one_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let named = published(dir.path(), &store, "1", 0.0).await;
    let before = walk(dir.path());
    let cycle = begun(&store).await;
    assert!(walk(dir.path()).len() > before.len());
    cycle.abandon().await;
    // A revision that takes steps back is refused by `publish` itself.
    publish(&store, "2", 5, 0.0).await.unwrap_err();
    assert_eq!(walk(dir.path()), before);
    let folders = std::fs::read_dir(named.parent().unwrap()).unwrap().count();
    assert_eq!(folders, 1, "nor an empty folder");
}

#[tokio::test]
async fn a_sweep_removes_what_is_old_and_named_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    // The first is superseded by the second, and both are named.
    let first = published(dir.path(), &store, "1", 0.0).await;
    let second = published(dir.path(), &store, "2", 0.01).await;
    let staging = dir.path().join("objects/staging");
    std::fs::create_dir_all(&staging).unwrap();
    let before = walk(dir.path());
    drop(begun(&store).await);
    let killed = other_prefix(dir.path(), &[first.clone(), second]);
    let empty = killed.with_file_name("0".repeat(32));
    std::fs::create_dir_all(empty.join("current")).unwrap();
    let old = [
        staging.join("00000000000000000000000000000000"),
        first.join("zarr.json#1"),
        killed.join("zarr.json#12"),
        dir.path().join("objects/forcing/manifests/000000000003.json#1"),
    ];
    for path in &old {
        std::fs::write(path, "left").unwrap();
    }
    age(&dir.path().join("objects"));
    let young = [
        staging.join("11111111111111111111111111111111"),
        first.join("zarr.json#2"),
    ];
    for path in &young {
        std::fs::write(path, "at work").unwrap();
    }
    let swept = sweep(&open(dir.path()).await).await;
    // The temporary file in the prefix goes with it; of the empty writer's folder there were two.
    assert_eq!((swept.prefixes, swept.staged, swept.temporaries), (1, 1, 4));
    assert!(!killed.exists() && !empty.exists());
    let mut left: Vec<PathBuf> = walk(dir.path())
        .into_iter()
        .filter(|path| !young.contains(path))
        .collect();
    left.sort();
    let mut before = before;
    before.sort();
    assert_eq!(left, before, "everything that was named is there");
    assert!(young.iter().all(|path| path.exists()));
    let store = open(dir.path()).await;
    for cycle in store.catalog().await.unwrap().cycles() {
        store.verify(cycle).await.unwrap();
    }
    assert_eq!(sweep(&store).await, Swept::default());
}

#[tokio::test]
async fn a_sweep_leaves_an_ingest_alone_that_wrote_a_moment_ago() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let cycle = begun(&store).await;
    let prefix = other_prefix(dir.path(), &[]);
    age(&dir.path().join("objects"));
    // The newest object counts, and a clock that was set back makes nothing old.
    set_age(&prefix.join("current/zarr.json"), Duration::from_secs(60));
    assert_eq!(sweep(&store).await, Swept::default());
    let earlier = Timestamp::now() - SignedDuration::from_hours(1_000);
    assert_eq!(
        store.sweep_orphans(ORPHAN_AGE, earlier).await.unwrap(),
        Swept::default()
    );
    let cycle = made(cycle.publish(Timestamp::UNIX_EPOCH).await.unwrap());
    store.verify(&cycle).await.unwrap();
}

/// An ingest elsewhere on the same store is alive, and this machine's clock is a week ahead.
#[tokio::test]
async fn a_clock_that_runs_ahead_makes_nobodys_work_old() {
    let faulty = Faulty::default();
    let dir = tempfile::tempdir().unwrap();
    let objects = Objects::remote(Arc::new(faulty.clone()));
    let remote = Store::on(objects, Compute::new(1).unwrap()).await.unwrap();
    for store in [open(dir.path()).await, remote] {
        let cycle = begun(&store).await;
        let ahead = Timestamp::now() + SignedDuration::from_hours(24 * 7);
        assert_eq!(store.sweep_orphans(ORPHAN_AGE, ahead).await.unwrap(), Swept::default());
        let cycle = made(cycle.publish(Timestamp::now()).await.unwrap());
        store.verify(&cycle).await.unwrap();
    }
    let staged = faulty.paths("staging").await;
    assert!(staged.is_empty(), "nothing is left of the question: {staged:?}");
}

/// The first of two prefixes takes long to remove, and the writer of the second publishes meanwhile.
#[tokio::test]
async fn what_is_published_while_a_sweep_removes_is_not_removed() {
    let faulty = Faulty::default();
    let objects = || Objects::remote(Arc::new(faulty.clone()));
    let (sweeper, writer) = (
        Store::on(objects(), Compute::new(1).unwrap()).await.unwrap(),
        Store::on(objects(), Compute::new(1).unwrap()).await.unwrap(),
    );
    drop(begun(&writer).await);
    let cycle = begun(&writer).await;
    let pause = faulty.pause_at_delete("forcing/test");
    let any_age = SignedDuration::from_hours(-1);
    let far = Timestamp::now() + SignedDuration::from_hours(2);
    let (swept, cycle) = tokio::join!(sweeper.sweep_orphans(any_age, far), async {
        pause.begun().await;
        let cycle = made(cycle.publish(Timestamp::now()).await.unwrap());
        pause.end();
        cycle
    });
    assert_eq!(swept.unwrap().prefixes, 1);
    writer.verify(&cycle).await.unwrap();
}

#[tokio::test]
async fn objects_of_a_damaged_or_lost_manifest_are_not_swept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let first = published(dir.path(), &store, "1", 0.0).await;
    published(dir.path(), &store, "2", 0.01).await;
    let file = manifest_file(dir.path(), 1);
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, "{").unwrap();
    age(&dir.path().join("objects"));
    assert_eq!(sweep(&open(dir.path()).await).await, Swept::default());
    std::fs::remove_file(&file).unwrap();
    assert_eq!(sweep(&open(dir.path()).await).await, Swept::default());
    assert!(first.join("zarr.json").exists());
    std::fs::write(&file, good).unwrap();
    assert!(!open(dir.path()).await.catalog().await.unwrap().is_degraded());
}

#[tokio::test]
async fn a_publication_whose_objects_were_swept_fails_and_names_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let cycle = begun(&store).await;
    age(&dir.path().join("objects"));
    assert_eq!(sweep(&store).await.prefixes, 1);
    cycle.publish(Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert_eq!(open(dir.path()).await.catalog().await.unwrap().sequence(), 0);
}
