//! Part 8 (24-030, a draft), annex A: sortables and `sortby`.

use serde_json::Value;

use super::filter::{declares, has_header_link, time_property};
use crate::conformance::asking::ids;
use crate::conformance::common::link;
use crate::conformance::{Case, Check, Subject};

const SORTABLES: &str = "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sortables";
const SORTING: &str = "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/sorting";
const FEATURES_SORTING: &str = "http://www.opengis.net/spec/ogcapi-features-8/1.0/conf/features-sorting";
const RELATION: &str = "http://www.opengis.net/def/rel/ogc/1.0/sortables";

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, &str, Check); 11] = [
        (SORTABLES, "/conf/sortables/get-conformance", |it| {
            declares(it, SORTABLES)
        }),
        (SORTABLES, "/conf/sortables/get-sortables-uris", header_links),
        (SORTABLES, "/conf/sortables/get-sortables", schemas),
        (SORTING, "/conf/sorting/get-conformance", |it| declares(it, SORTING)),
        (SORTING, "/conf/sorting/sortby-param", sorted),
        (SORTING, "/conf/sorting/sortby-order-default", default_order),
        (SORTING, "/conf/sorting/expression-construction", unknown_sortable),
        (FEATURES_SORTING, "/conf/features-sorting/get-conformance", |it| {
            declares(it, FEATURES_SORTING)
        }),
        (FEATURES_SORTING, "/conf/features-sorting/get-collections", collections),
        (
            FEATURES_SORTING,
            "/conf/features-sorting/get-collection",
            collection_links,
        ),
        (FEATURES_SORTING, "/conf/features-sorting/filter-sorting", sorted),
    ];
    rows.map(|(class, id, check)| Case { class, id, check }).into()
}

fn header_links(subject: &Subject) {
    for id in subject.collection_ids() {
        let path = format!("/ogc/collections/{id}/items");
        assert!(has_header_link(subject, &path, RELATION), "{path} has no Link header");
    }
}

fn schemas(subject: &Subject) {
    for collection in subject.collections() {
        let id = &collection["id"];
        let address = link(&collection, RELATION).unwrap_or_else(|| panic!("{id} has no link to its sortables"));
        let answer = subject
            .ask_for(&address, "application/schema+json")
            .expect(200, &address);
        assert_eq!(answer.header("content-type"), Some("application/schema+json"), "{id}");
        let schema = answer.json();
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{id}"
        );
        assert_eq!(schema["type"], "object", "{id}");
        assert!(!schema["properties"].as_object().unwrap().is_empty(), "{id}");
        assert_eq!(schema["additionalProperties"], false, "{id}");
    }
}

/// In ascending and descending order, over the pages of the whole collection: complete, and in order.
fn sorted(subject: &Subject) {
    for id in subject.readable() {
        let property = time_property(&id);
        let all = subject.features(&id, &[]);
        for sign in ["", "+", "-"] {
            let sortby = format!("{sign}{property}");
            let found = subject.features(&id, &[("sortby", &sortby)]);
            assert_eq!(found.len(), all.len(), "{id}: {sortby}");
            assert_eq!(ids(&found), ids(&all), "{id}: {sortby}");
            let times: Vec<&Value> = found.iter().map(|it| &it["properties"][property]).collect();
            let is_ordered = times.windows(2).all(|pair| {
                let [first, second] = [pair[0].as_str(), pair[1].as_str()];
                if sign == "-" { first >= second } else { first <= second }
            });
            assert!(is_ordered, "{id}: {sortby}");
        }
        let wrong = "THIS IS NOT A SORTBY EXPRESSION";
        assert_eq!(subject.page_status(&id, &[("sortby", wrong)]), 400, "{id}");
    }
}

/// No default order is stated: pages come in the order of publication, the same at every call.
fn default_order(subject: &Subject) {
    for id in subject.readable() {
        let order = |features: Vec<Value>| -> Vec<Value> { features.into_iter().map(|it| it["id"].clone()).collect() };
        assert_eq!(
            order(subject.features(&id, &[])),
            order(subject.features(&id, &[])),
            "{id}"
        );
    }
}

fn unknown_sortable(subject: &Subject) {
    for id in subject.collection_ids() {
        let pairs = [("sortby", "this_is_not_a_sortable")];
        assert_eq!(subject.page_status(&id, &pairs), 400, "{id}");
    }
}

fn collections(subject: &Subject) {
    assert!(!subject.collections().is_empty());
}

fn collection_links(subject: &Subject) {
    for collection in subject.collections() {
        assert!(link(&collection, RELATION).is_some(), "{}", collection["id"]);
    }
}
