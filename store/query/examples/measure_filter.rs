//! Measures what filters cost: reading and planning one, and a million features against boxes, areas and comparisons.
//!
//! `cargo run --release -p driftline-query --example measure_filter`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints and may stop"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use driftline_query::{Filter, Geometries, Kind, Order, Queryable, Table, crs84};

const ROWS: usize = 1_000_000;
const ROUNDS: usize = 9;
const QUERYABLES: [Queryable; 5] = [
    Queryable {
        name: "geometry",
        kind: Kind::Geometry,
    },
    Queryable {
        name: "class",
        kind: Kind::Text,
    },
    Queryable {
        name: "particle",
        kind: Kind::Integer,
    },
    Queryable {
        name: "age_s",
        kind: Kind::Number,
    },
    Queryable {
        name: "valid_time",
        kind: Kind::Time,
    },
];

/// A ring of so many corners, alternately far and near.
fn star(corners: u32) -> String {
    let positions: Vec<String> = (0..=corners)
        .map(|corner| {
            let corner = corner % corners;
            let (radius, angle) = (
                if corner.is_multiple_of(2) { 4.0 } else { 2.0 },
                f64::from(corner) / f64::from(corners),
            );
            let (sin, cos) = (angle * std::f64::consts::TAU).sin_cos();
            format!("{:.4} {:.4}", 5.0 + radius * cos, 60.0 + radius * sin)
        })
        .collect();
    format!("POLYGON(({}))", positions.join(","))
}

/// The quickest of some rounds: what others do on the machine only adds.
fn quickest(mut run: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let begin = Instant::now();
        run();
        begin.elapsed()
    });
    rounds.min().unwrap_or_default()
}

/// What is measured, and the filter.
fn filters() -> Vec<(&'static str, String)> {
    vec![
        (
            "S_INTERSECTS, a box",
            "S_INTERSECTS(geometry, BBOX(2,57,8,63))".to_owned(),
        ),
        (
            "S_INTERSECTS, an area of 6 corners",
            format!("S_INTERSECTS(geometry, {})", star(6)),
        ),
        (
            "S_INTERSECTS, an area of 800 corners",
            format!("S_INTERSECTS(geometry, {})", star(800)),
        ),
        (
            "S_DISJOINT, an area of 800 corners",
            format!("S_DISJOINT(geometry, {})", star(800)),
        ),
        ("age_s > 43200", "age_s > 43200".to_owned()),
        (
            "class = 'PIW-1' AND age_s BETWEEN 0 AND 9000",
            "class = 'PIW-1' AND age_s BETWEEN 0 AND 9000".to_owned(),
        ),
        (
            "valid_time > TIMESTAMP(…)",
            "valid_time > TIMESTAMP('1970-01-02T00:00:00Z')".to_owned(),
        ),
        (
            "particle IN (100 numbers)",
            format!(
                "particle IN ({})",
                (0..100).map(|n| (n * 777).to_string()).collect::<Vec<_>>().join(",")
            ),
        ),
        (
            "CASEI(class) LIKE CASEI('%RAFT')",
            "CASEI(class) LIKE CASEI('%RAFT')".to_owned(),
        ),
        ("class LIKE 'PIW%'", "class LIKE 'PIW%'".to_owned()),
        ("age_s / 900 % 2 = 1", "age_s / 900 % 2 = 1".to_owned()),
        (
            "class = 'PIW-1' AND S_INTERSECTS, 800 corners",
            format!("class = 'PIW-1' AND S_INTERSECTS(geometry, {})", star(800)),
        ),
    ]
}

fn main() {
    // Positions over 10 by 10 degrees by the additive recurrence of the plastic number: evenly, and the same each time.
    let place = |row: usize, step: f64| (row as f64 * step).fract() * 10.0;
    let lon_deg: Vec<f64> = (0..ROWS).map(|row| place(row, 0.754_877_666)).collect();
    let lat_deg: Vec<f64> = (0..ROWS).map(|row| 55.0 + place(row, 0.569_840_291)).collect();
    let columns: [(&str, ArrayRef); 4] = [
        (
            "class",
            Arc::new(
                (0..ROWS)
                    .map(|row| Some(["PIW-1", "Life-raft", "Øyfisk"][row % 3]))
                    .collect::<StringArray>(),
            ),
        ),
        ("particle", Arc::new((0..ROWS as i64).collect::<Int64Array>())),
        (
            "age_s",
            Arc::new((0..ROWS).map(|row| (row % 97) as f64 * 900.0).collect::<Float64Array>()),
        ),
        (
            "valid_time",
            Arc::new(
                (0..ROWS as i64)
                    .map(|row| Some(row % 49 * 3_600_000_000))
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let points = Geometries::Points {
        lon_deg: &lon_deg,
        lat_deg: &lat_deg,
    };
    let table = Table {
        batch: &batch,
        geometries: points,
    };
    println!("{:>12} {:>12} {:>9}  filter", "planning", "1e6 rows", "matches");
    for (what, filter) in filters() {
        let planning = quickest(|| {
            black_box(Filter::text(&filter, &QUERYABLES, crs84).unwrap());
        });
        let read = Filter::text(&filter, &QUERYABLES, crs84).unwrap();
        let matches = read.matches(&table).unwrap().iter().filter(|matches| **matches).count();
        let applying = quickest(|| {
            black_box(read.matches(&table).unwrap());
        });
        println!("{planning:>12.1?} {applying:>12.2?} {matches:>9}  {what}");
    }
    let order = Order::parse("-age_s,class", &QUERYABLES).unwrap();
    let all: Vec<usize> = (0..ROWS).collect();
    let sorting = quickest(|| {
        let keys = order.keys(&table).unwrap();
        black_box(keys.first(&all, |row| row as u64, None, 1000));
    });
    println!(
        "{:>12} {sorting:>12.2?} {:>9}  the first 1000 by -age_s,class",
        "", 1000
    );
}
