//! Roles of a process, and what a process refuses whose only part in HTTP is to be read from.

use std::fmt::{Display, Formatter};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use clap::ValueEnum;
use driftline_auth_billing::Problem;
use driftline_database::Work;
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};

/// A part of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// HTTP: everything.
    Api,
    /// HTTP, for reading only: maps, tiles, features, values, files and what describes them.
    Tiles,
    /// Simulates missions; beside the role results, or with one somewhere that makes the products.
    Worker,
    /// Makes products of what was simulated, and publishes them.
    Results,
    /// Fetches feeds.
    Ingest,
}

/// The roles of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles(Vec<Role>);

impl Roles {
    /// These; none named are all of them.
    pub(crate) fn of(named: &[Role]) -> Self {
        Self(match named {
            [] => Role::value_variants().to_vec(),
            named => named.to_vec(),
        })
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// What its workers do with missions; `None` where it has none. A worker without the role results leaves the products to
    /// a process that has it.
    pub(crate) fn work(&self) -> Option<Work> {
        match (self.has(Role::Worker), self.has(Role::Results)) {
            (true, true) => Some(Work::All),
            (true, false) => Some(Work::Simulation),
            (false, true) => Some(Work::Results),
            (false, false) => None,
        }
    }

    /// Whether the process answers requests.
    pub(crate) fn serve_http(&self) -> bool {
        self.has(Role::Api) || self.has(Role::Tiles)
    }

    /// Whether it answers only those that change nothing.
    pub(crate) fn only_read(&self) -> bool {
        self.has(Role::Tiles) && !self.has(Role::Api)
    }
}

impl Display for Roles {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let names = self.0.iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = names.map(|value| value.get_name().to_owned()).collect();
        f.write_str(&names.join(","))
    }
}

/// These routes for reading: any other method is refused, whatever the path.
pub(crate) fn for_reading(routes: Router) -> Router {
    routes.layer(from_fn(refuse_changes))
}

async fn refuse_changes(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "this process has the role tiles and is only read from; a process with the role api takes what changes anything",
    )
    .with_header(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"))
    .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[test]
    fn none_named_are_all_and_a_reader_is_no_api() {
        assert_eq!(Roles::of(&[]).to_string(), "api,tiles,worker,results,ingest");
        assert!(!Roles::of(&[]).only_read());
        let tiles = Roles::of(&[Role::Tiles, Role::Worker]);
        assert!(tiles.serve_http() && tiles.only_read() && tiles.has(Role::Worker) && !tiles.has(Role::Ingest));
        assert!(!Roles::of(&[Role::Worker]).serve_http());
        let work = |roles: &[Role]| Roles::of(roles).work();
        assert_eq!(work(&[]), Some(Work::All));
        assert_eq!(work(&[Role::Worker]), Some(Work::Simulation));
        assert_eq!(work(&[Role::Results, Role::Api]), Some(Work::Results));
        assert_eq!(work(&[Role::Api]), None);
    }

    #[tokio::test]
    async fn a_reader_refuses_what_changes_anything() {
        let routes = for_reading(Router::new().route("/x", get(|| async { "x" }).post(|| async { "changed" })));
        let ask = async |method: Method| {
            let request = Request::builder().method(method).uri("/x").body(Body::empty()).unwrap();
            routes.clone().oneshot(request).await.unwrap()
        };
        assert_eq!(ask(Method::GET).await.status(), 200);
        for method in [Method::POST, Method::DELETE, Method::PATCH, Method::PUT] {
            let refused = ask(method).await;
            assert_eq!(refused.status(), 405);
            assert_eq!(refused.headers()[ALLOW], "GET, HEAD, OPTIONS");
        }
    }
}
