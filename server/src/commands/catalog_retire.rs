//! `driftline catalog retire`: a cycle that is withdrawn by hand, because it is wrong or because nobody needs it.

use anyhow::bail;
use clap::Args;
use driftline_domain::RunTime;
use jiff::Timestamp;
use serde_json::json;

use crate::{Common, commands, output};

/// What to withdraw.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Feed.
    #[arg(value_name = "FEED")]
    feed: String,
    /// Model run (RFC 3339). What a provider or a folder still has is published again while its feed is switched on.
    #[arg(value_name = "RUN")]
    run: RunTime,
    /// Why, for those who come after.
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Do it: after the grace period it cannot be brought back.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

/// Withdraws every revision of a cycle and tells which.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    let (feed, run, grace_h) = (&arguments.feed, arguments.run, settings.ingest.grace_h);
    if !arguments.yes {
        bail!("every revision of {feed} {run} would be withdrawn and, {grace_h} hours later, deleted; --yes does it");
    }
    commands::runtime()?.block_on(async {
        let store = commands::open_store(&settings, commands::compute(&settings)?).await?;
        let revisions = store.retire_cycle(feed, run, &arguments.why, Timestamp::now()).await?;
        if arguments.common.json {
            return output::json(&json!({"feed": feed, "run": run, "retired": revisions, "grace_h": grace_h}));
        }
        let numbers: Vec<String> = revisions.iter().map(u32::to_string).collect();
        output::line(&format!(
            "{feed} {run} is withdrawn (revision {}); `driftline catalog hold` brings it back within {grace_h} hours",
            numbers.join(", ")
        ))
    })
}
