//! What an EDR root says about itself.

use serde_json::Value;

use super::super::Subject;
use super::super::common::link;
use super::{COVERAGE_JSON, CURRENTS, QUERIES};

/// Three steps.
const TIMES: &str = "2015-11-16T01:00:00Z/2015-11-16T03:00:00Z";

pub(super) fn http(subject: &Subject) {
    subject.client.get("/edr").expect(200, "/edr");
    subject
        .client
        .get("/edr/no-such-thing")
        .problem(404, "an unknown resource");
}

pub(super) fn landing_page(subject: &Subject) {
    let page = subject.client.json("/edr");
    for relation in ["service-desc", "conformance", "data"] {
        let href = link(&page, relation).unwrap_or_else(|| panic!("no link {relation}"));
        subject.client.get(&href).expect(200, &href);
    }
}

pub(super) fn document(subject: &Subject) -> Value {
    let page = subject.client.json("/edr");
    subject.client.get(&link(&page, "service-desc").unwrap()).json()
}

pub(super) fn api_definition(subject: &Subject) {
    let page = subject.client.json("/edr");
    let answer = subject
        .client
        .get(&link(&page, "service-desc").unwrap())
        .expect(200, "api");
    let kind = answer.header("content-type").unwrap();
    assert!(
        kind.starts_with("application/vnd.oai.openapi+json;version=3.0"),
        "{kind}"
    );
    assert!(answer.json()["openapi"].as_str().unwrap().starts_with("3.0"));
}

pub(super) fn conformance(subject: &Subject) {
    let declared = subject.client.json("/edr/conformance");
    let classes: Vec<&str> = declared["conformsTo"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    for version in ["1.0", "1.1"] {
        let core = format!("http://www.opengis.net/spec/ogcapi-edr-1/{version}/conf/core");
        assert!(classes.contains(&core.as_str()));
    }
}

fn listed(subject: &Subject) -> Vec<Value> {
    let told = subject.client.json("/edr/collections");
    told["collections"].as_array().unwrap().clone()
}

pub(super) fn collections(subject: &Subject) {
    let ids: Vec<Value> = listed(subject).iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, ["currents", "wind"]);
}

pub(super) fn each_collection(subject: &Subject) {
    for listed in listed(subject) {
        let id = listed["id"].as_str().unwrap();
        let one = subject.client.json(&format!("/edr/collections/{id}"));
        assert_eq!(one, listed);
        for member in [
            "id",
            "links",
            "extent",
            "data_queries",
            "crs",
            "output_formats",
            "parameter_names",
        ] {
            assert!(!one[member].is_null(), "{id} has no {member}");
        }
    }
    subject
        .client
        .get("/edr/collections/dUmmYColLection")
        .problem(404, "an unknown collection");
}

pub(super) fn collection_links(subject: &Subject) {
    for listed in listed(subject) {
        for relation in ["self", "collection", "data"] {
            assert!(link(&listed, relation).is_some(), "no link {relation}");
        }
        let own = link(&listed, "self").unwrap();
        assert_eq!(subject.client.json(&own)["id"], listed["id"]);
    }
}

pub(super) fn extents(subject: &Subject) {
    for listed in listed(subject) {
        let (spatial, temporal) = (&listed["extent"]["spatial"], &listed["extent"]["temporal"]);
        assert_eq!(spatial["bbox"][0].as_array().unwrap().len(), 4);
        assert!(spatial["crs"].as_str().unwrap().contains("CRS84"));
        assert_eq!(temporal["interval"][0].as_array().unwrap().len(), 2);
    }
}

pub(super) fn crs84(subject: &Subject) {
    for listed in listed(subject) {
        assert!(listed["crs"].as_array().unwrap().contains(&Value::from("CRS84")));
    }
}

pub(super) fn query_links(subject: &Subject) {
    for listed in listed(subject) {
        for (query, _) in QUERIES {
            let link = &listed["data_queries"][query]["link"];
            assert!(link["href"].as_str().unwrap().ends_with(&format!("/{query}")));
            assert_eq!(link["rel"], "data");
            let variables = &link["variables"];
            assert_eq!(variables["query_type"], query);
            let formats = variables["output_formats"].as_array().unwrap();
            assert!(formats.contains(&variables["default_output_format"]));
            let known = listed["output_formats"].as_array().unwrap();
            assert!(formats.iter().all(|format| known.contains(format)));
            assert!(
                variables["crs_details"][0]["wkt"]
                    .as_str()
                    .unwrap()
                    .starts_with("GEOGCS")
            );
        }
    }
}

pub(super) fn units(subject: &Subject, query: &str, member: &str) {
    for listed in listed(subject) {
        let units = &listed["data_queries"][query]["link"]["variables"][member];
        assert!(units.as_array().unwrap().contains(&Value::from("km")));
    }
}

pub(super) fn parameters(subject: &Subject) {
    for listed in listed(subject) {
        for (name, parameter) in listed["parameter_names"].as_object().unwrap() {
            assert_eq!(parameter["type"], "Parameter", "{name}");
            assert!(parameter["observedProperty"]["label"].is_string(), "{name}");
            assert!(parameter["unit"]["symbol"]["value"].is_string(), "{name}");
        }
    }
}

pub(super) fn json(subject: &Subject) {
    for at in ["/edr", "/edr/conformance", "/edr/collections", CURRENTS] {
        let answer = subject.client.get(at).expect(200, at);
        assert!(
            answer.header("content-type").unwrap().starts_with("application/json"),
            "{at}"
        );
    }
}

pub(super) fn geojson(subject: &Subject) {
    let answer = subject
        .client
        .get(&format!("{CURRENTS}/locations?f=GeoJSON"))
        .expect(200, "locations");
    assert_eq!(answer.header("content-type"), Some("application/geo+json"));
    let told = answer.json();
    assert_eq!(told["type"], "FeatureCollection");
    let features = told["features"].as_array().unwrap();
    assert!(features.iter().any(|feature| feature["id"] == subject.mission.as_str()));
}

pub(super) fn instances(subject: &Subject) {
    let told = subject.client.json(&format!("{CURRENTS}/instances"));
    let instances = told["instances"].as_array().unwrap();
    assert_eq!(instances.len(), 1);
    let id = instances[0]["id"].as_str().unwrap();
    let one = subject.client.json(&format!("{CURRENTS}/instances/{id}"));
    assert_eq!(one, instances[0]);
    let href = one["data_queries"]["position"]["link"]["href"].as_str().unwrap();
    subject
        .client
        .get(&format!("{href}?coords=POINT(4.1+60.1)&datetime={TIMES}"))
        .expect(200, href);
    subject
        .client
        .get(&format!("{CURRENTS}/instances/none"))
        .problem(404, "an unknown instance");
}

pub(super) fn completeness(subject: &Subject) {
    let document = document(subject);
    for (query, _) in QUERIES.into_iter().filter(|(query, _)| *query != "locations") {
        let operation = &document["paths"][format!("/collections/{{collection_id}}/{query}")]["get"];
        assert!(
            operation["responses"]["200"]["content"][COVERAGE_JSON].is_object(),
            "{query}"
        );
        assert!(operation["responses"]["default"].is_object(), "{query}");
    }
}

pub(super) fn security(subject: &Subject) {
    let document = document(subject);
    assert!(document["components"]["securitySchemes"]["key_header"].is_object());
}
