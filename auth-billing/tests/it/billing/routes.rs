//! The routes: what an organisation sees of its own billing and of nobody else's, and webhooks, of which only Stripe's count.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use driftline_auth_billing::{
    Auth, BillingParts, Month, WebhookSecret, billing_router, close_month, create_key, webhook_router,
};
use driftline_compute::Compute;
use driftline_domain::OrgId;
use hmac::{Hmac, Mac};
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;
use tower::ServiceExt;

use super::fake::Fake;
use super::{Place, seller, terms, time};

on_both_engines! {
    an_organisation_sees_its_plan_its_credit_and_its_invoices,
    a_foreign_invoice_is_not_there,
    a_payment_method_is_entered_at_stripe_and_then_used,
    forged_and_repeated_webhooks_change_nothing,
    events_count_in_the_order_of_their_making,
    a_payment_method_that_was_detached_is_not_set_by_older_news,
    news_of_what_is_not_known_yet_are_sent_again,
    what_is_not_set_up_says_so,
}

const SECRET: &str = "whsec_of_tests";

fn router(place: &Place, stripe: Option<&str>) -> Router {
    let parts = BillingParts {
        database: place.database.clone(),
        clock: place.clock(),
        seller: seller(),
        stripe: stripe.map(|base| place.sync(base)),
        webhook_secret: stripe.map(|_| WebhookSecret::from(SECRET.to_owned())),
        compute: Compute::new(1).unwrap(),
        public_url: Arc::new(|_, _| Ok("https://sar.example.org/drift".to_owned())),
        version: "test",
    };
    let auth = Auth::new(place.database.clone(), place.clock());
    auth.wrap(billing_router(parts.clone())).merge(webhook_router(parts))
}

async fn ask(router: &Router, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    (status, to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec())
}

async fn call(router: &Router, method: Method, path: &str, key: &str) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-api-key", key)
        .body(Body::empty())
        .unwrap();
    let (status, body) = ask(router, request).await;
    (status.as_u16(), serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn signature(secret: &str, t: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{t}.{body}").as_bytes());
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={t},v1={hex}")
}

async fn hook(router: &Router, header: &str, body: &str) -> u16 {
    let request = Request::post("/v1/billing/webhooks/stripe")
        .header("stripe-signature", header)
        .body(Body::from(body.to_owned()))
        .unwrap();
    ask(router, request).await.0.as_u16()
}

/// An event as Stripe sends it, signed now.
async fn event(place: &Place, router: &Router, id: &str, kind: &str, made_s: i64, object: Value) -> u16 {
    let body =
        json!({"id": id, "type": kind, "created": made_s, "livemode": false, "data": {"object": object}}).to_string();
    hook(router, &signature(SECRET, place.now().as_second(), &body), &body).await
}

async fn subscribed(place: &Place) -> (OrgId, String) {
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let (org, _, key) = place.organisation("Coastguard", Some("coastguard")).await;
    (org, key)
}

async fn an_organisation_sees_its_plan_its_credit_and_its_invoices(place: Place) {
    let (org, key) = subscribed(&place).await;
    let router = router(&place, None);
    let get = |path: &'static str| call(&router, Method::GET, path, &key);
    let (status, plans) = get("/v1/billing/plans").await;
    assert_eq!((status, &plans["plans"][0]["meters"]["tile"]["per"]), (200, &json!(10)));
    assert!(plans["plans"][0].get("stripe_prices").is_none());
    let (_, subscription) = get("/v1/billing/subscription").await;
    assert_eq!(subscription["subscription"]["plan"]["name"], "coastguard");
    for number in 0..3 {
        let reference = format!("transfer {number}");
        place
            .database
            .grant_credit(org, 100, &reference, place.now())
            .await
            .unwrap();
    }
    let (_, credits) = get("/v1/billing/credits?limit=2").await;
    assert_eq!(
        (&credits["balance"], credits["entries"].as_array().unwrap().len()),
        (&json!(300), 2)
    );
    let next = format!("/v1/billing/credits?limit=2&before={}", credits["next"]);
    let (_, rest) = call(&router, Method::GET, &next, &key).await;
    assert_eq!(
        (rest["entries"].as_array().unwrap().len(), &rest["next"]),
        (1, &Value::Null)
    );
    let month: Month = "2026-01".parse().unwrap();
    close_month(&place.database, None, month, &seller(), time("2026-02-01T02:00:00Z"))
        .await
        .unwrap();
    let (_, listed) = get("/v1/billing/invoices").await;
    let id = listed["invoices"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed["invoices"][0]["number"], "DL-000001");
    assert_eq!(listed["estimate"]["currency"], "EUR");
    let (_, shown) = call(&router, Method::GET, &format!("/v1/billing/invoices/{id}"), &key).await;
    assert_eq!(shown["invoice"]["lines"][0]["text"], "Coastguard plan");
    let pdf = Request::get(format!("/v1/billing/invoices/{id}.pdf"))
        .header("x-api-key", &key)
        .body(Body::empty())
        .unwrap();
    let (status, bytes) = ask(&router, pdf).await;
    assert!(status == 200 && bytes.starts_with(b"%PDF-"), "{status}");
    for (path, status) in [
        ("/v1/billing/credits?limit=0", 422),
        ("/v1/billing/credits?limit=101", 422),
        ("/v1/billing/credits?before=x", 400),
        ("/v1/billing/plans?x=1", 400),
        ("/v1/billing/invoices/inv_nothing", 404),
        ("/v1/billing/invoices/.pdf", 404),
    ] {
        assert_eq!(call(&router, Method::GET, path, &key).await.0, status, "{path}");
    }
    assert_eq!(call(&router, Method::GET, "/v1/billing/plans", "dls_x").await.0, 401);
}

async fn a_foreign_invoice_is_not_there(place: Place) {
    let (_, key) = subscribed(&place).await;
    let (other, _, _) = place.organisation("Other", Some("coastguard")).await;
    let month: Month = "2026-01".parse().unwrap();
    let now = time("2026-02-01T02:00:00Z");
    let closed = close_month(&place.database, Some(other), month, &seller(), now).await;
    let id = closed.unwrap().invoices[0].id;
    let router = router(&place, None);
    for path in [
        format!("/v1/billing/invoices/{id}"),
        format!("/v1/billing/invoices/{id}.pdf"),
    ] {
        assert_eq!(call(&router, Method::GET, &path, &key).await.0, 404, "{path}");
    }
    let (_, listed) = call(&router, Method::GET, "/v1/billing/invoices", &key).await;
    assert_eq!(listed["invoices"], json!([]));
}

async fn a_payment_method_is_entered_at_stripe_and_then_used(place: Place) {
    let (org, key) = subscribed(&place).await;
    let fake = Fake::start(Arc::clone(&place.now_s), 1).await;
    let router = router(&place, Some(&fake.base));
    let scopes = "usage:read".parse().unwrap();
    let (reader, _) = create_key(&place.database, org, "reader", &scopes, None, place.now())
        .await
        .unwrap();
    let (status, _) = call(&router, Method::POST, "/v1/billing/payment-methods", reader.expose()).await;
    assert_eq!(status, 403);
    let (status, answer) = call(&router, Method::POST, "/v1/billing/payment-methods", &key).await;
    assert_eq!((status, &answer["url"]), (201, &json!("https://pay.test/cus_0")));
    let made_s = place.now().as_second();
    let object = json!({"id": "pm_1", "object": "payment_method", "customer": "cus_0"});
    assert_eq!(
        event(&place, &router, "evt_1", "payment_method.attached", made_s, object).await,
        200
    );
    let (_, shown) = call(&router, Method::GET, "/v1/billing/subscription", &key).await;
    assert_eq!(shown["has_payment_method"], true);
    let sync = place.sync(&fake.base);
    assert_eq!(
        sync.pass().await.unwrap().accounts,
        2,
        "subscription and payment method"
    );
    assert_eq!(sync.pass().await.unwrap().accounts, 0);
    assert_eq!(fake.customers()[0]["default_payment_method"], "pm_1");
    let object = json!({"id": "pm_1", "object": "payment_method", "customer": null});
    assert_eq!(
        event(&place, &router, "evt_2", "payment_method.detached", made_s, object).await,
        200
    );
    let (_, shown) = call(&router, Method::GET, "/v1/billing/subscription", &key).await;
    assert_eq!(shown["has_payment_method"], false);
}

fn invoice_object(status: &str, paid: i64) -> Value {
    json!({"id": "in_1", "object": "invoice", "customer": "cus_0", "status": status, "currency": "eur",
        "amount_due": 1_304, "amount_paid": paid})
}

async fn forged_and_repeated_webhooks_change_nothing(place: Place) {
    let (org, key) = subscribed(&place).await;
    let fake = Fake::start(Arc::clone(&place.now_s), 1).await;
    place.sync(&fake.base).pass().await.unwrap();
    let router = router(&place, Some(&fake.base));
    let now_s = place.now().as_second();
    let body = json!({"id": "evt_9", "type": "invoice.paid", "created": now_s,
        "data": {"object": invoice_object("paid", 1_304)}})
    .to_string();
    let good = signature(SECRET, now_s, &body);
    for (header, sent) in [
        (String::new(), body.clone()),
        (signature("whsec_of_somebody", now_s, &body), body.clone()),
        (signature(SECRET, now_s - 301, &body), body.clone()),
        (signature(SECRET, now_s + 301, &body), body.clone()),
        (good.clone(), body.replace("1304", "9304")),
        (good.replace("v1=", "v0="), body.clone()),
        (good[..good.len() - 2].to_owned(), body.clone()),
    ] {
        assert_eq!(hook(&router, &header, &sent).await, 400, "{header}");
    }
    let twice = Request::post("/v1/billing/webhooks/stripe")
        .header("stripe-signature", signature("whsec_of_somebody", now_s, &body))
        .header("stripe-signature", &good)
        .body(Body::from(body.clone()))
        .unwrap();
    assert_eq!(ask(&router, twice).await.0, 400);
    let large = "x".repeat(300 * 1024);
    assert_eq!(hook(&router, &signature(SECRET, now_s, &large), &large).await, 413);
    assert_eq!(
        hook(&router, &signature(SECRET, now_s, "no json"), "no json").await,
        400
    );
    assert_eq!(place.database.stripe_invoices(org).await.unwrap(), []);
    assert_eq!(hook(&router, &good, &body).await, 200);
    assert_eq!(place.database.stripe_invoices(org).await.unwrap()[0].status, "paid");
    // The same event in other words, signed: it was heeded already.
    let object = invoice_object("void", 0);
    assert_eq!(
        event(&place, &router, "evt_9", "invoice.voided", now_s + 60, object).await,
        200
    );
    assert_eq!(place.database.stripe_invoices(org).await.unwrap()[0].status, "paid");
    // Of customers that are not ours, and of sorts that nobody knows.
    let mut foreign = invoice_object("paid", 1);
    (foreign["id"], foreign["customer"]) = (json!("in_2"), json!("cus_foreign"));
    // It may be one that is about to be noted: Stripe sends it again, and after two hours it is somebody else's for good.
    for (made_s, status) in [(now_s, 503), (now_s - 7_199, 503), (now_s - 7_200, 200)] {
        let foreign = foreign.clone();
        assert_eq!(
            event(&place, &router, "evt_10", "invoice.paid", made_s, foreign).await,
            status
        );
    }
    assert_eq!(
        event(&place, &router, "evt_11", "of.the.future", now_s, json!({})).await,
        200
    );
    let (_, listed) = call(&router, Method::GET, "/v1/billing/invoices", &key).await;
    assert_eq!(listed["stripe"].as_array().unwrap().len(), 1);
}

async fn events_count_in_the_order_of_their_making(place: Place) {
    let (org, _) = subscribed(&place).await;
    let fake = Fake::start(Arc::clone(&place.now_s), 1).await;
    place.sync(&fake.base).pass().await.unwrap();
    let router = router(&place, Some(&fake.base));
    let now_s = place.now().as_second();
    for (id, kind, made_s, status) in [
        ("evt_3", "invoice.paid", now_s + 2, "paid"),
        ("evt_2", "invoice.payment_failed", now_s + 1, "open"),
        ("evt_1", "invoice.finalized", now_s, "open"),
    ] {
        let object = invoice_object(status, 0);
        assert_eq!(event(&place, &router, id, kind, made_s, object).await, 200);
        assert_eq!(
            place.database.stripe_invoices(org).await.unwrap()[0].status,
            "paid",
            "{kind}"
        );
    }
    let state = async || {
        let now = place.now() + SignedDuration::from_secs(1);
        place
            .database
            .subscription(org, now)
            .await
            .unwrap()
            .unwrap()
            .stripe_status
            .unwrap()
    };
    for (id, made_s, status, then) in [
        ("evt_5", 20, "past_due", "past_due"),
        ("evt_4", 10, "active", "past_due"),
    ] {
        let object = json!({"id": "si_0", "status": status});
        let kind = "customer.subscription.updated";
        assert_eq!(event(&place, &router, id, kind, now_s + made_s, object).await, 200);
        assert_eq!(state().await, then);
    }
}

async fn what_is_not_set_up_says_so(place: Place) {
    let (_, key) = subscribed(&place).await;
    let router = router(&place, None);
    let (status, problem) = call(&router, Method::POST, "/v1/billing/payment-methods", &key).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")));
    assert_eq!(hook(&router, "t=1,v1=00", "{}").await, 404);
}

async fn a_payment_method_that_was_detached_is_not_set_by_older_news(place: Place) {
    let (_, key) = subscribed(&place).await;
    let fake = Fake::start(Arc::clone(&place.now_s), 1).await;
    place.sync(&fake.base).pass().await.unwrap();
    let router = router(&place, Some(&fake.base));
    let now_s = place.now().as_second();
    let has_one = async || {
        let (_, shown) = call(&router, Method::GET, "/v1/billing/subscription", &key).await;
        shown["has_payment_method"] == true
    };
    let attached = |method: &str| json!({"id": method, "customer": "cus_0"});
    let detached = |method: &str| json!({"id": method, "customer": null});
    for (id, kind, made_s, object, then) in [
        ("evt_1", "payment_method.detached", 20, detached("pm_1"), false),
        ("evt_2", "payment_method.attached", 10, attached("pm_1"), false),
        // Another one, attached before the first was detached: it is there.
        ("evt_3", "payment_method.attached", 15, attached("pm_2"), true),
        ("evt_4", "payment_method.detached", 30, detached("pm_2"), false),
        ("evt_5", "payment_method.attached", 40, attached("pm_3"), true),
    ] {
        assert_eq!(
            event(&place, &router, id, kind, now_s + made_s, object).await,
            200,
            "{id}"
        );
        assert_eq!(has_one().await, then, "{id}");
    }
    // The newest counts, in whichever order they come.
    let object = attached("pm_4");
    let kind = "payment_method.attached";
    assert_eq!(event(&place, &router, "evt_6", kind, now_s + 35, object).await, 200);
    place.sync(&fake.base).pass().await.unwrap();
    assert_eq!(fake.customers()[0]["default_payment_method"], "pm_3");
}

async fn news_of_what_is_not_known_yet_are_sent_again(place: Place) {
    let (org, key) = subscribed(&place).await;
    let fake = Fake::start(Arc::clone(&place.now_s), 1).await;
    let router = router(&place, Some(&fake.base));
    let now_s = place.now().as_second();
    let updated = async || {
        let object = json!({"id": "si_0", "status": "past_due"});
        event(&place, &router, "evt_1", "customer.subscription.updated", now_s, object).await
    };
    let attached = async || {
        let object = json!({"id": "pm_1", "customer": "cus_0"});
        event(&place, &router, "evt_2", "payment_method.attached", now_s, object).await
    };
    assert_eq!((updated().await, attached().await), (503, 503));
    place.sync(&fake.base).pass().await.unwrap();
    assert_eq!((updated().await, attached().await), (200, 200));
    let subscription = async || place.database.subscription(org, place.now()).await.unwrap().unwrap();
    assert_eq!(subscription().await.stripe_status.as_deref(), Some("past_due"));
    let (_, shown) = call(&router, Method::GET, "/v1/billing/subscription", &key).await;
    assert_eq!(shown["has_payment_method"], true);
    // What was listed before Stripe's news does not undo them.
    let id = subscription().await.id;
    let noted = place
        .database
        .note_stripe_subscription(id, "si_0", "active", place.now());
    noted.await.unwrap();
    assert_eq!(subscription().await.stripe_status.as_deref(), Some("past_due"));
}
