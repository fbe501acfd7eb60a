//! `driftline orgs`: tenants.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use crate::{Common, commands, output};

/// Work on organisations.
#[derive(Subcommand)]
pub(crate) enum Orgs {
    /// Create an organisation.
    Create(CreateArguments),
    /// List organisations.
    List(Common),
}

/// The new organisation.
#[derive(Args)]
pub(crate) struct CreateArguments {
    /// Unique name.
    name: String,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub(crate) fn run(orgs: Orgs) -> anyhow::Result<()> {
    let runtime = commands::runtime()?;
    match orgs {
        Orgs::Create(CreateArguments { name, common }) => runtime.block_on(async {
            let database = commands::open_installation(&common.settings()?).await?;
            let org = database.create_organisation(&name, Timestamp::now()).await?;
            database.close().await;
            if common.json {
                output::json(&org)
            } else {
                output::line(&format!("created organisation {} ({})", org.name, org.id))
            }
        }),
        Orgs::List(common) => runtime.block_on(async {
            let database = commands::open_installation(&common.settings()?).await?;
            let orgs = database.organisations().await?;
            database.close().await;
            if common.json {
                return output::json(&json!({ "organisations": orgs }));
            }
            orgs.iter()
                .try_for_each(|org| output::line(&format!("{} {} created {}", org.id, org.name, org.created_at)))
        }),
    }
}
