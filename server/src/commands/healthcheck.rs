//! `driftline healthcheck`: one request to `/health`, for supervisors and container engines.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use crate::{Common, output};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Which service.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Address of the service; without it the one of the settings.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    common: Common,
}

/// Asks; an answer other than 200 is a failure.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let address = match arguments.listen {
        Some(address) => address,
        None => arguments.common.settings()?.server.listen,
    };
    let mut stream =
        TcpStream::connect_timeout(&address, TIMEOUT).with_context(|| format!("nothing answers at {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream
        .take(4096)
        .read_to_end(&mut answer)
        .context("the service does not finish its answer")?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.lines().next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 200") {
        bail!("{address} answers '{status}'");
    }
    output::line("healthy")
}
