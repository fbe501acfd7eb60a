//! CQL2 Text and CQL2 JSON as languages (annex A.1 and A.2): the same expression means the same in both.

use serde_json::{Value, json};

use super::{evaluate, everything, matching};
use crate::conformance::asking::ids;
use crate::conformance::{Case, Check, MISSION_NAME, Subject};

const TEXT: &str = "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text";
const JSON: &str = "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json";

pub(super) fn cases() -> Vec<Case> {
    let rows: [(&str, &str, Check); 3] = [
        (TEXT, "/conf/cql2-text/validate", text),
        (TEXT, "/conf/cql2-text/escaping", escaping),
        (JSON, "/conf/cql2-json/validate", in_json),
    ];
    rows.map(|(class, id, check)| Case { class, id, check }).into()
}

/// Expressions over search areas in both languages, at least one of every class.
fn expressions() -> Vec<(&'static str, Value)> {
    let property = |name: &str| json!({"property": name});
    let time = "2015-11-16T06:00:00Z";
    let corners = json!([[3.9, 60.0], [4.09, 60.0], [4.09, 60.18], [3.9, 60.18], [3.9, 60.0]]);
    vec![
        ("level = 0.5", json!({"op": "=", "args": [property("level"), 0.5]})),
        (
            "level > 0.5 AND NOT (level >= 0.95)",
            json!({"op": "and", "args": [
                {"op": ">", "args": [property("level"), 0.5]},
                {"op": "not", "args": [{"op": ">=", "args": [property("level"), 0.95]}]},
            ]}),
        ),
        (
            "object_code IS NULL",
            json!({"op": "isNull", "args": [property("object_code")]}),
        ),
        (
            "object_code LIKE 'PIW%'",
            json!({"op": "like", "args": [property("object_code"), "PIW%"]}),
        ),
        (
            "level BETWEEN 0.4 AND 0.91",
            json!({"op": "between", "args": [property("level"), 0.4, 0.91]}),
        ),
        (
            "level IN (0.5, 0.95)",
            json!({"op": "in", "args": [property("level"), [0.5, 0.95]]}),
        ),
        (
            "valid_time < TIMESTAMP('2015-11-16T06:00:00Z')",
            json!({"op": "<", "args": [property("valid_time"), {"timestamp": time}]}),
        ),
        (
            "T_INTERSECTS(valid_time, INTERVAL('2015-11-16T06:00:00Z','..'))",
            json!({"op": "t_intersects", "args": [property("valid_time"), {"interval": [time, ".."]}]}),
        ),
        (
            "S_INTERSECTS(geometry, BBOX(3.9,60,4.09,60.18))",
            json!({"op": "s_intersects", "args": [property("geometry"), {"bbox": [3.9, 60.0, 4.09, 60.18]}]}),
        ),
        (
            "S_INTERSECTS(geometry, POLYGON((3.9 60,4.09 60,4.09 60.18,3.9 60.18,3.9 60)))",
            json!({"op": "s_intersects", "args": [
                property("geometry"), {"type": "Polygon", "coordinates": [corners]},
            ]}),
        ),
    ]
}

/// The cases of all other classes ask in text; here what they do not: writing that is none.
fn text(subject: &Subject) {
    for (filter, _) in expressions() {
        matching(subject, "search-areas", filter);
    }
    for wrong in [
        "level =",
        "level == 0.5",
        "(level = 0.5",
        "level = 'x'",
        "level = 0.5 AND",
        "'",
    ] {
        assert_eq!(evaluate(subject, "search-areas", wrong), Err(400), "{wrong}");
    }
}

/// A mission's name is its sender's text: this one holds a quotation mark, which is written in two ways.
fn escaping(subject: &Subject) {
    let everything = everything(subject, "search-areas");
    for escaped in [MISSION_NAME.replace('\'', "''"), MISSION_NAME.replace('\'', r"\'")] {
        let filter = format!("mission_name = '{escaped}'");
        assert_eq!(matching(subject, "search-areas", &filter), everything, "{filter}");
    }
    let without = MISSION_NAME.replace('\'', "");
    assert!(matching(subject, "search-areas", &format!("mission_name = '{without}'")).is_empty());
}

fn in_json(subject: &Subject) {
    for (text, tree) in expressions() {
        let tree = tree.to_string();
        let pairs = [("filter-lang", "cql2-json"), ("filter", &tree)];
        let found = ids(&subject.features("search-areas", &pairs));
        assert_eq!(found, matching(subject, "search-areas", text), "{text}");
    }
    for wrong in [
        "{",
        "{}",
        "[]",
        r#"{"op": "none", "args": []}"#,
        r#"{"op": "=", "args": [1]}"#,
    ] {
        let pairs = [("filter-lang", "cql2-json"), ("filter", wrong)];
        assert_eq!(subject.page_status("search-areas", &pairs), 400, "{wrong}");
    }
}
