//! A span of every request, sent to an OpenTelemetry collector (OTLP 1 over HTTP, protobuf) where the settings name one. Names and
//! attributes are those of the semantic conventions for HTTP; the path is left out, since keys may stand in it. A caller's
//! `traceparent` (W3C Trace Context) is taken over from proxies that the settings trust.

use std::fmt::{Debug, Formatter};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use driftline_auth_billing::{Caller, Networks, Peer};
use driftline_config::Settings;
use http::Method;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span, SpanKind, Status, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;

/// How long a collector may take.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// What makes spans, and sends them in the background.
#[derive(Clone)]
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    trusted: Arc<Networks>,
}

impl Traces {
    /// Inside the async runtime, which sends them; `None` where the settings name no collector.
    pub(crate) fn start(settings: &Settings, trusted: Networks) -> anyhow::Result<Option<Self>> {
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
        Ok(Some(Self {
            tracer: provider.tracer("driftline"),
            provider,
            trusted: Arc::new(trusted),
        }))
    }

    /// Makes a span of every request to these routes. Answers carry the route and the caller that they come from.
    pub(crate) fn around(&self, routes: Router) -> Router {
        let traces = self.clone();
        routes.layer(from_fn(move |request: Request, next: Next| {
            let traces = traces.clone();
            async move {
                let method = request.method().clone();
                let mut span = traces.span_of(&request, &method);
                let response = next.run(request).await;
                note(&mut span, &method, &response);
                span.end();
                response
            }
        }))
    }

    fn span_of(&self, request: &Request, method: &Method) -> impl Span + use<> {
        let peer = request.extensions().get::<Peer>();
        let is_trusted = peer.is_some_and(|Peer(address)| self.trusted.contain(address.ip()));
        let parent = if is_trusted {
            TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()))
        } else {
            Context::new()
        };
        self.tracer
            .span_builder(method.as_str().to_owned())
            .with_kind(SpanKind::Server)
            .with_attributes([KeyValue::new("http.request.method", method.as_str().to_owned())])
            .start_with_context(&self.tracer, &parent)
    }

    /// Sends what waits; a collector that is away loses it.
    pub(crate) fn finish(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(SEND_WITHIN) {
            tracing::warn!(cause = %error, "the last spans were not sent");
        }
    }
}

fn note(span: &mut impl Span, method: &Method, response: &Response) {
    let status = response.status();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
    if let Some(route) = response.extensions().get::<MatchedPath>() {
        span.update_name(format!("{method} {}", route.as_str()));
        span.set_attribute(KeyValue::new("http.route", route.as_str().to_owned()));
    }
    if let Some(id) = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()) {
        span.set_attribute(KeyValue::new("driftline.request.id", id.to_owned()));
    }
    if let Some(caller) = response.extensions().get::<Caller>() {
        span.set_attribute(KeyValue::new("driftline.org.id", caller.org.to_string()));
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
