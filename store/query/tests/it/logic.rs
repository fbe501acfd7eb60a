//! Comparisons, logic and arithmetic of CQL2 text, and what is refused.

use crate::table::{found, refused};

#[test]
fn comparisons_of_each_type() {
    for (filter, rows) in [
        ("name = 'Bergen'", vec![2]),
        ("name <> 'Bergen'", vec![0, 1, 3]),
        ("code = 'no' AND count > 100000", vec![2]),
        ("count >= 290000", vec![0, 2]),
        ("count < 93000", vec![1]),
        ("count = 67000.0", vec![1]),
        ("count > 66999.5", vec![0, 1, 2, 3]),
        ("level <= 0.5", vec![0, 3]),
        ("level = 0", vec![3]),
        ("level = -0.0", vec![3]),
        ("level >= 9.5e-1", vec![2]),
        ("level < .6", vec![0, 3]),
        ("0.6 < level", vec![1, 2]),
        ("stranded = true", vec![0, 2]),
        ("stranded <> TRUE", vec![1, 3]),
        ("stranded", vec![0, 2]),
        ("NOT stranded", vec![1, 3]),
        ("\"count\" = 93000", vec![3]),
        ("name != 'Suva'", vec![0, 1, 2]),
        ("true", vec![0, 1, 2, 3, 4]),
        ("FALSE", vec![]),
        ("1 = 1", vec![0, 1, 2, 3, 4]),
        ("'a' > 'b'", vec![]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

#[test]
fn what_is_unknown_does_not_match_and_neither_does_its_opposite() {
    for (filter, rows) in [
        ("name IS NULL", vec![4]),
        ("name is not null", vec![0, 1, 2, 3]),
        ("NOT (count > 0)", vec![]),
        ("count > 0 OR name IS NULL", vec![0, 1, 2, 3, 4]),
        ("NOT (name = 'Suva') OR true", vec![0, 1, 2, 3, 4]),
        ("NOT (name = 'Suva' AND false)", vec![0, 1, 2, 3, 4]),
        ("geometry IS NULL", vec![]),
        ("count / 0 IS NULL", vec![0, 1, 2, 3, 4]),
        ("NOT count NOT IN (67000)", vec![1]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

#[test]
fn and_binds_before_or_and_not_before_both() {
    assert_eq!(found("code = 'fj' OR code = 'no' AND stranded"), [2, 3]);
    assert_eq!(found("(code = 'fj' OR code = 'no') AND stranded"), [2]);
    assert_eq!(found("NOT code = 'no' AND stranded"), [0]);
    assert_eq!(found("NOT (code = 'no' AND stranded)"), [0, 1, 3]);
    assert_eq!(found("not not stranded"), [0, 2]);
}

#[test]
fn texts_by_pattern_and_past_case_and_accents() {
    for (filter, rows) in [
        ("name LIKE 'B%'", vec![2]),
        ("name LIKE '%e%n'", vec![0, 2]),
        ("name LIKE '_uva'", vec![3]),
        ("name LIKE '%'", vec![0, 1, 2, 3]),
        ("name LIKE ''", vec![]),
        ("name NOT LIKE '%n%'", vec![3]),
        ("CASEI(name) = casei('BERGEN')", vec![2]),
        ("casei(name) LIKE casei('KØB%')", vec![0]),
        ("CASEI(name) IN (CASEI('SUVA'), CASEI('ålesund'))", vec![1, 3]),
        ("ACCENTI(name) = accenti('Alesund')", vec![1]),
        ("ACCENTI(CASEI(name)) LIKE ACCENTI(CASEI('ÅLE%'))", vec![1]),
        ("name = 'it''s'", vec![]),
        (r"name = 'it\'s'", vec![]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

#[test]
fn ranges_and_lists() {
    for (filter, rows) in [
        ("count BETWEEN 67000 AND 93000", vec![1, 3]),
        ("count between 93000 and 67000", vec![]),
        ("count NOT BETWEEN 67000 AND 93000", vec![0, 2]),
        ("level BETWEEN 0.5 AND 0.9 AND stranded", vec![0]),
        ("code IN ('dk', 'fj')", vec![0, 3]),
        ("code IN ('dk')", vec![0]),
        ("code NOT IN ('dk', 'fj')", vec![1, 2]),
        ("count IN (67000, 1.5, 290000.0)", vec![1, 2]),
        ("level IN (0, 0.9)", vec![1, 3]),
        ("stranded IN (true)", vec![0, 2]),
        ("count IN (level, 93000)", vec![3]),
        ("name BETWEEN 'A' AND 'C'", vec![2]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

#[test]
fn arithmetic_and_properties_against_properties() {
    for (filter, rows) in [
        ("count + 1 = 67001", vec![1]),
        ("count * 2 - 1 > 579998", vec![0, 2]),
        ("count / 2 = 46500", vec![3]),
        ("count div 1000 = 1085", vec![0]),
        ("-7 div 2 = -3", vec![0, 1, 2, 3, 4]),
        ("7 % 4 = 3 AND 2 ^ 3 = 8", vec![0, 1, 2, 3, 4]),
        ("2 + 3 * 2 ^ 2 = 14", vec![0, 1, 2, 3, 4]),
        ("(2 + 3) * 2 = 10", vec![0, 1, 2, 3, 4]),
        ("10 - 3 - 2 = 5", vec![0, 1, 2, 3, 4]),
        ("-count < -93000", vec![0, 2]),
        ("level - -1 > 1.89", vec![1, 2]),
        ("count-1=66999", vec![1]),
        ("count > level", vec![0, 1, 2, 3]),
        ("count = count", vec![0, 1, 2, 3]),
        ("name = code", vec![]),
        ("level / 0 > 1", vec![]),
        ("NOT level / 0 > 1", vec![]),
    ] {
        assert_eq!(found(filter), rows, "{filter}");
    }
}

#[test]
fn whole_numbers_that_no_float_holds_are_compared_as_they_are() {
    assert_eq!(found("9007199254740993 = 9007199254740992"), [0_usize; 0]);
    assert_eq!(found("9007199254740993 > 9007199254740992").len(), 5);
    assert_eq!(
        found("count < 9223372036854775807 AND count > -9223372036854775808"),
        [0, 1, 2, 3]
    );
}

#[test]
fn names_are_told_where_they_are_unknown() {
    assert_eq!(
        refused("nmae = 'Bergen'"),
        "there is no property 'nmae' to filter by: there are geometry, name, code, count, level, stranded, valid_time, \
         valid_start, valid_end"
    );
    assert!(
        refused("foo(name) = 1").starts_with("there is no function 'foo': there are CASEI"),
        "{}",
        refused("foo(name) = 1")
    );
}

#[test]
fn types_are_told_where_they_do_not_go_together() {
    for (filter, says) in [
        (
            "level = 'x'",
            "the property 'level', a number, cannot be compared with the text 'x'",
        ),
        (
            "name > 5",
            "the property 'name', a text, cannot be compared with the number 5",
        ),
        (
            "stranded = 1",
            "the property 'stranded', a boolean, cannot be compared with the number 1",
        ),
        (
            "valid_time = 5",
            "the property 'valid_time', a time, cannot be compared with the number 5",
        ),
        (
            "count LIKE '5%'",
            "LIKE compares texts, and the property 'count', an integer, is none",
        ),
        ("name LIKE code", "the pattern of LIKE is a text in quotes"),
        (
            "name IN ('a', 1)",
            "the property 'name', a text, cannot be compared with the number 1",
        ),
        (
            "name BETWEEN 1 AND 2",
            "the property 'name', a text, cannot be compared with the number 1",
        ),
        (
            "name + 1 = 2",
            "'+' computes with numbers, and the property 'name', a text, is none",
        ),
        (
            "casei(count) = 'a'",
            "CASEI takes a text, and the property 'count', an integer, is none",
        ),
        (
            "count",
            "the property 'count' is an integer: it has to be compared with something",
        ),
        (
            "'a'",
            "the text 'a' is no condition: it has to be compared with something",
        ),
        (
            "count + 1",
            "the result of + is no condition: it has to be compared with something",
        ),
        (
            "geometry = 'a'",
            "the property 'geometry' is a geometry: ask with S_INTERSECTS and its like",
        ),
        ("(name, code) = ('a', 'b')", "a list is no value that could be compared"),
        (
            "S_INTERSECTS(name, POINT(1 2))",
            "S_INTERSECTS compares geometries, and the property 'name' is a text",
        ),
        (
            "S_INTERSECTS(geometry, 'a')",
            "S_INTERSECTS compares geometries, and the text 'a' is none",
        ),
        (
            "T_AFTER(name, DATE('2026-08-14'))",
            "temporal functions compare times, and the property 'name', a text, is none",
        ),
        (
            "(count > 1) = true",
            "the result of > is no value that could be compared",
        ),
    ] {
        assert_eq!(refused(filter), says, "{filter}");
    }
}

#[test]
fn what_breaks_the_grammar_is_told_with_its_place() {
    for (filter, says) in [
        ("", "filter, character 1: expected a value, found the end"),
        ("name =", "filter, character 7: expected a value, found the end"),
        (
            "name = 'a' code",
            "filter, character 12: expected AND, OR or the end, found 'code'",
        ),
        (
            "name = 'a' order = 2",
            "filter, character 12: expected AND, OR or the end, found 'order'",
        ),
        (
            "a = b = c",
            "filter, character 7: expected AND, OR or the end, found '='",
        ),
        ("name = 'a", "filter, character 8: this text has no closing '"),
        ("(name = 'a'", "filter, character 12: expected ')', found the end"),
        ("name IN ()", "filter, character 10: expected a value, found ')'"),
        ("name IN 'a'", "filter, character 9: expected '(', found the text 'a'"),
        ("name IS 'a'", "filter, character 9: expected NULL, found the text 'a'"),
        (
            "name NOT = 'a'",
            "filter, character 10: expected LIKE, BETWEEN or IN, found '='",
        ),
        ("å = 1 ; b", "filter, character 7: ';' has no meaning here"),
        ("count = NULL", "filter, character 9: expected a value, found 'NULL'"),
        (
            "S_INTERSECTS(geometry)",
            "filter, character 1: S_INTERSECTS takes 2 operands, not 1",
        ),
        ("count > 1e400", "number '1e400' is not valid: it is too large"),
        ("count BETWEEN 1 OR 2", "filter, character 17: expected AND, found 'OR'"),
    ] {
        assert_eq!(refused(filter), says, "{filter}");
    }
}
