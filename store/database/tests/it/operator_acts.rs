//! What whoever runs the installation does stands in the audit log, as `system`, in the transaction of the act; what changed
//! nothing does not.

use driftline_database::{AccountDetails, AuditFilter, Failure, InvoiceDraft, Quota, QuotaPeriod};
use driftline_domain::OrgId;

use crate::credit::prepaid;
use crate::{Place, at};

on_both_engines! {
    what_operators_do_is_on_record_once,
    an_act_that_fails_leaves_no_entry,
}

async fn acts(place: &Place, org: Option<OrgId>) -> Vec<String> {
    let filter = AuditFilter {
        oldest_first: true,
        ..AuditFilter::default()
    };
    let entries = place.database.audit_entries(org, &filter, 100).await.unwrap();
    assert!(entries.iter().all(|entry| entry.actor == "system"));
    entries.into_iter().map(|entry| entry.action).collect()
}

async fn what_operators_do_is_on_record_once(place: Place) {
    let database = &place.database;
    for _ in 0..2 {
        database.put_plan("plan", &prepaid(), at(0)).await.unwrap();
        database.assign_plan(place.org, Some("plan"), at(0)).await.unwrap();
        database.grant_credit(place.org, 50_000, "first", at(1)).await.unwrap();
        let quota = Quota {
            org: place.org,
            meter: "tile".to_owned(),
            period: QuotaPeriod::Day,
            soft: None,
            hard: None,
        };
        database.set_quota(&quota, at(2)).await.unwrap();
        database.pause_queue(true, at(3)).await.unwrap();
        database.retry_refused_meter_events(at(3)).await.unwrap();
    }
    database.pause_queue(false, at(4)).await.unwrap();
    let details = AccountDetails {
        country: "NO".to_owned(),
        ..AccountDetails::default()
    };
    database.set_account(place.org, &details, at(5)).await.unwrap();
    let quota = Quota {
        org: place.org,
        meter: "tile".to_owned(),
        period: QuotaPeriod::Day,
        soft: Some(5),
        hard: None,
    };
    database.set_quota(&quota, at(6)).await.unwrap();
    // A job that failed for good, is tried again, and is cancelled.
    place.create(place.new_mission("boat", 7)).await;
    let leased = place.lease("node/1", 8).await.unwrap();
    let failed = database.fail_job(leased.job, leased.token, "odd", "odd", Failure::Final, at(9));
    assert!(failed.await.unwrap());
    for done in [true, false] {
        assert_eq!(database.retry_job(leased.job, at(10)).await.unwrap(), done);
    }
    let job = database.queue_job(leased.job).await.unwrap().unwrap();
    for done in [true, false] {
        assert_eq!(database.cancel_job(&job, at(11)).await.unwrap(), done);
    }
    database.assign_plan(place.org, None, at(12)).await.unwrap();
    let january = (at(0), at(31 * 86_400));
    for _ in 0..2 {
        let closed = database.close_invoice(place.org, january, at(32 * 86_400), |_, _| {
            Ok(InvoiceDraft {
                total_minor: 7,
                document: serde_json::json!({}),
            })
        });
        closed.await.unwrap().unwrap();
    }
    assert_eq!(
        acts(&place, Some(place.org)).await,
        [
            "plan.assigned",
            "credit.granted",
            "billing_account.set",
            "quota.set",
            "job.retried",
            "job.cancelled",
            "plan.assigned",
            "invoice.closed"
        ]
    );
    assert_eq!(acts(&place, None).await, ["plan.made", "queue.drained", "queue.opened"]);
    for org in [Some(place.org), None] {
        assert_eq!(database.verify_audit(org).await.unwrap().broken_at, None);
    }
}

async fn an_act_that_fails_leaves_no_entry(place: Place) {
    let database = &place.database;
    database
        .assign_plan(place.org, Some("none of this name"), at(0))
        .await
        .unwrap_err();
    database
        .grant_credit(OrgId::generate(), 5, "first", at(0))
        .await
        .unwrap_err();
    let personal = AccountDetails {
        name: "Kari Nordmann".to_owned(),
        ..AccountDetails::default()
    };
    // Nobody has the master key here.
    let error = database.set_account(place.org, &personal, at(0)).await.unwrap_err();
    assert!(error.to_string().contains("the master key is needed"), "{error}");
    assert!(acts(&place, Some(place.org)).await.is_empty() && acts(&place, None).await.is_empty());
}
