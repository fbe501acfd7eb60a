//! The predicates of the abstract test suite (OGC 21-065r2, annex A), by conformance class, on the five places. What the suite
//! says of its own data is said here of these: a predicate and its opposite share out the rows that have a value, and what it
//! calls invalid is refused.

use crate::table::{found, text};

/// A predicate, and one that holds for all other rows that have a value.
fn shared_out(class: &str, predicate: &str, opposite: &str, with_value: &[usize]) {
    let mut both = found(predicate);
    both.extend(found(opposite));
    both.sort_unstable();
    assert_eq!(both, with_value, "{class}: {predicate}, {opposite}");
}

const ALL: [usize; 5] = [0, 1, 2, 3, 4];
const VALUED: [usize; 4] = [0, 1, 2, 3];

#[test]
fn basic_cql2() {
    let class = "basic-cql2";
    for (property, value) in [
        ("name", "'Bergen'"),
        ("count", "290000"),
        ("level", "0.5"),
        ("stranded", "true"),
        ("valid_time", "TIMESTAMP('2026-08-14T12:00:00Z')"),
    ] {
        shared_out(
            class,
            &format!("{property} = {value}"),
            &format!("{property} <> {value}"),
            &VALUED,
        );
        shared_out(
            class,
            &format!("{property} > {value}"),
            &format!("{property} <= {value}"),
            &VALUED,
        );
        shared_out(
            class,
            &format!("{property} < {value}"),
            &format!("{property} >= {value}"),
            &VALUED,
        );
        shared_out(
            class,
            &format!("{property} IS NULL"),
            &format!("{property} is not null"),
            &ALL,
        );
        shared_out(
            class,
            &format!("NOT ({property} = {value})"),
            &format!("{property} = {value}"),
            &VALUED,
        );
        let (above, below) = (format!("{property} > {value}"), format!("{property} < {value}"));
        shared_out(
            class,
            &format!("{above} OR {below}"),
            &format!("NOT ({above} OR {below})"),
            &VALUED,
        );
        assert_eq!(found(&format!("{above} AND {below}")), [0; 0]);
    }
    assert_eq!(found("true"), ALL);
    assert_eq!(found("false"), [0; 0]);
}

#[test]
fn advanced_comparison_operators() {
    let class = "advanced-comparison-operators";
    for pattern in ["%", "_%", "", "%%", r"\%\_", "B%", "%n"] {
        shared_out(
            class,
            &format!("name LIKE '{pattern}'"),
            &format!("name NOT LIKE '{pattern}'"),
            &VALUED,
        );
    }
    assert_eq!(found("name LIKE '%'"), VALUED);
    shared_out(
        class,
        "count BETWEEN 0 AND 100000",
        "count NOT BETWEEN 0 AND 100000",
        &VALUED,
    );
    assert_eq!(found("level between 100.0 and 1.0"), [0; 0]);
    assert!(text("name BETWEEN 0 AND 100").is_err());
    shared_out(class, "count IN (67000, 93000)", "count NOT IN (67000, 93000)", &VALUED);
    shared_out(
        class,
        "name IN ('Bergen', 'Suva')",
        "name NOT IN ('Bergen', 'Suva')",
        &VALUED,
    );
}

#[test]
fn case_and_accents() {
    assert_eq!(found("CASEI(name) = casei('BERGEN')"), found("name = 'Bergen'"));
    shared_out(
        "case-insensitive-comparison",
        "CASEI(name) = casei('suva')",
        "CASEI(name) <> casei('SUVA')",
        &VALUED,
    );
    assert_eq!(found("CASEI(name) LIKE casei('bERG%')"), [2]);
    shared_out(
        "accent-insensitive-comparison",
        "ACCENTI(name) = accenti('Ålesund')",
        "ACCENTI(name) <> accenti('Alesund')",
        &VALUED,
    );
    assert_eq!(found("ACCENTI(CASEI(name)) LIKE accenti(casei('åLE%'))"), [1]);
}

#[test]
fn basic_spatial_functions() {
    assert_eq!(found("S_INTERSECTS(geometry,BBOX(-180,-90,180,90))"), ALL);
    assert_eq!(found("S_INTERSECTS(geometry,POINT(5.33 60.39))"), [2]);
    assert!(text("S_INTERSECTS(geometry,POINT(90 180))").is_err());
    assert_eq!(
        found("S_INTERSECTS(geometry,BBOX(-180,-90,-90,90)) AND S_INTERSECTS(geometry,BBOX(90,-90,180,90))"),
        [0; 0]
    );
    shared_out(
        "basic-spatial-functions",
        "S_INTERSECTS(geometry,BBOX(0,0,90,90))",
        "NOT S_INTERSECTS(geometry,BBOX(0,0,90,90))",
        &ALL,
    );
}

#[test]
fn spatial_functions() {
    let class = "spatial-functions";
    let world = "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))";
    let north = "POLYGON((-180 0,180 0,180 90,-180 90,-180 0))";
    let holed = "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90),(0 50,20 50,20 61,0 61,0 50))";
    for literal in [
        world,
        north,
        holed,
        "POINT(5.33 60.39)",
        "MULTIPOINT(5.33 60.39, 6.15 62.47)",
        "LINESTRING(-180 -45, 0 -45)",
        "MULTILINESTRING((-180 -45, 0 -45), (0 45, 180 45))",
        "MULTIPOLYGON(((-180 -90,-90 -90,-90 90,-180 90,-180 -90)),((0 0, 10 0, 10 10, 0 10, 0 0)))",
        "GEOMETRYCOLLECTION(POINT(5.33 60.39), POLYGON((0 0,10 0,10 10,0 10,0 0)))",
        "BBOX(-180,-90,180,90)",
    ] {
        shared_out(
            class,
            &format!("S_INTERSECTS(geometry,{literal})"),
            &format!("S_DISJOINT(geometry,{literal})"),
            &ALL,
        );
        for function in [
            "S_EQUALS",
            "S_TOUCHES",
            "S_CROSSES",
            "S_WITHIN",
            "S_CONTAINS",
            "S_OVERLAPS",
        ] {
            let predicate = format!("{function}(geometry,{literal})");
            shared_out(class, &predicate, &format!("NOT {predicate}"), &ALL);
        }
    }
    assert_eq!(found(&format!("S_WITHIN(geometry,{world})")), ALL);
    assert_eq!(found(&format!("S_WITHIN(geometry,{north})")), [0, 1, 2]);
    assert_eq!(found(&format!("S_DISJOINT(geometry,{holed})")), [0, 2]);
    assert_eq!(found("S_EQUALS(geometry,POINT(5.33 60.39))"), [2]);
    assert_eq!(found("S_CONTAINS(geometry,POINT(5.33 60.39))"), [2]);
    assert!(text("S_WITHIN(geometry,POINT(90 180))").is_err());
}

#[test]
fn temporal_functions() {
    let class = "temporal-functions";
    for moment in [
        "TIMESTAMP('2026-08-14T12:00:00Z')",
        "DATE('2026-08-14')",
        "INTERVAL('2026-08-14T06:00:00Z','2026-08-14T18:00:00Z')",
        "INTERVAL('2026-08-14','2026-08-14')",
        "INTERVAL('2026-08-14','..')",
        "INTERVAL('..','2026-08-14')",
    ] {
        for function in [
            "T_AFTER",
            "T_BEFORE",
            "T_DISJOINT",
            "T_EQUALS",
            "T_INTERSECTS",
            "T_DURING",
        ] {
            let predicate = format!("{function}(valid_time,{moment})");
            shared_out(class, &predicate, &format!("NOT {predicate}"), &VALUED);
        }
        shared_out(
            class,
            &format!("T_INTERSECTS(valid_time,{moment})"),
            &format!("T_DISJOINT(valid_time,{moment})"),
            &VALUED,
        );
        let mut around = found(&format!("T_AFTER(valid_time,{moment})"));
        around.extend(found(&format!("T_BEFORE(valid_time,{moment})")));
        around.sort_unstable();
        assert_eq!(around, found(&format!("T_DISJOINT(valid_time,{moment})")), "{moment}");
    }
}

#[test]
fn property_property_and_arithmetic() {
    for property in ["count", "level"] {
        for other in ["count", "level"] {
            shared_out(
                "property-property",
                &format!("{property} = {other}"),
                &format!("{property} <> {other}"),
                &VALUED,
            );
            shared_out(
                "property-property",
                &format!("{property} < {other}"),
                &format!("{property} >= {other}"),
                &VALUED,
            );
            shared_out(
                "property-property",
                &format!("{property} > {other}"),
                &format!("{property} <= {other}"),
                &VALUED,
            );
        }
    }
    for (sum, value) in [
        ("2 + 3", "5"),
        ("5 - 7", "-2"),
        ("4 * 2.5", "10"),
        ("7 / 2", "3.5"),
        ("7 % 2", "1"),
        ("7 div 2", "3"),
        ("2 ^ 10", "1024"),
    ] {
        assert_eq!(found(&format!("count + {sum} - {value} = count")), VALUED, "{sum}");
    }
}
