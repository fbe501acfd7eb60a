//! Landing page, list of processes, descriptions, encodings, API document.

use serde_json::Value;

use super::{CORE, DESCRIPTION, JSON, OAS30, RELATIONS, exception, of_class, parameter};
use crate::conformance::common::link;
use crate::conformance::{Case, Subject};

pub(super) fn cases() -> Vec<Case> {
    let core = of_class(
        CORE,
        &[
            ("/conf/core/landingpage-op", landing_page),
            ("/conf/core/landingpage-success", landing_page),
            ("/conf/core/api-definition-op", api_definition),
            ("/conf/core/api-definition-success", api_definition),
            ("/conf/core/conformance-op", conformance),
            ("/conf/core/conformance-success", conformance),
            ("/conf/core/http", http),
            ("/conf/core/process-list", process_list),
            ("/conf/core/process-list-success", process_list),
            ("/conf/core/pl-limit-definition", limit_definition),
            ("/conf/core/pl-limit-response", limit_response),
            ("/conf/core/pl-links", list_links),
            ("/conf/core/process-description", descriptions),
            ("/conf/core/process-description-success", descriptions),
            ("/conf/core/process-exception-no-such-process", no_such_process),
        ],
    );
    let description = of_class(
        DESCRIPTION,
        &[
            ("/conf/ogc-process-description/json-encoding", descriptions),
            ("/conf/ogc-process-description/inputs-def", inputs),
            ("/conf/ogc-process-description/input-def", inputs),
            ("/conf/ogc-process-description/input-mixed-type", mixed_types),
            ("/conf/ogc-process-description/outputs-def", outputs),
            ("/conf/ogc-process-description/output-def", outputs),
            ("/conf/ogc-process-description/output-mixed-type", mixed_types),
        ],
    );
    let json = of_class(JSON, &[("/conf/json/definition", json), ("/conf/json/content", json)]);
    let oas30 = of_class(
        OAS30,
        &[
            ("/conf/oas30/completeness", completeness),
            ("/conf/oas30/exceptions-codes", exception_codes),
            ("/conf/oas30/oas-definition-1", api_definition),
            ("/conf/oas30/oas-definition-2", api_definition),
            ("/conf/oas30/oas-impl", completeness),
            ("/conf/oas30/security", security),
        ],
    );
    [core, description, json, oas30].into_iter().flatten().collect()
}

fn landing_page(subject: &Subject) {
    let page = subject.client.json("/ogc");
    let long = |name: &str| format!("{RELATIONS}/{name}");
    for relation in [
        "service-desc".to_owned(),
        long("conformance"),
        long("processes"),
        long("job-list"),
    ] {
        let address = link(&page, &relation).unwrap_or_else(|| panic!("no link {relation}"));
        subject.client.get(&address).expect(200, &relation);
    }
}

fn api_definition(subject: &Subject) {
    let page = subject.client.json("/ogc");
    let api = subject.client.json(&link(&page, "service-desc").unwrap());
    assert!(api["openapi"].as_str().unwrap().starts_with("3.0"));
    assert!(api["paths"]["/processes"]["get"].is_object());
}

fn conformance(subject: &Subject) {
    let declared = subject.client.json("/ogc/conformance");
    assert!(declared["conformsTo"].as_array().unwrap().contains(&Value::from(CORE)));
}

fn http(subject: &Subject) {
    let wrong = subject.client.send("PUT", "/ogc/processes", &[], b"x").unwrap();
    wrong.problem(405, "a method that is not offered");
    let page = subject.client.get("/ogc/processes?page=2");
    page.problem(400, "an unknown parameter");
}

/// Identifiers of all processes.
fn ids(subject: &Subject) -> Vec<String> {
    let list = subject.client.json("/ogc/processes");
    let processes = list["processes"].as_array().unwrap();
    processes
        .iter()
        .map(|process| process["id"].as_str().unwrap().to_owned())
        .collect()
}

fn process_list(subject: &Subject) {
    assert!(ids(subject).contains(&"echo".to_owned()));
    for process in subject.client.json("/ogc/processes")["processes"].as_array().unwrap() {
        assert!(
            process["version"].is_string() && process["jobControlOptions"].is_array(),
            "{process}"
        );
        let own = link(process, "self").unwrap();
        assert_eq!(subject.client.json(&own)["id"], process["id"]);
    }
}

fn limit_definition(subject: &Subject) {
    let limit = parameter(subject, "/processes", "limit");
    assert_eq!(
        (&limit["in"], &limit["required"], &limit["style"]),
        (&"query".into(), &false.into(), &"form".into())
    );
    assert_eq!(
        (&limit["schema"]["minimum"], &limit["explode"]),
        (&1.into(), &false.into())
    );
    assert!(limit["schema"]["maximum"].is_u64() && limit["schema"]["default"].is_u64());
}

fn limit_response(subject: &Subject) {
    for limit in 1..=3 {
        let page = subject.client.json(&format!("/ogc/processes?limit={limit}"));
        assert_eq!(page["processes"].as_array().unwrap().len(), limit);
    }
}

fn list_links(subject: &Subject) {
    let page = subject.client.json("/ogc/processes?limit=1");
    let own = link(&page, "self").unwrap();
    assert_eq!(subject.client.json(&own)["processes"], page["processes"]);
    let next = link(&page, "next").unwrap();
    assert_ne!(subject.client.json(&next)["processes"], page["processes"]);
}

fn descriptions(subject: &Subject) {
    for id in ids(subject) {
        let answer = subject.client.get(&format!("/ogc/processes/{id}")).expect(200, &id);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let process = answer.json();
        assert!(
            process["id"] == id && process["inputs"].is_object() && process["outputs"].is_object(),
            "{process}"
        );
    }
}

fn no_such_process(subject: &Subject) {
    exception(
        subject.client.get("/ogc/processes/no-such-process"),
        404,
        "no-such-process",
    );
}

fn inputs(subject: &Subject) {
    for id in ids(subject) {
        let process = subject.client.json(&format!("/ogc/processes/{id}"));
        let inputs = process["inputs"].as_object().unwrap();
        assert!(
            !inputs.is_empty() && inputs.values().all(|input| input["schema"].is_object()),
            "{id}"
        );
        assert!(inputs.values().all(|input| input["maxOccurs"].is_u64()), "{id}");
    }
}

fn outputs(subject: &Subject) {
    for id in ids(subject) {
        let process = subject.client.json(&format!("/ogc/processes/{id}"));
        let outputs = process["outputs"].as_object().unwrap();
        assert!(
            !outputs.is_empty() && outputs.values().all(|output| output["schema"].is_object()),
            "{id}"
        );
    }
}

fn mixed_types(subject: &Subject) {
    let echo = subject.client.json("/ogc/processes/echo");
    for side in ["inputs", "outputs"] {
        assert_eq!(
            echo[side]["object"]["schema"]["oneOf"].as_array().unwrap().len(),
            2,
            "{side}"
        );
    }
}

fn json(subject: &Subject) {
    for path in [
        "/ogc",
        "/ogc/conformance",
        "/ogc/processes",
        "/ogc/processes/drift",
        "/ogc/jobs",
    ] {
        let answer = subject.client.get(path).expect(200, path);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert!(answer.json().is_object(), "{path}");
    }
}

fn completeness(subject: &Subject) {
    let api = subject.client.json("/ogc/api");
    for (path, method, statuses) in [
        ("/processes", "get", &["200"][..]),
        ("/processes/{process_id}", "get", &["200"]),
        ("/processes/{process_id}/execution", "post", &["200", "201", "204"]),
        ("/jobs", "get", &["200"]),
        ("/jobs/{job_id}", "get", &["200"]),
        ("/jobs/{job_id}", "delete", &["200"]),
        ("/jobs/{job_id}/results", "get", &["200", "204"]),
    ] {
        let responses = api["paths"][path][method]["responses"].as_object().unwrap();
        for status in statuses.iter().chain(&["default"]) {
            assert!(
                responses.contains_key(*status),
                "{method} {path} does not tell of {status}"
            );
        }
    }
}

fn exception_codes(subject: &Subject) {
    let api = subject.client.json("/ogc/api");
    let response = &api["components"]["responses"]["Problem"]["content"]["application/problem+json"];
    assert!(response["schema"].is_object());
    subject.client.get("/ogc/jobs?limit=0").problem(400, "a limit of 0");
}

fn security(subject: &Subject) {
    let api = subject.client.json("/ogc/api");
    assert!(api["security"].as_array().is_some_and(|schemes| !schemes.is_empty()));
    let without = subject.server.client();
    without.get("/ogc/processes").problem(401, "without a key");
}
