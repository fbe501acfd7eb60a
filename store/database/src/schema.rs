//! The schema's numbered steps, embedded in the program, each applied once and in one transaction.

use std::path::Path;

use jiff::Timestamp;
use sqlx::{Connection, SqliteConnection};

use crate::{Error, Result};

pub(crate) struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

impl Migration {
    pub(crate) const fn new(number: i64, name: &'static str, sql: &'static str) -> Self {
        Self { number, name, sql }
    }
}

/// Every step, oldest first; a step that was released is never edited, a change is a new step.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "missions", include_str!("../migrations/0001_missions.sql")),
    Migration::new(2, "usage", include_str!("../migrations/0002_usage.sql")),
    Migration::new(
        3,
        "map credentials",
        include_str!("../migrations/0003_map_credentials.sql"),
    ),
    Migration::new(4, "tombstones", include_str!("../migrations/0004_tombstones.sql")),
    Migration::new(5, "process jobs", include_str!("../migrations/0005_process_jobs.sql")),
];

/// Brings the file to the newest of these steps; refuses one that has seen steps unknown here and leaves it as it is.
pub(crate) async fn migrate(connection: &mut SqliteConnection, path: &Path, steps: &[Migration]) -> Result<()> {
    let open = |source| Error::Open {
        path: path.to_owned(),
        source,
    };
    let known = steps.last().map_or(0, |step| step.number);
    // Two programs that open a new file at once must not both apply a step: the lock is taken before looking.
    let mut change = connection.begin_with("BEGIN IMMEDIATE").await.map_err(open)?;
    let exists: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'")
        .fetch_one(&mut *change)
        .await
        .map_err(open)?;
    if exists == 0 {
        let create = "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, \
                      applied_at INTEGER NOT NULL) STRICT";
        sqlx::raw_sql(create).execute(&mut *change).await.map_err(open)?;
    }
    let found: i64 = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM schema_migrations")
        .fetch_one(&mut *change)
        .await
        .map_err(open)?;
    if found > known {
        return Err(Error::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    for step in steps.iter().filter(|step| step.number > found) {
        sqlx::raw_sql(step.sql).execute(&mut *change).await.map_err(open)?;
        sqlx::query("INSERT INTO schema_migrations (number, name, applied_at) VALUES (?, ?, ?)")
            .bind(step.number)
            .bind(step.name)
            .bind(Timestamp::now().as_microsecond())
            .execute(&mut *change)
            .await
            .map_err(open)?;
        tracing::info!(
            migration = step.number,
            name = step.name,
            "database schema step applied"
        );
    }
    change.commit().await.map_err(open)
}
