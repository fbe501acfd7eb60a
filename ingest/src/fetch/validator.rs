//! Which version of an object it is: entity tag and time of change (RFC 9110, sections 8.8 and 13.1).

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;
use reqwest::header::{ETAG, HeaderMap, HeaderName, LAST_MODIFIED};
use serde::{Deserialize, Serialize};

/// What a server says to tell versions of an object apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validator {
    /// Entity tag as it was sent, quotes included.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<Timestamp>,
}

impl Validator {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            etag: text_of(headers, ETAG),
            last_modified: text_of(headers, LAST_MODIFIED).as_deref().and_then(parse_http_date),
        }
    }

    /// Whether there is any mark of a version.
    pub(crate) fn is_some(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }

    /// Whether the two cannot be of the same version. Without a common mark nothing is known, and it is `false`.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        differ(self.etag.as_ref(), other.etag.as_ref())
            || differ(self.last_modified.as_ref(), other.last_modified.as_ref())
    }

    /// Whether the two are of the same version, as far as the server's marks tell.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        match (&self.etag, &other.etag) {
            (Some(one), Some(other)) => one == other,
            _ => self.last_modified.is_some() && self.last_modified == other.last_modified,
        }
    }

    /// What `If-Range` may name: a strong entity tag, else the time. `None` means that nothing can be continued.
    pub(super) fn for_if_range(&self) -> Option<String> {
        let strong = self.etag.as_ref().filter(|etag| !etag.starts_with("W/"));
        strong.cloned().or_else(|| self.last_modified.map(http_date))
    }
}

/// A header as text, trimmed; `None` if it is absent, empty or no text.
pub(super) fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
pub(super) fn http_date(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

pub(super) fn parse_http_date(text: &str) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validator(etag: Option<&str>, last_modified: Option<&str>) -> Validator {
        Validator {
            etag: etag.map(str::to_owned),
            last_modified: last_modified.map(|time| parse_http_date(time).unwrap()),
        }
    }

    const EARLY: Option<&str> = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    const LATE: Option<&str> = Some("Sun, 06 Nov 1994 08:49:38 GMT");

    #[test]
    fn dates_are_read_and_written_as_http_has_them() {
        let time = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(time.to_string(), "1994-11-06T08:49:37Z");
        assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(parse_http_date("yesterday"), None);
    }

    #[test]
    fn versions_are_told_apart_by_what_both_have() {
        assert!(validator(Some("\"a\""), None).contradicts(&validator(Some("\"b\""), None)));
        assert!(validator(Some("\"a\""), EARLY).contradicts(&validator(Some("\"a\""), LATE)));
        assert!(!validator(Some("\"a\""), None).contradicts(&validator(None, EARLY)));
        assert!(validator(Some("\"a\""), EARLY).same_as(&validator(Some("\"a\""), None)));
        assert!(validator(None, EARLY).same_as(&validator(None, EARLY)));
        assert!(
            !validator(None, None).same_as(&validator(None, None)),
            "nothing is known"
        );
    }

    #[test]
    fn only_a_strong_tag_or_a_time_lets_a_download_be_continued() {
        assert_eq!(validator(Some("\"a\""), EARLY).for_if_range().unwrap(), "\"a\"");
        assert_eq!(validator(Some("W/\"a\""), EARLY).for_if_range().as_deref(), EARLY);
        assert_eq!(validator(Some("W/\"a\""), None).for_if_range(), None);
    }
}
