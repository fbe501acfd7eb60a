//! `driftline restore DIR`: an empty installation becomes what a backup holds.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use driftline_config::{ObjectsAt, Settings};
use driftline_database::{Contents, Database};
use jiff::Timestamp;

use crate::backup::{self, About, Engine, ObjectsHeld, files, objects, usage};
use crate::node::Node;
use crate::{Common, commands, output};

/// Where from.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The backup's folder.
    dir: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Restores into the installation of the settings, which must hold nothing: neither database nor usage nor objects.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let contents = commands::runtime()?.block_on(Box::pin(restore(&settings, &arguments.dir)))?;
    if arguments.common.json {
        return output::json(&contents);
    }
    output::line(&format!(
        "restored {} rows in {} tables",
        contents.rows(),
        contents.tables.len()
    ))
}

async fn restore(settings: &Settings, dir: &Path) -> anyhow::Result<Contents> {
    let about = About::read(dir)?;
    let data_dir = &settings.store.data_dir;
    refuse_unless_empty(settings)?;
    commands::create_data_dir(data_dir)?;
    let node = Node::claim(data_dir, &settings.store.node)?;
    if let ObjectsHeld::Here { .. } = about.objects {
        let ObjectsAt::Folder(folder) = settings.objects_at() else {
            bail!(
                "the backup holds the objects themselves and store.objects names a bucket: restore into a folder, and copy the \
                 folder into the bucket with a tool of your own"
            );
        };
        commands::create_data_dir(&folder)?;
        objects::copy(&dir.join(backup::OBJECTS), &folder)?;
    }
    files::copy_tree(&dir.join(backup::FILES), data_dir, &|_| false)?;
    usage::copy(&dir.join(backup::USAGE), &data_dir.join("usage"))?;
    // Last: an installation that is only half there has no database, and restoring begins anew in an empty folder.
    restore_database(settings, dir, &about).await?;
    drop(node);
    Ok(about.contents)
}

fn refuse_unless_empty(settings: &Settings) -> anyhow::Result<()> {
    let data_dir = &settings.store.data_dir;
    let mut places = vec![data_dir.join(backup::FILE), data_dir.join("usage")];
    if let ObjectsAt::Folder(folder) = settings.objects_at() {
        places.push(folder);
    }
    for place in places {
        let is_there = match std::fs::read_dir(&place) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => place.exists(),
        };
        if is_there {
            bail!(
                "{} is there already; a backup is restored into an empty installation only",
                place.display()
            );
        }
    }
    Ok(())
}

async fn restore_database(settings: &Settings, dir: &Path, about: &About) -> anyhow::Result<()> {
    if settings.database_url()?.is_some() {
        return restore_on_server(settings, dir, about).await;
    }
    let path = settings.store.data_dir.join(backup::FILE);
    let staged = path.with_extension("sqlite.restoring");
    // What an attempt left that was interrupted.
    for name in ["", "-wal", "-shm"] {
        let mut left = staged.clone().into_os_string();
        left.push(name);
        match std::fs::remove_file(&left) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("cannot remove what an earlier attempt has left");
            }
            _ => {}
        }
    }
    backup::bring(dir, about, &staged).await?;
    // Steps of the schema that are newer than the backup. Closed, all of it is in the one file, which can be renamed.
    let database = Database::open(&staged).await?;
    database.note_restore(Timestamp::now()).await?;
    database.close().await;
    std::fs::rename(&staged, &path).with_context(|| format!("cannot rename {}", staged.display()))?;
    files::sync_folder(&settings.store.data_dir)
}

async fn restore_on_server(settings: &Settings, dir: &Path, about: &About) -> anyhow::Result<()> {
    let dump = dir.join(backup::DATABASE);
    match about.engine {
        Engine::Postgres => {
            let server = commands::server_settings(settings)?.context("database.url is empty")?;
            let database = Database::connect_to_load(&server, &dump).await?;
            database.load(&dump).await?;
            database.close().await;
            // Steps of the schema that are newer than the backup.
            let database = commands::open_database(settings).await?;
            database.note_restore(Timestamp::now()).await?;
            database.close().await;
        }
        Engine::Sqlite => {
            let scratch = backup::Scratch::beside(&settings.store.data_dir)?;
            let saved = backup::open_in_scratch(dir, about, scratch.path()).await?;
            let database = commands::open_database(settings).await?;
            saved.copy_into(&database).await?;
            saved.close().await;
            database.note_restore(Timestamp::now()).await?;
            database.close().await;
        }
    }
    Ok(())
}
