//! Publishing to a store on another machine: lost answers, busy and full stores, two ingesters at once, and what a
//! revision shares with the one before.

use std::convert::Infallible;
use std::sync::Arc;

use driftline_compute::Compute;
use driftline_domain::VectorField;
use driftline_store::{Error, Kind, Objects, Published, Store};
use jiff::{SignedDuration, Timestamp};

use crate::faulty::{Fault, Faulty};
use crate::{field, globe, identity, made, publish, series, times};

/// Everything that no manifest names, whatever its age by the store's clock.
const ANY_AGE: SignedDuration = SignedDuration::from_hours(-1);

fn far() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(2)
}

async fn open(faulty: &Faulty) -> Store {
    let objects = Objects::remote(Arc::new(faulty.clone()));
    Store::on(objects, Compute::new(2).unwrap()).await.unwrap()
}

/// Everything below `forcing` that is neither a manifest nor named by one that readers see.
async fn unnamed(faulty: &Faulty) -> Vec<String> {
    let catalog = open(faulty).await.catalog().await.unwrap();
    let named: Vec<String> = catalog.cycles().map(|cycle| cycle.manifest.prefix.clone()).collect();
    let mut paths = faulty.paths("forcing").await;
    paths
        .retain(|path| !path.starts_with("forcing/manifests/") && !named.iter().any(|prefix| path.starts_with(prefix)));
    paths
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_the_answer_to_his_manifest_finds_his_own() {
    for fault in [Fault::LostAnswer, Fault::Busy, Fault::Conflict, Fault::Slow] {
        let faulty = Faulty::default();
        let store = open(&faulty).await;
        faulty.plan(fault, "forcing/manifests", 0, 1);
        let cycle = made(publish(&store, "1", 6, 0.0).await.unwrap());
        assert_eq!((cycle.sequence, cycle.manifest.revision), (1, 1), "{fault:?}");
        let seen = open(&faulty).await.catalog().await.unwrap();
        assert_eq!((seen.sequence(), seen.cycles().count()), (1, 1), "{fault:?}");
        store.verify(&cycle).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn data_objects_survive_lost_answers_and_busy_moments() {
    let faulty = Faulty::default();
    let store = open(&faulty).await;
    faulty.plan(Fault::LostAnswer, "/c/", 1, 2);
    faulty.plan(Fault::Busy, "zarr.json", 0, 2);
    let cycle = made(publish(&store, "1", 30, 0.0).await.unwrap());
    store.verify(&cycle).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_busy_or_full_gets_no_manifest_and_keeps_nothing() {
    for (fault, words) in [(Fault::Busy, "503 Slow Down"), (Fault::Full, "the disk is full")] {
        // At the first object, in the middle, and at the manifest itself.
        for (holds, after) in [("zarr.json", 0), ("/c/", 0), ("/c/", 3), ("forcing/manifests", 0)] {
            let faulty = Faulty::default();
            let store = open(&faulty).await;
            faulty.plan(fault, holds, after, usize::MAX);
            let refused = publish_or_abandon(&store).await.unwrap_err();
            assert!(refused.to_string().contains(words), "{holds} {after}: {refused}");
            assert_eq!(store.catalog().await.unwrap().sequence(), 0);
            // A manifest that was not answered for may still appear: what it names stays until a sweep finds that none did.
            let swept = store.sweep_orphans(ANY_AGE, far()).await.unwrap().prefixes;
            assert_eq!(
                swept,
                usize::from(holds == "forcing/manifests"),
                "{fault:?} {holds} {after}"
            );
            assert_eq!(
                faulty.paths("").await,
                Vec::<String>::new(),
                "{fault:?} {holds} {after}"
            );
        }
    }
}

/// As an ingest does: what cannot be added is abandoned.
async fn publish_or_abandon(store: &Store) -> Result<Published, Error> {
    let Ok(mut cycle) = store.begin_cycle(identity("1")).await? else {
        unreachable!("nothing was published");
    };
    let read = |step| Ok::<VectorField, Infallible>(field(step, &globe()));
    if let Err(error) = cycle.add_series(series(globe(), times(30)), read).await {
        cycle.abandon().await;
        return Err(error);
    }
    cycle.publish(Timestamp::now()).await
}

#[tokio::test]
async fn a_store_whose_puts_fail_is_refused_at_the_start() {
    let faulty = Faulty::default();
    faulty.plan(Fault::Full, "staging", 0, usize::MAX);
    let objects = Objects::remote(Arc::new(faulty.clone()));
    let refused = Store::on(objects, Compute::new(1).unwrap()).await.err().unwrap();
    assert!(
        refused
            .to_string()
            .contains("a faulty store cannot be used: the disk is full"),
        "{refused}"
    );
    assert_eq!(refused.kind(), Kind::Internal);
    assert!(faulty.paths("").await.is_empty());
}

#[tokio::test]
async fn a_store_that_takes_nothing_more_still_tells_what_it_holds() {
    let faulty = Faulty::default();
    made(publish(&open(&faulty).await, "1", 6, 0.0).await.unwrap());
    faulty.plan(Fault::Full, "", 0, usize::MAX);
    let objects = Objects::remote(Arc::new(faulty.clone()));
    faulty.take_requests();
    let store = Store::to_read(objects, Compute::new(1).unwrap()).await.unwrap();
    let catalog = store.catalog().await.unwrap();
    let cycle = catalog.cycles().next().unwrap();
    store.verify(cycle).await.unwrap();
    assert_eq!(faulty.take_requests().get("put"), None);
}

#[tokio::test]
async fn two_ingesters_of_the_same_files_publish_once_and_of_different_files_twice() {
    for (other, revisions) in [(0.0, 1), (0.5, 2)] {
        let faulty = Faulty::default();
        let (a, b) = (open(&faulty).await, open(&faulty).await);
        faulty.plan(Fault::Slow, "forcing/manifests", 0, 2);
        let (x, y) = tokio::join!(publish(&a, "x", 6, 0.0), publish(&b, "y", 6, other));
        let new = [x.unwrap(), y.unwrap()]
            .iter()
            .filter(|one| matches!(one, Published::New(_)))
            .count();
        let catalog = open(&faulty).await.catalog().await.unwrap();
        assert_eq!((new as u64, catalog.sequence()), (revisions, revisions));
        assert_eq!(
            unnamed(&faulty).await.is_empty(),
            revisions == 1,
            "but for the superseded revision"
        );
        for cycle in catalog.cycles() {
            a.verify(cycle).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_early_part_of_a_cycle_is_completed_by_a_revision_that_copies_what_both_have() {
    let faulty = Faulty::default();
    let store = open(&faulty).await;
    let first = made(publish(&store, "f000 to f047", 48, 0.0).await.unwrap());
    faulty.take_requests();
    let second = made(publish(&store, "f000 to f071", 72, 0.0).await.unwrap());
    let requests = faulty.take_requests();
    assert_eq!((first.manifest.revision, second.manifest.revision), (1, 2));
    let large = |object: &&driftline_store::ObjectEntry| object.bytes >= 64 * 1024;
    let shared = first
        .manifest
        .objects
        .iter()
        .filter(large)
        .filter(|object| second.manifest.objects.contains(object));
    let shared = shared.count();
    assert!(shared > 0);
    assert_eq!(requests["copy"], shared, "{requests:?}");
    assert_eq!(
        requests["put"],
        second.manifest.objects.len() - shared + 1,
        "{requests:?}"
    );
    // Each lies complete under its own prefix, and the older one is there as ever.
    let catalog = open(&faulty).await.catalog().await.unwrap();
    let (feed, run) = (&first.manifest.feed, first.manifest.run);
    assert_eq!(catalog.revisions(feed, run).len(), 2);
    for revision in [1, 2] {
        store
            .verify(catalog.revision(feed, run, revision).unwrap())
            .await
            .unwrap();
    }
    assert!(catalog.revision(feed, run, 3).is_none());
    let taken_back = publish(&store, "f000 to f047 again", 48, 0.1).await.unwrap_err();
    assert!(
        taken_back.to_string().contains("which the new one lacks"),
        "{taken_back}"
    );
}

#[tokio::test]
async fn publishing_asks_for_what_it_must_and_no_more() {
    let faulty = Faulty::default();
    let store = open(&faulty).await;
    made(publish(&store, "1", 6, 0.0).await.unwrap());
    store.catalog().await.unwrap();
    faulty.take_requests();
    let cycle = made(publish(&store, "2", 30, 0.5).await.unwrap());
    // Every object and the manifest once. Manifests and decisions are listed before and after the work, the objects once
    // to see that they are there; nothing is read.
    let objects = cycle.manifest.objects.len();
    assert_eq!(faulty.take_requests(), [("put", objects + 1), ("list", 5)].into());
    assert!(matches!(
        publish(&store, "2", 30, 0.5).await.unwrap(),
        Published::Unchanged(_)
    ));
    assert_eq!(
        faulty.take_requests(),
        [("list", 2), ("get", 1)].into(),
        "the same files again: the new manifest is read"
    );
}

#[tokio::test]
async fn every_stored_object_and_step_leads_back_to_its_sources() {
    let faulty = Faulty::default();
    let store = open(&faulty).await;
    let mut identity = identity("first file");
    let second = driftline_store::SourceFile {
        name: "b.nc".to_owned(),
        sha256: "second file".to_owned(),
        ..identity.sources[0].clone()
    };
    identity.sources.push(second);
    let mut series = series(globe(), times(48));
    // The second file takes over after thirty steps; at the thirtieth both are needed.
    series.step_sources = (0..48)
        .map(|step| match step {
            0..30 => vec![0],
            30 => vec![0, 1],
            _ => vec![1],
        })
        .collect();
    let mut cycle = store.begin_cycle(identity).await.unwrap().ok().unwrap();
    let read = |step| Ok::<VectorField, Infallible>(field(step, &globe()));
    cycle.add_series(series, read).await.unwrap();
    let manifest = &made(cycle.publish(Timestamp::now()).await.unwrap()).manifest;
    let names = |found: Option<Vec<&driftline_store::SourceFile>>| {
        found.map(|found| {
            found
                .iter()
                .map(|source| source.name.clone())
                .collect::<Vec<_>>()
                .join("+")
        })
    };
    for (steps, sources) in [
        (0..30, "a.nc"),
        (30..31, "a.nc+b.nc"),
        (31..48, "b.nc"),
        (0..48, "a.nc+b.nc"),
    ] {
        assert_eq!(names(manifest.step_lineage("current", steps)).unwrap(), sources);
    }
    for (object, sources) in [
        ("current/current_east/c/0/0/0", "a.nc"),
        ("current/current_north/c/1/0/1", "a.nc+b.nc"),
        ("current/time/zarr.json", "a.nc+b.nc"),
    ] {
        assert_eq!(names(manifest.object_lineage(object)).unwrap(), sources, "{object}");
    }
    assert_eq!(names(manifest.chunk_lineage("current", [7, 0, 3], 6)).unwrap(), "b.nc");
    assert!(manifest.chunk_lineage("current", [8, 0, 0], 6).is_none());
    assert!(manifest.step_lineage("current", 0..49).is_none() && manifest.step_lineage("wind", 0..1).is_none());
    assert!(manifest.object_lineage("current/current_east/c/9/0/0").is_none());
}
