//! A backup: a folder that holds an installation as of one moment, and says what it holds.
//!
//! ```text
//! backup.json        what it is; written last, so that a folder with it is whole
//! usage/NODE/*.log   usage that may not be in the ledger yet, copied first
//! driftline.sqlite   the database, where it is embedded
//! database/          the database in portable form, where it is on a server
//! objects/           forcing and results, where they lie in a local folder
//! objects.jsonl      their names and lengths, where they lie in a bucket
//! files/             what else lies in the data directory, such as certificates and keys
//! ```
//!
//! The order makes it consistent while the service runs: usage before the ledger, so that no record is in neither; the database
//! before the objects, so that whatever its rows name was stored before. A record that is in both is entered once.

pub(crate) mod files;
pub(crate) mod objects;
pub(crate) mod usage;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use driftline_database::{Contents, Database, Run, RunFilter};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) const ABOUT: &str = "backup.json";
pub(crate) const USAGE: &str = "usage";
pub(crate) const FILE: &str = "driftline.sqlite";
pub(crate) const DATABASE: &str = "database";
pub(crate) const OBJECTS: &str = "objects";
pub(crate) const OBJECT_LIST: &str = "objects.jsonl";
pub(crate) const FILES: &str = "files";
const FORMAT: &str = "driftline backup 1";
/// Runs read at once.
const PAGE: u32 = 200;

/// `backup.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    format: String,
    /// Version of the program.
    pub(crate) version: String,
    pub(crate) created_at: Timestamp,
    pub(crate) engine: Engine,
    pub(crate) contents: Contents,
    pub(crate) usage_segments: usize,
    pub(crate) objects: ObjectsHeld,
    /// Runs whose mission was withdrawn while the backup was made: their files may be missing.
    pub(crate) withdrawn_meanwhile: Vec<String>,
}

/// Where the database was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// What the backup has of forcing and results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ObjectsHeld {
    /// The objects themselves.
    Here { count: usize, bytes: u64 },
    /// A list of them; they stay in the bucket.
    Listed { count: usize, bytes: u64 },
}

impl About {
    pub(crate) fn new(engine: Engine, contents: Contents, usage_segments: usize, objects: ObjectsHeld) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: Timestamp::now(),
            engine,
            contents,
            usage_segments,
            objects,
            withdrawn_meanwhile: Vec::new(),
        }
    }

    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        files::write_new(&folder.join(ABOUT), &text)?;
        files::sync_folder(folder)
    }

    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(ABOUT);
        let text = std::fs::read(&path)
            .with_context(|| format!("{} is not a whole backup: cannot read {ABOUT}", folder.display()))?;
        let about: Self =
            serde_json::from_slice(&text).with_context(|| format!("{} cannot be read", path.display()))?;
        if about.format != FORMAT {
            bail!("{} has the format '{}', not '{FORMAT}'", path.display(), about.format);
        }
        Ok(about)
    }
}

/// The database of a backup, compared with what the backup says and then brought up to date, in a scratch folder, so that the
/// backup stays as it is. With an older schema it is compared as it is: later steps add to rows.
pub(crate) async fn open_in_scratch(backup: &Path, about: &About, scratch: &Path) -> anyhow::Result<Database> {
    let path = scratch.join(FILE);
    bring(backup, about, &path).await?;
    Ok(Database::open(&path).await?)
}

/// Puts the database of a backup into an embedded file that must not exist, with the schema that it was saved with.
pub(crate) async fn bring(backup: &Path, about: &About, path: &Path) -> anyhow::Result<()> {
    let found = match about.engine {
        Engine::Sqlite => {
            files::copy_file(&backup.join(FILE), path)?;
            let copied = Database::open_as_it_is(path).await?;
            let found = copied.contents().await?;
            copied.close().await;
            found
        }
        Engine::Postgres => {
            let dump = backup.join(DATABASE);
            let database = Database::open_to_load(path, &dump).await?;
            let found = database.load(&dump).await?;
            database.close().await;
            found
        }
    };
    if let Some(difference) = about.contents.difference(&found) {
        bail!("the database is not what was saved: {difference}");
    }
    Ok(())
}

/// Every published run of every organisation.
pub(crate) async fn every_run(database: &Database) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    for organisation in database.organisations().await? {
        let mut after = 0;
        loop {
            let filter = RunFilter {
                after_seq: Some(after),
                limit: PAGE,
                ..RunFilter::default()
            };
            let page = database.runs(organisation.id, &filter).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            runs.extend(page);
        }
    }
    Ok(runs)
}

/// A folder that goes with the value, beside what it is made for, so that it lies on a disk with room for that.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn beside(place: &Path) -> anyhow::Result<Self> {
        let place = std::path::absolute(place)?;
        let name = format!(".driftline-scratch-{}", uuid::Uuid::now_v7().simple());
        let folder = place.parent().unwrap_or(&place).join(name);
        files::create_folder(&folder)?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to be told; a folder that stays names itself.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
