//! Parts of an answer (RFC 9110, section 14): one range of bytes. Several at once, and what is no range of bytes, are
//! answered with the whole, as the standard allows.

use std::ops::Range;

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::Error;
use crate::entity_tag::EntityTag;

/// What a request wants of something that has a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
}

/// Reads the headers `Range` and `If-Range`.
///
/// # Errors
/// A range that lies behind the end.
pub(crate) fn wanted(headers: &HeaderMap, size: u64, tag: &EntityTag) -> Result<Wanted, Error> {
    let given = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let is_current = headers
        .get(header::IF_RANGE)
        .is_none_or(|held| held.as_bytes() == tag.as_bytes());
    let spec = given
        .filter(|_| is_current)
        .and_then(|range| range.trim().strip_prefix("bytes="));
    let Some((first, last)) = spec
        .filter(|spec| !spec.contains(','))
        .and_then(|spec| spec.split_once('-'))
    else {
        return Ok(Wanted::Whole);
    };
    let (first, last) = (first.trim(), last.trim());
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return Ok(Wanted::Whole),
    };
    if range.start >= range.end {
        return Err(Error::Range(size));
    }
    Ok(Wanted::Part(range))
}

/// Says in an answer's head which bytes of how many follow.
pub(crate) fn note_part(status: &mut StatusCode, headers: &mut HeaderMap, range: &Range<u64>, size: u64) {
    *status = StatusCode::PARTIAL_CONTENT;
    let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    headers.extend(
        HeaderValue::from_str(&text)
            .ok()
            .map(|text| (header::CONTENT_RANGE, text)),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
}

fn number(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than fit are beyond every end.
    is_plain.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(range: &str, if_range: Option<&EntityTag>) -> Result<Wanted, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).unwrap());
        headers.extend(if_range.and_then(EntityTag::header).map(|tag| (header::IF_RANGE, tag)));
        wanted(&headers, 100, &EntityTag::of_bytes(b"a"))
    }

    #[test]
    fn one_range_is_read_and_everything_else_is_the_whole() {
        for (range, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=10-19", 10..20),
            ("bytes=90-", 90..100),
            ("bytes=90-1000", 90..100),
            ("bytes=-5", 95..100),
            ("bytes=-1000", 0..100),
            ("bytes=0-99999999999999999999999", 0..100),
        ] {
            assert_eq!(read(range, None).unwrap(), Wanted::Part(expected), "{range}");
        }
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=0-1,3-4",
            "rows=0-1",
            "bytes=+1-2",
        ] {
            assert_eq!(read(range, None).unwrap(), Wanted::Whole, "{range}");
        }
        for range in [
            "bytes=100-",
            "bytes=100-200",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert!(matches!(read(range, None), Err(Error::Range(100))), "{range}");
        }
    }

    #[test]
    fn a_part_of_something_newer_is_never_given() {
        let (held, other) = (EntityTag::of_bytes(b"a"), EntityTag::of_bytes(b"b"));
        assert_eq!(read("bytes=0-9", Some(&held)).unwrap(), Wanted::Part(0..10));
        assert_eq!(read("bytes=0-9", Some(&other)).unwrap(), Wanted::Whole);
    }
}
