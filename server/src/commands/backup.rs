//! `driftline backup DIR`: the installation as of now, while it runs.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use driftline_config::{ObjectsAt, Settings};
use driftline_database::Database;

use crate::backup::{self, About, Engine, ObjectsHeld, files, objects, usage};
use crate::{Common, commands, output};

/// Where to.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Folder that the backup becomes; it must not exist. On the disk of the data directory forcing and results take no room.
    dir: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Makes the backup; a folder that could not be finished has no backup.json and is refused by every other command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::require_data_dir(&settings)?;
    let about = commands::runtime()?.block_on(Box::pin(make(&settings, &arguments.dir)))?;
    if arguments.common.json {
        return output::json(&about);
    }
    let (ObjectsHeld::Here { count, bytes } | ObjectsHeld::Listed { count, bytes }) = about.objects;
    output::line(&format!(
        "{}: {} rows in {} tables, {} usage segments, {count} objects of {bytes} bytes",
        arguments.dir.display(),
        about.contents.rows(),
        about.contents.tables.len(),
        about.usage_segments
    ))
}

async fn make(settings: &Settings, dir: &Path) -> anyhow::Result<About> {
    let data_dir = &settings.store.data_dir;
    let own = [
        std::path::absolute(data_dir)?,
        std::path::absolute(local_objects(settings))?,
    ];
    let dir = std::path::absolute(dir)?;
    if own.iter().any(|own| dir.starts_with(own)) {
        bail!("{} lies in what is to be saved", dir.display());
    }
    files::create_folder(&dir)?;
    let usage_segments = usage::copy(&data_dir.join("usage"), &dir.join(backup::USAGE))?;
    let (engine, contents) = save_database(settings, &dir).await?;
    let held = save_objects(settings, &dir).await?;
    files::copy_tree(data_dir, &dir.join(backup::FILES), &files::is_named_elsewhere)?;
    let mut about = About::new(engine, contents, usage_segments, held);
    about.withdrawn_meanwhile = withdrawn_meanwhile(settings, &dir, &about).await?;
    about.write(&dir)?;
    Ok(about)
}

async fn save_database(settings: &Settings, dir: &Path) -> anyhow::Result<(Engine, driftline_database::Contents)> {
    if settings.database_url()?.is_some() {
        let database = commands::open_database(settings).await?;
        let contents = database.dump(&dir.join(backup::DATABASE)).await?;
        database.close().await;
        return Ok((Engine::Postgres, contents));
    }
    let path = settings.store.data_dir.join(backup::FILE);
    let copy = dir.join(backup::FILE);
    Database::copy_file(&path, &copy).await?;
    let copied = Database::open_as_it_is(&copy).await?;
    let contents = copied.contents().await?;
    // Closed, it has no log beside it.
    copied.close().await;
    Ok((Engine::Sqlite, contents))
}

fn local_objects(settings: &Settings) -> PathBuf {
    match settings.objects_at() {
        ObjectsAt::Folder(folder) => folder,
        ObjectsAt::S3 { .. } => settings.store.data_dir.clone(),
    }
}

async fn save_objects(settings: &Settings, dir: &Path) -> anyhow::Result<ObjectsHeld> {
    if let ObjectsAt::Folder(folder) = settings.objects_at() {
        let (count, bytes) = objects::link(&folder, &dir.join(backup::OBJECTS))?;
        return Ok(ObjectsHeld::Here { count, bytes });
    }
    let store = commands::open_store_to_read(settings, commands::compute(settings)?).await?;
    let (count, bytes) = objects::list(&store, &dir.join(backup::OBJECT_LIST)).await?;
    Ok(ObjectsHeld::Listed { count, bytes })
}

/// Runs that the database has and whose files went with a withdrawn mission before they were reached. Files that are missing for
/// any other reason make no backup.
async fn withdrawn_meanwhile(settings: &Settings, dir: &Path, about: &About) -> anyhow::Result<Vec<String>> {
    let scratch = backup::Scratch::beside(dir)?;
    let saved = backup::open_in_scratch(dir, about, scratch.path()).await?;
    let runs = backup::every_run(&saved).await?;
    saved.close().await;
    let store = commands::open_objects_of(settings, dir, &about.objects).await?;
    let missing = objects::missing_files(&store, &runs).await?;
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let live = commands::open_database(settings).await?;
    let mut withdrawn = Vec::new();
    for (run, fault) in missing {
        let lives = live.run_for_file(run.org, run.mission, run.id).await?.is_some();
        if lives {
            bail!("the installation is not whole: {fault}");
        }
        withdrawn.push(run.id.to_string());
    }
    live.close().await;
    withdrawn.dedup();
    Ok(withdrawn)
}
