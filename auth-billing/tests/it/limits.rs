//! Limits through the layers: what callers are told, and what strangers cannot do.

use driftline_auth_billing::LimitSettings;
use http::Method;
use std::sync::atomic::Ordering;

use crate::{refusal, service, service_with};

#[tokio::test]
async fn every_answer_to_a_caller_says_how_it_stands() {
    let service = service().await;
    let answer = service.get("/whoami").await;
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(
        header("ratelimit-policy"),
        "\"requests\";q=1000;w=60, \"organisation-requests\";q=10000;w=60"
    );
    assert_eq!(
        header("ratelimit"),
        "\"requests\";r=999;t=1, \"organisation-requests\";r=9999;t=1"
    );
    let map = service.get("/wms").await;
    assert!(
        map.headers["ratelimit"]
            .to_str()
            .unwrap()
            .starts_with("\"maps\";r=5999;")
    );
    let refused = service.send(Method::GET, "/whoami", &[]).await;
    assert!(
        !refused.headers.contains_key("ratelimit"),
        "nobody, so nothing is counted"
    );
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let service = service_with(LimitSettings {
        requests: 3,
        ..LimitSettings::default()
    })
    .await;
    for _ in 0..3 {
        assert_eq!(service.get("/whoami").await.status, 200);
    }
    let answer = service.get("/whoami").await;
    let (status, code, detail) = refusal(&answer);
    assert_eq!((status, code.as_str()), (429, "rate_limited"));
    assert_eq!(
        detail,
        "more than 3 requests by this key within a minute; try again in 20 s"
    );
    assert_eq!(answer.headers["retry-after"], "20");
    assert_eq!(answer.headers["ratelimit"], "\"requests\";r=0;t=20");
    assert!(answer.json()["type"].as_str().unwrap().ends_with("quota-exceeded"));
    assert_eq!(service.get("/wms").await.status, 200, "maps are another class");
    let (other, _) = service.another_key("features:read", None).await;
    let answer = service
        .send(Method::GET, "/whoami", &[("x-api-key", other.expose())])
        .await;
    assert_eq!(answer.status, 200, "another key has its own");
    service.now_s.fetch_add(20, Ordering::SeqCst);
    assert_eq!(service.get("/whoami").await.status, 200);
}

#[tokio::test]
async fn an_address_is_counted_before_its_key_is_looked_at() {
    let settings = LimitSettings {
        address_requests: 5,
        ..LimitSettings::default()
    };
    let service = service_with(settings).await;
    let key = [("x-api-key", "nonsense")];
    for _ in 0..5 {
        assert_eq!(service.get_from("203.0.113.9", "/whoami", &key).await.status, 401);
    }
    let answer = service.get_from("203.0.113.9", "/health", &key).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["code"].as_str()),
        (429, Some("rate_limited"))
    );
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(service.get_from("203.0.113.10", "/whoami", &key).await.status, 401);
    // A stranger who names other clients stays the same stranger; a proxy that is trusted does not.
    let forged = [("x-forwarded-for", "203.0.113.77")];
    assert_eq!(service.get_from("203.0.113.9", "/health", &forged).await.status, 429);
    for n in 0..20 {
        let client = format!("198.51.100.{n}");
        let forwarded = [("x-forwarded-for", client.as_str())];
        assert_eq!(service.get_from("127.0.0.1", "/health", &forwarded).await.status, 200);
    }
}

#[tokio::test]
async fn a_mission_in_distress_comes_through_when_nothing_else_does() {
    let settings = LimitSettings {
        mission_writes: 2,
        organisation_requests: 2,
        distress_per_hour: 2,
        ..LimitSettings::default()
    };
    let service = service_with(settings).await;
    let key = service.key.expose();
    let send = async |text: &str| {
        let answer = service.send_text("/v1/missions", key, text).await;
        answer.status.as_u16()
    };
    assert_eq!(
        [
            send("ordinary 1").await,
            send("ordinary 1").await,
            send("ordinary 1").await
        ],
        [202, 202, 429]
    );
    assert_eq!(
        service.get("/whoami").await.status,
        429,
        "the organisation's limit is used up"
    );
    assert_eq!(
        [
            send("distress 1").await,
            send("distress 1").await,
            send("distress 1").await
        ],
        [202, 202, 429]
    );
}
