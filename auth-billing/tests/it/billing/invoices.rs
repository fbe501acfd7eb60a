//! Closing months: what is charged, numbers without gaps, late usage on the next invoice, and nothing that is ever rewritten.

use driftline_auth_billing::{
    InvoiceDocument, LineKind, Month, Party, close_due_months, close_month, estimate, invoice_pdf, months_due,
};
use driftline_database::{AccountDetails, Deletion, ErrorKind, Invoice, PlanTerms};
use driftline_domain::OrgId;
use jiff::{SignedDuration, Timestamp};

use super::{Place, seller, terms, time};

on_both_engines! {
    a_month_is_charged_by_plan_and_usage_with_tax,
    late_usage_is_charged_on_the_next_invoice_as_it_would_have_been,
    late_usage_is_charged_after_the_plan_and_the_organisation_have_ended,
    numbers_have_no_gaps_whoever_closes_at_once,
    reverse_charge_has_no_tax_and_says_so,
    another_plan_begins_with_the_next_month,
    what_fails_of_one_organisation_stops_no_other_and_missed_months_are_closed,
    odd_plans_and_accounts_are_refused_by_name,
    who_pays_is_sealed_and_a_closed_invoice_says_it_for_good,
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

async fn close(place: &Place, org: OrgId, text: &str) -> Vec<Invoice> {
    let month = month(text);
    let now = month.until + SignedDuration::from_hours(1);
    let closing = close_month(&place.database, Some(org), month, &seller(), now).await;
    closing.unwrap().invoices
}

fn document(invoice: &Invoice) -> InvoiceDocument {
    serde_json::from_value(invoice.document.clone()).unwrap()
}

async fn a_month_is_charged_by_plan_and_usage_with_tax(place: Place) {
    place.set("2025-12-31T12:00:00Z");
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let (org, key, _) = place.organisation("Coastguard", Some("coastguard")).await;
    for (meter, units, at) in [
        ("tile", 90, "2026-01-01T00:00:00Z"),
        ("tile", 137, "2026-01-31T23:59:59Z"),
        ("features", 5, "2026-01-15T10:00:00Z"),
        ("edr", 4, "2026-01-15T10:00:00Z"),
        // Not of this month.
        ("tile", 1_000_000, "2025-12-31T23:59:59Z"),
        ("tile", 1_000_000, "2026-02-01T00:00:00Z"),
    ] {
        place.used((org, key), meter, units, time(at)).await;
    }
    let open = estimate(
        &place.database,
        org,
        month("2026-01"),
        &seller(),
        time("2026-01-20T00:00:00Z"),
    )
    .await;
    assert_eq!(open.unwrap().unwrap().number, "");
    let soon = time("2026-02-01T00:59:59Z");
    let too_soon = close_month(&place.database, Some(org), month("2026-01"), &seller(), soon).await;
    assert!(too_soon.unwrap_err().to_string().contains("an hour"));
    let closed = close(&place, org, "2026-01").await;
    let invoice = document(&closed[0]);
    let lines: Vec<_> = invoice
        .lines
        .iter()
        .map(|line| (line.kind, line.text.as_str(), line.units, line.amount_minor))
        .collect();
    let expected = [
        (LineKind::Plan, "Coastguard plan", 1, 1_000),
        (LineKind::Usage, "edr", 4, 0),
        (LineKind::Usage, "features", 5, 5),
        // 127 beyond what is included, at 3 for 10: 38.1.
        (LineKind::Usage, "tile", 227, 38),
    ];
    assert_eq!(lines, expected);
    // 25 % of 1043 is 260.75.
    let sums = (
        invoice.net_minor,
        invoice.tax_rate_bp,
        invoice.tax_minor,
        invoice.total_minor,
    );
    assert_eq!(sums, (1_043, 2_500, 261, 1_304));
    assert_eq!(
        (invoice.number.as_str(), closed[0].number, closed[0].total_minor),
        ("DL-000001", 1, 1_304)
    );
    assert_eq!(
        (invoice.buyer.name.as_str(), invoice.seller),
        ("Coastguard", seller().party)
    );
    // Closed again, also when more is known, it is the same.
    place.used((org, key), "tile", 50, time("2026-01-31T10:00:00Z")).await;
    assert_eq!(close(&place, org, "2026-01").await, closed);
    assert_eq!(
        place.database.invoice(org, closed[0].id).await.unwrap().as_ref(),
        Some(&closed[0])
    );
    let (other, _, _) = place.organisation("Other", None).await;
    assert_eq!(place.database.invoice(other, closed[0].id).await.unwrap(), None);
    assert_eq!(
        close(&place, other, "2026-01").await,
        [],
        "without a plan there is no invoice"
    );
}

async fn late_usage_is_charged_on_the_next_invoice_as_it_would_have_been(place: Place) {
    place.set("2025-11-30T12:00:00Z");
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let (org, key, _) = place.organisation("Coastguard", Some("coastguard")).await;
    place.used((org, key), "tile", 95, time("2025-12-10T00:00:00Z")).await;
    close(&place, org, "2025-12").await;
    // Of those 5 are still included in December.
    place.used((org, key), "tile", 25, time("2025-12-20T00:00:00Z")).await;
    place
        .used((org, key), "features", 3, time("2025-12-20T00:00:00Z"))
        .await;
    let january = document(&close(&place, org, "2026-01").await[0]);
    let adjustments: Vec<_> = january
        .lines
        .iter()
        .filter(|line| line.kind == LineKind::Adjustment)
        .map(|line| {
            (
                line.meter.as_deref().unwrap(),
                line.month.as_str(),
                line.units,
                line.amount_minor,
            )
        })
        .collect();
    assert_eq!(adjustments, [("features", "2025-12", 3, 3), ("tile", "2025-12", 25, 6)]);
    let february = document(&close(&place, org, "2026-02").await[0]);
    assert_eq!(february.lines.len(), 1, "nothing is charged twice");
}

async fn numbers_have_no_gaps_whoever_closes_at_once(place: Place) {
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    for number in 0..8 {
        place.organisation(&format!("Org {number}"), Some("coastguard")).await;
    }
    let month = month("2026-01");
    let now = month.until + SignedDuration::from_hours(2);
    let closers: Vec<_> = (0..4)
        .map(|_| {
            let database = place.database.clone();
            tokio::spawn(async move { close_month(&database, None, month, &seller(), now).await })
        })
        .collect();
    let mut seen = Vec::new();
    for closer in closers {
        let closed = closer.await.unwrap().unwrap();
        seen.push(
            closed
                .invoices
                .iter()
                .map(|invoice| (invoice.org, invoice.number))
                .collect::<Vec<_>>(),
        );
    }
    assert!(
        seen.windows(2).all(|two| two[0] == two[1]),
        "everybody has the same invoices"
    );
    let mut numbers: Vec<_> = seen[0].iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<i64>>());
}

async fn reverse_charge_has_no_tax_and_says_so(place: Place) {
    place.set("2025-12-31T12:00:00Z");
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let (org, _, _) = place.organisation("Coastguard", Some("coastguard")).await;
    let details = AccountDetails {
        name: "Kustbevakningen".to_owned(),
        address: vec!["Stumholmen".to_owned(), "371 23 Karlskrona".to_owned()],
        country: "SE".to_owned(),
        vat_id: "SE202100397901".to_owned(),
        email: "invoice@example.org".to_owned(),
        tax_rate_bp: None,
        reverse_charge: true,
    };
    place.database.set_account(org, &details, place.now()).await.unwrap();
    let invoice = document(&close(&place, org, "2026-01").await[0]);
    assert_eq!(
        (invoice.net_minor, invoice.tax_minor, invoice.total_minor),
        (1_000, 0, 1_000)
    );
    let buyer = Party {
        name: details.name,
        address: details.address,
        country: details.country,
        vat_id: details.vat_id,
    };
    assert_eq!((invoice.reverse_charge, &invoice.buyer), (true, &buyer));
    let pdf = invoice_pdf(&invoice, "test").unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
}

async fn another_plan_begins_with_the_next_month(place: Place) {
    let database = &place.database;
    database.put_plan("small", &terms(), place.now()).await.unwrap();
    let large = PlanTerms {
        monthly_minor: 9_300,
        ..terms()
    };
    database.put_plan("large", &large, place.now()).await.unwrap();
    let (org, _, _) = place.organisation("Coastguard", Some("small")).await;
    // Thought better of twice: the last word counts.
    for plan in [None, Some("small"), Some("large")] {
        database.assign_plan(org, plan, place.now()).await.unwrap();
    }
    let current = database.subscription(org, place.now()).await.unwrap().unwrap();
    assert_eq!(current.plan.name, "small");
    assert_eq!(current.ends_at, Some(time("2026-02-01T00:00:00Z")));
    // From the 5th on: 27 of 31 days.
    assert_eq!(document(&close(&place, org, "2026-01").await[0]).net_minor, 871);
    assert_eq!(document(&close(&place, org, "2026-02").await[0]).net_minor, 9_300);
    // A new version of a plan is for those who are given it from then on.
    let dearer = PlanTerms {
        monthly_minor: 99_999,
        ..terms()
    };
    let version = database.put_plan("large", &dearer, place.now()).await.unwrap().version;
    assert_eq!(version, 2);
    assert_eq!(
        database.put_plan("large", &dearer, place.now()).await.unwrap().version,
        2
    );
    assert_eq!(document(&close(&place, org, "2026-03").await[0]).net_minor, 9_300);
    let names: Vec<_> = database
        .plans()
        .await
        .unwrap()
        .into_iter()
        .map(|plan| (plan.name, plan.version))
        .collect();
    assert_eq!(names, [("large".to_owned(), 2), ("small".to_owned(), 1)]);
}

async fn odd_plans_and_accounts_are_refused_by_name(place: Place) {
    type Change = fn(&mut PlanTerms);
    let cases: [(&str, Change); 6] = [
        ("title", |terms| terms.title.clear()),
        ("currency", |terms| terms.currency = "eur".to_owned()),
        ("monthly_minor", |terms| terms.monthly_minor = -1),
        ("meters.tile", |terms| terms.meters.get_mut("tile").unwrap().minor = -1),
        ("meters.tile.per", |terms| terms.meters.get_mut("tile").unwrap().per = 0),
        ("stripe_prices", |terms| {
            terms.stripe_prices = vec!["price/../x".to_owned()]
        }),
    ];
    for (word, spoil) in cases {
        let mut odd = terms();
        spoil(&mut odd);
        let error = place.database.put_plan("odd", &odd, place.now()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
    assert!(
        place
            .database
            .put_plan("Odd Name", &terms(), place.now())
            .await
            .is_err()
    );
    let (org, _, _) = place.organisation("Coastguard", None).await;
    let missing = place.database.assign_plan(org, Some("nothing"), place.now()).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    let without_number = AccountDetails {
        reverse_charge: true,
        ..AccountDetails::default()
    };
    let refused = place.database.set_account(org, &without_number, place.now()).await;
    assert!(refused.unwrap_err().to_string().contains("vat_id"));
}

async fn late_usage_is_charged_after_the_plan_and_the_organisation_have_ended(place: Place) {
    place.set("2025-11-30T12:00:00Z");
    let database = &place.database;
    database.put_plan("coastguard", &terms(), place.now()).await.unwrap();
    let (org, key, _) = place.organisation("Coastguard", Some("coastguard")).await;
    place.used((org, key), "tile", 95, time("2025-12-10T00:00:00Z")).await;
    let mut change = database.account_change("test").await.unwrap();
    let done = change
        .delete_organisation(org, time("2025-12-20T00:00:00Z"))
        .await
        .unwrap();
    assert!(matches!(done, Deletion::Done(_)), "{done:?}");
    change.commit().await.unwrap();
    let due = |now: &str| {
        let now = time(now);
        async move {
            close_due_months(database, &seller(), SignedDuration::from_hours(24), now)
                .await
                .unwrap()
        }
    };
    let last = due("2026-01-02T00:00:00Z").await.invoices;
    let periods: Vec<Timestamp> = last.iter().map(|invoice| invoice.period_from).collect();
    assert_eq!(periods, [time("2025-11-01T00:00:00Z"), time("2025-12-01T00:00:00Z")]);
    assert_eq!(document(&last[1]).buyer.name, "Coastguard");
    assert_eq!(due("2026-02-02T00:00:00Z").await.invoices, [], "nothing came late");
    // What the log of a node at sea has when it comes back: 5 of it are still included in December.
    place.used((org, key), "tile", 25, time("2025-12-15T00:00:00Z")).await;
    // And what nobody had a plan for.
    place
        .used((org, key), "tile", 1_000, time("2026-01-03T00:00:00Z"))
        .await;
    let late = due("2026-03-02T00:00:00Z").await.invoices;
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].period_from, time("2026-02-01T00:00:00Z"));
    let document = document(&late[0]);
    let lines: Vec<_> = document
        .lines
        .iter()
        .map(|line| (line.kind, line.month.as_str(), line.units, line.amount_minor))
        .collect();
    // 20 beyond what is included, at 3 for 10.
    assert_eq!(lines, [(LineKind::Adjustment, "2025-12", 25, 6)]);
    assert_eq!(
        (document.buyer.name.as_str(), document.collected_by_stripe),
        ("Coastguard", false)
    );
    assert_eq!(due("2026-03-03T00:00:00Z").await.invoices, [], "once");
    assert_eq!(due("2026-04-02T00:00:00Z").await.invoices, []);
}

async fn what_fails_of_one_organisation_stops_no_other_and_missed_months_are_closed(place: Place) {
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let mut orgs = Vec::new();
    for name in ["A", "B", "C"] {
        let (org, _, _) = place.organisation(name, Some("coastguard")).await;
        let details = AccountDetails {
            country: format!("{name}{name}"),
            ..AccountDetails::default()
        };
        place.database.set_account(org, &details, place.now()).await.unwrap();
        orgs.push(org);
    }
    orgs.sort();
    // Whichever comes first in the order of closing is the one that fails.
    let country = place.database.account(orgs[0]).await.unwrap().details.country;
    let (damage, mend) = match country.as_str() {
        "AA" => (
            "UPDATE billing_accounts SET details = '{\"odd\": \"AA\"}' WHERE details LIKE '%\"AA\"%'",
            "UPDATE billing_accounts SET details = '{}' WHERE details LIKE '%\"AA\"%'",
        ),
        "BB" => (
            "UPDATE billing_accounts SET details = '{\"odd\": \"BB\"}' WHERE details LIKE '%\"BB\"%'",
            "UPDATE billing_accounts SET details = '{}' WHERE details LIKE '%\"BB\"%'",
        ),
        _ => (
            "UPDATE billing_accounts SET details = '{\"odd\": \"CC\"}' WHERE details LIKE '%\"CC\"%'",
            "UPDATE billing_accounts SET details = '{}' WHERE details LIKE '%\"CC\"%'",
        ),
    };
    place.sql(damage).await;
    let january = month("2026-01");
    let now = january.until + SignedDuration::from_hours(1);
    let closing = close_month(&place.database, None, january, &seller(), now)
        .await
        .unwrap();
    let of = |closing: &driftline_auth_billing::Closing| -> Vec<OrgId> {
        closing.invoices.iter().map(|invoice| invoice.org).collect()
    };
    assert_eq!(of(&closing), orgs[1..]);
    let failed: Vec<OrgId> = closing.failed.iter().map(|(org, _)| *org).collect();
    assert_eq!(failed, orgs[..1]);
    // Nobody closes anything until April.
    let after = SignedDuration::from_hours(24);
    let now = month("2026-03").until + after;
    assert_eq!(months_due(&place.database, after, now).await.unwrap(), 3 + 2 + 2);
    let closing = close_due_months(&place.database, &seller(), after, now).await.unwrap();
    assert_eq!(of(&closing), [orgs[1], orgs[1], orgs[2], orgs[2]]);
    assert_eq!(closing.failed.len(), 1, "those behind one that fails wait");
    place.sql(mend).await;
    let closing = close_due_months(&place.database, &seller(), after, now).await.unwrap();
    let months: Vec<String> = closing
        .invoices
        .iter()
        .map(|invoice| invoice.period_from.strftime("%Y-%m").to_string())
        .collect();
    assert_eq!(months, ["2026-01", "2026-02", "2026-03"]);
    let numbers: Vec<i64> = closing.invoices.iter().map(|invoice| invoice.number).collect();
    assert_eq!(numbers, [7, 8, 9]);
    assert_eq!(months_due(&place.database, after, now).await.unwrap(), 0);
    let again = close_due_months(&place.database, &seller(), after, now).await.unwrap();
    assert!(again.invoices.is_empty() && again.failed.is_empty());
}

async fn who_pays_is_sealed_and_a_closed_invoice_says_it_for_good(place: Place) {
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let (org, _, _) = place.organisation("Coastguard", Some("coastguard")).await;
    let details = AccountDetails {
        name: "Kari Nordmann".to_owned(),
        address: vec!["Kaia 7".to_owned(), "5003 Bergen".to_owned()],
        country: "NO".to_owned(),
        vat_id: "NO987654321MVA".to_owned(),
        email: "kari@example.org".to_owned(),
        tax_rate_bp: Some(1_200),
        reverse_charge: false,
    };
    place.database.set_account(org, &details, place.now()).await.unwrap();
    assert_eq!(place.database.account(org).await.unwrap().details, details);
    let stored = place.text("SELECT details FROM billing_accounts").await;
    for personal in ["Kari", "Kaia", "5003", "987654321", "kari@"] {
        assert!(!stored.contains(personal), "{stored}");
        assert!(!format!("{details:?}").contains(personal));
    }
    let sealed = place
        .text("SELECT CAST(length(sealed) AS TEXT) FROM billing_accounts")
        .await;
    assert!(sealed.parse::<usize>().unwrap() > 100);
    let closed = close(&place, org, "2026-01").await;
    let bytes = |invoice: &Invoice| {
        (
            invoice.document.to_string(),
            invoice_pdf(&document(invoice), "test").unwrap(),
        )
    };
    let before = bytes(&closed[0]);
    assert!(before.0.contains("Kari Nordmann") && before.0.contains("NO987654321MVA"));
    // The payer goes, or another master key comes: what was closed is a record of its own.
    let nobody = AccountDetails::default();
    place.database.set_account(org, &nobody, place.now()).await.unwrap();
    assert_eq!(bytes(&close(&place, org, "2026-01").await[0]), before);
    place.database.set_account(org, &details, place.now()).await.unwrap();
    let other = driftline_auth_billing::MasterKey::generate().unwrap();
    let other = place
        .database
        .clone()
        .with_sealing(driftline_auth_billing::account_sealing(&other));
    let error = other.account(org).await.unwrap_err().to_string();
    assert!(error.contains("does not open") && !error.contains("Kari"), "{error}");
    assert_eq!(bytes(&other.invoices(org, i64::MAX, 1).await.unwrap()[0]), before);
}
