//! Forcing that fetches itself, from a server that stands for the providers: every feed from its documented layout, every
//! fault that a provider or a network can have, and processes that are killed at any moment.

mod faults;
mod full_disk;
mod healing;
mod kills;
mod layouts;
mod revisions;
mod service;

use std::path::Path;
use std::process::Command;

use driftline_provider::{Catalogue, Feed, Provider};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Commands, python, run};

/// A data directory whose feeds come from a fixture server.
struct Station {
    folder: TempDir,
    provider: Provider,
}

impl Station {
    /// With these feeds switched on, each cycle fetched this many hours ahead.
    fn new(catalogue: Catalogue, feeds: &[&str], forecast_h: u32) -> Self {
        let provider = Provider::start_blocking(catalogue).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = feeds.iter().map(|feed| format!("\"{feed}\"")).collect();
        let names = names.join(", ");
        let settings = format!(
            "[ingest]\nfeeds = [{names}]\ncut = [{names}]\nmirror = \"{}\"\nforecast_h = {forecast_h}\nhindcast_h = 30\n\
             usable_h = 3\npoll_s = 1\nrequests_per_minute = 60000\n",
            provider.base_url()
        );
        std::fs::write(folder.path().join("driftline.toml"), settings).unwrap();
        Self { folder, provider }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn settings(&self) -> std::path::PathBuf {
        self.folder.path().join("driftline.toml")
    }

    /// A command of the product on this ground.
    fn command(&self, arguments: &[&str]) -> Command {
        let data = self.data();
        let mut command = Commands::on(&data).command(arguments);
        command.arg("--config").arg(self.settings());
        command
    }

    /// One look at every feed: what it printed and whether it was content.
    fn look(&self) -> (Value, bool) {
        let done = run(&mut self.command(&["ingest", "run", "--once", "--json"]));
        let said = String::from_utf8_lossy(&done.stdout);
        let logged = String::from_utf8_lossy(&done.stderr);
        assert!(!logged.contains("panicked"), "{logged}");
        let value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}\n{logged}"));
        (value, done.status.success())
    }

    /// What `ingest status` says of a feed.
    fn status(&self, feed: &str) -> Value {
        let done = run(&mut self.command(&["ingest", "status", "--json"]));
        let said: Value = serde_json::from_slice(&done.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&done.stderr)));
        let feeds = said["feeds"].as_array().unwrap().clone();
        let found = feeds.into_iter().find(|one| one["feed"] == feed);
        found.unwrap_or_else(|| panic!("no {feed} in {said:#}"))
    }

    /// The published cycles of a feed, oldest first.
    fn cycles(&self, feed: &str) -> Vec<Value> {
        let data = self.data();
        let mut cycles = Commands::on(&data).cycles();
        cycles.retain(|cycle| cycle["feed"] == feed);
        cycles
    }

    /// Bytes of bodies that the provider sent for files, and how many answers that were.
    fn sent(&self) -> (u64, usize) {
        let requests = self.provider.requests();
        let bodies = requests
            .iter()
            .filter(|request| request.method == "GET" && matches!(request.status, 200 | 206));
        let files = bodies.filter(|request| !is_listing(&request.path));
        files.fold((0, 0), |(bytes, count), request| {
            (bytes + request.bytes_sent, count + 1)
        })
    }
}

/// Whether a request is for a listing or an index, which are read again with every look, or for a cut-out, which is
/// answered with a page where there is none.
fn is_listing(path: &str) -> bool {
    path.contains("/cgi-bin/")
        || path.contains("list-type=2")
        || path.ends_with(".idx")
        || path.ends_with(".index")
        || path.ends_with(".xml")
}

/// A cycle's nominal time that lies this many hours back at least, on the feed's cadence.
fn run_before(hours: i64, cadence_h: i64) -> Timestamp {
    let at = (Timestamp::now() - SignedDuration::from_hours(hours)).as_second();
    Timestamp::from_second(at - at.rem_euclid(cadence_h * 3600)).unwrap()
}

/// A GFS wind cycle that is complete at its provider.
fn gfs() -> (Catalogue, Timestamp) {
    // Complete at its provider, and young enough for NOMADS to be asked.
    let run = run_before(6, 6);
    (Catalogue::empty().cycle(Feed::Gfs, run), run)
}

/// Every file below a folder with its length: whether anything was written.
fn tree(folder: &Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => found.push((entry.path(), entry.metadata().unwrap().len())),
            }
        }
    }
    found.sort();
    found
}

/// Every stored value against what other decoders find in the very bytes that the lineage names.
fn every_value_is_the_source_s(station: &Station, feed: &str, tolerance: f64) {
    let objects = station.data().join("objects");
    let found = python("feed_values.py", &[objects.to_str().unwrap(), feed]);
    assert!(found["nodes"].as_u64() > Some(500), "{feed}: {found:#}");
    assert!(found["worst"].as_f64().unwrap() <= tolerance, "{feed}: {found:#}");
    assert_eq!(found["missing_differ"], 0, "{feed}: {found:#}");
    assert_eq!(found["other_bytes"], 0, "{feed}: {found:#}");
}
