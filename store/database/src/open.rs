//! The handle: an embedded file or a server, its connections, and the readiness check.

use std::path::Path;
use std::sync::Arc;

use sqlx::{PgPool, Postgres};

use crate::queue::QueueClock;
use crate::schema::{Migration, POSTGRES, SQLITE};
use crate::sql::{self, Dialect, Pool, Transaction};
use crate::versions::Versions;
use crate::{Error, PostgresSettings, QueueRules, Result, Sealing, postgres, sqlite};

/// The database; clones share its connections.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) writer: Pool,
    pub(crate) reader: Pool,
    pub(crate) versions: Versions,
    pub(crate) rules: QueueRules,
    pub(crate) sealing: Option<Arc<dyn Sealing>>,
    pub(crate) clock: QueueClock,
}

impl Database {
    /// The same database with these rules of the queue.
    #[must_use]
    pub fn with_rules(mut self, rules: QueueRules) -> Self {
        self.rules = rules;
        self
    }

    /// The same database with somebody who seals what is personal of who pays.
    #[must_use]
    pub fn with_sealing(mut self, sealing: Arc<dyn Sealing>) -> Self {
        self.sealing = Some(sealing);
        self
    }

    /// Opens the file, creates it where there is none, and brings its schema up to date. The folder must exist.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, SQLITE).await
    }

    pub(crate) async fn open_with(path: &Path, steps: &[Migration]) -> Result<Self> {
        let (writer, reader) = sqlite::open(path, steps).await?;
        Ok(Self {
            writer: Pool::Sqlite(writer),
            reader: Pool::Sqlite(reader),
            versions: Versions::default(),
            rules: QueueRules::default(),
            sealing: None,
            clock: QueueClock::default(),
        })
    }

    /// Connects to a server and brings its schema up to date; several processes may do so at once.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self> {
        Self::connect_with(settings, POSTGRES).await
    }

    pub(crate) async fn connect_with(settings: &PostgresSettings, steps: &[Migration]) -> Result<Self> {
        let pool = postgres::connect(settings, steps).await?;
        Ok(Self {
            writer: Pool::Postgres(pool.clone()),
            reader: Pool::Postgres(pool),
            versions: Versions::default(),
            rules: QueueRules::default(),
            sealing: None,
            clock: QueueClock::default(),
        })
    }

    /// Whether several processes share it.
    pub fn is_shared(&self) -> bool {
        self.dialect() == Dialect::Postgres
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self.writer {
            Pool::Sqlite(_) => Dialect::Sqlite,
            Pool::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Whether the database can be read and written now, for readiness.
    pub async fn check(&self) -> Result<()> {
        let what = "answer the readiness check";
        let read = sql::query_scalar("SELECT count(*) FROM schema_migrations");
        read.fetch_one::<i64>(&self.reader).await.map_err(Error::engine(what))?;
        let mut change = self.change(what).await?;
        // A server that only repeats another one is no place for missions.
        if change.tx.dialect() == Dialect::Postgres {
            let writable = sql::query_scalar("SELECT NOT pg_is_in_recovery()");
            let is_writable: bool = writable.fetch_one(&mut change.tx).await.map_err(Error::engine(what))?;
            if !is_writable {
                return Err(Error::ReadOnly);
            }
        }
        change.tx.rollback().await.map_err(Error::engine(what))
    }

    /// Closes every connection after the statements in progress; later calls fail.
    pub async fn close(&self) {
        for pool in [&self.reader, &self.writer] {
            match pool {
                Pool::Sqlite(pool) => pool.close().await,
                Pool::Postgres(pool) => pool.close().await,
            }
        }
    }

    /// A transaction. In the embedded file it holds the write lock from its beginning, so that what it reads stays true
    /// until it commits; on a server others commit meanwhile (READ COMMITTED), so that what has to hold stands in one
    /// statement's condition or behind a row's lock.
    pub(crate) async fn change(&self, what: &'static str) -> Result<Change> {
        let tx = match &self.writer {
            Pool::Sqlite(pool) => pool.begin_with("BEGIN IMMEDIATE").await.map(Transaction::Sqlite),
            Pool::Postgres(pool) => begin(pool.clone()).await.map(Transaction::Postgres),
        };
        Ok(Change {
            tx: tx.map_err(Error::engine(what))?,
            what,
            versions: self.versions.clone(),
        })
    }
}

/// Begins a transaction, and whoever waited for it may have gone away meanwhile, as a client that hangs up: the driver would
/// leave it open on a connection that goes back to the pool, where the next change would become part of it.
async fn begin(pool: PgPool) -> sqlx::Result<sqlx::Transaction<'static, Postgres>> {
    let begun = tokio::spawn(async move { pool.begin().await });
    begun
        .await
        .map_err(|lost| sqlx::Error::Io(std::io::Error::other(lost)))?
}

/// A write transaction; dropped without `commit` it leaves no trace.
pub(crate) struct Change {
    pub(crate) tx: Transaction,
    what: &'static str,
    versions: Versions,
}

impl Change {
    pub(crate) async fn commit(self) -> Result<()> {
        let under_way = self.versions.commit_begins();
        let what = self.what;
        let committed = match self.tx {
            tx @ Transaction::Sqlite(_) => tx.commit().await,
            // To its end, also when nobody waits for it any more.
            tx @ Transaction::Postgres(_) => tokio::spawn(async move {
                let _under_way = under_way;
                tx.commit().await
            })
            .await
            .map_err(|lost| sqlx::Error::Io(std::io::Error::other(lost)))
            .flatten(),
        };
        committed.map_err(Error::engine(what))
    }

    /// Waits until no other transaction holds this name, and holds it to the end of this one: for what does not hang on a
    /// row that is there already.
    pub(crate) async fn lock(&mut self, name: &str) -> Result<()> {
        if self.tx.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        sql::query("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))")
            .bind(name)
            .execute(&mut self.tx)
            .await
            .map(drop)
            .map_err(Error::engine("wait for a lock"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Watermark};
    use jiff::Timestamp;

    /// The embedded engine's own pools: (writer, reader).
    fn pools(database: &Database) -> (&sqlx::SqlitePool, &sqlx::SqlitePool) {
        match (&database.writer, &database.reader) {
            (Pool::Sqlite(writer), Pool::Sqlite(reader)) => (writer, reader),
            _ => unreachable!("the embedded engine"),
        }
    }

    #[tokio::test]
    async fn a_file_of_version_1_is_brought_up_to_date_and_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("driftline.sqlite");
        let old = Database::open_with(&path, &SQLITE[..1]).await.unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let organisation = old.create_organisation("Coastguard", now).await.unwrap();
        assert!(old.watermark("node").await.is_err(), "version 1 has no ledger");
        old.close().await;
        let new = Database::open(&path).await.unwrap();
        assert_eq!(new.organisation(organisation.id).await.unwrap(), Some(organisation));
        assert_eq!(new.watermark("node").await.unwrap(), None);
        let error = Database::open_with(&path, &SQLITE[..1]).await.unwrap_err();
        assert!(matches!(error, Error::Newer { known: 1, .. }), "{error}");
    }

    #[tokio::test]
    async fn a_step_that_fails_leaves_the_file_at_the_step_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("driftline.sqlite");
        Database::open_with(&path, &SQLITE[..1]).await.unwrap().close().await;
        let broken = [
            Migration::new(1, "missions", 1, ""),
            Migration::new(
                2,
                "broken",
                2,
                "CREATE TABLE half (id BLOB) STRICT; CREATE TABLE missions (id BLOB) STRICT;",
            ),
        ];
        assert!(matches!(
            Database::open_with(&path, &broken).await,
            Err(Error::Open { .. })
        ));
        let repaired = Database::open(&path).await.unwrap();
        let half = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_schema WHERE name = 'half'");
        assert_eq!(half.fetch_one(pools(&repaired).1).await.unwrap(), 0);
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
        sqlx::query(limit).fetch_one(pools(database).0).await.unwrap();
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
            let full = database
                .apply_usage(&[], &watermark, Timestamp::UNIX_EPOCH)
                .await
                .unwrap_err();
            assert_eq!(full.kind(), ErrorKind::Unavailable, "{full:?}");
            limit_pages(&database, 1_000_000).await;
            writes(&database, &format!("round {round}")).await;
        }
        assert_eq!(database.watermark(&watermark.node).await.unwrap(), None);
        database
            .apply_usage(&[], &watermark, Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
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
            let Transaction::Sqlite(tx) = &mut change.tx else {
                unreachable!("the embedded engine")
            };
            sqlx::raw_sql(sql).execute(&mut **tx).await.unwrap();
            assert!(matches!(
                change.commit().await,
                Err(Error::Engine { what: "do it", .. })
            ));
            writes(&database, &format!("round {round}")).await;
        }
        let keys = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM api_keys");
        assert_eq!(keys.fetch_one(pools(&database).1).await.unwrap(), 0);
    }

    /// The promises of durability hang on these settings.
    #[tokio::test]
    async fn every_connection_has_the_settings_that_durability_needs() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("driftline.sqlite")).await.unwrap();
        for pool in [pools(&database).0, pools(&database).1] {
            let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
            let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(pool).await.unwrap();
            assert_eq!((mode.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
        }
        let refused = sqlx::query("DELETE FROM organisations")
            .execute(pools(&database).1)
            .await;
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
                "SELECT id FROM jobs WHERE state = 'queued' AND run_at <= 1 ORDER BY priority, virtual_start, id LIMIT 1",
                "jobs_to_lease",
            ),
        ] {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let plan = sqlx::query(explain).fetch_all(pools(&database).1).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
            let plan = plan.join("; ");
            assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }
}
