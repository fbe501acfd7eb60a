//! A span of every request, sent to an OpenTelemetry collector (OTLP 1 over HTTP, protobuf) where the settings name one. Names and
//! attributes are those of the semantic conventions for HTTP; the path is left out, since keys may stand in it. A caller's
//! `traceparent` (W3C Trace Context) is taken over from proxies that the settings trust.

use std::fmt::{Debug, Formatter};
use std::pin::Pin;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use driftline_auth_billing::{Caller, Networks, Peer};
use driftline_config::Settings;
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::field::{Empty, display};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::{Layer, Registry};

/// Only spans of this target are sent.
const TARGET: &str = "driftline_traces";
/// How long a collector may take.
const SEND_WITHIN: Duration = Duration::from_secs(10);

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// What sends spans in the background.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends what waits; a collector that is away loses it.
    pub(crate) fn finish(self) {
        if let Err(error) = self.0.shutdown_with_timeout(SEND_WITHIN) {
            tracing::warn!(cause = %error, "the last spans were not sent");
        }
    }
}

/// What takes spans, and what sends them; `None` where the settings name no collector.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<Option<(Boxed, Traces)>> {
    let traces = &settings.traces;
    if traces.endpoint.is_empty() {
        return Ok(None);
    }
    let base = traces.endpoint.reveal().trim_end_matches('/');
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new()?)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{base}/v1/traces"))
        .with_timeout(SEND_WITHIN)
        .build()
        .context("traces.endpoint cannot be used")?;
    let resource = Resource::builder()
        .with_service_name(traces.service_name.clone())
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", settings.store.node.clone()),
        ])
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(traces.share))))
        .with_resource(resource)
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("driftline"))
        .with_location(false)
        .with_threads(false)
        .with_filter(Targets::new().with_target(TARGET, LevelFilter::INFO));
    Ok(Some((layer.boxed(), Traces(provider))))
}

/// Puts a span around every request to these routes. Answers carry the route and the caller that they come from.
pub(crate) fn around(routes: Router, trusted: Networks) -> Router {
    let trusted = std::sync::Arc::new(trusted);
    routes.layer(from_fn(move |request: Request, next: Next| {
        let trusted = std::sync::Arc::clone(&trusted);
        async move {
            let span = span_of(&request, &trusted);
            let response = next.run(request).instrument(span.clone()).await;
            note(&span, &response);
            response
        }
    }))
}

fn span_of(request: &Request, trusted: &Networks) -> Span {
    let method = request.method().as_str();
    let span = tracing::info_span!(
        target: TARGET,
        "request",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
        driftline.request.id = Empty,
        driftline.org.id = Empty,
    );
    let peer = request.extensions().get::<Peer>();
    if peer.is_some_and(|Peer(address)| trusted.contain(address.ip().to_canonical())) {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
        // Fails only where nothing is sent.
        let _ = span.set_parent(parent);
    }
    span
}

fn note(span: &Span, response: &Response) {
    let status = response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    if let Some(route) = response.extensions().get::<MatchedPath>() {
        span.record("http.route", route.as_str());
    }
    if let Some(id) = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()) {
        span.record("driftline.request.id", id);
    }
    if let Some(caller) = response.extensions().get::<Caller>() {
        span.record("driftline.org.id", display(caller.org));
    }
}

/// Sends on the service's own runtime: what collects spans is a thread without one.
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

impl Client {
    fn new() -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(SEND_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("cannot make a client for the collector of spans")?;
        let runtime = Handle::try_current().context("spans are sent inside the async runtime")?;
        Ok(Self { client, runtime })
    }
}

impl Debug for Client {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Client {
    fn send_bytes<'s, 'a>(&'s self, request: http::Request<Bytes>) -> Sending<'a>
    where
        's: 'a,
        Self: 'a,
    {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move { send(client, request).await });
        Box::pin(async move { sent.await? })
    }
}

async fn send(client: reqwest::Client, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
    let answer = client.execute(request.try_into()?).await?;
    let status = answer.status();
    let bytes = answer.bytes().await?;
    Ok(http::Response::builder().status(status).body(bytes)?)
}
