//! Part 1, A.3 to A.5: GeoJSON, HTML, and OpenAPI 3.0.

use serde_json::Value;

use crate::conformance::asking::{address, members};
use crate::conformance::common::link;
use crate::conformance::{Case, Check, Subject};

const GEOJSON: &str = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson";
const HTML: &str = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html";
const OAS30: &str = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30";

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, &str, Check); 10] = [
        (GEOJSON, "/conf/geojson/definition", geojson),
        (GEOJSON, "/conf/geojson/content", geojson_content),
        (HTML, "/conf/html/definition", html),
        (HTML, "/conf/html/content", html_content),
        (OAS30, "/conf/oas30/completeness", completeness),
        (OAS30, "/conf/oas30/exceptions-codes", exceptions),
        (OAS30, "/conf/oas30/oas-definition-1", definition_link),
        (OAS30, "/conf/oas30/oas-definition-2", definition_type),
        (OAS30, "/conf/oas30/oas-impl", implementation),
        (OAS30, "/conf/oas30/security", security),
    ];
    rows.map(|(class, id, check)| Case { class, id, check }).into()
}

/// Paths whose answers are features, with one feature of each collection.
fn feature_paths(subject: &Subject) -> Vec<String> {
    let both = |id: String| {
        let page = subject.page(&id, &[("limit", "1")]);
        let feature = members(&page)[0]["id"].as_str().unwrap();
        let items = format!("/ogc/collections/{id}/items");
        [format!("{items}/{feature}"), items]
    };
    subject.filled().into_iter().flat_map(both).collect()
}

fn is_kind(subject: &Subject, path: &str, accepted: &str, expected: &str) {
    let answer = subject.ask_for(path, accepted).expect(200, path);
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with(expected), "{path}: {kind} for {accepted}");
}

fn geojson(subject: &Subject) {
    for path in feature_paths(subject) {
        is_kind(subject, &path, "application/geo+json", "application/geo+json");
    }
    for path in ["/ogc", "/ogc/conformance", "/ogc/collections"] {
        is_kind(subject, path, "application/json", "application/json");
    }
}

/// RFC 7946; pydantic's models of GeoJSON look closer (validators).
fn geojson_content(subject: &Subject) {
    let kinds = ["Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"];
    for path in feature_paths(subject) {
        let answer = subject.client.json(&path);
        let alone = [answer.clone()];
        let features = if answer["type"] == "Feature" {
            &alone[..]
        } else {
            members(&answer)
        };
        for feature in features {
            assert_eq!(feature["type"], "Feature", "{path}");
            assert!(feature["properties"].is_object() && feature["id"].is_string(), "{path}");
            let geometry = &feature["geometry"];
            assert!(kinds.iter().any(|kind| geometry["type"] == *kind), "{path}: {geometry}");
        }
    }
}

/// Everything that is a page of its own.
fn pages(subject: &Subject) -> Vec<String> {
    let fixed = ["/ogc", "/ogc/conformance", "/ogc/collections"].map(str::to_owned);
    let collections = subject
        .collection_ids()
        .into_iter()
        .map(|id| format!("/ogc/collections/{id}"));
    fixed
        .into_iter()
        .chain(collections)
        .chain(feature_paths(subject))
        .collect()
}

fn html(subject: &Subject) {
    for path in pages(subject) {
        is_kind(subject, &path, "text/html", "text/html");
    }
}

/// HTML 5 with the information of the JSON answer: its title, and links to what it links to.
fn html_content(subject: &Subject) {
    for path in pages(subject) {
        let page = subject.ask_for(&path, "text/html").text();
        assert!(
            page.trim_start().to_lowercase().starts_with("<!doctype html>"),
            "{path}"
        );
        assert!(page.contains("<title>") && page.contains("</html>"), "{path}");
    }
    let listed = subject.ask_for("/ogc/collections", "text/html").text();
    for id in subject.collection_ids() {
        assert!(listed.contains(&format!("/ogc/collections/{id}")), "no link to {id}");
    }
}

fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = |(path, methods): (&String, &Value)| -> Vec<(String, Value)> {
        let methods = methods.as_object().unwrap().iter();
        let operations = methods.filter(|(_, operation)| operation["responses"].is_object());
        operations
            .map(|(method, operation)| (format!("{method} {path}"), operation.clone()))
            .collect()
    };
    paths.flat_map(of_path).collect()
}

fn completeness(subject: &Subject) {
    for (name, operation) in operations(&subject.client.json("/ogc/api")) {
        assert!(operation["operationId"].is_string(), "{name}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let described = response["description"].is_string() || response["$ref"].is_string();
            assert!(described, "{name} {status}");
        }
    }
}

fn exceptions(subject: &Subject) {
    for (name, operation) in operations(&subject.client.json("/ogc/api")) {
        let responses = operation["responses"].as_object().unwrap();
        let has = |status: &str| responses.contains_key(status) || responses.contains_key("default");
        assert!(has("400") && has("500"), "{name}: {:?}", responses.keys());
    }
}

fn definition_link(subject: &Subject) {
    let page = subject.client.json("/ogc");
    let address = link(&page, "service-desc").unwrap();
    subject.client.get(&address).expect(200, &address);
}

fn definition_type(subject: &Subject) {
    let page = subject.client.json("/ogc");
    let links = page["links"].as_array().unwrap();
    let described = links.iter().find(|link| link["rel"] == "service-desc").unwrap();
    let kind = "application/vnd.oai.openapi+json;version=3.0";
    assert_eq!(described["type"], kind);
    let answer = subject.client.get(described["href"].as_str().unwrap());
    assert_eq!(answer.header("content-type"), Some(kind));
}

/// Every documented GET without required parameters of the query is answered; schemathesis asks the others.
fn implementation(subject: &Subject) {
    let document = subject.client.json("/ogc/api");
    let id = &subject.collection_ids()[0];
    let page = subject.page(id, &[("limit", "1")]);
    let feature = members(&page)[0]["id"].as_str().unwrap();
    let filled = |path: &str| path.replace("{collection_id}", id).replace("{feature_id}", feature);
    for path in document["paths"].as_object().unwrap().keys() {
        let concrete = filled(path);
        let answers = document["paths"][path]["get"]["responses"]["200"].is_object();
        if answers && !concrete.contains('{') {
            let at = format!("/ogc{}", concrete.trim_end_matches('/'));
            subject.client.get(&at).expect(200, &at);
        }
    }
    let unknown = address("/ogc/collections", &[("unknown", "1")]);
    subject.client.get(&unknown).problem(400, &unknown);
}

fn security(subject: &Subject) {
    let document = subject.client.json("/ogc/api");
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let required = document["security"].as_array().unwrap();
    assert!(!required.is_empty());
    for one in required {
        for name in one.as_object().unwrap().keys() {
            assert!(schemes.contains_key(name), "{name}");
        }
    }
    assert_eq!(subject.server.client().get("/ogc").status, 401);
}
