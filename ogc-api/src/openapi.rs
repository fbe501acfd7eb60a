//! The API in OpenAPI 3.0.3, self-contained: conformance tools read 3.0 only, and offline clients cannot follow a
//! remote reference (ogc.md, section 5). Built from the collection registry and the tables below, never from handler
//! types.

mod billing_paths;
mod edr_parameters;
mod edr_paths;
mod identity_paths;
mod kml_paths;
mod map_paths;
mod metering_paths;
mod mission_request;
mod parameters;
mod paths;
mod process_paths;
mod process_schemas;
mod schemas;
mod stac_paths;
mod tile_paths;

use serde_json::{Map, Value, json};

/// The document of one OGC root, whose address is the server.
pub(crate) fn features_document(root_url: &str, title: &str, is_tenants: bool) -> Value {
    let mut paths = Map::new();
    paths::add_features(&mut paths, "", false);
    tile_paths::add_tiles(&mut paths, "", false);
    tile_paths::add_styles(&mut paths, "", false);
    if is_tenants {
        process_paths::add_processes(&mut paths, "");
    }
    whole(root_url, title, paths)
}

/// The document of one EDR root, whose address is the server.
pub(crate) fn edr_document(root_url: &str, title: &str) -> Value {
    let mut paths = Map::new();
    edr_paths::add_edr(&mut paths, "", false);
    whole(root_url, title, paths)
}

/// The document of the whole service.
pub(crate) fn service_document(base_url: &str) -> Value {
    let mut paths = Map::new();
    paths::add_service(&mut paths);
    paths::add_missions(&mut paths);
    paths::add_reference(&mut paths);
    paths::add_accounts(&mut paths);
    identity_paths::add_identity(&mut paths);
    metering_paths::add_metering(&mut paths);
    billing_paths::add_billing(&mut paths);
    paths::add_features(&mut paths, "/ogc", false);
    paths::add_features(&mut paths, "/missions/{mission_id}/ogc", true);
    edr_paths::add_edr(&mut paths, "/edr", false);
    edr_paths::add_edr(&mut paths, "/missions/{mission_id}/edr", true);
    process_paths::add_processes(&mut paths, "/ogc");
    stac_paths::add_stac(&mut paths);
    map_paths::add_maps(&mut paths, "", false);
    map_paths::add_maps(&mut paths, "/missions/{mission_id}", true);
    tile_paths::add_tiles(&mut paths, "/ogc", false);
    tile_paths::add_tiles(&mut paths, "/missions/{mission_id}/ogc", true);
    tile_paths::add_styles(&mut paths, "/ogc", false);
    tile_paths::add_styles(&mut paths, "/missions/{mission_id}/ogc", true);
    tile_paths::add_wmts(&mut paths, "", false);
    tile_paths::add_wmts(&mut paths, "/missions/{mission_id}", true);
    kml_paths::add_kml(&mut paths);
    whole(base_url, "Driftline", paths)
}

/// The members of a mission's body with their schemas, which refer to nothing outside of them: for descriptions that stand
/// alone.
pub(crate) fn mission_members() -> Map<String, Value> {
    let mut body = mission_request::body();
    inline(&mut body);
    match body["properties"].take() {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Puts what is referred to in the place of references.
fn inline(schema: &mut Value) {
    if let Some(name) = schema["$ref"].as_str().and_then(|address| address.rsplit('/').next()) {
        *schema = match name {
            "scenario" => mission_request::scenario(),
            "release" => mission_request::release(),
            _ => json!({}),
        };
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(inline),
        Value::Array(items) => items.iter_mut().for_each(inline),
        _ => {}
    }
}

fn whole(server_url: &str, title: &str, paths: Map<String, Value>) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Drift forecasts for search and rescue. Lengths are in metres, speeds in metres per second, \
                            times RFC 3339 in UTC, positions longitude and latitude on WGS 84.",
        },
        "servers": [{"url": server_url}],
        // Any one of them will do.
        "security": [{"key_header": []}, {"bearer": []}, {"basic": []}, {"key_query": []}],
        "tags": [
            {"name": "Service", "description": "The service itself"},
            {"name": "Missions", "description": "Questions asked, followed and answered"},
            {"name": "Reference", "description": "Object classes and forcing"},
            {"name": "Accounts", "description": "Keys, usage, and who the caller is"},
            {"name": "Features", "description": "Results as OGC API Features"},
            {"name": "Values", "description": "Forcing and results as OGC API EDR"},
            {"name": "Processes", "description": "Missions as jobs of OGC API Processes"},
            {"name": "Catalogue", "description": "Cycles and missions as a STAC catalogue"},
            {"name": "Tiles", "description": "Results as OGC API Tiles"},
            {"name": "Styles", "description": "How results look, as OGC API Styles"},
            {"name": "Maps", "description": "Forcing and results as WMS, tiles and TileJSON"},
        ],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "parameters": parameters::all(),
            "responses": {
                "Problem": {
                    "description": "Why the request is not answered as asked (RFC 9457).",
                    "content": {"application/problem+json": {"schema": schemas::reference("problem")}},
                },
            },
            "securitySchemes": {
                "key_header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "Any user name; the key is the password."},
                "key_query": {"type": "apiKey", "in": "query", "name": "key"},
            },
        },
    })
}

/// Names of the parameters of WMS that the document describes.
#[cfg(test)]
pub(crate) fn wms_parameters() -> Vec<&'static str> {
    parameters::WMS.map(|(name, _)| name).to_vec()
}

/// Names of the parameters of WMTS that the document describes.
#[cfg(test)]
pub(crate) fn wmts_parameters() -> Vec<&'static str> {
    tile_paths::WMTS.map(|(name, _)| name).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn documents() -> [Value; 3] {
        [
            features_document("https://h/ogc", "Title", true),
            edr_document("https://h/edr", "Title"),
            service_document("https://h"),
        ]
    }

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    if name == "$ref" {
                        found.insert(value.as_str().unwrap().to_owned());
                    }
                    references(value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_is_local_and_leads_somewhere() {
        for document in documents() {
            let mut found = BTreeSet::new();
            references(&document, &mut found);
            assert!(found.len() > 8, "{found:?}");
            for reference in found {
                let pointer = reference
                    .strip_prefix('#')
                    .unwrap_or_else(|| panic!("{reference} is remote"));
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
        }
    }

    #[test]
    fn every_operation_has_a_unique_id_answers_and_its_path_parameters() {
        for document in documents() {
            let mut ids = BTreeSet::new();
            for (path, item) in document["paths"].as_object().unwrap() {
                for (method, operation) in item.as_object().unwrap() {
                    let id = operation["operationId"].as_str().unwrap();
                    assert!(ids.insert(id.to_owned()), "{method} {path}: {id} stands twice");
                    assert!(operation["responses"].as_object().unwrap().contains_key("default"));
                    let parameters = operation["parameters"].as_array().unwrap();
                    let declared: BTreeSet<&str> = parameters
                        .iter()
                        .map(|parameter| {
                            let pointer = parameter["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
                            document.pointer(pointer).unwrap()
                        })
                        .filter(|parameter| parameter["in"] == "path")
                        .map(|parameter| parameter["name"].as_str().unwrap())
                        .collect();
                    let in_path: BTreeSet<&str> = path
                        .split('/')
                        // A verb may stand behind it, as in `{mission_id}:cancel`.
                        .filter_map(|part| Some(part.strip_prefix('{')?.split_once('}')?.0))
                        .collect();
                    assert_eq!(declared, in_path, "{method} {path}");
                }
            }
        }
    }

    #[test]
    fn the_items_operation_says_what_conformance_tools_look_for() {
        let document = features_document("https://h/ogc", "Title", true);
        let limit = &document["components"]["parameters"]["limit"];
        assert_eq!(limit["schema"]["minimum"], 1);
        assert_eq!(limit["schema"]["maximum"], 10_000);
        assert_eq!(limit["schema"]["default"], 1_000);
        let bbox = &document["components"]["parameters"]["bbox"];
        assert_eq!((&bbox["style"], &bbox["explode"]), (&json!("form"), &json!(false)));
        let collections = &document["components"]["parameters"]["collection_id"]["schema"]["enum"];
        assert_eq!(
            collections,
            &json!(crate::features::Collection::ALL.map(crate::features::Collection::id))
        );
        assert!(document["paths"]["/collections/{collection_id}/items"]["get"].is_object());
        assert_eq!(document["openapi"], "3.0.3");
        assert_eq!(document["servers"][0]["url"], "https://h/ogc");
    }
}
