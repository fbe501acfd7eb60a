//! The catalogue itself, and what it conforms to.

use axum::extract::State;
use axum::response::Response;
use driftline_auth_billing::Scope;
use serde_json::json;

use super::collections::Holder;
use super::{CLASSES, VERSION, cycles};
use crate::ask::Ask;
use crate::document::{JSON, OPENAPI, document};
use crate::links::Link;
use crate::{AppState, Error};

/// `GET /stac`.
pub(super) async fn landing(State(state): State<AppState>, ask: Ask) -> Result<Response, Error> {
    check(&ask)?;
    let cycles = cycles::all(&state).await?;
    let mut links = vec![
        Link::new("self", JSON, ask.self_url()),
        ask.site.link("root", JSON, "This catalogue", "/stac"),
        ask.site.link("data", JSON, "Collections", "/stac/collections"),
        ask.site
            .link("conformance", JSON, "Conformance classes", "/stac/conformance"),
        ask.site
            .link("service-desc", OPENAPI, "The whole API in OpenAPI 3.0", "/api"),
    ];
    for holder in Holder::all(&cycles) {
        links.push(ask.site.link("child", JSON, &holder.title(), &holder.path()));
    }
    let catalog = json!({
        "type": "Catalog",
        "id": "driftline",
        "stac_version": VERSION,
        "title": "Driftline",
        "description": "Cycles of forcing and completed drift missions as data.",
        "conformsTo": CLASSES,
        "links": links,
    });
    document(&ask.headers, JSON, &catalog)
}

/// `GET /stac/conformance`.
pub(super) async fn conformance(ask: Ask) -> Result<Response, Error> {
    check(&ask)?;
    document(&ask.headers, JSON, &json!({"conformsTo": CLASSES}))
}

/// What every page of the catalogue asks of a request without parameters of its own.
pub(super) fn check(ask: &Ask) -> Result<(), Error> {
    ask.require(Scope::FeaturesRead)?;
    ask.query.allow_only(&["f"])?;
    ask.query.check_format(&["json"])?;
    ask.check_accept()
}
