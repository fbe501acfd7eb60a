//! What filters and orders of a collection may name, as JSON Schema (Part 3, 19-079r2, 6.2; Part 5 for sortables).

use axum::response::Response;
use driftline_query::Kind;
use serde_json::{Map, Value, json};

use super::collection::Collection;
use super::properties::Property;
use super::root::RootAsk;
use crate::Error;
use crate::document::document;

/// JSON Schema in JSON.
const SCHEMA_JSON: &str = "application/schema+json";

/// `GET /ogc/collections/{collection_id}/queryables`.
pub(crate) async fn queryables(asked: RootAsk) -> Result<Response, Error> {
    let collection = checked(&asked)?;
    let mut properties = of_properties(collection);
    let mut geometry = Map::new();
    geometry.insert("title".to_owned(), json!("Where it is"));
    geometry.insert("x-ogc-role".to_owned(), json!("primary-geometry"));
    geometry.insert(
        "format".to_owned(),
        json!(format!("geometry-{}", collection.geometry_kind())),
    );
    properties.insert("geometry".to_owned(), Value::Object(geometry));
    schema(&asked, collection, "queryables", properties)
}

/// `GET /ogc/collections/{collection_id}/sortables`.
pub(crate) async fn sortables(asked: RootAsk) -> Result<Response, Error> {
    let collection = checked(&asked)?;
    schema(&asked, collection, "sortables", of_properties(collection))
}

fn checked(asked: &RootAsk) -> Result<Collection, Error> {
    asked.ask.query.allow_only(&["f"])?;
    asked.ask.query.check_format(&["json"])?;
    asked.ask.check_accept()?;
    asked.collection()
}

fn of_properties(collection: Collection) -> Map<String, Value> {
    let queryable = collection.properties().iter().filter(|property| property.is_queryable);
    queryable
        .map(|property| (property.name.to_owned(), described(property)))
        .collect()
}

fn schema(
    asked: &RootAsk,
    collection: Collection,
    kind: &str,
    properties: Map<String, Value>,
) -> Result<Response, Error> {
    let RootAsk { ask, root } = asked;
    let path = format!("{}/{kind}", root.collection_path(collection));
    let content = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        // The identifier of a schema is an address without a credential.
        "$id": ask.site.bare_url(&path),
        "title": collection.title(),
        "description": collection.description(),
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    document(&ask.headers, SCHEMA_JSON, &content)
}

/// A property as JSON Schema.
pub(crate) fn described(property: &Property) -> Value {
    let mut schema = match property.kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Integer => json!({"type": "integer"}),
        Kind::Number => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Geometry => json!({"format": "geometry-any"}),
    };
    schema["title"] = json!(property.title);
    let role = match property.name {
        "id" => Some("id"),
        "valid_time" => Some("primary-instant"),
        "valid_start" => Some("primary-interval-start"),
        "valid_end" => Some("primary-interval-end"),
        _ => None,
    };
    if let Some(role) = role {
        schema["x-ogc-role"] = json!(role);
    }
    schema
}
