//! The end of an organisation: all of it or nothing, never with a mission at work, and never without the bill.

use driftline_database::{
    Deleted, Deletion, ErrorKind, FeatureFilter, FeatureKind, JobState, MissionCreation, MissionFilter, QueueFilter,
    Quota, QuotaPeriod, RunFilter, UsageRecord, Watermark,
};
use driftline_domain::RequestId;

use crate::credit::with_credit;
use crate::{Place, at, organisation, run, sha_of};

on_both_engines! {
    nothing_of_it_is_seen_any_more_and_its_name_is_free,
    with_a_mission_at_work_nothing_changes,
    others_are_left_alone,
    what_it_used_is_still_billed_under_its_name,
    a_mission_or_the_end_and_never_both,
}

async fn delete(place: &Place, now_s: i64) -> Deletion {
    let mut change = place.database.account_change("test").await.unwrap();
    let done = change.delete_organisation(place.org, at(now_s)).await.unwrap();
    if matches!(done, Deletion::Done(_)) {
        change.commit().await.unwrap();
    }
    done
}

async fn deleted(place: &Place, now_s: i64) -> Deleted {
    match delete(place, now_s).await {
        Deletion::Done(deleted) => deleted,
        Deletion::AtWork(count) => panic!("{count} at work"),
    }
}

async fn nothing_of_it_is_seen_any_more_and_its_name_is_free(place: Place) {
    let published = place.publish("one", 1, run(&[[4.0, 60.0, 5.0, 61.0]])).await;
    let done = deleted(&place, 10).await;
    assert_eq!((done.name.as_str(), done.missions, done.keys), ("Coastguard", 1, 1));
    assert_eq!((done.plan_ends_at, done.credit), (None, 0));
    let database = &place.database;
    assert_eq!(database.mission(place.org, published.mission).await.unwrap(), None);
    let filter = MissionFilter {
        limit: 10,
        ..MissionFilter::default()
    };
    assert_eq!(database.missions(place.org, &filter).await.unwrap(), []);
    let runs = RunFilter {
        limit: 10,
        ..RunFilter::default()
    };
    assert_eq!(database.runs(place.org, &runs).await.unwrap(), []);
    assert_eq!(database.purge_deleted_organisations().await.unwrap(), 2);
    for kind in [FeatureKind::SearchAreas, FeatureKind::Datums] {
        let filter = FeatureFilter::default();
        assert_eq!(database.count_features(place.org, kind, &filter).await.unwrap(), 0);
    }
    assert_eq!(database.purge_deleted_organisations().await.unwrap(), 0);
    let key = database.key_by_sha256(&sha_of(place.org)).await.unwrap().unwrap();
    assert_eq!(key.revoked_at, Some(at(10)));
    // Its files go with the next sweep, since its mission is known and its run is not published any more.
    let known = database.known_missions(&[published.mission]).await.unwrap();
    assert_eq!(known, [published.mission]);
    assert_eq!(database.published_among(&[published.id]).await.unwrap(), []);

    let stays = database.organisation(place.org).await.unwrap().unwrap();
    assert_eq!((stays.name.as_str(), stays.deleted_at), ("Coastguard", Some(at(10))));
    assert_eq!(database.organisation_by_name("Coastguard").await.unwrap(), None);
    let (other, _) = organisation(database, "Coastguard").await;
    assert_ne!(other, place.org);

    // A second time, and whatever somebody still had in hand, finds nothing.
    let mut change = database.account_change("test").await.unwrap();
    let again = change.delete_organisation(place.org, at(11)).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound, "{again}");
    drop(change);
    let late = database
        .create_mission(place.new_mission("late", 11))
        .await
        .unwrap_err();
    assert_eq!(late.kind(), ErrorKind::NotFound, "{late}");
    let mut change = database.account_change("test").await.unwrap();
    let renamed = change.rename_organisation(place.org, "Back again").await.unwrap_err();
    assert_eq!(renamed.kind(), ErrorKind::NotFound, "{renamed}");
    let held = change.lock_organisation(place.org).await.unwrap_err();
    assert_eq!(held.kind(), ErrorKind::NotFound, "{held}");
}

async fn with_a_mission_at_work_nothing_changes(place: Place) {
    place.create(place.new_mission("waits", 1)).await;
    assert_eq!(delete(&place, 2).await, Deletion::AtWork(1));
    let leased = place.lease("node/1", 3).await.unwrap();
    assert_eq!(delete(&place, 4).await, Deletion::AtWork(1));
    let database = &place.database;
    assert_eq!(
        database.organisation(place.org).await.unwrap().unwrap().deleted_at,
        None
    );
    let key = database.key_by_sha256(&sha_of(place.org)).await.unwrap().unwrap();
    assert_eq!(key.revoked_at, None);
    assert!(database.mission(place.org, leased.mission.id).await.unwrap().is_some());

    // What has failed waits for nobody: it is not tried again behind the organisation's back.
    let final_failure = driftline_database::Failure::Final;
    let (job, token) = (leased.job, leased.token);
    let failed = database.fail_job(job, token, "no forcing", "no forcing", final_failure, at(5));
    assert!(failed.await.unwrap());
    assert_eq!(deleted(&place, 6).await.missions, 1);
    assert!(!database.retry_job(job, at(7)).await.unwrap());
    assert!(place.lease("node/1", 8).await.is_none());
    let all = QueueFilter {
        limit: 10,
        ..QueueFilter::default()
    };
    let jobs = database.queue_jobs(&all).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert!(
        jobs[0].state == JobState::Cancelled && jobs[0].dead_at.is_none(),
        "{jobs:?}"
    );
}

async fn others_are_left_alone(place: Place) {
    let (org, key) = organisation(&place.database, "Navy").await;
    let navy = Place {
        database: place.database.clone(),
        org,
        key,
        home: place.home,
    };
    let theirs = navy.publish("theirs", 1, run(&[[4.0, 60.0, 5.0, 61.0]])).await;
    let waiting = navy.create(navy.new_mission("waits", 2)).await;
    let place = Place {
        org: place.org,
        key: place.key,
        ..navy
    };
    deleted(&place, 3).await;
    let database = &place.database;
    assert_eq!(database.purge_deleted_organisations().await.unwrap(), 0);
    for mission in [theirs.mission, waiting.id] {
        assert!(database.mission(org, mission).await.unwrap().is_some());
    }
    let filter = FeatureFilter::default();
    let areas = database.count_features(org, FeatureKind::SearchAreas, &filter).await;
    assert_eq!(areas.unwrap(), 1);
    let key = database.key_by_sha256(&sha_of(org)).await.unwrap().unwrap();
    assert_eq!(key.revoked_at, None);
    assert!(place.lease("node/1", 4).await.is_some());
}

async fn what_it_used_is_still_billed_under_its_name(place: Place) {
    with_credit(&place, 10_000).await;
    place.publish("one", 1, run(&[[4.0, 60.0, 5.0, 61.0]])).await;
    let done = deleted(&place, 10).await;
    // The month's end: 2026-02-01.
    assert_eq!((done.plan_ends_at, done.credit), (Some(at(31 * 86_400)), 4_000));
    let database = &place.database;
    // The log of a node that was offline comes late.
    let record = UsageRecord {
        node: "node".to_owned(),
        epoch: 1,
        seq: 0,
        org: place.org,
        key: place.key,
        meter: "tile".to_owned(),
        units: 7,
        at: at(9),
        request: Some(RequestId::generate()),
        mission: None,
    };
    let mark = Watermark {
        node: "node".to_owned(),
        segment: 1,
        offset: 99,
    };
    database.apply_usage(&[record], &mark, at(20)).await.unwrap();
    let plans = database.plans_and_closed_months().await.unwrap();
    assert_eq!(plans[0].plans, [(at(0), Some(at(31 * 86_400)))]);
    let basis = database
        .invoice_basis(place.org, (at(0), at(31 * 86_400)))
        .await
        .unwrap();
    let basis = basis.unwrap();
    assert_eq!((basis.organisation.as_str(), basis.usage["tile"]), ("Coastguard", 7));
    // Nobody gives it anything new.
    let plan = database
        .assign_plan(place.org, Some("prepaid"), at(30))
        .await
        .unwrap_err();
    assert_eq!(plan.kind(), ErrorKind::NotFound, "{plan}");
    let quota = Quota {
        org: place.org,
        meter: "tile".to_owned(),
        period: QuotaPeriod::Month,
        soft: None,
        hard: Some(10),
    };
    let quota = database.set_quota(&quota, at(30)).await.unwrap_err();
    assert_eq!(quota.kind(), ErrorKind::NotFound, "{quota}");
}

async fn a_mission_or_the_end_and_never_both(place: Place) {
    let further = place.home.open().await;
    for round in 0..20 {
        let (org, key) = organisation(&place.database, &format!("Org {round}")).await;
        let at_s = 10 + round;
        let new = driftline_database::NewMission {
            org,
            created_by: key,
            ..place.new_mission("races", at_s)
        };
        let id = new.id;
        let ends = async {
            let mut change = place.database.account_change("test").await.unwrap();
            match change.delete_organisation(org, at(at_s)).await.unwrap() {
                Deletion::Done(_) => change.commit().await.map(|()| true).unwrap(),
                Deletion::AtWork(_) => false,
            }
        };
        let (accepted, is_ended) = tokio::join!(further.create_mission(new), ends);
        match accepted {
            Ok(MissionCreation::Created(_)) => {
                assert!(!is_ended, "accepted for nobody");
                assert!(place.database.mission(org, id).await.unwrap().is_some());
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                assert!(is_ended, "refused, and the organisation stands");
            }
        }
    }
}
