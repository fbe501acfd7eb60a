//! What a database holds in numbers: rows and fingerprint of each table, and the sums of the ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Cell;
use super::schema::Table;
use super::snapshot::Sink;
use crate::Result;

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Every table.
    pub tables: BTreeMap<String, TableContents>,
    /// The ledger, meter by meter.
    pub ledger: BTreeMap<String, LedgerSum>,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableContents {
    /// Its rows.
    pub rows: u64,
    /// The sum of the SHA-256 of each row, its first 16 bytes, in hexadecimal.
    pub fingerprint: String,
}

/// A meter's sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerSum {
    /// Single records.
    pub records: i64,
    /// Units of the single records.
    pub units: i64,
    /// Units of the hours, which must be the same.
    pub hourly_units: i64,
}

impl Contents {
    /// Where another differs, in words; `None` where it does not.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let none = TableContents::default();
        for table in self.tables.keys().chain(other.tables.keys()) {
            let (here, there) = (
                self.tables.get(table).unwrap_or(&none),
                other.tables.get(table).unwrap_or(&none),
            );
            if here.rows != there.rows {
                return Some(format!(
                    "{table} has {} rows on one side and {} on the other",
                    here.rows, there.rows
                ));
            }
            // A table without rows may be missing on a side whose schema is older.
            if here.rows > 0 && here.fingerprint != there.fingerprint {
                return Some(format!(
                    "{table} has {} rows on both sides, but not the same",
                    here.rows
                ));
            }
        }
        (self.ledger != other.ledger).then(|| "the sums of the ledger differ".to_owned())
    }

    /// Meters whose single records and hours do not add up to the same.
    pub fn unbalanced_meters(&self) -> Vec<&str> {
        let off = self.ledger.iter().filter(|(_, sum)| sum.units != sum.hourly_units);
        off.map(|(meter, _)| meter.as_str()).collect()
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}

/// Rows seen so far, by table.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<String, (u64, u128)>);

impl Tally {
    /// A table takes part even where it has no rows.
    pub(crate) fn begin(&mut self, table: &Table) {
        self.0.entry(table.name.clone()).or_default();
    }

    pub(crate) fn add(&mut self, table: &Table, rows: &[Vec<Cell>]) {
        let mut order: Vec<usize> = (0..table.columns.len()).collect();
        order.sort_by(|&a, &b| table.columns[a].name.cmp(&table.columns[b].name));
        let (count, sum) = self.0.entry(table.name.clone()).or_default();
        for row in rows {
            *count += 1;
            *sum = sum.wrapping_add(digest(table, &order, row));
        }
    }

    pub(crate) fn into_contents(self, ledger: BTreeMap<String, LedgerSum>) -> Contents {
        let tables = self.0.into_iter().map(|(name, (rows, sum))| {
            let fingerprint = format!("{sum:032x}");
            (name, TableContents { rows, fingerprint })
        });
        Contents {
            tables: tables.collect(),
            ledger,
        }
    }
}

impl Sink for Tally {
    fn begin(&mut self, table: &Table) -> Result<()> {
        Self::begin(self, table);
        Ok(())
    }

    async fn take(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        self.add(table, &rows);
        Ok(())
    }
}

/// Columns by name, since engines may have them in another order; missing values do not count, since an older schema lacks
/// columns that a newer one fills with nothing.
fn digest(table: &Table, order: &[usize], row: &[Cell]) -> u128 {
    let mut hash = Sha256::new();
    for &i in order {
        let (tag, bytes) = match &row[i] {
            Cell::Null => continue,
            Cell::Int(value) => (b'i', value.to_be_bytes().to_vec()),
            Cell::Real(value) => (b'r', value.to_bits().to_be_bytes().to_vec()),
            Cell::Text(value) => (b't', value.as_bytes().to_vec()),
            Cell::Bytes(value) => (b'b', value.clone()),
        };
        hash.update(table.columns[i].name.as_bytes());
        hash.update([0, tag]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(&bytes);
    }
    let whole: [u8; 32] = hash.finalize().into();
    whole[..16].iter().fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}
