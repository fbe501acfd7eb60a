//! Basic CQL2, advanced comparison operators and case-insensitive comparisons (annex A.3 to A.5).

use super::{Kind, SOURCES, before, evaluate, everything, logical, matching, of_kind, queryables};
use crate::conformance::{Case, Check, Subject};

const BASIC: &str = "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2";
const ADVANCED: &str = "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators";
const CASELESS: &str = "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison";

const SCALARS: [Kind; 5] = [Kind::Text, Kind::Number, Kind::Integer, Kind::Boolean, Kind::Time];

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, &str, Check); 12] = [
        (BASIC, "/conf/basic-cql2/basic-test", basic),
        (BASIC, "/conf/basic-cql2/comparison", comparison),
        (BASIC, "/conf/basic-cql2/is-null", is_null),
        (BASIC, "/conf/basic-cql2/boolean", boolean),
        (BASIC, "/conf/basic-cql2/logical", basic_logical),
        (ADVANCED, "/conf/advanced-comparison-operators/like", like),
        (ADVANCED, "/conf/advanced-comparison-operators/between", between),
        (ADVANCED, "/conf/advanced-comparison-operators/in", within_list),
        (
            ADVANCED,
            "/conf/advanced-comparison-operators/logical",
            advanced_logical,
        ),
        (CASELESS, "/conf/case-insensitive-comparison/casei", caseless),
        (CASELESS, "/conf/case-insensitive-comparison/casei-like", caseless_like),
        (CASELESS, "/conf/case-insensitive-comparison/logical", caseless_logical),
    ];
    rows.map(|(class, id, check)| Case { class, id, check }).into()
}

fn basic(subject: &Subject) {
    for source in SOURCES {
        let kinds = queryables(subject, source);
        assert!(kinds.iter().any(|(_, kind)| SCALARS.contains(kind)), "{source}");
    }
}

/// The value of the annex for each type.
fn value(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Geometry => "'foo'",
        Kind::Number => "3.14",
        Kind::Integer => "1",
        Kind::Boolean => "true",
        Kind::Time => "TIMESTAMP('2022-04-14T14:48:46Z')",
    }
}

fn comparison(subject: &Subject) {
    for source in SOURCES {
        for (name, kind) in queryables(subject, source) {
            if !SCALARS.contains(&kind) {
                continue;
            }
            let of = |operator: &str| matching(subject, source, &format!("{name} {operator} {}", value(kind)));
            assert!(of("=").is_disjoint(&of("<>")), "{source}: {name} =");
            assert!(of(">").is_disjoint(&of("<=")), "{source}: {name} >");
            assert!(of("<").is_disjoint(&of(">=")), "{source}: {name} <");
            // Beyond the annex: what has a value is on one side or the other.
            let known = matching(subject, source, &format!("{name} IS NOT NULL"));
            assert_eq!(&of("=") | &of("<>"), known, "{source}: {name}");
            assert_eq!(&of("<") | &of(">="), known, "{source}: {name}");
        }
    }
}

fn is_null(subject: &Subject) {
    for source in SOURCES {
        let every = everything(subject, source);
        for (name, _) in queryables(subject, source) {
            let null = matching(subject, source, &format!("{name} IS NULL"));
            let known = matching(subject, source, &format!("{name} is not null"));
            assert!(null.is_disjoint(&known), "{source}: {name}");
            assert_eq!(&null | &known, every, "{source}: {name}");
        }
    }
}

fn boolean(subject: &Subject) {
    for source in SOURCES {
        assert_eq!(
            matching(subject, source, "true"),
            everything(subject, source),
            "{source}"
        );
        assert!(matching(subject, source, "false").is_empty(), "{source}");
    }
}

fn basic_logical(subject: &Subject) {
    for source in ["search-areas", "datums"] {
        let early = before(source, "2015-11-16T07:00:00Z");
        let late = before(source, "2015-11-16T03:00:00Z").replace('<', ">=");
        logical(subject, source, [&early, &late]);
    }
    logical(subject, "search-areas", ["level = 0.5", "level > 0.6"]);
    logical(subject, "datums", ["datum_kind = 'mean'", "datum_kind <> 'mean'"]);
}

fn like(subject: &Subject) {
    for (source, name) in of_kind(subject, &[Kind::Text]) {
        let of = |pattern: &str| matching(subject, source, &format!("{name} LIKE '{pattern}'"));
        let known = matching(subject, source, &format!("{name} IS NOT NULL"));
        assert!(of("_%").is_disjoint(&of("")), "{source}: {name}");
        assert_eq!(of("%"), of("%%"), "{source}: {name}");
        assert_eq!(of("%"), known, "{source}: {name}");
        assert!(
            of(r"\%\_").is_empty(),
            "{source}: {name} holds a percent sign and a low line"
        );
    }
    let mean = matching(subject, "datums", "datum_kind LIKE 'm_a%'");
    assert_eq!(mean, matching(subject, "datums", "datum_kind = 'mean'"));
}

fn between(subject: &Subject) {
    for (source, name) in of_kind(subject, &[Kind::Number, Kind::Integer]) {
        let of = |range: &str| matching(subject, source, &format!("{name} {range}"));
        let expected = matching(subject, source, &format!("{name} >= 0 AND {name} <= 100"));
        assert_eq!(of("BETWEEN 0 AND 100"), expected, "{source}: {name}");
        assert!(of("between 100.0 and 1.0").is_empty(), "{source}: {name}");
    }
    let middle = matching(subject, "search-areas", "level NOT BETWEEN 0.6 AND 0.92");
    assert_eq!(middle, matching(subject, "search-areas", "level < 0.6 OR level > 0.92"));
}

fn within_list(subject: &Subject) {
    let lists = [
        (Kind::Number, "(1, 2, 3)"),
        (Kind::Integer, "(1, 2, 3)"),
        (Kind::Text, "('foo', 'bar')"),
        (Kind::Boolean, "(true)"),
        (
            Kind::Time,
            "(TIMESTAMP('2022-04-14T14:52:56Z'), TIMESTAMP('2022-04-14T15:52:56Z'))",
        ),
    ];
    for (kind, list) in lists {
        for (source, name) in of_kind(subject, &[kind]) {
            let found = matching(subject, source, &format!("{name} IN {list}"));
            let others = matching(subject, source, &format!("{name} NOT IN {list}"));
            assert!(found.is_disjoint(&others), "{source}: {name}");
        }
    }
    let some = matching(subject, "search-areas", "level in (0.5, 0.95)");
    assert_eq!(some, matching(subject, "search-areas", "level = 0.5 OR level = 0.95"));
}

fn advanced_logical(subject: &Subject) {
    logical(
        subject,
        "search-areas",
        ["level IN (0.5, 0.95)", "level BETWEEN 0.8 AND 0.99"],
    );
    logical(subject, "datums", ["datum_kind LIKE 'me%'", "datum_kind IN ('mean')"]);
}

fn caseless(subject: &Subject) {
    for (source, name) in of_kind(subject, &[Kind::Text]) {
        let of = |left: &str, right: &str| matching(subject, source, &format!("{left} = {right}"));
        let own = format!("CASEI({name})");
        assert_eq!(of(&own, "casei('FOO')"), of(&own, "casei('foo')"), "{source}: {name}");
    }
    let mean = matching(subject, "datums", "datum_kind = 'mean'");
    assert_eq!(matching(subject, "datums", "CASEI(datum_kind) = CASEI('MeAn')"), mean);
    assert!(matching(subject, "datums", "datum_kind = 'MeAn'").is_empty());
}

fn caseless_like(subject: &Subject) {
    for (source, name) in of_kind(subject, &[Kind::Text]) {
        let of = |pattern: &str| matching(subject, source, &format!("CASEI({name}) LIKE casei('{pattern}')"));
        assert_eq!(of("FOO%"), of("foo%"), "{source}: {name}");
    }
    let mean = matching(subject, "datums", "datum_kind = 'mean'");
    assert_eq!(matching(subject, "datums", "casei(datum_kind) LIKE casei('ME%')"), mean);
    assert_eq!(evaluate(subject, "datums", "CASEI(lon) = CASEI('x')"), Err(400));
}

fn caseless_logical(subject: &Subject) {
    logical(
        subject,
        "datums",
        [
            "CASEI(datum_kind) = CASEI('MEAN')",
            "CASEI(datum_kind) <> CASEI('MEAN')",
        ],
    );
}
