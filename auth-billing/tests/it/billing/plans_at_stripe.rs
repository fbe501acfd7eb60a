//! A plan that takes another's place in the month's end, as Stripe bills it: usage once and all of it, and one month's price a month.

use driftline_database::{AccountDetails, PlanTerms};
use jiff::SignedDuration;

use super::fake::Fake;
use super::{Place, terms, time};

on_both_engines! {
    of_two_plans_stripe_bills_what_the_ledger_has,
    of_two_plans_stripe_bills_what_the_ledger_has_where_nobody_told_it_in_time,
    what_a_plan_used_stands_on_an_invoice_when_there_is_none_after_it,
    an_account_that_does_not_read_back_is_in_no_other_organisations_way,
}

const TILE: &str = "driftline_tile";

async fn of_two_plans_stripe_bills_what_the_ledger_has(place: Place) {
    changed(place, Some("harbour"), None).await;
}

async fn of_two_plans_stripe_bills_what_the_ledger_has_where_nobody_told_it_in_time(place: Place) {
    changed(
        place,
        Some("harbour"),
        Some(("2026-01-31T22:30:00Z", "2026-02-01T04:10:00Z")),
    )
    .await;
}

async fn what_a_plan_used_stands_on_an_invoice_when_there_is_none_after_it(place: Place) {
    changed(place, None, None).await;
}

/// `still`: between these times the service does not run.
async fn changed(place: Place, then: Option<&str>, still: Option<(&str, &str)>) {
    place.set("2026-01-05T10:31:00Z");
    let database = &place.database;
    let began = place.now();
    database.put_plan("coastguard", &terms(), began).await.unwrap();
    let harbour = PlanTerms {
        stripe_prices: vec!["price_other".to_owned(), "price_tiles".to_owned()],
        ..terms()
    };
    database.put_plan("harbour", &harbour, began).await.unwrap();
    let (org, key, _) = place.organisation("Coastguard", Some("coastguard")).await;
    let fake = Fake::start(std::sync::Arc::clone(&place.now_s), 1).await;
    let sync = place.sync(&fake.base);
    place.advance(40);
    sync.pass().await.unwrap();
    // In the hour in which the plan began, before its subscription did.
    place.used((org, key), "tile", 11, began).await;
    place.set("2026-01-17T12:00:00Z");
    database.assign_plan(org, then, place.now()).await.unwrap();
    place.used((org, key), "tile", 20, place.now()).await;
    place.set("2026-01-31T20:00:00Z");
    let mut used = 31;
    while place.now() < time("2026-02-01T12:00:00Z") {
        // Without a plan nothing is charged any more.
        if place.now()
            < time(if then.is_some() {
                "2026-02-01T07:00:00Z"
            } else {
                "2026-02-01T00:00:00Z"
            })
        {
            place.used((org, key), "tile", 3, place.now()).await;
            used += 3;
        }
        if still.is_none_or(|(from, until)| place.now() < time(from) || place.now() >= time(until)) {
            sync.pass().await.unwrap();
        }
        place.advance(600);
    }
    assert_eq!(database.meter_events_waiting().await.unwrap(), (0, 0));
    let customer = database.account(org).await.unwrap().stripe_customer.unwrap();
    assert_eq!(fake.billed()[&(customer, TILE.to_owned())], used);
    let states: Vec<_> = fake.subscriptions().iter().map(|one| one["status"].clone()).collect();
    let january = (time("2026-02-01T00:00:00Z").duration_since(began)).as_secs_f64() / (31.0 * 86_400.0);
    if then.is_some() {
        assert_eq!(states, ["canceled", "active"]);
        let months = fake.months_paid() - january;
        assert!(
            (0.98..1.001).contains(&months),
            "of January {january}, of February {months}"
        );
    } else {
        assert_eq!(states, ["canceled"]);
        let months = fake.months_paid() - january;
        assert!(
            (-0.001..0.01).contains(&months),
            "of January {january}, of February {months}"
        );
    }
    assert_eq!(fake.wrong(), Vec::<String>::new());
    // Later usage of January is charged by the plan that holds now.
    if then.is_some() {
        place.used((org, key), "tile", 7, time("2026-01-20T10:00:00Z")).await;
        place.advance(3_600);
        sync.pass().await.unwrap();
        let customer = database.account(org).await.unwrap().stripe_customer.unwrap();
        assert_eq!(fake.billed()[&(customer, TILE.to_owned())], used + 7);
        assert_eq!(
            fake.taken().last().unwrap().at_s,
            (place.now() + SignedDuration::ZERO).as_second()
        );
    }
}

async fn an_account_that_does_not_read_back_is_in_no_other_organisations_way(place: Place) {
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let (odd, _, _) = place.organisation("Odd", Some("coastguard")).await;
    let details = AccountDetails {
        country: "NO".to_owned(),
        ..AccountDetails::default()
    };
    place.database.set_account(odd, &details, place.now()).await.unwrap();
    place.sql("UPDATE billing_accounts SET details = '{\"odd\": 1}'").await;
    let (org, _, _) = place.organisation("Coastguard", Some("coastguard")).await;
    let fake = Fake::start(std::sync::Arc::clone(&place.now_s), 1).await;
    assert_eq!(place.sync(&fake.base).pass().await.unwrap().accounts, 1);
    let subscription = place.database.subscription(org, place.now()).await.unwrap().unwrap();
    assert!(subscription.stripe_subscription.is_some());
}
