//! The schema's numbered steps, embedded in the program, each applied once and in one transaction: a folder of SQL for
//! each engine, the same steps in both. Steps expand first and contract later, so that nodes of two versions can share a
//! server during an upgrade: each step names the oldest schema that a program may know to go on beside it.

use std::path::Path;

use jiff::Timestamp;
use sqlx::{Connection, PgPool, SqliteConnection};

use crate::{Error, Result};

pub(crate) struct Migration {
    number: i64,
    name: &'static str,
    /// Programs that know the schema up to this number, or a later one, go on working after this step.
    works_with: i64,
    sql: &'static str,
}

impl Migration {
    pub(crate) const fn new(number: i64, name: &'static str, works_with: i64, sql: &'static str) -> Self {
        Self {
            number,
            name,
            works_with,
            sql,
        }
    }
}

macro_rules! steps {
    ($folder:literal: $($number:literal $name:literal works with $with:literal in $file:literal;)*) => {
        &[$(Migration::new(
            $number,
            $name,
            $with,
            include_str!(concat!("../migrations/", $folder, "/", $file, ".sql")),
        )),*]
    };
}

/// Every step, oldest first; a step that was released is never edited, a change is a new step.
macro_rules! all_steps {
    ($folder:literal) => {
        steps! { $folder:
            1 "missions" works with 1 in "0001_missions";
            2 "usage" works with 2 in "0002_usage";
            3 "map credentials" works with 3 in "0003_map_credentials";
            4 "tombstones" works with 4 in "0004_tombstones";
            5 "process jobs" works with 5 in "0005_process_jobs";
            6 "accounts" works with 5 in "0006_accounts";
            7 "queue" works with 7 in "0007_queue";
            8 "billing" works with 7 in "0008_billing";
            9 "limits" works with 5 in "0009_limits";
            10 "nodes" works with 7 in "0010_nodes";
            12 "exact billing" works with 7 in "0012_exact_billing";
            13 "deleted organisations" works with 7 in "0013_deleted_organisations";
        }
    };
}

/// Steps of the embedded file.
pub(crate) const SQLITE: &[Migration] = all_steps!("sqlite");
/// Steps of a server.
pub(crate) const POSTGRES: &[Migration] = all_steps!("postgres");

/// The number of the newest of these steps.
pub(crate) fn newest(steps: &[Migration]) -> i64 {
    steps.last().map_or(0, |step| step.number)
}

/// The steps up to this number.
pub(crate) fn up_to(steps: &[Migration], number: i64) -> &[Migration] {
    &steps[..steps.partition_point(|step| step.number <= number)]
}

/// Any number that all programs use: who holds it migrates (`pg_advisory_xact_lock`).
const MIGRATION_LOCK: i64 = 0x6472_6966_746c_696e;

/// Brings the file to the newest of these steps; refuses one that has seen steps this program cannot work beside, and
/// leaves it as it is.
pub(crate) async fn migrate_sqlite(connection: &mut SqliteConnection, path: &Path, steps: &[Migration]) -> Result<()> {
    let place = path.display().to_string();
    // Two programs that open a new file at once must not both apply a step: the lock is taken before looking.
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    let mut change = begun.map_err(opening(&place))?;
    let exists = "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'";
    let exists: i64 = sqlx::query_scalar(exists)
        .fetch_one(&mut *change)
        .await
        .map_err(opening(&place))?;
    if exists == 0 {
        let create = "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, \
                      applied_at INTEGER NOT NULL) STRICT";
        sqlx::raw_sql(create)
            .execute(&mut *change)
            .await
            .map_err(opening(&place))?;
    }
    let columns = "SELECT count(*) FROM pragma_table_info('schema_migrations') WHERE name = 'works_with'";
    let has_column: i64 = sqlx::query_scalar(columns)
        .fetch_one(&mut *change)
        .await
        .map_err(opening(&place))?;
    if has_column == 0 {
        let add = "ALTER TABLE schema_migrations ADD COLUMN works_with INTEGER NOT NULL DEFAULT 0";
        sqlx::raw_sql(add)
            .execute(&mut *change)
            .await
            .map_err(opening(&place))?;
    }
    let (found, works_with): (i64, i64) = sqlx::query_as(APPLIED)
        .fetch_one(&mut *change)
        .await
        .map_err(opening(&place))?;
    for step in pending(steps, found, works_with, &place)? {
        sqlx::raw_sql(step.sql)
            .execute(&mut *change)
            .await
            .map_err(opening(&place))?;
        sqlx::query("INSERT INTO schema_migrations (number, name, works_with, applied_at) VALUES (?, ?, ?, ?)")
            .bind(step.number)
            .bind(step.name)
            .bind(step.works_with)
            .bind(Timestamp::now().as_microsecond())
            .execute(&mut *change)
            .await
            .map_err(opening(&place))?;
        tell(step);
    }
    change.commit().await.map_err(opening(&place))
}

/// The same on a server, of whose programs one migrates while the others wait.
pub(crate) async fn migrate_postgres(pool: &PgPool, place: &str, steps: &[Migration]) -> Result<()> {
    let mut change = pool.begin().await.map_err(opening(place))?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *change)
        .await
        .map_err(opening(place))?;
    let create = "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, \
                  works_with BIGINT NOT NULL, applied_at BIGINT NOT NULL)";
    sqlx::raw_sql(create)
        .execute(&mut *change)
        .await
        .map_err(opening(place))?;
    let (found, works_with): (i64, i64) = sqlx::query_as(APPLIED)
        .fetch_one(&mut *change)
        .await
        .map_err(opening(place))?;
    for step in pending(steps, found, works_with, place)? {
        sqlx::raw_sql(step.sql)
            .execute(&mut *change)
            .await
            .map_err(opening(place))?;
        sqlx::query("INSERT INTO schema_migrations (number, name, works_with, applied_at) VALUES ($1, $2, $3, $4)")
            .bind(step.number)
            .bind(step.name)
            .bind(step.works_with)
            .bind(Timestamp::now().as_microsecond())
            .execute(&mut *change)
            .await
            .map_err(opening(place))?;
        tell(step);
    }
    change.commit().await.map_err(opening(place))
}

/// The newest step that was applied, and the oldest schema that a program has to know because of them; steps of before
/// this was noted say 0 and need a program that knows them.
const APPLIED: &str = "SELECT coalesce(max(number), 0), \
     coalesce(max(CASE WHEN works_with = 0 THEN number ELSE works_with END), 0) FROM schema_migrations";

/// The steps that are still to be applied, where this program may go on at all.
fn pending<'s>(
    steps: &'s [Migration],
    found: i64,
    works_with: i64,
    place: &str,
) -> Result<impl Iterator<Item = &'s Migration> + use<'s>> {
    let known = newest(steps);
    if works_with > known {
        return Err(Error::Newer {
            place: place.to_owned(),
            found,
            known,
        });
    }
    Ok(steps.iter().filter(move |step| step.number > found))
}

fn opening(place: &str) -> impl FnOnce(sqlx::Error) -> Error + use<'_> {
    move |source| Error::Open {
        place: place.to_owned(),
        source,
    }
}

fn tell(step: &Migration) {
    tracing::info!(
        migration = step.number,
        name = step.name,
        "database schema step applied"
    );
}
