//! The portable form in a folder: `<table>.jsonl`, each line one row as a JSON array in the order of the columns, and
//! `database.json`, which says what they are and what they hold. Bytes are hexadecimal text, reals are text that reads back
//! to the same bits. Everything is synced, and readable by its owner only.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::contents::{Contents, LedgerSum, Tally};
use super::schema::{Column, Form, Table};
use super::snapshot::{Batch, Sink};
use super::{Cell, Kind};
use crate::{Error, Result};

const FORMAT: &str = "driftline database 1";
const HEAD: &str = "database.json";

/// `database.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    /// Version of the schema.
    schema: i64,
    tables: BTreeMap<String, Vec<HeadColumn>>,
    /// Highest number that each counting table has given.
    counters: BTreeMap<String, i64>,
    contents: Contents,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadColumn {
    name: String,
    kind: Kind,
}

/// A folder that is being written.
pub(crate) struct Writing {
    folder: PathBuf,
    file: Option<(PathBuf, BufWriter<File>)>,
    tables: BTreeMap<String, Vec<HeadColumn>>,
    tally: Tally,
}

impl Writing {
    pub(crate) fn begin(folder: &Path) -> Result<Self> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(unusable(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            file: None,
            tables: BTreeMap::new(),
            tally: Tally::default(),
        })
    }

    pub(crate) fn finish(
        mut self,
        schema: i64,
        counters: &BTreeMap<String, i64>,
        ledger: BTreeMap<String, LedgerSum>,
    ) -> Result<Contents> {
        self.end_table()?;
        let head = Head {
            format: FORMAT.to_owned(),
            schema,
            tables: self.tables,
            counters: counters.clone(),
            contents: self.tally.into_contents(ledger),
        };
        let path = self.folder.join(HEAD);
        let text = serde_json::to_vec_pretty(&head).map_err(|error| Error::invalid("the head", "", error))?;
        let mut file = private(&path)?;
        file.write_all(&text)
            .and_then(|()| file.sync_all())
            .map_err(unusable(&path))?;
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(unusable(&self.folder))?;
        Ok(head.contents)
    }

    fn end_table(&mut self) -> Result<()> {
        let Some((path, mut file)) = self.file.take() else {
            return Ok(());
        };
        file.flush()
            .and_then(|()| file.get_ref().sync_all())
            .map_err(unusable(&path))
    }
}

impl Sink for Writing {
    fn begin(&mut self, table: &Table) -> Result<()> {
        self.end_table()?;
        self.tally.begin(table);
        let columns = table.columns.iter().map(|column| HeadColumn {
            name: column.name.clone(),
            kind: column.kind,
        });
        self.tables.insert(table.name.clone(), columns.collect());
        let path = self.folder.join(format!("{}.jsonl", table.name));
        let file = private(&path)?;
        self.file = Some((path, BufWriter::with_capacity(1 << 18, file)));
        Ok(())
    }

    async fn take(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        self.tally.add(table, &rows);
        let Some((path, file)) = &mut self.file else {
            return Err(Error::Transfer(format!("{} has not begun", table.name)));
        };
        for row in &rows {
            let line = Json::Array(row.iter().map(json_of).collect()).to_string();
            writeln!(file, "{line}").map_err(unusable(path))?;
        }
        Ok(())
    }
}

/// A folder that was written.
pub(crate) struct Written {
    folder: PathBuf,
    head: Head,
    tables: Vec<Table>,
}

impl Written {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(HEAD);
        let text = std::fs::read(&path).map_err(unusable(&path))?;
        let head: Head = serde_json::from_slice(&text).map_err(|error| damaged(&path, 0, error))?;
        if head.format != FORMAT {
            return Err(damaged(
                &path,
                0,
                format!("the format '{}' is not '{FORMAT}'", head.format),
            ));
        }
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if let Some(name) = head.tables.keys().find(|name| !plain(name)) {
            return Err(damaged(&path, 0, format!("'{name}' is not the name of a table")));
        }
        let tables = head.tables.iter().map(|(name, columns)| Table {
            name: name.clone(),
            columns: columns
                .iter()
                .map(|column| Column {
                    name: column.name.clone(),
                    kind: column.kind,
                    form: Form::Plain,
                })
                .collect(),
        });
        Ok(Self {
            folder: folder.to_owned(),
            tables: tables.collect(),
            head,
        })
    }

    pub(crate) fn schema(&self) -> i64 {
        self.head.schema
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    pub(crate) fn sequences(&self) -> BTreeMap<String, i64> {
        self.head.counters.clone()
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.head.contents
    }

    /// A table's rows; refused where they are not those that the head tells of.
    pub(crate) async fn pour<S: Sink>(&self, table: &Table, sink: &mut S) -> Result<()> {
        let path = self.folder.join(format!("{}.jsonl", table.name));
        let file = File::open(&path).map_err(unusable(&path))?;
        let (mut batch, mut tally) = (Batch::default(), Tally::default());
        sink.begin(table)?;
        tally.begin(table);
        for (number, line) in BufReader::with_capacity(1 << 18, file).lines().enumerate() {
            let line = line.map_err(unusable(&path))?;
            let cells: Vec<Json> = serde_json::from_str(&line).map_err(|error| damaged(&path, number, error))?;
            if cells.len() != table.columns.len() {
                return Err(damaged(&path, number, "it has more or fewer values than columns"));
            }
            let cells = cells.into_iter().zip(&table.columns);
            let row = cells
                .map(|(cell, column)| cell_of(cell, column.kind))
                .collect::<Option<Vec<_>>>();
            let row = row.ok_or_else(|| damaged(&path, number, "a value is not of its column's kind"))?;
            if batch.add(row) {
                let rows = batch.empty();
                tally.add(table, &rows);
                sink.take(table, rows).await?;
            }
        }
        let rest = batch.empty();
        tally.add(table, &rest);
        let found = tally.into_contents(BTreeMap::new());
        if found.tables.get(&table.name) != self.head.contents.tables.get(&table.name) {
            return Err(damaged(&path, 0, "the rows are not those that database.json tells of"));
        }
        if rest.is_empty() {
            return Ok(());
        }
        sink.take(table, rest).await
    }
}

fn json_of(cell: &Cell) -> Json {
    match cell {
        Cell::Null => Json::Null,
        Cell::Int(value) => Json::from(*value),
        // The shortest text that reads back to the same number; a JSON number would not hold infinities.
        Cell::Real(value) => Json::from(format!("{value:?}")),
        Cell::Text(value) => Json::from(value.as_str()),
        Cell::Bytes(value) => Json::from(value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

fn cell_of(json: Json, kind: Kind) -> Option<Cell> {
    Some(match (json, kind) {
        (Json::Null, _) => Cell::Null,
        (Json::Number(value), Kind::Int) => Cell::Int(value.as_i64()?),
        (Json::String(value), Kind::Real) => Cell::Real(value.parse().ok()?),
        (Json::String(value), Kind::Text) => Cell::Text(value),
        (Json::String(value), Kind::Bytes) => Cell::Bytes(bytes_of(&value)?),
        _ => return None,
    })
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

fn private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(unusable(path))
}

fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Portable { path, source }
}

fn damaged(path: &Path, line: usize, reason: impl std::fmt::Display) -> Error {
    Error::Transfer(format!("{}, line {}: {reason}", path.display(), line + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_to_the_same_bits() {
        let cells = [
            (Cell::Int(i64::MIN), Kind::Int),
            (Cell::Real(0.1 + 0.2), Kind::Real),
            (Cell::Real(-0.0), Kind::Real),
            (Cell::Real(f64::INFINITY), Kind::Real),
            (Cell::Real(f64::MIN_POSITIVE / 3.0), Kind::Real),
            (Cell::Text("a\"\n\u{2028}Ægir \u{0}".to_owned()), Kind::Text),
            (Cell::Bytes(vec![0, 255, 16]), Kind::Bytes),
            (Cell::Bytes(Vec::new()), Kind::Bytes),
            (Cell::Null, Kind::Real),
        ];
        for (cell, kind) in cells {
            let line = json_of(&cell).to_string();
            let read = cell_of(serde_json::from_str(&line).unwrap(), kind).unwrap();
            match (&cell, &read) {
                (Cell::Real(a), Cell::Real(b)) => assert_eq!(a.to_bits(), b.to_bits()),
                _ => assert_eq!(read, cell),
            }
        }
        assert_eq!(cell_of(Json::from("0g"), Kind::Bytes), None);
        assert_eq!(cell_of(Json::from("é0"), Kind::Bytes), None);
        assert_eq!(cell_of(Json::from(1.5), Kind::Int), None);
    }
}
