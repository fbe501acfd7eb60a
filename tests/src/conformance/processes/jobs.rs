//! Jobs: where they stand, their results, the list, dismissal.

use serde_json::{Value, json};

use super::{CORE, DISMISS, JOB_LIST, RELATIONS, echo_job, exception, execute, of_class, parameter};
use crate::conformance::common::link;
use crate::conformance::{Case, Subject};
use crate::harness::Answer;

pub(super) fn cases() -> Vec<Case> {
    let core = of_class(
        CORE,
        &[
            ("/conf/core/job-op", status),
            ("/conf/core/job-success", status),
            ("/conf/core/job-exception-no-such-job", no_such_job),
            ("/conf/core/job-results", document),
            ("/conf/core/job-results-exception-no-such-job", no_such_job),
            ("/conf/core/job-results-exception-results-not-ready", not_ready),
            ("/conf/core/job-results-failed", no_results),
            ("/conf/core/job-results-sync", monitor),
            ("/conf/core/job-results-async-document", document),
            ("/conf/core/job-results-async-raw-value-one", one_value),
            ("/conf/core/job-results-async-raw-value-multi", several_values),
            ("/conf/core/job-results-async-raw-ref", references),
            ("/conf/core/job-results-async-raw-mixed-multi", mixed),
        ],
    );
    let list = of_class(
        JOB_LIST,
        &[
            ("/conf/job-list/job-list-op", list),
            ("/conf/job-list/job-list-success", list),
            ("/conf/job-list/links", list),
            ("/conf/job-list/processID-mandatory", list),
            ("/conf/job-list/type-definition", definitions),
            ("/conf/job-list/processID-definition", definitions),
            ("/conf/job-list/status-definition", definitions),
            ("/conf/job-list/datetime-definition", definitions),
            ("/conf/job-list/duration-definition", definitions),
            ("/conf/job-list/limit-definition", definitions),
            ("/conf/job-list/type-response", types),
            ("/conf/job-list/processID-response", processes),
            ("/conf/job-list/status-response", statuses),
            ("/conf/job-list/datetime-response", times),
            ("/conf/job-list/duration-response", durations),
            ("/conf/job-list/limit-response", limits),
        ],
    );
    let dismiss = of_class(
        DISMISS,
        &[
            ("/conf/dismiss/job-dismiss-op", dismiss),
            ("/conf/dismiss/job-dismiss-success", dismiss),
        ],
    );
    [core, list, dismiss].into_iter().flatten().collect()
}

fn status(subject: &Subject) {
    let job = echo_job(subject, &json!({"inputs": {"echo": "a"}}));
    let info = subject.client.json(&job);
    assert_eq!(
        (&info["type"], &info["processID"], &info["status"]),
        (&json!("process"), &json!("echo"), &json!("successful"))
    );
    assert!(job.ends_with(info["jobID"].as_str().unwrap()));
    let results = link(&info, &format!("{RELATIONS}/results")).unwrap();
    subject.client.get(&results).expect(200, "results");
}

fn no_such_job(subject: &Subject) {
    for path in [
        "/ogc/jobs/invalid-job",
        "/ogc/jobs/job_0123456789abcdef0123456789abcdef",
    ] {
        exception(subject.client.get(path), 404, "no-such-job");
        exception(subject.client.get(&format!("{path}/results")), 404, "no-such-job");
    }
}

fn not_ready(subject: &Subject) {
    let job = echo_job(subject, &json!({"inputs": {"echo": "a", "pause": 5}}));
    assert_eq!(subject.client.json(&job)["status"], "running");
    exception(subject.client.get(&format!("{job}/results")), 404, "result-not-ready");
}

/// What ended without results answers with an exception, and never with an empty document.
fn no_results(subject: &Subject) {
    let job = echo_job(subject, &json!({"inputs": {"echo": "a", "pause": 5}}));
    subject
        .client
        .send("DELETE", &job, &[], b"")
        .unwrap()
        .expect(200, "dismissed");
    subject
        .client
        .get(&format!("{job}/results"))
        .problem(410, "results of a dismissed job");
}

fn monitor(subject: &Subject) {
    let body = json!({"inputs": crate::harness::mission_off_norway(1, 100), "outputs": {"summary": {}}});
    let answer = execute(subject, "drift", &body, &[]).expect(200, "a drift");
    let link = answer.header("link").unwrap();
    let (address, relation) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(relation, "; rel=monitor");
    assert_eq!(subject.client.json(address)["status"], "successful");
}

/// The results of an echo that was asked for in this way.
fn results(subject: &Subject, more: &Value) -> Answer {
    let mut body = json!({"inputs": {"echo": "a", "number": 7}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let job = echo_job(subject, &body);
    subject.client.get(&format!("{job}/results")).expect(200, "results")
}

fn document(subject: &Subject) {
    let answer = results(subject, &json!({"response": "document"}));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json(), json!({"echo": "a", "number": 7}));
}

fn one_value(subject: &Subject) {
    let answer = results(subject, &json!({"response": "raw", "outputs": {"echo": {}}}));
    assert_eq!(
        (answer.header("content-type"), &answer.body[..]),
        (Some("text/plain"), &b"a"[..])
    );
}

fn several_values(subject: &Subject) {
    let answer = results(subject, &json!({"response": "raw"}));
    assert!(answer.header("content-type").unwrap().starts_with("multipart/related"));
}

/// Results of a drift with these outputs, executed asynchronously.
fn of_drift(subject: &Subject, outputs: &Value) -> Answer {
    let body = json!({"inputs": crate::harness::mission_off_norway(1, 100), "outputs": outputs, "response": "raw"});
    let created = execute(subject, "drift", &body, &[("prefer", "respond-async")]).expect(201, "a drift");
    let job = created.header("location").unwrap().to_owned();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while subject.client.json(&job)["status"] != "successful" {
        assert!(std::time::Instant::now() < deadline, "{}", subject.client.json(&job));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    subject.client.get(&format!("{job}/results"))
}

fn references(subject: &Subject) {
    let answer = of_drift(subject, &json!({"summary": {"transmissionMode": "reference"}})).expect(204, "a reference");
    let address = answer
        .header("link")
        .unwrap()
        .strip_prefix('<')
        .unwrap()
        .split_once('>')
        .unwrap()
        .0
        .to_owned();
    subject.client.get(&address).expect(200, "the reference");
}

fn mixed(subject: &Subject) {
    let outputs = json!({"summary": {"transmissionMode": "value"}, "datums": {"transmissionMode": "reference"}});
    let text = of_drift(subject, &outputs).expect(200, "mixed").text();
    assert!(
        text.contains("Content-Location: http") && text.contains("valid_until"),
        "{text}"
    );
}

/// The jobs that a query finds.
fn jobs(subject: &Subject, query: &str) -> Vec<Value> {
    subject.client.json(&format!("/ogc/jobs?{query}"))["jobs"]
        .as_array()
        .unwrap()
        .clone()
}

fn list(subject: &Subject) {
    let all = subject.client.json("/ogc/jobs?limit=200");
    assert!(link(&all, "self").is_some());
    let jobs = all["jobs"].as_array().unwrap();
    let of_mission = subject.client.json(&format!("/v1/missions/{}", subject.mission))["job_id"].clone();
    assert!(
        jobs.iter().any(|job| job["jobID"] == of_mission),
        "the mission is a job"
    );
    assert!(
        jobs.iter()
            .all(|job| job["processID"].is_string() && job["jobID"].is_string())
    );
}

fn definitions(subject: &Subject) {
    for name in ["type", "processID", "status"] {
        let found = parameter(subject, "/jobs", name);
        assert_eq!(
            (&found["in"], &found["schema"]["type"]),
            (&json!("query"), &json!("array")),
            "{name}"
        );
        assert_eq!(found["schema"]["items"]["type"], "string", "{name}");
    }
    for name in ["minDuration", "maxDuration", "limit"] {
        assert_eq!(parameter(subject, "/jobs", name)["schema"]["type"], "integer", "{name}");
    }
    let time = parameter(subject, "/jobs", "datetime");
    assert_eq!(
        (&time["schema"]["type"], &time["explode"]),
        (&json!("string"), &json!(false))
    );
}

fn types(subject: &Subject) {
    let found = jobs(subject, "type=process");
    assert!(!found.is_empty() && found.iter().all(|job| job["type"] == "process"));
    subject
        .client
        .get("/ogc/jobs?type=coverage")
        .problem(400, "another type");
}

fn processes(subject: &Subject) {
    echo_job(subject, &json!({"inputs": {"echo": "a"}}));
    for process in ["echo", "drift"] {
        let found = jobs(subject, &format!("processID={process}"));
        assert!(
            !found.is_empty() && found.iter().all(|job| job["processID"] == process),
            "{process}"
        );
    }
    let both = jobs(subject, "processID=echo,drift&limit=200");
    assert!(both.iter().any(|job| job["processID"] == "echo") && both.iter().any(|job| job["processID"] == "drift"));
}

fn statuses(subject: &Subject) {
    echo_job(subject, &json!({"inputs": {"echo": "a", "pause": 10}}));
    for status in ["running", "successful"] {
        let found = jobs(subject, &format!("status={status}"));
        assert!(
            !found.is_empty() && found.iter().all(|job| job["status"] == status),
            "{status}"
        );
    }
}

fn times(subject: &Subject) {
    let job = subject
        .client
        .json(&echo_job(subject, &json!({"inputs": {"echo": "a"}})));
    let created = job["created"].as_str().unwrap();
    let whole_second = format!("{}Z", &created[..19]);
    let since = jobs(subject, &format!("datetime={whole_second}/..&limit=200"));
    assert!(since.iter().any(|other| other["jobID"] == job["jobID"]), "{created}");
    let before = jobs(subject, &format!("datetime=../{whole_second}&limit=200"));
    assert!(before.iter().all(|other| other["jobID"] != job["jobID"]), "{created}");
}

fn durations(subject: &Subject) {
    let long = subject
        .client
        .json(&echo_job(subject, &json!({"inputs": {"echo": "a", "pause": 1}})))["jobID"]
        .clone();
    let short = subject
        .client
        .json(&echo_job(subject, &json!({"inputs": {"echo": "a"}})))["jobID"]
        .clone();
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    let has = |query: &str, id: &Value| jobs(subject, query).iter().any(|job| job["jobID"] == *id);
    assert!(has("minDuration=1&limit=200", &long) && !has("minDuration=1&limit=200", &short));
    assert!(has("maxDuration=0&limit=200", &short) && !has("maxDuration=0&limit=200", &long));
}

fn limits(subject: &Subject) {
    echo_job(subject, &json!({"inputs": {"echo": "a"}}));
    let page = subject.client.json("/ogc/jobs?limit=1");
    assert_eq!(page["jobs"].as_array().unwrap().len(), 1);
    let next = subject.client.json(&link(&page, "next").unwrap());
    assert_ne!(next["jobs"][0]["jobID"], page["jobs"][0]["jobID"]);
}

fn dismiss(subject: &Subject) {
    let job = echo_job(subject, &json!({"inputs": {"echo": "a", "pause": 10}}));
    let answer = subject
        .client
        .send("DELETE", &job, &[], b"")
        .unwrap()
        .expect(200, "dismissed");
    assert_eq!(answer.json()["status"], "dismissed");
    assert_eq!(subject.client.json(&job)["status"], "dismissed");
    subject
        .client
        .send("DELETE", &job, &[], b"")
        .unwrap()
        .problem(410, "dismissed twice");
}
