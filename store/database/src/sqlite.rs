//! The embedded engine: one SQLite file, opened safely. One connection writes, a few read; what a call has confirmed is
//! on disk (a write-ahead log with full synchronisation).

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};

use crate::error::is_locked;
use crate::schema::{Migration, migrate_sqlite};
use crate::{Error, Result};

/// How long a statement waits for another process that writes, for example the command line beside the server.
const BUSY: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection before it is told that the database is busy.
const ACQUIRE: Duration = Duration::from_secs(15);
/// Pause between two attempts to open a file that another program is setting up.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const READERS: u32 = 4;

/// Opens the file, creates it where there is none, and applies these steps. Writer and readers.
pub(crate) async fn open(path: &Path, steps: &[Migration]) -> Result<(SqlitePool, SqlitePool)> {
    create_private(path)?;
    let open = |source| Error::Open {
        place: path.display().to_string(),
        source,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    let mut first = connect(&options).await.map_err(open)?;
    migrate_sqlite(&mut first, path, steps).await?;
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    let writer = pool()
        .max_connections(1)
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .connect_with(options.clone())
        .await
        .map_err(open)?;
    let readers = options.pragma("query_only", "ON");
    let reader = pool()
        .max_connections(READERS)
        .connect_with(readers)
        .await
        .map_err(open)?;
    // Not before: the last connection that closes takes the log away under those that open.
    first.close().await.map_err(open)?;
    // The engine syncs the file; that the folder knows of it must be synced too, or a power cut loses the whole.
    sync_folder(path)?;
    Ok((writer, reader))
}

/// The newest step that was applied to a file.
pub(crate) async fn schema_version(path: &Path) -> Result<i64> {
    let failed = |source| Error::Open {
        place: path.display().to_string(),
        source,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    let mut connection = connect(&options).await.map_err(failed)?;
    let version = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM schema_migrations")
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(version)
}

/// Copies a file as of one moment into one that must not exist, while others write to it, and syncs the copy.
pub(crate) async fn copy(from: &Path, into: &Path) -> Result<()> {
    let failed = |place: &Path| {
        let place = place.display().to_string();
        move |source| Error::Open { place, source }
    };
    let options = SqliteConnectOptions::new()
        .filename(from)
        .create_if_missing(false)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    let mut connection = connect(&options).await.map_err(failed(from))?;
    // An empty file is filled; so it is its owner's alone from its beginning.
    let mut new = OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    let unusable = |source| Error::File {
        path: into.to_owned(),
        source,
    };
    new.open(into).map_err(unusable)?;
    sqlx::query("VACUUM INTO ?")
        .bind(into.display().to_string())
        .execute(&mut connection)
        .await
        .map_err(failed(into))?;
    connection.close().await.map_err(failed(from))?;
    File::open(into).and_then(|file| file.sync_all()).map_err(unusable)?;
    sync_folder(into)
}

/// Connects, and waits for another program that opens the same new file: the switch to a log does not wait by itself.
async fn connect(options: &SqliteConnectOptions) -> sqlx::Result<SqliteConnection> {
    let began = Instant::now();
    loop {
        match options.connect().await {
            Err(error) if is_locked(&error) && began.elapsed() < BUSY => tokio::time::sleep(LOOK_AGAIN).await,
            connected => return connected,
        }
    }
}

/// Whether the next change may have this connection; one that says no is closed, and the pool opens another. A full
/// disk and some I/O errors make SQLite roll back by itself; the rollback that is sent after them then fails, and the
/// connection counts itself inside a transaction for ever.
async fn is_clean(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    // A rollback after an error is queued, not awaited; the answer to the ping comes behind it.
    connection.ping().await?;
    let clean = !connection.is_in_transaction();
    if !clean {
        tracing::warn!("the writing database connection did not come out of its transaction and is replaced");
    }
    Ok(clean)
}

/// Creates the file readable by its owner only: it holds the hashes of every key.
fn create_private(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(Error::File {
            path: path.to_owned(),
            source,
        }),
    }
}

fn sync_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    File::open(&folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| Error::File { path: folder, source })
}
