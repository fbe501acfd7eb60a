//! `driftline quotas`: what an organisation may use of a meter in a day or a month. A running service knows within seconds.

use clap::{Args, Subcommand, ValueEnum};
use driftline_database::{Quota, QuotaPeriod, QuotaUse};
use jiff::Timestamp;
use serde_json::json;

use super::orgs::organisation;
use crate::{Common, commands, output};

/// Work on quotas.
#[derive(Subcommand)]
pub(crate) enum Quotas {
    /// Set a quota in place of the one before; without a bound there is none any more.
    Set(SetArguments),
    /// List quotas and what is used of them.
    List(ListArguments),
}

/// The quota.
#[derive(Args)]
pub(crate) struct SetArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// What is counted, for example tile, map, features, edr, export or mission.particle_hours.
    #[arg(long)]
    meter: String,
    /// In which time.
    #[arg(long, value_enum, default_value_t = Period::Month)]
    per: Period,
    /// Units of which the organisation is told, at 80 and at 100 percent.
    #[arg(long, value_name = "UNITS")]
    soft: Option<i64>,
    /// Units beyond which it is refused; nothing of a mission in distress ever is.
    #[arg(long, value_name = "UNITS")]
    hard: Option<i64>,
    #[command(flatten)]
    common: Common,
}

/// Whose quotas.
#[derive(Args)]
pub(crate) struct ListArguments {
    /// Organisation, by name; without it all.
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// A time that a quota is for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Period {
    /// A day of UTC.
    Day,
    /// A calendar month of UTC.
    Month,
}

/// Does it.
pub(crate) fn run(quotas: Quotas) -> anyhow::Result<()> {
    let runtime = commands::runtime()?;
    match quotas {
        Quotas::Set(arguments) => runtime.block_on(set(&arguments)),
        Quotas::List(arguments) => runtime.block_on(list(&arguments)),
    }
}

async fn set(arguments: &SetArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let org = organisation(&database, &arguments.org).await?;
    let period = match arguments.per {
        Period::Day => QuotaPeriod::Day,
        Period::Month => QuotaPeriod::Month,
    };
    let quota = Quota {
        org: org.id,
        meter: arguments.meter.clone(),
        period,
        soft: arguments.soft,
        hard: arguments.hard,
    };
    database.set_quota(&quota, Timestamp::now()).await?;
    database.close().await;
    if arguments.common.json {
        output::json(&quota)
    } else {
        output::line(&words(&quota))
    }
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let org = match &arguments.org {
        Some(name) => Some(organisation(&database, name).await?.id),
        None => None,
    };
    let found = database.quota_use(org, Timestamp::now()).await?;
    database.close().await;
    if arguments.common.json {
        return output::json(&json!({ "quotas": found }));
    }
    found
        .iter()
        .try_for_each(|QuotaUse { quota, used }| output::line(&format!("{} {} used {used}", quota.org, words(quota))))
}

fn words(quota: &Quota) -> String {
    let bound = |name: &str, units: Option<i64>| units.map_or(String::new(), |units| format!(" {name} {units}"));
    let bounds = bound("soft", quota.soft) + &bound("hard", quota.hard);
    let bounds = if bounds.is_empty() {
        " no quota"
    } else {
        bounds.as_str()
    };
    format!("{} a {}:{bounds}", quota.meter, quota.period.name())
}
