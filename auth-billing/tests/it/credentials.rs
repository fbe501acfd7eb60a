//! Who gets in, and what everybody else is told.

use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use driftline_auth_billing::{Scopes, create_key, mint};
use driftline_domain::OrgId;
use http::{Method, StatusCode};
use jiff::Timestamp;

use crate::{START_S, Service, service};

fn basic(user: &str, key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{key}")))
}

#[tokio::test]
async fn every_form_of_credential_gets_in_and_only_a_query_key_is_carried_into_links() {
    let service = service().await;
    let key = service.key.expose().to_owned();
    let plain = "https://example.org/wms?service=WMS";
    for (name, value) in [
        ("x-api-key", key.clone()),
        ("authorization", format!("Bearer {key}")),
        ("authorization", basic("anybody", &key)),
    ] {
        let answer = service.send(Method::GET, "/whoami", &[(name, &value)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        assert_eq!(answer.json()["link"], plain);
        assert_eq!(
            (&answer.json()["org"], &answer.json()["name"]),
            (&service.org.to_string().into(), &"Coastguard".into())
        );
    }
    for name in ["key", "KEY", "api_key", "apikey"] {
        let answer = service
            .send(Method::GET, &format!("/whoami?a=1&{name}={key}"), &[])
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        assert_eq!(answer.json()["link"], format!("{plain}&{name}={key}"));
    }
}

async fn refused(service: &Service, headers: &[(&str, &str)]) -> String {
    let answer = service.send(Method::GET, "/whoami", headers).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(
        challenges,
        [
            "Basic realm=\"driftline\", charset=\"UTF-8\"",
            "Bearer realm=\"driftline\""
        ]
    );
    let mut body = answer.json();
    assert_eq!(body["request_id"], answer.headers["x-request-id"].to_str().unwrap());
    assert_eq!(body["code"], "unauthenticated");
    body.as_object_mut().unwrap().remove("request_id");
    body.to_string()
}

#[tokio::test]
async fn unknown_malformed_revoked_expired_and_missing_keys_get_the_same_answer() {
    let service = service().await;
    let now = Timestamp::from_second(START_S).unwrap();
    let (unknown, _) = mint(OrgId::generate(), "x", &Scopes::all(), None, now).unwrap();
    let (revoked, id) = service.another_key("all", None).await;
    service.database.revoke_key(id, now).await.unwrap();
    let (expiring, _) = service
        .another_key("all", Some(Timestamp::from_second(START_S + 60).unwrap()))
        .await;
    let expiring_header = [("x-api-key", expiring.expose())];
    assert_eq!(
        service.send(Method::GET, "/whoami", &expiring_header).await.status,
        StatusCode::OK
    );
    service.now_s.store(START_S + 60, Ordering::SeqCst);
    let mut answers = vec![refused(&service, &[]).await];
    // The expired key is remembered from its valid use; it must not work on for that.
    for key in [
        unknown.expose(),
        revoked.expose(),
        expiring.expose(),
        "dls_rubbish",
        "é",
    ] {
        answers.push(refused(&service, &[("x-api-key", key)]).await);
    }
    answers.push(refused(&service, &[("authorization", &basic("user", "password"))]).await);
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_key_of_wrong_form_never_reaches_the_database() {
    let service = service().await;
    service.database.close().await;
    let mut mistyped = service.key.expose().to_owned();
    mistyped.replace_range(10..11, if &mistyped[10..11] == "a" { "b" } else { "a" });
    refused(&service, &[("x-api-key", &mistyped)]).await;
    let known = service.get("/whoami").await;
    assert_eq!(
        (known.status, known.json()["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("unavailable"))
    );
}

#[tokio::test]
async fn two_credentials_that_differ_are_refused_and_two_that_agree_are_not() {
    let service = service().await;
    let (other, _) = service.another_key("all", None).await;
    let path = format!("/whoami?key={}", other.expose());
    let clash = service
        .send(Method::GET, &path, &[("x-api-key", service.key.expose())])
        .await;
    assert_eq!(
        (clash.status, clash.json()["code"].as_str()),
        (StatusCode::BAD_REQUEST, Some("bad_request"))
    );
    assert!(!String::from_utf8_lossy(&clash.body).contains("dls_"));
    let same = service
        .send(Method::GET, &path, &[("authorization", &basic("q", other.expose()))])
        .await;
    assert_eq!(same.status, StatusCode::OK);
}

#[tokio::test]
async fn a_revoked_key_stops_within_the_promised_time() {
    let service = service().await;
    assert_eq!(service.get("/whoami").await.status, StatusCode::OK);
    service
        .database
        .revoke_key(service.key_id, Timestamp::from_second(START_S).unwrap())
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(5_050)).await;
    assert_eq!(service.get("/whoami").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let service = service().await;
    let (reader, _) = service.another_key("missions:read,features:read", None).await;
    let answer = service
        .send(Method::GET, "/write", &[("x-api-key", reader.expose())])
        .await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (StatusCode::FORBIDDEN, Some("forbidden"))
    );
    assert!(answer.json()["detail"].as_str().unwrap().contains("missions:write"));
    assert_eq!(service.get("/write").await.status, StatusCode::OK);
    let usage = "/v1/billing/usage";
    let answer = service
        .send(Method::GET, usage, &[("x-api-key", reader.expose())])
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_answer_has_its_headers_and_what_was_asked_with_a_key_is_private() {
    let service = service().await;
    let mut ids = Vec::new();
    let given = [("x-request-id", "mine")];
    for (path, status, has_key) in [
        ("/health", 200, false),
        ("/whoami", 401, false),
        ("/nowhere", 404, false),
        ("/whoami", 200, true),
        ("/broken", 500, true),
    ] {
        let answer = if has_key {
            service.get(path).await
        } else {
            service.send(Method::GET, path, &given).await
        };
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        assert!(id.starts_with("req_"), "an incoming id is not trusted: {id}");
        ids.push(id);
        if path == "/whoami" && has_key {
            assert_eq!(answer.headers["cache-control"], "private");
        }
        let varies = answer
            .headers
            .get("vary")
            .is_some_and(|value| value == "Authorization, X-API-Key");
        assert_eq!(varies, !["/health", "/nowhere"].contains(&path), "{path}");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn a_fault_tells_its_id_and_not_its_cause() {
    let service = service().await;
    let answer = service.get("/broken").await;
    assert_eq!(
        answer.json()["request_id"],
        answer.headers["x-request-id"].to_str().unwrap()
    );
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret cause"));
}

#[tokio::test]
async fn keys_are_made_for_organisations_that_exist() {
    let service = service().await;
    let now = Timestamp::from_second(START_S).unwrap();
    assert!(
        create_key(&service.database, OrgId::generate(), "x", &Scopes::all(), None, now)
            .await
            .is_err()
    );
}
