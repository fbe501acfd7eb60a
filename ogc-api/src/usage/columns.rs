//! Rows of usage as Arrow columns, and a filter over them.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use driftline_auth_billing::{UsageGroup, UsageRow};
use driftline_query::{Filter, Geometries, Kind, Queryable, Table, crs84};

use crate::Error;

/// What a filter may name.
const QUERYABLES: [Queryable; 6] = [
    Queryable {
        name: "hour",
        kind: Kind::Time,
    },
    Queryable {
        name: "meter",
        kind: Kind::Text,
    },
    Queryable {
        name: "key",
        kind: Kind::Text,
    },
    Queryable {
        name: "units",
        kind: Kind::Integer,
    },
    Queryable {
        name: "records",
        kind: Kind::Integer,
    },
    Queryable {
        name: "late",
        kind: Kind::Boolean,
    },
];

/// The rows that a filter matches.
pub(super) fn picked(rows: Vec<UsageRow>, filter: &str) -> Result<Vec<UsageRow>, Error> {
    let wrong = |error: driftline_query::Error| Error::parameter("filter", error.to_string());
    let filter = Filter::text(filter, &QUERYABLES, crs84).map_err(wrong)?;
    let batch = batch(&rows)?;
    // Usage lies nowhere; the table wants a place for each row.
    let nowhere = vec![0.0; rows.len()];
    let table = Table {
        batch: &batch,
        geometries: Geometries::Points {
            lon_deg: &nowhere,
            lat_deg: &nowhere,
        },
    };
    let matches = filter.matches(&table).map_err(wrong)?;
    Ok(rows
        .into_iter()
        .zip(matches)
        .filter_map(|(row, is_match)| is_match.then_some(row))
        .collect())
}

fn batch(rows: &[UsageRow]) -> Result<RecordBatch, Error> {
    let hours = rows.iter().map(|row| Some(row.hour.as_microsecond()));
    let columns: [(&str, ArrayRef); 6] = [
        ("hour", times(hours)),
        (
            "meter",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.meter))),
        ),
        (
            "key",
            Arc::new(StringArray::from_iter_values(
                rows.iter().map(|row| row.key.to_string()),
            )),
        ),
        (
            "units",
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.units))),
        ),
        (
            "records",
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.records))),
        ),
        (
            "late",
            Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(row.late)))),
        ),
    ];
    RecordBatch::try_from_iter(columns).map_err(internal)
}

/// Sums as columns; those of which no sum has a value are left out.
pub(super) fn table(groups: &[UsageGroup]) -> Result<RecordBatch, Error> {
    let has = |there: fn(&UsageGroup) -> bool| groups.iter().any(there);
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    if has(|group| group.from.is_some()) {
        let from = groups.iter().map(|group| group.from.map(|from| from.as_microsecond()));
        columns.push(("from", times(from)));
    }
    if has(|group| group.meter.is_some()) {
        let meters = groups.iter().map(|group| group.meter.as_deref());
        columns.push(("meter", Arc::new(StringArray::from_iter(meters))));
    }
    if has(|group| group.key.is_some()) {
        let keys = groups.iter().map(|group| group.key.map(|key| key.to_string()));
        columns.push(("key", Arc::new(StringArray::from_iter(keys))));
    }
    columns.push((
        "late",
        Arc::new(BooleanArray::from_iter(groups.iter().map(|group| Some(group.late)))),
    ));
    columns.push((
        "units",
        Arc::new(Int64Array::from_iter_values(groups.iter().map(|group| group.units))),
    ));
    columns.push((
        "records",
        Arc::new(Int64Array::from_iter_values(groups.iter().map(|group| group.records))),
    ));
    RecordBatch::try_from_iter(columns).map_err(internal)
}

fn times(micros: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter(micros).with_timezone("UTC"))
}

fn internal(error: arrow::error::ArrowError) -> Error {
    Error::Internal(format!("a report: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::KeyId;

    fn rows() -> Vec<UsageRow> {
        let row = |hour: &str, meter: &str, units, late| UsageRow {
            hour: hour.parse().unwrap(),
            meter: meter.to_owned(),
            key: KeyId::generate(),
            units,
            records: 1,
            late,
        };
        vec![
            row("2026-01-01T00:00:00Z", "tile", 5, false),
            row("2026-01-01T01:00:00Z", "tile", 50, false),
            row("2026-01-02T00:00:00Z", "edr", 7, true),
        ]
    }

    #[test]
    fn a_filter_picks_rows_by_every_column() {
        for (filter, units) in [
            ("meter = 'tile' AND units > 10", vec![50]),
            ("hour >= TIMESTAMP('2026-01-01T01:00:00Z')", vec![50, 7]),
            ("late = TRUE", vec![7]),
            ("meter LIKE 'e%' OR units BETWEEN 1 AND 5", vec![5, 7]),
            ("records > 1", vec![]),
        ] {
            let found: Vec<i64> = picked(rows(), filter).unwrap().iter().map(|row| row.units).collect();
            assert_eq!(found, units, "{filter}");
        }
        let key = rows()[0].key;
        assert!(
            picked(rows(), &format!("key = '{key}'")).unwrap().is_empty(),
            "another's"
        );
        assert!(picked(Vec::new(), "units > 0").unwrap().is_empty());
    }

    #[test]
    fn a_filter_that_cannot_be_is_refused() {
        for wrong in ["org = 'x'", "units >", "units = 'many'", ""] {
            assert!(picked(rows(), wrong).is_err(), "{wrong}");
        }
    }
}
