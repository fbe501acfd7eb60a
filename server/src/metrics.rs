//! `GET /metrics`: requests, the queue, the ledger, the database and the feeds, for Prometheus: OpenMetrics text 1.0.0, or the
//! older text format 0.0.4 for whoever asks for `text/plain`. Answers whoever asks from this machine without a proxy in
//! between, and everybody else with a key. Labels have few values: routes as they are in the API document, never paths.

mod feeds;
mod http;
mod installation;
mod known;

use std::sync::Arc;

use ::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use ::http::{HeaderMap, StatusCode};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use driftline_auth_billing::{Auth, ClientAddress, chain};
use driftline_ingest::FeedState;
use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use self::feeds::Feeds;
pub(crate) use self::http::HttpMetrics;
pub(crate) use self::installation::Installation;
use self::known::Known;
pub(crate) use self::known::Source;

/// What there is to tell of.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) http: HttpMetrics,
    pub(crate) installation: Arc<Installation>,
    /// Feeds and forcing.
    pub(crate) forcing: Arc<Source>,
}

/// What the route needs.
struct Ground {
    auth: Auth,
    watched: Watched,
}

/// The route.
pub(crate) fn routes(auth: &Auth, watched: Watched) -> Router {
    let ground = Arc::new(Ground {
        auth: auth.clone(),
        watched,
    });
    Router::new().route("/metrics", get(metrics)).with_state(ground)
}

async fn metrics(State(ground): State<Arc<Ground>>, request: Request<Body>) -> Response {
    let (request, _) = request.into_parts();
    if !is_from_here(&request)
        && let Err(problem) = ground.auth.caller(&request).await
    {
        return problem.into_response();
    }
    let watched = &ground.watched;
    let ((known, is_up), ()) = tokio::join!(
        watched.forcing.look(Timestamp::now()),
        watched.installation.look(Timestamp::now())
    );
    let mut registry = Registry::with_prefix("driftline");
    watched.http.register(&mut registry);
    watched.installation.register(&mut registry, Timestamp::now());
    register_forcing(&mut registry, known.as_ref(), is_up);
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => written(text, &request.headers),
        Err(error) => {
            tracing::error!(cause = chain(&error), "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn written(text: String, headers: &HeaderMap) -> Response {
    let accepts = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (content_type, text) = if accepts.contains("text/plain") && !accepts.contains("openmetrics") {
        ("text/plain; version=0.0.4; charset=utf-8", in_text_format(&text))
    } else {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
    };
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")], text).into_response()
}

/// The same in the older format, where a counter is called as its samples are, and units and the end are not told.
fn in_text_format(text: &str) -> String {
    let counters: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let head = ["# HELP ", "# TYPE "].into_iter().find(|head| line.starts_with(head));
        match head {
            Some(head) => {
                let (name, rest) = line[head.len()..].split_once(' ').unwrap_or((&line[head.len()..], ""));
                let total = if counters.contains(&name) { "_total" } else { "" };
                out.extend([head, name, total, " ", rest]);
            }
            None if line.starts_with("# ") => continue,
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// Whether a request comes from this machine itself: behind a proxy everybody seems to.
fn is_from_here(request: &::http::request::Parts) -> bool {
    let client = request.extensions.get::<ClientAddress>();
    client.is_some_and(|client| client.ip.is_loopback() && !client.is_forwarded)
}

fn register_forcing(registry: &mut Registry, known: Option<&Known>, is_up: bool) {
    count(
        registry,
        "store_up",
        "1 where the store of forcing can be read; where not, what stands here of feeds is as it was last known",
        usize::from(is_up),
    );
    let Some(known) = known else { return };
    let of_feeds = Feeds::registered(registry);
    for status in known.statuses.iter().filter(|status| status.state != FeedState::Off) {
        of_feeds.set(status);
    }
    count(
        registry,
        "forcing_cycles",
        "Cycles of forcing that are published",
        known.cycles,
    );
    count(
        registry,
        "forcing_damaged_manifests",
        "Manifests that cannot be read",
        known.damaged,
    );
}

fn count(registry: &mut Registry, name: &str, help: &str, value: usize) {
    let gauge = Gauge::<i64>::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_store_that_ever_answered_there_is_an_answer_all_the_same() {
        let mut registry = Registry::with_prefix("driftline");
        register_forcing(&mut registry, None, false);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert!(
            text.contains("driftline_store_up 0\n") && text.ends_with("# EOF\n"),
            "{text}"
        );
    }

    #[test]
    fn in_the_older_format_counters_are_called_as_their_samples() {
        let text = "# HELP a_requests Requests, all of them.\n# TYPE a_requests counter\na_requests_total{route=\"# x\"} 1\n\
                    # HELP a_s Age.\n# TYPE a_s gauge\n# UNIT a_s seconds\na_s 2\n# EOF\n";
        assert_eq!(
            in_text_format(text),
            "# HELP a_requests_total Requests, all of them.\n# TYPE a_requests_total counter\n\
             a_requests_total{route=\"# x\"} 1\n# HELP a_s Age.\n# TYPE a_s gauge\na_s 2\n"
        );
    }
}
