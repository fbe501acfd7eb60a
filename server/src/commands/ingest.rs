//! `driftline ingest file` (and the other ways in, which have files of their own): local files become published cycles.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use driftline_ingest::FeedOrigin;
use driftline_store::{Cycle, Published};
use jiff::Timestamp;
use serde_json::json;

use crate::commands::ingest_feeds::{self, FeedsArguments, RunArguments, StatusArguments};
use crate::{Common, commands, output, scheduling};

/// Ways to take forcing in.
#[derive(Subcommand)]
pub(crate) enum Ingest {
    /// Ingest local NetCDF and GRIB2 files, then exit.
    File(FileArguments),
    /// Fetch the feeds that the settings name, as the service does.
    Run(RunArguments),
    /// Tell how feeds stand: last cycle, age, next one, what is missing, what went wrong.
    Status(StatusArguments),
    /// List the feeds that can be switched on.
    Feeds(FeedsArguments),
    /// Import tracks of drifting and moored buoys, then exit.
    Buoys(super::ingest_buoys::BuoysArguments),
}

/// What to ingest.
#[derive(Args)]
pub(crate) struct FileArguments {
    /// Files of currents, wind or waves.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Feed that the files belong to; files of one model run become one cycle. Without it each file is its own feed.
    #[arg(long, value_name = "NAME")]
    feed: Option<String>,
    /// Credit line that every product made from these files must carry, for example "Data from MET Norway".
    #[arg(long, value_name = "TEXT")]
    attribution: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Does what was asked.
pub(crate) fn run(ingest: Ingest) -> anyhow::Result<()> {
    match ingest {
        Ingest::File(arguments) => file(&arguments),
        Ingest::Run(arguments) => ingest_feeds::run(&arguments),
        Ingest::Status(arguments) => ingest_feeds::status(&arguments),
        Ingest::Feeds(arguments) => ingest_feeds::feeds(&arguments),
        Ingest::Buoys(arguments) => super::ingest_buoys::run(&arguments),
    }
}

/// Ingests files and reports each cycle.
fn file(arguments: &FileArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let origin = FeedOrigin {
        feed: arguments.feed.clone(),
        attribution: arguments.attribution.clone(),
        coast: Some(Arc::new(commands::coast(&settings)?)),
    };
    commands::runtime()?.block_on(async {
        let compute = commands::compute(&settings)?;
        commands::create_data_dir(&settings.store.data_dir)?;
        let store = commands::open_store(&settings, compute.clone()).await?;
        let ingested =
            driftline_ingest::ingest_files(&store, &compute, &arguments.paths, &origin, Timestamp::now()).await?;
        scheduling::retire_superseded(&settings.ingest, &store).await;
        let mut cycles = Vec::new();
        for one in &ingested {
            let (cycle, is_new) = match &one.published {
                Published::New(cycle) => (cycle, true),
                Published::Unchanged(cycle) => (cycle, false),
            };
            if arguments.common.json {
                let mut value = commands::catalog::cycle_json(cycle);
                value["new"] = json!(is_new);
                value["notes"] = json!(one.notes);
                cycles.push(value);
            } else {
                output::line(&sentence(cycle, is_new))?;
                let marks = cycle.manifest.marks.iter();
                let marks = marks.map(|mark| format!("marked ({}): {}", mark.code, mark.reason));
                for note in one.notes.iter().cloned().chain(marks) {
                    output::line(&format!("  {note}"))?;
                }
            }
        }
        if arguments.common.json {
            output::json(&json!({ "cycles": cycles }))
        } else {
            Ok(())
        }
    })
}

/// What quality control marked, as programs read it.
fn sentence(cycle: &Cycle, is_new: bool) -> String {
    let manifest = &cycle.manifest;
    let verb = if is_new { "published" } else { "unchanged:" };
    let fields: Vec<String> = manifest
        .series
        .iter()
        .map(|series| {
            let span = series
                .extent()
                .map(|(first, last)| format!("{first} to {last}"))
                .unwrap_or_default();
            format!(
                "{} on {} x {} nodes, {} steps, {span}",
                series.group,
                series.grid.nx(),
                series.grid.ny(),
                series.times.len()
            )
        })
        .collect();
    let bytes: u64 = manifest.objects.iter().map(|object| object.bytes).sum();
    format!(
        "{verb} {} {} revision {}: {} ({} objects, {:.1} MB)",
        manifest.feed,
        manifest.run,
        manifest.revision,
        fields.join("; "),
        manifest.objects.len(),
        bytes as f64 / 1e6
    )
}
