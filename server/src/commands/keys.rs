//! `driftline keys`: API keys of an organisation. The key itself is printed once, when it is made.

use anyhow::Context;
use clap::{Args, Subcommand};
use driftline_auth_billing::{Scopes, create_key};
use driftline_database::{Database, Organisation};
use driftline_domain::KeyId;
use jiff::Timestamp;
use serde_json::json;

use crate::{Common, commands, output};

/// Work on keys.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make a key; it is shown now and never again.
    Create(CreateArguments),
    /// List an organisation's keys.
    List(ListArguments),
    /// Revoke a key; it stops working within seconds.
    Revoke(RevokeArguments),
}

/// The new key.
#[derive(Args)]
pub(crate) struct CreateArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// What the key is called.
    #[arg(long, default_value = "default")]
    name: String,
    /// What it may do, separated by commas; without it everything but usage of `missions:distress`.
    #[arg(long, value_name = "SCOPES")]
    scopes: Option<String>,
    /// When it stops working (RFC 3339).
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
    #[command(flatten)]
    common: Common,
}

/// Whose keys.
#[derive(Args)]
pub(crate) struct ListArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    #[command(flatten)]
    common: Common,
}

/// Which key.
#[derive(Args)]
pub(crate) struct RevokeArguments {
    /// Identifier of the key (`key_…`).
    id: KeyId,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub(crate) fn run(keys: Keys) -> anyhow::Result<()> {
    let runtime = commands::runtime()?;
    match keys {
        Keys::Create(arguments) => runtime.block_on(create(&arguments)),
        Keys::List(arguments) => runtime.block_on(list(&arguments)),
        Keys::Revoke(arguments) => runtime.block_on(revoke(&arguments)),
    }
}

/// Without a wish: everything that an ordinary client needs, but not the right to pass every quota.
const ORDINARY_SCOPES: &str = "missions:read,missions:write,features:read,usage:read";

async fn create(arguments: &CreateArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let scopes: Scopes = arguments.scopes.as_deref().unwrap_or(ORDINARY_SCOPES).parse()?;
    let org = organisation(&database, &arguments.org).await?;
    let (secret, row) = create_key(
        &database,
        org.id,
        &arguments.name,
        &scopes,
        arguments.expires,
        Timestamp::now(),
    )
    .await?;
    database.close().await;
    if arguments.common.json {
        output::json(
            &json!({"id": row.id, "key": secret.expose(), "org": org.id, "name": row.name, "scopes": row.scopes, "expires_at": row.expires_at}),
        )
    } else {
        output::line(&format!("{} {}", row.id, secret.expose()))
    }
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let org = organisation(&database, &arguments.org).await?;
    let keys = database.keys(org.id).await?;
    database.close().await;
    if arguments.common.json {
        return output::json(&json!({ "keys": keys }));
    }
    keys.iter().try_for_each(|key| {
        let state = match (key.revoked_at, key.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => format!("expires {at}"),
            (None, None) => "active".to_owned(),
        };
        output::line(&format!(
            "{} {}… {} [{}] {state}",
            key.id,
            key.hint,
            key.name,
            key.scopes.join(",")
        ))
    })
}

async fn revoke(arguments: &RevokeArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let revoked = database.revoke_key(arguments.id, Timestamp::now()).await?;
    database.close().await;
    anyhow::ensure!(revoked, "there is no active key {}", arguments.id);
    if arguments.common.json {
        output::json(&json!({"id": arguments.id, "revoked": true}))
    } else {
        output::line(&format!("revoked {}", arguments.id))
    }
}

async fn organisation(database: &Database, name: &str) -> anyhow::Result<Organisation> {
    database
        .organisation_by_name(name)
        .await?
        .with_context(|| format!("there is no organisation '{name}'; driftline orgs create makes one"))
}
