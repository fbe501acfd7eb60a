//! Reference data: object classes, forcing feeds and what they cover. Forcing needs the scope features:read, as its chunks do.

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::Scope;
use driftline_domain::{Coefficients, ForcingKind, OBJECT_CLASSES, ObjectClass, RunTime};
use serde_json::{Value, json};

use crate::answer::Lasting;
use crate::ask::Ask;
use crate::document::{JSON, document};
use crate::query::{Interval, bbox_parameter};
use crate::{AppState, CoverageQuestion, DatasetQuestion, Error};

/// `GET /v1/object-types`.
pub(crate) async fn object_types(ask: Ask) -> Result<Response, Error> {
    ask.query.allow_only(&[])?;
    let types: Vec<Value> = OBJECT_CLASSES.iter().map(class_json).collect();
    for_a_minute(document(&ask.headers, JSON, &json!({"object_types": types})))
}

/// `GET /v1/feeds`.
pub(crate) async fn feeds(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&[])?;
    let feeds = state.forcing.feeds().await;
    let feeds = feeds.map_err(|error| Error::Forcing(error.to_string()))?;
    for_a_minute(document(&ask.headers, JSON, &feeds))
}

/// `GET /v1/forcing/coverage`.
pub(crate) async fn coverage(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&["bbox", "time"])?;
    let interval = Interval::parameter(&ask.query, "time")?;
    let question = CoverageQuestion {
        bbox: bbox_parameter(&ask.query)?,
        from: interval.from,
        until: interval.until,
    };
    let coverage = state.forcing.coverage(question).await;
    let coverage = coverage.map_err(|error| Error::Forcing(error.to_string()))?;
    for_a_minute(document(&ask.headers, JSON, &coverage))
}

/// `GET /v1/datasets`: published cycles by box, time, variable and feed.
pub(crate) async fn datasets(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&["bbox", "time", "variable", "feed"])?;
    let interval = Interval::parameter(&ask.query, "time")?;
    let question = DatasetQuestion {
        coverage: CoverageQuestion {
            bbox: bbox_parameter(&ask.query)?,
            from: interval.from,
            until: interval.until,
        },
        kinds: kinds(ask.query.get("variable"))?,
        feed: ask.query.get("feed").map(str::to_owned),
    };
    let found = state.forcing.datasets(question).await;
    let found = found.map_err(|error| Error::Forcing(error.to_string()))?;
    for_a_minute(document(&ask.headers, JSON, &found))
}

/// `GET /v1/datasets/{feed}/{run}/{revision}`: a manifest, which names every object with length and checksum.
pub(crate) async fn manifest(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&[])?;
    let [feed, run, revision] = ["feed", "run", "revision"].map(|name| ask.param(name));
    let known = match (run.parse::<RunTime>(), revision.parse::<u32>()) {
        (Ok(run), Ok(revision)) => state.forcing.manifest(feed, run, revision).await,
        _ => Ok(None),
    };
    let found = known.map_err(|error| Error::Forcing(error.to_string()))?;
    let found = found.ok_or_else(|| Error::not_found("cycle", &format!("{feed}/{run}/{revision}")))?;
    document(&ask.headers, JSON, &found)
}

/// What is no tenant's may be kept for a minute: authentication keeps it out of caches that many share.
fn for_a_minute(answer: Result<Response, Error>) -> Result<Response, Error> {
    let mut answer = answer?;
    Lasting::Briefly.note(&mut answer);
    Ok(answer)
}

/// Kinds by their names or by the names of their arrays, separated by commas.
fn kinds(text: Option<&str>) -> Result<Vec<ForcingKind>, Error> {
    let is_named = |kind: ForcingKind, word: &str| {
        kind.name() == word || kind.components().iter().any(|variable| variable.array_name() == word)
    };
    let kind = |word: &str| {
        let known = ForcingKind::ALL.into_iter().find(|kind| is_named(*kind, word));
        let names = ForcingKind::ALL.map(ForcingKind::name).join(", ");
        known.ok_or_else(|| Error::parameter("variable", format!("'{word}' is none of {names}")))
    };
    text.into_iter().flat_map(|text| text.split(',')).map(kind).collect()
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
