//! The STAC catalogue in process: links that lead on, items of cycles and missions, pages, tenants.

use serde_json::{Value, json};

use crate::content::publish;
use crate::service::{BASE, Service};

fn link(page: &Value, relation: &str) -> Option<String> {
    let found = page["links"]
        .as_array()
        .unwrap()
        .iter()
        .find(|link| link["rel"] == relation)?;
    Some(found["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned())
}

async fn walk(service: &Service, first: &str) -> Vec<String> {
    let (mut next, mut ids) = (Some(first.to_owned()), Vec::new());
    while let Some(path) = next {
        let answer = service.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let page = answer.json();
        ids.extend(
            page["features"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        next = link(&page, "next");
    }
    ids
}

/// Relations that lead to other pages of the catalogue.
const RELATIONS: [&str; 8] = [
    "child",
    "data",
    "items",
    "self",
    "root",
    "parent",
    "collection",
    "conformance",
];

#[tokio::test]
async fn every_link_of_the_catalogue_leads_on() {
    let service = Service::start().await;
    publish(&service, &service.ours, (4.0, 60.0), 2).await;
    let mut to_visit = vec!["/stac".to_owned()];
    let mut seen: Vec<String> = Vec::new();
    while let Some(path) = to_visit.pop() {
        if seen.contains(&path) {
            continue;
        }
        let answer = service.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        seen.push(path);
        let page = answer.json();
        let inner = ["features", "collections"].map(|name| page[name].as_array().cloned().unwrap_or_default());
        for document in inner.iter().flatten().chain([&page]) {
            let links = document["links"].as_array().into_iter().flatten();
            for link in links.filter(|link| RELATIONS.contains(&link["rel"].as_str().unwrap())) {
                to_visit.push(link["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned());
            }
        }
    }
    for path in ["/stac/collections/forcing-norkyst", "/stac/collections/missions/items"] {
        assert!(seen.iter().any(|known| known == path), "{path}: {seen:?}");
    }
    assert_eq!(service.get("/stac").await.header("x-test-bill"), "");
}

#[tokio::test]
async fn cycles_are_items_with_their_reference_time() {
    let service = Service::start().await;
    let items = "/stac/collections/forcing-norkyst/items";
    let ids = walk(&service, &format!("{items}?limit=2")).await;
    assert_eq!(
        ids,
        ["20250101T120000Z-r1", "20250101T060000Z-r1", "20250101T000000Z-r1"]
    );
    let item = service.get(&format!("{items}/20250101T060000Z-r1")).await.json();
    assert_eq!(
        item["properties"]["forecast:reference_datetime"],
        "2025-01-01T06:00:00Z"
    );
    assert_eq!(
        (&item["properties"]["datetime"], &item["bbox"]),
        (&json!(null), &json!([0.0, 55.0, 10.0, 65.0]))
    );
    let manifest = item["assets"]["manifest"]["href"]
        .as_str()
        .unwrap()
        .strip_prefix(BASE)
        .unwrap()
        .to_owned();
    assert_eq!(service.get(&manifest).await.status, 200);
    let collection = service.get("/stac/collections/forcing-norkyst").await.json();
    assert_eq!(
        collection["extent"]["spatial"]["bbox"][0],
        json!([0.0, 55.0, -170.0, 65.0]),
        "the wider gap stays outside"
    );
    assert_eq!(
        collection["extent"]["temporal"]["interval"][0],
        json!(["2025-01-01T00:00:00Z", "2025-01-01T14:00:00Z"])
    );
    for (path, status) in [
        ("/stac/collections/forcing-unknown", 404),
        ("/stac/collections/forcing-unknown/items", 404),
        ("/stac/collections/forcing-", 404),
        ("/stac/collections/anything", 404),
        ("/stac/collections/forcing-norkyst/items/x", 404),
        ("/stac/collections/forcing-norkyst/items?cursor=x", 400),
        ("/stac/collections/forcing-norkyst/items?page=2", 400),
        ("/stac/collections/missions/items?cursor=-1", 400),
        ("/stac/collections/missions/items?bbox=1,2,3", 400),
    ] {
        assert_eq!(service.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn completed_missions_are_items_of_their_tenant() {
    let service = Service::start().await;
    let mut expected = Vec::new();
    for number in 0..3 {
        expected.push(
            publish(&service, &service.ours, (4.0 + f64::from(number), 60.0), 2)
                .await
                .0,
        );
    }
    let (theirs, _) = publish(&service, &service.theirs, (4.0, 60.0), 2).await;
    let waiting = service.accept(&service.ours).await.id;
    let items = "/stac/collections/missions/items";
    assert_eq!(walk(&service, &format!("{items}?limit=2")).await, expected);
    assert_eq!(
        walk(&service, &format!("{items}?bbox=5.45,60,6.0,60.1")).await,
        expected[1..]
    );
    assert!(
        walk(
            &service,
            &format!("{items}?datetime=2024-12-31T00:00:00Z/2024-12-31T01:00:00Z")
        )
        .await
        .is_empty()
    );
    let item = service.get(&format!("{items}/{}", expected[0])).await.json();
    let notes = &item["assets"]["notes.txt"];
    assert_eq!(
        (&notes["type"], &notes["roles"]),
        (&json!("text/plain; charset=utf-8"), &json!(["metadata"]))
    );
    assert!(item["assets"].get("../escape").is_none());
    let href = notes["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    assert_eq!(&service.get(&href).await.body[..], b"calm");
    for foreign in [theirs, waiting.to_string(), "x".to_owned()] {
        assert_eq!(
            service.get(&format!("{items}/{foreign}")).await.status,
            404,
            "{foreign}"
        );
    }
}
