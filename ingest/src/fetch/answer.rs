//! What the head of an answer says (RFC 9110, sections 10.2.3, 14.4 and 15; feeds-and-store.md, section 2.1).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER,
};
use reqwest::{StatusCode, Url};

use super::FetchError;
use super::redact::redacted;
use super::validator::{parse_http_date, text_of};

/// Lets pass what may be worked with (200, 206, 304, 416) and says what every other status means.
pub(super) fn judge(
    url: &Url,
    status: StatusCode,
    headers: &HeaderMap,
    (now, cap): (Timestamp, Duration),
) -> Result<(), FetchError> {
    let shown = redacted(url).to_string();
    match status.as_u16() {
        200 | 206 | 304 | 416 => refuse_encoded(shown, headers),
        301 | 308 => Err(FetchError::Moved {
            to: moved_to(url, headers),
            url: shown,
            status: status.as_u16(),
        }),
        code => Err(meaning(shown, code, retry_after(headers, now, cap))),
    }
}

fn meaning(url: String, status: u16, not_before: Option<Timestamp>) -> FetchError {
    match status {
        404 | 410 => FetchError::Absent { url, status },
        403 => FetchError::Forbidden { url },
        401 | 407 => FetchError::Unauthorised { url, status },
        302 | 303 | 307 | 429 => FetchError::Throttled {
            url,
            status,
            not_before,
        },
        408 | 500 | 502 | 503 | 504 => FetchError::Unavailable {
            url,
            status,
            not_before,
        },
        _ => FetchError::Status { url, status },
    }
}

fn moved_to(url: &Url, headers: &HeaderMap) -> String {
    match text_of(headers, LOCATION) {
        Some(to) => url
            .join(&to)
            .map_or_else(|_| "an address that is none".to_owned(), |to| redacted(&to).to_string()),
        None => "nowhere in particular".to_owned(),
    }
}

fn refuse_encoded(url: String, headers: &HeaderMap) -> Result<(), FetchError> {
    match text_of(headers, CONTENT_ENCODING) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => Err(FetchError::Encoded { url, encoding }),
        _ => Ok(()),
    }
}

/// `Retry-After` in seconds or as a date, at most `cap` from now. What cannot be understood is as if it were absent.
fn retry_after(headers: &HeaderMap, now: Timestamp, cap: Duration) -> Option<Timestamp> {
    let text = text_of(headers, RETRY_AFTER)?;
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = parse_http_date(&text)?;
            until.duration_since(now).try_into().unwrap_or(Duration::ZERO)
        }
    };
    let wait = SignedDuration::try_from(wait.min(cap)).ok()?;
    now.checked_add(wait).ok()
}

/// `Content-Length`.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    text_of(headers, CONTENT_LENGTH)?.parse().ok()
}

/// Whether the server itself calls the body a page for people.
pub(super) fn is_called_html(headers: &HeaderMap) -> bool {
    let kind = text_of(headers, CONTENT_TYPE).map(|kind| kind.to_ascii_lowercase());
    kind.is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/xhtml"))
}

/// `bytes 0-499/1234`, `bytes 0-499/*`, `bytes */1234`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentRange {
    /// First byte, and last byte plus one; `None` in an answer with status 416.
    pub(super) bytes: Option<(u64, u64)>,
    /// Length of the whole object.
    pub(super) total: Option<u64>,
}

pub(super) fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    parse_content_range(&text_of(headers, CONTENT_RANGE)?)
}

/// The range of an answer with status 206.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GivenRange {
    /// Last byte plus one; the first one is that which was asked for.
    pub(super) end: u64,
    /// Length of the whole object, if told.
    pub(super) total: Option<u64>,
}

/// The range that came, if it is the one that was asked for (first byte, last plus one) or its beginning.
pub(super) fn given_range(url: &str, headers: &HeaderMap, asked: (u64, u64)) -> Result<GivenRange, FetchError> {
    let given = content_range(headers).and_then(|range| {
        let (first, end) = range.bytes?;
        let length = content_length(headers).unwrap_or(end - first);
        let sound = first == asked.0 && end <= asked.1 && length == end - first;
        sound.then_some(GivenRange {
            end,
            total: range.total,
        })
    });
    given.ok_or_else(|| FetchError::WrongRange {
        url: url.to_owned(),
        asked: match asked {
            (first, u64::MAX) => format!("bytes from {first} on"),
            (first, end) => format!("bytes {first}-{}", end - 1),
        },
        answered: text_of(headers, CONTENT_RANGE).map_or_else(
            || "no content-range".to_owned(),
            |text| format!("'content-range: {text}'"),
        ),
    })
}

fn parse_content_range(text: &str) -> Option<ContentRange> {
    let (bytes, total) = text.strip_prefix("bytes ")?.trim().split_once('/')?;
    let total = match total {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    if bytes == "*" {
        return Some(ContentRange { bytes: None, total });
    }
    let (first, last) = bytes.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let end = last.checked_add(1)?;
    let sound = first <= last && total.is_none_or(|total| end <= total);
    sound.then_some(ContentRange {
        bytes: Some((first, end)),
        total,
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;
    use crate::fetch::Class;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        pairs.collect()
    }

    fn verdict(status: u16, pairs: &[(&'static str, &str)]) -> Result<(), FetchError> {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let url = Url::parse("https://me:secret@host/a/b.grib2").unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        judge(&url, status, &headers(pairs), (now, Duration::from_secs(600)))
    }

    #[test]
    fn every_status_means_what_the_design_says() {
        for status in [200, 206, 304, 416] {
            assert!(verdict(status, &[]).is_ok());
        }
        let later = Class::Later { not_before: None };
        for (status, class, cause) in [
            (404, Class::Absent, None),
            (410, Class::Absent, None),
            (403, Class::AgedOut, None),
            (401, Class::Refused, None),
            (400, Class::Refused, None),
            (418, Class::Refused, None),
            (501, Class::Refused, None),
            (301, Class::Refused, None),
            (308, Class::Refused, None),
            (302, later, Some("throttled")),
            (307, later, Some("throttled")),
            (429, later, Some("throttled")),
            (408, later, Some("unavailable")),
            (500, later, Some("unavailable")),
            (502, later, Some("unavailable")),
            (503, later, Some("unavailable")),
            (504, later, Some("unavailable")),
        ] {
            let error = verdict(status, &[]).unwrap_err();
            assert_eq!((error.class(), error.cause()), (class, cause), "{status}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_dead_endpoint_names_its_successor_without_its_secrets() {
        let error = verdict(301, &[("location", "/new/b.grib2?token=abc")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("https://host/new/b.grib2?token=redacted"), "{error}");
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_capped() {
        for (value, until) in [
            ("30", Some("2026-01-01T00:00:30Z")),
            ("Thu, 01 Jan 2026 00:02:00 GMT", Some("2026-01-01T00:02:00Z")),
            ("Wed, 31 Dec 2025 00:02:00 GMT", Some("2026-01-01T00:00:00Z")),
            ("86400", Some("2026-01-01T00:10:00Z")),
            ("18446744073709551615", Some("2026-01-01T00:10:00Z")),
            ("soon", None),
            ("-5", None),
        ] {
            let error = verdict(503, &[("retry-after", value)]).unwrap_err();
            let not_before = until.map(|until| until.parse().unwrap());
            assert_eq!(error.class(), Class::Later { not_before }, "{value}");
        }
    }

    #[test]
    fn a_body_that_is_compressed_against_our_wish_is_refused() {
        let error = verdict(200, &[("content-encoding", "gzip")]).unwrap_err();
        assert_eq!(error.class(), Class::Refused);
        assert!(verdict(200, &[("content-encoding", "identity")]).is_ok());
    }

    #[test]
    fn content_ranges_that_make_no_sense_are_none() {
        let sound = |bytes, total| Some(ContentRange { bytes, total });
        for (text, range) in [
            ("bytes 0-499/1234", sound(Some((0, 500)), Some(1234))),
            ("bytes 5-5/*", sound(Some((5, 6)), None)),
            ("bytes */1234", sound(None, Some(1234))),
            ("bytes 5-4/10", None),
            ("bytes 0-10/10", None),
            ("bytes 0-18446744073709551615/*", None),
            ("items 0-1/2", None),
            ("bytes a-b/c", None),
        ] {
            assert_eq!(parse_content_range(text), range, "{text}");
        }
    }
}
