//! Links: under the public base, with the credential of those who gave it in the query, and of nobody else.

use driftline_auth_billing::path_keys;
use http::{Method, Request};
use serde_json::Value;

use crate::content::publish;
use crate::service::{BASE, Service};

fn hrefs(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(href) if name == "href" => found.push(href.clone()),
                    other => hrefs(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| hrefs(item, found)),
        _ => {}
    }
}

/// Follows every link from these paths on, and hands back the addresses seen.
async fn crawl(service: &Service, starts: Vec<String>, header_key: Option<&str>) -> Vec<String> {
    let mut waiting = starts;
    let mut seen: Vec<String> = Vec::new();
    while let Some(path) = waiting.pop() {
        if seen.contains(&path) || path.contains("/events") || path.contains("listed-and-missing") {
            continue;
        }
        let mut request = Request::builder().method(Method::GET).uri(&path);
        if let Some(key) = header_key {
            request = request.header("x-api-key", key);
        }
        let answer = service.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200, "{path}");
        seen.push(path);
        if answer.header("content-type").contains("json") {
            let mut found = Vec::new();
            hrefs(&answer.json(), &mut found);
            for href in found {
                let path = href
                    .strip_prefix(BASE)
                    .unwrap_or_else(|| panic!("{href} is not under the public base"));
                waiting.push(path.to_owned());
            }
        }
    }
    seen
}

fn starts(mission: &str, query: &str) -> Vec<String> {
    [
        "/ogc".to_owned(),
        "/v1/missions".to_owned(),
        format!("/missions/{mission}/ogc"),
        format!("/v1/missions/{mission}/results"),
        // Small pages, so that there are links to further ones.
        "/ogc/collections/datums/items?limit=5".to_owned(),
    ]
    .iter()
    .map(|path| format!("{path}{}{query}", if path.contains('?') { '&' } else { '?' }))
    .collect()
}

#[tokio::test]
async fn a_key_given_in_the_query_works_on_every_link_as_it_stands() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 12).await;
    for name in ["key", "API_KEY"] {
        let pair = format!("{name}={}", service.ours.key);
        let seen = crawl(&service, starts(&mission, &pair), None).await;
        assert!(seen.len() > 30, "{}", seen.len());
        for path in &seen {
            assert_eq!(path.matches(&pair).count(), 1, "{path}");
        }
        assert!(
            seen.iter().any(|path| path.contains("cursor=")),
            "a next link was followed"
        );
        assert!(
            seen.iter().any(|path| path.contains("/results/notes.txt")),
            "a file was fetched"
        );
    }
}

#[tokio::test]
async fn a_key_given_in_the_path_works_on_every_link_as_it_stands() {
    let mut service = Service::start().await;
    service.router = path_keys(service.router, "/drift");
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 12).await;
    let before = format!("/key/{}/", service.ours.key);
    let starts = starts(&mission, "")
        .into_iter()
        .map(|path| format!("{}{path}", before.trim_end_matches('/')));
    let seen = crawl(&service, starts.collect(), None).await;
    assert!(seen.len() > 30, "{}", seen.len());
    for path in &seen {
        assert!(path.starts_with(&before) && path.matches("dls_").count() == 1, "{path}");
    }
    let unstripped = service.ask_without_key(&format!("/drift{before}ogc")).await;
    assert_eq!(unstripped.status, 200, "a proxy that does not strip its path");
    assert_eq!(unstripped.json()["links"][0]["href"], format!("{BASE}{before}ogc"));
}

#[tokio::test]
async fn a_signed_link_works_on_every_link_of_its_mission_as_it_stands() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 12).await;
    let (other, _) = publish(&service, &service.ours, (3.0, 59.5), 12).await;
    let wish = format!("{{\"mission\": \"{mission}\", \"expires_in_s\": 3600}}");
    let made = service.post("/v1/map-links", &wish, &[]).await;
    assert_eq!(made.status, 200);
    let made = made.json();
    let query = made["query"].as_str().unwrap();
    assert_eq!(made["prefix"], format!("{BASE}/missions/{mission}/"));
    let start = format!("/missions/{mission}/ogc?{query}");
    let seen = crawl(&service, vec![start], None).await;
    assert!(seen.len() > 10, "{}", seen.len());
    for path in &seen {
        assert!(path.starts_with(&format!("/missions/{mission}/")), "{path}");
        assert_eq!(path.matches(query).count(), 1, "{path}");
    }
    let foreign = service.ask_without_key(&format!("/missions/{other}/ogc?{query}")).await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn a_key_given_in_a_header_stands_in_no_answer() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 12).await;
    let seen = crawl(&service, starts(&mission, ""), Some(&service.ours.key)).await;
    assert!(seen.len() > 30);
    assert!(
        seen.iter().all(|path| !path.contains("key") && !path.contains("dls_")),
        "{seen:?}"
    );
    let answer = service.get("/ogc/collections/search-areas/items").await;
    assert!(!String::from_utf8_lossy(&answer.body).contains("dls_"));
}

#[tokio::test]
async fn a_path_prefix_is_answered_whether_a_proxy_strips_it_or_not() {
    let service = Service::start().await;
    for path in [
        "/ogc",
        "/drift/ogc",
        "/drift/ogc?f=json",
        "/drift/v1/object-types",
        "/drift",
        "/drift/",
        "/drift?",
    ] {
        assert_eq!(service.get(path).await.status, 200, "{path}");
    }
    for path in ["/driftwood/ogc", "/drift/nothing", "/drift/drift/ogc"] {
        assert_eq!(service.get(path).await.status, 404, "{path}");
    }
    let landing = service.get("/drift/ogc").await.json();
    assert_eq!(landing["links"][0]["href"], format!("{BASE}/ogc"));
}

#[tokio::test]
async fn without_a_public_base_links_begin_with_the_host_of_the_request() {
    let service = Service::start_at("").await;
    let answer = service
        .ask(Method::GET, "/ogc", &service.ours.key, &[("host", "127.0.0.1:8080")])
        .await;
    assert_eq!(answer.json()["links"][0]["href"], "http://127.0.0.1:8080/ogc");
    let evil = service
        .ask(Method::GET, "/ogc", &service.ours.key, &[("host", "evil/\"<script>")])
        .await;
    assert_eq!(evil.status, 400);
}
