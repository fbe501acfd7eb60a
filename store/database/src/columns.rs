//! Values to columns and back: ids as 16 bytes, times as microseconds since 1970, JSON as text.

use driftline_domain::{Id, IdKind, ValidTime};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::{Error, Result};

pub(crate) fn id_bytes<K: IdKind>(id: Id<K>) -> Vec<u8> {
    id.uuid().as_bytes().to_vec()
}

pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

pub(crate) fn micros_of(time: Option<ValidTime>) -> Option<i64> {
    time.map(|time| micros(time.0))
}

pub(crate) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::invalid(what, "", error))
}

/// Reads typed values out of one row; every failure names its column.
pub(crate) struct Reader<'r>(pub(crate) &'r SqliteRow);

impl Reader<'_> {
    pub(crate) fn id<K: IdKind>(&self, column: &'static str) -> Result<Id<K>> {
        let bytes: Vec<u8> = self.get(column)?;
        id_of(column, &bytes)
    }

    pub(crate) fn maybe_id<K: IdKind>(&self, column: &'static str) -> Result<Option<Id<K>>> {
        let bytes: Option<Vec<u8>> = self.get(column)?;
        bytes.map(|bytes| id_of(column, &bytes)).transpose()
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp> {
        time_of(column, self.get(column)?)
    }

    pub(crate) fn maybe_time(&self, column: &'static str) -> Result<Option<Timestamp>> {
        let found: Option<i64> = self.get(column)?;
        found.map(|found| time_of(column, found)).transpose()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|error| Error::damaged(column, &text, error))
    }

    pub(crate) fn bbox(&self, columns: [&'static str; 4]) -> Result<[f64; 4]> {
        let [west, south, east, north] = columns;
        Ok([self.get(west)?, self.get(south)?, self.get(east)?, self.get(north)?])
    }

    pub(crate) fn get<'s, T>(&'s self, column: &'static str) -> Result<T>
    where
        T: sqlx::Decode<'s, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.0
            .try_get(column)
            .map_err(|error| Error::damaged(column, "", error))
    }
}

fn id_of<K: IdKind>(column: &'static str, bytes: &[u8]) -> Result<Id<K>> {
    let uuid = Uuid::from_slice(bytes).map_err(|error| Error::damaged(column, format!("{bytes:?}"), error))?;
    Ok(Id::from_uuid(uuid))
}

fn time_of(column: &'static str, found: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(found).map_err(|error| Error::damaged(column, found, error))
}
