//! Logs go to stderr: text for people or JSON for collectors.

use driftline_config::{LogFormat, LogSettings};
use tracing_subscriber::EnvFilter;

/// Starts logging for a process that serves.
pub(crate) fn start(settings: &LogSettings) -> anyhow::Result<()> {
    // Our own crates at the wished level, libraries only from warnings on: sqlx would log every statement. tiny-skia warns
    // of every line that is too short for its dashes.
    let filter = EnvFilter::try_new(format!(
        "warn,tiny_skia=error,tiny_skia_path=error,driftline={0},driftline_ogc_api={0},driftline_auth_billing={0},driftline_simulate={0},driftline_ingest={0},driftline_store={0},driftline_database={0},driftline_decode={0}",
        settings.level
    ))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.with_ansi(false).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}
