//! Basic spatial functions and spatial functions (annex A.7 and A.9).

use super::{SOURCES, before, evaluate, everything, logical, matching};
use crate::conformance::{Case, Check, Subject};

const BASIC: &str = "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions";
const SPATIAL: &str = "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions";

/// Holds everything that the mission has, and part of it.
const ALL: &str = "BBOX(0,55,15,65)";
const PART: &str = "BBOX(3.9,60,4.09,60.18)";
/// The same part as a polygon.
const POLYGON: &str = "POLYGON((3.9 60,4.09 60,4.09 60.18,3.9 60.18,3.9 60))";
const ELSEWHERE: &str = "POLYGON((100 -60,110 -60,110 -50,100 -60))";
const LINE: &str = "LINESTRING(3 60.2,5 60.2)";

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, &str, Check); 11] = [
        (BASIC, "/conf/basic-spatial-functions/s_intersects", basic),
        (BASIC, "/conf/basic-spatial-functions/logical", combined),
        (SPATIAL, "/conf/spatial-functions/s_intersects", intersects),
        (SPATIAL, "/conf/spatial-functions/s_disjoint", disjoint),
        (SPATIAL, "/conf/spatial-functions/s_equals", equals),
        (SPATIAL, "/conf/spatial-functions/s_touches", touches),
        (SPATIAL, "/conf/spatial-functions/s_crosses", crosses),
        (SPATIAL, "/conf/spatial-functions/s_within", within),
        (SPATIAL, "/conf/spatial-functions/s_contains", contains),
        (SPATIAL, "/conf/spatial-functions/s_overlaps", overlaps),
        (SPATIAL, "/conf/spatial-functions/logical", combined_more),
    ];
    rows.map(|(class, id, check)| Case { class, id, check }).into()
}

fn predicate(function: &str, geometry: &str) -> String {
    format!("{function}(geometry,{geometry})")
}

fn basic(subject: &Subject) {
    for source in SOURCES {
        let of = |geometry: &str| matching(subject, source, &predicate("S_INTERSECTS", geometry));
        assert_eq!(of("BBOX(-180,-90,180,90)"), everything(subject, source), "{source}");
        assert_eq!(of(ALL), everything(subject, source), "{source}");
        assert!(of("POINT(7.02 49.92)").is_empty(), "{source}");
        let impossible = predicate("S_INTERSECTS", "POINT(90 180)");
        assert_eq!(evaluate(subject, source, &impossible), Err(400), "{source}");
        let apart = "S_INTERSECTS(geometry,BBOX(-180,-90,-90,90)) AND S_INTERSECTS(geometry,BBOX(90,-90,180,90))";
        assert!(matching(subject, source, apart).is_empty(), "{source}");
        assert!(
            !of(PART).is_empty() && of(PART).len() < everything(subject, source).len(),
            "{source}"
        );
    }
}

fn combined(subject: &Subject) {
    for source in ["search-areas", "datums"] {
        logical(
            subject,
            source,
            [
                &predicate("S_INTERSECTS", PART),
                &before(source, "2015-11-16T06:00:00Z"),
            ],
        );
    }
}

fn intersects(subject: &Subject) {
    for source in SOURCES {
        let by_box = matching(subject, source, &predicate("S_INTERSECTS", PART));
        assert_eq!(
            matching(subject, source, &predicate("S_INTERSECTS", POLYGON)),
            by_box,
            "{source}"
        );
        let turned = format!("S_INTERSECTS({POLYGON},geometry)");
        assert_eq!(
            matching(subject, source, &turned),
            by_box,
            "{source}: the other way round"
        );
        let multi = "MULTIPOLYGON(((3.9 60,4.09 60,4.09 60.18,3.9 60.18,3.9 60)))";
        assert_eq!(
            matching(subject, source, &predicate("S_INTERSECTS", multi)),
            by_box,
            "{source}"
        );
        assert!(
            matching(subject, source, &predicate("S_INTERSECTS", ELSEWHERE)).is_empty(),
            "{source}"
        );
    }
}

fn disjoint(subject: &Subject) {
    for source in SOURCES {
        let apart = matching(subject, source, &predicate("S_DISJOINT", POLYGON));
        let touching = matching(subject, source, &predicate("S_INTERSECTS", POLYGON));
        assert!(apart.is_disjoint(&touching), "{source}");
        assert_eq!(&apart | &touching, everything(subject, source), "{source}");
    }
}

/// Every feature equals its own geometry; datums are points, which print exactly.
fn equals(subject: &Subject) {
    let datums = subject.features("datums", &[]);
    let at = &datums[0]["geometry"]["coordinates"];
    let point = format!("POINT({} {})", at[0], at[1]);
    let found = matching(subject, "datums", &predicate("S_EQUALS", &point));
    assert!(found.contains(datums[0]["id"].as_str().unwrap()), "{point}");
    assert!(found.len() < datums.len());
    assert!(matching(subject, "search-areas", &predicate("S_EQUALS", POLYGON)).is_empty());
}

/// A line that ends at a datum touches it; one that goes through it does not.
fn touches(subject: &Subject) {
    let datums = subject.features("datums", &[]);
    let id = datums[0]["id"].as_str().unwrap();
    let at = &datums[0]["geometry"]["coordinates"];
    let [lon, lat] = [at[0].as_f64().unwrap(), at[1].as_f64().unwrap()];
    let ends = format!("LINESTRING({lon} {lat},{lon} {})", lat + 1.0);
    assert!(
        matching(subject, "datums", &predicate("S_TOUCHES", &ends)).contains(id),
        "{ends}"
    );
    let through = format!("LINESTRING({lon} {},{lon} {lat},{lon} {})", lat - 1.0, lat + 1.0);
    assert!(
        !matching(subject, "datums", &predicate("S_TOUCHES", &through)).contains(id),
        "{through}"
    );
}

fn crosses(subject: &Subject) {
    // A line crosses an area when part of it is inside and part outside: both of its ends are far away.
    let crossed = matching(subject, "search-areas", &predicate("S_CROSSES", LINE));
    let met = matching(subject, "search-areas", &predicate("S_INTERSECTS", LINE));
    assert!(!crossed.is_empty() && crossed.is_subset(&met));
    assert!(
        matching(subject, "datums", &predicate("S_CROSSES", POLYGON)).is_empty(),
        "points cross no area"
    );
}

fn within(subject: &Subject) {
    for source in SOURCES {
        let inside = matching(subject, source, &predicate("S_WITHIN", POLYGON));
        let met = matching(subject, source, &predicate("S_INTERSECTS", POLYGON));
        assert!(inside.is_subset(&met), "{source}");
        let all = "POLYGON((0 55,15 55,15 65,0 65,0 55))";
        assert_eq!(
            matching(subject, source, &predicate("S_WITHIN", all)),
            everything(subject, source),
            "{source}"
        );
        let turned = format!("S_CONTAINS({POLYGON},geometry)");
        assert_eq!(
            matching(subject, source, &turned),
            inside,
            "{source}: contains is within, turned"
        );
    }
}

/// The area of 95 percent at the start holds the point last seen.
fn contains(subject: &Subject) {
    let last_seen = "S_CONTAINS(geometry,POINT(4.1 60.15)) AND level = 0.95";
    let found = matching(subject, "search-areas", last_seen);
    let start = "valid_time = TIMESTAMP('2015-11-16T00:00:00Z') AND level = 0.95";
    assert!(matching(subject, "search-areas", start).is_subset(&found));
    assert!(matching(subject, "search-areas", &predicate("S_CONTAINS", ELSEWHERE)).is_empty());
}

fn overlaps(subject: &Subject) {
    let overlapping = matching(subject, "search-areas", &predicate("S_OVERLAPS", POLYGON));
    let met = matching(subject, "search-areas", &predicate("S_INTERSECTS", POLYGON));
    let inside = matching(subject, "search-areas", &predicate("S_WITHIN", POLYGON));
    assert!(!overlapping.is_empty() && overlapping.is_subset(&met));
    assert!(overlapping.is_disjoint(&inside), "what lies within does not overlap");
    assert!(matching(subject, "datums", &predicate("S_OVERLAPS", POLYGON)).is_empty());
}

fn combined_more(subject: &Subject) {
    logical(
        subject,
        "search-areas",
        [
            &predicate("S_DISJOINT", POLYGON),
            &before("search-areas", "2015-11-16T10:00:00Z"),
        ],
    );
    logical(
        subject,
        "datums",
        [&predicate("S_WITHIN", POLYGON), "datum_kind = 'mean'"],
    );
}
