//! The fixture server by hand: every feed of the last three days at a loopback address, for a demo or a test that runs
//! the product in another process. `POST /_control` takes orders (README.md).

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use driftline_provider::{Catalogue, Feed, Provider};
use jiff::Timestamp;

/// Serves the layouts of the providers of forcing.
#[derive(Parser)]
struct Arguments {
    /// Address to listen at.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The provider's clock; the real one if it is not given.
    #[arg(long)]
    now: Option<Timestamp>,
    /// A whole cycle instead of the rolling three days, as gfs=2026-11-20T00:00:00Z; several may be given.
    #[arg(long, value_name = "FEED=TIME", value_parser = cycle)]
    cycle: Vec<(Feed, Timestamp)>,
    /// A folder to serve as plain/NAME, as name=path; several may be given.
    #[arg(long, value_name = "NAME=PATH", value_parser = folder)]
    folder: Vec<(String, PathBuf)>,
}

fn cycle(text: &str) -> Result<(Feed, Timestamp), String> {
    let (feed, run) = text.split_once('=').ok_or("not of the form FEED=TIME")?;
    let feed = serde_json::from_value(serde_json::json!(feed)).map_err(|error| error.to_string())?;
    Ok((feed, run.parse().map_err(|error: jiff::Error| error.to_string())?))
}

fn folder(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("not of the form NAME=PATH")?;
    Ok((name.to_owned(), path.into()))
}

#[expect(clippy::print_stdout, reason = "whoever starts it reads the address there")]
fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut catalogue = match arguments.cycle.is_empty() {
        true => Catalogue::everything(),
        false => Catalogue::empty(),
    };
    for (feed, run) in arguments.cycle {
        catalogue = catalogue.cycle(feed, run);
    }
    for (name, path) in arguments.folder {
        catalogue = catalogue.folder(&name, path);
    }
    let provider = Provider::start_at(catalogue, arguments.listen)?;
    provider.set_now(arguments.now);
    println!("{}", provider.base_url());
    provider.wait();
    Ok(())
}
