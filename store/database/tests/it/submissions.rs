//! Missions taken in together, all or none; and the hard quota, which counts what is being computed.

use driftline_database::{
    Database, Error, ErrorKind, MISSION_METER, Mission, MissionCreation, NewMission, Quota, QuotaPeriod,
};

use crate::credit::{balance, with_credit};
use crate::{Place, at, organisation, run};

on_both_engines! {
    a_batch_that_credit_does_not_pay_for_leaves_no_trace,
    a_batch_sent_twice_is_taken_in_once,
    the_same_keys_in_another_order_wait_for_each_other,
    a_quota_counts_what_waits_and_what_is_computed,
    five_at_once_on_two_nodes_take_what_the_quota_leaves,
}

/// What a mission of these tests may use: 1,000 particles for 6 h.
const HOURS: i64 = 6_000;

fn batch(place: &Place, missions: usize) -> Vec<NewMission> {
    (0..missions)
        .map(|number| place.new_mission(&format!("boat {number}"), 1))
        .collect()
}

fn keyed(mut batch: Vec<NewMission>, body: u8) -> Vec<NewMission> {
    for (number, new) in batch.iter_mut().enumerate() {
        new.idempotency = Some((format!("key#{number}"), [body; 32]));
    }
    batch
}

async fn missions(place: &Place) -> usize {
    let filter = driftline_database::MissionFilter {
        limit: 1_000,
        ..Default::default()
    };
    place.database.missions(place.org, &filter).await.unwrap().len()
}

async fn a_batch_that_credit_does_not_pay_for_leaves_no_trace(place: Place) {
    with_credit(&place, 5 * HOURS).await;
    let refused = place.database.create_missions(&batch(&place, 10)).await.unwrap_err();
    assert!(
        matches!(refused, Error::CreditShort { needed, balance } if (needed, balance) == (10 * HOURS, 5 * HOURS)),
        "{refused}"
    );
    assert_eq!(balance(&place, place.org).await, 5 * HOURS);
    assert_eq!(missions(&place).await, 0);
    assert!(place.lease("node/1", 2).await.is_none());
    let taken = place.database.create_missions(&batch(&place, 5)).await.unwrap();
    let names: Vec<_> = taken
        .iter()
        .map(|taken| match taken {
            MissionCreation::Created(mission) => mission.spec.name.clone().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["boat 0", "boat 1", "boat 2", "boat 3", "boat 4"]);
    assert_eq!(balance(&place, place.org).await, 0);
    // Of one organisation, and no key twice.
    let (other, _) = organisation(&place.database, "Navy").await;
    let mut mixed = batch(&place, 2);
    mixed[1].org = other;
    let mut twice = keyed(batch(&place, 2), 1);
    twice[1].idempotency = twice[0].idempotency.clone();
    for wrong in [mixed, twice] {
        let error = place.database.create_missions(&wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert_eq!(missions(&place).await, 5);
}

async fn a_batch_sent_twice_is_taken_in_once(place: Place) {
    let sent = keyed(batch(&place, 3), 1);
    let first = place.database.create_missions(&sent).await.unwrap();
    let again = place
        .database
        .create_missions(&keyed(batch(&place, 3), 1))
        .await
        .unwrap();
    let ids = |all: &[MissionCreation]| -> Vec<_> {
        all.iter()
            .map(|one| match one {
                MissionCreation::Created(Mission { id, .. }) | MissionCreation::Replayed(Mission { id, .. }) => *id,
                MissionCreation::IdempotencyConflict => panic!("a conflict"),
            })
            .collect()
    };
    assert_eq!(ids(&first), ids(&again));
    assert!(again.iter().all(|one| matches!(one, MissionCreation::Replayed(_))));
    // One that is in conflict stops all.
    let mut other = keyed(batch(&place, 4), 1);
    other[1].idempotency = Some(("key#1".to_owned(), [2; 32]));
    let conflict = place.database.create_missions(&other).await.unwrap();
    assert_eq!(conflict, [MissionCreation::IdempotencyConflict]);
    assert_eq!(missions(&place).await, 3);
}

async fn the_same_keys_in_another_order_wait_for_each_other(place: Place) {
    let (one, two) = (place.home.open().await, place.home.open().await);
    for round in 0..10 {
        let mut forth = batch(&place, 6);
        for (number, new) in forth.iter_mut().enumerate() {
            new.idempotency = Some((format!("round {round} key {number}"), [1; 32]));
        }
        let mut back = forth.clone();
        back.reverse();
        for new in &mut back {
            new.id = driftline_domain::MissionId::generate();
        }
        let (forth, back) = tokio::join!(one.create_missions(&forth), two.create_missions(&back));
        assert_eq!((forth.unwrap().len(), back.unwrap().len()), (6, 6));
        assert_eq!(missions(&place).await, 6 * (round + 1));
    }
}

async fn hard_quota(place: &Place, period: QuotaPeriod, hard: i64) {
    let quota = Quota {
        org: place.org,
        meter: MISSION_METER.to_owned(),
        period,
        soft: None,
        hard: Some(hard),
    };
    place.database.set_quota(&quota, at(0)).await.unwrap();
}

fn is_beyond(error: &Error, used_and_at_work: (i64, i64)) -> bool {
    matches!(error, Error::QuotaExceeded { used, at_work, .. } if (*used, *at_work) == used_and_at_work)
}

async fn a_quota_counts_what_waits_and_what_is_computed(place: Place) {
    let database = &place.database;
    hard_quota(&place, QuotaPeriod::Day, 2 * HOURS).await;
    hard_quota(&place, QuotaPeriod::Month, 1_000 * HOURS).await;
    let refused = database.create_missions(&batch(&place, 5)).await.unwrap_err();
    assert!(is_beyond(&refused, (0, 0)), "{refused}");
    assert_eq!((refused.kind(), missions(&place).await), (ErrorKind::Exhausted, 0));
    let ends = at(0).checked_add(std::time::Duration::from_secs(86_400)).unwrap();
    assert!(
        matches!(refused, Error::QuotaExceeded { ends: found, wait_s: 86_399, .. } if found == ends),
        "{refused:?}"
    );
    // One is computed, one waits.
    database.create_missions(&batch(&place, 2)).await.unwrap();
    let leased = place.lease("node/1", 2).await.unwrap();
    let refused = database
        .create_mission(place.new_mission("third", 3))
        .await
        .unwrap_err();
    assert!(is_beyond(&refused, (0, 2 * HOURS)), "{refused}");
    // Distress is held back by nothing, and holds nothing back before it is computed.
    let mut distress = place.new_mission("mayday", 3);
    distress.spec.distress = true;
    place.create(distress).await;
    // What it used in the end is less than it might have been: the ledger counts.
    let mut cheaper = run(&[[4.0, 60.0, 5.0, 61.0]]);
    cheaper.charge_units = 1_000;
    let published = database
        .complete_job(leased.job, leased.token, cheaper, "node", at(4))
        .await;
    assert!(published.unwrap().is_some());
    let mut small = place.new_mission("small", 5);
    small.spec.ensemble_size = 833;
    place.create(small).await;
    let refused = database
        .create_mission(place.new_mission("fourth", 5))
        .await
        .unwrap_err();
    assert!(is_beyond(&refused, (1_000, HOURS + 833 * 6)), "{refused}");
    // What is cancelled gives room.
    let filter = driftline_database::MissionFilter {
        text: Some("boat 1".to_owned()),
        limit: 1,
        ..Default::default()
    };
    let waiting = database.missions(place.org, &filter);
    let waiting = waiting.await.unwrap().remove(0).id;
    database.cancel_mission(place.org, waiting, at(6)).await.unwrap();
    place.create(place.new_mission("fourth", 6)).await;
}

async fn five_at_once_on_two_nodes_take_what_the_quota_leaves(place: Place) {
    hard_quota(&place, QuotaPeriod::Month, 2 * HOURS).await;
    let nodes: [Database; 2] = [place.home.open().await, place.home.open().await];
    let sent = (0..5).map(|number| {
        let (node, new) = (nodes[number % 2].clone(), place.new_mission("boat", 1));
        tokio::spawn(async move { node.create_mission(new).await })
    });
    let mut taken = 0;
    for one in sent.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(MissionCreation::Created(_)) => taken += 1,
            Err(Error::QuotaExceeded { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((taken, missions(&place).await), (2, 2));
}
