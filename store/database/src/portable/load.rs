//! Writing a whole database in one transaction, into one that holds nothing. References between rows are checked when all
//! rows are there; counters go on where they were; triggers do not act, since their effects are among the rows.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Connection, SqliteConnection};

use super::contents::Tally;
use super::schema::{Column, Table, quoted, tables};
use super::snapshot::{BATCH_ROWS, Sink, counters, ledger, pour};
use super::{Cell, Contents, LedgerSum};
use crate::open::Change;
use crate::schema::{SQLITE, migrate_sqlite};
use crate::sql::{self, Dialect, QueryBuilder, Value};
use crate::{Database, Error, Result};

/// Values in one statement; SQLite takes 32,766, PostgreSQL 65,535.
const MOST_VALUES: usize = 30_000;

/// A transaction that fills an empty database.
pub(crate) struct Loading {
    change: Change,
    tables: BTreeMap<String, Table>,
    /// What has to be said again when the rows are there.
    afterwards: Vec<String>,
    taken: Tally,
}

impl Loading {
    /// Refuses a database that holds anything.
    pub(crate) async fn begin(target: &Database) -> Result<Self> {
        let mut change = target.change("fill the database").await?;
        change.lock("fill the database").await?;
        let found = tables(&mut change.tx).await?;
        refuse_unless_empty(&mut change, &found).await?;
        let afterwards = match change.tx.dialect() {
            Dialect::Sqlite => still_triggers_of_file(&mut change).await?,
            Dialect::Postgres => still_constraints_of_server(&mut change, &found).await?,
        };
        for table in &found {
            let text = format!("DELETE FROM {}", quoted(&table.name));
            run(&mut change, text).await?;
        }
        Ok(Self {
            change,
            tables: found.into_iter().map(|table| (table.name.clone(), table)).collect(),
            afterwards,
            taken: Tally::default(),
        })
    }

    /// Commits when what is there is what was taken.
    pub(crate) async fn finish(
        mut self,
        sequences: &BTreeMap<String, i64>,
        expected: BTreeMap<String, LedgerSum>,
    ) -> Result<Contents> {
        self.set_counters(sequences).await?;
        for text in std::mem::take(&mut self.afterwards) {
            run(&mut self.change, text).await?;
        }
        let mut found = Tally::default();
        pour(&mut self.change.tx, &mut found).await?;
        let found = found.into_contents(ledger(&mut self.change.tx).await?);
        let taken = self.taken.into_contents(expected);
        if let Some(difference) = taken.difference(&found) {
            return Err(Error::Transfer(format!(
                "what arrived is not what was sent: {difference}"
            )));
        }
        self.change.commit().await?;
        Ok(found)
    }

    async fn set_counters(&mut self, sequences: &BTreeMap<String, i64>) -> Result<()> {
        let what = "set its counters";
        let tx = &mut self.change.tx;
        if tx.dialect() == Dialect::Sqlite {
            for (table, given) in sequences {
                let set = sql::query("UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1");
                let set = set.bind(table).bind(*given).execute(&mut *tx).await;
                if set.map_err(Error::engine(what))?.rows_affected() == 0 && self.tables.contains_key(table) {
                    let put = sql::query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)");
                    let put = put.bind(table).bind(*given).execute(&mut *tx).await;
                    put.map_err(Error::engine(what))?;
                }
            }
            return Ok(());
        }
        for (table, column, counter) in counters(tx).await? {
            let given = sequences.get(&table).copied().unwrap_or(0);
            let (column, table) = (quoted(&column), quoted(&table));
            let text = format!(
                "SELECT setval(?1, highest) FROM (SELECT greatest(coalesce(max({column}), 0)::bigint, ?2) AS highest \
                 FROM {table}) AS h WHERE highest > 0"
            );
            let set = sql::query(text)
                .bind(counter)
                .bind(given)
                .fetch_optional(&mut *tx)
                .await;
            set.map_err(Error::engine(what))?;
        }
        Ok(())
    }

    async fn insert(&mut self, table: &Table, rows: &[Vec<Cell>]) -> Result<()> {
        let Some(own) = self.tables.get(&table.name) else {
            return Err(Error::Transfer(format!("there is no table {} to fill", table.name)));
        };
        let mut columns: Vec<&Column> = Vec::with_capacity(table.columns.len());
        for theirs in &table.columns {
            let found = own.columns.iter().find(|column| column.name == theirs.name);
            columns.push(
                found.ok_or_else(|| {
                    Error::Transfer(format!("the table {} has no column {}", table.name, theirs.name))
                })?,
            );
        }
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        let overriding = match self.change.tx.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => "OVERRIDING SYSTEM VALUE ",
        };
        let at_once = (MOST_VALUES / columns.len().max(1)).clamp(1, BATCH_ROWS);
        for part in rows.chunks(at_once) {
            let mut query = QueryBuilder::new(format!(
                "INSERT INTO {} ({}) {overriding}VALUES ",
                quoted(&table.name),
                names.join(", ")
            ));
            for (i, row) in part.iter().enumerate() {
                let mut separator = if i == 0 { "(" } else { ", (" };
                for (cell, column) in row.iter().zip(&columns) {
                    let (before, behind) = column.around();
                    query
                        .push(separator)
                        .push(before)
                        .push_bind(value(cell, column))
                        .push(behind);
                    separator = ", ";
                }
                query.push(")");
            }
            let done = query.build().execute(&mut self.change.tx).await;
            done.map_err(Error::engine("fill a table"))?;
        }
        Ok(())
    }
}

impl Sink for Loading {
    fn begin(&mut self, table: &Table) -> Result<()> {
        self.taken.begin(table);
        Ok(())
    }

    async fn take(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        self.taken.add(table, &rows);
        self.insert(table, &rows).await
    }
}

/// A value with the type of its column, where it is missing too.
fn value(cell: &Cell, column: &Column) -> Value {
    use super::Kind;
    match cell {
        Cell::Int(value) => Value::Int(Some(*value)),
        Cell::Real(value) => Value::Real(Some(*value)),
        Cell::Text(value) => Value::Text(Some(value.clone())),
        Cell::Bytes(value) => Value::Bytes(Some(value.clone())),
        Cell::Null => match column.kind {
            Kind::Int => Value::Int(None),
            Kind::Real => Value::Real(None),
            Kind::Text => Value::Text(None),
            Kind::Bytes => Value::Bytes(None),
        },
    }
}

async fn run(change: &mut Change, text: String) -> Result<()> {
    let done = sql::query(text).execute(&mut change.tx).await;
    done.map(drop).map_err(Error::engine("fill the database"))
}

/// Rows that every new database has, such as plans, are none of its own: they are counted in one that was just made.
async fn refuse_unless_empty(change: &mut Change, found: &[Table]) -> Result<()> {
    let new = rows_of_a_new_database().await?;
    let mut filled = BTreeSet::new();
    for table in found {
        let count = sql::query_scalar(format!("SELECT count(*) FROM {}", quoted(&table.name)));
        let count: i64 = count
            .fetch_one(&mut change.tx)
            .await
            .map_err(Error::engine("see whether it is empty"))?;
        if count > new.get(&table.name).copied().unwrap_or(0) {
            filled.insert(format!("{} ({count})", table.name));
        }
    }
    if filled.is_empty() {
        return Ok(());
    }
    let filled: Vec<String> = filled.into_iter().collect();
    Err(Error::NotEmpty(filled.join(", ")))
}

async fn rows_of_a_new_database() -> Result<BTreeMap<String, i64>> {
    let place = || std::path::PathBuf::from("in memory");
    let open = |source| Error::Open {
        place: "in memory".to_owned(),
        source,
    };
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.map_err(open)?;
    migrate_sqlite(&mut connection, &place(), SQLITE).await?;
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let names: Vec<String> = sqlx::query_scalar(names)
        .fetch_all(&mut connection)
        .await
        .map_err(open)?;
    let mut rows = BTreeMap::new();
    for name in names {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {}", quoted(&name)));
        let count: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut connection)
            .await
            .map_err(open)?;
        rows.insert(name, count);
    }
    Ok(rows)
}

/// Takes triggers away and returns the statements that make them again.
async fn still_triggers_of_file(change: &mut Change) -> Result<Vec<String>> {
    let what = "list its triggers";
    // Until the commit, rows may refer to rows that are still to come.
    run(change, "PRAGMA defer_foreign_keys = ON".to_owned()).await?;
    let rows = sql::query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .fetch_all(&mut change.tx)
        .await
        .map_err(Error::engine(what))?;
    let mut again = Vec::new();
    for row in rows {
        let name: String = row.get("name").map_err(Error::engine(what))?;
        again.push(row.get("sql").map_err(Error::engine(what))?);
        run(change, format!("DROP TRIGGER {}", quoted(&name))).await?;
    }
    Ok(again)
}

/// Puts references off to the end and stills triggers; returns the statements that undo both.
async fn still_constraints_of_server(change: &mut Change, tables: &[Table]) -> Result<Vec<String>> {
    let what = "list its references";
    let rows = sql::query(
        "SELECT c.relname::text AS t, k.conname::text AS k FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
         WHERE k.contype = 'f' AND NOT k.condeferrable AND c.relnamespace = current_schema()::regnamespace \
         AND NOT c.relispartition",
    )
    .fetch_all(&mut change.tx)
    .await
    .map_err(Error::engine(what))?;
    let mut undo = vec!["SET CONSTRAINTS ALL IMMEDIATE".to_owned()];
    for row in rows {
        let table: String = row.get("t").map_err(Error::engine(what))?;
        let name: String = row.get("k").map_err(Error::engine(what))?;
        let alter = format!("ALTER TABLE {} ALTER CONSTRAINT {}", quoted(&table), quoted(&name));
        run(change, format!("{alter} DEFERRABLE INITIALLY DEFERRED")).await?;
        undo.push(format!("{alter} NOT DEFERRABLE"));
    }
    for table in tables {
        let alter = format!("ALTER TABLE {}", quoted(&table.name));
        run(change, format!("{alter} DISABLE TRIGGER USER")).await?;
        undo.push(format!("{alter} ENABLE TRIGGER USER"));
    }
    Ok(undo)
}
