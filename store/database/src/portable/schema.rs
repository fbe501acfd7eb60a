//! Tables and columns as the engine's own catalogue has them.

use std::collections::BTreeMap;

use super::{Kind, NOT_CONTENT};
use crate::sql::{self, Dialect, Row, Transaction};
use crate::{Error, Result};

/// A table that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

/// A column of it; generated ones are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) form: Form,
}

/// How the engine keeps the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Plain,
    /// PostgreSQL's `boolean`.
    Truth,
    /// PostgreSQL's `uuid`.
    Uuid,
    /// PostgreSQL's `json`.
    Json,
    /// PostgreSQL's `jsonb`.
    Jsonb,
}

impl Column {
    /// The column as an expression that yields its kind.
    pub(crate) fn read(&self, dialect: Dialect) -> String {
        let name = quoted(&self.name);
        if dialect == Dialect::Sqlite {
            return name;
        }
        match (self.form, self.kind) {
            (Form::Truth, _) => format!("{name}::int::bigint"),
            (Form::Uuid, _) => format!("uuid_send({name})"),
            (_, Kind::Int) => format!("{name}::bigint"),
            (_, Kind::Real) => format!("{name}::double precision"),
            (_, Kind::Text) => format!("{name}::text"),
            (_, Kind::Bytes) => name,
        }
    }

    /// What stands around a value on its way into the column.
    pub(crate) fn around(&self) -> (&'static str, &'static str) {
        match self.form {
            Form::Plain => ("", ""),
            Form::Truth => ("(", " <> 0)"),
            Form::Uuid => ("encode(", ", 'hex')::uuid"),
            Form::Json => ("", "::json"),
            Form::Jsonb => ("", "::jsonb"),
        }
    }
}

/// A name in a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

const SQLITE_COLUMNS: &str = "SELECT t.name AS table_name, c.name AS column_name, lower(c.type) AS kind \
     FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND c.hidden = 0 ORDER BY t.name, c.cid";

const POSTGRES_COLUMNS: &str = "SELECT c.relname::text AS table_name, a.attname::text AS column_name, \
     format_type(a.atttypid, NULL)::text AS kind FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
     AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum";

/// Every table that takes part, by name.
pub(crate) async fn tables(tx: &mut Transaction) -> Result<Vec<Table>> {
    let dialect = tx.dialect();
    let text = match dialect {
        Dialect::Sqlite => SQLITE_COLUMNS,
        Dialect::Postgres => POSTGRES_COLUMNS,
    };
    let what = "list its tables";
    let rows = sql::query(text)
        .fetch_all(&mut *tx)
        .await
        .map_err(Error::engine(what))?;
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in &rows {
        let get = |column: &str| Row::get::<String>(row, column).map_err(Error::engine(what));
        let (table, name) = (get("table_name")?, get("column_name")?);
        if NOT_CONTENT.contains(&table.as_str()) {
            continue;
        }
        let column = column(name, &get("kind")?)?;
        tables.entry(table).or_default().push(column);
    }
    let tables = tables.into_iter().map(|(name, columns)| Table { name, columns });
    Ok(tables.collect())
}

fn column(name: String, declared: &str) -> Result<Column> {
    let (kind, form) = match declared {
        "integer" | "int" | "bigint" | "smallint" => (Kind::Int, Form::Plain),
        "boolean" => (Kind::Int, Form::Truth),
        "real" | "double precision" => (Kind::Real, Form::Plain),
        "text" | "character varying" => (Kind::Text, Form::Plain),
        "json" => (Kind::Text, Form::Json),
        "jsonb" => (Kind::Text, Form::Jsonb),
        "blob" | "bytea" => (Kind::Bytes, Form::Plain),
        "uuid" => (Kind::Bytes, Form::Uuid),
        other => {
            return Err(Error::invalid(
                "the type of a column",
                other,
                format!("{name} has a type that the portable form does not know"),
            ));
        }
    };
    Ok(Column { name, kind, form })
}
