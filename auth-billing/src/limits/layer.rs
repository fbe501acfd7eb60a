//! The two layers: around everything the one that counts addresses, behind authentication the one that counts callers.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::class::{Class, brings_missions};
use super::{Limits, MissionAdmission, headers};
use crate::addresses::TrustedProxies;
use crate::{Caller, ClientAddress, Person};

impl Limits {
    /// Notes the client's address in each request's extensions ([`ClientAddress`]), takes away what only a trusted proxy may
    /// say, and refuses addresses that ask too often. This belongs around everything but the access log. A request without a
    /// connection has no address and is not counted.
    pub fn around<S: Clone + Send + Sync + 'static>(&self, router: Router<S>, proxies: TrustedProxies) -> Router<S> {
        let state = (self.clone(), Arc::new(proxies));
        router.layer(from_fn_with_state(state, count_address))
    }

    /// Counts the requests of callers; [`crate::Auth::wrap`] belongs around the result.
    pub fn wrap<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.route_layer(from_fn_with_state(self.clone(), count_caller))
    }

    /// Counts what tries to log in, or to be sent a mail: each costs a hash, or somebody's patience.
    pub fn around_logins<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.route_layer(from_fn_with_state(self.clone(), count_login))
    }
}

/// Beside these, refreshing and logging out, which cost little and must go on.
const LOGINS: [&str; 7] = [
    "/v1/auth/login",
    "/v1/auth/passkeys/challenge",
    "/v1/auth/passkeys/login",
    "/v1/auth/register",
    "/v1/auth/password-reset",
    "/v1/auth/password-reset/confirm",
    "/v1/auth/invitation",
];

/// Whether a request tries to log in, or begins to: what waits for the second step is kept for whoever asks.
fn is_login(path: &str) -> bool {
    let is_departure = path.starts_with("/v1/auth/oidc/") && path.ends_with("/login");
    is_departure || LOGINS.contains(&path)
}

async fn count_login(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ClientAddress>().map(|address| address.ip);
    if let Some(ip) = address.filter(|_| is_login(request.uri().path()))
        && let Err(problem) = limits.admit_login(ip)
    {
        return problem.into_response();
    }
    next.run(request).await
}

async fn count_address(
    State((limits, proxies)): State<(Limits, Arc<TrustedProxies>)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Some(ClientAddress { ip, .. }) = proxies.settle(&mut parts)
        && let Err(problem) = limits.admit_address(ip)
    {
        return problem.into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

async fn count_caller(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<Caller>() else {
        // Who works for no organisation has no key and counts as a person.
        if let Some(person) = request.extensions().get::<Person>()
            && let Err(problem) = limits.admit_person(person.user).await
        {
            return problem.into_response();
        }
        return next.run(request).await;
    };
    let (org, key) = (caller.org, caller.key);
    let class = Class::of(request.method(), request.uri().path());
    let admission = limits.admit(class, org, key).await;
    let refusal = admission.refusal(&limits.0.settings);
    let standing = admission.header();
    if brings_missions(request.method(), request.uri().path()) {
        // Only its body says whether it is one in distress, which this limit does not stop.
        let admission = MissionAdmission::new(limits.clone(), org, refusal);
        request.extensions_mut().insert(admission);
    } else if let Some(problem) = refusal {
        return problem.into_response();
    }
    let mut response = next.run(request).await;
    let answer = response.headers_mut();
    // What a handler has said of a limit of its own stays.
    if !answer.contains_key(headers::STANDING) {
        headers::set(answer, headers::POLICY, limits.policy(class));
        headers::set(answer, headers::STANDING, standing);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::body::Body;
    use axum::routing::{get, post};
    use tower::ServiceExt;

    use super::super::LimitSettings;
    use super::*;

    #[tokio::test]
    async fn what_begins_a_login_is_counted_as_one() {
        let clock: crate::Clock = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let limits = Limits::new(LimitSettings::default(), clock, None, None);
        let router = Router::new()
            .route("/v1/auth/passkeys/challenge", post(|| async {}))
            .route("/v1/auth/oidc/{provider}/login", get(|| async {}))
            .route("/v1/auth/refresh", post(|| async {}));
        let router: Router = limits.around_logins(router);
        let ask = async |method: &str, path: &str, last: u8| {
            let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let ip = IpAddr::from([192, 0, 2, last]);
            let is_forwarded = false;
            request.extensions_mut().insert(ClientAddress { ip, is_forwarded });
            router.clone().oneshot(request).await.unwrap().status().as_u16()
        };
        let begins = [
            ("POST", "/v1/auth/passkeys/challenge"),
            ("GET", "/v1/auth/oidc/keycloak/login"),
        ];
        for (last, (method, path)) in (0..).zip(begins) {
            for _ in 0..60 {
                assert_eq!(ask(method, path, last).await, 200, "{path}");
            }
            assert_eq!(ask(method, path, last).await, 429, "{path}");
            assert_eq!(ask("POST", "/v1/auth/refresh", last).await, 200, "it goes on");
        }
    }
}
