//! Part 3 (19-079r2), annex A: queryables, queryables as parameters, filters.

use serde_json::Value;

use crate::conformance::asking::{ids, members};
use crate::conformance::common::link;
use crate::conformance::{Case, Check, Subject};
use crate::standards::bounds;

const QUERYABLES: &str = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables";
const PARAMETERS: &str = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters";
const FILTER: &str = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter";
const FEATURES_FILTER: &str = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter";
const RELATION: &str = "http://www.opengis.net/def/rel/ogc/1.0/queryables";

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, &str, Check); 16] = [
        (QUERYABLES, "/conf/queryables/get-conformance", |it| {
            declares(it, QUERYABLES)
        }),
        (QUERYABLES, "/conf/queryables/get-queryables-uris", header_links),
        (QUERYABLES, "/conf/queryables/get-queryables", schemas),
        (PARAMETERS, "/conf/queryables-query-parameters/get-conformance", |it| {
            declares(it, PARAMETERS)
        }),
        (
            PARAMETERS,
            "/conf/queryables-query-parameters/query-param",
            as_parameters,
        ),
        (FILTER, "/conf/filter/get-conformance", |it| declares(it, FILTER)),
        (FILTER, "/conf/filter/filter-param", filters),
        (FILTER, "/conf/filter/filter-lang-default", text_by_default),
        (FILTER, "/conf/filter/expression-construction", unknown_queryable),
        (FILTER, "/conf/filter/filter-crs-wgs84", wgs84_by_default),
        (FILTER, "/conf/filter/filter-crs-param", crs_of_literals),
        (FEATURES_FILTER, "/conf/features-filter/get-conformance", |it| {
            declares(it, FEATURES_FILTER)
        }),
        (FEATURES_FILTER, "/conf/features-filter/get-collections", collections),
        (
            FEATURES_FILTER,
            "/conf/features-filter/get-collection",
            collection_links,
        ),
        (FEATURES_FILTER, "/conf/features-filter/filter-on-items", filters),
        (FEATURES_FILTER, "/conf/features-filter/mixing-expression", mixed),
    ];
    rows.map(|(class, id, check)| Case { class, id, check }).into()
}

pub(super) fn declares(subject: &Subject, class: &str) {
    let answer = subject
        .ask_for("/ogc/conformance", "application/json")
        .expect(200, "conformance");
    assert!(answer.header("content-type").unwrap().starts_with("application/json"));
    assert!(subject.declared().contains(class), "{class}");
}

/// The schema of a collection's queryables, found by its link.
pub(in crate::conformance) fn schema(subject: &Subject, collection: &str) -> Value {
    let described = subject.client.json(&format!("/ogc/collections/{collection}"));
    let address = link(&described, RELATION).unwrap_or_else(|| panic!("{collection} has no link to its queryables"));
    let answer = subject
        .ask_for(&address, "application/schema+json")
        .expect(200, &address);
    assert_eq!(
        answer.header("content-type"),
        Some("application/schema+json"),
        "{address}"
    );
    answer.json()
}

/// A `Link` header (RFC 8288) of this relation.
pub(super) fn has_header_link(subject: &Subject, path: &str, relation: &str) -> bool {
    let answer = subject.client.send("HEAD", path, &[], b"").unwrap().expect(200, path);
    let links = answer.headers_named("link").into_iter();
    links
        .flat_map(|value| value.split(','))
        .any(|link| link.contains(&format!("rel=\"{relation}\"")))
}

fn header_links(subject: &Subject) {
    for id in subject.collection_ids() {
        let path = format!("/ogc/collections/{id}/items");
        assert!(has_header_link(subject, &path, RELATION), "{path} has no Link header");
    }
}

fn schemas(subject: &Subject) {
    for id in subject.collection_ids() {
        let schema = schema(subject, &id);
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{id}"
        );
        let described = subject.client.json(&format!("/ogc/collections/{id}"));
        assert_eq!(schema["$id"].as_str(), link(&described, RELATION).as_deref(), "{id}");
        assert_eq!(schema["type"], "object", "{id}");
        let properties = schema["properties"].as_object().unwrap();
        assert!(!properties.is_empty(), "{id}");
        for (name, property) in properties {
            let is_geometry = property["format"]
                .as_str()
                .is_some_and(|it| it.starts_with("geometry-"));
            assert!(
                property["type"].is_string() || is_geometry,
                "{id}: {name} is {property}"
            );
        }
        assert_eq!(schema["additionalProperties"], false, "{id}");
    }
}

fn as_parameters(subject: &Subject) {
    for id in subject.readable() {
        let mission = subject.features(&id, &[("mission_id", &subject.mission)]);
        assert_eq!(ids(&mission), ids(&subject.features(&id, &[])), "{id}");
        assert!(subject.features(&id, &[("mission_id", "none")]).is_empty(), "{id}");
        let schema = schema(subject, &id);
        for (name, property) in schema["properties"].as_object().unwrap() {
            if property["type"] == "number" || property["type"] == "integer" {
                assert_eq!(subject.page_status(&id, &[(name, "much")]), 400, "{id}: {name}");
            }
        }
    }
}

/// A filter that every collection understands and that some features match.
const EARLY: &str = "2015-11-16T03:00:00Z";

/// The property that says when features of a collection are valid, from the beginning on.
pub(in crate::conformance) fn time_property(collection: &str) -> &'static str {
    match collection {
        "trajectories" | "missions" | "scenarios" | "runs" => "valid_start",
        _ => "valid_time",
    }
}

fn is_early(feature: &Value, property: &str) -> bool {
    feature["properties"][property].as_str().unwrap() < EARLY
}

fn filtered(subject: &Subject, language: &[(&str, &str)]) {
    for id in subject.readable() {
        let property = time_property(&id);
        let all = subject.features(&id, &[]);
        let filter = format!("{property} < TIMESTAMP('{EARLY}')");
        let mut pairs = language.to_vec();
        pairs.push(("filter", &filter));
        let found = subject.features(&id, &pairs);
        let expected: Vec<Value> = all.iter().filter(|it| is_early(it, property)).cloned().collect();
        assert_eq!(ids(&found), ids(&expected), "{id}: {filter}");
        let null = format!("{property} IS NULL");
        pairs.last_mut().unwrap().1 = &null;
        assert!(subject.features(&id, &pairs).is_empty(), "{id}: {null}");
        pairs.last_mut().unwrap().1 = "THIS IS NOT A FILTER";
        assert_eq!(subject.page_status(&id, &pairs), 400, "{id}");
    }
}

fn filters(subject: &Subject) {
    filtered(subject, &[("filter-lang", "cql2-text")]);
    for id in subject.collection_ids() {
        let pairs = [("filter-lang", "cql3"), ("filter", "true")];
        assert_eq!(subject.page_status(&id, &pairs), 400, "{id}: an unknown language");
    }
}

fn text_by_default(subject: &Subject) {
    filtered(subject, &[]);
}

fn unknown_queryable(subject: &Subject) {
    for id in subject.collection_ids() {
        let filter = "this_is_not_a_queryable IS NULL";
        assert_eq!(subject.page_status(&id, &[("filter", filter)]), 400, "{id}");
    }
}

/// Around the first vertex of a feature, in degrees.
fn box_around(feature: &Value) -> [f64; 4] {
    let [west, south, east, north] = bounds(feature);
    [west - 0.001, south - 0.001, east + 0.001, north + 0.001]
}

fn text_of([west, south, east, north]: [f64; 4]) -> String {
    format!("S_INTERSECTS(geometry,BBOX({west},{south},{east},{north}))")
}

fn wgs84_by_default(subject: &Subject) {
    for id in subject.spread() {
        let all = subject.features(&id, &[]);
        let around = box_around(&all[0]);
        let bbox = around.map(|number| number.to_string()).join(",");
        let found = subject.features(&id, &[("filter", &text_of(around))]);
        assert_eq!(ids(&found), ids(&subject.features(&id, &[("bbox", &bbox)])), "{id}");
        assert!(found.len() < all.len(), "{id}: the box discriminates");
    }
}

/// EPSG:4326 has the latitude first.
fn crs_of_literals(subject: &Subject) {
    for id in subject.readable() {
        let first = members(&subject.page(&id, &[("limit", "1")]))[0].clone();
        let [west, south, east, north] = box_around(&first);
        let plain = subject.features(&id, &[("filter", &text_of([west, south, east, north]))]);
        let turned = text_of([south, west, north, east]);
        let system = ("filter-crs", "http://www.opengis.net/def/crs/EPSG/0/4326");
        assert_eq!(
            ids(&subject.features(&id, &[("filter", &turned), system])),
            ids(&plain),
            "{id}"
        );
        let unknown = ("filter-crs", "http://www.opengis.net/def/crs/EPSG/0/999999");
        assert_eq!(subject.page_status(&id, &[("filter", &turned), unknown]), 400, "{id}");
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

fn mixed(subject: &Subject) {
    for id in subject.readable() {
        let filter = format!("{} >= TIMESTAMP('{EARLY}')", time_property(&id));
        let bbox = ("bbox", "3.9,60,4.1,60.25");
        let both = ids(&subject.features(&id, &[("filter", &filter), bbox]));
        let one = ids(&subject.features(&id, &[("filter", &filter)]));
        let other = ids(&subject.features(&id, &[bbox]));
        assert_eq!(both, one.intersection(&other).cloned().collect(), "{id}");
    }
}
