//! One file per command, and what they share: opening the parts of an installation.

pub(crate) mod catalog;
pub(crate) mod coast;
pub(crate) mod config;
pub(crate) mod healthcheck;
pub(crate) mod ingest;
pub(crate) mod keys;
pub(crate) mod orgs;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod usage;

use anyhow::Context;
use driftline_compute::Compute;
use driftline_config::Settings;
use driftline_database::Database;
use driftline_store::Store;
use tokio::runtime::Runtime;

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

/// Opens (and creates) the object store.
pub(crate) async fn open_store(settings: &Settings, compute: Compute) -> anyhow::Result<Store> {
    let data_dir = &settings.store.data_dir;
    Store::open(data_dir, compute)
        .await
        .with_context(|| format!("cannot open the store in {}", data_dir.display()))
}

/// Opens (and creates) the database. The store is opened first: it creates the data directory durably.
pub(crate) async fn open_database(settings: &Settings) -> anyhow::Result<Database> {
    let path = settings.store.data_dir.join("driftline.sqlite");
    Database::open(&path)
        .await
        .with_context(|| format!("cannot open the database {}", path.display()))
}

/// Opens the database of an installation, creating the data directory where it is not there.
pub(crate) async fn open_installation(settings: &Settings) -> anyhow::Result<Database> {
    open_store(settings, Compute::new(1)?).await?;
    open_database(settings).await
}
