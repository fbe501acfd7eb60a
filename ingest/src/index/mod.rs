//! Indexes of GRIB objects: which bytes of an object are which message, so that two of 743 can be fetched without the rest.
//!
//! An index may be of another moment than its object (feeds-and-store.md 2.1), so nothing of it is believed: a line that
//! cannot be read refuses the whole index by the line's number, every wanted message must stand in it once, at the run and
//! step that were asked for, and what is fetched is checked again by whoever decodes it.

mod ecmwf;
mod wgrib2;

use driftline_domain::{RunTime, ValidTime};
use jiff::SignedDuration;

use crate::feed::{IndexDialect, Wanted};

/// Lines beyond which an index is none: the longest known, of a whole ensemble, has some ten thousand.
const MOST_LINES: usize = 200_000;

/// Bytes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteRange {
    /// The first.
    pub start: u64,
    /// The one after the last; `None` for the object's end, which this index does not know.
    pub end: Option<u64>,
}

/// When a message of an index holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// At one instant, so long after the run.
    At(SignedDuration),
    /// Means, sums and whatever else is no instant, as the index words it.
    Other(String),
}

/// A message as its index tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedMessage {
    /// Where its bytes lie.
    pub range: ByteRange,
    /// `UGRD`, `10u`.
    pub parameter: String,
    /// `10 m above ground`, `sfc`, `850 pl`.
    pub level: String,
    /// Run that it belongs to.
    pub run: RunTime,
    /// When it holds.
    pub forecast: Forecast,
    /// Member of an ensemble.
    pub member: Option<String>,
}

/// Why an index cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A line is none of an index.
    #[error("line {number} of the index is '{text}': {reason}")]
    Line {
        /// Counted from 1.
        number: usize,
        /// Its beginning.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It has no lines, or too many.
    #[error("the index has {0} lines")]
    Length(usize),
    /// A wanted message is not in it.
    #[error("the index names no {parameter} at {level} among its {messages} messages")]
    Missing {
        /// Parameter.
        parameter: &'static str,
        /// Level.
        level: &'static str,
        /// How many there are.
        messages: usize,
    },
    /// A wanted message is in it, but not for the time that was asked for.
    #[error("the index has {parameter} at {level} for {found}, wanted is {wanted}")]
    Time {
        /// Parameter.
        parameter: &'static str,
        /// Level.
        level: &'static str,
        /// What it says.
        found: String,
        /// Run and step that were asked for.
        wanted: String,
    },
    /// A wanted message is in it more than once.
    #[error("the index has {parameter} at {level} for {wanted} {times} times{members}")]
    Doubled {
        /// Parameter.
        parameter: &'static str,
        /// Level.
        level: &'static str,
        /// Run and step that were asked for.
        wanted: String,
        /// How often.
        times: usize,
        /// Members of the ensemble, where there is one.
        members: String,
    },
}

/// Reads an index.
pub fn parse(dialect: IndexDialect, text: &str) -> Result<Vec<IndexedMessage>, IndexError> {
    let lines = text.lines().count();
    if lines > MOST_LINES {
        return Err(IndexError::Length(lines));
    }
    let messages = match dialect {
        IndexDialect::Wgrib2 => wgrib2::parse(text)?,
        IndexDialect::Ecmwf => ecmwf::parse(text)?,
    };
    if messages.is_empty() {
        return Err(IndexError::Length(0));
    }
    Ok(messages)
}

/// The wanted messages, each found once for the run and valid time, in the order in which they are wanted.
pub fn find<'a>(
    messages: &'a [IndexedMessage],
    wanted: &[Wanted],
    run: RunTime,
    valid: ValidTime,
) -> Result<Vec<&'a IndexedMessage>, IndexError> {
    wanted
        .iter()
        .map(|wanted| find_one(messages, wanted, run, valid))
        .collect()
}

fn find_one<'a>(
    messages: &'a [IndexedMessage],
    wanted: &Wanted,
    run: RunTime,
    valid: ValidTime,
) -> Result<&'a IndexedMessage, IndexError> {
    let (parameter, level) = (wanted.parameter, wanted.level);
    let named: Vec<&IndexedMessage> = messages
        .iter()
        .filter(|message| message.parameter == parameter && message.level == level)
        .collect();
    let step = valid.0.duration_since(run.0);
    let timely = |message: &&&IndexedMessage| message.run == run && message.forecast == Forecast::At(step);
    let found: Vec<&IndexedMessage> = named.iter().filter(timely).copied().collect();
    match (found.as_slice(), named.as_slice()) {
        ([only], _) => Ok(only),
        ([], []) => Err(IndexError::Missing {
            parameter,
            level,
            messages: messages.len(),
        }),
        ([], [other, ..]) => Err(IndexError::Time {
            parameter,
            level,
            found: told(other.run, &other.forecast),
            wanted: told(run, &Forecast::At(step)),
        }),
        (several, _) => Err(IndexError::Doubled {
            parameter,
            level,
            wanted: told(run, &Forecast::At(step)),
            times: several.len(),
            members: members(several),
        }),
    }
}

fn told(run: RunTime, forecast: &Forecast) -> String {
    match forecast {
        Forecast::At(step) => format!("{run} + {} min", step.as_mins()),
        Forecast::Other(words) => format!("{run}, '{words}'"),
    }
}

fn members(messages: &[&IndexedMessage]) -> String {
    let members: Vec<&str> = messages
        .iter()
        .filter_map(|message| message.member.as_deref())
        .take(5)
        .collect();
    if members.is_empty() {
        String::new()
    } else {
        format!(", for members {} of an ensemble", members.join(", "))
    }
}

/// The ranges to ask for: messages that adjoin are asked for in one.
pub fn merged(messages: &[&IndexedMessage]) -> Vec<ByteRange> {
    let mut ranges: Vec<ByteRange> = messages.iter().map(|message| message.range).collect();
    ranges.sort_by_key(|range| (range.start, range.end.unwrap_or(u64::MAX)));
    let mut merged: Vec<ByteRange> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.end.is_none_or(|end| range.start <= end) => {
                let ends = last.end.zip(range.end);
                last.end = ends.map(|(one, other)| one.max(other));
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// An error about a line; `index` counts from 0.
fn line_error(index: usize, line: &str, reason: impl Into<String>) -> IndexError {
    IndexError::Line {
        number: index + 1,
        text: line.chars().take(80).collect(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: [Wanted; 2] = [
        Wanted {
            parameter: "UGRD",
            level: "10 m above ground",
        },
        Wanted {
            parameter: "VGRD",
            level: "10 m above ground",
        },
    ];

    fn run() -> RunTime {
        "2024-01-01T12:00:00Z".parse().unwrap()
    }

    fn at(hours: i64) -> ValidTime {
        crate::stamp::valid(run(), hours)
    }

    fn gfs(step: &str) -> Vec<IndexedMessage> {
        let text = format!(
            "1:0:d=2024010112:PRMSL:mean sea level:{step}:\n\
             2:990253:d=2024010112:UGRD:10 m above ground:{step}:\n\
             3:1800000:d=2024010112:VGRD:10 m above ground:{step}:\n\
             4:2500000:d=2024010112:UGRD:100 m above ground:{step}:\n"
        );
        parse(IndexDialect::Wgrib2, &text).unwrap()
    }

    #[test]
    fn adjoining_messages_are_asked_for_in_one_range() {
        let messages = gfs("3 hour fcst");
        let found = find(&messages, &WANTED, run(), at(3)).unwrap();
        let range = ByteRange {
            start: 990_253,
            end: Some(2_500_000),
        };
        assert_eq!(merged(&found), [range]);
        let apart = [&messages[0], &messages[3], &messages[2]];
        assert_eq!(
            merged(&apart),
            [
                messages[0].range,
                ByteRange {
                    start: 1_800_000,
                    end: None
                }
            ],
            "the last one is open"
        );
        assert_eq!(merged(&[&messages[3], &messages[3]]), [messages[3].range]);
    }

    #[test]
    fn the_step_of_the_index_is_the_step_of_the_part() {
        let error = find(&gfs("3 hour fcst"), &WANTED, run(), at(6)).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("UGRD") && text.contains("180 min") && text.contains("360 min"),
            "{text}"
        );
        assert!(find(&gfs("anl"), &WANTED, run(), at(0)).is_ok());
        assert!(find(&gfs("15 day fcst"), &WANTED, run(), at(360)).is_ok());
        let earlier: RunTime = "2024-01-01T06:00:00Z".parse().unwrap();
        let error = find(&gfs("3 hour fcst"), &WANTED, earlier, crate::stamp::valid(earlier, 3)).unwrap_err();
        assert!(
            matches!(error, IndexError::Time { .. }),
            "a stale index of another cycle: {error}"
        );
        let error = find(&gfs("0-3 hour ave fcst"), &WANTED, run(), at(3)).unwrap_err();
        assert!(error.to_string().contains("ave"), "a mean is no instant: {error}");
    }

    #[test]
    fn a_message_that_lacks_or_is_doubled_is_named() {
        let mut messages = gfs("3 hour fcst");
        let lacking: Vec<IndexedMessage> = messages.iter().filter(|one| one.parameter != "VGRD").cloned().collect();
        let error = find(&lacking, &WANTED, run(), at(3)).unwrap_err();
        assert!(error.to_string().contains("no VGRD at 10 m above ground"), "{error}");
        messages.push(messages[1].clone());
        let error = find(&messages, &WANTED, run(), at(3)).unwrap_err();
        assert!(error.to_string().contains("2 times"), "{error}");
    }

    #[test]
    fn a_text_that_is_no_index_is_refused_by_its_line() {
        let html = "<!DOCTYPE html>\n<html><body>data file is not present</body></html>";
        for dialect in [IndexDialect::Wgrib2, IndexDialect::Ecmwf] {
            let error = parse(dialect, html).unwrap_err();
            assert!(matches!(error, IndexError::Line { number: 1, .. }), "{error}");
            assert_eq!(parse(dialect, ""), Err(IndexError::Length(0)));
            let lines = "\n".repeat(MOST_LINES + 1);
            assert_eq!(parse(dialect, &lines), Err(IndexError::Length(MOST_LINES + 1)));
        }
    }
}
