//! Keys that take another's place, and links to one mission.

use driftline_database::{ApiKey, KeyKind, ShareLink};
use driftline_domain::{KeyId, MissionId, ShareLinkId};

use crate::{Place, at, organisation};

on_both_engines! {
    a_key_is_replaced_once_and_ends_no_later_than_it_would_have,
    a_link_is_found_by_its_hash_until_its_mission_goes,
}

fn successor(place: &Place, fill: u8) -> ApiKey {
    ApiKey {
        user: None,
        created_by: None,
        id: KeyId::generate(),
        org: place.org,
        kind: KeyKind::Secret,
        name: "desk".to_owned(),
        hint: "dls_def".to_owned(),
        sha256: [fill; 32],
        scopes: vec!["missions:write".to_owned()],
        origins: Vec::new(),
        networks: vec!["10.1.0.0/16".to_owned()],
        replaced_by: None,
        created_at: at(100),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

async fn a_key_is_replaced_once_and_ends_no_later_than_it_would_have(place: Place) {
    let (database, old) = (&place.database, place.key);
    let (first, second) = (successor(&place, 1), successor(&place, 2));
    assert!(database.replace_key(old, &first, at(3_700), at(100)).await.unwrap());
    database.touch_key(first.id, at(100)).await.unwrap();
    assert!(
        !database.replace_key(old, &second, at(3_700), at(100)).await.unwrap(),
        "its successor is in use"
    );
    let found = database.key(old).await.unwrap().unwrap();
    assert_eq!((found.replaced_by, found.expires_at), (Some(first.id), Some(at(3_700))));
    let used = ApiKey {
        last_used_at: Some(at(100)),
        ..first.clone()
    };
    assert_eq!(database.key(first.id).await.unwrap(), Some(used));
    assert_eq!(database.key(second.id).await.unwrap(), None);
    // The successor's successor ends when that was to end.
    database
        .replace_key(first.id, &second, at(9_000), at(200))
        .await
        .unwrap();
    let (third, fourth) = (successor(&place, 3), successor(&place, 4));
    // Of the second nobody may have seen the secret: it makes place for another, once it is not in use.
    assert!(
        database
            .replace_key(first.id, &fourth, at(9_000), at(300))
            .await
            .unwrap()
    );
    assert_eq!(
        database.key(second.id).await.unwrap().unwrap().revoked_at,
        Some(at(300))
    );
    assert!(
        !database
            .replace_key(second.id, &third, at(9_000), at(500))
            .await
            .unwrap(),
        "it works no more"
    );
    let (_, foreign) = organisation(database, "Other").await;
    assert!(
        !database.replace_key(foreign, &third, at(9_000), at(500)).await.unwrap(),
        "another's key"
    );
    assert_eq!(database.key(foreign).await.unwrap().unwrap().expires_at, None);
}

fn link(place: &Place, mission: MissionId, fill: u8) -> ShareLink {
    ShareLink {
        id: ShareLinkId::generate(),
        org: place.org,
        mission,
        created_by: place.key,
        name: "harbour master".to_owned(),
        hint: "dll_abcdef".to_owned(),
        sha256: [fill; 32],
        created_at: at(1),
        expires_at: at(86_400),
        revoked_at: None,
        last_used_at: None,
    }
}

async fn a_link_is_found_by_its_hash_until_its_mission_goes(place: Place) {
    let database = &place.database;
    let mission = place.create(place.new_mission("a", 0)).await.id;
    let (first, second) = (link(&place, mission, 1), link(&place, mission, 2));
    assert!(database.insert_share_link(&first).await.unwrap());
    assert!(database.insert_share_link(&second).await.unwrap());
    assert!(
        !database
            .insert_share_link(&link(&place, MissionId::generate(), 3))
            .await
            .unwrap()
    );
    let (other, _) = organisation(database, "Other").await;
    let stolen = ShareLink {
        org: other,
        ..link(&place, mission, 4)
    };
    assert!(!database.insert_share_link(&stolen).await.unwrap(), "another's mission");
    assert_eq!(
        database.share_link_by_sha256(&[1; 32]).await.unwrap(),
        Some(first.clone())
    );
    assert_eq!(database.share_link_by_sha256(&[9; 32]).await.unwrap(), None);
    assert_eq!(
        database.share_links(place.org, mission).await.unwrap(),
        [first.clone(), second.clone()]
    );
    assert!(database.share_links(other, mission).await.unwrap().is_empty());
    assert!(
        !database
            .revoke_share_link(other, mission, first.id, at(5))
            .await
            .unwrap()
    );
    assert!(
        database
            .revoke_share_link(place.org, mission, first.id, at(5))
            .await
            .unwrap()
    );
    assert!(
        !database
            .revoke_share_link(place.org, mission, first.id, at(6))
            .await
            .unwrap()
    );
    database.touch_share_link(second.id, at(100)).await.unwrap();
    database.touch_share_link(second.id, at(130)).await.unwrap();
    let found = database.share_links(place.org, mission).await.unwrap();
    assert_eq!(
        (found[0].revoked_at, found[1].last_used_at),
        (Some(at(5)), Some(at(100)))
    );
    database.delete_mission(place.org, mission, at(200)).await.unwrap();
    assert_eq!(database.share_link_by_sha256(&[2; 32]).await.unwrap(), None);
}
