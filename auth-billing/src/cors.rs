//! CORS: which pages may read the answers. Keys and signatures are sent by the page itself, never by the browser out of
//! its own store, so that no answer allows credentials, and what is decided here is which pages an operator lets build
//! on the service:
//!
//! * a publishable key's own origins, which authentication has checked;
//! * every page for what stands in the address, a signed link or a key: whoever has the address has the data;
//! * the origins of the settings for a secret key in a header, and for everything that is not reading.
//!
//! A preflight carries no headers of the request that it asks for, and so no key: it is answered by the origin, which
//! must be one of the settings or of any publishable key, or by what stands in the address. Then the real answer
//! decides. `tower-http` has a layer for origins that are known from the head of the request; here whose key it was is
//! known after authentication only, and the answer depends on it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use driftline_database::KeyKind;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::credential::is_in_address;
use crate::origin::{AllowedOrigins, Origin, Page};
use crate::path_key::PathKey;
use crate::{Auth, Caller, Error, Problem};

/// Methods of a page that reads, and of one that the settings name.
const READING: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
const EVERYTHING: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS, POST, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("X-API-Key, Authorization, Content-Type, If-None-Match, Range, Idempotency-Key");
const ANSWER_HEADERS: HeaderValue =
    HeaderValue::from_static("ETag, Link, Content-Range, Content-Crs, x-charge-units, Retry-After, Location");
/// Seconds for which a browser need not ask again. What is permitted too long is still refused by authentication.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("600");
const ANYONE: HeaderValue = HeaderValue::from_static("*");

/// Permissions for pages of other origins.
#[derive(Clone)]
pub struct Cors {
    auth: Auth,
    configured: AllowedOrigins,
}

/// What a request says of the page that reads the answer.
struct Asked {
    /// As the browser sent it.
    origin: Option<HeaderValue>,
    page: Page,
    is_reading: bool,
    has_address_credential: bool,
}

impl Cors {
    /// Permissions by the keys behind `auth`, and for the pages of these origins (`*` for all of them) with secret keys.
    pub fn new(auth: &Auth, origins: &[String]) -> Result<Self, Error> {
        Ok(Self {
            auth: auth.clone(),
            configured: AllowedOrigins::parse(origins.iter().map(String::as_str))?,
        })
    }

    /// Answers preflights before anything else sees them, and tells browsers about all other answers, errors and
    /// unknown paths included. This belongs around all routes, and [`crate::path_keys`] around it.
    pub fn wrap<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.layer(from_fn_with_state(self.clone(), cors))
    }

    async fn preflight(&self, asked: &Asked) -> Response {
        let is_configured = self.configured.allows(&asked.page);
        let permitted = if is_configured || asked.has_address_credential {
            Ok(true)
        } else {
            self.auth
                .listed_origins()
                .await
                .map(|listed| listed.allows(&asked.page))
        };
        let mut response = match &permitted {
            Ok(true) => no_content(),
            Ok(false) => {
                let detail = "pages of this origin may not ask: it is neither among the service's cors_origins nor \
                              among the origins of a publishable key";
                Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail).into_response()
            }
            Err(problem) => problem.clone().into_response(),
        };
        let headers = response.headers_mut();
        let varies = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        headers.append(VARY, HeaderValue::from_static(varies));
        if let (Ok(true), Some(origin)) = (permitted, asked.named()) {
            let methods = if is_configured { EVERYTHING } else { READING };
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
        }
        response
    }

    /// What the browser is told of an answer: the origin that may read it.
    async fn permission(&self, asked: &Asked, caller: Option<&Caller>) -> Option<HeaderValue> {
        if caller.is_some_and(|caller| caller.limited_to.is_some()) {
            // Whoever asks, so that a shared cache keeps one answer for all pages.
            return Some(ANYONE);
        }
        let origin = asked.named()?;
        if self.configured.allows(&asked.page) {
            return Some(origin);
        }
        if !asked.is_reading {
            return None;
        }
        match caller {
            Some(caller) if caller.kind == KeyKind::Publishable => Some(origin),
            _ if asked.has_address_credential => Some(ANYONE),
            Some(_) => None,
            // An error, or what anybody may see: a page that may say its key may also read why it was refused.
            None => {
                let listed = self.auth.listed_origins().await.ok()?;
                listed.allows(&asked.page).then_some(origin)
            }
        }
    }
}

impl Asked {
    fn of(request: &Request) -> Self {
        let path_key = request.extensions().get::<PathKey>();
        let origin = request.headers().get(ORIGIN);
        let page = origin.map(|value| match value.to_str().ok().and_then(Origin::of_header) {
            Some(origin) => Page::Of(origin),
            None => Page::Opaque(String::new()),
        });
        Self {
            origin: origin.cloned(),
            page: page.unwrap_or(Page::Unnamed),
            is_reading: matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS),
            has_address_credential: is_in_address(request.uri(), path_key),
        }
    }

    /// The origin as an answer names it; whoever permits pages without one permits all. `None` where none was told.
    fn named(&self) -> Option<HeaderValue> {
        match self.page {
            Page::Unnamed => None,
            Page::Opaque(_) => Some(ANYONE),
            Page::Of(_) => self.origin.clone(),
        }
    }
}

async fn cors(State(cors): State<Cors>, request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    if is_preflight(&request) {
        return cors.preflight(&asked).await;
    }
    let mut response = next.run(request).await;
    let caller = response.extensions().get::<Caller>();
    let is_same_for_all = caller.is_some_and(|caller| caller.limited_to.is_some());
    let permission = cors.permission(&asked, caller).await;
    tell(response.headers_mut(), permission, is_same_for_all);
    response
}

fn tell(headers: &mut HeaderMap, permission: Option<HeaderValue>, is_same_for_all: bool) {
    if !is_same_for_all {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = permission {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
    }
}

fn is_preflight(request: &Request) -> bool {
    let has = |name| request.headers().contains_key(name);
    request.method() == Method::OPTIONS && has(ORIGIN) && has(ACCESS_CONTROL_REQUEST_METHOD)
}

fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
