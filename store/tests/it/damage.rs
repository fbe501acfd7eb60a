//! Manifests that cannot be read: each hides what it publishes, and nothing else.

use std::path::Path;
use std::sync::Arc;

use driftline_compute::Compute;
use driftline_domain::RunTime;
use driftline_store::{Catalog, Error, Kind, Objects, Store};

use crate::faulty::Faulty;
use crate::{made, manifest_file, open, publish};

fn revision(catalog: &Catalog) -> Option<u32> {
    let run = RunTime::from_unix_s(1_447_632_000).unwrap();
    catalog.head("test", run).map(|head| head.manifest.revision)
}

async fn publish_new(store: &Store, source: &str, add: f32) -> (u64, u32) {
    let cycle = made(publish(store, source, 6, add).await.unwrap());
    (cycle.sequence, cycle.manifest.revision)
}

/// Each way to spoil a manifest, and a word of the reason that must be told.
fn spoiled(text: &str) -> [(String, &'static str); 5] {
    [
        (String::new(), "EOF"),
        (text[..text.len() / 2].to_owned(), "EOF"),
        (text.replace("\"bytes\": ", "\"bytes\": 1"), "checksum"),
        (
            text.replace("\"schema\": 3", "\"schema\": 4"),
            "layout version 4; this program reads versions 1 to 3",
        ),
        (text.replace("\"schema\": 3,", ""), "no layout version"),
    ]
}

#[tokio::test]
async fn a_damaged_manifest_hides_its_own_revision_only_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    publish_new(&store, "1", 0.0).await;
    publish_new(&store, "2", 0.01).await;
    let (file, good) = second_manifest(dir.path());
    for (text, reason) in spoiled(&good) {
        assert_ne!(text, good);
        std::fs::write(&file, text).unwrap();
        let fresh = open(dir.path()).await;
        let catalog = fresh.catalog().await.unwrap();
        assert_eq!((catalog.sequence(), revision(&catalog)), (2, Some(1)), "{reason}");
        assert!(catalog.is_degraded());
        let [damage] = catalog.damaged() else {
            panic!("{:?}", catalog.damaged())
        };
        assert_eq!(damage.object, "forcing/manifests/000000000002.json");
        assert!(damage.reason.contains(reason), "{damage:?}");
        // Without a restart the restored file counts again.
        std::fs::write(&file, &good).unwrap();
        let catalog = fresh.catalog().await.unwrap();
        assert_eq!((revision(&catalog), catalog.is_degraded()), (Some(2), false));
    }
}

#[tokio::test]
async fn publication_goes_on_behind_a_damaged_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    publish_new(&store, "1", 0.0).await;
    publish_new(&store, "2", 0.01).await;
    let (file, good) = second_manifest(dir.path());
    std::fs::write(&file, "{").unwrap();
    let fresh = open(dir.path()).await;
    assert_eq!(publish_new(&fresh, "3", 0.02).await, (3, 2));
    assert_eq!(fresh.catalog().await.unwrap().damaged().len(), 1);
    // Of two second revisions the later publication counts.
    std::fs::write(&file, good).unwrap();
    for store in [&fresh, &open(dir.path()).await] {
        let catalog = store.catalog().await.unwrap();
        let head = catalog.cycles().next().unwrap();
        assert_eq!((head.sequence, catalog.is_degraded()), (3, false));
    }
}

#[tokio::test]
async fn a_damaged_manifest_that_was_taken_away_is_damage_no_more_and_its_number_may_be_given_again() {
    let dir = tempfile::tempdir().unwrap();
    publish_new(&open(dir.path()).await, "1", 0.0).await;
    std::fs::write(manifest_file(dir.path(), 2), "{").unwrap();
    let server = open(dir.path()).await;
    assert!(server.catalog().await.unwrap().is_degraded());
    std::fs::remove_file(manifest_file(dir.path(), 2)).unwrap();
    assert!(!server.catalog().await.unwrap().is_degraded());
    assert_eq!(publish_new(&open(dir.path()).await, "2", 0.01).await, (2, 2));
    assert_eq!(revision(&server.catalog().await.unwrap()), Some(2));
}

/// One answer of 503 is no damage: whoever went on without the manifest would take older forcing for the newest.
#[tokio::test]
async fn a_manifest_that_the_store_did_not_hand_out_is_no_damage() {
    let faulty = Faulty::default();
    let fresh = async || {
        let objects = Objects::remote(Arc::new(faulty.clone()));
        Store::on(objects, Compute::new(1).unwrap()).await.unwrap()
    };
    made(publish(&fresh().await, "1", 6, 0.0).await.unwrap());
    made(publish(&fresh().await, "2", 8, 0.0).await.unwrap());
    let server = fresh().await;
    faulty.plan_busy_gets("manifests/000000000002", 0, 3);
    for _ in 0..2 {
        let error = server.catalog().await.unwrap_err();
        assert!(
            matches!(error, Error::Objects(_)) && error.kind() == Kind::Unavailable,
            "{error}"
        );
    }
    // Nobody who has seen no head publishes a shorter one.
    let refused = publish(&fresh().await, "3", 7, 0.0).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unavailable, "{refused}");
    let catalog = server.catalog().await.unwrap();
    assert_eq!((revision(&catalog), catalog.is_degraded()), (Some(2), false));
    // Whoever has a catalog keeps it: maps go on with it, and who must know hears of it.
    made(publish(&fresh().await, "4", 9, 0.0).await.unwrap());
    faulty.plan_busy_gets("manifests/000000000003", 0, 2);
    server.catalog().await.unwrap_err();
    let recent = server.recent_catalog(std::time::Duration::ZERO).await.unwrap();
    assert_eq!(revision(&recent), Some(2));
    assert_eq!(revision(&server.catalog().await.unwrap()), Some(3));
}

fn second_manifest(dir: &Path) -> (std::path::PathBuf, String) {
    let file = manifest_file(dir, 2);
    let text = std::fs::read_to_string(&file).unwrap();
    (file, text)
}
