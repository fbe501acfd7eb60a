//! Values to columns and back: ids as UUIDs, times as microseconds since 1970, JSON as text.

use driftline_domain::{Id, IdKind, ValidTime};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sql::{FromColumn, Row};
use crate::{Error, Result};

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
pub(crate) struct Reader<'r>(pub(crate) &'r Row);

impl Reader<'_> {
    pub(crate) fn id<K: IdKind>(&self, column: &'static str) -> Result<Id<K>> {
        let found = self.maybe_id(column)?;
        found.ok_or_else(|| Error::damaged(column, "", "an identifier was expected"))
    }

    pub(crate) fn maybe_id<K: IdKind>(&self, column: &'static str) -> Result<Option<Id<K>>> {
        let found = self.0.uuid(column);
        let found = found.map_err(|error| Error::damaged(column, "", error))?;
        Ok(found.map(Id::from_uuid))
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

    pub(crate) fn get<T: FromColumn>(&self, column: &'static str) -> Result<T> {
        self.0.get(column).map_err(|error| Error::damaged(column, "", error))
    }
}

fn time_of(column: &'static str, found: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(found).map_err(|error| Error::damaged(column, found, error))
}
