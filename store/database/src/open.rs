//! The handle: opening the file safely, its connections, and the readiness check.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::error::is_locked;
use crate::schema::{MIGRATIONS, Migration, migrate};
use crate::versions::Versions;
use crate::{Error, Result};

/// How long a statement waits for another process that writes, for example the command line beside the server.
const BUSY: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection before it is told that the database is busy.
const ACQUIRE: Duration = Duration::from_secs(15);
/// Pause between two attempts to open a file that another program is setting up.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const READERS: u32 = 4;

/// The database; clones share its connections.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) writer: SqlitePool,
    pub(crate) reader: SqlitePool,
    pub(crate) versions: Versions,
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
        let mut first = connect(&options).await.map_err(open)?;
        migrate(&mut first, path, steps).await?;
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
        Ok(Self {
            writer,
            reader,
            versions: Versions::default(),
        })
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
        Ok(Change {
            tx,
            what,
            versions: self.versions.clone(),
        })
    }
}

/// A write transaction; dropped without `commit` it leaves no trace.
pub(crate) struct Change {
    pub(crate) tx: Transaction<'static, Sqlite>,
    what: &'static str,
    versions: Versions,
}

impl Change {
    pub(crate) async fn commit(self) -> Result<()> {
        let _under_way = self.versions.commit_begins();
        self.tx.commit().await.map_err(Error::engine(self.what))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Watermark};
    use jiff::Timestamp;

    #[tokio::test]
    async fn a_file_of_version_1_is_brought_up_to_date_and_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("driftline.sqlite");
        let old = Database::open_with(&path, &MIGRATIONS[..1]).await.unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let organisation = old.create_organisation("Coastguard", now).await.unwrap();
        assert!(old.watermark("node").await.is_err(), "version 1 has no ledger");
        old.close().await;
        let new = Database::open(&path).await.unwrap();
        assert_eq!(new.organisation(organisation.id).await.unwrap(), Some(organisation));
        assert_eq!(new.watermark("node").await.unwrap(), None);
        let error = Database::open_with(&path, &MIGRATIONS[..1]).await.unwrap_err();
        assert!(matches!(error, Error::Newer { found: 5, known: 1, .. }), "{error}");
    }

    #[tokio::test]
    async fn a_step_that_fails_leaves_the_file_at_the_step_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("driftline.sqlite");
        Database::open_with(&path, &MIGRATIONS[..1])
            .await
            .unwrap()
            .close()
            .await;
        let broken = [
            Migration::new(1, "missions", ""),
            Migration::new(
                2,
                "broken",
                "CREATE TABLE half (id BLOB) STRICT; CREATE TABLE missions (id BLOB) STRICT;",
            ),
        ];
        assert!(matches!(
            Database::open_with(&path, &broken).await,
            Err(Error::Open { .. })
        ));
        let repaired = Database::open(&path).await.unwrap();
        let half = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_schema WHERE name = 'half'");
        assert_eq!(half.fetch_one(&repaired.reader).await.unwrap(), 0);
    }

    async fn writes(database: &Database, name: &str) {
        let now = Timestamp::UNIX_EPOCH;
        database.check().await.unwrap();
        let made = database.create_organisation(name, now).await.unwrap();
        let change = database.change("touch it").await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(database.organisation(made.id).await.unwrap(), Some(made));
    }

    /// Lets the file grow to so many pages, on whichever connection writes now.
    async fn limit_pages(database: &Database, pages: i64) {
        let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        sqlx::query(limit).fetch_one(&database.writer).await.unwrap();
    }

    #[tokio::test]
    async fn writing_goes_on_when_a_full_disk_has_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("driftline.sqlite")).await.unwrap();
        let watermark = Watermark {
            node: "n".repeat(100_000),
            segment: 1,
            offset: 1,
        };
        // More than once, because the connection that takes the place of the first has to be replaced as well.
        for round in 0..3 {
            limit_pages(&database, 1).await;
            let full = database.apply_usage(&[], &watermark).await.unwrap_err();
            assert_eq!(full.kind(), ErrorKind::Unavailable, "{full:?}");
            limit_pages(&database, 1_000_000).await;
            writes(&database, &format!("round {round}")).await;
        }
        assert_eq!(database.watermark(&watermark.node).await.unwrap(), None);
        database.apply_usage(&[], &watermark).await.unwrap();
        assert_eq!(database.watermark(&watermark.node).await.unwrap(), Some(watermark));
    }

    #[tokio::test]
    async fn writing_goes_on_after_a_commit_that_failed() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("driftline.sqlite")).await.unwrap();
        // With the transaction gone, as SQLite leaves it behind after an I/O error; and with it still there.
        for (round, sql) in [
            "ROLLBACK",
            "PRAGMA defer_foreign_keys = ON; INSERT INTO api_keys (id, org_id, name, hint, sha256, scopes, created_at) \
             VALUES (x'01', x'02', '', '', zeroblob(32), '', 0)",
        ]
        .into_iter()
        .enumerate()
        {
            let mut change = database.change("do it").await.unwrap();
            sqlx::raw_sql(sql).execute(&mut *change.tx).await.unwrap();
            assert!(matches!(
                change.commit().await,
                Err(Error::Engine { what: "do it", .. })
            ));
            writes(&database, &format!("round {round}")).await;
        }
        let keys = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM api_keys");
        assert_eq!(keys.fetch_one(&database.reader).await.unwrap(), 0);
    }

    /// The promises of durability hang on these settings.
    #[tokio::test]
    async fn every_connection_has_the_settings_that_durability_needs() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("driftline.sqlite")).await.unwrap();
        for pool in [&database.writer, &database.reader] {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
            let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(pool).await.unwrap();
            assert_eq!((mode.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
        }
        let refused = sqlx::query("DELETE FROM organisations").execute(&database.reader).await;
        assert!(refused.is_err(), "readers do not write");
    }

    /// A page of features and a page of missions read an index, not the table in another order.
    #[tokio::test]
    async fn pages_are_read_in_the_order_of_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("driftline.sqlite")).await.unwrap();
        for (sql, index) in [
            (
                "SELECT * FROM features WHERE org_id = x'00' AND kind = 0 AND (run_seq, row) > (1, 2) \
                 ORDER BY run_seq, row LIMIT 10",
                "features_in_order",
            ),
            (
                "SELECT * FROM features WHERE org_id = x'00' AND kind = 0 AND mission_id = x'00' \
                 AND (run_seq, row) > (1, 2) ORDER BY run_seq, row LIMIT 10",
                "features_of_mission",
            ),
            (
                "SELECT * FROM missions m WHERE m.withdrawn_at IS NULL AND m.org_id = x'00' AND m.id < x'01' \
                 ORDER BY m.id DESC LIMIT 10",
                "missions_newest_first",
            ),
            (
                "SELECT * FROM runs WHERE withdrawn_at IS NULL AND org_id = x'00' AND seq > 3 ORDER BY seq LIMIT 10",
                "runs_in_order",
            ),
            (
                "SELECT id FROM jobs WHERE state IN ('queued', 'leased') AND ((state = 'queued' AND run_at <= 1) OR \
                 (state = 'leased' AND lease_until <= 1)) ORDER BY priority, created_at, id LIMIT 1",
                "jobs_in_turn",
            ),
        ] {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let plan = sqlx::query(explain).fetch_all(&database.reader).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
            let plan = plan.join("; ");
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
