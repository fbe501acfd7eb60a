//! One state of a database, read from beginning to end while others write.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row as _};

use super::schema::{Table, quoted, tables};
use super::{Cell, Kind, LedgerSum};
use crate::sql::{self, Dialect, Pool, Row, Transaction};
use crate::{Database, Error, Result};

/// Rows handed on at once, at most.
pub(crate) const BATCH_ROWS: usize = 500;
/// Bytes of text and bytes handed on at once, about.
const BATCH_BYTES: usize = 4 << 20;

/// Where rows go.
pub(crate) trait Sink {
    /// A table begins.
    fn begin(&mut self, table: &Table) -> Result<()>;
    /// Some of its rows.
    async fn take(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()>;
}

/// A transaction that only reads, and sees one moment.
pub(crate) struct Snapshot {
    tx: Transaction,
}

impl Snapshot {
    pub(crate) async fn begin(database: &Database) -> Result<Self> {
        let what = "take a snapshot";
        let begun = async {
            match &database.reader {
                // Its first statement fixes what it sees.
                Pool::Sqlite(pool) => pool.begin().await.map(Transaction::Sqlite),
                Pool::Postgres(pool) => {
                    let mut tx = pool.begin().await?;
                    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                        .execute(&mut *tx)
                        .await?;
                    Ok(Transaction::Postgres(tx))
                }
            }
        };
        let tx = begun.await.map_err(Error::engine(what))?;
        Ok(Self { tx })
    }

    /// Every row of every table.
    pub(crate) async fn pour<S: Sink>(&mut self, sink: &mut S) -> Result<()> {
        pour(&mut self.tx, sink).await
    }

    pub(crate) async fn ledger(&mut self) -> Result<BTreeMap<String, LedgerSum>> {
        ledger(&mut self.tx).await
    }

    /// The highest number that each counting table has ever given.
    pub(crate) async fn sequences(&mut self) -> Result<BTreeMap<String, i64>> {
        let what = "read its counters";
        let mut given = BTreeMap::new();
        if self.tx.dialect() == Dialect::Sqlite {
            let rows = sql::query("SELECT name, seq FROM sqlite_sequence")
                .fetch_all(&mut self.tx)
                .await;
            for row in rows.map_err(Error::engine(what))? {
                let name: String = row.get("name").map_err(Error::engine(what))?;
                given.insert(name, row.get("seq").map_err(Error::engine(what))?);
            }
            return Ok(given);
        }
        for (table, _, counter) in counters(&mut self.tx).await? {
            let last = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {counter}");
            let last = sql::query_scalar(last).fetch_one::<i64>(&mut self.tx).await;
            given.insert(table, last.map_err(Error::engine(what))?);
        }
        Ok(given)
    }

    pub(crate) async fn schema_version(&mut self) -> Result<i64> {
        let version = sql::query_scalar("SELECT coalesce(max(number), 0) FROM schema_migrations");
        version
            .fetch_one(&mut self.tx)
            .await
            .map_err(Error::engine("read its schema's version"))
    }

    pub(crate) async fn end(self) -> Result<()> {
        self.tx.rollback().await.map_err(Error::engine("end the snapshot"))
    }
}

/// Columns of a server that count by themselves: table, column, the counter's name in statements.
pub(crate) async fn counters(tx: &mut Transaction) -> Result<Vec<(String, String, String)>> {
    let what = "list its counters";
    let rows = sql::query(
        "SELECT c.relname::text AS t, a.attname::text AS c, \
         pg_get_serial_sequence(quote_ident(c.relname), a.attname)::text AS s \
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 \
         AND NOT a.attisdropped AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL",
    );
    let rows = rows.fetch_all(tx).await.map_err(Error::engine(what))?;
    let read = |row: &Row| Ok((row.get("t")?, row.get("c")?, row.get("s")?));
    rows.iter()
        .map(read)
        .collect::<sqlx::Result<_>>()
        .map_err(Error::engine(what))
}

pub(crate) async fn pour<S: Sink>(tx: &mut Transaction, sink: &mut S) -> Result<()> {
    for table in tables(tx).await? {
        sink.begin(&table)?;
        pour_table(tx, &table, sink).await?;
    }
    Ok(())
}

async fn pour_table<S: Sink>(tx: &mut Transaction, table: &Table, sink: &mut S) -> Result<()> {
    let dialect = tx.dialect();
    let columns: Vec<String> = table.columns.iter().map(|column| column.read(dialect)).collect();
    let text = AssertSqlSafe(format!("SELECT {} FROM {}", columns.join(", "), quoted(&table.name)));
    let what = "read a table";
    let mut batch = Batch::default();
    macro_rules! stream {
        ($tx:expr) => {{
            let mut rows = sqlx::query(text).fetch(&mut **$tx);
            while let Some(row) = rows.try_next().await.map_err(Error::engine(what))? {
                let mut cells = Vec::with_capacity(table.columns.len());
                for (i, column) in table.columns.iter().enumerate() {
                    cells.push(
                        match column.kind {
                            Kind::Int => row.try_get::<Option<i64>, _>(i).map(|v| v.map(Cell::Int)),
                            Kind::Real => row.try_get::<Option<f64>, _>(i).map(|v| v.map(Cell::Real)),
                            Kind::Text => row.try_get::<Option<String>, _>(i).map(|v| v.map(Cell::Text)),
                            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(i).map(|v| v.map(Cell::Bytes)),
                        }
                        .map_err(Error::engine(what))?
                        .unwrap_or(Cell::Null),
                    );
                }
                if batch.add(cells) {
                    sink.take(table, batch.empty()).await?;
                }
            }
        }};
    }
    match tx {
        Transaction::Sqlite(tx) => stream!(tx),
        Transaction::Postgres(tx) => stream!(tx),
    }
    let rest = batch.empty();
    if rest.is_empty() {
        return Ok(());
    }
    sink.take(table, rest).await
}

/// Rows on their way.
#[derive(Default)]
pub(crate) struct Batch {
    rows: Vec<Vec<Cell>>,
    bytes: usize,
}

impl Batch {
    /// Adds a row; true when it is time to hand on.
    pub(crate) fn add(&mut self, row: Vec<Cell>) -> bool {
        self.bytes += row
            .iter()
            .map(|cell| match cell {
                Cell::Text(text) => text.len(),
                Cell::Bytes(bytes) => bytes.len(),
                _ => 8,
            })
            .sum::<usize>();
        self.rows.push(row);
        self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    pub(crate) fn empty(&mut self) -> Vec<Vec<Cell>> {
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }
}

/// The ledger's sums, meter by meter, from single records and from hours.
pub(crate) async fn ledger(tx: &mut Transaction) -> Result<BTreeMap<String, LedgerSum>> {
    let what = "add up the ledger";
    let schema = sql::query_scalar("SELECT max(number) FROM schema_migrations");
    let schema: i64 = schema.fetch_one(&mut *tx).await.map_err(Error::engine(what))?;
    // Before late usage there were hours only.
    let hours = if schema < 9 { "usage_hours" } else { "usage_all" };
    let rows = sql::query(format!(
        "SELECT meter, CAST(sum(records) AS BIGINT) AS records, CAST(sum(units) AS BIGINT) AS units, \
         CAST(sum(hourly) AS BIGINT) AS hourly FROM ( \
           SELECT meter, count(*) AS records, {units} AS units, 0 AS hourly FROM usage_records GROUP BY meter \
           UNION ALL SELECT meter, 0, 0, {units} FROM {hours} GROUP BY meter) AS both_sides GROUP BY meter",
        units = sql::whole_sum("units"),
    ));
    let rows = rows.fetch_all(tx).await.map_err(Error::engine(what))?;
    let read = |row: &Row| {
        let sum = LedgerSum {
            records: row.get("records")?,
            units: row.get("units")?,
            hourly_units: row.get("hourly")?,
        };
        Ok((row.get("meter")?, sum))
    };
    rows.iter()
        .map(read)
        .collect::<sqlx::Result<_>>()
        .map_err(Error::engine(what))
}
