//! The same filter as text and as JSON.

use driftline_query::Error;

use crate::table::{json, matching, places, text};

#[test]
fn text_and_json_say_the_same() {
    for (as_text, as_json) in [
        ("name = 'Bergen'", r#"{"op":"=","args":[{"property":"name"},"Bergen"]}"#),
        (
            "code = 'no' AND stranded = true AND count > 1",
            r#"{"op":"and","args":[{"op":"=","args":[{"property":"code"},"no"]},{"op":"=","args":[{"property":"stranded"},true]},
               {"op":">","args":[{"property":"count"},1]}]}"#,
        ),
        (
            "NOT name LIKE 'B%'",
            r#"{"op":"not","args":[{"op":"like","args":[{"property":"name"},"B%"]}]}"#,
        ),
        (
            "count BETWEEN 1 AND 100000",
            r#"{"op":"between","args":[{"property":"count"},1,100000]}"#,
        ),
        (
            "code IN ('dk','fj')",
            r#"{"op":"in","args":[{"property":"code"},["dk","fj"]]}"#,
        ),
        ("name IS NULL", r#"{"op":"isNull","args":[{"property":"name"}]}"#),
        (
            "CASEI(name) = CASEI('bergen')",
            r#"{"op":"=","args":[{"op":"casei","args":[{"property":"name"}]},{"op":"casei","args":["bergen"]}]}"#,
        ),
        (
            "level * 2 > 1.5",
            r#"{"op":">","args":[{"op":"*","args":[{"property":"level"},2]},1.5]}"#,
        ),
        (
            "valid_time > TIMESTAMP('2026-08-14T12:00:00Z')",
            r#"{"op":">","args":[{"property":"valid_time"},{"timestamp":"2026-08-14T12:00:00Z"}]}"#,
        ),
        (
            "valid_time = DATE('2026-08-14')",
            r#"{"op":"=","args":[{"property":"valid_time"},{"date":"2026-08-14"}]}"#,
        ),
        (
            "T_INTERSECTS(INTERVAL(valid_start, valid_end), INTERVAL('2026-08-15', '..'))",
            r#"{"op":"t_intersects","args":[{"interval":[{"property":"valid_start"},{"property":"valid_end"}]},{"interval":["2026-08-15",".."]}]}"#,
        ),
        (
            "T_FINISHEDBY(INTERVAL(valid_start, valid_end), INTERVAL('..', '..'))",
            r#"{"op":"t_finishedBy","args":[{"interval":[{"property":"valid_start"},{"property":"valid_end"}]},{"interval":["..",".."]}]}"#,
        ),
        (
            "S_INTERSECTS(geometry, BBOX(0,50,20,70))",
            r#"{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[0,50,20,70]}]}"#,
        ),
        (
            "S_WITHIN(geometry, POLYGON((0 50,10 50,10 70,0 70,0 50)))",
            r#"{"op":"s_within","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[[0,50],[10,50],[10,70],[0,70],[0,50]]]}]}"#,
        ),
        (
            "S_DISJOINT(geometry, GEOMETRYCOLLECTION(POINT(5.33 60.39), LINESTRING(178 -18.14, 179 -18.14)))",
            r#"{"op":"s_disjoint","args":[{"property":"geometry"},{"type":"GeometryCollection","geometries":[
               {"type":"Point","coordinates":[5.33,60.39]},{"type":"LineString","coordinates":[[178,-18.14],[179,-18.14]]}]}]}"#,
        ),
        ("true", "true"),
    ] {
        let (of_text, of_json) = (
            text(as_text).unwrap(),
            json(as_json).unwrap_or_else(|error| panic!("{as_json}: {error}")),
        );
        assert_eq!(
            matching(&of_text, &places()),
            matching(&of_json, &places()),
            "{as_text}"
        );
        assert_eq!(of_text.properties(), of_json.properties(), "{as_text}");
        assert_eq!(of_text.bbox(), of_json.bbox(), "{as_text}");
    }
}

#[test]
fn json_that_is_no_filter_is_refused_with_its_place() {
    for (filter, says) in [
        (
            r#"{"op":"=","args":[{"property":"name"},null]}"#,
            "filter, $.args[1]: null is no value: ask with isNull",
        ),
        (
            r#"{"op":"=","args":[{"property":"name"}]}"#,
            "filter, $: = takes 2 operands, not 1",
        ),
        (r#"{"op":"=","args":{}}"#, "filter, $: '=' has no array args"),
        (r#"{"op":7,"args":[]}"#, "filter, $: op is a text"),
        (
            r#"{"op":"in","args":[{"property":"name"},"a"]}"#,
            "filter, $: the second operand of in is an array",
        ),
        (
            r#"{"op":"not","args":[{"op":"isNull","args":[{"property":7}]}]}"#,
            "filter, $.args[0].args[0]: a property is named by a text",
        ),
        (
            r#"{"what":1}"#,
            "filter, $: expected a member op, property, date, timestamp, interval, bbox or type",
        ),
        (
            r#"{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[1,2,3]}]}"#,
            "a geometry of the filter cannot be used: BBOX takes 4 or 6 numbers, not 3",
        ),
        (
            r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[1]}]}"#,
            "filter, $.args[1]: a position has at least two numbers",
        ),
    ] {
        assert_eq!(json(filter).unwrap_err().to_string(), says, "{filter}");
    }
    for filter in [
        "",
        "{",
        "[]",
        "{}",
        "\"a\"",
        r#"{"op":"t_after","args":[{"interval":["2026-08-14"]},1]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[]}]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[]]}]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[]}]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[[1,2]]}]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[[1,2],3]}]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"GeometryCollection","geometries":[]}]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"GeometryCollection"}]}"#,
        r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Feature"}]}"#,
        r#"{"op":"=","args":[{"property":"count"},1e999]}"#,
        r#"{"op":"a_contains","args":[{"property":"name"},["a"]]}"#,
    ] {
        let error = json(filter).expect_err(filter);
        assert!(!matches!(error, Error::Internal(_)), "{filter}: {error}");
    }
}
