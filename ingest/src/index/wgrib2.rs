//! The inventory that wgrib2 writes and that lies beside NCEP's objects as `.idx`:
//! `number:offset:d=YYYYMMDDHH:parameter:level:forecast:` and more fields where there is more to say.
//!
//! It states where messages start and not where they end: each ends where the next one starts, the last one at the end of
//! the object. Fields that were packed into one message are numbered `n.1`, `n.2` and share its offset.

use driftline_domain::RunTime;
use jiff::SignedDuration;

use super::{ByteRange, Forecast, IndexError, IndexedMessage, line_error};
use crate::stamp;

pub(super) fn parse(text: &str) -> Result<Vec<IndexedMessage>, IndexError> {
    let mut messages: Vec<IndexedMessage> = Vec::new();
    let mut numbers: Vec<u64> = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (number, message) = read_line(line).map_err(|reason| line_error(index, line, reason))?;
        if let (Some(last), Some(last_number)) = (messages.last(), numbers.last()) {
            let same = message.range.start == last.range.start && number == *last_number;
            if message.range.start <= last.range.start && !same {
                let reason = format!("offsets must rise, and the line before it has {}", last.range.start);
                return Err(line_error(index, line, reason));
            }
        }
        messages.push(message);
        numbers.push(number);
    }
    close(&mut messages);
    Ok(messages)
}

/// Each message ends where the next one that starts elsewhere starts.
fn close(messages: &mut [IndexedMessage]) {
    let mut next = None;
    let mut start = None;
    for message in messages.iter_mut().rev() {
        if start.is_some_and(|start| start != message.range.start) {
            next = start;
        }
        message.range.end = next;
        start = Some(message.range.start);
    }
}

/// The message's number and what the line says of it, still without an end.
fn read_line(line: &str) -> Result<(u64, IndexedMessage), String> {
    let fields: Vec<&str> = line.trim_end().split(':').collect();
    let [number, offset, date, parameter, level, forecast, ..] = fields.as_slice() else {
        return Err("it has fewer than six fields".to_owned());
    };
    let number = number.split('.').next().unwrap_or_default();
    let number = whole_number(number).ok_or("it does not begin with a message's number")?;
    let start = whole_number(offset).ok_or("its second field is no offset")?;
    let run = date.strip_prefix("d=").and_then(stamp::read).map(RunTime);
    let run = run.ok_or("its third field is no date")?;
    if parameter.is_empty() || level.is_empty() {
        return Err("it names no parameter or no level".to_owned());
    }
    let message = IndexedMessage {
        range: ByteRange { start, end: None },
        parameter: (*parameter).to_owned(),
        level: (*level).to_owned(),
        run,
        forecast: forecast_of(forecast),
        member: fields
            .iter()
            .skip(6)
            .find_map(|field| field.strip_prefix("ENS="))
            .map(str::to_owned),
    };
    Ok((number, message))
}

/// Digits only: other readings of numbers take signs and blanks.
fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// `anl`, `3 hour fcst`, `1 day fcst`, `15 min fcst`; anything else is no instant.
fn forecast_of(words: &str) -> Forecast {
    let other = || Forecast::Other(words.to_owned());
    if words == "anl" {
        return Forecast::At(SignedDuration::ZERO);
    }
    let Some((count, unit)) = words.strip_suffix(" fcst").and_then(|rest| rest.split_once(' ')) else {
        return other();
    };
    let seconds = match unit {
        "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return other(),
    };
    let count = whole_number(count).and_then(|count| i64::try_from(count).ok());
    let total = count.and_then(|count| count.checked_mul(seconds));
    total.map_or_else(other, |total| Forecast::At(SignedDuration::from_secs(total)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_the_next_starts_and_the_last_end_is_open() {
        let text = "1:0:d=2024010100:HTSGW:surface:anl:\n\
                    2.1:500:d=2024010100:UGRD:surface:anl:\n\
                    2.2:500:d=2024010100:VGRD:surface:anl:\n\
                    3:900:d=2024010100:SWELL:1 in sequence:6 hour fcst:ENS=+2\n\n";
        let messages = parse(text).unwrap();
        let ranges: Vec<(u64, Option<u64>)> = messages.iter().map(|one| (one.range.start, one.range.end)).collect();
        assert_eq!(
            ranges,
            [(0, Some(500)), (500, Some(900)), (500, Some(900)), (900, None)]
        );
        assert_eq!(messages[3].level, "1 in sequence");
        assert_eq!(messages[3].member.as_deref(), Some("+2"));
        assert_eq!(messages[3].forecast, Forecast::At(SignedDuration::from_hours(6)));
    }

    #[test]
    fn a_malformed_line_is_named() {
        let good = "1:0:d=2024010100:HTSGW:surface:anl:\n";
        for (bad, part) in [
            ("2:400:d=2024010100:DIRPW", "fewer than six"),
            ("two:400:d=2024010100:DIRPW:surface:anl:", "number"),
            ("2:-4:d=2024010100:DIRPW:surface:anl:", "offset"),
            ("2::d=2024010100:DIRPW:surface:anl:", "offset"),
            ("2:99999999999999999999:d=2024010100:DIRPW:surface:anl:", "offset"),
            ("2:400:d=2024130100:DIRPW:surface:anl:", "date"),
            ("2:400:2024010100:DIRPW:surface:anl:", "date"),
            ("2:400:d=2024010100::surface:anl:", "parameter"),
            ("2:0:d=2024010100:DIRPW:surface:anl:", "rise"),
        ] {
            let error = parse(&format!("{good}{bad}\n")).unwrap_err().to_string();
            assert!(error.contains("line 2") && error.contains(part), "{bad}: {error}");
        }
    }

    #[test]
    fn durations_in_words() {
        for (words, minutes) in [
            ("anl", 0),
            ("3 hour fcst", 180),
            ("2 day fcst", 2880),
            ("15 min fcst", 15),
        ] {
            assert_eq!(
                forecast_of(words),
                Forecast::At(SignedDuration::from_mins(minutes)),
                "{words}"
            );
        }
        for words in [
            "0-1 day acc fcst",
            "3-6 hour ave fcst",
            "99999999999999999 day fcst",
            "hour fcst",
            "",
        ] {
            assert_eq!(forecast_of(words), Forecast::Other(words.to_owned()), "{words}");
        }
    }
}
