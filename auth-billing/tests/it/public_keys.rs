//! Keys that stand in addresses and pages: in the path, and publishable ones.

use std::time::Duration;

use driftline_auth_billing::{AllowedOrigins, mint_publishable};
use http::{Method, StatusCode};
use jiff::Timestamp;

use crate::{BASE, START_S, refusal, service};

const PAGE: &str = "https://map.example.org";

#[tokio::test]
async fn a_key_in_the_path_works_like_any_other_and_is_carried_into_links() {
    let service = service().await;
    let key = service.key.expose().to_owned();
    for path in [
        format!("/key/{key}/wms"),
        format!("/key/{}/wms", key.replace('_', "%5F")),
        format!("/key/{key}/wms?key={key}"),
    ] {
        let answer = service.send(Method::GET, &path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.json()["link"], format!("{BASE}/key/{key}/wms?a=1"));
        assert_eq!(answer.headers["cache-control"], "private, max-age=31536000");
        assert_eq!(answer.charge(), Some("1"));
    }
    let (other, _) = service.another_key("all", None).await;
    let clash = service
        .send(
            Method::GET,
            &format!("/key/{key}/wms"),
            &[("x-api-key", other.expose())],
        )
        .await;
    assert_eq!(clash.status, StatusCode::BAD_REQUEST);
    for (path, status) in [
        ("/key//wms".to_owned(), 401),
        ("/key/rubbish/wms".to_owned(), 401),
        (format!("/key/{}/wms", other.expose().replace("dls_", "dlp_")), 401),
        (format!("/key/{key}/nowhere"), 404),
        (format!("/key/{key}"), 404),
        ("/key/".to_owned(), 404),
        (format!("/key/{key}/health"), 200),
    ] {
        let answer = service.send(Method::GET, &path, &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(&key[4..]), "{path}");
    }
}

#[tokio::test]
async fn a_publishable_key_works_in_its_pages_in_every_form_and_nowhere_else() {
    let service = service().await;
    let (key, id) = service.publishable(&[PAGE, "http://localhost:*"]).await;
    let headed = ("x-api-key", key.as_str());
    for (path, headers) in [
        ("/wms".to_owned(), vec![headed, ("origin", PAGE)]),
        (format!("/wms?key={key}"), vec![("origin", "http://localhost:5173")]),
        (
            format!("/key/{key}/wms"),
            vec![("referer", "https://map.example.org/live?x=1")],
        ),
        (
            format!("/wms?key={key}"),
            vec![("origin", PAGE), ("referer", "https://evil.example/")],
        ),
    ] {
        let answer = service.send(Method::GET, &path, &headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {headers:?}");
        assert_eq!(answer.headers["cache-control"], "private, max-age=31536000");
    }
    let silent: &[(&str, &str)] = &[];
    for (headers, word) in [
        (silent, "names no page"),
        (&[("origin", "null")], "'null'"),
        (&[("origin", "null"), ("referer", "https://map.example.org/")], "'null'"),
        (
            &[
                ("origin", "https://evil.example"),
                ("referer", "https://map.example.org/"),
            ],
            "https://evil.example",
        ),
        (
            &[("origin", "https://map.example.org.evil")],
            "https://map.example.org.evil",
        ),
        (
            &[("referer", "https://evil.example/https://map.example.org")],
            "https://evil.example",
        ),
    ] {
        let answer = service.send(Method::GET, &format!("/wms?key={key}"), headers).await;
        let (status, code, detail) = refusal(&answer);
        assert_eq!((status, code.as_str()), (403, "origin_not_allowed"), "{headers:?}");
        let named = [word, &id.to_string(), "https://map.example.org, http://localhost:*"];
        assert!(named.iter().all(|word| detail.contains(word)), "{detail}");
        assert!(answer.charge().is_none() && !detail.contains(&key));
    }
    let (anywhere, _) = service.publishable(&["any"]).await;
    for headers in [silent, &[("origin", "null")], &[("origin", "https://evil.example")]] {
        let answer = service
            .send(Method::GET, &format!("/wms?key={anywhere}"), headers)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{headers:?}");
    }
}

#[tokio::test]
async fn a_publishable_key_reads_maps_only_and_is_told_so_without_the_database() {
    let service = service().await;
    let (key, _) = service.publishable(&[PAGE]).await;
    let headers = [("x-api-key", key.as_str()), ("origin", PAGE)];
    let missions = service.send(Method::GET, "/write", &headers).await;
    assert_eq!(refusal(&missions).1, "forbidden", "it has the scope of maps only");
    service.database.close().await;
    for (method, path) in [
        (Method::GET, "/v1/billing/usage"),
        (Method::GET, "/v1/organisation"),
        (Method::POST, "/v1/map-links"),
        (Method::POST, "/wms"),
        (Method::DELETE, "/wms"),
    ] {
        let answer = service.send(method.clone(), path, &headers).await;
        let (status, code, detail) = refusal(&answer);
        assert_eq!((status, code.as_str()), (403, "secret_key_needed"), "{method} {path}");
        assert!(detail.contains("dls_"), "{detail}");
    }
    let unknown = service
        .send(Method::GET, "/wms", &[("x-api-key", &key), ("origin", "null")])
        .await;
    assert_ne!(
        unknown.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "remembered from before"
    );
}

#[tokio::test]
async fn a_publishable_key_has_a_page_at_least() {
    let service = service().await;
    let now = Timestamp::from_second(START_S).unwrap();
    let nowhere = mint_publishable(service.org, "x", &AllowedOrigins::default(), None, now);
    assert!(nowhere.unwrap_err().to_string().contains("at least one origin"));
}

#[tokio::test]
async fn a_publishable_key_stops_within_the_promised_time_of_its_revocation() {
    let service = service().await;
    let (key, id) = service.publishable(&[PAGE]).await;
    let path = format!("/wms?key={key}");
    let headers = [("origin", PAGE)];
    assert_eq!(service.send(Method::GET, &path, &headers).await.status, StatusCode::OK);
    let now = Timestamp::from_second(START_S).unwrap();
    service.database.revoke_key(id, now).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5_050)).await;
    assert_eq!(
        service.send(Method::GET, &path, &headers).await.status,
        StatusCode::UNAUTHORIZED
    );
}
