//! One file per command, and what they share: opening the parts of an installation.

pub(crate) mod backup;
pub(crate) mod billing;
pub(crate) mod catalog;
pub(crate) mod catalog_hold;
pub(crate) mod catalog_lineage;
pub(crate) mod catalog_retire;
pub(crate) mod coast;
pub(crate) mod config;
pub(crate) mod cot;
pub(crate) mod database;
pub(crate) mod healthcheck;
pub(crate) mod ingest;
pub(crate) mod ingest_buoys;
pub(crate) mod ingest_feeds;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod orgs;
pub(crate) mod quotas;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod skill;
pub(crate) mod usage;
pub(crate) mod users;
pub(crate) mod users_import;
pub(crate) mod verify;

use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::path::Path;

use std::time::Duration;

use anyhow::{Context, bail};
use driftline_coast::Coast;
use driftline_compute::Compute;
use driftline_config::{ObjectsAt, Settings};
use driftline_database::{Database, PostgresSettings, QueueRules};
use driftline_store::{Addressing, Location, S3Location, Store};
use tokio::runtime::Runtime;

use crate::backup::ObjectsHeld;

/// A runtime for commands that wait for storage.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Runtime::new().context("cannot start the async runtime")
}

/// The compute pool of the settings.
pub(crate) fn compute(settings: &Settings) -> anyhow::Result<Compute> {
    Ok(match settings.missions.threads {
        0 => Compute::with_all_cores()?,
        threads => Compute::new(threads)?,
    })
}

/// The coast of the settings, checked as a whole. A file that cannot be used is a fault of the configuration.
pub(crate) fn coast(settings: &Settings) -> Result<Coast, driftline_config::Error> {
    let file = settings.coast_file();
    let opened = match file {
        Some(path) => Coast::open(path),
        None => Coast::embedded(),
    };
    opened.map_err(|error| driftline_config::Error::File {
        what: "coast file",
        path: file.map_or_else(|| "of this program".into(), Path::to_owned),
        // The message names the path already.
        source: match error {
            driftline_coast::Error::Read { source, .. } => Box::new(source),
            other => Box::new(other),
        },
    })
}

/// Creates the data directory where it is not there, for its owner alone, each new folder synced into the one above.
pub(crate) fn create_data_dir(folder: &Path) -> anyhow::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new(""));
    create_data_dir(above)?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        // Another command may create it at the same moment.
        Err(error) if error.kind() != ErrorKind::AlreadyExists || !folder.is_dir() => {
            return Err(error).with_context(|| format!("cannot create {}", folder.display()));
        }
        _ => {}
    }
    let above = if above.as_os_str().is_empty() {
        Path::new(".")
    } else {
        above
    };
    File::open(above)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot sync {}", above.display()))
}

/// Refuses where nothing was ever stored: a command that only reads must not make a mistyped path look like an empty
/// installation.
pub(crate) fn require_data_dir(settings: &Settings) -> anyhow::Result<()> {
    let folder = &settings.store.data_dir;
    // Forcing that lies elsewhere is asked there.
    let elsewhere = !settings.store.objects.is_empty() || settings.database_url().is_ok_and(|url| url.is_some());
    if !elsewhere && !folder.is_dir() {
        bail!(
            "there is no data directory {}; `driftline ingest` and `driftline serve` create one, --data-dir names another",
            folder.display()
        );
    }
    Ok(())
}

/// Opens (and creates) the object store.
pub(crate) async fn open_store(settings: &Settings, compute: Compute) -> anyhow::Result<Store> {
    Store::open_at(&object_location(settings)?, compute)
        .await
        .context("cannot open the store of forcing and results")
}

/// Opens the object store for a command that only reads: it tells what is there also where nothing can be written.
pub(crate) async fn open_store_to_read(settings: &Settings, compute: Compute) -> anyhow::Result<Store> {
    Store::open_to_read(&object_location(settings)?, compute)
        .await
        .context("cannot open the store of forcing and results")
}

/// Where the settings say that objects lie, with the keys that they name.
fn object_location(settings: &Settings) -> Result<Location, driftline_config::Error> {
    let (bucket, prefix) = match settings.objects_at() {
        ObjectsAt::Folder(folder) => return Ok(Location::Folder(folder)),
        ObjectsAt::S3 { bucket, prefix } => (bucket, prefix),
    };
    let (s3, keys) = (&settings.s3, settings.s3_credentials()?);
    let unless_empty = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(Location::S3(S3Location {
        bucket,
        prefix,
        endpoint: unless_empty(&s3.endpoint),
        region: s3.region.clone(),
        access_key: keys.access_key.reveal().to_owned(),
        secret_key: keys.secret_key.reveal().to_owned(),
        addressing: match s3.addressing {
            driftline_config::Addressing::Path => Addressing::Path,
            driftline_config::Addressing::VirtualHost => Addressing::VirtualHost,
        },
        kms_key: unless_empty(&s3.kms_key),
    }))
}

/// Opens (and creates) the database: the server that the settings name, otherwise a file. The store is opened first: it
/// creates the data directory durably.
pub(crate) async fn open_database(settings: &Settings) -> anyhow::Result<Database> {
    let database = match server_settings(settings)? {
        Some(server) => Database::connect(&server)
            .await
            .context("cannot use the database server")?,
        None => {
            let path = settings.store.data_dir.join("driftline.sqlite");
            let database = Database::open(&path).await;
            database.with_context(|| format!("cannot open the database {}", path.display()))?
        }
    };
    Ok(database.with_rules(queue_rules(settings)).with_real_clock())
}

/// The database server that the settings name; `None`: the database is embedded.
pub(crate) fn server_settings(settings: &Settings) -> Result<Option<PostgresSettings>, driftline_config::Error> {
    let url = settings.database_url()?;
    Ok(url.map(|url| PostgresSettings {
        url: url.reveal().to_owned(),
        connections: settings.database.connections,
        prepared: settings.database.prepared,
    }))
}

/// The objects of a backup: those that it holds, or the bucket of the settings where it has a list.
pub(crate) async fn open_objects_of(settings: &Settings, backup: &Path, held: &ObjectsHeld) -> anyhow::Result<Store> {
    let compute = compute(settings)?;
    let location = match held {
        ObjectsHeld::Here { .. } => Location::Folder(backup.join(crate::backup::OBJECTS)),
        ObjectsHeld::Listed { .. } => object_location(settings)?,
    };
    Store::open_to_read(&location, compute)
        .await
        .context("cannot open the objects of the backup")
}

fn queue_rules(settings: &Settings) -> QueueRules {
    let missions = &settings.missions;
    QueueRules {
        attempts: i64::from(missions.attempts),
        retry_base: Duration::from_secs(u64::from(missions.retry_base_s)),
        retry_longest: Duration::from_secs(u64::from(missions.retry_longest_s)),
        time_to_live: Duration::from_secs(u64::from(missions.time_to_live_s)),
        ..QueueRules::default()
    }
}

/// Opens the database of an installation, creating the data directory where it is not there.
pub(crate) async fn open_installation(settings: &Settings) -> anyhow::Result<Database> {
    create_data_dir(&settings.store.data_dir)?;
    // Keys must be made and taken back while a store on another machine does not answer.
    if settings.store.objects.is_empty() {
        open_store(settings, Compute::new(1)?).await?;
    }
    open_database(settings).await
}
