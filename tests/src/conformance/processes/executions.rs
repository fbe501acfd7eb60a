//! Executions: inputs, outputs, forms of the response, and the exceptions of wrong ones.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::{CALLBACK, CORE, execute, of_class};
use crate::conformance::{Case, Subject};

pub(super) fn cases() -> Vec<Case> {
    let core = of_class(
        CORE,
        &[
            ("/conf/core/process-execute-op", inline),
            ("/conf/core/process-execute-request", inline),
            ("/conf/core/process-execute-inputs", inline),
            ("/conf/core/process-execute-input-inline", inline),
            ("/conf/core/process-execute-input-inline-object", object),
            ("/conf/core/process-execute-input-inline-mixed", object),
            ("/conf/core/process-execute-input-inline-binary", binary),
            ("/conf/core/process-execute-input-inline-bbox", region),
            ("/conf/core/process-execute-input-array", array),
            ("/conf/core/process-execute-input-ref", by_link),
            ("/conf/core/process-execute-input-validation", validation),
            ("/conf/core/process-execute-default-outputs", default_outputs),
            ("/conf/core/process-execute-auto-execution-mode", asynchronous),
            ("/conf/core/process-execute-success-async", asynchronous),
            ("/conf/core/process-execute-default-execution-mode", inline),
            ("/conf/core/process-execute-sync-document", document),
            ("/conf/core/process-execute-sync-raw-value-one", one_value),
            ("/conf/core/process-execute-sync-raw-value-multi", several_values),
            ("/conf/core/process-execute-sync-raw-ref", references),
            ("/conf/core/process-execute-sync-raw-mixed-multi", mixed),
        ],
    );
    [core, of_class(CALLBACK, &[("/conf/callback/job-callback", callback)])]
        .into_iter()
        .flatten()
        .collect()
}

/// The outputs of an echo as a document.
fn echoed(subject: &Subject, inputs: Value) -> Value {
    let body = json!({"inputs": inputs, "response": "document"});
    execute(subject, "echo", &body, &[]).expect(200, "an echo").json()
}

/// A drift of two hours with these outputs.
fn drift(subject: &Subject, outputs: &Value, headers: &[(&str, &str)]) -> crate::harness::Answer {
    let inputs = crate::harness::mission_off_norway(2, 200);
    execute(
        subject,
        "drift",
        &json!({"inputs": inputs, "outputs": outputs}),
        headers,
    )
}

fn inline(subject: &Subject) {
    assert_eq!(
        echoed(subject, json!({"echo": "a", "number": 1.5})),
        json!({"echo": "a", "number": 1.5})
    );
}

fn object(subject: &Subject) {
    let results = echoed(
        subject,
        json!({"echo": "a", "object": {"value": {"b": 1}, "mediaType": "application/json"}}),
    );
    assert_eq!(results["object"]["value"], json!({"b": 1}));
    assert_eq!(
        echoed(subject, json!({"echo": "a", "object": {"value": "b"}}))["object"],
        "b"
    );
}

/// No process has a binary input: there is nothing to send, and the descriptions say so.
fn binary(subject: &Subject) {
    for process in subject.client.json("/ogc/processes")["processes"].as_array().unwrap() {
        let described = subject
            .client
            .json(&format!("/ogc/processes/{}", process["id"].as_str().unwrap()));
        for input in described["inputs"].as_object().unwrap().values() {
            let schema = &input["schema"];
            assert!(
                schema["format"] != "byte" && schema["contentEncoding"].is_null(),
                "{schema}"
            );
        }
    }
}

fn region(subject: &Subject) {
    let region = json!({"bbox": [51.9, 7, 52, 7.1], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"});
    assert_eq!(
        echoed(subject, json!({"echo": "a", "region": region}))["region"],
        region
    );
}

fn array(subject: &Subject) {
    for numbers in [json!([1, 2, 3]), json!([1]), json!([])] {
        assert_eq!(
            echoed(subject, json!({"echo": "a", "numbers": numbers}))["numbers"],
            numbers
        );
    }
}

/// Answers one request and hands back what came.
fn answer_once(body: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .set_read_timeout(Some(std::time::Duration::from_secs(2)))
            .unwrap();
        let mut asked = Vec::new();
        let mut piece = [0; 4096];
        loop {
            let length = stream.read(&mut piece).unwrap_or_default();
            asked.extend_from_slice(&piece[..length]);
            let text = String::from_utf8_lossy(&asked).into_owned();
            let is_whole = text.split_once("\r\n\r\n").is_some_and(|(head, sent)| {
                let length = head.to_ascii_lowercase();
                let length = length
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.lines().next()?.parse().ok());
                sent.len() >= length.unwrap_or(0)
            });
            if is_whole || length == 0 {
                break;
            }
        }
        let kind = "content-type: application/json\r\nconnection: close";
        let answer = format!(
            "HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (address, served)
}

fn by_link(subject: &Subject) {
    let (address, served) = answer_once("[4, 5]");
    let results = echoed(
        subject,
        json!({"echo": "a", "numbers": {"href": address, "type": "application/json"}}),
    );
    assert_eq!(results["numbers"], json!([4, 5]));
    assert!(served.join().unwrap().starts_with("GET / "));
}

fn validation(subject: &Subject) {
    for inputs in [
        json!({"echo": 5}),
        json!({"echo": "a", "text": {"type": "wrong/type"}}),
        json!({}),
    ] {
        let problem = execute(subject, "echo", &json!({"inputs": inputs}), &[]).problem(400, "wrong inputs");
        assert!(
            problem["details"][0]["field"].as_str().unwrap().starts_with("inputs."),
            "{problem}"
        );
    }
    let plain = [("accept", "application/json")];
    let answer = execute(subject, "echo", &json!({"inputs": {}}), &plain).expect(400, "no inputs");
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

fn default_outputs(subject: &Subject) {
    let inputs = json!({"echo": "a", "number": 1, "numbers": [], "object": {"value": {}}, "text": "b",
        "region": {"bbox": [1, 2, 3, 4]}});
    let results = echoed(subject, inputs);
    let process = subject.client.json("/ogc/processes/echo");
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&results), names(&process["outputs"]));
}

fn asynchronous(subject: &Subject) {
    let body = json!({"inputs": {"echo": "a"}});
    let created = execute(subject, "echo", &body, &[("prefer", "respond-async")]).expect(201, "preferred");
    let info = created.json();
    assert_eq!(created.header("preference-applied"), Some("respond-async"));
    assert!(
        created
            .header("location")
            .unwrap()
            .ends_with(info["jobID"].as_str().unwrap()),
        "{info}"
    );
}

fn document(subject: &Subject) {
    let body = json!({"inputs": {"echo": "a"}, "response": "document"});
    let answer = execute(subject, "echo", &body, &[]).expect(200, "document");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json(), json!({"echo": "a"}));
}

fn one_value(subject: &Subject) {
    let body = json!({"inputs": {"echo": "a"}, "outputs": {"echo": {"transmissionMode": "value"}}, "response": "raw"});
    assert_eq!(execute(subject, "echo", &body, &[]).expect(200, "raw").body, b"a");
    let datums = drift(subject, &json!({"datums": {}}), &[]).expect(200, "raw datums");
    assert_eq!(datums.header("content-type"), Some("application/geo+json"));
    assert!(datums.header("link").unwrap().contains("rel=monitor"));
}

fn several_values(subject: &Subject) {
    let body = json!({"inputs": {"echo": "a", "number": 7}, "response": "raw"});
    let answer = execute(subject, "echo", &body, &[]).expect(200, "raw");
    assert!(answer.header("content-type").unwrap().starts_with("multipart/related"));
    let text = answer.text();
    assert!(
        text.contains("Content-ID: <echo>") && text.contains("Content-ID: <number>") && text.contains("\r\n\r\n7\r\n")
    );
}

fn references(subject: &Subject) {
    let by_reference = json!({"datums": {"transmissionMode": "reference"}});
    let answer = drift(subject, &by_reference, &[]).expect(204, "a reference");
    let link = answer.header("link").unwrap();
    let address = link.strip_prefix('<').unwrap().split_once('>').unwrap().0;
    assert!(!subject.client.json(address)["features"].as_array().unwrap().is_empty());
}

fn mixed(subject: &Subject) {
    let outputs = json!({"datums": {"transmissionMode": "reference"}, "summary": {"transmissionMode": "value"}});
    let answer = drift(subject, &outputs, &[]).expect(200, "mixed");
    let text = answer.text();
    assert!(answer.header("content-type").unwrap().starts_with("multipart/related"));
    assert!(
        text.contains("Content-Location: http") && text.contains("valid_until"),
        "{text}"
    );
}

fn callback(subject: &Subject) {
    let (address, served) = answer_once("{}");
    let body = json!({"inputs": {"echo": "told"}, "subscriber": {"successUri": address}});
    execute(subject, "echo", &body, &[("prefer", "respond-async")]).expect(201, "with a subscriber");
    let told = served.join().unwrap();
    assert!(
        told.starts_with("POST / ") && told.ends_with(r#"{"echo":"told"}"#),
        "{told}"
    );
    let inside = json!({"inputs": {"echo": "a"}, "subscriber": {"successUri": "http://10.0.0.1/"}});
    execute(subject, "echo", &inside, &[]).problem(400, "an address inside");
}
