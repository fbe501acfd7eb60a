//! Opening: what survives, and what is refused; keys and what links are signed with.

use std::path::Path;

use driftline_database::{ApiKey, Database, ErrorKind, KeyKind};
use driftline_domain::KeyId;

use crate::{Place, at};

on_both_engines! {
    the_origins_of_publishable_keys_that_work_are_listed_once,
    the_first_signing_secret_of_a_name_stays,
    keys_are_found_touched_once_a_minute_and_revoked_once,
}

/// Written by version 0.1.0, which knew secret keys only.
#[tokio::test]
async fn keys_of_the_first_version_are_secret_keys() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/upgrade/0.1.0/data/driftline.sqlite");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("driftline.sqlite");
    std::fs::copy(old, &path).unwrap();
    let database = Database::open(&path).await.unwrap();
    let orgs = database.organisations().await.unwrap();
    let mut keys = Vec::new();
    for org in &orgs {
        keys.extend(database.keys(org.id).await.unwrap());
    }
    assert!(!keys.is_empty());
    for key in &keys {
        assert_eq!((key.kind, key.origins.len()), (KeyKind::Secret, 0));
        assert_eq!(database.key_by_sha256(&key.sha256).await.unwrap().as_ref(), Some(key));
        assert_eq!(database.key(key.id).await.unwrap().as_ref(), Some(key));
    }
    assert!(database.publishable_origins(at(0)).await.unwrap().is_empty());
}

async fn the_origins_of_publishable_keys_that_work_are_listed_once(place: Place) {
    let secret = place.database.keys(place.org).await.unwrap().remove(0);
    let mut ids = Vec::new();
    for (n, origins, expires_s) in [
        (1, vec!["https://b.org", "https://a.org"], None),
        (2, vec!["https://a.org", "https://c.org"], Some(100)),
    ] {
        let key = ApiKey {
            id: KeyId::generate(),
            kind: KeyKind::Publishable,
            sha256: [n; 32],
            origins: origins.into_iter().map(str::to_owned).collect(),
            expires_at: expires_s.map(at),
            ..secret.clone()
        };
        place.database.insert_key(&key).await.unwrap();
        assert_eq!(place.database.key(key.id).await.unwrap(), Some(key.clone()));
        ids.push(key.id);
    }
    let listed = async |now_s| place.database.publishable_origins(at(now_s)).await.unwrap();
    assert_eq!(listed(99).await, ["https://a.org", "https://b.org", "https://c.org"]);
    assert_eq!(listed(100).await, ["https://a.org", "https://b.org"]);
    place.database.revoke_key(ids[0], at(50)).await.unwrap();
    assert_eq!(listed(99).await, ["https://a.org", "https://c.org"]);
    assert_eq!(place.database.key(KeyId::generate()).await.unwrap(), None);
}

async fn the_first_signing_secret_of_a_name_stays(place: Place) {
    let second = place.home.open().await;
    let (a, b) = tokio::join!(
        place.database.signing_secret("links", [1; 32], at(0)),
        second.signing_secret("links", [2; 32], at(0))
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a, b, "two nodes that need it at once");
    assert!(a == [1; 32] || a == [2; 32]);
    assert_eq!(second.signing_secret("links", [3; 32], at(1)).await.unwrap(), a);
    assert_eq!(second.signing_secret("other", [3; 32], at(1)).await.unwrap(), [3; 32]);
}

#[tokio::test]
async fn everything_is_there_after_the_handle_was_dropped_and_the_file_is_opened_again() {
    let place = crate::place_in_file().await;
    let mission = place.create(place.new_mission("Ægir", 1)).await;
    let path = place.home.file();
    // Not closed in order, as after a crash: a second handle beside the first reads what was confirmed.
    let again = Database::open(&path).await.unwrap();
    assert_eq!(
        again.mission(place.org, mission.id).await.unwrap(),
        Some(mission.clone())
    );
    place.database.close().await;
    drop(place.database);
    again.check().await.unwrap();
    assert_eq!(
        again.organisation_by_name("Coastguard").await.unwrap().unwrap().id,
        place.org
    );
    assert_eq!(again.mission(place.org, mission.id).await.unwrap(), Some(mission));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may not read the file: {mode:o}");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_refused_and_left_as_it_is() {
    let place = crate::place_in_file().await;
    let path = place.home.file();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let later = "INSERT INTO schema_migrations (number, name, applied_at) VALUES (999, 'later', 0)";
    sqlx::raw_sql(later).execute(&pool).await.unwrap();
    pool.close().await;
    let error = Database::open(&path).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("999") && text.contains("newer") && text.contains("driftline.sqlite"),
        "{text}"
    );
    assert_eq!(place.database.organisations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn files_that_are_no_database_are_refused_and_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("driftline.sqlite");
    let rubbish = "not a database at all, but long enough to be taken for a header of one".repeat(20);
    std::fs::write(&path, &rubbish).unwrap();
    let error = Database::open(&path).await.unwrap_err();
    assert!(error.to_string().contains("driftline.sqlite"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), rubbish);
    assert!(
        Database::open(&folder.path().join("missing/driftline.sqlite"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn two_handles_that_create_one_file_at_once_both_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("driftline.sqlite");
    let (a, b) = tokio::join!(Database::open(&path), Database::open(&path));
    let (a, b) = (a.unwrap(), b.unwrap());
    a.create_organisation("A", at(0)).await.unwrap();
    b.create_organisation("B", at(0)).await.unwrap();
    let clash = b.create_organisation(" A ", at(1)).await.unwrap_err();
    assert_eq!(clash.kind(), ErrorKind::Conflict, "{clash}");
    assert_eq!(a.organisations().await.unwrap().len(), 2);
    assert_eq!(
        a.create_organisation("\n", at(1)).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

async fn keys_are_found_touched_once_a_minute_and_revoked_once(place: Place) {
    let database = &place.database;
    let sha = crate::sha_of(place.org);
    let key = database.key_by_sha256(&sha).await.unwrap().unwrap();
    assert_eq!((key.id, key.org, key.last_used_at), (place.key, place.org, None));
    assert_eq!(database.key_by_sha256(&[7; 32]).await.unwrap(), None);
    for (touched_s, seen_s) in [(100, 100), (159, 100), (160, 160)] {
        database.touch_key(place.key, at(touched_s)).await.unwrap();
        let seen = database.key_by_sha256(&sha).await.unwrap().unwrap().last_used_at;
        assert_eq!(seen, Some(at(seen_s)));
    }
    assert!(database.revoke_key(place.key, at(200)).await.unwrap());
    assert!(
        !database.revoke_key(place.key, at(300)).await.unwrap(),
        "the first revocation stays"
    );
    assert_eq!(database.keys(place.org).await.unwrap()[0].revoked_at, Some(at(200)));
    let (other, _) = crate::organisation(database, "Navy").await;
    assert_eq!(
        database.keys(other).await.unwrap().len(),
        1,
        "another organisation's keys are not listed"
    );
}
