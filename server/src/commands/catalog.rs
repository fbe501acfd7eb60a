//! `driftline catalog`: what forcing there is.

use clap::{Args, Subcommand};
use driftline_store::{Cycle, Damage};
use serde_json::{Value, json};

use crate::commands::{catalog_hold, catalog_lineage, catalog_retire};
use crate::{Common, commands, output};

/// Options.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    question: Option<Question>,
    /// Also read every stored object and compare it with its checksum.
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    common: Common,
}

/// What else there is to say of forcing.
#[derive(Subcommand)]
enum Question {
    /// What stored forcing was made from: addresses, byte ranges and checksums, as JSON.
    Lineage(catalog_lineage::Arguments),
    /// Keep forcing longer than the rules of retention would.
    Hold(catalog_hold::HoldArguments),
    /// End a hold.
    Release(catalog_hold::ReleaseArguments),
    /// List the holds.
    Holds(Common),
    /// Withdraw a cycle by hand.
    Retire(catalog_retire::Arguments),
}

/// Lists published cycles, the newest revision of each, or answers a question.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.question {
        None => list(arguments),
        Some(Question::Lineage(arguments)) => catalog_lineage::run(arguments),
        Some(Question::Hold(arguments)) => catalog_hold::hold(arguments),
        Some(Question::Release(arguments)) => catalog_hold::release(arguments),
        Some(Question::Holds(common)) => catalog_hold::holds(common),
        Some(Question::Retire(arguments)) => catalog_retire::run(arguments),
    }
}

fn list(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    commands::runtime()?.block_on(async {
        let store = commands::open_store_to_read(&settings, commands::compute(&settings)?).await?;
        let catalog = store.catalog().await?;
        for cycle in catalog.cycles() {
            if arguments.verify {
                store.verify(cycle).await?;
            }
            if !arguments.common.json {
                let manifest = &cycle.manifest;
                let kinds: Vec<&str> = manifest.series.iter().map(|series| series.kind.name()).collect();
                output::line(&format!(
                    "{} {} revision {} {} published {}",
                    manifest.feed,
                    manifest.run,
                    manifest.revision,
                    kinds.join("+"),
                    manifest.published_at
                ))?;
            }
        }
        let damaged = catalog.damaged();
        if arguments.common.json {
            let cycles: Vec<Value> = catalog.cycles().map(|cycle| cycle_json(cycle)).collect();
            let damaged: Vec<Value> = damaged.iter().map(damage_json).collect();
            output::json(&json!({ "cycles": cycles, "damaged": damaged }))?;
        } else {
            damaged
                .iter()
                .try_for_each(|damage| output::line(&format!("damaged: {}: {}", damage.object, damage.reason)))?;
        }
        anyhow::ensure!(
            !arguments.verify || damaged.is_empty(),
            "{} manifests are damaged",
            damaged.len()
        );
        Ok(())
    })
}

/// A damaged manifest as programs read it.
pub(crate) fn damage_json(damage: &Damage) -> Value {
    json!({"object": damage.object, "reason": damage.reason})
}

/// A cycle as programs read it.
pub(crate) fn cycle_json(cycle: &Cycle) -> Value {
    let manifest = &cycle.manifest;
    let series = |entry: &driftline_store::SeriesEntry| {
        json!({
            "kind": entry.kind,
            "variables": entry.kind.components().map(|variable| variable.array_name()),
            "grid": entry.grid,
            "cell_m": entry.grid.cell_m(),
            "bbox": entry.grid.bounds(),
            "times": entry.times,
            "composition": entry.composition,
            "level": entry.level,
            "source_variables": entry.source_variables,
            "missing_share": entry.missing_share,
            "attribution": entry.attribution,
            "zarr": format!("{}/{}", manifest.prefix, entry.group),
        })
    };
    let variables: Vec<&str> = manifest
        .series
        .iter()
        .flat_map(|entry| entry.kind.components())
        .map(|variable| variable.array_name())
        .collect();
    json!({
        "feed": manifest.feed,
        "run": manifest.run,
        "revision": manifest.revision,
        "variables": variables,
        "grid": manifest.series.first().map(|entry| &entry.grid),
        "times": manifest.series.first().map(|entry| &entry.times),
        "series": manifest.series.iter().map(series).collect::<Vec<_>>(),
        "checksum": manifest.checksum,
        "published_at": manifest.published_at,
        "sources": manifest.sources,
        "horizon": manifest.horizon,
        "marks": manifest.marks,
        "prefix": manifest.prefix,
    })
}
