//! `driftline usage`: the ledger, record by record, and usage of nodes that were cut off.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use driftline_auth_billing::{Error, RecordSent, import_records};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::orgs::any_organisation;
use crate::{Common, commands, output};

/// Whose usage, or what to do with it.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Organisation, by name.
    #[arg(long, required = true)]
    org: Option<String>,
    /// Only records behind this entry.
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most so many records.
    #[arg(long, default_value_t = 1_000_000)]
    limit: u32,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand)]
enum Action {
    /// Enter the records of a node that was cut off; what is in the ledger already is passed over.
    Import(ImportArguments),
}

/// Whose records.
#[derive(Args)]
struct ImportArguments {
    /// What `driftline usage --json` printed there.
    file: PathBuf,
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Deserialize)]
struct Printed {
    records: Vec<PrintedRecord>,
}

#[derive(Deserialize)]
struct PrintedRecord {
    record: RecordSent,
}

/// Records that are entered together.
const AT_ONCE: usize = 1_000;

/// Does it.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = commands::runtime()?;
    match &arguments.action {
        Some(Action::Import(import)) => runtime.block_on(enter(import)),
        None => runtime.block_on(print(arguments)),
    }
}

/// Prints ledger records in the order of entry.
async fn print(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    let name = arguments.org.as_deref().context("--org names the organisation")?;
    let database = commands::open_installation(&settings).await?;
    let org = any_organisation(&database, name).await?;
    let entries = database.usage_records(org.id, arguments.after, arguments.limit).await?;
    database.close().await;
    if arguments.common.json {
        let records: Vec<_> = entries
            .iter()
            .map(|entry| json!({"entry": entry.entry, "record": entry.record}))
            .collect();
        return output::json(&json!({ "records": records }));
    }
    entries.iter().try_for_each(|entry| {
        let record = &entry.record;
        let request = record.request.map(|id| id.to_string()).unwrap_or_default();
        output::line(&format!(
            "{} {} {} {} {} {request}",
            entry.entry, record.at, record.key, record.meter, record.units
        ))
    })
}

async fn enter(arguments: &ImportArguments) -> anyhow::Result<()> {
    let file = arguments.file.display();
    let text = std::fs::read(&arguments.file).with_context(|| format!("cannot read {file}"))?;
    let printed: Printed = serde_json::from_slice(&text).with_context(|| format!("{file} holds no records"))?;
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let org = any_organisation(&database, &arguments.org).await?;
    let mut sums = [0_usize; 3];
    let records: Vec<RecordSent> = printed.records.into_iter().map(|printed| printed.record).collect();
    for part in records.chunks(AT_ONCE) {
        let imported = import_records(&database, org.id, part.to_vec(), Timestamp::now()).await;
        let imported = imported.map_err(Error::from)?;
        for (sum, count) in sums.iter_mut().zip([imported.entered, imported.late, imported.known]) {
            *sum += count;
        }
    }
    database.close().await;
    let [entered, late, known] = sums;
    if arguments.common.json {
        output::json(&json!({"entered": entered, "late": late, "known": known}))
    } else {
        output::line(&format!(
            "{entered} entered, {late} as adjustments, {known} known before"
        ))
    }
}
