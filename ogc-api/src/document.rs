//! JSON answers with a strong entity tag.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::Error;
use crate::entity_tag::EntityTag;

/// Plain JSON.
pub(crate) const JSON: &str = "application/json";
/// A feature or a collection of features (RFC 7946).
pub(crate) const GEOJSON: &str = "application/geo+json";
/// All particles of a run in one binary (`runs/binary.rs`).
pub(crate) const PARTICLES: &str = "application/vnd.driftline.particles";
/// OpenAPI 3.0 in JSON, as OGC API clients ask for it.
pub(crate) const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";

/// An answer with this document, or 304 when the client holds it already.
pub(crate) fn document(
    headers: &HeaderMap,
    media_type: &'static str,
    content: &impl Serialize,
) -> Result<Response, Error> {
    let body = json_bytes(content)?;
    let tag = EntityTag::of_bytes(&body);
    if tag.is_held_by(headers) {
        return Ok(not_modified(&tag));
    }
    Ok(with_tag(Body::from(body), media_type, &tag))
}

/// A document as text.
pub(crate) fn json_bytes(content: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(content).map_err(|error| Error::Internal(format!("an answer: {error}")))
}

/// An answer whose tag is already known.
pub(crate) fn with_tag(body: Body, media_type: &'static str, tag: &EntityTag) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.extend(tag.header().map(|tag| (header::ETAG, tag)));
    response
}

/// "You have it already."
pub(crate) fn not_modified(tag: &EntityTag) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
        .headers_mut()
        .extend(tag.header().map(|tag| (header::ETAG, tag)));
    response
}
