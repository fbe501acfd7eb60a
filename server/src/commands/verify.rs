//! `driftline verify DIR`: whether a backup is whole, found out by opening it in a scratch folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use driftline_auth_billing::{UsageLog, UsageSettings, system_clock};
use driftline_config::Settings;
use driftline_database::Database;
use serde::Serialize;

use crate::backup::{self, About, objects, usage};
use crate::{Common, commands, output};

/// Which backup.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The backup's folder; it stays as it is.
    dir: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// What was looked at.
#[derive(Serialize)]
struct Verified {
    rows: u64,
    tables: usize,
    runs: usize,
    cycles: usize,
    usage_segments: usize,
    /// Records of usage that were not in the ledger when the backup was made; they are entered at the first start.
    usage_not_entered: u64,
}

/// Compares rows and sums with what the backup says, enters its usage, and looks for every file of every run and every object of
/// every cycle, whose checksums are compared.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let verified = commands::runtime()?.block_on(Box::pin(verify(&settings, &arguments.dir)))?;
    if arguments.common.json {
        return output::json(&verified);
    }
    output::line(&format!(
        "the backup is whole: {} rows in {} tables, {} runs with their files, {} cycles, {} usage segments with {} records that \
         are still to be entered",
        verified.rows,
        verified.tables,
        verified.runs,
        verified.cycles,
        verified.usage_segments,
        verified.usage_not_entered
    ))
}

async fn verify(settings: &Settings, dir: &Path) -> anyhow::Result<Verified> {
    let about = About::read(dir)?;
    let scratch = backup::Scratch::beside(dir)?;
    let database = backup::open_in_scratch(dir, &about, scratch.path()).await?;
    if let [meter, ..] = about.contents.unbalanced_meters()[..] {
        bail!("the ledger does not add up: single records and hours of {meter} differ");
    }
    let usage_not_entered = enter_usage(&about, dir, scratch.path(), &database).await?;
    let runs = backup::every_run(&database).await?;
    database.close().await;
    let store = commands::open_objects_of(settings, dir, &about.objects).await?;
    let missing = objects::missing_files(&store, &runs).await?;
    let is_excused = |run: &driftline_database::Run| about.withdrawn_meanwhile.contains(&run.id.to_string());
    if let Some((_, fault)) = missing.iter().find(|(run, _)| !is_excused(run)) {
        bail!("{fault}");
    }
    let cycles = objects::verify_cycles(&store).await?;
    Ok(Verified {
        rows: about.contents.rows(),
        tables: about.contents.tables.len(),
        runs: runs.len(),
        cycles,
        usage_segments: about.usage_segments,
        usage_not_entered,
    })
}

/// Enters the usage log into the scratch database, as the first start after a restore would. Returns how many records were new.
async fn enter_usage(about: &About, dir: &Path, scratch: &Path, database: &Database) -> anyhow::Result<u64> {
    let folder = scratch.join("usage");
    let copied = usage::copy(&dir.join(backup::USAGE), &folder)?;
    if copied != about.usage_segments {
        bail!("{copied} usage segments are there, {} were saved", about.usage_segments);
    }
    let before = records(database).await?;
    for node in usage::nodes(&folder)? {
        let settings = UsageSettings::default();
        let (log, tasks) = UsageLog::open(&folder, &node, database.clone(), system_clock(), settings)
            .await
            .with_context(|| format!("the usage log of node '{node}' cannot be read"))?;
        drop(log);
        tasks
            .shutdown()
            .await
            .with_context(|| format!("the usage log of node '{node}' cannot be entered"))?;
    }
    Ok(records(database).await? - before)
}

async fn records(database: &Database) -> anyhow::Result<u64> {
    let contents = database.contents().await?;
    Ok(contents.tables.get("usage_records").map_or(0, |table| table.rows))
}
