//! Statements for both engines, written once: SQL that SQLite and PostgreSQL read alike, with `?` (in turn) or `?1` (by
//! number) where a value stands, and [`Dialect`] for the little that they say differently. The shape is sqlx's own.

mod builder;
mod dialect;
mod row;
mod sums;
mod value;

use std::borrow::Cow;

use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Either, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};

pub(crate) use builder::QueryBuilder;
pub(crate) use dialect::Dialect;
pub(crate) use row::{FromColumn, Row};
pub(crate) use sums::whole_sum;
pub(crate) use value::Value;

/// Connections to one engine.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    /// The embedded file.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(PgPool),
}

/// A transaction under way; dropped it is rolled back.
pub(crate) enum Transaction {
    /// In the embedded file.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// On a server.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    pub(crate) async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }

    pub(crate) async fn rollback(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Postgres(tx) => tx.rollback().await,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// Where a statement runs.
pub(crate) enum On<'a> {
    SqlitePool(&'a SqlitePool),
    Sqlite(&'a mut SqliteConnection),
    PostgresPool(&'a PgPool),
    Postgres(&'a mut PgConnection),
}

impl<'a> From<&'a Pool> for On<'a> {
    fn from(pool: &'a Pool) -> Self {
        match pool {
            Pool::Sqlite(pool) => On::SqlitePool(pool),
            Pool::Postgres(pool) => On::PostgresPool(pool),
        }
    }
}

impl<'a> From<&'a mut Transaction> for On<'a> {
    fn from(tx: &'a mut Transaction) -> Self {
        match tx {
            Transaction::Sqlite(tx) => On::Sqlite(tx),
            Transaction::Postgres(tx) => On::Postgres(tx),
        }
    }
}

/// What a statement changed.
pub(crate) struct Done(u64);

impl Done {
    pub(crate) fn rows_affected(&self) -> u64 {
        self.0
    }
}

/// A statement and its values.
#[must_use]
pub(crate) struct Query {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// A statement that yields one value a row.
#[must_use]
pub(crate) struct Scalar(Query);

pub(crate) fn query(text: impl Into<Cow<'static, str>>) -> Query {
    Query {
        text: text.into(),
        values: Vec::new(),
    }
}

pub(crate) fn query_scalar(text: impl Into<Cow<'static, str>>) -> Scalar {
    Scalar(query(text))
}

impl Query {
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    fn for_sqlite(self) -> sqlx::Result<(AssertSqlSafe<Cow<'static, str>>, SqliteArguments)> {
        Ok((AssertSqlSafe(self.text), value::sqlite_arguments(self.values)?))
    }

    fn for_postgres(self) -> sqlx::Result<(AssertSqlSafe<Cow<'static, str>>, PgArguments)> {
        let text = dialect::numbered(&self.text);
        Ok((AssertSqlSafe(text.into()), value::postgres_arguments(self.values)?))
    }

    pub(crate) async fn execute(self, on: impl Into<On<'_>>) -> sqlx::Result<Done> {
        let done = match Either::from(on.into()) {
            Either::Left(on) => {
                let (text, values) = self.for_sqlite()?;
                let query = sqlx::query_with::<Sqlite, _>(text, values);
                match on {
                    Either::Left(pool) => query.execute(pool).await,
                    Either::Right(connection) => query.execute(connection).await,
                }?
                .rows_affected()
            }
            Either::Right(on) => {
                let (text, values) = self.for_postgres()?;
                let query = sqlx::query_with::<Postgres, _>(text, values);
                match on {
                    Either::Left(pool) => query.execute(pool).await,
                    Either::Right(connection) => query.execute(connection).await,
                }?
                .rows_affected()
            }
        };
        Ok(Done(done))
    }

    pub(crate) async fn fetch_all(self, on: impl Into<On<'_>>) -> sqlx::Result<Vec<Row>> {
        match Either::from(on.into()) {
            Either::Left(on) => {
                let (text, values) = self.for_sqlite()?;
                let query = sqlx::query_with::<Sqlite, _>(text, values);
                let rows = match on {
                    Either::Left(pool) => query.fetch_all(pool).await,
                    Either::Right(connection) => query.fetch_all(connection).await,
                }?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Either::Right(on) => {
                let (text, values) = self.for_postgres()?;
                let query = sqlx::query_with::<Postgres, _>(text, values);
                let rows = match on {
                    Either::Left(pool) => query.fetch_all(pool).await,
                    Either::Right(connection) => query.fetch_all(connection).await,
                }?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    pub(crate) async fn fetch_optional(self, on: impl Into<On<'_>>) -> sqlx::Result<Option<Row>> {
        match Either::from(on.into()) {
            Either::Left(on) => {
                let (text, values) = self.for_sqlite()?;
                let query = sqlx::query_with::<Sqlite, _>(text, values);
                let row = match on {
                    Either::Left(pool) => query.fetch_optional(pool).await,
                    Either::Right(connection) => query.fetch_optional(connection).await,
                }?;
                Ok(row.map(Row::Sqlite))
            }
            Either::Right(on) => {
                let (text, values) = self.for_postgres()?;
                let query = sqlx::query_with::<Postgres, _>(text, values);
                let row = match on {
                    Either::Left(pool) => query.fetch_optional(pool).await,
                    Either::Right(connection) => query.fetch_optional(connection).await,
                }?;
                Ok(row.map(Row::Postgres))
            }
        }
    }

    pub(crate) async fn fetch_one(self, on: impl Into<On<'_>>) -> sqlx::Result<Row> {
        self.fetch_optional(on).await?.ok_or(sqlx::Error::RowNotFound)
    }
}

impl Scalar {
    pub(crate) fn bind(self, value: impl Into<Value>) -> Self {
        Self(self.0.bind(value))
    }

    pub(crate) async fn fetch_one<T: FromColumn>(self, on: impl Into<On<'_>>) -> sqlx::Result<T> {
        self.0.fetch_one(on).await?.first()
    }

    pub(crate) async fn fetch_optional<T: FromColumn>(self, on: impl Into<On<'_>>) -> sqlx::Result<Option<T>> {
        let row = self.0.fetch_optional(on).await?;
        row.as_ref().map(Row::first).transpose()
    }

    pub(crate) async fn fetch_all<T: FromColumn>(self, on: impl Into<On<'_>>) -> sqlx::Result<Vec<T>> {
        let rows = self.0.fetch_all(on).await?;
        rows.iter().map(Row::first).collect()
    }
}

/// Engines left and right, and of each the pool left and the connection right.
type Split<'a> = Either<Either<&'a SqlitePool, &'a mut SqliteConnection>, Either<&'a PgPool, &'a mut PgConnection>>;

impl<'a> From<On<'a>> for Split<'a> {
    fn from(on: On<'a>) -> Self {
        match on {
            On::SqlitePool(pool) => Either::Left(Either::Left(pool)),
            On::Sqlite(connection) => Either::Left(Either::Right(connection)),
            On::PostgresPool(pool) => Either::Right(Either::Left(pool)),
            On::Postgres(connection) => Either::Right(Either::Right(connection)),
        }
    }
}
