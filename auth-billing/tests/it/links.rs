//! Signed links, and that no form of credential is logged.

use std::sync::atomic::Ordering;
use std::time::Duration;

use driftline_auth_billing::{Scopes, create_key};
use driftline_domain::MissionId;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Answer, BASE, START_S, Service, logged, refusal, service};

impl Service {
    /// The query of a signed link and the whole answer.
    async fn link(&self, mission: MissionId, expires_in_s: i64) -> (String, Value) {
        let wish = json!({"mission": mission, "expires_in_s": expires_in_s});
        let answer = self.post("/v1/map-links", self.key.expose(), &wish).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let body = answer.json();
        (body["query"].as_str().unwrap().to_owned(), body)
    }

    async fn open(&self, path: &str, query: &str) -> Answer {
        self.send(Method::GET, &format!("{path}?{query}"), &[]).await
    }
}

#[tokio::test]
async fn one_signature_opens_everything_of_one_mission_and_is_carried_into_links() {
    let mut service = service().await;
    let mission = service.mission(service.org).await;
    let (query, body) = service.link(mission, 3600).await;
    assert_eq!(body["expires_at"], "2026-01-01T01:00:00Z");
    assert_eq!(body["prefix"], format!("{BASE}/missions/{mission}/"));
    let urls = &body["urls"];
    assert_eq!(
        urls["wms"],
        format!("{BASE}/missions/{mission}/wms?service=WMS&request=GetCapabilities&{query}")
    );
    assert_eq!(
        urls["tilejson"],
        json!({"particles": format!("{BASE}/missions/{mission}/tiles/particles.json?{query}"),
            "probability": format!("{BASE}/missions/{mission}/tiles/probability.json?{query}")})
    );
    for below in [
        "wms",
        "tiles/particles/3/4/5.mvt",
        "ogc/collections/datums/items/run-1",
        "a%20b",
    ] {
        let path = format!("/missions/{mission}/{below}");
        let answer = service.open(&path, &query).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let body = answer.json();
        assert_eq!(body["link"], format!("{BASE}{path}?a=1&{query}"));
        assert_eq!(body["limited_to"], format!("/missions/{mission}/"));
        // Public as the handler says, and no longer than the link works.
        assert_eq!(answer.headers["cache-control"], "public, max-age=3600");
        assert_eq!(answer.charge(), Some("1"));
    }
    let shouted = query.replace("exp=", "EXP=").replace("sig=", "Sig=");
    let answer = service.open(&format!("/missions/{mission}/wms"), &shouted).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "some clients write every parameter in capitals"
    );
    service.shut().await;
    let now = Timestamp::from_second(START_S).unwrap();
    let hours = service
        .database
        .usage_hours(service.org, Timestamp::UNIX_EPOCH, now + Duration::from_secs(3600));
    let hours = hours.await.unwrap();
    assert_eq!(
        hours
            .iter()
            .map(|hour| (hour.key, hour.meter.as_str(), hour.units))
            .collect::<Vec<_>>(),
        [(service.key_id, "tile", 5)],
        "charged to the key that signed"
    );
}

#[tokio::test]
async fn a_signature_is_for_reading_one_mission_unchanged() {
    let service = service().await;
    let (mission, other) = (service.mission(service.org).await, service.mission(service.org).await);
    let (query, _) = service.link(mission, 3600).await;
    let (_, another_key) = service.another_key("all", None).await;
    let own = format!("/missions/{mission}/wms");
    let sig = query.split("sig=").nth(1).unwrap();
    let flipped = if sig.starts_with('A') { "B" } else { "A" };
    for (path, query) in [
        (format!("/missions/{other}/wms"), query.clone()),
        (format!("/missions/{mission}a/wms"), query.clone()),
        ("/missions/mis_a/wms".to_owned(), query.clone()),
        (format!("/missions/{mission}/../{other}/wms"), query.clone()),
        (format!("/missions/{mission}/%2e%2e/{other}/wms"), query.clone()),
        (format!("/missions/{mission}%2F../wms"), query.clone()),
        (format!("/missions/{mission}/a%2f..%2fwms"), query.clone()),
        ("/wms".to_owned(), query.clone()),
        ("/whoami".to_owned(), query.clone()),
        ("/v1/organisation".to_owned(), query.clone()),
        (own.clone(), query.replace("exp=17", "exp=18")),
        (
            own.clone(),
            query.replace(&service.key_id.to_string(), &another_key.to_string()),
        ),
        (own.clone(), query.replace(sig, &format!("{flipped}{}", &sig[1..]))),
        (own.clone(), query.replace(sig, &sig[..20])),
        (own.clone(), query.replace("exp=", "exp=0")),
        (own.clone(), query.replace("&sig=", "&sgi=")),
    ] {
        let answer = service.open(&path, &query).await;
        let (status, code, _) = refusal(&answer);
        assert_eq!((status, code.as_str()), (403, "signature_invalid"), "{path}?{query}");
        assert!(
            answer.headers.get("www-authenticate").is_none(),
            "browsers would ask for a password"
        );
    }
    let both = service
        .send(
            Method::GET,
            &format!("{own}?{query}"),
            &[("x-api-key", service.key.expose())],
        )
        .await;
    assert_eq!(
        both.status,
        StatusCode::BAD_REQUEST,
        "a link and a key are two credentials"
    );
    for method in [Method::POST, Method::DELETE, Method::PUT] {
        let answer = service.send(method.clone(), &format!("{own}?{query}"), &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method}");
    }
    assert_eq!(service.open(&own, &query).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_link_ends_to_the_second_and_says_when() {
    let service = service().await;
    let mission = service.mission(service.org).await;
    let (query, _) = service.link(mission, 60).await;
    let path = format!("/missions/{mission}/wms");
    service.now_s.store(START_S + 59, Ordering::SeqCst);
    let last = service.open(&path, &query).await;
    assert_eq!(last.headers["cache-control"], "public, max-age=1");
    service.now_s.store(START_S + 60, Ordering::SeqCst);
    let (status, code, detail) = refusal(&service.open(&path, &query).await);
    assert_eq!((status, code.as_str()), (403, "link_expired"));
    assert!(detail.contains("2026-01-01T00:01:00Z"), "{detail}");
    // Somebody who made the link up is not told when it would have ended.
    let forged = query.replace("exp=17", "exp=16");
    assert_eq!(refusal(&service.open(&path, &forged).await).1, "signature_invalid");
}

#[tokio::test]
async fn a_link_ends_with_its_key() {
    let service = service().await;
    let mission = service.mission(service.org).await;
    let (query, _) = service.link(mission, 3600).await;
    let path = format!("/missions/{mission}/wms");
    assert_eq!(service.open(&path, &query).await.status, StatusCode::OK);
    let now = Timestamp::from_second(START_S).unwrap();
    service.database.revoke_key(service.key_id, now).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5_050)).await;
    let (status, code, _) = refusal(&service.open(&path, &query).await);
    assert_eq!((status, code.as_str()), (403, "link_withdrawn"));
    // A key that ends by itself makes no promise beyond.
    let soon = Timestamp::from_second(START_S + 600).unwrap();
    let (expiring, _) = service.another_key("missions:read", Some(soon)).await;
    let wish = json!({"mission": mission, "expires_in_s": 86_400});
    let answer = service.post("/v1/map-links", expiring.expose(), &wish).await;
    assert_eq!(answer.json()["expires_at"], soon.to_string());
}

#[tokio::test]
async fn links_are_made_for_ones_own_missions_within_the_limits() {
    let service = service().await;
    let now = Timestamp::from_second(START_S).unwrap();
    let navy = service.database.create_organisation("Navy", now).await.unwrap().id;
    let (own, theirs) = (service.mission(service.org).await, service.mission(navy).await);
    let (accountant, _) = service.another_key("usage:read", None).await;
    let key = service.key.expose();
    for (key, wish, status, code, word) in [
        (
            key,
            json!({"mission": theirs, "expires_in_s": 60}),
            404,
            "not_found",
            "no mission",
        ),
        (
            key,
            json!({"mission": MissionId::generate(), "expires_in_s": 60}),
            404,
            "not_found",
            "no mission",
        ),
        (key, json!({"mission": "x", "expires_in_s": 60}), 422, "invalid", "'x'"),
        (key, json!({"mission": own, "expires_in_s": 59}), 422, "invalid", "59 s"),
        (
            key,
            json!({"mission": own, "expires_in_s": 34_560_001}),
            422,
            "invalid",
            "34560001 s",
        ),
        (
            key,
            json!({"mission": own, "expires_in_s": i64::MIN}),
            422,
            "invalid",
            "expires_in_s",
        ),
        (
            key,
            json!({"mission": "x", "expires_in_s": 1}),
            422,
            "invalid",
            "2 rules",
        ),
        (key, json!({"mission": own}), 422, "invalid", "expires_in_s"),
        (
            key,
            json!({"mission": own, "expires_in_s": "1h"}),
            422,
            "invalid",
            "expires_in_s",
        ),
        (
            key,
            json!({"mission": own, "expires_in_s": 60, "scope": "all"}),
            422,
            "invalid",
            "scope",
        ),
        (
            accountant.expose(),
            json!({"mission": own, "expires_in_s": 60}),
            403,
            "forbidden",
            "features:read",
        ),
        (key, json!({"mission": own, "expires_in_s": 34_560_000}), 200, "", ""),
    ] {
        let answer = service.post("/v1/map-links", key, &wish).await;
        assert_eq!(answer.status.as_u16(), status, "{wish}");
        if status != 200 {
            let (_, found, detail) = refusal(&answer);
            assert_eq!(found, code, "{wish}");
            assert!(detail.contains(word), "{detail}");
        }
    }
    let plain = service.send(Method::POST, "/v1/map-links", &[("x-api-key", key)]).await;
    assert_eq!(refusal(&plain).1, "unsupported_media_type");
}

#[tokio::test]
async fn every_node_signs_with_the_same_secret() {
    let service = service().await;
    let first = service
        .database
        .signing_secret("map links", [1; 32], Timestamp::UNIX_EPOCH)
        .await;
    let mission = service.mission(service.org).await;
    let (query, _) = service.link(mission, 3600).await;
    let second = service
        .database
        .signing_secret("map links", [2; 32], Timestamp::UNIX_EPOCH)
        .await;
    assert_eq!(first.unwrap(), [1; 32]);
    assert_eq!(second.unwrap(), [1; 32]);
    assert_eq!(
        service.open(&format!("/missions/{mission}/wms"), &query).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn no_form_of_credential_stands_in_the_log() {
    let service = service().await;
    let mission = service.mission(service.org).await;
    let (query, _) = service.link(mission, 3600).await;
    let (public, _) = service.publishable(&["any"]).await;
    let secret = service.key.expose().to_owned();
    let sig = query.split("sig=").nth(1).unwrap().to_owned();
    let public_encoded = public.replace('_', "%5F");
    let signed = format!("/missions/{mission}/wms?{query}");
    let mut logged_paths = Vec::new();
    for (path, referrer) in [
        (format!("/key/{secret}/wms"), "https://h/".to_owned()),
        (
            format!("/drift/key/{public_encoded}/wms?a=1"),
            format!("https://h/key/{public}/map"),
        ),
        (format!("/wms?apikey={public}"), format!("https://h/{signed}")),
        (
            signed.clone(),
            format!("https://h/?next={}", signed.replace('=', "%3D").replace('&', "%26")),
        ),
        (
            "/key/my-password/wms".to_owned(),
            "https://h/key/my-password/".to_owned(),
        ),
    ] {
        let answer = service.send(Method::GET, &path, &[("referer", &referrer)]).await;
        logged_paths.push(answer.headers["x-request-id"].to_str().unwrap().to_owned());
    }
    let text = logged();
    for credential in [&secret[4..], &public[4..], &sig, "my-password"] {
        assert!(!text.contains(credential), "{credential}");
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let paths: Vec<&str> = logged_paths
        .iter()
        .map(|id| {
            let line = lines.iter().find(|line| line["fields"]["request.id"] == id.as_str());
            line.unwrap()["fields"]["path"].as_str().unwrap()
        })
        .collect();
    let exp_kid = query.split("&sig=").next().unwrap();
    assert_eq!(
        paths,
        [
            "/key/***/wms",
            "/drift/key/***/wms?a=1",
            "/wms?apikey=***",
            &format!("/missions/{mission}/wms?{exp_kid}&sig=***"),
            "/key/***/wms",
        ]
    );
}

#[tokio::test]
async fn a_link_of_a_key_of_another_organisation_does_not_reach_ours() {
    let service = service().await;
    let now = Timestamp::from_second(START_S).unwrap();
    let navy = service.database.create_organisation("Navy", now).await.unwrap().id;
    let (navy_key, _) = create_key(&service.database, navy, "n", &Scopes::all(), None, now)
        .await
        .unwrap();
    let ours = service.mission(service.org).await;
    let wish = json!({"mission": ours, "expires_in_s": 60});
    let answer = service.post("/v1/map-links", navy_key.expose(), &wish).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
