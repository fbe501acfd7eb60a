//! The handle: opening the file safely, its connections, and the readiness check.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqlitePool, Transaction};

use crate::schema::{MIGRATIONS, Migration, migrate};
use crate::{Error, Result};

/// How long a statement waits for another process that writes, for example the command line beside the server.
const BUSY: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection before it is told that the database is busy.
const ACQUIRE: Duration = Duration::from_secs(15);
const READERS: u32 = 4;

/// The database; clones share its connections.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) writer: SqlitePool,
    pub(crate) reader: SqlitePool,
}

impl Database {
    /// Opens the file, creates it where there is none, and brings its schema up to date. The folder must exist.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, MIGRATIONS).await
    }

    pub(crate) async fn open_with(path: &Path, steps: &[Migration]) -> Result<Self> {
        create_private(path)?;
        let open = |source| Error::Open {
            path: path.to_owned(),
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
        let mut first = options.connect().await.map_err(open)?;
        migrate(&mut first, path, steps).await?;
        first.close().await.map_err(open)?;
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(ACQUIRE)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(open)?;
        let readers = options.pragma("query_only", "ON");
        let reader = pool()
            .max_connections(READERS)
            .connect_with(readers)
            .await
            .map_err(open)?;
        // The engine syncs the file; that the folder knows of it must be synced too, or a power cut loses the whole.
        sync_folder(path)?;
        Ok(Self { writer, reader })
    }

    /// Whether the database can be read and written now, for readiness.
    pub async fn check(&self) -> Result<()> {
        let failed = || Error::engine("answer the readiness check");
        let read = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM schema_migrations");
        read.fetch_one(&self.reader).await.map_err(failed())?;
        let lock = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed())?;
        lock.rollback().await.map_err(failed())
    }

    /// Closes every connection after the statements in progress; later calls fail.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// A transaction that holds the write lock from its beginning, so that what it reads stays true until it commits.
    pub(crate) async fn change(&self, what: &'static str) -> Result<Change> {
        let tx = self
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(Error::engine(what))?;
        Ok(Change { tx, what })
    }
}

/// A write transaction; dropped without `commit` it leaves no trace.
pub(crate) struct Change {
    pub(crate) tx: Transaction<'static, Sqlite>,
    what: &'static str,
}

impl Change {
    pub(crate) async fn commit(self) -> Result<()> {
        self.tx.commit().await.map_err(Error::engine(self.what))
    }
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
