//! Share links: one mission, read only, until they end.

use driftline_domain::ShareLinkId;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

use crate::{Answer, BASE, START_S, Service, logged, refusal, service};

async fn made(service: &Service, mission: impl std::fmt::Display, body: Value) -> Answer {
    let path = format!("/v1/missions/{mission}/share-links");
    service.post(&path, service.key.expose(), &body).await
}

#[tokio::test]
async fn a_link_reads_its_mission_and_nothing_else() {
    let service = service().await;
    let (mission, other) = (service.mission(service.org).await, service.mission(service.org).await);
    let answer = made(
        &service,
        mission,
        json!({"expires_in_s": 86_400, "name": "harbour master"}),
    )
    .await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let body = answer.json();
    let token = body["token"].as_str().unwrap();
    assert!(token.starts_with("dll_") && !answer.headers["location"].to_str().unwrap().contains(token));
    assert_eq!(body["urls"]["page"], format!("{BASE}/#key={token}&mission={mission}"));
    assert_eq!(
        body["urls"]["mission"],
        format!("{BASE}/v1/missions/{mission}?key={token}")
    );
    assert!(body.get("sha256").is_none() && body.get("org").is_none());
    let get = async |path: String| service.send(Method::GET, &path, &[]).await;
    for path in [
        format!("/missions/{mission}/wms?key={token}"),
        format!("/key/{token}/missions/{mission}/tiles/particles/1/2/3.mvt"),
        format!("/v1/missions/{mission}?key={token}"),
        format!("/v1/organisation?key={token}"),
    ] {
        assert_eq!(get(path.clone()).await.status, 200, "{path}");
    }
    for path in [
        format!("/missions/{other}/wms?key={token}"),
        format!("/v1/missions/{other}?key={token}"),
        format!("/wms?key={token}"),
        format!("/whoami?key={token}"),
        format!("/v1/missions/{mission}/share-links?key={token}"),
        format!("/v1/billing/usage?key={token}"),
        format!("/v1/billing/quotas?key={token}"),
    ] {
        let answer = get(path.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), refusal(&answer).1.as_str()),
            (403, "out_of_reach"),
            "{path}"
        );
    }
    for method in [Method::POST, Method::DELETE, Method::PUT] {
        let path = format!("/v1/missions/{mission}?key={token}");
        assert_eq!(service.send(method.clone(), &path, &[]).await.status, 403, "{method}");
    }
    assert!(!logged().contains(token), "no token stands in the log");
}

#[tokio::test]
async fn an_answer_to_a_link_repeats_it_and_is_charged_to_who_made_it() {
    let mut service = service().await;
    let mission = service.mission(service.org).await;
    let token = made(&service, mission, json!({"expires_in_s": 60})).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = service
        .send(Method::GET, &format!("/missions/{mission}/wms?key={token}"), &[])
        .await;
    let link = answer.json()["link"].as_str().unwrap().to_owned();
    assert_eq!(link, format!("{BASE}/missions/{mission}/wms?a=1&key={token}"));
    assert!(answer.headers["cache-control"].to_str().unwrap().starts_with("private"));
    let answer = service
        .send(Method::GET, &format!("/key/{token}/missions/{mission}/wms"), &[])
        .await;
    assert_eq!(
        answer.json()["link"],
        format!("{BASE}/key/{token}/missions/{mission}/wms?a=1")
    );
    service.shut().await;
    let records = service.database.usage_records(service.org, 0, 10).await.unwrap();
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|entry| entry.record.key == service.key_id));
}

#[tokio::test]
async fn a_link_ends_with_its_time_when_revoked_and_with_its_key() {
    let service = service().await;
    let mission = service.mission(service.org).await;
    let mut tokens = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let body = made(&service, mission, json!({"expires_in_s": 3_600})).await.json();
        tokens.push(body["token"].as_str().unwrap().to_owned());
        ids.push(body["id"].as_str().unwrap().to_owned());
    }
    let outcome = async |token: &str| {
        let answer = service
            .send(Method::GET, &format!("/missions/{mission}/wms?key={token}"), &[])
            .await;
        if answer.status == 200 {
            "works".to_owned()
        } else {
            refusal(&answer).1
        }
    };
    let links = format!("/v1/missions/{mission}/share-links");
    let delete = async |id: &str| {
        let path = format!("{links}/{id}");
        service
            .send(Method::DELETE, &path, &[("x-api-key", service.key.expose())])
            .await
            .status
            .as_u16()
    };
    // Nobody has used the first one yet, so that nothing of it is remembered.
    assert_eq!([delete(&ids[0]).await, delete(&ids[0]).await], [204, 404]);
    assert_eq!(
        [delete(&ShareLinkId::generate().to_string()).await, delete("x").await],
        [404, 404]
    );
    assert_eq!(outcome(&tokens[0]).await, "link_withdrawn");
    assert_eq!(outcome(&tokens[1]).await, "works");
    let listed = service.get(&links).await.json();
    let listed = listed["links"].as_array().unwrap();
    assert_eq!((listed.len(), listed[0]["id"].as_str()), (2, Some(ids[0].as_str())));
    assert!(!listed[0]["revoked_at"].is_null() && listed[1]["revoked_at"].is_null());
    assert!(listed[1].get("token").is_none() && listed[1]["hint"].as_str().unwrap().starts_with("dll_"));
    service.now_s.fetch_add(3_600, Ordering::SeqCst);
    assert_eq!(outcome(&tokens[1]).await, "link_expired");
    let unknown = tokens[0].replace("dll_", "dll_0");
    assert_eq!(outcome(&unknown).await, "unauthenticated");
}

#[tokio::test]
async fn only_who_may_write_missions_makes_links_and_only_to_their_own() {
    let service = service().await;
    let mission = service.mission(service.org).await;
    let now = Timestamp::from_second(START_S).unwrap();
    let navy = service.database.create_organisation("Navy", now).await.unwrap().id;
    let foreign = service.mission(navy).await;
    let body = json!({"expires_in_s": 3_600});
    assert_eq!(made(&service, foreign, body.clone()).await.status, 404);
    assert_eq!(made(&service, "mis_x", body.clone()).await.status, 404);
    let (reader, _) = service.another_key("missions:read,features:read", None).await;
    let path = format!("/v1/missions/{mission}/share-links");
    assert_eq!(service.post(&path, reader.expose(), &body).await.status, 403);
    for (wrong, field) in [
        (json!({"expires_in_s": 59}), "expires_in_s"),
        (json!({"expires_in_s": 3_600, "name": "a\nb"}), "name"),
    ] {
        let answer = made(&service, mission, wrong).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["details"][0]["field"].as_str()),
            (422, Some(field))
        );
    }
    let unknown = made(&service, mission, json!({"expires_in_s": 3_600, "scopes": []})).await;
    assert_eq!(unknown.status, 422);
    let answer = made(&service, mission, json!({"expires_in_s": 400 * 86_400})).await;
    assert_eq!(answer.status, 201);
}
