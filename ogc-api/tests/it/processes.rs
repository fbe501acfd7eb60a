//! OGC API Processes in process: descriptions, executions, jobs, results, dismissal, callbacks, tenants.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::content::{publish, run_of};
use crate::service::{Answer, BASE, Service, mission_body};

const ASYNC: [(&str, &str); 1] = [("prefer", "respond-async")];

fn execution(process: &str) -> String {
    format!("/ogc/processes/{process}/execution")
}

async fn echo(service: &Service, inputs: Value, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"inputs": inputs, "response": "document"}).to_string();
    service.post(&execution("echo"), &body, headers).await
}

fn kind(problem: &Value) -> &str {
    problem["type"].as_str().unwrap().rsplit('/').next().unwrap()
}

#[tokio::test]
async fn the_landing_page_leads_to_processes_and_jobs_of_the_tenant_only() {
    let service = Service::start().await;
    let (mission, _) = publish(&service, &service.ours, (4.0, 60.0), 2).await;
    let relations = |page: &Value| -> Vec<String> {
        let links = page["links"].as_array().unwrap();
        links
            .iter()
            .map(|link| link["rel"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
            .collect()
    };
    let of_tenant = relations(&service.get("/ogc").await.json());
    let of_mission = relations(&service.get(&format!("/missions/{mission}/ogc")).await.json());
    for relation in ["processes", "job-list"] {
        assert!(of_tenant.iter().any(|it| it == relation), "{of_tenant:?}");
        assert!(!of_mission.iter().any(|it| it == relation), "{of_mission:?}");
    }
    let declared = |page: &Value| page["conformsTo"].to_string().contains("ogcapi-processes-1");
    assert!(declared(&service.get("/ogc/conformance").await.json()));
    assert!(!declared(
        &service
            .get(&format!("/missions/{mission}/ogc/conformance"))
            .await
            .json()
    ));
}

#[tokio::test]
async fn processes_are_listed_page_by_page_and_described() {
    let service = Service::start().await;
    let mut next = "/ogc/processes?limit=1".to_owned();
    let mut found = Vec::new();
    loop {
        let page = service.get(&next).await.json();
        assert_eq!(page["processes"].as_array().unwrap().len(), 1);
        found.push(page["processes"][0]["id"].as_str().unwrap().to_owned());
        let links = page["links"].as_array().unwrap();
        match links.iter().find(|link| link["rel"] == "next") {
            Some(link) => next = link["href"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(found, ["drift", "backtrack", "search-area", "echo"]);
    let drift = service.get("/ogc/processes/drift").await.json();
    assert_eq!(drift["inputs"]["ensemble_size"]["schema"]["maximum"], 1_000_000);
    let scenarios = &drift["inputs"]["config"]["schema"]["properties"]["scenarios"];
    assert!(scenarios["items"]["properties"]["release"]["properties"]["cone"].is_object());
    assert_eq!(drift["outputs"].as_object().unwrap().len(), 4);
    let unknown = service.get("/ogc/processes/flood").await;
    assert_eq!(
        (unknown.status.as_u16(), kind(&unknown.json())),
        (404, "no-such-process")
    );
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    let plain = [("accept", "application/json")];
    let unknown = service
        .ask(Method::GET, "/ogc/processes/flood", &service.ours.key, &plain)
        .await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.header("content-type")),
        (404, "application/json")
    );
    for bad in [
        "/ogc/processes?limit=0",
        "/ogc/processes?page=2",
        "/ogc/processes?cursor=flood",
        "/ogc/processes/drift?f=html",
    ] {
        assert_eq!(service.get(bad).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn an_echo_answers_in_every_form() {
    let service = Service::start().await;
    let inputs = json!({"echo": "hello", "object": {"value": {"a": 1}}, "pause": 0});
    let document = echo(&service, inputs.clone(), &[]).await;
    assert_eq!(document.status, 200);
    assert_eq!(
        document.json(),
        json!({"echo": "hello", "object": {"mediaType": "application/json", "value": {"a": 1}}})
    );
    assert_eq!(document.header("x-test-bill"), "", "free of charge");
    let one = json!({"inputs": inputs, "outputs": {"echo": {}}}).to_string();
    let raw = service.post(&execution("echo"), &one, &[]).await;
    assert_eq!(
        (raw.header("content-type"), &raw.body[..]),
        ("text/plain", &b"hello"[..])
    );
    let all = service
        .post(&execution("echo"), &json!({"inputs": inputs}).to_string(), &[])
        .await;
    assert!(
        all.header("content-type").starts_with("multipart/related"),
        "{}",
        all.header("content-type")
    );
    let text = String::from_utf8_lossy(&all.body).into_owned();
    assert!(
        text.contains("Content-ID: <echo>") && text.contains("\r\n\r\n{\"a\":1}\r\n"),
        "{text}"
    );
    let wrong = echo(&service, json!({"echo": 5, "noise": 1}), &[]).await;
    assert_eq!(wrong.status, 400);
    let mut fields: Vec<String> = wrong.json()["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| detail["field"].as_str().unwrap().to_owned())
        .collect();
    fields.sort();
    assert_eq!(fields, ["inputs.echo", "inputs.noise"]);
}

#[tokio::test]
async fn an_asynchronous_echo_runs_through_its_pause_and_can_be_dismissed() {
    let service = Service::start().await;
    let created = echo(&service, json!({"echo": "a", "pause": 1}), &ASYNC).await;
    assert_eq!(
        (created.status.as_u16(), created.header("preference-applied")),
        (201, "respond-async")
    );
    let info = created.json();
    let id = info["jobID"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("{BASE}/ogc/jobs/{id}"));
    assert_eq!(
        (&info["status"], &info["processID"], &info["type"]),
        (&json!("running"), &json!("echo"), &json!("process"))
    );
    let early = service.get(&format!("/ogc/jobs/{id}/results")).await;
    assert_eq!((early.status.as_u16(), kind(&early.json())), (404, "result-not-ready"));
    let theirs = service
        .ask(Method::GET, &format!("/ogc/jobs/{id}"), &service.theirs.key, &[])
        .await;
    assert_eq!((theirs.status.as_u16(), kind(&theirs.json())), (404, "no-such-job"));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let info = service.get(&format!("/ogc/jobs/{id}")).await.json();
    assert_eq!(
        (&info["status"], &info["progress"]),
        (&json!("successful"), &json!(100))
    );
    assert!(info["finished"].as_str().unwrap() > info["created"].as_str().unwrap());
    let results = service.get(&format!("/ogc/jobs/{id}/results")).await;
    assert_eq!((results.status, results.json()), (StatusCode::OK, json!({"echo": "a"})));
    let gone = service
        .ask(Method::DELETE, &format!("/ogc/jobs/{id}"), &service.ours.key, &[])
        .await;
    assert_eq!(
        (gone.status, &gone.json()["status"]),
        (StatusCode::OK, &json!("dismissed"))
    );
    assert_eq!(service.get(&format!("/ogc/jobs/{id}/results")).await.status, 410);
    assert_eq!(
        service.get(&format!("/ogc/jobs/{id}")).await.json()["status"],
        "dismissed"
    );
    assert_eq!(service.get("/ogc/jobs").await.json()["jobs"], json!([]));
}

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
        .lease_job("test", Duration::from_secs(60), now)
        .await
        .unwrap()
        .unwrap();
    assert!(
        service
            .database
            .fail_job(lease.job, lease.token, "the forcing is gone", None, now)
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
async fn nonsense_is_refused_cheaply() {
    let service = Service::start().await;
    let deep = format!("{{\"inputs\": {}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let long = json!({"inputs": {"echo": "a".repeat(1 << 20)}}).to_string();
    let many: serde_json::Map<String, Value> = (0..10_000).map(|number| (number.to_string(), json!({}))).collect();
    let many = json!({"inputs": {"echo": "a"}, "outputs": many}).to_string();
    for (body, status) in [
        ("", 400),
        ("null", 400),
        ("[]", 400),
        ("{\"inputs\":", 400),
        ("{\"inputs\": {}, \"inputs\": {}}", 400),
        ("{\"invalid-execute-request\": true}", 400),
        (&deep, 400),
        (&long, 413),
        (&many, 400),
    ] {
        for process in ["echo", "drift", "search-area"] {
            let answer = service.post(&execution(process), body, &[]).await;
            assert_eq!(
                answer.status,
                status,
                "{process} {}",
                body.chars().take(60).collect::<String>()
            );
            assert!(answer.body.len() < 4_000);
        }
    }
    assert_eq!(
        service.post_typed(&execution("echo"), "<a/>", "text/xml").await.status,
        415
    );
    assert_eq!(service.get(&execution("echo")).await.status, 405);
    assert_eq!(service.get("/ogc/jobs/job_1").await.status, 404);
    for bad in [
        "status=queued",
        "processID=x",
        "limit=0",
        "datetime=x",
        "minDuration=-5",
        "cursor=1",
        "sort=x",
    ] {
        assert_eq!(service.get(&format!("/ogc/jobs?{bad}")).await.status, 400, "{bad}");
    }
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
        .lease_job("test", Duration::from_secs(60), jiff::Timestamp::now())
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
