//! OGC API Processes Part 1: Core 1.0 (18-062r2), annex A.

mod descriptions;
mod executions;
mod jobs;

use serde_json::Value;

use super::{Case, Check, Subject};
use crate::harness::Answer;

const CORE: &str = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core";
const DESCRIPTION: &str = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/ogc-process-description";
const JSON: &str = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/json";
const OAS30: &str = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/oas30";
const JOB_LIST: &str = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/job-list";
const DISMISS: &str = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/dismiss";
const CALLBACK: &str = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/callback";

/// What the standard calls the sort of an exception.
const EXCEPTIONS: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0";
/// Relations of the standard.
const RELATIONS: &str = "http://www.opengis.net/def/rel/ogc/1.0";

pub(super) fn cases() -> Vec<Case> {
    [descriptions::cases(), executions::cases(), jobs::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// Cases of one class.
fn of_class(class: &'static str, checks: &[(&'static str, Check)]) -> Vec<Case> {
    let case = |(id, check): &(&'static str, Check)| Case {
        class,
        id,
        check: *check,
    };
    checks.iter().map(case).collect()
}

/// An execution with these headers beside the body's media type.
fn execute(subject: &Subject, process: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let path = format!("/ogc/processes/{process}/execution");
    subject
        .client
        .send("POST", &path, &headers, body.to_string().as_bytes())
        .unwrap()
}

/// The address of a job of the echo process.
fn echo_job(subject: &Subject, body: &Value) -> String {
    let created = execute(subject, "echo", body, &[("prefer", "respond-async")]).expect(201, "an asynchronous echo");
    created.header("location").unwrap().to_owned()
}

/// An error answer that is an exception of this sort.
fn exception(answer: Answer, status: u16, kind: &str) {
    let problem = answer.problem(status, kind);
    assert_eq!(problem["type"], format!("{EXCEPTIONS}/{kind}"), "{problem}");
}

/// A parameter of an operation in the API document.
fn parameter(subject: &Subject, path: &str, name: &str) -> Value {
    let api = subject.client.json("/ogc/api");
    let parameters = api["paths"][path]["get"]["parameters"].as_array().unwrap();
    let mut resolved = parameters.iter().map(|parameter| {
        let pointer = parameter["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
        api.pointer(pointer).unwrap()
    });
    let found = resolved.rfind(|parameter| parameter["name"] == name);
    found
        .unwrap_or_else(|| panic!("{path} has no parameter {name}"))
        .clone()
}
