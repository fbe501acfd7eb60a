//! The index of ECMWF's open data: one JSON object a line, with `_offset` and `_length`.

use driftline_domain::RunTime;
use jiff::SignedDuration;
use serde::Deserialize;

use super::{ByteRange, Forecast, IndexError, IndexedMessage, line_error};
use crate::stamp;

/// What is read of a line; ECMWF adds keys from time to time, and they are let pass.
#[derive(Deserialize)]
struct Line {
    date: String,
    time: String,
    step: Step,
    levtype: String,
    #[serde(default)]
    levelist: Option<String>,
    param: String,
    #[serde(default)]
    number: Option<String>,
    #[serde(rename = "_offset")]
    offset: u64,
    #[serde(rename = "_length")]
    length: u64,
}

/// `"3"`, `"0-24"`, or a bare number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Words(String),
    Hours(u32),
}

pub(super) fn parse(text: &str) -> Result<Vec<IndexedMessage>, IndexError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| read_line(line).map_err(|reason| line_error(index, line, reason)))
        .collect()
}

fn read_line(line: &str) -> Result<IndexedMessage, String> {
    let read: Line = serde_json::from_str(line).map_err(|error| format!("it is no line of an index: {error}"))?;
    let run = stamp::read(&format!("{}{}", read.date, read.time)).map(RunTime);
    let run = run.ok_or_else(|| format!("'{} {}' is no date and time", read.date, read.time))?;
    let end = read.offset.checked_add(read.length).filter(|_| read.length > 0);
    let end = end.ok_or_else(|| format!("{} bytes from {} are no range", read.length, read.offset))?;
    let level = match read.levelist {
        Some(level) => format!("{level} {}", read.levtype),
        None => read.levtype,
    };
    let hours = match &read.step {
        Step::Hours(hours) => Some(i64::from(*hours)),
        Step::Words(words) => words.parse::<u32>().ok().map(i64::from),
    };
    let forecast = match (hours, read.step) {
        (Some(hours), _) => Forecast::At(SignedDuration::from_hours(hours)),
        (None, Step::Words(words)) => Forecast::Other(words),
        (None, Step::Hours(hours)) => Forecast::Other(hours.to_string()),
    };
    Ok(IndexedMessage {
        range: ByteRange {
            start: read.offset,
            end: Some(end),
        },
        parameter: read.param,
        level,
        run,
        forecast,
        member: read.number,
    })
}

#[cfg(test)]
mod tests {
    use driftline_domain::ValidTime;

    use super::*;
    use crate::feed::Wanted;
    use crate::index::{find, merged};

    fn line(param: &str, step: &str, extra: &str, offset: u64) -> String {
        format!(
            r#"{{"domain": "g", "date": "20260119", "time": "1200", "expver": "0001", "class": "od", "type": "fc", "stream": "oper", "step": {step}, "levtype": "sfc", "param": "{param}",{extra} "_offset": {offset}, "_length": 1000}}"#
        )
    }

    const WANTED: [Wanted; 2] = [
        Wanted {
            parameter: "10u",
            level: "sfc",
        },
        Wanted {
            parameter: "10v",
            level: "sfc",
        },
    ];

    #[test]
    fn both_components_are_found_in_any_order_of_lines() {
        let text = [
            line("10v", "\"6\"", "", 9000),
            line("msl", "\"6\"", "", 0),
            line("10u", "6", r#" "levelist2": 4,"#, 4000),
            line("tp", "\"0-6\"", "", 5000),
        ]
        .join("\n");
        let messages = parse(&text).unwrap();
        let run: RunTime = "2026-01-19T12:00:00Z".parse().unwrap();
        let valid: ValidTime = "2026-01-19T18:00:00Z".parse().unwrap();
        let found = find(&messages, &WANTED, run, valid).unwrap();
        let starts: Vec<(u64, Option<u64>)> = merged(&found).iter().map(|range| (range.start, range.end)).collect();
        assert_eq!(starts, [(4000, Some(5000)), (9000, Some(10_000))]);
        assert_eq!(messages[3].forecast, Forecast::Other("0-6".to_owned()));
    }

    #[test]
    fn members_of_an_ensemble_are_not_one_forecast() {
        let text = [
            line("10u", "\"6\"", r#" "number": "1","#, 0),
            line("10u", "\"6\"", r#" "number": "2","#, 1000),
        ]
        .join("\n");
        let messages = parse(&text).unwrap();
        let run: RunTime = "2026-01-19T12:00:00Z".parse().unwrap();
        let error = find(&messages, &WANTED, run, stamp::valid(run, 6)).unwrap_err();
        assert!(error.to_string().contains("members 1, 2"), "{error}");
    }

    #[test]
    fn a_malformed_line_is_named() {
        let good = line("10u", "\"6\"", "", 0);
        for bad in [
            good.replace("\"_length\": 1000", "\"_length\": 0"),
            good.replace("\"_length\": 1000", "\"_length\": 18446744073709551615")
                .replace("\"_offset\": 0", "\"_offset\": 7"),
            good.replace("\"_offset\": 0", "\"_offset\": -1"),
            good.replace("20260119", "20261319"),
            good.replace("\"param\": \"10u\",", ""),
            good[..40].to_owned(),
        ] {
            let error = parse(&format!("{good}\n{bad}")).unwrap_err();
            assert!(matches!(error, IndexError::Line { number: 2, .. }), "{bad}: {error}");
        }
    }
}
