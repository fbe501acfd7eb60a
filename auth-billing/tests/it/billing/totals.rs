//! Whatever fails on the way: what Stripe adds up, what the ledger says and what invoices say is the same.

use std::collections::BTreeMap;
use std::time::Duration;

use driftline_auth_billing::{InvoiceDocument, LineKind, Month, close_month};
use driftline_database::{MISSION_METER, NewMission, NewRun, PlanTerms, Work};
use driftline_domain::{KeyId, MissionId, OBJECT_CLASSES, OrgId, RunId, ValidTime};
use jiff::{SignedDuration, Timestamp};

use super::fake::{Fake, Fate};
use super::{Place, seller, terms, time};

on_both_engines! {
    totals_are_the_same_over_random_failures,
    an_answer_that_was_lost_is_found_in_the_summaries_a_day_later,
    a_request_that_was_lost_is_sent_again_a_day_later,
    an_hour_is_told_when_it_is_over_and_late_usage_as_a_difference,
    what_credit_has_paid_is_neither_told_nor_charged,
    accounts_and_plans_come_to_stripe_once_and_end_there,
}

const METERS: [&str; 3] = ["tile", "features", MISSION_METER];
const ROUNDS: usize = 40;

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % bound).unwrap()
    }
}

async fn customers(place: &Place, count: usize) -> Vec<(OrgId, KeyId)> {
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let mut customers = Vec::new();
    for number in 0..count {
        let (org, key, _) = place
            .organisation(&format!("Coastguard {number}"), Some("coastguard"))
            .await;
        customers.push((org, key));
    }
    customers
}

/// Units by organisation and meter in the ledger.
async fn ledger(place: &Place, customers: &[(OrgId, KeyId)]) -> BTreeMap<(OrgId, String), i64> {
    let mut sums = BTreeMap::new();
    for (org, _) in customers {
        let hours = place
            .database
            .usage_hours(*org, Timestamp::UNIX_EPOCH, time("2030-01-01T00:00:00Z"))
            .await
            .unwrap();
        for hour in hours {
            *sums.entry((*org, hour.meter)).or_insert(0) += hour.units;
        }
        let late = place
            .database
            .late_usage(*org, Timestamp::UNIX_EPOCH, time("2030-01-01T00:00:00Z"))
            .await
            .unwrap();
        for late in late {
            *sums.entry((*org, late.meter)).or_insert(0) += late.units;
        }
    }
    sums
}

async fn at_stripe(place: &Place, fake: &Fake, customers: &[(OrgId, KeyId)]) -> BTreeMap<(OrgId, String), i64> {
    let totals = fake.totals();
    let mut sums = BTreeMap::new();
    for (org, _) in customers {
        let customer = place.database.account(*org).await.unwrap().stripe_customer.unwrap();
        for meter in METERS {
            let name = format!("driftline_{}", meter.replace('.', "_"));
            if let Some(units) = totals.get(&(customer.clone(), name)) {
                sums.insert((*org, meter.to_owned()), *units);
            }
        }
    }
    sums
}

async fn on_invoices(place: &Place, customers: &[(OrgId, KeyId)]) -> BTreeMap<(OrgId, String), i64> {
    let mut sums = BTreeMap::new();
    for (org, _) in customers {
        for invoice in place.database.invoices(*org, i64::MAX, 100).await.unwrap() {
            let document: InvoiceDocument = serde_json::from_value(invoice.document).unwrap();
            for line in document.lines {
                if matches!(line.kind, LineKind::Usage | LineKind::Adjustment) {
                    *sums.entry((*org, line.meter.unwrap())).or_insert(0) += line.units;
                }
            }
        }
    }
    sums
}

async fn totals_are_the_same_over_random_failures(place: Place) {
    let customers = customers(&place, 3).await;
    let began = place.now();
    let fake = Fake::start(std::sync::Arc::clone(&place.now_s), 20_260_105).await;
    let nodes = [place.sync(&fake.base), place.sync(&fake.base)];
    nodes[0].pass().await.unwrap();
    fake.fail(450);
    let mut chance = Chance(7);
    for _ in 0..ROUNDS {
        for _ in 0..chance.below(6) {
            let customer = customers[chance.below(3) as usize];
            let meter = METERS[chance.below(3) as usize];
            // Some of it is from an offline node and days late.
            let ago = if chance.below(5) == 0 {
                chance.below(5 * 86_400)
            } else {
                chance.below(7_200)
            };
            let at = (place.now() - SignedDuration::from_secs(ago)).max(began);
            place.used(customer, meter, 1 + chance.below(500), at).await;
        }
        // Mostly minutes pass, at times a day: then identifiers are forgotten.
        place.advance(match chance.below(6) {
            0 => 23 * 3_600 + chance.below(4 * 3_600),
            1 => 3_600,
            _ => 60 + chance.below(1_200),
        });
        if chance.below(4) == 0 {
            // A process that dies in the middle.
            let _ = tokio::time::timeout(Duration::from_millis(15), nodes[0].pass()).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        } else {
            let (one, other) = tokio::join!(nodes[0].pass(), nodes[1].pass());
            one.unwrap();
            other.unwrap();
        }
    }
    let failures = fake.failures();
    assert_eq!(failures.len(), 5, "every failure happened: {failures:?}");
    fake.fail(0);
    // The last hour ends, and what was under way when a process died is in nobody's hand any more.
    place.advance(3 * 3_600);
    let mut passes = 0;
    loop {
        nodes[0].pass().await.unwrap();
        let (waiting, refused) = place.database.meter_events_waiting().await.unwrap();
        assert_eq!(refused, 0);
        if waiting == 0 {
            break;
        }
        passes += 1;
        assert!(passes < 60, "{waiting} events still wait");
        place.advance(3 * 3_600);
    }
    assert_eq!(fake.wrong(), Vec::<String>::new());
    let expected = ledger(&place, &customers).await;
    assert!(expected.len() >= 8, "{expected:?}");
    assert_eq!(at_stripe(&place, &fake, &customers).await, expected);
    // Closed one after the other, the first before the last of its usage is known.
    let first = Month::of(began).unwrap();
    place.set("2026-02-01T02:00:00Z");
    place
        .now_s
        .fetch_max(first.until.as_second() + 7_200, std::sync::atomic::Ordering::SeqCst);
    close_month(&place.database, None, first, &seller(), place.now())
        .await
        .unwrap();
    place.used(customers[0], "tile", 77, time("2026-01-20T10:00:00Z")).await;
    // Of a closed month Stripe is told as of now, where it is still charged.
    nodes[0].pass().await.unwrap();
    assert_eq!(
        at_stripe(&place, &fake, &customers).await,
        ledger(&place, &customers).await
    );
    assert_eq!(fake.taken().last().unwrap().at_s, place.now().as_second());
    for month in ["2026-02", "2026-03", "2026-04", "2026-05"] {
        let month: Month = month.parse().unwrap();
        let now = month.until + SignedDuration::from_hours(2);
        place.now_s.store(now.as_second(), std::sync::atomic::Ordering::SeqCst);
        close_month(&place.database, None, month, &seller(), now).await.unwrap();
    }
    assert_eq!(on_invoices(&place, &customers).await, ledger(&place, &customers).await);
}

async fn an_answer_that_was_lost_is_found_in_the_summaries_a_day_later(place: Place) {
    lost(place, Fate::LostAfter).await;
}

async fn a_request_that_was_lost_is_sent_again_a_day_later(place: Place) {
    lost(place, Fate::LostBefore).await;
}

/// Every attempt of an hour is lost; after that nobody asks for more than a day.
async fn lost(place: Place, fate: Fate) {
    let customers = customers(&place, 1).await;
    let fake = Fake::start(std::sync::Arc::clone(&place.now_s), 1).await;
    let sync = place.sync(&fake.base);
    sync.pass().await.unwrap();
    place.used(customers[0], "tile", 40, place.now()).await;
    place.advance(3 * 3_600);
    fake.always(Some(fate));
    for _ in 0..6 {
        assert_eq!(sync.pass().await.unwrap().told, 0);
        place.advance(600);
    }
    assert_eq!(fake.taken().len(), usize::from(fate == Fate::LostAfter));
    fake.always(None);
    place.advance(30 * 3_600);
    assert_eq!(sync.pass().await.unwrap().told, 1);
    let taken = fake.taken();
    assert_eq!(taken.iter().map(|one| one.value).sum::<i64>(), 40, "{taken:?}");
    assert_eq!(taken.len(), 1, "sent again only where it had not arrived");
    assert_eq!(sync.pass().await.unwrap().told, 0);
    assert_eq!(fake.wrong(), Vec::<String>::new());
}

async fn an_hour_is_told_when_it_is_over_and_late_usage_as_a_difference(place: Place) {
    let customers = customers(&place, 1).await;
    let fake = Fake::start(std::sync::Arc::clone(&place.now_s), 1).await;
    let sync = place.sync(&fake.base);
    sync.pass().await.unwrap();
    let first = place.now();
    place.used(customers[0], MISSION_METER, 6_000, first).await;
    place.advance(3_600);
    assert_eq!(sync.pass().await.unwrap().queued, 0, "the hour is still open");
    place.advance(3_600);
    let passed = sync.pass().await.unwrap();
    assert_eq!((passed.queued, passed.told), (1, 1));
    // Late usage of the same hour is a further difference.
    place.used(customers[0], MISSION_METER, 11, first).await;
    assert_eq!(sync.pass().await.unwrap().told, 1);
    let taken = fake.taken();
    assert_eq!(taken.iter().map(|one| one.value).collect::<Vec<_>>(), [6_000, 11]);
    assert_ne!(taken[0].identifier, taken[1].identifier);
    assert!(taken.iter().all(|one| one.at_s == first.as_second()));
}

async fn accounts_and_plans_come_to_stripe_once_and_end_there(place: Place) {
    let customers = customers(&place, 2).await;
    let fake = Fake::start(std::sync::Arc::clone(&place.now_s), 1).await;
    let nodes = [place.sync(&fake.base), place.sync(&fake.base)];
    assert_eq!(nodes[0].pass().await.unwrap().accounts, 2);
    assert_eq!(nodes[1].pass().await.unwrap().accounts, 0);
    assert_eq!((fake.customers().len(), fake.subscriptions().len()), (2, 2));
    assert_eq!(
        fake.subscriptions()[0]["prices"],
        serde_json::json!(["price_month", "price_tiles"])
    );
    // Without a plan from the next month on.
    let ended = place
        .database
        .assign_plan(customers[0].0, None, place.now())
        .await
        .unwrap();
    assert!(ended.is_none());
    assert_eq!(nodes[0].pass().await.unwrap().accounts, 0);
    place.set("2026-02-01T00:59:59Z");
    assert_eq!(
        nodes[0].pass().await.unwrap().accounts,
        0,
        "usage of its last hour may still come"
    );
    place.set("2026-02-01T01:00:01Z");
    assert_eq!(nodes[0].pass().await.unwrap().accounts, 1);
    assert_eq!(nodes[1].pass().await.unwrap().accounts, 0);
    let states: Vec<_> = fake.subscriptions().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(
        states.iter().filter(|state| *state == "canceled").count(),
        1,
        "{states:?}"
    );
}

async fn what_credit_has_paid_is_neither_told_nor_charged(place: Place) {
    let prepaid = PlanTerms {
        prepaid: true,
        ..terms()
    };
    place.database.put_plan("prepaid", &prepaid, place.now()).await.unwrap();
    let (org, key, _) = place.organisation("Coastguard", Some("prepaid")).await;
    place
        .database
        .grant_credit(org, 10_000, "first", place.now())
        .await
        .unwrap();
    let fake = Fake::start(std::sync::Arc::clone(&place.now_s), 1).await;
    let sync = place.sync(&fake.base);
    sync.pass().await.unwrap();
    // One mission paid by credit, and particle-hours of before the credit, which nobody has paid.
    computed(&place, (org, key), 4_500).await;
    place.used((org, key), MISSION_METER, 3_000, place.now()).await;
    place.advance(2 * 3_600);
    sync.pass().await.unwrap();
    let taken = fake.taken();
    assert_eq!(taken.iter().map(|one| one.value).collect::<Vec<_>>(), [3_000]);
    let month: Month = "2026-01".parse().unwrap();
    let now = month.until + SignedDuration::from_hours(1);
    let closed = close_month(&place.database, Some(org), month, &seller(), now)
        .await
        .unwrap();
    let document: InvoiceDocument = serde_json::from_value(closed.invoices[0].document.clone()).unwrap();
    let lines: Vec<_> = document
        .lines
        .iter()
        .map(|line| (line.kind, line.units, line.amount_minor))
        .collect();
    let expected = [
        (LineKind::Plan, 1, 871),
        (LineKind::Usage, 3_000, 6),
        (LineKind::PaidByCredit, 4_500, 0),
    ];
    assert_eq!(lines, expected);
    assert_eq!(place.database.credit_balance(org).await.unwrap(), 5_500);
}

/// A mission that was accepted, computed and charged so much.
async fn computed(place: &Place, (org, key): (OrgId, KeyId), charge_units: i64) {
    let spec = serde_json::json!({
        "name": "x", "description": null, "position": {"lat": 60.0, "lon": 4.0}, "time": "2026-01-01T00:00:00Z",
        "object": OBJECT_CLASSES[0].key, "radius_m": 100.0, "forecast_hours": 6, "ensemble_size": 1000,
        "priority": "normal", "distress": false, "mode": "operational", "step_s": 600, "output_interval_s": 3600,
        "seed": null, "forcing": [], "current_error": null
    });
    let new = NewMission {
        id: MissionId::generate(),
        org,
        created_by: key,
        spec: serde_json::from_value(spec).unwrap(),
        warnings: Vec::new(),
        idempotency: None,
        created_at: place.now(),
    };
    place.database.create_mission(new).await.unwrap();
    let lease = Duration::from_secs(30);
    let leased = place.database.lease_job("node/1", Work::All, lease, place.now()).await;
    let leased = leased.unwrap().unwrap();
    let run = NewRun {
        id: RunId::generate(),
        valid_from: ValidTime(place.now()),
        valid_until: ValidTime(place.now()),
        bbox: [4.0, 60.0, 5.0, 61.0],
        summary: serde_json::json!({}),
        features: Vec::new(),
        charge_units,
    };
    let done = place
        .database
        .complete_job(leased.job, leased.token, run, "node", place.now())
        .await;
    assert!(done.unwrap().is_some());
}
