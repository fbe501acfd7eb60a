//! Features of long pages as text without an object for each: what all particles of a block share is made once, and
//! numbers are written digit by digit. A millionth of a degree is a tenth of a metre.

use driftline_database::Run;

use super::block::Block;

/// Texts around the numbers of a particle or a cell.
#[derive(Debug)]
pub(crate) struct BlockText {
    /// Up to the row number in the id.
    pub(crate) before_row: String,
    /// From the end of the geometry to the row number in the property `id`.
    pub(crate) property_id: String,
    /// From the end of that number on: mission and run.
    pub(crate) of_run: String,
    /// When all of the block hold.
    pub(crate) valid_time: String,
    /// What drifts.
    pub(crate) object_code: String,
    /// Up to the end of the feature.
    pub(crate) end: String,
}

impl BlockText {
    /// Those of a block.
    pub(crate) fn of(block: &Block) -> Self {
        let run = &block.run;
        let id = format!("{}.{}.", run.id, block.collection.id());
        let time = block.one_time().map(|time| time.to_string());
        let object_code = serde_json::to_string(&object_code(run)).unwrap_or_else(|_| "null".to_owned());
        Self {
            before_row: format!(r#"{{"type":"Feature","id":"{id}"#),
            property_id: format!(r#","properties":{{"id":"{id}"#),
            of_run: format!(r#"","mission_id":"{}","run_id":"{}""#, run.mission, run.id),
            valid_time: format!(r#","valid_time":"{}""#, time.unwrap_or_default()),
            object_code: format!(r#","object_code":{object_code}"#),
            end: format!(
                r#","issued":"{0}","updated":"{0}","status":"current","superseded_by":null}}"#,
                run.published_at
            ),
        }
    }
}

/// The Leeway class of a run.
pub(super) fn object_code(run: &Run) -> Option<&str> {
    run.summary.get("object")?.get("key")?.as_str()
}

/// Writes a whole number.
pub(crate) fn push_number(text: &mut String, number: u64) {
    let mut digits = [0u8; 20];
    let mut place = digits.len();
    let mut rest = number;
    loop {
        place -= 1;
        digits[place] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    // Digits are ASCII.
    text.push_str(std::str::from_utf8(&digits[place..]).unwrap_or_default());
}

/// Writes degrees, or whatever fits, with six decimals.
pub(crate) fn push_decimal(text: &mut String, number: f64) {
    let millionths = (number * 1e6).round();
    if millionths.is_nan() || millionths.abs() > 1e15 {
        text.push_str(&format!("{number:.6}"));
        return;
    }
    // What rounds to zero has no sign.
    if millionths < 0.0 {
        text.push('-');
    }
    let millionths = millionths.abs() as u64;
    push_number(text, millionths / 1_000_000);
    let mut rest = millionths % 1_000_000;
    let mut digits = *b".000000";
    for digit in digits[1..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
}

/// Writes a position.
pub(crate) fn push_position(text: &mut String, (x, y): (f64, f64)) {
    text.push('[');
    push_decimal(text, x);
    text.push(',');
    push_decimal(text, y);
    text.push(']');
}

/// Writes a text as JSON does.
pub(crate) fn push_json_text(text: &mut String, value: &str) {
    let is_plain = value.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if is_plain {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        text.push_str(&serde_json::Value::from(value).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(number: f64) -> String {
        let mut text = String::new();
        push_decimal(&mut text, number);
        text
    }

    #[test]
    fn decimals_read_back_to_a_millionth() {
        for number in [
            0.0,
            -0.0,
            4.1,
            -4.1,
            179.999_999_9,
            -0.000_000_4,
            60.123_456_7,
            89.5,
            12_345_678.25,
        ] {
            let read: f64 = decimal(number).parse().unwrap();
            assert!((read - number).abs() <= 5.1e-7, "{number} {read}");
        }
        assert_eq!(decimal(4.5), "4.500000");
        assert_eq!(decimal(-0.25), "-0.250000");
        assert_eq!(decimal(-0.000_000_1), "0.000000");
        assert_eq!(decimal(1e20), "100000000000000000000.000000");
    }

    #[test]
    fn numbers_and_texts() {
        let mut text = String::new();
        push_number(&mut text, 0);
        push_number(&mut text, u64::MAX);
        push_json_text(&mut text, "a\"b");
        push_json_text(&mut text, "å");
        assert_eq!(text, format!("0{}\"a\\\"b\"\"å\"", u64::MAX));
    }
}
