//! `GET …/{collection_id}/schema`: what the values of a coverage are, as OGC API Coverages (19-087) has it: a JSON Schema
//! with a property for each parameter.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::subject::Subject;
use crate::document::document;
use crate::features::RootAsk;
use crate::{AppState, Error};

const SCHEMA: &str = "application/schema+json";

/// The schema of a collection or an instance.
pub(crate) async fn schema(State(state): State<AppState>, asked: RootAsk) -> Result<Response, Error> {
    let ask = &asked.ask;
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()?;
    let subject = Subject::of(&state, &asked).await?;
    let layer = subject.collection.layer();
    let properties: Map<String, Value> = (1u32..)
        .zip(subject.collection.parameters())
        .map(|(number, parameter)| {
            let property = json!({
                "title": parameter.label,
                "description": parameter.description,
                "type": "number",
                "x-ogc-propertySeq": number,
                "x-ogc-unit": parameter.ucum,
                "x-ogc-unitLang": "UCUM",
                "x-ogc-definition": parameter.property_uri(),
            });
            (parameter.id.to_owned(), property)
        })
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ask.site.bare_url(&ask.path),
        "title": layer.title(),
        "description": layer.description(),
        "type": "object",
        "properties": properties,
    });
    document(&ask.headers, SCHEMA, &schema)
}
