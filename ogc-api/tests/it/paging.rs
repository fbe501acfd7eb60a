//! Walks along `next`: every feature once, whatever is published meanwhile.

use serde_json::Value;

use crate::content::publish;
use crate::service::{BASE, Service};

async fn walk(service: &Service, first: &str, mut midway: impl AsyncFnMut(usize)) -> (Vec<String>, usize) {
    let (mut ids, mut pages) = (Vec::new(), 0);
    let mut path = first.to_owned();
    loop {
        let answer = service.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let page: Value = answer.json();
        let features = page["features"].as_array().unwrap();
        assert_eq!(page["numberReturned"], features.len());
        ids.extend(
            features
                .iter()
                .map(|feature| feature["id"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        midway(pages).await;
        let next = page["links"]
            .as_array()
            .unwrap()
            .iter()
            .find(|link| link["rel"] == "next");
        let Some(next) = next else { return (ids, pages) };
        assert!(!features.is_empty(), "an empty page has no next");
        path = next["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    }
}

fn without_repeats(mut ids: Vec<String>) -> usize {
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "a feature came twice");
    all
}

#[tokio::test]
async fn a_walk_sees_every_feature_exactly_once_for_any_limit() {
    let service = Service::start().await;
    let mut areas = 0;
    for lon in [3.0, 3.6, 178.9] {
        areas += publish(&service, &service.ours, (lon, 59.5), 10).await.1.areas.len();
    }
    publish(&service, &service.theirs, (3.0, 59.5), 10).await;
    for limit in [1, 7, 10, 33, areas - 1, areas, areas + 1] {
        let (ids, pages) = walk(
            &service,
            &format!("/ogc/collections/search-areas/items?limit={limit}"),
            async |_| {},
        )
        .await;
        assert_eq!(without_repeats(ids), areas, "limit {limit}");
        assert_eq!(pages, areas.div_ceil(limit), "limit {limit}");
    }
    let default = service.get("/ogc/collections/search-areas/items").await.json();
    assert_eq!(default["numberReturned"], areas, "a default page is a large one");
    assert_eq!(default["numberMatched"], areas);
}

#[tokio::test]
async fn a_run_published_midway_disturbs_no_walk() {
    let service = Service::start().await;
    let (_, first) = publish(&service, &service.ours, (3.0, 59.5), 20).await;
    let (_, second) = publish(&service, &service.ours, (3.2, 59.5), 20).await;
    let before: Vec<String> = first
        .areas
        .iter()
        .chain(&second.areas)
        .map(|area| area.id.clone())
        .collect();
    let (ids, _) = walk(&service, "/ogc/collections/search-areas/items?limit=9", async |pages| {
        if pages == 4 {
            publish(&service, &service.ours, (3.1, 59.6), 20).await;
        }
    })
    .await;
    assert_eq!(ids[..before.len()], before[..], "in the order of runs and rows");
    assert_eq!(without_repeats(ids), before.len() + 63, "the new run comes behind");
}

#[tokio::test]
async fn next_keeps_every_parameter_and_filters_hold_on_every_page() {
    let service = Service::start().await;
    let (_, known) = publish(&service, &service.ours, (3.0, 59.5), 24).await;
    let bbox = [3.3, 59.0, 3.9, 61.0];
    let expected: Vec<String> = known
        .areas
        .iter()
        .filter(|area| area.touches(bbox) && area.is_within(Some(crate::content::T0_S + 3 * 3600), None))
        .map(|area| area.id.clone())
        .collect();
    let first =
        "/ogc/collections/search-areas/items?limit=4&f=json&bbox=3.3,59,3.9,61&datetime=2025-01-01T05:00:00%2B02:00/..";
    let (ids, pages) = walk(&service, first, async |_| {}).await;
    assert_eq!(ids, expected);
    assert!(pages > 4, "{pages}");
}

#[tokio::test]
async fn offset_is_accepted_and_never_emitted() {
    let service = Service::start().await;
    let mut all = Vec::new();
    for lon in [3.0, 3.6] {
        all.extend(publish(&service, &service.ours, (lon, 59.5), 10).await.1.areas);
    }
    for (offset, limit) in [(0, 5), (5, 5), (30, 10), (64, 10), (66, 10), (5000, 10)] {
        let path = format!("/ogc/collections/search-areas/items?offset={offset}&limit={limit}");
        let page = service.get(&path).await.json();
        let ids: Vec<&str> = page["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["id"].as_str().unwrap())
            .collect();
        let expected: Vec<&str> = all
            .iter()
            .skip(offset)
            .take(limit)
            .map(|area| area.id.as_str())
            .collect();
        assert_eq!(ids, expected, "{path}");
        let next = page["links"]
            .as_array()
            .unwrap()
            .iter()
            .find(|link| link["rel"] == "next");
        assert_eq!(next.is_some(), offset + limit < all.len(), "{path}");
        assert!(next.is_none_or(|next| !next["href"].as_str().unwrap().contains("offset")));
    }
    let box_and_offset = "/ogc/collections/search-areas/items?bbox=3.3,59,3.9,61&limit=3&offset=4";
    let page = service.get(box_and_offset).await.json();
    let expected: Vec<&str> = all
        .iter()
        .filter(|area| area.touches([3.3, 59.0, 3.9, 61.0]))
        .skip(4)
        .take(3)
        .map(|area| area.id.as_str())
        .collect();
    let ids: Vec<&str> = page["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, expected);
}
