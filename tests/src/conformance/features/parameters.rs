//! Part 1, A.2.7: the parameters `bbox`, `limit` and `datetime`, as documented and as answered. What is right is found by brute
//! force over all features.

use serde_json::{Value, json};

use super::core_case;
use super::items::half_of;
use crate::conformance::asking::{ids, members, times};
use crate::conformance::{Case, Subject};
use crate::standards::bounds;

const ITEMS: &str = "/collections/{collection_id}/items";

pub(super) fn cases() -> Vec<Case> {
    vec![
        core_case("/conf/core/fc-bbox-definition", bbox_definition),
        core_case("/conf/core/fc-bbox-response", bbox_response),
        core_case("/conf/core/fc-limit-definition", limit_definition),
        core_case("/conf/core/fc-limit-response", limit_response),
        core_case("/conf/core/fc-time-definition", datetime_definition),
        core_case("/conf/core/fc-time-response", datetime_response),
    ]
}

/// The definition, which must be that of a parameter that may be left out and is written in one piece.
fn defined(subject: &Subject, name: &str) -> Value {
    let parameter = subject.parameter(ITEMS, name);
    assert_eq!(parameter["in"], "query");
    assert!(
        matches!(parameter.get("required"), None | Some(Value::Bool(false))),
        "{parameter}"
    );
    assert!(
        parameter["style"].is_null() || parameter["style"] == "form",
        "{parameter}"
    );
    parameter
}

fn bbox_definition(subject: &Subject) {
    let bbox = defined(subject, "bbox");
    // The default of style form is to explode, which would repeat the parameter for each number.
    assert_eq!(bbox["explode"], false);
    let schema = &bbox["schema"];
    assert_eq!(schema["type"], "array");
    assert_eq!(schema["items"]["type"], "number");
    assert_eq!((&schema["minItems"], &schema["maxItems"]), (&json!(4), &json!(6)));
}

fn limit_definition(subject: &Subject) {
    let schema = &defined(subject, "limit")["schema"];
    assert_eq!(schema["type"], "integer");
    assert!(schema["minimum"].as_i64() <= schema["default"].as_i64());
    assert!(schema["default"].as_i64() <= schema["maximum"].as_i64());
}

fn datetime_definition(subject: &Subject) {
    assert_eq!(defined(subject, "datetime")["schema"]["type"], "string");
}

fn bbox_response(subject: &Subject) {
    for id in subject.spread() {
        let all = subject.features(&id, &[]);
        let half = half_of(&all);
        let east: f64 = half.split(',').nth(2).unwrap().parse().unwrap();
        let found = subject.features(&id, &[("bbox", &half)]);
        // All lie between the box's other sides: whether one touches it is a matter of its western edge, whatever its shape.
        let expected: Vec<Value> = all.iter().filter(|it| bounds(it)[0] <= east).cloned().collect();
        assert_eq!(ids(&found), ids(&expected), "{id} in {half}");
        assert!(
            !found.is_empty() && found.len() < all.len(),
            "{id}: the box discriminates"
        );
        let heights = half.replacen(",40,", ",40,-100,", 1) + ",100";
        assert_eq!(
            ids(&subject.features(&id, &[("bbox", &heights)])),
            ids(&expected),
            "{id}"
        );
        assert!(subject.features(&id, &[("bbox", "100,-60,110,-50")]).is_empty(), "{id}");
    }
}

fn limit_response(subject: &Subject) {
    let maximum = subject.parameter(ITEMS, "limit")["schema"]["maximum"].as_u64().unwrap();
    for id in subject.spread() {
        assert_eq!(members(&subject.page(&id, &[("limit", "3")])).len(), 3, "{id}");
        let beyond = (maximum + 1).to_string();
        let page = subject.page(&id, &[("limit", &beyond)]);
        assert!(members(&page).len() as u64 <= maximum, "{id}");
    }
}

fn datetime_response(subject: &Subject) {
    let cases = [
        "2015-11-16T02:00:00Z",
        "2015-11-16T02:00:00Z/2015-11-16T05:00:00Z",
        "../2015-11-16T03:00:00Z",
        "2015-11-16T09:00:00Z/..",
        "/2015-11-16T03:00:00Z",
        "2015-11-16T09:00:00Z/",
        "2014-01-01T00:00:00Z/2014-12-31T00:00:00Z",
    ];
    for id in subject.readable() {
        let all = subject.features(&id, &[]);
        for datetime in cases {
            let (from, until) = datetime.split_once('/').unwrap_or((datetime, datetime));
            let open = |end: &str| end.is_empty() || end == "..";
            let intersects = |it: &&Value| {
                let [start, end] = times(it);
                (open(until) || start <= until) && (open(from) || from <= end)
            };
            let expected: Vec<Value> = all.iter().filter(intersects).cloned().collect();
            let found = subject.features(&id, &[("datetime", datetime)]);
            assert_eq!(ids(&found), ids(&expected), "{id} in {datetime}");
        }
    }
    // Both criteria at once.
    for id in subject.spread() {
        let half = half_of(&subject.features(&id, &[]));
        let both = subject.features(&id, &[("bbox", &half), ("datetime", cases[1])]);
        let one = ids(&subject.features(&id, &[("bbox", &half)]));
        let other = ids(&subject.features(&id, &[("datetime", cases[1])]));
        assert_eq!(ids(&both), one.intersection(&other).cloned().collect(), "{id}");
    }
}
