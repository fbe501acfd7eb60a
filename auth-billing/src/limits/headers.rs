//! `RateLimit-Policy` and `RateLimit` as structured fields (draft-ietf-httpapi-ratelimit-headers-10, RFC 9651): `q` tokens in
//! `w` seconds; `r` are left, and in `t` seconds the bucket is full, or, where `r` is 0, has a token again.

use std::fmt::Write;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::rate::{Rate, Standing};

pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(crate) const STANDING: HeaderName = HeaderName::from_static("ratelimit");

/// The policies that a request counted against.
pub(crate) fn policy(policies: &[(&str, Rate)]) -> Option<HeaderValue> {
    let mut text = String::new();
    for (name, rate) in policies {
        separate(&mut text);
        // Writing to a String does not fail.
        let _ = write!(text, "\"{name}\";q={};w={}", rate.tokens(), rate.window_s());
    }
    HeaderValue::try_from(text).ok().filter(|value| !value.is_empty())
}

/// How they stand.
pub(crate) fn standing(standings: &[(&str, Standing)]) -> Option<HeaderValue> {
    let mut text = String::with_capacity(64);
    for (name, standing) in standings {
        separate(&mut text);
        let _ = write!(text, "\"{name}\";r={};t={}", standing.left, standing.wait_s());
    }
    HeaderValue::try_from(text).ok().filter(|value| !value.is_empty())
}

pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value);
    }
}

fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push_str(", ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_lists_of_strings_with_parameters() {
        let policies = [
            ("requests", Rate::per_minute(1_000)),
            ("requests-organisation", Rate::per_minute(10_000)),
        ];
        assert_eq!(
            policy(&policies).unwrap(),
            "\"requests\";q=1000;w=60, \"requests-organisation\";q=10000;w=60"
        );
        let given = Standing {
            is_given: true,
            left: 998,
            wait_us: 120_001,
        };
        let refused = Standing {
            is_given: false,
            left: 0,
            wait_us: 2_000_001,
        };
        assert_eq!(
            standing(&[("requests", given), ("distress", refused)]).unwrap(),
            "\"requests\";r=998;t=1, \"distress\";r=0;t=3"
        );
        assert_eq!((policy(&[]), standing(&[])), (None, None));
    }
}
