//! The list of missions, sorted: every order, page by page, and cursors that go with theirs.

use serde_json::{Value, json};

use crate::content::publish;
use crate::service::{Service, mission_body};

async fn all(service: &Service, sort: &str, limit: usize) -> Vec<Value> {
    let (mut found, mut path) = (Vec::new(), format!("/v1/missions?sort={sort}&limit={limit}"));
    loop {
        let page = service.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", String::from_utf8_lossy(&page.body));
        let page = page.json();
        found.extend(page["missions"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            return found;
        };
        let links = page["links"].as_array().unwrap();
        let link = links.iter().find(|link| link["rel"] == "next").unwrap()["href"]
            .as_str()
            .unwrap();
        assert!(link.contains(&format!("sort={sort}")) && link.contains(next), "{link}");
        path = format!("/v1/missions?sort={sort}&limit={limit}&cursor={next}");
    }
}

#[tokio::test]
async fn every_order_is_walked_without_gap_or_repetition() {
    let service = Service::start().await;
    for _ in 0..2 {
        publish(&service, &service.ours, (4.0, 60.0), 2).await;
    }
    let names = [Some("Ørn"), Some("anker"), Some("Zebra"), None, Some("anker")];
    for (name, priority) in names.into_iter().zip(["low", "urgent", "normal", "urgent", "low"]) {
        let mut body = mission_body();
        body["name"] = json!(name);
        body["priority"] = json!(priority);
        assert_eq!(service.post("/v1/missions", &body.to_string(), &[]).await.status, 202);
    }
    let rank = |mission: &Value| {
        ["low", "normal", "urgent"]
            .iter()
            .position(|word| mission["priority"] == *word)
    };
    let text = |mission: &Value, field: &str| mission[field].as_str().unwrap_or_default().to_owned();
    type Key<'k> = Box<dyn Fn(&Value) -> (Option<usize>, String) + 'k>;
    let keys: [(&str, Key<'_>); 6] = [
        ("created_at", Box::new(|mission| (None, text(mission, "created_at")))),
        ("updated_at", Box::new(|mission| (None, text(mission, "updated_at")))),
        (
            "completed_at",
            Box::new(|mission| (None, text(mission, "completed_at"))),
        ),
        ("priority", Box::new(|mission| (rank(mission), String::new()))),
        ("name", Box::new(|mission| (None, text(mission, "name").to_lowercase()))),
        ("status", Box::new(|mission| (None, text(mission, "status")))),
    ];
    for (name, key) in &keys {
        let up = all(&service, name, 2).await;
        assert_eq!(up.len(), 7, "{name}");
        let placed: Vec<_> = up.iter().map(|mission| (key(mission), text(mission, "id"))).collect();
        assert!(placed.is_sorted(), "{name}: {placed:?}");
        let mut down = all(&service, &format!("-{name}"), 3).await;
        down.reverse();
        assert_eq!(up, down, "-{name}");
    }
    // What is added between two pages moves nothing that was shown.
    let first = service.get("/v1/missions?sort=name&limit=3").await.json();
    let mut early = mission_body();
    early["name"] = json!("aaa");
    service.post("/v1/missions", &early.to_string(), &[]).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = service
        .get(&format!("/v1/missions?sort=name&cursor={cursor}"))
        .await
        .json();
    let shown: Vec<&Value> = [&first, &second]
        .iter()
        .flat_map(|page| page["missions"].as_array().unwrap())
        .map(|mission| &mission["id"])
        .collect();
    let before = all(&service, "name", 100).await;
    let before: Vec<&Value> = before
        .iter()
        .filter(|mission| mission["name"] != "aaa")
        .map(|mission| &mission["id"])
        .collect();
    assert_eq!(shown, before);

    let plain = service.get("/v1/missions?limit=2").await.json();
    let plain = plain["next_cursor"].as_str().unwrap();
    for refused in [
        "sort=size".to_owned(),
        "sort=".to_owned(),
        "sort=--name".to_owned(),
        format!("sort=-name&cursor={cursor}"),
        format!("sort=status&cursor={cursor}"),
        format!("sort=created_at&cursor={plain}"),
        format!("cursor={cursor}"),
    ] {
        let answer = service.get(&format!("/v1/missions?{refused}")).await;
        assert_eq!(answer.status, 400, "{refused}");
    }
}
