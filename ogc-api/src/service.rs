//! What anybody may ask: what this service is, whether it runs, and whether it can serve.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use driftline_auth_billing::chain;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::{Value, json};

use crate::document::{JSON, OPENAPI, json_bytes};
use crate::entity_tag::EntityTag;
use crate::links::Site;
use crate::missions::CAPABILITIES;
use crate::written::Written;
use crate::{AppState, Error, PartState, openapi};

/// `GET /`: the page for those who take HTML, the JSON document for everybody else.
pub(crate) async fn landing(State(state): State<AppState>, headers: HeaderMap, uri: Uri) -> Result<Response, Error> {
    if let Some(page) = state.page.as_ref().filter(|_| takes_html(&headers)) {
        let mut response = page(&headers);
        response
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static("Accept"));
        return Ok(response);
    }
    let base = state.public_base.for_request(&headers, &uri)?;
    let made_from = EntityTag::of_parts(&[b"the service", base.as_bytes()]);
    let written = Written::of(&state, made_from, move || {
        json_bytes(&landing_document(&Site::open(base)))
    })
    .await?;
    let mut response = written.answer(&headers, JSON);
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

fn landing_document(site: &Site) -> Value {
    let links = [
        site.link("self", JSON, "This document", "/"),
        site.link("service-desc", OPENAPI, "The whole API in OpenAPI 3.0", "/api"),
        site.link("data", JSON, "Results as OGC API Features; needs a key", "/ogc"),
        site.link(
            "wms",
            "text/xml",
            "Forcing and search areas as WMS; needs a key",
            &format!("/wms{CAPABILITIES}"),
        ),
        site.link("tilesets", JSON, "The same as tiles; needs a key", "/tiles"),
        site.link("missions", JSON, "Missions; needs a key", "/v1/missions"),
        site.link("status", JSON, "Whether requests can be served", "/ready"),
    ];
    json!({
        "title": "Driftline",
        "description": "Drift forecasts for search and rescue: where to search, now and in the hours ahead.",
        "version": env!("CARGO_PKG_VERSION"),
        "links": links,
    })
}

/// Whether HTML is named among what the client takes; programs that take anything get JSON.
pub(crate) fn takes_html(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter();
    let mut ranges = ranges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
        let is_refused = parts.any(|part| matches!(part.strip_prefix("q="), Some(q) if q.parse() == Ok(0.0)));
        is_html && !is_refused
    })
}

/// `GET /api`.
pub(crate) async fn api(State(state): State<AppState>, headers: HeaderMap, uri: Uri) -> Result<Response, Error> {
    let base = state.public_base.for_request(&headers, &uri)?;
    let made_from = EntityTag::of_parts(&[b"the whole API", base.as_bytes()]);
    let write = move || json_bytes(&openapi::service_document(&base));
    let written = Written::of(&state, made_from, write).await?;
    Ok(written.answer(&headers, OPENAPI))
}

/// `GET /health`: the process answers, and a restart would not help it; 503 when the database has failed for long.
pub(crate) async fn health(State(state): State<AppState>) -> Response {
    if state.health().is_well(&state.database).await {
        axum::Json(json!({"status": "ok"})).into_response()
    } else {
        let answer = json!({"status": "failed", "checks": {"database": "failed"}});
        (StatusCode::SERVICE_UNAVAILABLE, axum::Json(answer)).into_response()
    }
}

/// `GET /ready`: 503 while the database cannot be used, and as soon as the process has been told to end, so that nothing more is
/// sent to it. Without the forcing catalogue published results can still be served, and a distress mission is taken even
/// where usage cannot be recorded: with such a part missing the service is degraded and not out.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    let (database, catalog, parts) =
        tokio::join!(state.database.check(), state.forcing.check(), state.readiness.parts());
    if let Err(error) = &database {
        tracing::error!(cause = chain(error), "the database cannot be used");
    }
    if let Err(error) = &catalog {
        tracing::error!(cause = chain(error), "the forcing catalogue cannot be read");
    }
    let is_whole = catalog.is_ok() && parts.iter().all(|(_, state)| *state == PartState::Well);
    let (status, word) = match (state.readiness.is_draining(), database.is_ok(), is_whole) {
        (true, _, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        (false, false, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (false, true, false) => (StatusCode::OK, "degraded"),
        (false, true, true) => (StatusCode::OK, "ready"),
    };
    let check = |is_ok| if is_ok { "ok" } else { "failed" };
    let mut checks = json!({"database": check(database.is_ok()), "catalog": check(catalog.is_ok())});
    for (name, state) in parts {
        checks[name] = json!(match state {
            PartState::Well => "ok",
            PartState::Degraded => "degraded",
        });
    }
    (status, axum::Json(json!({"status": word, "checks": checks}))).into_response()
}
