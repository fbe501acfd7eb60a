//! Times: as instants, as days, as intervals.

use crate::table::{Row, found, matching, refused, text, us};

#[test]
fn instants_compare_however_they_are_written() {
    for (filter, rows) in [
        ("valid_time = TIMESTAMP('2026-08-14T12:00:00Z')", vec![1]),
        ("valid_time = TIMESTAMP('2026-08-14T14:00:00+02:00')", vec![1]),
        ("valid_time = '2026-08-14T12:00:00Z'", vec![1]),
        ("'2026-08-14T12:00:00.000Z' = valid_time", vec![1]),
        ("valid_time > '2026-08-14T12:00:00Z'", vec![2, 3]),
        (
            "valid_time BETWEEN '2026-08-14T06:00:00Z' AND '2026-08-14T12:00:00Z'",
            vec![0, 1],
        ),
        (
            "valid_time IN ('2026-08-14T06:00:00Z', TIMESTAMP('2026-08-14T18:00:00Z'))",
            vec![0, 2],
        ),
        ("valid_time < valid_end", vec![0, 1, 2, 3]),
        ("valid_time IS NULL", vec![4]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

#[test]
fn a_date_is_all_of_its_day() {
    for (filter, rows) in [
        ("valid_time = DATE('2026-08-14')", vec![0, 1, 2]),
        ("valid_time = '2026-08-14'", vec![0, 1, 2]),
        ("valid_time <> DATE('2026-08-14')", vec![3]),
        ("valid_time > DATE('2026-08-14')", vec![3]),
        ("valid_time >= DATE('2026-08-14')", vec![0, 1, 2, 3]),
        ("valid_time <= DATE('2026-08-14')", vec![0, 1, 2]),
        ("valid_time < DATE('2026-08-15')", vec![0, 1, 2]),
        ("valid_time < DATE('2026-08-14')", vec![]),
        ("valid_time IN ('2026-08-15', '2026-08-14T06:00:00Z')", vec![0, 3]),
        (
            "T_INTERSECTS(valid_time, INTERVAL('2026-08-13', '2026-08-14'))",
            vec![0, 1, 2],
        ),
        ("DATE('2026-08-14') = DATE('2026-08-14')", vec![0, 1, 2, 3, 4]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

#[test]
fn intervals_of_two_properties() {
    for (filter, rows) in [
        (
            "T_INTERSECTS(INTERVAL(valid_start, valid_end), TIMESTAMP('2026-08-15T00:00:00Z'))",
            vec![1, 2, 3],
        ),
        (
            "T_BEFORE(INTERVAL(valid_start, valid_end), TIMESTAMP('2026-08-15T00:00:00Z'))",
            vec![0],
        ),
        (
            "T_INTERSECTS(INTERVAL(valid_start, valid_end), INTERVAL('..', '..'))",
            vec![0, 1, 2, 3],
        ),
        (
            "T_INTERSECTS(INTERVAL(valid_start, '..'), INTERVAL('..', '2026-08-14T00:00:00Z'))",
            vec![0, 1, 2, 3],
        ),
        (
            "T_EQUALS(INTERVAL(valid_start, valid_end), INTERVAL('2026-08-14T00:00:00Z','2026-08-15T00:00:00Z'))",
            vec![1],
        ),
        (
            "T_DURING(valid_time, INTERVAL('2026-08-14T06:00:00Z','2026-08-14T18:00:00Z'))",
            vec![1],
        ),
        ("T_AFTER(valid_time, INTERVAL('..','2026-08-14T12:00:00Z'))", vec![2, 3]),
        ("T_DISJOINT(valid_time, INTERVAL('2026-08-14T12:00:00Z','..'))", vec![0]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

/// Every relation, by its definition on four numbers, on every pair of short intervals.
#[test]
fn every_relation_is_what_the_time_ontology_says() {
    type Relation = fn(i64, i64, i64, i64) -> bool;
    let relations: [(&str, Relation); 15] = [
        ("T_AFTER", |a0, _, _, b1| a0 > b1),
        ("T_BEFORE", |_, a1, b0, _| a1 < b0),
        ("T_CONTAINS", |a0, a1, b0, b1| a0 < b0 && a1 > b1),
        ("T_DISJOINT", |a0, a1, b0, b1| a1 < b0 || a0 > b1),
        ("T_DURING", |a0, a1, b0, b1| a0 > b0 && a1 < b1),
        ("T_EQUALS", |a0, a1, b0, b1| a0 == b0 && a1 == b1),
        ("T_FINISHEDBY", |a0, a1, b0, b1| a0 < b0 && a1 == b1),
        ("T_FINISHES", |a0, a1, b0, b1| a0 > b0 && a1 == b1),
        ("T_INTERSECTS", |a0, a1, b0, b1| a0 <= b1 && b0 <= a1),
        ("T_MEETS", |_, a1, b0, _| a1 == b0),
        ("T_METBY", |a0, _, _, b1| a0 == b1),
        ("T_OVERLAPPEDBY", |a0, a1, b0, b1| b0 < a0 && a0 < b1 && b1 < a1),
        ("T_OVERLAPS", |a0, a1, b0, b1| a0 < b0 && b0 < a1 && a1 < b1),
        ("T_STARTEDBY", |a0, a1, b0, b1| a0 == b0 && a1 > b1),
        ("T_STARTS", |a0, a1, b0, b1| a0 == b0 && a1 < b1),
    ];
    let time = |hour: i64| format!("2026-08-14T{hour:02}:00:00Z");
    let pairs: Vec<(i64, i64)> = (0..4)
        .flat_map(|first| (first..4).map(move |last| (first, last)))
        .collect();
    let rows: Vec<Row> = pairs
        .iter()
        .map(|(first, last)| Row {
            valid_start: Some(us(&time(*first))),
            valid_end: Some(us(&time(*last))),
            ..Row::default()
        })
        .collect();
    for (name, relation) in relations {
        for (b0, b1) in &pairs {
            let filter = format!(
                "{name}(INTERVAL(valid_start, valid_end), INTERVAL('{}', '{}'))",
                time(*b0),
                time(*b1)
            );
            let expected: Vec<usize> = (0..pairs.len())
                .filter(|row| relation(pairs[*row].0, pairs[*row].1, *b0, *b1))
                .collect();
            assert_eq!(matching(&text(&filter).unwrap(), &rows), expected, "{filter}");
        }
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for filter in [
        "valid_time > TIMESTAMP('2026-13-01T00:00:00Z')",
        "valid_time > TIMESTAMP('2026-08-14T00:00:00')",
        "valid_time > DATE('2026-02-30')",
        "valid_time > 'yesterday'",
        "valid_time > DATE(1)",
        "T_AFTER(valid_time, INTERVAL('2026-08-15','2026-08-14'))",
        "T_AFTER(valid_time, INTERVAL('2026-08-15'))",
        "T_AFTER(valid_time, '..')",
        "valid_time = INTERVAL('2026-08-14','2026-08-15')",
        "T_AFTER(valid_time, 5)",
    ] {
        refused(filter);
    }
}
