//! Paths of OGC API Processes in the API document, under the operation names of the standard's own document.

use serde_json::{Map, Value, json};

use super::paths::{Operation, get};
use super::schemas;
use crate::document::{GEOJSON, JSON};

/// Routes of processes and jobs under a root.
pub(super) fn add_processes(paths: &mut Map<String, Value>, prefix: &str) {
    let tag = "Processes";
    let at = |rest: &str| format!("{prefix}{rest}");
    get(&at("/processes"), "getProcesses", tag, "Processes")
        .with(&["f", "process_limit", "process_cursor"])
        .answers(JSON, "process_list")
        .add(paths);
    let one = at("/processes/{process_id}");
    get(
        &one,
        "getProcessDescription",
        tag,
        "A process with its inputs and outputs",
    )
    .with(&["process_id", "f"])
    .answers(JSON, "process")
    .add(paths);
    add_execution(paths, &format!("{one}/execution"), tag);
    get(&at("/jobs"), "getJobs", tag, "Jobs, newest first")
        .with(&[
            "f",
            "job_limit",
            "job_cursor",
            "job_type",
            "job_process",
            "job_status",
            "datetime",
            "min_duration",
            "max_duration",
        ])
        .answers(JSON, "job_list")
        .add(paths);
    let job = at("/jobs/{job_id}");
    get(&job, "getStatus", tag, "Where a job stands")
        .with(&["job_id", "f"])
        .answers(JSON, "status_info")
        .add(paths);
    get(&job, "dismiss", tag, "Stops a job, or withdraws its results")
        .by("delete")
        .with(&["job_id"])
        .answers(JSON, "status_info")
        .add(paths);
    let results = get(&format!("{job}/results"), "getResult", tag, "The results of a job").with(&["job_id", "f"]);
    results.answers(JSON, "results").add(paths)["responses"]["200"]["content"] = result_forms();
    paths[&format!("{job}/results")]["get"]["responses"]["204"] = links_alone();
}

fn add_execution(paths: &mut Map<String, Value>, path: &str, tag: &str) {
    let execute = get(
        path,
        "execute",
        tag,
        "Executes a process: waits for its results, or answers with the job",
    )
    .by("post")
    .with(&["process_id", "prefer", "idempotency_key"]);
    let execute = execute.answers(JSON, "results").add(paths);
    execute["requestBody"] = json!({
        "required": true,
        "content": {JSON: {"schema": schemas::reference("execute")}},
    });
    let responses = &mut execute["responses"];
    responses["200"]["content"] = result_forms();
    responses["201"] = json!({
        "description": "The job, where the client prefers not to wait.",
        "headers": {
            "Location": {"description": "The job.", "schema": {"type": "string"}},
            "Preference-Applied": {"schema": {"type": "string"}},
        },
        "content": {JSON: {"schema": schemas::reference("status_info")}},
    });
    responses["204"] = links_alone();
    execute["callbacks"] = callbacks();
}

/// One document; of raw outputs a single value, or several in parts.
fn result_forms() -> Value {
    let any = || json!({"schema": schemas::reference("any")});
    json!({
        JSON: {"schema": schemas::reference("results")},
        GEOJSON: {"schema": schemas::reference("feature_collection")},
        "text/plain": {"schema": {"type": "string"}},
        "multipart/related": any(),
    })
}

fn links_alone() -> Value {
    json!({
        "description": "Raw outputs that were all asked for by reference.",
        "headers": {"Link": {"description": "One for each output.", "schema": {"type": "string"}}},
    })
}

/// What a subscriber is sent (18-062r2, clause 13).
fn callbacks() -> Value {
    let told = |schema: &str| {
        json!({"post": {
            "requestBody": {"content": {JSON: {"schema": schemas::reference(schema)}}},
            "responses": {"200": {"description": "Received."}},
        }})
    };
    json!({
        "jobCompleted": {"{$request.body#/subscriber/successUri}": told("results")},
        "jobRunning": {"{$request.body#/subscriber/inProgressUri}": told("status_info")},
        "jobFailed": {"{$request.body#/subscriber/failedUri}": told("status_info")},
    })
}

impl<'a> Operation<'a> {
    /// The same by another method.
    pub(super) fn by(mut self, method: &'a str) -> Self {
        self.method = method;
        self
    }
}
