//! `driftline database`: moving everything between the embedded file and a server.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use driftline_config::Settings;
use driftline_database::{Contents, Database, PostgresSettings};
use jiff::{SignedDuration, Timestamp};

use crate::node::{self, Node};
use crate::{Common, commands, output};

/// Work on the database.
#[derive(Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Copy everything to another database, which must be empty; the service must not run meanwhile.
    Move(MoveArguments),
}

/// Where to.
#[derive(Args)]
pub(crate) struct MoveArguments {
    /// The other database: postgres://user:password@host/database, or the path of a SQLite file that is not there yet.
    #[arg(long, value_name = "URL", required_unless_present = "to_file")]
    to: Option<String>,
    /// File that holds that address and nothing else, so that no password stands on a command line.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    to_file: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub(crate) fn run(command: DatabaseCommand) -> anyhow::Result<()> {
    let DatabaseCommand::Move(arguments) = command;
    let settings = arguments.common.settings()?;
    let to = match (&arguments.to, &arguments.to_file) {
        (Some(to), _) => to.clone(),
        (None, Some(path)) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .trim()
            .to_owned(),
        (None, None) => bail!("--to or --to-file is needed"),
    };
    let contents = commands::runtime()?.block_on(Box::pin(move_to(&settings, &to)))?;
    if arguments.common.json {
        return output::json(&contents);
    }
    output::line(&format!(
        "moved {} rows in {} tables; set database.url (DATABASE_URL) accordingly before the service is started",
        contents.rows(),
        contents.tables.len()
    ))
}

async fn move_to(settings: &Settings, to: &str) -> anyhow::Result<Contents> {
    let is_server = to.starts_with("postgres://") || to.starts_with("postgresql://");
    let from = commands::server_settings(settings)?;
    if from.is_none() && !settings.store.data_dir.join("driftline.sqlite").exists() {
        bail!(
            "there is no database in {}; --data-dir names another folder",
            settings.store.data_dir.display()
        );
    }
    let _quiet = quiet(&settings.store.data_dir)?;
    let source = commands::open_database(settings).await?;
    refuse_while_nodes_live(&source).await?;
    let target = if is_server {
        let server = PostgresSettings {
            url: to.to_owned(),
            connections: settings.database.connections,
            prepared: settings.database.prepared,
        };
        Database::connect(&server)
            .await
            .context("cannot use the other database server")?
    } else {
        let path = Path::new(to);
        if path.exists() {
            bail!("{} is there already", path.display());
        }
        Database::open(path).await?
    };
    refuse_while_nodes_live(&target).await?;
    let contents = source.copy_into(&target).await?;
    target.close().await;
    source.close().await;
    Ok(contents)
}

/// Holds the lock of every node that was ever served from this data directory: no service begins meanwhile.
fn quiet(data_dir: &Path) -> anyhow::Result<Vec<Node>> {
    let mut held = Vec::new();
    let Ok(entries) = std::fs::read_dir(data_dir) else {
        return Ok(held);
    };
    for entry in entries {
        let name = entry?.file_name();
        if let Some(node) = name.to_str().and_then(|name| name.strip_suffix(".lock")) {
            let claimed = Node::claim(data_dir, node);
            held.push(claimed.context("a service runs on this data directory; stop it before its database is moved")?);
        }
    }
    Ok(held)
}

async fn refuse_while_nodes_live(database: &Database) -> anyhow::Result<()> {
    let since = Timestamp::now() - SignedDuration::try_from(node::SILENT)?;
    let living = database.nodes_seen_since(since).await?;
    let names: Vec<&str> = living.iter().map(|node| node.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    bail!(
        "services use the database server: {}; stop them before it is moved",
        names.join(", ")
    )
}
