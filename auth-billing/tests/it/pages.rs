//! CORS: what browsers are told about pages of other origins.

use http::{Method, StatusCode};
use serde_json::json;

use crate::{Answer, DESK, Service, service};

const PAGE: &str = "https://map.example.org";
const STRANGER: &str = "https://stranger.example";

fn allowed(answer: &Answer) -> Option<&str> {
    let value = answer.headers.get("access-control-allow-origin");
    value.map(|value| value.to_str().unwrap())
}

fn varies_by_origin(answer: &Answer) -> bool {
    let values = answer.headers.get_all("vary").iter();
    values
        .flat_map(|value| value.to_str().unwrap().split(','))
        .any(|word| word.trim() == "Origin")
}

impl Service {
    async fn preflight(&self, path: &str, origin: &str, method: &str) -> Answer {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", "x-api-key"),
        ];
        self.send(Method::OPTIONS, path, &headers).await
    }
}

#[tokio::test]
async fn preflights_are_answered_by_origin_before_anything_else_is_looked_at() {
    let service = service().await;
    service.publishable(&[PAGE, "https://*.pages.example"]).await;
    for path in ["/wms", "/v1/map-links", "/health", "/nowhere", "/missions/x/tiles"] {
        for (origin, methods) in [
            (DESK, "GET, HEAD, OPTIONS, POST, PATCH, DELETE"),
            (PAGE, "GET, HEAD, OPTIONS"),
            ("https://a.pages.example", "GET, HEAD, OPTIONS"),
        ] {
            let answer = service.preflight(path, origin, "GET").await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path} {origin}");
            assert_eq!(allowed(&answer), Some(origin));
            assert_eq!(answer.headers["access-control-allow-methods"], methods);
            let headers = answer.headers["access-control-allow-headers"].to_str().unwrap();
            for name in [
                "X-API-Key",
                "Authorization",
                "Content-Type",
                "If-None-Match",
                "Range",
                "Idempotency-Key",
            ] {
                assert!(headers.contains(name), "{name}");
            }
            assert_eq!(answer.headers["access-control-max-age"], "600");
            assert!(answer.headers.get("access-control-allow-credentials").is_none());
            assert!(varies_by_origin(&answer) && answer.body.is_empty());
        }
        for origin in [
            STRANGER,
            "null",
            "https://pages.example",
            "https://xpages.example",
            "http://map.example.org",
        ] {
            let answer = service.preflight(path, origin, "GET").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {origin}");
            assert_eq!(answer.json()["code"], "origin_not_allowed");
            assert_eq!(allowed(&answer), None);
            assert!(varies_by_origin(&answer));
        }
    }
}

#[tokio::test]
async fn what_stands_in_the_address_may_be_asked_for_by_every_page() {
    let service = service().await;
    let key = service.key.expose();
    for path in [
        format!("/wms?key={key}"),
        format!("/key/{key}/wms"),
        "/missions/x/wms?exp=1&kid=2&sig=3".to_owned(),
    ] {
        let answer = service.preflight(&path, STRANGER, "GET").await;
        assert_eq!(
            (answer.status, allowed(&answer)),
            (StatusCode::NO_CONTENT, Some(STRANGER)),
            "{path}"
        );
        assert_eq!(answer.headers["access-control-allow-methods"], "GET, HEAD, OPTIONS");
    }
    for path in [format!("/wms?key={key}"), format!("/key/{key}/wms")] {
        let answer = service.send(Method::GET, &path, &[("origin", STRANGER)]).await;
        assert_eq!((answer.status, allowed(&answer)), (StatusCode::OK, Some("*")), "{path}");
        assert!(varies_by_origin(&answer));
        let posted = service.send(Method::POST, &path, &[("origin", STRANGER)]).await;
        assert_eq!(allowed(&posted), None, "only reading is for everybody: {path}");
    }
}

#[tokio::test]
async fn a_secret_key_in_a_header_is_for_configured_pages() {
    let service = service().await;
    let key = ("x-api-key", service.key.expose());
    let desk = service.send(Method::GET, "/wms", &[key, ("origin", DESK)]).await;
    assert_eq!(allowed(&desk), Some(DESK));
    assert_eq!(
        desk.headers["access-control-expose-headers"],
        "ETag, Link, Content-Range, Content-Crs, x-charge-units, Retry-After, Location"
    );
    let written = service.send(Method::POST, "/wms", &[key, ("origin", DESK)]).await;
    assert_eq!(allowed(&written), Some(DESK));
    service.publishable(&[PAGE]).await;
    for origin in [STRANGER, "null", "https://desk.example.org.evil", PAGE] {
        let answer = service.send(Method::GET, "/wms", &[key, ("origin", origin)]).await;
        assert_eq!((answer.status, allowed(&answer)), (StatusCode::OK, None), "{origin}");
        assert!(varies_by_origin(&answer));
    }
    let no_page = service.get("/wms").await;
    assert_eq!(allowed(&no_page), None);
    assert!(
        varies_by_origin(&no_page),
        "a cache must not give this answer to a page"
    );
}

#[tokio::test]
async fn pages_read_the_answers_to_their_publishable_key_and_why_it_was_refused() {
    let service = service().await;
    let (key, _) = service.publishable(&[PAGE]).await;
    for path in [format!("/wms?key={key}"), format!("/key/{key}/wms"), "/wms".to_owned()] {
        let mut headers = vec![("origin", PAGE)];
        if path == "/wms" {
            headers.push(("x-api-key", &key));
        }
        let answer = service.send(Method::GET, &path, &headers).await;
        assert_eq!(
            (answer.status, allowed(&answer)),
            (StatusCode::OK, Some(PAGE)),
            "{path}"
        );
    }
    let address = format!("/wms?key={key}");
    for (path, headers, status) in [
        ("/wms", vec![("origin", PAGE)], 401),
        ("/wms", vec![("origin", PAGE), ("x-api-key", "dlp_rubbish")], 401),
        ("/nowhere", vec![("origin", PAGE), ("x-api-key", &key)], 404),
        ("/v1/organisation", vec![("origin", PAGE), ("x-api-key", &key)], 403),
        ("/write", vec![("origin", PAGE), ("x-api-key", &key)], 403),
        (&address, vec![("origin", STRANGER)], 403),
        ("/health", vec![("origin", PAGE)], 200),
    ] {
        let answer = service.send(Method::GET, path, &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(
            matches!(allowed(&answer), Some(PAGE | "*")),
            "{path} {:?}",
            allowed(&answer)
        );
    }
    let stranger = service
        .send(Method::GET, "/wms", &[("origin", STRANGER), ("x-api-key", &key)])
        .await;
    assert_eq!((stranger.status, allowed(&stranger)), (StatusCode::FORBIDDEN, None));
}

#[tokio::test]
async fn a_signed_link_is_for_every_page_and_a_shared_cache_keeps_one_answer() {
    let service = service().await;
    let mission = service.mission(service.org).await;
    let wish = json!({"mission": mission, "expires_in_s": 60});
    let made = service.post("/v1/map-links", service.key.expose(), &wish).await.json();
    let path = format!("/missions/{mission}/wms?{}", made["query"].as_str().unwrap());
    let silent: &[(&str, &str)] = &[];
    for headers in [
        silent,
        &[("origin", STRANGER)],
        &[("origin", "null")],
        &[("origin", DESK)],
    ] {
        let answer = service.send(Method::GET, &path, headers).await;
        assert_eq!(
            (answer.status, allowed(&answer)),
            (StatusCode::OK, Some("*")),
            "{headers:?}"
        );
        assert!(!varies_by_origin(&answer));
    }
    let broken = service
        .send(Method::GET, &path.replace("sig=", "sig=A"), &[("origin", STRANGER)])
        .await;
    assert_eq!((broken.status, allowed(&broken)), (StatusCode::FORBIDDEN, Some("*")));
}
