//! `driftline orgs`: tenants.

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use driftline_database::{Act, Database, Deletion, Organisation};
use driftline_domain::OrgId;
use jiff::Timestamp;
use serde_json::json;

use crate::{Common, commands, output};

/// Work on organisations.
#[derive(Subcommand)]
pub(crate) enum Orgs {
    /// Create an organisation.
    Create(CreateArguments),
    /// List organisations, those that were deleted included.
    List(Common),
    /// Delete an organisation with its members, keys, links and missions; what it used is still billed.
    Delete(DeleteArguments),
}

/// Which one.
#[derive(Args)]
pub(crate) struct DeleteArguments {
    /// Its name.
    name: String,
    /// Its name once more, so that none is deleted by accident.
    #[arg(long, value_name = "NAME")]
    confirm: String,
    #[command(flatten)]
    common: Common,
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
            orgs.iter().try_for_each(|org| {
                let deleted = org.deleted_at.map(|at| format!(" deleted {at}")).unwrap_or_default();
                output::line(&format!("{} {} created {}{deleted}", org.id, org.name, org.created_at))
            })
        }),
        Orgs::Delete(arguments) => runtime.block_on(delete(&arguments)),
    }
}

async fn delete(arguments: &DeleteArguments) -> anyhow::Result<()> {
    ensure!(
        arguments.name.trim() == arguments.confirm.trim(),
        "--confirm is not the name of the organisation to delete"
    );
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let (org, now) = (organisation(&database, &arguments.name).await?, Timestamp::now());
    let mut change = database.account_change("delete the organisation").await?;
    let deleted = match change.delete_organisation(org.id, now).await? {
        Deletion::Done(deleted) => deleted,
        Deletion::AtWork(count) => bail!("{count} missions of '{}' are waiting or computed", org.name),
    };
    let answer = json!({
        "id": org.id, "name": org.name, "deleted_at": now, "missions_withdrawn": deleted.missions,
        "members_removed": deleted.members.len(), "plan_ends_at": deleted.plan_ends_at, "credit_left": deleted.credit,
    });
    for (chain, details) in [(Some(org.id), answer.clone()), (None, json!({}))] {
        let gone = Act::of_system(chain, "organisation.deleted", org.id, details);
        change.record(&gone, now).await?;
    }
    change.commit().await?;
    database.close().await;
    if arguments.common.json {
        return output::json(&answer);
    }
    output::line(&format!(
        "deleted {} ({}): {} missions withdrawn, {} members removed, {} units of credit left, plan {}",
        org.name,
        org.id,
        deleted.missions,
        deleted.members.len(),
        deleted.credit,
        deleted
            .plan_ends_at
            .map_or("none".to_owned(), |at| format!("until {at}")),
    ))
}

/// The organisation of this name, which must exist.
pub(crate) async fn organisation(database: &Database, name: &str) -> anyhow::Result<Organisation> {
    database
        .organisation_by_name(name)
        .await?
        .with_context(|| format!("there is no organisation '{name}'; driftline orgs create makes one"))
}

/// The organisation of this name, or with this identifier: so is one named that was deleted, whose bills and usage stay.
pub(crate) async fn any_organisation(database: &Database, name: &str) -> anyhow::Result<Organisation> {
    if let Ok(id) = name.trim().parse::<OrgId>()
        && let Some(found) = database.organisation(id).await?
    {
        return Ok(found);
    }
    organisation(database, name).await
}
