//! Orders: keys across tables, what is null, pages that follow each other.

use driftline_query::{Key, Order};

use crate::table::{QUERYABLES, Row, Rows, places};

fn order(text: &str) -> Order {
    Order::parse(text, &QUERYABLES).unwrap()
}

fn ordered(text: &str, rows: &[Row]) -> Vec<usize> {
    let rows = Rows::of(rows);
    let keys = order(text).keys(&rows.table()).unwrap();
    let all: Vec<usize> = (0..keys.len()).collect();
    keys.first(&all, |row| row as u64, None, usize::MAX)
}

#[test]
fn rows_are_ordered_up_and_down_and_null_comes_last() {
    for (text, rows) in [
        ("count", [1, 3, 2, 0, 4]),
        ("+count", [1, 3, 2, 0, 4]),
        (" count", [1, 3, 2, 0, 4]),
        ("-count", [0, 2, 3, 1, 4]),
        ("-code,level", [1, 2, 3, 0, 4]),
        ("code,-level", [0, 3, 2, 1, 4]),
        ("stranded,name", [3, 1, 2, 0, 4]),
        ("-valid_time", [3, 2, 1, 0, 4]),
        ("valid_start,-valid_end", [3, 2, 1, 0, 4]),
    ] {
        assert_eq!(ordered(text, &places()), rows, "{text}");
    }
}

#[test]
fn keys_compare_across_tables_and_read_back_from_their_text() {
    let order = order("-level,name");
    let mut keys: Vec<(Key, usize)> = Vec::new();
    for (number, place) in places().into_iter().enumerate() {
        let rows = Rows::of(&[place]);
        keys.push((order.keys(&rows.table()).unwrap().get(0).unwrap(), number));
    }
    for (key, _) in &keys {
        let text = key.to_text();
        assert_eq!(&Key::parse(&text).unwrap(), key);
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
            "{text}"
        );
    }
    keys.sort();
    assert_eq!(
        keys.iter().map(|(_, number)| *number).collect::<Vec<_>>(),
        [2, 1, 0, 3, 4]
    );
    for text in ["", "%", "a b", "ä"] {
        assert!(Key::parse(text).is_err(), "{text}");
    }
    assert_eq!(
        order.properties().collect::<Vec<_>>(),
        [("level", true), ("name", false)]
    );
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    // Many equal keys, so that the tie-breaker decides within them.
    let rows: Vec<Row> = (0..97)
        .map(|number| Row {
            count: (number % 7 != 3).then_some(number % 5),
            ..Row::default()
        })
        .collect();
    let rows = Rows::of(&rows);
    let order = order("-count");
    let keys = order.keys(&rows.table()).unwrap();
    let all: Vec<usize> = (0..keys.len()).collect();
    let whole = keys.first(&all, |row| row as u64, None, usize::MAX);
    let mut paged: Vec<usize> = Vec::new();
    loop {
        let after = paged.last().map(|row| (keys.get(*row).unwrap(), *row as u64));
        let page = keys.first(&all, |row| row as u64, after.as_ref().map(|(key, tie)| (key, *tie)), 10);
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 10);
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    assert_eq!(whole.len(), 97);
    assert!(keys.first(&all, |row| row as u64, None, 0).is_empty());
    assert_eq!(keys.get(97), None);
}

#[test]
fn orders_that_are_none_are_refused() {
    for (text, says) in [
        ("", "sortby: there is no property '' to sort by: there are "),
        ("+", "sortby: there is no property '' to sort by: there are "),
        ("count,", "sortby: there is no property '' to sort by: there are "),
        ("*count", "sortby: there is no property '*count' to sort by: there are "),
        (
            "geometry",
            "sortby: 'geometry' is a geometry, and geometries have no order",
        ),
        ("count,-count", "sortby: 'count' is named twice"),
    ] {
        let error = Order::parse(text, &QUERYABLES).unwrap_err();
        assert!(
            error.to_string().starts_with(says) && !error.is_internal(),
            "{text}: {error}"
        );
    }
    assert!(Order::parse(&"count,".repeat(1000), &QUERYABLES).is_err());
}
