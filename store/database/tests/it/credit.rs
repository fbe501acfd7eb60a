//! Prepaid credit: held with the mission, charged with its run, given back with its failure; the entries' sum is the balance.

use std::collections::BTreeMap;

use driftline_database::{CreditKind, Error, ErrorKind, Failure, NewRun, PlanTerms};
use driftline_domain::OrgId;

use crate::{Place, at, organisation, run};

on_both_engines! {
    a_mission_holds_credit_and_its_run_is_charged,
    what_fails_or_is_withdrawn_gives_its_credit_back,
    without_credit_no_mission_but_distress,
    the_same_grant_counts_once,
    many_at_once_never_overdraw,
    what_costs_more_than_it_held_is_charged_as_far_as_credit_goes,
}

/// What a mission of these tests may cost: 1,000 particles for 6 h.
const HELD: i64 = 6_000;

pub(crate) fn prepaid() -> PlanTerms {
    PlanTerms {
        title: "Prepaid".to_owned(),
        currency: "EUR".to_owned(),
        monthly_minor: 0,
        prepaid: true,
        meters: BTreeMap::new(),
        stripe_prices: Vec::new(),
    }
}

pub(crate) async fn with_credit(place: &Place, units: i64) {
    place.database.put_plan("prepaid", &prepaid(), at(0)).await.unwrap();
    place
        .database
        .assign_plan(place.org, Some("prepaid"), at(0))
        .await
        .unwrap();
    if units > 0 {
        place
            .database
            .grant_credit(place.org, units, "first", at(0))
            .await
            .unwrap();
    }
}

/// The balance, which is the sum of the entries.
pub(crate) async fn balance(place: &Place, org: OrgId) -> i64 {
    let balance = place.database.credit_balance(org).await.unwrap();
    let entries = place.database.credit_entries(org, i64::MAX, 10_000).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.units).sum::<i64>(), balance);
    balance
}

fn costing(units: i64) -> NewRun {
    NewRun {
        charge_units: units,
        ..run(&[[4.0, 60.0, 5.0, 61.0]])
    }
}

async fn a_mission_holds_credit_and_its_run_is_charged(place: Place) {
    with_credit(&place, 10_000).await;
    place.create(place.new_mission("one", 1)).await;
    assert_eq!(balance(&place, place.org).await, 10_000 - HELD);
    let leased = place.lease("node/1", 2).await.unwrap();
    let publish = |run| {
        place
            .database
            .complete_job(leased.job, leased.token, run, "node", at(3))
    };
    let run = costing(4_500);
    publish(run.clone()).await.unwrap().unwrap();
    assert_eq!(balance(&place, place.org).await, 5_500);
    // Repeated after an unclear end.
    publish(run).await.unwrap().unwrap();
    assert_eq!(balance(&place, place.org).await, 5_500);
    let kinds: Vec<_> = place
        .database
        .credit_entries(place.org, i64::MAX, 10)
        .await
        .unwrap()
        .iter()
        .map(|entry| (entry.kind, entry.units))
        .collect();
    let expected = [
        (CreditKind::Charge, -4_500),
        (CreditKind::Release, HELD),
        (CreditKind::Reserve, -HELD),
        (CreditKind::Grant, 10_000),
    ];
    assert_eq!(kinds, expected);
    // Withdrawn afterwards it stays charged.
    let mission = leased.mission.id;
    assert!(place.database.delete_mission(place.org, mission, at(4)).await.unwrap());
    assert_eq!(balance(&place, place.org).await, 5_500);
}

async fn what_fails_or_is_withdrawn_gives_its_credit_back(place: Place) {
    with_credit(&place, 10_000).await;
    place.create(place.new_mission("fails", 1)).await;
    let leased = place.lease("node/1", 2).await.unwrap();
    let fail = |failure| {
        place
            .database
            .fail_job(leased.job, leased.token, "no forcing", "no forcing", failure, at(3))
    };
    assert!(fail(Failure::Final).await.unwrap());
    assert_eq!(balance(&place, place.org).await, 10_000);
    assert!(!fail(Failure::Final).await.unwrap());
    // Tried again by the operator it holds credit again, and gives it back again when it is cancelled.
    assert!(place.database.retry_job(leased.job, at(3)).await.unwrap());
    assert_eq!(balance(&place, place.org).await, 4_000);
    let mission = leased.mission.id;
    for _ in 0..2 {
        place.database.cancel_mission(place.org, mission, at(3)).await.unwrap();
        assert_eq!(balance(&place, place.org).await, 10_000);
    }
    let withdrawn = place.create(place.new_mission("withdrawn", 4)).await;
    assert_eq!(balance(&place, place.org).await, 4_000);
    for _ in 0..2 {
        let _ = place
            .database
            .delete_mission(place.org, withdrawn.id, at(5))
            .await
            .unwrap();
        assert_eq!(balance(&place, place.org).await, 10_000);
    }
    // Given back to the queue it still holds its credit.
    place.create(place.new_mission("again", 6)).await;
    let leased = place.lease("node/1", 7).await.unwrap();
    let back = place
        .database
        .fail_job(leased.job, leased.token, "later", "later", Failure::Passing, at(8));
    assert!(back.await.unwrap());
    assert_eq!(balance(&place, place.org).await, 4_000);
}

async fn without_credit_no_mission_but_distress(place: Place) {
    with_credit(&place, HELD - 1).await;
    let refused = place.database.create_mission(place.new_mission("poor", 1)).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, Error::CreditShort { needed: HELD, balance } if balance == HELD - 1),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert!(place.lease("node/1", 2).await.is_none(), "nothing of it is stored");
    let mut distress = place.new_mission("distress", 3);
    distress.spec.distress = true;
    place.create(distress).await;
    assert_eq!(balance(&place, place.org).await, -1);
    let leased = place.lease("node/1", 4).await.unwrap();
    place
        .database
        .complete_job(leased.job, leased.token, costing(HELD), "node", at(5))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(balance(&place, place.org).await, -1);
    let paid = place.database.grant_credit(place.org, 1, "what was owed", at(6)).await;
    assert_eq!(paid.unwrap(), 0);
    // Another organisation, without a plan, reserves nothing.
    let (other, key) = organisation(&place.database, "Other").await;
    let mut free = place.new_mission("free", 7);
    (free.org, free.created_by) = (other, key);
    place.create(free).await;
    assert_eq!(balance(&place, other).await, 0);
}

async fn the_same_grant_counts_once(place: Place) {
    with_credit(&place, 0).await;
    for _ in 0..3 {
        let granted = place.database.grant_credit(place.org, 500, "transfer 17", at(1)).await;
        assert_eq!(granted.unwrap(), 500);
    }
    assert_eq!(balance(&place, place.org).await, 500);
    for units in [0, -1, i64::MAX] {
        let refused = place.database.grant_credit(place.org, units, "odd", at(1)).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid, "{units}");
    }
    let nobody = place.database.grant_credit(OrgId::generate(), 1, "lost", at(1)).await;
    assert_eq!(nobody.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn many_at_once_never_overdraw(place: Place) {
    with_credit(&place, 5 * HELD + 17).await;
    let asks = (0..12).map(|n| {
        let (database, new) = (place.database.clone(), place.new_mission(&format!("m{n}"), 1));
        tokio::spawn(async move { database.create_mission(new).await })
    });
    let asks: Vec<_> = asks.collect();
    let mut accepted = 0;
    for ask in asks {
        match ask.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Exhausted, "{error}"),
        }
    }
    assert_eq!((accepted, balance(&place, place.org).await), (5, 17));
}

async fn what_costs_more_than_it_held_is_charged_as_far_as_credit_goes(place: Place) {
    with_credit(&place, HELD + 100).await;
    place.create(place.new_mission("long", 1)).await;
    let leased = place.lease("node/1", 2).await.unwrap();
    place
        .database
        .complete_job(leased.job, leased.token, costing(HELD + 250), "node", at(3))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(balance(&place, place.org).await, 0);
}
