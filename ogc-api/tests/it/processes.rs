//! OGC API Processes in process: descriptions, the echo process in every form, and nonsense.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::content::publish;
use crate::service::{Answer, BASE, Service};

/// What a client sends that does not wait.
pub(crate) const ASYNC: [(&str, &str); 1] = [("prefer", "respond-async")];

/// The path of an execution.
pub(crate) fn execution(process: &str) -> String {
    format!("/ogc/processes/{process}/execution")
}

pub(crate) async fn echo(service: &Service, inputs: Value, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"inputs": inputs, "response": "document"}).to_string();
    service.post(&execution("echo"), &body, headers).await
}

/// The last part of an exception's sort.
pub(crate) fn kind(problem: &Value) -> &str {
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
