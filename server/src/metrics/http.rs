//! Rate, errors and duration of requests by route, and how many are in progress.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds; beyond 30 s no answer is waited for.
const BOUNDS_S: [f64; 12] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfAnswer {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRoute {
    route: String,
}

/// What is counted; clones count together.
#[derive(Clone)]
pub(crate) struct HttpMetrics {
    answers: Family<OfAnswer, Counter>,
    durations: Family<OfRoute, Histogram, fn() -> Histogram>,
    /// Requests whose answer has not been given in full.
    pub(crate) in_flight: Gauge,
    /// Open connections.
    pub(crate) connections: Gauge,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS_S);
        Self {
            answers: Family::default(),
            durations: Family::new_with_constructor(histogram),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
        }
    }
}

impl HttpMetrics {
    /// Counts every answer of these routes. Answers carry the route that they come from.
    pub(crate) fn wrap(&self, routes: Router) -> Router {
        let metrics = self.clone();
        routes.layer(from_fn(move |request: Request, next: Next| {
            let metrics = metrics.clone();
            async move {
                let (began, method) = (Instant::now(), word(request.method()));
                let response = next.run(request).await;
                metrics.note(method, &response, began);
                response
            }
        }))
    }

    fn note(&self, method: &'static str, response: &Response, began: Instant) {
        let route = response.extensions().get::<MatchedPath>();
        let route = route.map_or("none", MatchedPath::as_str).to_owned();
        self.durations
            .get_or_create(&OfRoute { route: route.clone() })
            .observe(began.elapsed().as_secs_f64());
        let status = response.status().as_u16();
        self.answers.get_or_create(&OfAnswer { route, method, status }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.answers.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From the request's head to the answer's",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests whose answer has not been given in full",
            self.in_flight.clone(),
        );
        registry.register("http_connections", "Open connections", self.connections.clone());
    }
}

/// A method is whatever a client writes; few of them get a name.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use prometheus_client::encoding::text::encode;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn answers_are_counted_by_their_route_and_unknown_paths_together() {
        let mark = |route: MatchedPath, request: Request, next: Next| async move {
            let mut response = next.run(request).await;
            response.extensions_mut().insert(route);
            response
        };
        let metrics = HttpMetrics::default();
        let routes = Router::new().route("/tiles/{z}", get(|| async {})).layer(from_fn(mark));
        let routes = metrics.wrap(
            Router::new()
                .merge(routes)
                .fallback(|| async { http::StatusCode::NOT_FOUND }),
        );
        for (method, path) in [
            ("GET", "/tiles/1"),
            ("GET", "/tiles/2"),
            ("BREW", "/tea"),
            ("GET", "/nowhere"),
        ] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            routes.clone().oneshot(request).await.unwrap();
        }
        let (mut registry, mut text) = (Registry::default(), String::new());
        metrics.register(&mut registry);
        encode(&mut text, &registry).unwrap();
        for line in [
            "http_requests_total{route=\"/tiles/{z}\",method=\"GET\",status=\"200\"} 2\n",
            "http_requests_total{route=\"none\",method=\"other\",status=\"404\"} 1\n",
            "http_request_duration_seconds_count{route=\"/tiles/{z}\"} 2\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("nowhere") && !text.contains("BREW"), "{text}");
    }
}
