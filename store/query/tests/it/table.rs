//! The table that the tests ask: a row for each place, some of them with holes.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use driftline_query::{Error, Filter, Geometries, Kind, Queryable, Table, crs84};

pub(crate) const QUERYABLES: [Queryable; 9] = [
    Queryable {
        name: "geometry",
        kind: Kind::Geometry,
    },
    Queryable {
        name: "name",
        kind: Kind::Text,
    },
    Queryable {
        name: "code",
        kind: Kind::Text,
    },
    Queryable {
        name: "count",
        kind: Kind::Integer,
    },
    Queryable {
        name: "level",
        kind: Kind::Number,
    },
    Queryable {
        name: "stranded",
        kind: Kind::Boolean,
    },
    Queryable {
        name: "valid_time",
        kind: Kind::Time,
    },
    Queryable {
        name: "valid_start",
        kind: Kind::Time,
    },
    Queryable {
        name: "valid_end",
        kind: Kind::Time,
    },
];

/// A feature.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) name: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) count: Option<i64>,
    pub(crate) level: Option<f64>,
    pub(crate) stranded: Option<bool>,
    pub(crate) valid_time: Option<i64>,
    pub(crate) valid_start: Option<i64>,
    pub(crate) valid_end: Option<i64>,
    pub(crate) lon_deg: f64,
    pub(crate) lat_deg: f64,
}

/// Rows as columns.
pub(crate) struct Rows {
    pub(crate) batch: RecordBatch,
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
}

impl Rows {
    pub(crate) fn of(rows: &[Row]) -> Self {
        let time = |of: fn(&Row) -> Option<i64>| -> ArrayRef {
            Arc::new(
                rows.iter()
                    .map(of)
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            )
        };
        let columns: [(&str, ArrayRef); 8] = [
            (
                "name",
                Arc::new(rows.iter().map(|row| row.name.as_deref()).collect::<StringArray>()),
            ),
            (
                "code",
                Arc::new(rows.iter().map(|row| row.code.as_deref()).collect::<StringArray>()),
            ),
            (
                "count",
                Arc::new(rows.iter().map(|row| row.count).collect::<Int64Array>()),
            ),
            (
                "level",
                Arc::new(rows.iter().map(|row| row.level).collect::<Float64Array>()),
            ),
            (
                "stranded",
                Arc::new(rows.iter().map(|row| row.stranded).collect::<BooleanArray>()),
            ),
            ("valid_time", time(|row| row.valid_time)),
            ("valid_start", time(|row| row.valid_start)),
            ("valid_end", time(|row| row.valid_end)),
        ];
        Self {
            batch: RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
                .unwrap(),
            lon_deg: rows.iter().map(|row| row.lon_deg).collect(),
            lat_deg: rows.iter().map(|row| row.lat_deg).collect(),
        }
    }

    pub(crate) fn table(&self) -> Table<'_> {
        Table {
            batch: &self.batch,
            geometries: Geometries::Points {
                lon_deg: &self.lon_deg,
                lat_deg: &self.lat_deg,
            },
        }
    }
}

pub(crate) fn us(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

/// Five places; the last has nothing but its position.
pub(crate) fn places() -> Vec<Row> {
    let place = |name: &str, code: &str, count, level, stranded, hour: i64, lon_deg, lat_deg| {
        let start = us("2026-08-14T00:00:00Z");
        Row {
            name: Some(name.to_owned()),
            code: Some(code.to_owned()),
            count: Some(count),
            level: Some(level),
            stranded: Some(stranded),
            valid_time: Some(start + hour * 3_600_000_000),
            valid_start: Some(start),
            valid_end: Some(start + 2 * hour * 3_600_000_000),
            lon_deg,
            lat_deg,
        }
    };
    vec![
        place("København", "dk", 1_085_000, 0.5, true, 6, 12.56, 55.68),
        place("Ålesund", "no", 67_000, 0.9, false, 12, 6.15, 62.47),
        place("Bergen", "no", 290_000, 0.95, true, 18, 5.33, 60.39),
        place("Suva", "fj", 93_000, 0.0, false, 24, 178.44, -18.14),
        Row {
            lon_deg: -175.2,
            lat_deg: -21.14,
            ..Row::default()
        },
    ]
}

/// The rows that match, by their number.
pub(crate) fn matching(filter: &Filter, rows: &[Row]) -> Vec<usize> {
    let rows = Rows::of(rows);
    let matches = filter.matches(&rows.table()).unwrap();
    matches
        .iter()
        .enumerate()
        .filter(|(_, matches)| **matches)
        .map(|(row, _)| row)
        .collect()
}

pub(crate) fn text(filter: &str) -> Result<Filter, Error> {
    Filter::text(filter, &QUERYABLES, crs84)
}

pub(crate) fn json(filter: &str) -> Result<Filter, Error> {
    Filter::json(filter, &QUERYABLES, crs84)
}

/// The places that a filter as text matches.
pub(crate) fn found(filter: &str) -> Vec<usize> {
    matching(
        &text(filter).unwrap_or_else(|error| panic!("{filter}: {error}")),
        &places(),
    )
}

/// What a filter as text is refused with.
pub(crate) fn refused(filter: &str) -> String {
    let error = text(filter).err().unwrap_or_else(|| panic!("{filter} was taken"));
    assert!(!error.is_internal(), "{filter}: {error}");
    error.to_string()
}
