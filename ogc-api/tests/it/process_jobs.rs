//! Jobs of OGC API Processes in process: missions as jobs, waiting, failing, lists, subscribers, addresses that are refused.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use driftline_database::{Failure, Work};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::content::{publish, run_of};
use crate::processes::{ASYNC, echo, execution, kind};
use crate::service::{Answer, BASE, Service, mission_body};

#[tokio::test]
async fn a_drift_is_a_mission_and_a_mission_is_a_job() {
    let service = Service::start().await;
    let body = json!({"inputs": mission_body(), "response": "document", "outputs": {"search-areas": {}}}).to_string();
    let headers = [ASYNC[0], ("idempotency-key", "once")];
    let created = service.post(&execution("drift"), &body, &headers).await;
    assert_eq!(created.status, 201, "{}", String::from_utf8_lossy(&created.body));
    let info = created.json();
    assert_eq!(
        (&info["status"], &info["processID"]),
        (&json!("accepted"), &json!("drift"))
    );
    let id = info["jobID"].as_str().unwrap().to_owned();
    let missions = service.get("/v1/missions").await.json();
    assert_eq!(missions["missions"][0]["job_id"], id.as_str());
    let again = service.post(&execution("drift"), &body, &headers).await;
    assert_eq!(
        (
            again.json()["jobID"].as_str().unwrap(),
            again.header("idempotency-replayed")
        ),
        (id.as_str(), "true")
    );
    assert_eq!(
        service.post(&execution("backtrack"), &body, &headers).await.status,
        409,
        "another process is another body"
    );

    let mission = missions["missions"][0]["id"].as_str().unwrap();
    let (run, known) = run_of((4.0, 60.0), 2, &[]);
    service.complete(run).await;
    let info = service.get(&format!("/ogc/jobs/{id}")).await.json();
    assert_eq!(
        (&info["status"], &info["progress"]),
        (&json!("successful"), &json!(100))
    );
    assert!(info["started"].is_string() && info["finished"].is_string(), "{info}");
    let results = service.get(&format!("/ogc/jobs/{id}/results")).await;
    assert_eq!(results.header("x-test-bill"), "features 1 false");
    let areas = &results.json()["search-areas"];
    assert_eq!(areas["mediaType"], "application/geo+json");
    assert_eq!(areas["value"]["features"].as_array().unwrap().len(), known.areas.len());
    let held = [("if-none-match", results.header("etag"))];
    let same = service
        .ask(
            Method::GET,
            &format!("/ogc/jobs/{id}/results"),
            &service.ours.key,
            &held,
        )
        .await;
    assert_eq!((same.status.as_u16(), same.header("x-test-bill")), (304, ""));

    let (_, _) = publish(&service, &service.ours, (5.0, 61.0), 2).await;
    let jobs = service.get("/ogc/jobs?processID=drift&status=successful").await.json();
    assert_eq!(
        jobs["jobs"].as_array().unwrap().len(),
        2,
        "a mission that was posted as one is a job too"
    );
    let plain = jobs["jobs"][0]["jobID"].as_str().unwrap();
    let links = service.get(&format!("/ogc/jobs/{plain}/results")).await;
    let href = links.json()["datums"]["href"]
        .as_str()
        .unwrap()
        .strip_prefix(BASE)
        .unwrap()
        .to_owned();
    assert_eq!(
        (links.header("x-test-bill"), service.get(&href).await.status),
        ("", StatusCode::OK)
    );

    let gone = service
        .ask(Method::DELETE, &format!("/ogc/jobs/{id}"), &service.ours.key, &[])
        .await;
    assert_eq!(
        (gone.status, &gone.json()["status"]),
        (StatusCode::OK, &json!("dismissed"))
    );
    assert_eq!(service.get(&format!("/v1/missions/{mission}")).await.status, 404);
    for (method, rest) in [(Method::GET, "/results"), (Method::DELETE, "")] {
        let answer = service
            .ask(method, &format!("/ogc/jobs/{id}{rest}"), &service.ours.key, &[])
            .await;
        assert_eq!(answer.status, 410);
    }
    let theirs = service
        .ask(Method::GET, &format!("/ogc/jobs/{plain}"), &service.theirs.key, &[])
        .await;
    assert_eq!((theirs.status.as_u16(), kind(&theirs.json())), (404, "no-such-job"));
}

#[tokio::test]
async fn whoever_waits_is_answered_at_the_end_and_told_where_the_job_is() {
    let service = Service::start().await;
    let body = json!({
        "inputs": {
            "position": {"type": "Point", "coordinates": [4.0, 61.5]}, "time": "2025-01-01T00:00:00Z", "object": "PIW-1",
            "hours": 2,
        },
        "outputs": {"areas": {"transmissionMode": "value"}},
    }).to_string();
    let path = execution("search-area");
    let waiting = service.post(&path, &body, &[]);
    let working = async {
        let mut woken = service.changes.subscribe();
        let (_, mission) = woken.recv().await.unwrap();
        let (run, _) = run_of((4.0, 61.5), 2, &[]);
        service.complete(run).await;
        let _ = service.changes.send((service.ours.org, mission));
    };
    let (answer, ()) = tokio::join!(waiting, working);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), "application/geo+json");
    let features = answer.json()["features"].as_array().unwrap().clone();
    assert!(
        !features.is_empty()
            && features
                .iter()
                .all(|area| area["properties"]["valid_time"] == "2025-01-01T02:00:00Z")
    );
    let link = answer.header("link");
    let job = link
        .strip_prefix(&format!("<{BASE}"))
        .unwrap()
        .split_once(">; rel=monitor")
        .unwrap()
        .0;
    assert_eq!(service.get(job).await.json()["processID"], "search-area");
    let slow = service
        .post(&execution("search-area"), &body, &[("prefer", "wait=1")])
        .await;
    assert_eq!(slow.status, 503);
    assert!(slow.header("link").contains("rel=monitor") && !slow.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_failed_job_says_why_in_its_status_and_in_place_of_its_results() {
    let service = Service::start().await;
    let body = json!({"inputs": mission_body()}).to_string();
    let id = service.post(&execution("drift"), &body, &ASYNC).await.json()["jobID"]
        .as_str()
        .unwrap()
        .to_owned();
    let now = jiff::Timestamp::now();
    let lease = service
        .database
        .lease_job("test", Work::All, Duration::from_secs(60), now)
        .await
        .unwrap()
        .unwrap();
    assert!(
        service
            .database
            .fail_job(
                lease.job,
                lease.token,
                "the forcing is gone",
                "met",
                Failure::Final,
                now
            )
            .await
            .unwrap()
    );
    let info = service.get(&format!("/ogc/jobs/{id}")).await.json();
    assert_eq!(
        (&info["status"], &info["message"]),
        (&json!("failed"), &json!("the forcing is gone"))
    );
    let results = service.get(&format!("/ogc/jobs/{id}/results")).await;
    assert_eq!(
        (results.status.as_u16(), &results.json()["detail"]),
        (409, &json!("the job failed: the forcing is gone"))
    );
    let listed = service.get("/ogc/jobs?status=failed,accepted").await.json();
    assert_eq!(listed["jobs"][0]["jobID"], id.as_str());
}

#[tokio::test]
async fn faults_of_a_mission_are_faults_of_inputs_and_nothing_is_created() {
    let service = Service::start().await;
    let mut far_south = mission_body();
    far_south["last_known_lat"] = json!(10);
    let body = |inputs: Value| json!({"inputs": inputs}).to_string();
    let fields = |answer: &Answer| -> Vec<String> {
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(&answer.body));
        let details = answer.json()["details"].as_array().unwrap().clone();
        details
            .iter()
            .map(|detail| detail["field"].as_str().unwrap().to_owned())
            .collect()
    };
    let answer = service.post(&execution("drift"), &body(far_south), &[]).await;
    assert_eq!(fields(&answer), ["inputs.last_known_lat"]);
    let area = json!({
        "position": {"value": {"type": "Point", "coordinates": [4, 10]}}, "time": "2015-11-16T06:00:00Z", "object": 1, "hours": 1,
    });
    assert_eq!(
        fields(&service.post(&execution("search-area"), &body(area), &[]).await),
        ["inputs.position"]
    );
    let answer = service
        .post(
            &execution("drift"),
            &body(json!({"last_known_lat": 95, "distres": true})),
            &[],
        )
        .await;
    assert!(fields(&answer).contains(&"inputs.distres".to_owned()));
    let distress = service.key_with("missions:write").await;
    let mut urgent = mission_body();
    urgent["distress"] = json!(true);
    let refused = service.post_as(&distress, &execution("drift"), &body(urgent)).await;
    assert_eq!(refused.status, 403);
    let reader = service.key_with("missions:read,features:read").await;
    assert_eq!(
        service
            .post_as(&reader, &execution("echo"), &body(json!({"echo": "a"})))
            .await
            .status,
        403
    );
    assert_eq!(service.get("/ogc/jobs").await.json()["jobs"], json!([]));
}

#[tokio::test]
async fn pages_of_jobs_hold_each_once_in_the_order_of_acceptance() {
    let service = Service::start().await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let id = if number % 2 == 0 {
            echo(&service, json!({"echo": "a"}), &ASYNC).await.json()["jobID"]
                .as_str()
                .unwrap()
                .to_owned()
        } else {
            service.accept(&service.ours).await.job_id.to_string()
        };
        expected.insert(0, id);
        // Identifiers are in the order of their milliseconds.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    let mut next = Some("/ogc/jobs?limit=3".to_owned());
    let mut found = Vec::new();
    while let Some(path) = next {
        let page = service.get(&path).await.json();
        let ids = page["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["jobID"].as_str().unwrap().to_owned());
        found.extend(ids);
        let links = page["links"].as_array().unwrap();
        let link = links.iter().find(|link| link["rel"] == "next");
        next = link.map(|link| link["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned());
    }
    assert_eq!(found, expected);
}

/// A server that keeps what it is sent.
async fn listener() -> (String, mpsc::UnboundedReceiver<Value>) {
    let (sender, received) = mpsc::unbounded_channel();
    let take = |State(sender): State<mpsc::UnboundedSender<Value>>, body: Bytes| async move {
        sender.send(serde_json::from_slice(&body).unwrap()).unwrap();
    };
    let router = Router::new().route("/told", post(take)).route(
        "/inputs",
        axum::routing::get(|| async { axum::Json(json!({"type": "Point", "coordinates": [4.0, 61.5]})) }),
    );
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(socket, router.with_state(sender)).await });
    (base, received)
}

#[tokio::test]
async fn subscribers_are_told_the_beginning_and_the_results() {
    let service = Service::start().await;
    let (base, mut received) = listener().await;
    let told = format!("{base}/told");
    let body = json!({"inputs": mission_body(), "subscriber": {"successUri": told, "inProgressUri": told}}).to_string();
    let created = service.post(&execution("drift"), &body, &ASYNC).await;
    assert_eq!(created.status, 201, "{}", String::from_utf8_lossy(&created.body));
    let lease = service
        .database
        .lease_job("test", Work::All, Duration::from_secs(60), jiff::Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    let begun = tokio::time::timeout(Duration::from_secs(20), received.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (&begun["status"], &begun["jobID"]),
        (&json!("running"), &created.json()["jobID"])
    );
    let (run, _) = run_of((4.0, 60.0), 2, &[]);
    service
        .database
        .complete_job(lease.job, lease.token, run, "test", jiff::Timestamp::now())
        .await
        .unwrap()
        .unwrap();
    let results = tokio::time::timeout(Duration::from_secs(20), received.recv())
        .await
        .unwrap()
        .unwrap();
    let href = results["search-areas"]["href"].as_str().unwrap();
    assert_eq!(service.get(href.strip_prefix(BASE).unwrap()).await.status, 200);
    let echoed = json!({"inputs": {"echo": "a"}, "subscriber": {"successUri": told}}).to_string();
    assert_eq!(service.post(&execution("echo"), &echoed, &ASYNC).await.status, 201);
    let results = tokio::time::timeout(Duration::from_secs(20), received.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(results, json!({"echo": "a"}));
}

#[tokio::test]
async fn addresses_inside_are_refused_at_once_and_inputs_come_by_link() {
    let service = Service::start().await;
    for address in [
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "x",
    ] {
        let body = json!({"inputs": {"echo": "a"}, "subscriber": {"successUri": address}}).to_string();
        let answer = service.post(&execution("echo"), &body, &ASYNC).await;
        assert_eq!(answer.status, 400, "{address}");
        assert_eq!(answer.json()["details"][0]["field"], "subscriber.successUri");
        let body = json!({"inputs": {"echo": {"href": address}}}).to_string();
        assert_eq!(
            service.post(&execution("echo"), &body, &[]).await.status,
            400,
            "{address}"
        );
    }
    let (base, _received) = listener().await;
    let body = json!({"inputs": {
        "position": {"href": format!("{base}/inputs"), "type": "application/json"}, "time": "2025-01-01T00:00:00Z",
        "object": "PIW-1", "hours": 2,
    }})
    .to_string();
    assert_eq!(service.post(&execution("search-area"), &body, &ASYNC).await.status, 201);
    let missions = service.get("/v1/missions").await.json();
    assert_eq!(missions["missions"][0]["last_known_lat"], 61.5);
    let nothing = json!({"inputs": {"echo": {"href": format!("{base}/nothing")}}}).to_string();
    assert_eq!(service.post(&execution("echo"), &nothing, &[]).await.status, 400);
}
