//! Links: under the public base, with the credential of those who gave it in the query, and of nobody else.

use driftline_auth_billing::path_keys;
use http::{Method, Request};
use serde_json::Value;

use crate::content::{publish, publish_with_raster};
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

/// Whether an address asks for more before it is one: a query of EDR for a place, a Zarr store for the name of an object, a
/// process for its inputs.
fn is_begun(path: &str) -> bool {
    let asked = [
        "position",
        "area",
        "cube",
        "trajectory",
        "radius",
        "corridor",
        "zarr",
        "execution",
    ];
    let last = path
        .split('?')
        .next()
        .and_then(|path| path.trim_end_matches('/').rsplit('/').next());
    last.is_some_and(|last| asked.contains(&last))
}

/// A template of tiles with the numbers of one that holds the runs of these tests.
fn filled(path: &str) -> String {
    let numbers = if path.contains("WorldCRS84Quad") {
        ["4", "2", "16"]
    } else {
        ["6", "18", "32"]
    };
    ["{tileMatrix}", "{tileRow}", "{tileCol}"]
        .iter()
        .zip(numbers)
        .fold(path.to_owned(), |path, (name, number)| path.replace(name, number))
}

/// Follows every link from these paths on, and hands back the addresses seen.
async fn crawl(service: &Service, starts: Vec<String>, header_key: Option<&str>) -> Vec<String> {
    let mut waiting = starts;
    let mut seen: Vec<String> = Vec::new();
    while let Some(path) = waiting.pop() {
        if seen.contains(&path) || path.contains("/events") || path.contains("listed-and-missing") || is_begun(&path) {
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
                waiting.push(filled(path));
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
    assert!(
        seen.iter().any(|path| path.contains("cursor=")),
        "a next link was followed"
    );
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
    let starts = [
        format!("/missions/{mission}/ogc?{query}"),
        // Small pages, so that there are links to further ones.
        format!("/missions/{mission}/ogc/collections/particles/items?limit=100&{query}"),
    ];
    let seen = crawl(&service, starts.to_vec(), None).await;
    assert!(
        seen.iter().any(|path| path.contains("cursor=")),
        "a next link was followed"
    );
    assert!(seen.len() > 10, "{}", seen.len());
    for path in &seen {
        assert!(path.starts_with(&format!("/missions/{mission}/")), "{path}");
        assert_eq!(path.matches(query).count(), 1, "{path}");
    }
    let foreign = service.ask_without_key(&format!("/missions/{other}/ogc?{query}")).await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn a_share_link_works_on_every_link_of_its_mission_as_it_stands() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 12).await;
    let (other, _) = publish(&service, &service.ours, (3.0, 59.5), 12).await;
    let path = format!("/v1/missions/{mission}/share-links");
    let made = service.post(&path, r#"{"expires_in_s": 3600}"#, &[]).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let pair = format!("key={}", made["token"].as_str().unwrap());
    let starts = [
        format!("/v1/missions/{mission}?{pair}"),
        format!("/v1/missions/{mission}/results?{pair}"),
        format!("/missions/{mission}/ogc?{pair}"),
        format!("/missions/{mission}/tiles?{pair}"),
        format!("/missions/{mission}/edr?{pair}"),
    ];
    let seen = crawl(&service, starts.to_vec(), None).await;
    assert!(seen.len() > 20, "{}", seen.len());
    let roots = [format!("/missions/{mission}/"), format!("/v1/missions/{mission}")];
    for path in &seen {
        assert!(roots.iter().any(|root| path.starts_with(root)), "{path}");
        assert_eq!(path.matches(&pair).count(), 1, "{path}");
    }
    assert!(
        seen.iter().any(|path| path.contains("/results/notes.txt")),
        "a file was fetched"
    );
    for name in ["mission", "results", "features", "wms", "tiles"] {
        let path = made["urls"][name].as_str().unwrap().strip_prefix(BASE).unwrap();
        assert_eq!(service.ask_without_key(path).await.status, 200, "{path}");
    }
    for path in [
        format!("/v1/missions/{other}?{pair}"),
        format!("/v1/missions?{pair}"),
        format!("/ogc?{pair}"),
    ] {
        assert_eq!(service.ask_without_key(&path).await.status, 403, "{path}");
    }
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
        "/drift/wms?SERVICE=WMS&REQUEST=GetCapabilities",
        "/drift/tiles",
        "/drift/tiles/currents.json",
        "/drift/tiles/currents/5/16/9.png",
    ] {
        assert_eq!(service.get(path).await.status, 200, "{path}");
    }
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 3).await;
    for path in [
        "wms?SERVICE=WMS&REQUEST=GetCapabilities",
        "ogc",
        "tiles",
        "tiles/particles.json",
        "tiles/particles/6/32/18.mvt",
    ] {
        let path = format!("/drift/missions/{mission}/{path}");
        assert_eq!(service.get(&path).await.status, 200, "{path}");
    }
    // The page's own addresses begin where it lies: with a slash.
    let as_browser = [("accept", "text/html,*/*;q=0.8")];
    for (path, location) in [("/drift", "/drift/"), ("/drift?a=b", "/drift/?a=b")] {
        let moved = service.ask(Method::GET, path, &service.ours.key, &as_browser).await;
        assert_eq!((moved.status.as_u16(), moved.header("location")), (307, location));
    }
    let page = service
        .ask(Method::GET, "/drift/", &service.ours.key, &as_browser)
        .await;
    assert_eq!(page.status, 200);
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

/// Every address of a document in XML.
fn addresses(xml: &str) -> Vec<String> {
    let parts = xml.split("href=\"").skip(1);
    let hrefs = parts.map(|part| part.split('"').next().unwrap().replace("&amp;", "&"));
    hrefs.filter(|href| href.starts_with(BASE)).collect()
}

#[tokio::test]
async fn capabilities_and_tilejson_carry_a_key_of_the_path_and_a_signature() {
    let mut service = Service::start().await;
    service.router = path_keys(service.router, "/drift");
    let (mission, _) = publish_with_raster(&service, &service.ours, (3.0, 59.5), 6).await;
    let wish = format!("{{\"mission\": \"{mission}\", \"expires_in_s\": 3600}}");
    let link = service.post("/v1/map-links", &wish, &[]).await.json();
    let signature = link["query"].as_str().unwrap().to_owned();
    let path_key = format!("/key/{}", service.ours.key);
    let root = format!("/missions/{mission}");
    for (before, query, carried) in [
        (path_key.as_str(), "", path_key.as_str()),
        ("", signature.as_str(), signature.as_str()),
    ] {
        let works = async |address: &str| {
            assert_eq!(address.matches(carried).count(), 1, "{address}");
            let answer = service.ask_without_key(address.strip_prefix(BASE).unwrap()).await;
            assert_eq!(answer.status, 200, "{address}");
            answer
        };
        for version in ["1.1.1", "1.3.0"] {
            let path = format!("{before}{root}/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}&{query}");
            let capabilities = service.ask_without_key(&path).await;
            let found = addresses(std::str::from_utf8(&capabilities.body).unwrap());
            assert!(found.len() > 10, "{found:?}");
            for address in found {
                let is_open = address.ends_with(['?', '&']);
                let more = if is_open {
                    "SERVICE=WMS&REQUEST=GetCapabilities"
                } else {
                    ""
                };
                works(&format!("{address}{more}")).await;
            }
        }
        let list = service
            .ask_without_key(&format!("{before}{root}/tiles?{query}"))
            .await
            .json();
        for tileset in list["tilesets"].as_array().unwrap() {
            let described = works(tileset["tilejson"].as_str().unwrap()).await.json();
            let template = described["tiles"][0].as_str().unwrap();
            let tile = template.replace("{z}", "6").replace("{x}", "32").replace("{y}", "18");
            works(&tile).await;
        }
    }
    // What a link's maker is told works, and shared caches may keep what it opens.
    let urls = &link["urls"];
    let tilejson = urls["tilejson"].as_object().unwrap().values();
    for address in [&urls["wms"], &urls["features"], &urls["tiles"]]
        .into_iter()
        .chain(tilejson)
    {
        let path = address.as_str().unwrap().strip_prefix(BASE).unwrap();
        assert_eq!(service.ask_without_key(path).await.status, 200, "{path}");
    }
    let tile = format!("{root}/tiles/particles/6/32/18.mvt?datetime=2025-01-01T02:00:00Z&{signature}");
    let kept = service.ask_without_key(&tile).await;
    assert!(
        kept.header("cache-control").starts_with("public, max-age="),
        "{}",
        kept.header("cache-control")
    );
    let own = service
        .get(&format!(
            "{root}/tiles/particles/6/32/18.mvt?datetime=2025-01-01T02:00:00Z"
        ))
        .await;
    assert!(
        own.header("cache-control").starts_with("private"),
        "{}",
        own.header("cache-control")
    );
}
