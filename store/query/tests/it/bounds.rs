//! What filters tell of all their matches.

use crate::table::{json, text, us};

#[test]
fn boxes_are_told_where_every_match_meets_them() {
    for (filter, bbox) in [
        ("S_INTERSECTS(geometry, BBOX(1,2,3,4))", Some([1.0, 2.0, 3.0, 4.0])),
        (
            "S_WITHIN(geometry, POLYGON((0 0,4 0,0 6,0 0))) AND count > 1",
            Some([0.0, 0.0, 4.0, 6.0]),
        ),
        ("S_CONTAINS(POINT(1 2), geometry)", Some([1.0, 2.0, 1.0, 2.0])),
        (
            "S_INTERSECTS(geometry, BBOX(170,-10,-170,10))",
            Some([170.0, -10.0, -170.0, 10.0]),
        ),
        (
            "S_INTERSECTS(geometry, POLYGON((170 0, 190 0, 190 5, 170 0)))",
            Some([170.0, 0.0, -170.0, 5.0]),
        ),
        (
            "S_INTERSECTS(geometry, BBOX(-180,-90,180,90))",
            Some([-180.0, -90.0, 180.0, 90.0]),
        ),
        (
            "S_INTERSECTS(geometry, BBOX(0,0,9,9)) AND S_INTERSECTS(geometry, BBOX(5,5,6,6))",
            Some([5.0, 5.0, 6.0, 6.0]),
        ),
        (
            "S_INTERSECTS(geometry, BBOX(0,0,1,1)) OR S_INTERSECTS(geometry, BBOX(5,5,6,6))",
            Some([0.0, 0.0, 6.0, 6.0]),
        ),
        ("S_INTERSECTS(geometry, BBOX(0,0,1,1)) OR count > 1", None),
        ("NOT S_INTERSECTS(geometry, BBOX(0,0,1,1))", None),
        ("S_DISJOINT(geometry, BBOX(0,0,1,1))", None),
        ("S_INTERSECTS(geometry, geometry)", None),
        ("count > 1", None),
    ] {
        assert_eq!(text(filter).unwrap().bbox(), bbox, "{filter}");
    }
}

#[test]
fn intervals_are_told_where_every_match_lies_in_them() {
    let noon = Some(us("2026-08-14T12:00:00Z"));
    let (midnight, evening) = (
        Some(us("2026-08-14T00:00:00Z")),
        Some(us("2026-08-14T23:59:59.999999Z")),
    );
    for (filter, property, interval) in [
        ("valid_time > '2026-08-14T12:00:00Z'", "valid_time", (noon, None)),
        ("'2026-08-14T12:00:00Z' > valid_time", "valid_time", (None, noon)),
        (
            "valid_time = '2026-08-14T12:00:00Z' AND count > 1",
            "valid_time",
            (noon, noon),
        ),
        ("valid_time = DATE('2026-08-14')", "valid_time", (midnight, evening)),
        (
            "valid_time BETWEEN '2026-08-14' AND '2026-08-14T12:00:00Z'",
            "valid_time",
            (midnight, noon),
        ),
        (
            "valid_time IN ('2026-08-14T12:00:00Z', '2026-08-14T00:00:00Z')",
            "valid_time",
            (midnight, noon),
        ),
        (
            "valid_time > '2026-08-14T00:00:00Z' AND valid_time > '2026-08-14T12:00:00Z'",
            "valid_time",
            (noon, None),
        ),
        (
            "T_INTERSECTS(INTERVAL(valid_start, valid_end), '2026-08-14T12:00:00Z')",
            "valid_start",
            (None, noon),
        ),
        (
            "T_INTERSECTS(INTERVAL(valid_start, valid_end), '2026-08-14T12:00:00Z')",
            "valid_end",
            (noon, None),
        ),
        (
            "T_DURING(valid_time, INTERVAL('..','2026-08-14T12:00:00Z'))",
            "valid_time",
            (None, noon),
        ),
        (
            "valid_time > '2026-08-14T12:00:00Z' OR valid_time > '2026-08-14T00:00:00Z'",
            "valid_time",
            (midnight, None),
        ),
        (
            "valid_time > '2026-08-14T12:00:00Z' OR count > 1",
            "valid_time",
            (None, None),
        ),
        ("NOT valid_time > '2026-08-14T12:00:00Z'", "valid_time", (None, None)),
        ("valid_time <> '2026-08-14T12:00:00Z'", "valid_time", (None, None)),
        ("valid_time < valid_end", "valid_time", (None, None)),
    ] {
        assert_eq!(text(filter).unwrap().interval(property), interval, "{filter}");
    }
}

#[test]
fn texts_are_told_where_every_match_has_them() {
    for (filter, value) in [
        ("name = 'Bergen'", Some("Bergen")),
        ("'Bergen' = name AND count > 1", Some("Bergen")),
        ("name IN ('Bergen')", Some("Bergen")),
        ("name IN ('Bergen', 'Suva')", None),
        ("name = 'Bergen' OR name = 'Suva'", None),
        ("name = 'Bergen' OR count > 1", None),
        ("NOT name = 'Bergen'", None),
        ("name <> 'Bergen'", None),
        ("CASEI(name) = 'bergen'", None),
    ] {
        assert_eq!(text(filter).unwrap().equals("name"), value, "{filter}");
    }
}

#[test]
fn names_are_told_that_it_uses() {
    let filter = "T_AFTER(valid_time, DATE('2026-08-14')) AND (CASEI(name) = 'a' OR name IS NULL OR count + level > 1) AND \
                  S_INTERSECTS(geometry, POINT(1 2)) AND stranded";
    assert_eq!(
        text(filter).unwrap().properties(),
        ["count", "geometry", "level", "name", "stranded", "valid_time"]
    );
    assert_eq!(json("true").unwrap().properties(), [""; 0]);
}
