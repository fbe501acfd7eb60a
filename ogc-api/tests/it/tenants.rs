//! One tenant's missions, results and features are unknown to another, on every route.

use std::sync::atomic::Ordering;

use http::Method;

use crate::content::publish;
use crate::service::{Service, mission_body};

#[tokio::test]
async fn a_foreign_key_finds_nothing_on_any_route() {
    let service = Service::start().await;
    let (mission, known) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let (own, _) = publish(&service, &service.theirs, (3.0, 59.5), 6).await;
    let (area, datum) = (&known.areas[0].id, &known.datums[0].id);
    let v1 = ["", "/status", "/results", "/results/notes.txt", "/events"];
    let ogc = [
        String::new(),
        "/conformance".to_owned(),
        "/api".to_owned(),
        "/collections".to_owned(),
        "/collections/search-areas".to_owned(),
        "/collections/search-areas/items".to_owned(),
        "/collections/particles/items".to_owned(),
        format!("/collections/search-areas/items/{area}"),
        format!("/collections/datums/items/{datum}"),
    ];
    let paths: Vec<String> = v1
        .iter()
        .map(|rest| format!("/v1/missions/{mission}{rest}"))
        .chain(ogc.iter().map(|rest| format!("/missions/{mission}/ogc{rest}")))
        .collect();
    for path in &paths {
        let answer = service.ask(Method::GET, path, &service.theirs.key, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(service.get(path).await.status, 200, "{path} is there for its owner");
    }
    let foreign_ids = [
        format!("/ogc/collections/search-areas/items/{area}"),
        format!("/ogc/collections/datums/items/{datum}"),
        // Neither does one's own mission's root show a feature of another's.
        format!("/missions/{own}/ogc/collections/search-areas/items/{area}"),
    ];
    for path in &foreign_ids {
        assert_eq!(
            service.ask(Method::GET, path, &service.theirs.key, &[]).await.status,
            404,
            "{path}"
        );
    }
    let listed = service.ask(Method::GET, "/v1/missions", &service.theirs.key, &[]).await;
    let text = String::from_utf8_lossy(&listed.body).into_owned();
    assert!(text.contains(&own) && !text.contains(&mission));
    let items = service
        .ask(
            Method::GET,
            "/ogc/collections/search-areas/items?limit=1000",
            &service.theirs.key,
            &[],
        )
        .await;
    assert_eq!(items.json()["numberMatched"], 21);
    let removed = service
        .ask(
            Method::DELETE,
            &format!("/v1/missions/{mission}"),
            &service.theirs.key,
            &[],
        )
        .await;
    assert_eq!(removed.status, 404);
    assert_eq!(
        service.get(&format!("/v1/missions/{mission}")).await.status,
        200,
        "it is still there"
    );
}

#[tokio::test]
async fn another_mission_of_the_same_tenant_is_not_in_a_mission_s_root() {
    let service = Service::start().await;
    let (first, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let (_, second) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let path = format!(
        "/missions/{first}/ogc/collections/search-areas/items/{}",
        second.areas[0].id
    );
    assert_eq!(service.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_database_that_fails_makes_the_service_unready_at_once_and_unwell_only_later() {
    let service = Service::start().await;
    service.database.close().await;
    let ready = service.ask_without_key("/ready").await;
    assert_eq!(
        (ready.status.as_u16(), &ready.json()["status"]),
        (503, &"unavailable".into())
    );
    let health = service.ask_without_key("/health").await;
    assert_eq!(health.status, 200, "a moment is no reason for a restart");
}

#[tokio::test]
async fn a_process_that_was_told_to_end_is_not_ready_and_a_degraded_one_is() {
    let service = Service::start().await;
    let ask = async || {
        let ready = service.ask_without_key("/ready").await;
        (ready.status.as_u16(), ready.json())
    };
    service.readiness.is_degraded.store(true, Ordering::Relaxed);
    let (status, told) = ask().await;
    assert_eq!(
        (status, &told["status"], &told["checks"]["usage_log"]),
        (200, &"degraded".into(), &"degraded".into())
    );
    service.readiness.is_draining.store(true, Ordering::Relaxed);
    let (status, told) = ask().await;
    assert_eq!((status, &told["status"]), (503, &"draining".into()));
    assert_eq!(service.get("/ogc").await.status, 200, "it answers still");
}

#[tokio::test]
async fn without_a_key_only_the_open_routes_answer() {
    let service = Service::start().await;
    for path in ["/", "/api", "/health", "/ready"] {
        let answer = service.ask(Method::GET, path, "", &[]).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let ready = service.ask(Method::GET, "/ready", "", &[]).await;
    assert_eq!(
        ready.json()["status"],
        "degraded",
        "the catalogue of these tests is broken"
    );
    assert!(
        !String::from_utf8_lossy(&ready.body).contains("secret"),
        "no cause is told"
    );
    for path in [
        "/ogc",
        "/v1/missions",
        "/v1/object-types",
        "/v1/feeds",
        "/ogc/collections",
    ] {
        let answer = service.ask(Method::GET, path, "dls_wrong", &[]).await;
        assert_eq!(answer.status, 401, "{path}");
    }
    let posted = service
        .ask(
            Method::POST,
            "/v1/missions",
            "dls_wrong",
            &[("content-type", "application/json")],
        )
        .await;
    assert_eq!(posted.status, 401);
}

#[tokio::test]
async fn scopes_are_asked_for() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let reader = service.key_with("features:read").await;
    assert_eq!(
        service.ask(Method::GET, "/ogc/collections", &reader, &[]).await.status,
        200
    );
    for path in ["/v1/missions".to_owned(), format!("/v1/missions/{mission}/results")] {
        assert_eq!(
            service.ask(Method::GET, &path, &reader, &[]).await.status,
            403,
            "{path}"
        );
    }
    let writer = service.key_with("missions:write").await;
    assert_eq!(service.ask(Method::GET, "/ogc", &writer, &[]).await.status, 403);
    let mut body = mission_body();
    assert_eq!(
        service.post_as(&writer, "/v1/missions", &body.to_string()).await.status,
        202
    );
    body["distress"] = true.into();
    let refused = service.post_as(&writer, "/v1/missions", &body.to_string()).await;
    assert_eq!(refused.status, 403);
    assert!(refused.json()["detail"].as_str().unwrap().contains("missions:distress"));
    let distress = service.key_with("missions:write,missions:distress").await;
    assert_eq!(
        service
            .post_as(&distress, "/v1/missions", &body.to_string())
            .await
            .status,
        202
    );
    let path = format!("/v1/missions/{mission}");
    assert_eq!(service.ask(Method::DELETE, &path, &reader, &[]).await.status, 403);
}
