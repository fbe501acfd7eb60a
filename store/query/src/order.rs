//! Orders of features: `sortby=+level,-valid_time` (OGC API - Features Part 8). Keys of rows compare across tables byte by byte
//! (arrow's row format), what is null comes last in either direction, and a key's text form, for cursors, reads back exactly.

use arrow::compute::SortOptions;
use arrow::row::{RowConverter, Rows, SortField};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Error;
use crate::queryable::{Kind, Queryable, names};
use crate::table::Table;

/// Properties that one order may name.
const MOST_KEYS: usize = 8;
/// Bytes of the text of an order.
const MOST_BYTES: usize = 1024;

/// By what features are ordered.
#[derive(Debug)]
pub struct Order {
    by: Vec<By>,
    converter: RowConverter,
}

/// One property of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct By {
    queryable: Queryable,
    descending: bool,
}

/// The place of a row in an order. Keys of the same order compare; keys of different orders must not be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<[u8]>);

/// The keys of the rows of a table.
#[derive(Debug)]
pub struct Keys(Rows);

impl Order {
    /// Reads `+a,-b`: a sign each, where none stands ascending is meant. A `+` that an address decoded as a space is one too.
    pub fn parse(text: &str, sortables: &[Queryable]) -> Result<Self, Error> {
        if text.len() > MOST_BYTES {
            return Err(Error::Order(format!(
                "{} bytes are too many, at most {MOST_BYTES} are read",
                text.len()
            )));
        }
        let mut by: Vec<By> = Vec::new();
        for part in text.split(',') {
            let part = part.trim();
            let (name, descending) = match part.strip_prefix('-') {
                Some(name) => (name, true),
                None => (part.strip_prefix('+').unwrap_or(part), false),
            };
            let queryable = sortable(name, sortables)?;
            if by.iter().any(|earlier| earlier.queryable.name == name) {
                return Err(Error::Order(format!("'{name}' is named twice")));
            }
            if by.len() == MOST_KEYS {
                return Err(Error::Order(format!("at most {MOST_KEYS} properties can be named")));
            }
            by.push(By { queryable, descending });
        }
        let fields = by.iter().filter_map(By::field).collect();
        let converter = RowConverter::new(fields).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { by, converter })
    }

    /// The names, the first decides first, and whether each descends.
    pub fn properties(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.by.iter().map(|by| (by.queryable.name, by.descending))
    }

    /// The keys of all rows.
    pub fn keys(&self, table: &Table<'_>) -> Result<Keys, Error> {
        let columns = self
            .by
            .iter()
            .map(|by| table.column(by.queryable.name, by.queryable.kind))
            .collect::<Result<Vec<_>, _>>()?;
        let rows = self
            .converter
            .convert_columns(&columns)
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Keys(rows))
    }
}

impl By {
    fn field(&self) -> Option<SortField> {
        let options = SortOptions {
            descending: self.descending,
            nulls_first: false,
        };
        self.queryable
            .kind
            .column()
            .map(|column| SortField::new_with_options(column, options))
    }
}

fn sortable(name: &str, sortables: &[Queryable]) -> Result<Queryable, Error> {
    match sortables.iter().find(|sortable| sortable.name == name) {
        Some(found) if found.kind == Kind::Geometry => Err(Error::Order(format!(
            "'{name}' is a geometry, and geometries have no order"
        ))),
        Some(found) => Ok(*found),
        None => Err(Error::Order(format!(
            "there is no property '{name}' to sort by: there are {}",
            names(sortables)
        ))),
    }
}

impl Keys {
    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.num_rows()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of a row, for keeping; none where there is no such row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<Key> {
        (row < self.len()).then(|| Key(self.0.row(row).as_ref().into()))
    }

    /// The first `limit` of the given rows in the order, after a key and its row's tie-breaker where a page came before. Among
    /// equal keys the tie-breaker decides, which is the caller's: a number that grows with the rows of all tables.
    #[must_use]
    pub fn first(
        &self,
        rows: &[usize],
        tie: impl Fn(usize) -> u64,
        after: Option<(&Key, u64)>,
        limit: usize,
    ) -> Vec<usize> {
        let place = |row: usize| (self.0.row(row), tie(row));
        let mut chosen: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|row| *row < self.len())
            .filter(|row| {
                after.is_none_or(|(key, last)| {
                    let (own, own_tie) = place(*row);
                    (own.as_ref(), own_tie) > (&*key.0, last)
                })
            })
            .collect();
        if limit == 0 {
            return Vec::new();
        }
        if chosen.len() > limit {
            chosen.select_nth_unstable_by(limit - 1, |a, b| place(*a).cmp(&place(*b)));
            chosen.truncate(limit);
        }
        chosen.sort_unstable_by(|a, b| place(*a).cmp(&place(*b)));
        chosen
    }
}

impl Key {
    /// Letters, digits, `-` and `_`: fit for an address.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// What [`Key::to_text`] wrote. Foreign bytes make a key that is compared and never decoded: it harms nobody.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if !bytes.is_empty() => Ok(Self(bytes.into())),
            _ => Err(Error::Key(text.chars().take(80).collect())),
        }
    }
}
