//! `driftline catalog lineage`: what stored forcing was made from, down to the bytes that were fetched.

use anyhow::Context;
use clap::Args;
use driftline_domain::RunTime;
use driftline_store::{Catalog, Cycle, Manifest, SourceFile};
use serde_json::{Value, json};

use crate::{Common, commands, output};

/// Of which part.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Feed of the cycle.
    #[arg(value_name = "FEED")]
    feed: String,
    /// Model run of the cycle (RFC 3339).
    #[arg(value_name = "RUN")]
    run: RunTime,
    /// Revision of the cycle; without it the newest one.
    #[arg(long, value_name = "N")]
    revision: Option<u32>,
    /// Only this group, such as "current".
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Only this step, from 0.
    #[arg(long, value_name = "N")]
    step: Option<usize>,
    /// Only this stored object, by its path below the cycle's prefix.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["group", "step"])]
    object: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Prints one JSON object.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    commands::runtime()?.block_on(async {
        let store = commands::open_store_to_read(&settings, commands::compute(&settings)?).await?;
        let catalog = store.catalog().await?;
        let cycle = cycle_of(&catalog, arguments)?;
        let mut told = match &arguments.object {
            Some(path) => of_object(&cycle.manifest, path)?,
            None => of_steps(&cycle.manifest, arguments)?,
        };
        told["feed"] = json!(cycle.manifest.feed);
        told["run"] = json!(cycle.manifest.run);
        told["revision"] = json!(cycle.manifest.revision);
        told["published_at"] = json!(cycle.manifest.published_at);
        told["written_by"] = json!(cycle.manifest.written_by);
        output::json(&told)
    })
}

fn cycle_of<'a>(catalog: &'a Catalog, arguments: &Arguments) -> anyhow::Result<&'a Cycle> {
    let (feed, run) = (&arguments.feed, arguments.run);
    let found = match arguments.revision {
        Some(revision) => catalog.revision(feed, run, revision),
        None => catalog.head(feed, run),
    };
    let revision = arguments
        .revision
        .map(|number| format!(" revision {number}"))
        .unwrap_or_default();
    let cycle = found.with_context(|| format!("there is no cycle {feed} {run}{revision}"))?;
    Ok(cycle)
}

fn of_object(manifest: &Manifest, path: &str) -> anyhow::Result<Value> {
    let entry = manifest.objects.iter().find(|entry| entry.path == path);
    let entry = entry.with_context(|| format!("the cycle has no object {path}"))?;
    let sources = manifest.object_lineage(path);
    let sources = sources.with_context(|| format!("nothing is kept of what {path} was made from"))?;
    Ok(json!({ "object": entry, "sources": sources }))
}

fn of_steps(manifest: &Manifest, arguments: &Arguments) -> anyhow::Result<Value> {
    let mut groups = Vec::new();
    for series in &manifest.series {
        if arguments.group.as_ref().is_some_and(|group| *group != series.group) {
            continue;
        }
        let all = 0..series.times.len();
        let wanted = arguments.step.map_or(all, |step| step..step + 1);
        let mut steps = Vec::new();
        for step in wanted {
            let time = series.times.get(step);
            let time = time.with_context(|| format!("{} has {} steps", series.group, series.times.len()))?;
            let sources: Vec<&SourceFile> = manifest
                .step_lineage(&series.group, step..step + 1)
                .context("this cycle was published before version 0.4, which keeps the sources of each step")?;
            steps.push(json!({ "step": step, "time": time, "sources": sources }));
        }
        groups.push(json!({ "group": series.group, "source_variables": series.source_variables, "steps": steps }));
    }
    let group = arguments.group.as_deref().unwrap_or_default();
    anyhow::ensure!(!groups.is_empty(), "the cycle has no group '{group}'");
    Ok(json!({ "series": groups }))
}
