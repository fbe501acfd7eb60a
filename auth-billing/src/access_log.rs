//! The outermost layer: names every request, logs every answer once, and sets the headers that every answer carries.
//! A request's own `x-request-id` is not trusted.

use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use driftline_domain::RequestId;
use http::header::{REFERER, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument;

use crate::meter::Charged;
use crate::{Caller, Problem, redact};

const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// An address longer than that is cut in the log.
const LOGGED_CHARS: usize = 2_000;
/// Of a longer text only this much is looked through: the rest could not be seen in the log anyway.
const LOOKED_THROUGH_BYTES: usize = 4 * LOGGED_CHARS;

/// Puts the layer around a whole router, public routes and the answer for unknown paths included. Handlers find the
/// request's [`RequestId`] in its extensions.
pub fn access_log<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(from_fn(log_access))
}

async fn log_access(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::generate();
    request.extensions_mut().insert(id);
    let method = request.method().clone();
    let path = logged(request.uri().path_and_query().map_or("/", |path| path.as_str()));
    let referrer = request
        .headers()
        .get(REFERER)
        .map(|value| logged(&String::from_utf8_lossy(value.as_bytes())));
    // Whatever is logged on the way belongs to this request.
    let span = tracing::info_span!("request", request.id = %id);
    let mut response = named(next.run(request).instrument(span).await, id);
    set_headers(response.headers_mut(), id);
    let caller = response.extensions().get::<Caller>();
    tracing::info!(
        request.id = %id,
        method = %method,
        path,
        referrer,
        status = response.status().as_u16(),
        duration_ms = started.elapsed().as_secs_f64() * 1e3,
        org.id = caller.map(|caller| tracing::field::display(caller.org)),
        key.id = caller.map(|caller| tracing::field::display(caller.key)),
        units = response.extensions().get::<Charged>().map(|charged| charged.0),
        "answered"
    );
    response
}

/// An error answer names the request; other answers stay as they are.
fn named(mut response: Response, id: RequestId) -> Response {
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    problem.request_id = Some(id);
    let (parts, _) = response.into_parts();
    let mut renewed = problem.into_response();
    // Layers between handler and here may have added headers and extensions.
    *renewed.headers_mut() = parts.headers;
    *renewed.extensions_mut() = parts.extensions;
    renewed.headers_mut().remove(http::header::CONTENT_LENGTH);
    renewed
}

fn set_headers(headers: &mut HeaderMap, id: RequestId) {
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID_HEADER, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

fn logged(address: &str) -> String {
    let head = &address[..address.floor_char_boundary(LOOKED_THROUGH_BYTES)];
    redact(head).chars().take(LOGGED_CHARS).collect()
}
