//! `driftline usage`: the ledger, record by record.

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::{Common, commands, output};

/// Whose usage.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// Only records behind this entry.
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most so many records.
    #[arg(long, default_value_t = 1_000_000)]
    limit: u32,
    #[command(flatten)]
    common: Common,
}

/// Prints ledger records in the order of entry.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    commands::runtime()?.block_on(async {
        let database = commands::open_installation(&settings).await?;
        let org = database.organisation_by_name(&arguments.org).await?;
        let org = org.with_context(|| format!("there is no organisation '{}'", arguments.org))?;
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
    })
}
