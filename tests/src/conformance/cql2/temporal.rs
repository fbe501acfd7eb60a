//! Temporal functions (annex A.10). Intervals are closed; trajectories are valid over an interval.

use super::{Kind, before, everything, logical, matching, of_kind};
use crate::conformance::asking::{ids, times};
use crate::conformance::{Case, Check, Subject};

const CLASS: &str = "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions";

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, Check); 3] = [
        ("/conf/temporal-functions/temporal-functions-1", of_instants),
        ("/conf/temporal-functions/temporal-functions-2", of_intervals),
        ("/conf/temporal-functions/logical", combined),
    ];
    rows.map(|(id, check)| Case {
        class: CLASS,
        id,
        check,
    })
    .into()
}

const FUNCTIONS: [&str; 5] = ["T_AFTER", "T_BEFORE", "T_DISJOINT", "T_EQUALS", "T_INTERSECTS"];

fn of_instants(subject: &Subject) {
    let literals = [
        "TIMESTAMP('2022-04-24T07:59:57Z')",
        "INTERVAL('2021-01-01T00:00:00Z','2021-12-31T23:59:59Z')",
    ];
    for (source, name) in of_kind(subject, &[Kind::Time]) {
        for literal in literals {
            let of = |function: &str| matching(subject, source, &format!("{function}({name},{literal})"));
            let [after, earlier, disjoint, equal, met] = FUNCTIONS.map(of);
            let known = matching(subject, source, &format!("{name} IS NOT NULL"));
            assert_eq!(&after | &earlier, disjoint, "{source}: {name} {literal}");
            assert_eq!(&disjoint | &met, known, "{source}: {name} {literal}");
            assert!(
                disjoint.is_disjoint(&met) && equal.is_subset(&met),
                "{source}: {name} {literal}"
            );
        }
    }
}

/// Whether an interval, by its start and end, stands so to another.
type Relation = fn(&str, &str, &str, &str) -> bool;

/// Every function against what the features say of themselves.
fn of_intervals(subject: &Subject) {
    let [from, until] = ["2015-11-16T03:00:00Z", "2015-11-16T06:00:00Z"];
    let rows: [(&str, Relation); 15] = [
        ("T_AFTER", |s, _, _, until| s > until),
        ("T_BEFORE", |_, e, from, _| e < from),
        ("T_CONTAINS", |s, e, from, until| s < from && until < e),
        ("T_DISJOINT", |s, e, from, until| e < from || until < s),
        ("T_DURING", |s, e, from, until| from < s && e < until),
        ("T_EQUALS", |s, e, from, until| s == from && e == until),
        ("T_FINISHEDBY", |s, e, from, until| s < from && e == until),
        ("T_FINISHES", |s, e, from, until| s > from && e == until),
        ("T_INTERSECTS", |s, e, from, until| s <= until && from <= e),
        ("T_MEETS", |_, e, from, _| e == from),
        ("T_METBY", |s, _, _, until| s == until),
        ("T_OVERLAPPEDBY", |s, e, from, until| from < s && s < until && e > until),
        ("T_OVERLAPS", |s, e, from, until| s < from && e > from && e < until),
        ("T_STARTEDBY", |s, e, from, until| s == from && e > until),
        ("T_STARTS", |s, e, from, until| s == from && e < until),
    ];
    let tracks = subject.features("trajectories", &[]);
    for (function, holds) in rows {
        let filter = format!("{function}(INTERVAL(valid_start,valid_end),INTERVAL('{from}','{until}'))");
        let expected = tracks.iter().filter(|track| {
            let [start, end] = times(track);
            holds(start, end, from, until)
        });
        let expected: Vec<_> = expected.cloned().collect();
        assert_eq!(matching(subject, "trajectories", &filter), ids(&expected), "{filter}");
    }
    // Open ends.
    let areas = everything(subject, "search-areas");
    let open = format!("T_INTERSECTS(valid_time,INTERVAL('..','{until}'))");
    let closed = matching(subject, "search-areas", &open);
    assert_eq!(
        closed,
        matching(subject, "search-areas", &format!("valid_time <= TIMESTAMP('{until}')"))
    );
    assert!(!closed.is_empty() && closed.len() < areas.len());
}

fn combined(subject: &Subject) {
    for source in ["search-areas", "datums"] {
        let late = "T_AFTER(valid_time,TIMESTAMP('2015-11-16T04:00:00Z'))";
        logical(subject, source, [late, &before(source, "2015-11-16T09:00:00Z")]);
    }
}
