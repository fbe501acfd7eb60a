//! Values on their way to a statement. A missing value keeps its type: PostgreSQL wants to know what is missing.

use driftline_domain::{Id, IdKind};
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, Encode, Postgres, Sqlite, Type};
use uuid::Uuid;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    Bool(bool),
    /// 16 bytes in the embedded file, `uuid` on a server.
    Id(Option<Uuid>),
}

macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value.into()))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )*};
}

from!(i64 => Int, i32 => Int, u32 => Int, f64 => Real, String => Text, &str => Text, Vec<u8> => Bytes, Uuid => Id);

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        Self::Text(value.clone())
    }
}

impl<K: IdKind> From<Id<K>> for Value {
    fn from(id: Id<K>) -> Self {
        Self::Id(Some(id.uuid()))
    }
}

impl<K: IdKind> From<Option<Id<K>>> for Value {
    fn from(id: Option<Id<K>>) -> Self {
        Self::Id(id.map(|id| id.uuid()))
    }
}

pub(super) fn sqlite_arguments(values: Vec<Value>) -> sqlx::Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Id(id) => add::<Sqlite, _>(&mut arguments, id.map(|id| id.as_bytes().to_vec())),
            Value::Int(value) => add::<Sqlite, _>(&mut arguments, value),
            Value::Real(value) => add::<Sqlite, _>(&mut arguments, value),
            Value::Text(value) => add::<Sqlite, _>(&mut arguments, value),
            Value::Bytes(value) => add::<Sqlite, _>(&mut arguments, value),
            Value::Bool(value) => add::<Sqlite, _>(&mut arguments, value),
        }?;
    }
    Ok(arguments)
}

pub(super) fn postgres_arguments(values: Vec<Value>) -> sqlx::Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Id(id) => add::<Postgres, _>(&mut arguments, id),
            Value::Int(value) => add::<Postgres, _>(&mut arguments, value),
            Value::Real(value) => add::<Postgres, _>(&mut arguments, value),
            Value::Text(value) => add::<Postgres, _>(&mut arguments, value),
            Value::Bytes(value) => add::<Postgres, _>(&mut arguments, value),
            Value::Bool(value) => add::<Postgres, _>(&mut arguments, value),
        }?;
    }
    Ok(arguments)
}

fn add<DB, T>(arguments: &mut DB::Arguments, value: T) -> sqlx::Result<()>
where
    DB: sqlx::Database,
    T: for<'t> Encode<'t, DB> + Type<DB>,
{
    arguments.add(value).map_err(sqlx::Error::Encode)
}
