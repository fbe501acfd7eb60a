//! Missions: idempotency, paging, tenants, withdrawal.

use driftline_database::{AuditFilter, MissionCreation, MissionFilter, MissionStatus, RunFilter};
use driftline_domain::MissionId;

use crate::{Place, at, organisation, run};

on_both_engines! {
    the_same_body_with_the_same_idempotency_key_is_one_mission,
    withdrawing_a_mission_forgets_its_idempotency_key_and_no_other,
    an_idempotency_key_belongs_to_one_organisation,
    concurrent_repetitions_make_one_mission,
    a_mission_in_distress_is_on_record_and_no_other_is,
    pages_hold_every_mission_once_while_new_ones_arrive,
    lists_filter_by_status_and_by_name_beyond_ascii,
    another_organisation_sees_and_changes_nothing,
    a_withdrawn_mission_is_gone_from_every_query_and_stays_charged,
    the_content_version_grows_with_every_visible_change_of_this_organisation_only,
}

fn page(limit: u32, after: Option<MissionId>) -> MissionFilter {
    MissionFilter {
        limit,
        after,
        ..MissionFilter::default()
    }
}

async fn the_same_body_with_the_same_idempotency_key_is_one_mission(place: Place) {
    let ask = |body: u8, now_s| {
        let mut new = place.new_mission("boat", now_s);
        new.idempotency = Some(("key-1".to_owned(), [body; 32]));
        place.database.create_mission(new)
    };
    let MissionCreation::Created(first) = ask(1, 0).await.unwrap() else {
        panic!("not created")
    };
    assert_eq!(ask(1, 10).await.unwrap(), MissionCreation::Replayed(first.clone()));
    assert_eq!(ask(2, 20).await.unwrap(), MissionCreation::IdempotencyConflict);
    assert_eq!(
        place.database.count_missions(place.org, &page(0, None)).await.unwrap(),
        1
    );
    let day = 24 * 3600;
    assert!(
        matches!(ask(1, day).await.unwrap(), MissionCreation::Replayed(_)),
        "kept for a day"
    );
    assert!(
        matches!(ask(1, day + 1).await.unwrap(), MissionCreation::Created(_)),
        "forgotten after a day"
    );
}

async fn withdrawing_a_mission_forgets_its_idempotency_key_and_no_other(place: Place) {
    let database = &place.database;
    let ask = |key: &str, body: u8, now_s| {
        let mut new = place.new_mission("boat", now_s);
        new.idempotency = Some((key.to_owned(), [body; 32]));
        database.create_mission(new)
    };
    let MissionCreation::Created(first) = ask("key-1", 1, 0).await.unwrap() else {
        panic!("not created")
    };
    let MissionCreation::Created(other) = ask("key-2", 1, 0).await.unwrap() else {
        panic!("not created")
    };
    assert!(database.delete_mission(place.org, first.id, at(1)).await.unwrap());
    assert!(!database.knows_submission(place.org, "key-1", at(2)).await.unwrap());
    let MissionCreation::Created(second) = ask("key-1", 1, 2).await.unwrap() else {
        panic!("answered for a withdrawn mission")
    };
    assert_ne!(second.id, first.id);
    assert_eq!(second.status, MissionStatus::Queued);
    assert_eq!(
        database.mission(place.org, second.id).await.unwrap().as_ref(),
        Some(&second)
    );
    // The key is the second's now: withdrawing the first again does not take it away.
    assert!(!database.delete_mission(place.org, first.id, at(3)).await.unwrap());
    assert_eq!(
        ask("key-1", 1, 4).await.unwrap(),
        MissionCreation::Replayed(second.clone())
    );
    assert_eq!(ask("key-2", 1, 4).await.unwrap(), MissionCreation::Replayed(other));
    // Another body may have the key of a withdrawn mission too.
    assert!(database.delete_mission(place.org, second.id, at(5)).await.unwrap());
    assert!(matches!(ask("key-1", 2, 6).await.unwrap(), MissionCreation::Created(_)));
}

async fn an_idempotency_key_belongs_to_one_organisation(place: Place) {
    let (navy, navy_key) = organisation(&place.database, "Navy").await;
    let mut ours = place.new_mission("boat", 0);
    ours.idempotency = Some(("key-1".to_owned(), [1; 32]));
    let mut theirs = ours.clone();
    (theirs.id, theirs.org, theirs.created_by) = (MissionId::generate(), navy, navy_key);
    place.create(ours).await;
    place.create(theirs).await;
}

async fn concurrent_repetitions_make_one_mission(place: Place) {
    let asks = (0..8).map(|_| {
        let mut new = place.new_mission("boat", 0);
        new.idempotency = Some(("key-1".to_owned(), [1; 32]));
        let database = place.database.clone();
        tokio::spawn(async move { database.create_mission(new).await.unwrap() })
    });
    let mut created = 0;
    for ask in asks.collect::<Vec<_>>() {
        created += usize::from(matches!(ask.await.unwrap(), MissionCreation::Created(_)));
    }
    assert_eq!(created, 1);
}

async fn pages_hold_every_mission_once_while_new_ones_arrive(place: Place) {
    let mut expected = Vec::new();
    for i in 0..23 {
        expected.push(place.create(place.new_mission(&format!("boat {i}"), i)).await.id);
    }
    expected.reverse();
    for limit in [1, 2, 7, 22, 23, 24] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let found = place.database.missions(place.org, &page(limit, after)).await.unwrap();
            // A mission that arrives between pages is newer than all of them.
            place.create(place.new_mission("newcomer", 100)).await;
            seen.extend(
                found
                    .iter()
                    .map(|mission| mission.id)
                    .filter(|id| expected.contains(id)),
            );
            let Some(last) = found.last() else { break };
            after = Some(last.id);
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
}

async fn lists_filter_by_status_and_by_name_beyond_ascii(place: Place) {
    place.create(place.new_mission("Hav-ØRN 100%", 0)).await;
    place.create(place.new_mission("Måke", 1)).await;
    place.lease("node/1", 2).await.unwrap();
    let count = async |status: Option<MissionStatus>, text: Option<&str>| {
        let text = text.map(str::to_owned);
        let filter = MissionFilter {
            status,
            text,
            limit: 10,
            ..MissionFilter::default()
        };
        let found = place.database.missions(place.org, &filter).await.unwrap().len() as i64;
        assert_eq!(place.database.count_missions(place.org, &filter).await.unwrap(), found);
        found
    };
    assert_eq!(count(Some(MissionStatus::Running), None).await, 1);
    assert_eq!(count(Some(MissionStatus::Failed), None).await, 0);
    assert_eq!(count(None, Some("hav-ørn")).await, 1);
    assert_eq!(count(None, Some("%")).await, 1, "no wildcard");
    assert_eq!(count(None, Some("å")).await, 1);
    assert_eq!(count(Some(MissionStatus::Queued), Some("ørn")).await, 0);
}

async fn another_organisation_sees_and_changes_nothing(place: Place) {
    let published = place.publish("boat", 0, run(&[[3.0, 59.0, 4.0, 60.0]])).await;
    let (navy, _) = organisation(&place.database, "Navy").await;
    let database = &place.database;
    let kind = driftline_database::FeatureKind::SearchAreas;
    let any = driftline_database::FeatureFilter::default();
    let of_mission = driftline_database::FeatureFilter {
        mission: Some(published.mission),
        ..Default::default()
    };
    let ours = database.features(place.org, kind, &of_mission, 10).await.unwrap();
    assert_eq!(ours.len(), 1);
    assert_eq!(database.mission(navy, published.mission).await.unwrap(), None);
    assert!(database.missions(navy, &page(10, None)).await.unwrap().is_empty());
    assert_eq!(database.count_missions(navy, &page(10, None)).await.unwrap(), 0);
    for filter in [&any, &of_mission] {
        assert!(database.features(navy, kind, filter, 10).await.unwrap().is_empty());
        assert_eq!(database.count_features(navy, kind, filter).await.unwrap(), 0);
    }
    assert_eq!(database.feature(navy, kind, &ours[0].id).await.unwrap(), None);
    assert_eq!(
        database.extent(navy, kind, Some(published.mission)).await.unwrap(),
        None
    );
    let runs = RunFilter {
        mission: Some(published.mission),
        limit: 10,
        ..Default::default()
    };
    assert!(database.runs(navy, &runs).await.unwrap().is_empty());
    assert_eq!(
        database
            .run_for_file(navy, published.mission, published.id)
            .await
            .unwrap(),
        None
    );
    assert!(
        database
            .usage_hours(navy, at(-9999), at(9999))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(database.usage_records(navy, 0, 10).await.unwrap().is_empty());
    assert!(!database.delete_mission(navy, published.mission, at(1)).await.unwrap());
    assert!(database.mission(place.org, published.mission).await.unwrap().is_some());
}

async fn a_withdrawn_mission_is_gone_from_every_query_and_stays_charged(place: Place) {
    let database = &place.database;
    let published = place.publish("boat", 0, run(&[[3.0, 59.0, 4.0, 60.0]])).await;
    let kind = driftline_database::FeatureKind::SearchAreas;
    let any = driftline_database::FeatureFilter::default();
    let id = database.features(place.org, kind, &any, 1).await.unwrap()[0].id.clone();
    assert!(
        database
            .run_for_file(place.org, published.mission, published.id)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        database
            .delete_mission(place.org, published.mission, at(9))
            .await
            .unwrap()
    );
    assert!(
        !database
            .delete_mission(place.org, published.mission, at(10))
            .await
            .unwrap()
    );
    assert_eq!(database.mission(place.org, published.mission).await.unwrap(), None);
    assert!(database.missions(place.org, &page(10, None)).await.unwrap().is_empty());
    let runs = RunFilter {
        limit: 10,
        ..Default::default()
    };
    assert!(database.runs(place.org, &runs).await.unwrap().is_empty());
    assert_eq!(
        database
            .run_for_file(place.org, published.mission, published.id)
            .await
            .unwrap(),
        None
    );
    assert!(database.features(place.org, kind, &any, 10).await.unwrap().is_empty());
    assert_eq!(database.feature(place.org, kind, &id).await.unwrap(), None);
    assert_eq!(database.extent(place.org, kind, None).await.unwrap(), None);
    assert_eq!(database.usage_records(place.org, 0, 10).await.unwrap().len(), 1);
}

async fn the_content_version_grows_with_every_visible_change_of_this_organisation_only(place: Place) {
    let database = &place.database;
    let (navy, _) = organisation(database, "Navy").await;
    let before_navy = database.content_version(navy).await.unwrap();
    let mut seen = vec![database.content_version(place.org).await.unwrap()];
    let mission = place.create(place.new_mission("boat", 0)).await;
    seen.push(database.content_version(place.org).await.unwrap());
    let leased = place.lease("node/1", 0).await.unwrap();
    seen.push(database.content_version(place.org).await.unwrap());
    let new = run(&[[3.0, 59.0, 4.0, 60.0]]);
    database
        .complete_job(leased.job, leased.token, new, "node", at(1))
        .await
        .unwrap()
        .unwrap();
    seen.push(database.content_version(place.org).await.unwrap());
    database.delete_mission(place.org, mission.id, at(2)).await.unwrap();
    seen.push(database.content_version(place.org).await.unwrap());
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    assert_eq!(database.content_version(navy).await.unwrap(), before_navy);
}

async fn a_mission_in_distress_is_on_record_and_no_other_is(place: Place) {
    place.create(place.new_mission("ordinary", 0)).await;
    let mut new = place.new_mission("mayday", 1);
    new.spec.distress = true;
    let mission = place.create(new).await;
    let filter = AuditFilter {
        action: Some("mission.distress".to_owned()),
        ..AuditFilter::default()
    };
    let entries = place
        .database
        .audit_entries(Some(place.org), &filter, 10)
        .await
        .unwrap();
    let found: Vec<_> = entries
        .iter()
        .map(|entry| (&entry.subject, &entry.actor, entry.at))
        .collect();
    assert_eq!(found, [(&mission.id.to_string(), &place.key.to_string(), at(1))]);
}
