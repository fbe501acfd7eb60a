//! CSV (RFC 4180): `longitude,latitude,datetime` (in a projected system `x,y,datetime`) and a column for each parameter, a row for each position and time; a missing
//! value is an empty field. Positions of a grid without any value are left out.

use std::fmt::Write as _;

use super::super::coverage::{Answer, Domain};

pub(super) fn encode(answer: &Answer) -> Vec<u8> {
    let places = if answer.crs.is_projected() {
        "x,y"
    } else {
        "longitude,latitude"
    };
    let mut text = format!("{places},datetime");
    for parameter in &answer.parameters {
        text.push(',');
        text.push_str(parameter.id);
    }
    text.push_str("\r\n");
    for coverage in &answer.coverages {
        let is_grid = matches!(coverage.domain, Domain::Grid { .. });
        for (number, (time, (lon, lat))) in coverage.domain.positions().enumerate() {
            let values = || coverage.ranges.iter().filter_map(|range| range.get(number));
            if is_grid && values().all(|value| value.is_nan()) {
                continue;
            }
            // Writing to a String cannot fail.
            let _ = write!(text, "{lon},{lat},{time}");
            for value in values() {
                let _ = match value.is_nan() {
                    true => write!(text, ","),
                    false => write!(text, ",{value}"),
                };
            }
            text.push_str("\r\n");
        }
    }
    text.into_bytes()
}
