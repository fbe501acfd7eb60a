//! Reference data: object classes, forcing feeds and what they cover.

use axum::extract::State;
use axum::response::Response;
use driftline_domain::{Coefficients, OBJECT_CLASSES, ObjectClass};
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::document::{JSON, document};
use crate::query::{Interval, bbox_parameter};
use crate::{AppState, CoverageQuestion, Error};

/// `GET /v1/object-types`.
pub(crate) async fn object_types(ask: Ask) -> Result<Response, Error> {
    ask.query.allow_only(&[])?;
    let types: Vec<Value> = OBJECT_CLASSES.iter().map(class_json).collect();
    document(&ask.headers, JSON, &json!({"object_types": types}))
}

/// `GET /v1/feeds`.
pub(crate) async fn feeds(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.query.allow_only(&[])?;
    let feeds = state.forcing.feeds().await;
    document(
        &ask.headers,
        JSON,
        &feeds.map_err(|error| Error::Forcing(error.to_string()))?,
    )
}

/// `GET /v1/forcing/coverage`.
pub(crate) async fn coverage(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.query.allow_only(&["bbox", "time"])?;
    let interval = Interval::parameter(&ask.query, "time")?;
    let question = CoverageQuestion {
        bbox: bbox_parameter(&ask.query)?,
        from: interval.from,
        until: interval.until,
    };
    let coverage = state.forcing.coverage(question).await;
    document(
        &ask.headers,
        JSON,
        &coverage.map_err(|error| Error::Forcing(error.to_string()))?,
    )
}

fn class_json(class: &ObjectClass) -> Value {
    json!({
        "number": class.number,
        "key": class.key,
        "description": class.description,
        "aliases": class.aliases().collect::<Vec<_>>(),
        "coefficients": {
            "downwind": coefficients_json(&class.downwind),
            "crosswind_right": coefficients_json(&class.right),
            "crosswind_left": coefficients_json(&class.left),
        },
        "citation": class.citation,
    })
}

fn coefficients_json(coefficients: &Coefficients) -> Value {
    json!({
        "slope": coefficients.slope,
        "offset_ms": coefficients.offset_ms,
        "std_ms": coefficients.std_ms,
    })
}
