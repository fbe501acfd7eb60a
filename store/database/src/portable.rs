//! Everything in the database as rows that belong to no engine: for backups, for moving between the embedded file and a
//! server, and for telling whether two databases hold the same.
//!
//! Tables and columns are read from the engine's own catalogue, so that a new table takes part without a line here. What is
//! read is one consistent state (a snapshot); what is written is one transaction, into a database that holds nothing yet.
//! A table's fingerprint is the sum of the SHA-256 of its rows: it hangs neither on the order of rows nor on the engine.

mod contents;
mod folder;
mod load;
mod schema;
mod snapshot;

pub use contents::{Contents, LedgerSum, TableContents};

use std::path::Path;

use crate::portable::contents::Tally;
use crate::portable::load::Loading;
use crate::portable::snapshot::Snapshot;
use crate::{Database, Error, PostgresSettings, Result};

/// One value of a row, whichever engine it is from. Identifiers are bytes, truth values numbers, JSON text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Int,
    Real,
    Text,
    Bytes,
}

/// Tables that say how the database is and who is at it, not what it holds.
const NOT_CONTENT: [&str; 2] = ["schema_migrations", "nodes"];

impl Database {
    /// What the database holds, table by table, as of one moment.
    pub async fn contents(&self) -> Result<Contents> {
        let mut snapshot = Snapshot::begin(self).await?;
        let mut tally = Tally::default();
        snapshot.pour(&mut tally).await?;
        let ledger = snapshot.ledger().await?;
        snapshot.end().await?;
        Ok(tally.into_contents(ledger))
    }

    /// Copies everything into another database, which must hold nothing: all of it in one transaction, compared before it
    /// is committed. Returns what was copied.
    pub async fn copy_into(&self, target: &Self) -> Result<Contents> {
        let mut snapshot = Snapshot::begin(self).await?;
        let mut loading = Loading::begin(target).await?;
        snapshot.pour(&mut loading).await?;
        let ledger = snapshot.ledger().await?;
        let sequences = snapshot.sequences().await?;
        snapshot.end().await?;
        loading.finish(&sequences, ledger).await
    }

    /// Writes everything into a folder of this portable form, which must not exist: one file of JSON lines for each table,
    /// and `database.json`, which is written last. Returns what was written.
    pub async fn dump(&self, folder: &Path) -> Result<Contents> {
        let mut snapshot = Snapshot::begin(self).await?;
        let mut written = folder::Writing::begin(folder)?;
        snapshot.pour(&mut written).await?;
        let ledger = snapshot.ledger().await?;
        let sequences = snapshot.sequences().await?;
        let schema = snapshot.schema_version().await?;
        snapshot.end().await?;
        written.finish(schema, &sequences, ledger)
    }

    /// Reads such a folder into this database, which must hold nothing and have the folder's schema
    /// ([`Database::open_to_load`]). In one transaction, compared with what the folder says it holds before it is committed.
    pub async fn load(&self, folder: &Path) -> Result<Contents> {
        let written = folder::Written::open(folder)?;
        let mut loading = Loading::begin(self).await?;
        for table in written.tables() {
            written.pour(table, &mut loading).await?;
        }
        let loaded = loading
            .finish(&written.sequences(), written.contents().ledger.clone())
            .await?;
        Ok(loaded)
    }

    /// What such a folder says it holds.
    pub fn contents_of_dump(folder: &Path) -> Result<Contents> {
        Ok(folder::Written::open(folder)?.contents().clone())
    }

    /// A new embedded file with the schema that such a folder has: later steps are applied when it is opened the next time.
    pub async fn open_to_load(path: &Path, folder: &Path) -> Result<Self> {
        let schema = folder::Written::open(folder)?.schema();
        Self::open_with(path, steps_to(crate::schema::SQLITE, schema, folder)?).await
    }

    /// A server with the schema that such a folder has.
    pub async fn connect_to_load(settings: &PostgresSettings, folder: &Path) -> Result<Self> {
        let schema = folder::Written::open(folder)?.schema();
        Self::connect_with(settings, steps_to(crate::schema::POSTGRES, schema, folder)?).await
    }

    /// An embedded file with the schema that it has, to be read by [`Database::contents`]: a newer program changes nothing of it.
    pub async fn open_as_it_is(path: &Path) -> Result<Self> {
        let schema = crate::sqlite::schema_version(path).await?;
        Self::open_with(path, crate::schema::up_to(crate::schema::SQLITE, schema)).await
    }

    /// A copy of an embedded file as of one moment, while others write to it: whole, synced, and a database by itself.
    pub async fn copy_file(from: &Path, into: &Path) -> Result<()> {
        crate::sqlite::copy(from, into).await
    }
}

fn steps_to<'s>(
    steps: &'s [crate::schema::Migration],
    schema: i64,
    folder: &Path,
) -> Result<&'s [crate::schema::Migration]> {
    let known = crate::schema::newest(steps);
    if schema > known {
        return Err(Error::Newer {
            place: folder.display().to_string(),
            found: schema,
            known,
        });
    }
    Ok(crate::schema::up_to(steps, schema))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::schema::SQLITE;

    #[tokio::test]
    async fn what_an_older_program_wrote_is_read_with_its_schema_and_brought_up_to_date_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let old = Database::open_with(&folder.path().join("old.sqlite"), &SQLITE[..3])
            .await
            .unwrap();
        let organisation = old
            .create_organisation("Coastguard", Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        let dump = folder.path().join("dump");
        let written = old.dump(&dump).await.unwrap();
        let new = folder.path().join("new.sqlite");
        let target = Database::open_to_load(&new, &dump).await.unwrap();
        assert_eq!(target.load(&dump).await.unwrap(), written);
        assert_eq!(written.difference(&target.contents().await.unwrap()), None);
        target.close().await;
        let as_it_is = Database::open_as_it_is(&new).await.unwrap();
        assert_eq!(as_it_is.contents().await.unwrap(), written);
        as_it_is.close().await;
        let opened = Database::open(&new).await.unwrap();
        assert_eq!(opened.organisation(organisation.id).await.unwrap(), Some(organisation));
        let head = dump.join("database.json");
        let text = std::fs::read_to_string(&head)
            .unwrap()
            .replace("\"schema\": 3", "\"schema\": 999");
        std::fs::write(&head, text).unwrap();
        let newer = Database::open_to_load(&folder.path().join("x.sqlite"), &dump)
            .await
            .unwrap_err();
        assert!(matches!(newer, Error::Newer { found: 999, .. }), "{newer}");
    }
}
