//! Part 1, A.2.1 to A.2.6: landing page, API definition, conformance, and what is said of collections.

use serde_json::Value;

use super::core_case;
use crate::conformance::asking::{links_are_complete, times};
use crate::conformance::common::link;
use crate::conformance::{Case, Subject};
use crate::standards::bounds;

pub(super) const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

pub(super) fn cases() -> Vec<Case> {
    vec![
        core_case("/conf/core/http", http),
        core_case("/conf/core/root-op", root),
        core_case("/conf/core/root-success", root_content),
        core_case("/conf/core/api-definition-op", definition),
        core_case("/conf/core/api-definition-success", definition_content),
        core_case("/conf/core/conformance-op", conformance),
        core_case("/conf/core/conformance-success", conformance_content),
        core_case("/conf/core/fc-md-op", collections),
        core_case("/conf/core/fc-md-success", collections_content),
        core_case("/conf/core/fc-md-links", collections_links),
        core_case("/conf/core/fc-md-items", collections_items),
        core_case("/conf/core/fc-md-items-links", collections_items_links),
        core_case("/conf/core/fc-md-extent", extents),
        core_case("/conf/core/sfc-md-op", collection),
        core_case("/conf/core/sfc-md-success", collection_content),
    ]
}

/// HTTP 1.1: answers have dates and types, methods that are not offered are named.
fn http(subject: &Subject) {
    let answer = subject.client.get("/ogc").expect(200, "/ogc");
    assert!(answer.header("content-type").is_some());
    let refused = subject.client.send("DELETE", "/ogc", &[], b"").unwrap();
    refused.problem(405, "DELETE /ogc");
    let head = subject.client.send("HEAD", "/ogc", &[], b"").unwrap();
    assert_eq!((head.status, head.body.len()), (200, 0), "HEAD /ogc");
}

fn root(subject: &Subject) {
    subject.client.get("/ogc").expect(200, "/ogc");
}

fn root_content(subject: &Subject) {
    let page = subject.client.json("/ogc");
    links_are_complete(&page, "the landing page");
    assert!(link(&page, "service-desc").is_some() || link(&page, "service-doc").is_some());
    assert!(link(&page, "conformance").is_some() && link(&page, "data").is_some());
}

fn definition(subject: &Subject) {
    let page = subject.client.json("/ogc");
    for relation in ["service-desc", "service-doc"] {
        if let Some(address) = link(&page, relation) {
            subject.client.get(&address).expect(200, &address);
        }
    }
}

/// The meta-schema of OpenAPI is asked by a validator; here every operation has what readers rely on.
fn definition_content(subject: &Subject) {
    let document = subject.client.json("/ogc/api");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.0."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let paths = document["paths"].as_object().unwrap();
    let needed = [
        "/",
        "/conformance",
        "/collections",
        "/collections/{collection_id}",
        "/collections/{collection_id}/items",
        "/collections/{collection_id}/items/{feature_id}",
    ];
    for path in needed {
        let operation = &paths[path]["get"];
        assert!(
            operation["responses"]["200"]["content"].is_object(),
            "{path}: {operation}"
        );
    }
}

fn conformance(subject: &Subject) {
    let page = subject.client.json("/ogc");
    subject.client.get("/ogc/conformance").expect(200, "/ogc/conformance");
    let linked = link(&page, "conformance").unwrap();
    subject.client.get(&linked).expect(200, &linked);
}

fn conformance_content(subject: &Subject) {
    let declared = subject.declared();
    assert!(declared.contains("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"));
    assert!(
        declared
            .iter()
            .all(|class| class.starts_with("http://www.opengis.net/"))
    );
}

fn collections(subject: &Subject) {
    subject.client.get("/ogc/collections").expect(200, "/ogc/collections");
}

fn collections_content(subject: &Subject) {
    let listed = subject.client.json("/ogc/collections");
    assert!(listed["links"].is_array() && listed["collections"].is_array());
    for collection in subject.collections() {
        let first = &collection["crs"][0];
        assert!(first.is_null() || first == CRS84, "{collection}");
    }
}

fn collections_links(subject: &Subject) {
    let listed = subject.client.json("/ogc/collections");
    links_are_complete(&listed, "/ogc/collections");
    assert!(link(&listed, "self").is_some());
    // Forms other than JSON are announced, and answer.
    let others = listed["links"].as_array().unwrap().iter();
    for other in others.filter(|link| link["rel"] == "alternate") {
        let address = other["href"].as_str().unwrap();
        subject.client.get(address).expect(200, address);
    }
}

fn collections_items(subject: &Subject) {
    let described = subject.collections();
    assert!(!described.is_empty());
    for collection in described {
        let id = collection["id"].as_str().unwrap();
        assert!(
            collection["title"].is_string() && collection["links"].is_array(),
            "{id}"
        );
        assert!(subject.page(id, &[("limit", "1")])["features"].is_array(), "{id}");
    }
}

fn collections_items_links(subject: &Subject) {
    for collection in subject.collections() {
        let id = collection["id"].as_str().unwrap().to_owned();
        links_are_complete(&collection, &id);
        let items = collection["links"].as_array().unwrap().iter();
        let mut kinds = Vec::new();
        for link in items.filter(|link| link["rel"] == "items") {
            let kind = link["type"].as_str().unwrap();
            let address = link["href"].as_str().unwrap();
            let answer = subject.client.get(address).expect(200, address);
            let given = answer.header("content-type").unwrap();
            assert!(given.starts_with(kind), "{address}: {given} for {kind}");
            kinds.push(kind.to_owned());
        }
        assert!(
            kinds.iter().any(|kind| kind == "application/geo+json"),
            "{id}: {kinds:?}"
        );
    }
}

fn extents(subject: &Subject) {
    let readable = subject.readable();
    for collection in subject.collections() {
        let id = collection["id"].as_str().unwrap();
        if !readable.iter().any(|readable| readable == id) {
            continue;
        }
        let number = |index: usize| collection["extent"]["spatial"]["bbox"][0][index].as_f64();
        let [west, south, east, north] = [0, 1, 2, 3].map(|index| number(index).unwrap());
        let interval = &collection["extent"]["temporal"]["interval"][0];
        let end = |index: usize| interval[index].as_str();
        for feature in subject.features(id, &[]) {
            let [w, s, e, n] = bounds(&feature);
            let lies = west <= w && south <= s && e <= east && n <= north;
            assert!(lies, "{id}: {} lies outside of the extent", feature["id"]);
            let [from, until] = times(&feature);
            let holds = end(0).is_none_or(|start| start <= from) && end(1).is_none_or(|end| until <= end);
            assert!(holds, "{id}: {} is valid outside of the extent", feature["id"]);
        }
    }
}

fn collection(subject: &Subject) {
    for id in subject.collection_ids() {
        let path = format!("/ogc/collections/{id}");
        subject.client.get(&path).expect(200, &path);
    }
    let absent = subject.client.get("/ogc/collections/dUmmYColLection");
    absent.problem(404, "a collection that is not there");
}

fn collection_content(subject: &Subject) {
    for listed in subject.collections() {
        let id = listed["id"].as_str().unwrap();
        let alone = subject.client.json(&format!("/ogc/collections/{id}"));
        for member in ["id", "title", "description", "extent", "crs", "itemType"] {
            assert_eq!(alone[member], listed[member], "{id}: {member}");
        }
        let items = |document: &Value| link(document, "items");
        assert_eq!(items(&alone), items(&listed), "{id}");
    }
}
