//! The table of routes, from which the router is built and against which the API document is tested.

use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use driftline_auth_billing::Problem;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, RETRY_AFTER, VARY};
use http::{HeaderValue, Method, StatusCode, Uri};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::compress::{Compressor, compress};
use crate::service::takes_html;
use crate::{
    AppState, Error, edr, features, kml, missions, ogc_maps, ogc_tiles, processes, reference, service, stac, styles,
    tilesets, usage, wms, wmts, zarr,
};

pub(crate) type Route = (&'static str, MethodRouter<AppState>);

/// No answer is worth more waiting: beyond this its client has given up (ogc.md, trap 26).
const DEADLINE: Duration = Duration::from_secs(30);
/// No route takes a larger body; most take much less.
const MOST_BODY: usize = 1 << 20;

/// Every route of the service. `accounts` are the routes of [`driftline_auth_billing::router`], which the API document
/// lists as well; `pages` are open routes of the page and its basemap, for which the page itself stands in
/// [`crate::Parts::page`].
///
/// `protect` is put around all routes that need a key: it has to authenticate, so that a
/// [`driftline_auth_billing::Caller`] stands in the request's extensions, and to meter, which turns the marks that
/// handlers leave ([`driftline_auth_billing::Billable`]) into usage records. Without a caller these routes answer 500.
/// Open to anybody are only `/`, `/api`, `/health`, `/ready` and `pages`. A deadline and a guard against panics stand around
/// every handler; what names requests and logs them belongs around the whole.
pub fn router(state: AppState, accounts: Router, pages: Router, protect: impl FnOnce(Router) -> Router) -> Router {
    let prefix = state.public_base.path_prefix();
    let build = |table: Vec<Route>| {
        let routes = table
            .into_iter()
            .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
        guarded(routes.with_state(state.clone()))
    };
    // OWSLib appends a slash to every landing page it is given, the conformance suite of EDR to the conformance page.
    let with_slash = vec![
        ("/edr/conformance/", get(edr::conformance)),
        ("/missions/{mission_id}/edr/conformance/", get(edr::conformance)),
        ("/ogc/", get(features::landing)),
        ("/missions/{mission_id}/ogc/", get(features::landing)),
        ("/edr/", get(edr::landing)),
        ("/missions/{mission_id}/edr/", get(edr::landing)),
    ];
    let tenant = build(tenant_routes()).merge(build(with_slash)).merge(guarded(accounts));
    let open = build(open_routes()).merge(guarded(pages));
    let whole = open.merge(protect(tenant)).fallback(no_route);
    let whole = whole.layer(from_fn_with_state(Compressor::new(state.compute.clone()), compress));
    if prefix.is_empty() {
        whole
    } else {
        under_prefix(whole, prefix)
    }
}

/// What stands around every handler, whichever crate it is from.
fn guarded(routes: Router) -> Router {
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(missions::methods_of_actions))
        .layer(from_fn(body_bound))
        .layer(from_fn(deadline))
        .layer(CatchPanicLayer::custom(panicked))
}

pub(crate) fn open_routes() -> Vec<Route> {
    vec![
        ("/", get(service::landing)),
        ("/api", get(service::api)),
        ("/health", get(service::health)),
        ("/ready", get(service::ready)),
        ("/v1/ws/missions/{mission_id}", get(missions::socket)),
    ]
}

pub(crate) fn tenant_routes() -> Vec<Route> {
    let mut table: Vec<Route> = vec![
        ("/v1/missions", get(missions::list).post(missions::submit)),
        ("/v1/missions:validate", post(missions::validate)),
        ("/v1/missions:batch", post(missions::batch)),
        ("/v1/ws/tickets", post(missions::tickets)),
        (
            "/v1/missions/{mission_id}",
            get(missions::mission).delete(missions::withdraw).post(missions::act),
        ),
        ("/v1/missions/{mission_id}/status", get(missions::status)),
        ("/v1/missions/{mission_id}/events", get(missions::events)),
        ("/v1/missions/{mission_id}/results", get(missions::results)),
        ("/v1/missions/{mission_id}/results/{file}", get(missions::file)),
        ("/v1/missions/{mission_id}/particles", get(missions::particles)),
        (usage::REPORT_PATH, get(usage::report)),
        ("/v1/object-types", get(reference::object_types)),
        ("/v1/feeds", get(reference::feeds)),
        ("/v1/forcing/coverage", get(reference::coverage)),
        ("/v1/datasets", get(reference::datasets)),
        ("/v1/datasets/{feed}/{run}/{revision}", get(reference::manifest)),
        ("/v1/datasets/{feed}/{run}/{revision}/zarr/{*path}", get(zarr::object)),
    ];
    let roots = [
        [
            "/ogc",
            "/ogc/conformance",
            "/ogc/api",
            "/ogc/collections",
            "/ogc/collections/{collection_id}",
            "/ogc/collections/{collection_id}/queryables",
            "/ogc/collections/{collection_id}/sortables",
            "/ogc/collections/{collection_id}/items",
            "/ogc/collections/{collection_id}/items/{feature_id}",
        ],
        [
            "/missions/{mission_id}/ogc",
            "/missions/{mission_id}/ogc/conformance",
            "/missions/{mission_id}/ogc/api",
            "/missions/{mission_id}/ogc/collections",
            "/missions/{mission_id}/ogc/collections/{collection_id}",
            "/missions/{mission_id}/ogc/collections/{collection_id}/queryables",
            "/missions/{mission_id}/ogc/collections/{collection_id}/sortables",
            "/missions/{mission_id}/ogc/collections/{collection_id}/items",
            "/missions/{mission_id}/ogc/collections/{collection_id}/items/{feature_id}",
        ],
    ];
    for paths in roots {
        let handlers = [
            get(features::landing),
            get(features::conformance),
            get(features::api),
            get(features::collections),
            get(features::collection),
            get(features::queryables),
            get(features::sortables),
            get(features::items),
            get(features::item),
        ];
        table.extend(paths.into_iter().zip(handlers));
    }
    table.extend([
        ("/wms", get(wms::wms)),
        ("/missions/{mission_id}/wms", get(wms::wms)),
        ("/tiles", get(tilesets::list)),
        ("/missions/{mission_id}/tiles", get(tilesets::list)),
        ("/tiles/{tileset}", get(tilesets::tilejson)),
        ("/missions/{mission_id}/tiles/{tileset}", get(tilesets::tilejson)),
        ("/tiles/{tileset}/{z}/{x}/{y}", get(tilesets::tile)),
        (
            "/missions/{mission_id}/tiles/{tileset}/{z}/{x}/{y}",
            get(tilesets::tile),
        ),
    ]);
    table.extend(edr::routes());
    table.extend(processes::routes());
    table.extend(stac::routes());
    table.extend(ogc_maps::routes());
    table.extend(ogc_tiles::routes());
    table.extend(styles::routes());
    table.extend(wmts::routes());
    table.extend(kml::routes());
    table
}

/// Answers under the public path as well as at the root: some proxies strip it, some do not. One that does has to send
/// browsers from the path without its closing slash to the one with it.
fn under_prefix(whole: Router, prefix: String) -> Router {
    Router::new().fallback(strip_prefix).with_state((whole, prefix))
}

async fn strip_prefix(State((whole, prefix)): State<(Router, String)>, mut request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let rest = path
        .strip_prefix(&prefix)
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    if let Some(rest) = rest {
        // The page's own addresses are relative to it: below the prefix only with a slash at its end.
        let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
        if !rest.starts_with('/') && is_reading && takes_html(request.headers()) {
            let moved = Redirect::temporary(&format!("{prefix}/{rest}"));
            return ([(CACHE_CONTROL, "no-store"), (VARY, "Accept")], moved).into_response();
        }
        let inner = if rest.starts_with('/') {
            rest.to_owned()
        } else {
            format!("/{rest}")
        };
        // What was a valid path is one without its beginning, too.
        if let Ok(uri) = inner.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    match whole.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The answer carries the route that it comes from ([`MatchedPath`]), for whoever counts answers further out.
async fn deadline(route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("the answer took longer than {} s", DEADLINE.as_secs());
            Problem {
                headers: [(RETRY_AFTER, HeaderValue::from_static("5"))].into(),
                ..Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", detail)
            }
            .into_response()
        }
    };
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// A body that says it is too large is refused before anything of it is read; one that does not say so is cut where it is read.
async fn body_bound(request: Request, next: Next) -> Response {
    let declared = request.headers().get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match declared {
        Some(length) if length > MOST_BODY as u64 => Error::TooLarge(MOST_BODY).into_response(),
        _ => next.run(request).await,
    }
}

async fn method_not_allowed(method: Method) -> Error {
    Error::Method(crate::query::shown(method.as_str()))
}

async fn no_route(uri: Uri) -> Error {
    Error::NoRoute(crate::query::shown(uri.path()))
}

fn panicked(cause: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let words = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&'static str>().copied());
    tracing::error!(panic = words.unwrap_or("without words"), "a handler panicked");
    Problem::internal_logged().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
        let read = |body: axum::body::Bytes| async move { body.len().to_string() };
        let ask = async |length: usize| {
            // Nothing ever comes of this body: whoever read it would wait for ever.
            let body = axum::body::Body::from_stream(futures::stream::pending::<std::io::Result<Vec<u8>>>());
            let request = Request::post("/").header(CONTENT_LENGTH, length).body(body).unwrap();
            let routes = guarded(Router::new().route("/", post(read)));
            tokio::time::timeout(Duration::from_secs(1), routes.oneshot(request)).await
        };
        assert_eq!(ask(MOST_BODY + 1).await.unwrap().unwrap().status(), 413);
        assert!(ask(MOST_BODY).await.is_err(), "it is read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_never_ends_is_answered_with_504() {
        let routes = Router::new().route("/", get(std::future::pending::<Response>));
        let request = Request::get("/").body(axum::body::Body::empty()).unwrap();
        let answer = guarded(routes).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 504);
        assert!(answer.headers().contains_key("retry-after"));
    }

    #[test]
    fn the_api_document_and_the_routes_are_the_same_list() {
        let document = crate::openapi::service_document("https://h");
        let described: BTreeSet<&str> = document["paths"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let tables = [open_routes(), tenant_routes()];
        // OpenAPI 3.0 has no word for the rest of a path.
        let own = tables.iter().flatten().map(|(path, _)| path.replace("{*", "{"));
        let accounts = driftline_auth_billing::ACCOUNT_PATHS.map(str::to_owned);
        let people = driftline_auth_billing::IDENTITY_OPERATIONS.iter();
        let people = people.map(|operation| operation.path.to_owned());
        let metering = driftline_auth_billing::METERING_PATHS.map(str::to_owned);
        let billing = driftline_auth_billing::BILLING_PATHS.map(str::to_owned);
        let actions = missions::ACTIONS.map(str::to_owned);
        let all = own
            .chain(accounts)
            .chain(people)
            .chain(metering)
            .chain(billing)
            .chain(actions);
        let routed: BTreeSet<String> = all.collect();
        let described: BTreeSet<String> = described.into_iter().map(str::to_owned).collect();
        assert_eq!(described, routed);
    }
}
