//! When this database became what a backup held. Whoever served before may have told others more than it knows.

use jiff::Timestamp;

use crate::columns::{Reader, micros};
use crate::sql;
use crate::{Database, Error, Result};

impl Database {
    /// Notes that the database was restored from a backup.
    pub async fn note_restore(&self, now: Timestamp) -> Result<()> {
        sql::query("INSERT INTO restores (restored_at) VALUES (?) ON CONFLICT DO NOTHING")
            .bind(micros(now))
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(Error::engine("note the restore"))
    }

    /// When it was restored last; `None`: never.
    pub async fn restored_at(&self) -> Result<Option<Timestamp>> {
        let row = sql::query("SELECT max(restored_at) AS restored_at FROM restores")
            .fetch_one(&self.reader)
            .await
            .map_err(Error::engine("look for a restore"))?;
        Reader(&row).maybe_time("restored_at")
    }
}
