//! Missions over their life: submitted, repeated, listed, read, withdrawn.

use std::sync::atomic::Ordering;

use http::Method;
use serde_json::{Value, json};

use crate::content::publish;
use crate::service::{BASE, Service, mission_body};

#[tokio::test]
async fn a_mission_is_accepted_followed_and_withdrawn() {
    let service = Service::start().await;
    let mut woken = service.changes.subscribe();
    let answer = service.post("/v1/missions", &mission_body().to_string(), &[]).await;
    assert_eq!(answer.status, 202, "{:?}", String::from_utf8_lossy(&answer.body));
    let mission = answer.json();
    let id = mission["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("{BASE}/v1/missions/{id}"));
    assert_eq!(woken.recv().await.unwrap().1.to_string(), id, "a worker is woken");
    assert_eq!(mission["status"], "queued");
    assert_eq!(mission["object_type"], "PIW-1");
    assert_eq!(
        (&mission["last_known_lat"], &mission["last_known_lon"]),
        (&json!(61.5), &json!(4.0))
    );
    assert_eq!(mission["ensemble_size"], 5000);
    assert_eq!(mission["config"]["step_s"], 600);
    assert_eq!(service.get(&format!("/v1/missions/{id}")).await.json(), mission);
    let status = service.get(&format!("/v1/missions/{id}/status")).await.json();
    assert_eq!(
        (&status["status"], &status["progress"]),
        (&json!("queued"), &json!(0.0))
    );
    let results = service.get(&format!("/v1/missions/{id}/results")).await;
    assert_eq!(results.status, 409);
    assert!(results.json()["detail"].as_str().unwrap().contains("queued"));
    assert_eq!(
        service
            .get(&format!("/v1/missions/{id}/results/notes.txt"))
            .await
            .status,
        409
    );
    let gone = service
        .ask(Method::DELETE, &format!("/v1/missions/{id}"), &service.ours.key, &[])
        .await;
    assert_eq!((gone.status.as_u16(), gone.body.len()), (204, 0));
    let removed: Vec<String> = service
        .files
        .1
        .lock()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(json!(removed), json!([id]));
    for rest in ["", "/status", "/results", "/events"] {
        assert_eq!(
            service.get(&format!("/v1/missions/{id}{rest}")).await.status,
            404,
            "{rest}"
        );
    }
    let again = service
        .ask(Method::DELETE, &format!("/v1/missions/{id}"), &service.ours.key, &[])
        .await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn every_violated_rule_is_named_and_nothing_is_created() {
    let service = Service::start().await;
    let body = json!({"last_known_lat": 95, "object_type": "PIV-1", "distres": true});
    for path in ["/v1/missions", "/v1/missions:validate"] {
        let answer = service.post(path, &body.to_string(), &[]).await;
        assert_eq!(answer.status, 422, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        let fields: Vec<&str> = problem["details"]
            .as_array()
            .unwrap()
            .iter()
            .map(|violation| violation["field"].as_str().unwrap())
            .collect();
        assert_eq!(
            fields,
            [
                "last_known_lat",
                "last_known_lon",
                "last_known_time",
                "object_type",
                "distres"
            ]
        );
        assert!(problem["request_id"].as_str().unwrap().starts_with("req_"));
    }
    let mut outside = mission_body();
    outside["last_known_lat"] = json!(10);
    let answer = service.post("/v1/missions", &outside.to_string(), &[]).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.json()["details"][0]["message"]
            .as_str()
            .unwrap()
            .contains("north of 40")
    );
    assert_eq!(service.get("/v1/missions").await.json()["missions"], json!([]));
}

#[tokio::test]
async fn validation_tells_warnings_and_creates_nothing() {
    let service = Service::start().await;
    let mut body = mission_body();
    body["last_known_lat"] = json!(60);
    let answer = service.post("/v1/missions:validate", &body.to_string(), &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({"valid": true, "warnings": ["the position is on land"]})
    );
    assert_eq!(service.get("/v1/missions").await.json()["missions"], json!([]));
    let created = service.post("/v1/missions", &body.to_string(), &[]).await.json();
    assert_eq!(created["warnings"], json!(["the position is on land"]));
}

#[tokio::test]
async fn a_repeated_submission_never_runs_twice() {
    let service = Service::start().await;
    let body = mission_body().to_string();
    let key = [("idempotency-key", "distress-2025-1")];
    let first = service.post("/v1/missions", &body, &key).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (202, ""));
    let second = service.post("/v1/missions", &body, &key).await;
    assert_eq!(
        (second.status.as_u16(), second.header("idempotency-replayed")),
        (202, "true")
    );
    assert_eq!(first.json()["id"], second.json()["id"]);
    assert_eq!(first.header("location"), second.header("location"));
    service.forcing_gone.store(true, Ordering::Relaxed);
    let late = service.post("/v1/missions", &body, &key).await;
    assert_eq!(
        (late.status.as_u16(), late.json()["id"].clone()),
        (202, first.json()["id"].clone())
    );
    assert_eq!(
        service.post("/v1/missions", &body, &[]).await.status,
        422,
        "a new one has no forcing any more"
    );
    service.forcing_gone.store(false, Ordering::Relaxed);
    let other = body.replace("12", "13");
    let conflict = service.post("/v1/missions", &other, &key).await;
    assert_eq!(
        (conflict.status.as_u16(), conflict.json()["code"].clone()),
        (409, json!("idempotency_conflict"))
    );
    let third = service
        .post("/v1/missions", &body, &[("idempotency-key", "distress-2025-2")])
        .await;
    assert_ne!(first.json()["id"], third.json()["id"]);
    let theirs = service
        .post_with(&service.theirs.key, "/v1/missions", &other, &key)
        .await;
    assert_eq!(theirs.status, 202, "another tenant's key is its own");
    assert_eq!(
        service.get("/v1/missions").await.json()["missions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for bad in ["", "a b", "ü", &"x".repeat(256)] {
        let answer = service.post("/v1/missions", &body, &[("idempotency-key", bad)]).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn simultaneous_repetitions_make_one_mission() {
    let service = Service::start().await;
    let body = mission_body().to_string();
    let key = [("idempotency-key", "at-once")];
    let posts = (0..8).map(|_| service.post("/v1/missions", &body, &key));
    let answers = futures::future::join_all(posts).await;
    let ids: Vec<Value> = answers.iter().map(|answer| answer.json()["id"].clone()).collect();
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let replays = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed") == "true")
        .count();
    assert_eq!(replays, 7);
}

#[tokio::test]
async fn bodies_that_are_no_mission_are_refused_clearly() {
    let service = Service::start().await;
    for (body, status) in [
        ("{", 400),
        ("", 400),
        ("nonsense", 400),
        ("[]", 422),
        ("null", 422),
        ("{\"a\":1}", 422),
    ] {
        assert_eq!(service.post("/v1/missions", body, &[]).await.status, status, "{body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(service.post("/v1/missions", &deep, &[]).await.status, 400);
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(300_000));
    let answer = service.post("/v1/missions", &large, &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (413, "application/problem+json")
    );
    let form = service
        .post_typed("/v1/missions", &mission_body().to_string(), "text/plain")
        .await;
    assert_eq!(form.status, 415);
    let charset = "application/json; charset=utf-8";
    let with_charset = service
        .post_typed("/v1/missions", &mission_body().to_string(), charset)
        .await;
    assert_eq!(with_charset.status, 202);
}

#[tokio::test]
async fn lists_page_filter_search_and_show_what_is_asked_for() {
    let service = Service::start().await;
    let mut ids = Vec::new();
    for number in 0..7 {
        let mut body = mission_body();
        body["name"] = json!(format!("Boat {number}"));
        ids.push(service.post("/v1/missions", &body.to_string(), &[]).await.json()["id"].clone());
    }
    ids.reverse();
    let (mut seen, mut path) = (
        Vec::new(),
        "/v1/missions?limit=3&fields=id,name&status=queued".to_owned(),
    );
    loop {
        let page = service.get(&path).await.json();
        for mission in page["missions"].as_array().unwrap() {
            assert_eq!(mission.as_object().unwrap().len(), 2, "{mission}");
            seen.push(mission["id"].clone());
        }
        let next = page["links"]
            .as_array()
            .unwrap()
            .iter()
            .find(|link| link["rel"] == "next");
        let Some(next) = next else { break };
        path = next["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    }
    assert_eq!(seen, ids, "newest first, each once");
    let found = service.get("/v1/missions?q=boat+3").await.json();
    assert_eq!(found["missions"][0]["name"], "Boat 3");
    assert_eq!(found["missions"].as_array().unwrap().len(), 1);
    assert_eq!(
        service.get("/v1/missions?status=failed").await.json()["missions"],
        json!([])
    );
    for bad in [
        "limit=0",
        "limit=x",
        "status=lost",
        "fields=secret",
        "fields=",
        "cursor=abc",
        "page=2",
    ] {
        assert_eq!(service.get(&format!("/v1/missions?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn results_list_their_files_and_serve_only_those() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (3.0, 59.5), 6).await;
    let results = service.get(&format!("/v1/missions/{mission}/results")).await;
    assert_eq!(results.status, 200);
    assert_eq!(results.header("x-test-bill"), "", "the summary is free");
    let names: Vec<Value> = results.json()["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].clone())
        .collect();
    assert_eq!(
        names,
        ["centroid.geojson", "notes.txt", "listed-and-missing.nc"],
        "no name leads out of the folder"
    );
    assert_eq!(results.json()["summary"]["stranded"], 0);
    let file = service.get(&format!("/v1/missions/{mission}/results/notes.txt")).await;
    assert_eq!((file.status.as_u16(), &file.body[..]), (200, &b"calm"[..]));
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(file.header("content-length"), "4");
    assert_eq!(file.header("x-test-bill"), "export 1 false");
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"{mission}-notes.txt\"")
    );
    let tag = file.header("etag").to_owned();
    let path = format!("/v1/missions/{mission}/results/notes.txt");
    let again = service
        .ask(Method::GET, &path, &service.ours.key, &[("if-none-match", &tag)])
        .await;
    assert_eq!(
        (again.status.as_u16(), again.body.len(), again.header("x-test-bill")),
        (304, 0, "")
    );
    for name in ["secret.txt", "..%2Fescape", "%2e%2e", "notes.txt%00", "nothing"] {
        let answer = service.get(&format!("/v1/missions/{mission}/results/{name}")).await;
        assert_eq!(answer.status, 404, "{name}");
    }
    let missing = service
        .get(&format!("/v1/missions/{mission}/results/listed-and-missing.nc"))
        .await;
    assert_eq!(missing.status, 500);
    assert!(
        !missing.json()["detail"].as_str().unwrap().contains("missing"),
        "no cause is told"
    );
}

#[tokio::test]
async fn reference_data_is_complete() {
    let service = Service::start().await;
    let types = service.get("/v1/object-types").await.json();
    let types = types["object_types"].as_array().unwrap();
    assert_eq!(types.len(), 85);
    assert_eq!(
        (&types[0]["key"], &types[0]["aliases"]),
        (&json!("PIW-1"), &json!(["person in water"]))
    );
    assert_eq!(types[0]["coefficients"]["downwind"]["slope"], 0.0096);
    assert_eq!(types[0]["coefficients"]["crosswind_left"]["std_ms"], 0.094);
    assert_eq!(service.get("/v1/feeds").await.json()["feeds"][0]["name"], "norkyst");
    let covered = service
        .get("/v1/forcing/coverage?bbox=1,2,3,4&time=../2025-01-01T00:00:00Z")
        .await
        .json();
    assert_eq!(
        (&covered["bbox"]["north"], &covered["from"]),
        (&json!(4.0), &json!(null))
    );
    assert_eq!(covered["until"], "2025-01-01T00:00:00Z");
    assert_eq!(service.get("/v1/forcing/coverage?bbox=x").await.status, 400);
}

#[tokio::test]
async fn scenarios_are_taken_and_shown_as_they_were_asked_for() {
    let service = Service::start().await;
    let scenarios = json!([
        {"name": "by beacon", "weight": 3.0, "object_type": "LIFE-RAFT-DB-10",
         "release": {"point": {"lat": 61.5, "lon": 4.0, "time": "2015-11-16T06:00:00Z", "until": "2015-11-16T08:00:00Z",
             "radius_m": 7408.0, "distribution": "gaussian", "position_source": "radio_beacon"}},
         "changes": [{"at": "2015-11-16T12:00:00Z", "to": "PIW-1"}]},
        {"weight": 1.0, "object_type": "PIW-1", "release": {"polygon": {
            "times": ["2015-11-16T07:00:00Z", "2015-11-16T07:00:00Z"],
            "coordinates": [[[4.0, 61.0], [5.0, 61.0], [5.0, 62.0], [4.0, 61.0]]]}}}
    ]);
    let body = json!({"config": {
        "scenarios": scenarios, "direction": "forward", "capsizing": true,
        "forcing": [], "error": {"wind": {"sigma": 2.0, "tau": 21600.0}, "coefficients": {"share": 0.5, "tau": 43200.0}}
    }});
    let answer = service.post("/v1/missions", &body.to_string(), &[]).await;
    assert_eq!(answer.status, 202, "{:?}", String::from_utf8_lossy(&answer.body));
    let mission = answer.json();
    let config = &mission["config"];
    assert_eq!(config["scenarios"], scenarios);
    assert_eq!(
        (&config["capsizing"], &config["error"]),
        (&json!(true), &body["config"]["error"])
    );
    assert_eq!(mission["last_known_time"], "2015-11-16T06:00:00Z");
    assert_eq!(
        (&mission["last_known_lat"], &mission["object_type"]),
        (&json!(61.5), &json!("LIFE-RAFT-DB-10"))
    );
}
