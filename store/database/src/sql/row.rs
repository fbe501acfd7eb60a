//! A row of either engine.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type};
use uuid::Uuid;

/// What a statement yields.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that a column of either engine is read as.
pub(crate) trait FromColumn:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> FromColumn for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl Row {
    pub(crate) fn get<T: FromColumn>(&self, column: &str) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// An identifier: 16 bytes in the embedded file, `uuid` on a server.
    pub(crate) fn uuid(&self, column: &str) -> sqlx::Result<Option<Uuid>> {
        match self {
            Self::Sqlite(row) => {
                let bytes: Option<Vec<u8>> = row.try_get(column)?;
                let read = |bytes: Vec<u8>| Uuid::from_slice(&bytes).map_err(|error| sqlx::Error::Decode(error.into()));
                bytes.map(read).transpose()
            }
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// The value of a row that has one.
    pub(super) fn first<T: FromColumn>(&self) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(row) => row.try_get(0),
            Self::Postgres(row) => row.try_get(0),
        }
    }
}
