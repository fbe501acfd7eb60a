//! The header `Prefer` (RFC 7240): `respond-async`, and `wait` in seconds. Preferences that are not known are ignored, as the
//! RFC says.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

/// What was done as preferred.
pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The value of [`PREFERENCE_APPLIED`] of an answer that did not wait.
pub(super) const RESPOND_ASYNC: HeaderValue = HeaderValue::from_static("respond-async");

/// How an execution is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Preference {
    /// At once, with the job.
    pub(super) is_async: bool,
    /// After so long at the latest.
    pub(super) wait: Option<Duration>,
}

impl Preference {
    /// What the headers ask for; of a preference that stands twice the first counts (RFC 7240, 2).
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        let texts = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for preference in texts.flat_map(|text| text.split([',', ';'])) {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" => found.is_async = true,
                "wait" if found.wait.is_none() => found.wait = value.parse().ok().map(Duration::from_secs),
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_preferences_and_ignores_others() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", HeaderValue::from_static(value));
            }
            let found = Preference::of(&headers);
            (found.is_async, found.wait.map(|wait| wait.as_secs()))
        };
        assert_eq!(of(&[]), (false, None));
        assert_eq!(of(&["respond-async "]), (true, None));
        assert_eq!(of(&["Respond-Async, wait=10"]), (true, Some(10)));
        assert_eq!(of(&["return=minimal", "wait=\"7\"; x=y", "wait=9"]), (false, Some(7)));
        assert_eq!(of(&["respond-sync", "wait=-1", "wait=soon"]), (false, None));
    }
}
