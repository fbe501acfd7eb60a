//! `driftline keys`: API keys of an organisation. The key itself is printed once, when it is made.

use anyhow::Context;
use clap::{Args, Subcommand};
use driftline_auth_billing::{AllowedOrigins, KeyText, Networks, Scope, Scopes, mint, mint_publishable, replace_key};
use driftline_database::{ApiKey, Database, KeyKind, Organisation};
use driftline_domain::KeyId;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::commands::orgs::organisation;
use crate::{Common, commands, output};

/// Work on keys.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make a key; it is shown now and never again.
    Create(CreateArguments),
    /// List an organisation's keys.
    List(ListArguments),
    /// Make a key that takes the place of another one; for a while both work.
    Rotate(RotateArguments),
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
    /// A key that may stand in a web page for all to see: it reads maps and features, and nothing else, from the pages
    /// of its origins.
    #[arg(long, requires = "origin")]
    publishable: bool,
    /// Where a publishable key works: https://host, https://host:port, https://*.example.org, http://localhost:*, or
    /// any. Can be given more than once.
    #[arg(long, value_name = "ORIGIN", requires = "publishable")]
    origin: Vec<String>,
    /// Where the key works from, such as 10.1.0.0/16 or one address; without it from everywhere. Can be given more than once.
    #[arg(long, value_name = "NETWORK")]
    network: Vec<String>,
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

/// Which key, and how long it works on.
#[derive(Args)]
pub(crate) struct RotateArguments {
    /// Identifier of the key (`key_…`).
    id: KeyId,
    /// Hours that the old key works on beside the new one.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(i64).range(0..=8_760))]
    overlap_h: i64,
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
        Keys::Rotate(arguments) => runtime.block_on(rotate(&arguments)),
        Keys::Revoke(arguments) => runtime.block_on(revoke(&arguments)),
    }
}

/// Without a wish: everything that an ordinary client needs, but not the right to pass every quota.
const ORDINARY_SCOPES: &str = "missions:read,missions:write,features:read,usage:read";

async fn create(arguments: &CreateArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let org = organisation(&database, &arguments.org).await?;
    let (secret, row) = make(&database, &org, arguments).await?;
    database.close().await;
    shown_once(&secret, &row, arguments.common.json)
}

fn shown_once(secret: &KeyText, row: &ApiKey, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        output::json(
            &json!({"id": row.id, "key": secret.expose(), "kind": row.kind, "org": row.org, "name": row.name, "scopes": row.scopes, "origins": row.origins, "networks": row.networks, "expires_at": row.expires_at}),
        )
    } else {
        output::line(&format!("{} {}", row.id, secret.expose()))
    }
}

async fn rotate(arguments: &RotateArguments) -> anyhow::Result<()> {
    let database = commands::open_installation(&arguments.common.settings()?).await?;
    let old = database.key(arguments.id).await?;
    let old = old.with_context(|| format!("there is no key {}", arguments.id))?;
    let overlap = SignedDuration::from_hours(arguments.overlap_h);
    let (secret, row) = replace_key(&database, old.org, old.id, overlap, Timestamp::now()).await?;
    database.close().await;
    shown_once(&secret, &row, arguments.common.json)
}

async fn make(
    database: &Database,
    org: &Organisation,
    arguments: &CreateArguments,
) -> anyhow::Result<(KeyText, ApiKey)> {
    let (name, expires, now) = (&arguments.name, arguments.expires, Timestamp::now());
    let networks = Networks::parse(arguments.network.iter().map(String::as_str))?;
    let scopes: Option<Scopes> = arguments.scopes.as_deref().map(str::parse).transpose()?;
    if !arguments.publishable {
        let scopes = match scopes {
            Some(scopes) => scopes,
            None => ORDINARY_SCOPES.parse()?,
        };
        return stored(database, mint(org.id, name, &scopes, expires, now)?, &networks).await;
    }
    let only = Scopes::from_iter([Scope::FeaturesRead]);
    if let Some(scopes) = scopes.filter(|scopes| *scopes != only) {
        anyhow::bail!("a publishable key has the scope {only} and no other; {scopes} needs a secret key");
    }
    let origins = AllowedOrigins::parse(arguments.origin.iter().map(String::as_str))?;
    stored(
        database,
        mint_publishable(org.id, name, &origins, expires, now)?,
        &networks,
    )
    .await
}

async fn stored(
    database: &Database,
    (secret, row): (KeyText, ApiKey),
    networks: &Networks,
) -> anyhow::Result<(KeyText, ApiKey)> {
    let row = ApiKey {
        networks: networks.names(),
        ..row
    };
    database.insert_key(&row).await?;
    Ok((secret, row))
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
        let networks = if key.networks.is_empty() {
            String::new()
        } else {
            format!(" from {}", key.networks.join(", "))
        };
        let state = match (key.revoked_at, key.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => format!("expires {at}"),
            (None, None) => "active".to_owned(),
        };
        let pages = match key.kind {
            KeyKind::Secret => String::new(),
            KeyKind::Publishable => format!(" in pages from {}", key.origins.join(", ")),
        };
        output::line(&format!(
            "{} {}… {} {} [{}]{pages}{networks} {state}",
            key.id,
            key.hint,
            key.name,
            key.kind.name(),
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
