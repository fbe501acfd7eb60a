//! Logs go to stderr: text for people or JSON for collectors, each line of which begins with what the service and the node are
//! called.

use std::io::{self, Write};

use driftline_config::{LogFormat, Settings};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Starts logging for a process that serves. One filter for all: filters of single layers lose events after a library has
/// asked whether it would be heard.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<()> {
    // Our own crates at the wished level, libraries only from warnings on: sqlx would log every statement. tiny-skia warns
    // of every line that is too short for its dashes.
    let filter = EnvFilter::try_new(format!(
        "warn,tiny_skia=error,tiny_skia_path=error,driftline={0},driftline_ogc_api={0},driftline_auth_billing={0},driftline_simulate={0},driftline_ingest={0},driftline_store={0},driftline_database={0},driftline_decode={0}",
        settings.log.level
    ))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    let started = match settings.log.format {
        LogFormat::Json => {
            let named = Named::new(&settings.traces.service_name, &settings.store.node)?;
            builder.json().flatten_event(true).with_writer(named).try_init()
        }
        LogFormat::Text => builder.with_ansi(false).with_writer(io::stderr).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
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
