//! `driftline catalog hold`, `release` and `holds`: forcing that is kept longer, for incidents that are reported late.

use clap::Args;
use driftline_domain::RunTime;
use driftline_store::Hold;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Common, commands, output};

/// What to keep.
#[derive(Args)]
pub(crate) struct HoldArguments {
    /// Feed to keep.
    #[arg(value_name = "FEED")]
    feed: String,
    /// Only this model run (RFC 3339).
    #[arg(long, value_name = "TIME")]
    run: Option<RunTime>,
    /// Only this revision of it.
    #[arg(long, value_name = "N", requires = "run")]
    revision: Option<u32>,
    /// Until when (RFC 3339); without it until it is released.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Why, for those who come after.
    #[arg(long, value_name = "TEXT")]
    why: String,
    #[command(flatten)]
    common: Common,
}

/// Which hold ends.
#[derive(Args)]
pub(crate) struct ReleaseArguments {
    /// Number of the hold, as `driftline catalog holds` shows it.
    #[arg(value_name = "NUMBER")]
    number: u64,
    #[command(flatten)]
    common: Common,
}

/// Keeps forcing and prints the number of the hold.
pub(crate) fn hold(arguments: &HoldArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    let hold = Hold {
        feed: arguments.feed.clone(),
        run: arguments.run,
        revision: arguments.revision,
        until: arguments.until,
        why: arguments.why.clone(),
    };
    commands::runtime()?.block_on(async {
        let store = commands::open_store(&settings, commands::compute(&settings)?).await?;
        let number = store.hold(hold.clone(), Timestamp::now()).await?;
        print(number, &hold, arguments.common.json)
    })
}

/// Ends a hold.
pub(crate) fn release(arguments: &ReleaseArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    commands::runtime()?.block_on(async {
        let store = commands::open_store(&settings, commands::compute(&settings)?).await?;
        store.release(arguments.number, Timestamp::now()).await?;
        if arguments.common.json {
            output::json(&json!({ "released": arguments.number }))
        } else {
            output::line(&format!("hold {} is released", arguments.number))
        }
    })
}

/// Lists the holds.
pub(crate) fn holds(common: &Common) -> anyhow::Result<()> {
    let settings = common.settings()?;
    commands::require_data_dir(&settings)?;
    commands::runtime()?.block_on(async {
        let store = commands::open_store_to_read(&settings, commands::compute(&settings)?).await?;
        let catalog = store.catalog().await?;
        if common.json {
            let holds: Vec<Value> = catalog.holds().map(|(number, hold)| hold_json(number, hold)).collect();
            return output::json(&json!({ "holds": holds }));
        }
        catalog
            .holds()
            .try_for_each(|(number, hold)| print(number, hold, false))
    })
}

fn print(number: u64, hold: &Hold, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&hold_json(number, hold));
    }
    let run = hold.run.map_or(" every run".to_owned(), |run| format!(" {run}"));
    let revision = hold
        .revision
        .map(|revision| format!(" revision {revision}"))
        .unwrap_or_default();
    let until = hold.until.map(|until| format!(" until {until}")).unwrap_or_default();
    output::line(&format!(
        "hold {number}: {}{run}{revision}{until}: {}",
        hold.feed, hold.why
    ))
}

fn hold_json(number: u64, hold: &Hold) -> Value {
    let mut value = json!(hold);
    value["number"] = json!(number);
    value
}
