//! Logs go to stderr: text for people or JSON for collectors, each line of which begins with what the service and the node are
//! called.

use std::io::{self, Write};

use driftline_config::{LogFormat, Settings};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::traces::{self, Traces};

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging for a process that serves, and sending spans where the settings say so; inside the async runtime, which sends
/// them.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<Started> {
    // Our own crates at the wished level, libraries only from warnings on: sqlx would log every statement. tiny-skia warns
    // of every line that is too short for its dashes.
    let filter = EnvFilter::try_new(format!(
        "warn,tiny_skia=error,tiny_skia_path=error,driftline={0},driftline_ogc_api={0},driftline_auth_billing={0},driftline_simulate={0},driftline_ingest={0},driftline_store={0},driftline_database={0},driftline_decode={0}",
        settings.log.level
    ))?;
    let lines = tracing_subscriber::fmt::layer().with_target(false);
    let lines: Boxed = match settings.log.format {
        LogFormat::Json => {
            let named = Named::new(&settings.traces.service_name, &settings.store.node)?;
            lines
                .json()
                .flatten_event(true)
                .with_writer(named)
                .with_filter(filter)
                .boxed()
        }
        LogFormat::Text => lines
            .with_ansi(false)
            .with_writer(io::stderr)
            .with_filter(filter)
            .boxed(),
    };
    let (spans, traces) = traces::start(settings)?.unzip();
    let started =
        tracing_subscriber::registry().with([Some(lines), spans].into_iter().flatten().collect::<Vec<Boxed>>());
    let started = started.try_init();
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    Ok(Started(traces))
}

/// What runs behind the logs.
pub(crate) struct Started(Option<Traces>);

impl Started {
    /// Sends what is still to be sent.
    pub(crate) fn finish(self) {
        if let Some(traces) = self.0 {
            traces.finish();
        }
    }
}

/// Makes writers that begin every JSON line with these members.
#[derive(Clone)]
struct Named(std::sync::Arc<str>);

impl Named {
    fn new(service: &str, node: &str) -> serde_json::Result<Self> {
        let (service, node) = (serde_json::to_string(service)?, serde_json::to_string(node)?);
        Ok(Self(format!("{{\"service\":{service},\"node\":{node},").into()))
    }
}

impl<'a> MakeWriter<'a> for Named {
    type Writer = NamedWriter<'a>;

    fn make_writer(&'a self) -> NamedWriter<'a> {
        NamedWriter(&self.0)
    }
}

/// A writer that is given whole lines, as the formatter does.
struct NamedWriter<'a>(&'a str);

impl Write for NamedWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_all(line).map(|()| line.len())
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        match line.strip_prefix(b"{") {
            // In one piece, so that lines of several processes on one terminal stay whole.
            Some(rest) => stderr.write_all(&[self.0.as_bytes(), rest].concat()),
            None => stderr.write_all(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
