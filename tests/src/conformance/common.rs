//! OGC API Common Part 1 (19-072), annex A.

use serde_json::Value;

use super::{Case, Subject};

const CORE: &str = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core";
const LANDING_PAGE: &str = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page";
const JSON: &str = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json";
const OAS30: &str = "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            class: CORE,
            id: "/conf/core/http",
            check: http,
        },
        Case {
            class: LANDING_PAGE,
            id: "/conf/landing-page/root-success",
            check: landing_page,
        },
        Case {
            class: LANDING_PAGE,
            id: "/conf/landing-page/conformance-success",
            check: conformance,
        },
        Case {
            class: JSON,
            id: "/conf/json/content",
            check: json,
        },
        Case {
            class: OAS30,
            id: "/conf/oas30/oas-definition-2",
            check: definition,
        },
    ]
}

fn http(subject: &Subject) {
    subject.client.get("/ogc").expect(200, "/ogc");
    let wrong = subject.client.get("/ogc/there-is-no-such-thing");
    wrong.problem(404, "an unknown resource");
    let refused = subject.client.send("DELETE", "/ogc", &[], b"").unwrap();
    refused.problem(405, "a method that is not offered");
}

fn landing_page(subject: &Subject) {
    let page = subject.client.json("/ogc");
    for relation in ["service-desc", "conformance"] {
        let href = link(&page, relation).unwrap_or_else(|| panic!("no link {relation}"));
        subject.client.get(&href).expect(200, &href);
    }
}

fn conformance(subject: &Subject) {
    let declared = subject.client.json("/ogc/conformance");
    let declared = declared["conformsTo"].as_array().unwrap();
    assert!(
        !declared.is_empty()
            && declared
                .iter()
                .all(|class| class.as_str().is_some_and(|it| it.starts_with("http")))
    );
}

fn json(subject: &Subject) {
    for path in ["/ogc", "/ogc/conformance", "/ogc/collections"] {
        let answer = subject.client.get(path).expect(200, path);
        assert!(
            answer.header("content-type").unwrap().starts_with("application/json"),
            "{path}"
        );
        assert!(answer.json().is_object(), "{path}");
    }
}

fn definition(subject: &Subject) {
    let page = subject.client.json("/ogc");
    let answer = subject.client.get(&link(&page, "service-desc").unwrap());
    let kind = answer.header("content-type").unwrap().to_owned();
    assert!(
        kind.starts_with("application/vnd.oai.openapi+json;version=3.0"),
        "{kind}"
    );
    assert!(answer.json()["openapi"].as_str().unwrap().starts_with("3.0"));
}

/// The address of a relation.
pub(super) fn link(document: &Value, relation: &str) -> Option<String> {
    let links = document["links"].as_array()?;
    let found = links.iter().find(|link| link["rel"] == relation)?;
    found["href"].as_str().map(str::to_owned)
}
