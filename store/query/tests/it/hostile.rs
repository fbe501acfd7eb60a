//! Filters that are meant to hurt: each is refused, quickly, on a thread with as little stack as servers give.

use std::time::{Duration, Instant};

use crate::table::{Rows, json, places, text};

const STACK: usize = 2 * 1024 * 1024;

/// Reads, applies and drops a filter on a small stack, and tells what was said of it and how long it took.
fn outcome(filter: String, of_json: bool) -> (Result<usize, String>, Duration) {
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let begin = Instant::now();
            let read = if of_json { json(&filter) } else { text(&filter) };
            let outcome = match read {
                Ok(filter) => {
                    let rows = Rows::of(&places());
                    Ok(filter
                        .matches(&rows.table())
                        .unwrap()
                        .iter()
                        .filter(|matches| **matches)
                        .count())
                }
                Err(error) => {
                    assert!(!error.is_internal(), "{error}");
                    Err(error.to_string())
                }
            };
            (outcome, begin.elapsed())
        })
        .unwrap()
        .join()
        .unwrap()
}

const DEEP: &str = "a filter may nest at most 64 levels";

/// Something in so many brackets.
fn nested(open: &str, inner: &str, close: &str, levels: usize) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

#[test]
fn what_stands_in_one_another_too_deeply_is_refused_and_what_is_just_deep_enough_is_applied() {
    type Levels = fn(usize) -> String;
    let cases: [(&str, Levels); 9] = [
        ("brackets", |levels| nested("(", "count > 1", ")", levels)),
        ("NOT", |levels| nested("NOT ", "stranded", "", levels)),
        ("minus", |levels| format!("{}count < 1", "-".repeat(levels))),
        ("AND in OR", |levels| {
            nested("stranded OR (stranded AND (", "stranded", "))", levels / 2)
        }),
        ("OR in NOT", |levels| {
            nested("NOT (stranded OR ", "stranded", ")", levels / 2)
        }),
        ("functions", |levels| {
            format!("{} = 'a'", nested("CASEI(", "name", ")", levels))
        }),
        ("sums", |levels| format!("count{} > 1", " + 1".repeat(levels))),
        ("sums in brackets", |levels| {
            format!("{} > 1", nested("1 + (", "count", ")", levels / 2))
        }),
        ("powers", |levels| format!("1{} = 1", " ^ 1".repeat(levels))),
    ];
    for (what, filter) in cases {
        let (outcome_of_64, _) = outcome(filter(64), false);
        assert!(outcome_of_64.is_ok(), "{what}: {outcome_of_64:?}");
        for levels in [132, 1000, 16_000] {
            let filter = filter(levels);
            let (outcome, took) = outcome(filter.chars().take(16 * 1024).collect(), false);
            assert!(outcome.is_err(), "{what}, {levels}");
            if filter.len() <= 16 * 1024 {
                assert_eq!(outcome, Err(DEEP.to_owned()), "{what}, {levels}");
            }
            assert!(took < Duration::from_secs(2), "{what}, {levels}: {took:?}");
        }
    }
}

#[test]
fn json_that_nests_too_deeply_is_refused() {
    let nested = |levels: usize| {
        format!(
            "{}true{}",
            r#"{"op":"not","args":["#.repeat(levels),
            "]}".repeat(levels)
        )
    };
    assert_eq!(outcome(nested(60), true).0, Ok(5));
    for levels in [65, 500] {
        let (outcome, took) = outcome(nested(levels), true);
        assert!(outcome.is_err(), "{levels}");
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    for filter in [
        "[".repeat(16_000),
        r#"{"a":"#.repeat(3_000),
        format!(
            r#"{{"op":"s_intersects","args":[{{"property":"geometry"}},{}]}}"#,
            r#"{"type":"GeometryCollection","geometries":["#.repeat(60) + &"]}".repeat(60)
        ),
    ] {
        assert!(outcome(filter, true).0.is_err());
    }
}

/// Brackets and lists that a reader which tries one reading after the other would read twice at each level.
#[test]
fn no_bracket_is_read_twice() {
    for filter in [
        format!("{}1,", "(".repeat(60)),
        format!("count IN {}1{}", "(".repeat(60), ",2)".repeat(60)),
        format!("POLYGON{}", "(".repeat(2000)),
        "f(".repeat(60),
        format!("{}'", "CASEI(".repeat(60)),
    ] {
        let (outcome, took) = outcome(filter.clone(), false);
        assert!(outcome.is_err(), "{filter}");
        assert!(took < Duration::from_secs(1), "{filter}: {took:?}");
    }
}

#[test]
fn what_stands_side_by_side_may_fill_the_length_and_no_more() {
    let chain = |count: usize, word: &str| vec!["stranded"; count].join(&format!(" {word} "));
    assert_eq!(outcome(chain(1200, "AND"), false).0, Ok(2));
    assert_eq!(outcome(chain(1200, "OR"), false).0, Ok(2));
    let list: Vec<String> = (0..2500).map(|number| number.to_string()).collect();
    assert_eq!(outcome(format!("count IN ({})", list.join(",")), false).0, Ok(0));
    assert_eq!(
        outcome(chain(2000, "AND"), false).0,
        Err("a filter of 25995 bytes is too long: at most 16384 are read".to_owned())
    );
}

#[test]
fn patterns_and_shapes_of_many_parts_take_no_long_time() {
    let star: Vec<String> = (0..700)
        .map(|corner| {
            let (radius, angle) = (
                if corner % 2 == 0 { 20.0 } else { 5.0 },
                f64::from(corner) * std::f64::consts::TAU / 700.0,
            );
            format!("{:.3} {:.3}", 5.0 + radius * angle.cos(), 55.0 + radius * angle.sin())
        })
        .collect();
    let star = format!("S_INTERSECTS(geometry, POLYGON(({}, {})))", star.join(","), star[0]);
    for filter in [
        format!("name LIKE '{}'", "%a_".repeat(5000)),
        format!("name LIKE '{}'", "%".repeat(16_000)),
        star,
    ] {
        let (outcome, took) = outcome(filter, false);
        assert!(outcome.is_ok(), "{outcome:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[test]
fn geometries_that_are_none_are_refused() {
    for geometry in [
        "POINT(nan 1)",
        "POINT(1e999 1)",
        "POINT(90 180)",
        "POINT(400 0)",
        "POINT EMPTY",
        "POINT(1)",
        "POINT(1 2 3 4)",
        "POINT M (1 2 3)",
        "POINT",
        "LINESTRING(1 2)",
        "LINESTRING(1 2, 1 2)",
        "POLYGON((0 0, 1 1, 0 0))",
        "POLYGON((0 0, 2 2, 2 0, 0 2, 0 0))",
        "POLYGON((0 0, 1 0, 1 1, 0 0), (5 5, 6 5, 6 6, 5 5))",
        "MULTIPOLYGON(((0 0, 4 0, 4 4, 0 4, 0 0)), ((1 1, 2 1, 2 2, 1 1)))",
        "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 2)))",
        "GEOMETRYCOLLECTION(1)",
        "BBOX(0, 0, 1)",
        "BBOX(0, 1, 1, 0)",
        "BBOX(-300, 0, 200, 1)",
        "BBOX(0, -91, 1, 1)",
        "CIRCLE(1 2)",
    ] {
        let (outcome, _) = outcome(format!("S_INTERSECTS(geometry, {geometry})"), false);
        assert!(outcome.is_err(), "{geometry}: {outcome:?}");
    }
}
