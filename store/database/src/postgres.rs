//! A PostgreSQL server, 15 or newer, shared by any number of processes; it works behind a pooler in transaction mode,
//! since nothing hangs on a session.

use std::fmt::{Debug, Formatter};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};

use crate::schema::{Migration, migrate_postgres};
use crate::{Error, Result};

/// How long a caller waits for a connection before it is told that the database is busy.
const ACQUIRE: Duration = Duration::from_secs(15);
/// Connections are made anew after so long, so that a pooler or a new server takes over quietly.
const LIFETIME: Duration = Duration::from_mins(30);

/// Which server, and how many connections to it.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:port/database?sslmode=verify-full`.
    pub url: String,
    /// Connections of this process at most.
    pub connections: u32,
    /// Whether statements are prepared once for a connection. Not behind a pooler in transaction mode that cannot follow
    /// prepared statements.
    pub prepared: bool,
}

impl Debug for PostgresSettings {
    /// Without the address: a password stands in it.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("connections", &self.connections)
            .field("prepared", &self.prepared)
            .finish_non_exhaustive()
    }
}

/// Connects and applies these steps.
pub(crate) async fn connect(settings: &PostgresSettings, steps: &[Migration]) -> Result<PgPool> {
    let options = PgConnectOptions::from_str(&settings.url).map_err(|source| Error::Open {
        place: "that DATABASE_URL names".to_owned(),
        source,
    })?;
    let place = format!(
        "{} on {}:{}",
        options.get_database().unwrap_or_default(),
        options.get_host(),
        options.get_port()
    );
    let open = |source| Error::Open {
        place: place.clone(),
        source,
    };
    let mut options = options.application_name("driftline").disable_statement_logging();
    if !settings.prepared {
        options = options.statement_cache_capacity(0);
    }
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections)
        .acquire_timeout(ACQUIRE)
        .max_lifetime(LIFETIME)
        .connect_with(options)
        .await
        .map_err(open)?;
    migrate_postgres(&pool, &place, steps).await?;
    Ok(pool)
}
