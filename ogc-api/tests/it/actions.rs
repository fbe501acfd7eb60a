//! Missions cancelled, computed anew, and submitted many at a time.

use std::time::Duration;

use driftline_database::{MISSION_METER, PlanTerms, Quota, QuotaPeriod, Work};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::content::publish;
use crate::service::{Service, mission_body};

#[tokio::test]
async fn a_mission_is_cancelled_once_and_stays_to_be_seen() {
    let service = Service::start().await;
    let mission = service.accept(&service.ours).await;
    let now = Timestamp::now();
    let lease = service
        .database
        .lease_job("test", Work::All, Duration::from_secs(60), now)
        .await;
    assert!(lease.unwrap().is_some());
    let path = format!("/v1/missions/{}", mission.id);
    let cancel = format!("{path}:cancel");
    let stranger = service.ask(Method::POST, &cancel, &service.theirs.key, &[]).await;
    assert_eq!(stranger.status, 404);
    let reader = service.key_with("missions:read").await;
    assert_eq!(service.ask(Method::POST, &cancel, &reader, &[]).await.status, 403);
    let mut heard = service.changes.subscribe();
    for _ in 0..2 {
        let cancelled = service.ask(Method::POST, &cancel, &service.ours.key, &[]).await;
        assert_eq!(
            (cancelled.status.as_u16(), &cancelled.json()["status"]),
            (200, &json!("cancelled"))
        );
    }
    assert_eq!(heard.try_recv().unwrap(), (service.ours.org, mission.id));
    assert_eq!(service.get(&path).await.json()["status"], "cancelled");

    let (done, _) = publish(&service, &service.ours, (4.0, 60.0), 2).await;
    let late = service
        .ask(
            Method::POST,
            &format!("/v1/missions/{}:cancel", done),
            &service.ours.key,
            &[],
        )
        .await;
    assert_eq!(
        (late.status.as_u16(), &late.json()["code"]),
        (409, &json!("already_ended"))
    );
    for nonsense in ["mis_1:cancel", "nonsense:cancel"] {
        let answer = service
            .ask(
                Method::POST,
                &format!("/v1/missions/{nonsense}"),
                &service.ours.key,
                &[],
            )
            .await;
        assert_eq!(answer.status, 404, "{nonsense}");
    }
    let explode = service
        .ask(Method::POST, &format!("{path}:explode"), &service.ours.key, &[])
        .await;
    assert_eq!(explode.status, 404);
    // The mission and what is done with it have methods of their own.
    for (method, address, allowed) in [
        (Method::POST, path.clone(), "GET,HEAD,DELETE"),
        (Method::OPTIONS, path.clone(), "GET,HEAD,DELETE"),
        (Method::PUT, path.clone(), "GET,HEAD,DELETE"),
        (Method::GET, cancel.clone(), "POST"),
        (Method::OPTIONS, cancel.replace(':', "%3A"), "POST"),
    ] {
        let answer = service.ask(method, &address, &service.ours.key, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["allow"]),
            (405, &allowed.parse::<http::HeaderValue>().unwrap()),
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_mission_is_asked_anew_as_one_of_its_own() {
    let service = Service::start().await;
    let mission = service.accept(&service.ours).await;
    let path = format!("/v1/missions/{}:rerun", mission.id);
    let key = [("idempotency-key", "again-1")];
    let first = service.ask(Method::POST, &path, &service.ours.key, &key).await;
    assert_eq!(first.status, 202);
    let made = first.json();
    assert_ne!(made["id"], json!(mission.id));
    assert_eq!(
        (&made["last_known_lat"], &made["status"]),
        (&json!(61.5), &json!("queued"))
    );
    let second = service.ask(Method::POST, &path, &service.ours.key, &key).await;
    assert_eq!(
        (
            &second.json()["id"],
            second.headers.contains_key("idempotency-replayed")
        ),
        (&made["id"], true)
    );
    let stranger = service.ask(Method::POST, &path, &service.theirs.key, &[]).await;
    assert_eq!(stranger.status, 404);
}

#[tokio::test]
async fn a_batch_is_taken_in_whole_or_refused_with_every_reason() {
    let service = Service::start().await;
    let batch = |missions: Vec<Value>| json!({"missions": missions}).to_string();
    let mut named = mission_body();
    named["name"] = json!("second");
    let good = batch(vec![mission_body(), named.clone()]);
    let key = [("idempotency-key", "batch-1")];
    let made = service.post("/v1/missions:batch", &good, &key).await;
    assert_eq!(made.status, 202);
    let ids: Vec<Value> = made.json()["missions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mission| mission["id"].clone())
        .collect();
    assert_eq!(ids.len(), 2);
    let again = service.post("/v1/missions:batch", &good, &key).await.json();
    assert_eq!(again["missions"][1]["id"], ids[1], "sent twice, taken in once");

    let before = service.get("/v1/missions").await.json()["missions"]
        .as_array()
        .unwrap()
        .len();
    let mut bad = mission_body();
    bad["object_type"] = json!("teapot");
    let mut south = mission_body();
    south["last_known_lat"] = json!(-120);
    let refused = service
        .post("/v1/missions:batch", &batch(vec![named, bad, south]), &[])
        .await;
    assert_eq!(refused.status, 422);
    let fields: Vec<String> = refused.json()["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| detail["field"].as_str().unwrap().to_owned())
        .collect();
    assert!(fields.contains(&"missions[1].object_type".to_owned()), "{fields:?}");
    assert!(fields.contains(&"missions[2].last_known_lat".to_owned()), "{fields:?}");
    for nonsense in [
        json!([]).to_string(),
        json!({}).to_string(),
        batch(vec![]),
        batch(vec![mission_body(); 101]),
        json!({"missions": [mission_body()], "more": 1}).to_string(),
    ] {
        assert_eq!(
            service.post("/v1/missions:batch", &nonsense, &[]).await.status,
            422,
            "{nonsense:.80}"
        );
    }
    let after = service.get("/v1/missions").await.json()["missions"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(before, after, "nothing of a refused batch is taken in");
}

async fn listed(service: &Service) -> usize {
    let answer = service.get("/v1/missions?limit=100").await.json();
    answer["missions"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_batch_beyond_credit_or_quota_is_refused_whole() {
    let service = Service::start().await;
    let batch = |missions: usize| json!({"missions": vec![mission_body(); missions]}).to_string();
    // 5,000 particles for 12 h.
    let hours = 60_000;
    let (database, org, now) = (&service.database, service.ours.org, Timestamp::now());
    let terms = PlanTerms {
        title: "Prepaid".to_owned(),
        currency: "EUR".to_owned(),
        monthly_minor: 0,
        prepaid: true,
        meters: Default::default(),
        stripe_prices: Vec::new(),
    };
    database.put_plan("prepaid", &terms, now).await.unwrap();
    database.assign_plan(org, Some("prepaid"), now).await.unwrap();
    database.grant_credit(org, 5 * hours, "first", now).await.unwrap();
    let refused = service.post("/v1/missions:batch", &batch(10), &[]).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["code"]),
        (403, &json!("credit_exhausted"))
    );
    assert_eq!(
        (listed(&service).await, database.credit_balance(org).await.unwrap()),
        (0, 5 * hours)
    );

    let quota = Quota {
        org,
        meter: MISSION_METER.to_owned(),
        period: QuotaPeriod::Month,
        soft: None,
        hard: Some(2 * hours),
    };
    database.set_quota(&quota, now).await.unwrap();
    let refused = service.post("/v1/missions:batch", &batch(5), &[]).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["code"]),
        (429, &json!("quota_exceeded"))
    );
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(
        (listed(&service).await, database.credit_balance(org).await.unwrap()),
        (0, 5 * hours)
    );
    assert_eq!(service.post("/v1/missions:batch", &batch(2), &[]).await.status, 202);
    let third = service.post("/v1/missions", &mission_body().to_string(), &[]).await;
    assert_eq!(third.status, 429, "two wait, and count");
    let mut distress = mission_body();
    distress["distress"] = json!(true);
    let distress = service.post("/v1/missions", &distress.to_string(), &[]).await;
    assert_eq!(distress.status, 202);
    assert_eq!(listed(&service).await, 3);
}

#[tokio::test]
async fn a_running_mission_tells_when_it_will_be_done() {
    let service = Service::start().await;
    let mission = service.accept(&service.ours).await;
    let path = format!("/v1/missions/{}/status", mission.id);
    assert_eq!(service.get(&path).await.json()["eta"], Value::Null);
    let began = Timestamp::now();
    let lease = Duration::from_secs(60);
    let job = service
        .database
        .lease_job("test", Work::All, lease, began)
        .await
        .unwrap()
        .unwrap();
    let later = began.checked_add(Duration::from_secs(10)).unwrap();
    let beat = service
        .database
        .heartbeat(job.job, job.token, 0.25, "drifting", lease, later)
        .await;
    beat.unwrap();
    let eta: Timestamp = service.get(&path).await.json()["eta"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let seconds = eta.duration_since(began).as_secs_f64();
    assert!((seconds - 40.0).abs() < 0.1, "a quarter took 10 s: {seconds}");
}
