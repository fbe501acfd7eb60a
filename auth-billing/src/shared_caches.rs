//! What shared caches may keep: an answer to a caller with a key is that caller's alone; an answer to a signed link is
//! for all who have the link, but not for longer than the link works.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

/// What was answered to one caller must not be given to another by a shared cache.
pub(crate) fn make_private(headers: &mut HeaderMap) {
    let given = directives(headers);
    let mut kept: Vec<&str> = given
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty() && !is_for_shared_caches(word))
        .collect();
    let is_closed = |word: &&str| word.eq_ignore_ascii_case("private") || word.eq_ignore_ascii_case("no-store");
    if !kept.iter().any(is_closed) {
        kept.insert(0, "private");
    }
    set(headers, &kept.join(", "));
}

/// Keeps what the handler says, and lets nothing be kept when the link has ended in `left_s` seconds.
pub(crate) fn keep_within(headers: &mut HeaderMap, left_s: i64) {
    if !headers.contains_key(CACHE_CONTROL) {
        return make_private(headers);
    }
    let given = directives(headers);
    let kept: Vec<String> = given
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty() && !name(word).to_ascii_lowercase().starts_with("stale-"))
        .map(|word| within(word, left_s.max(0)))
        .collect();
    set(headers, &kept.join(", "));
}

fn within(directive: &str, left_s: i64) -> String {
    let age = directive
        .split_once('=')
        .and_then(|(_, age)| age.trim().parse::<i64>().ok());
    match age {
        Some(age_s) if age_s > left_s => format!("{}={left_s}", name(directive)),
        _ => directive.to_owned(),
    }
}

fn directives(headers: &HeaderMap) -> String {
    let given = headers.get_all(CACHE_CONTROL);
    let given: Vec<&str> = given.iter().filter_map(|value| value.to_str().ok()).collect();
    given.join(",")
}

fn set(headers: &mut HeaderMap, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(CACHE_CONTROL, value);
    }
}

fn name(directive: &str) -> &str {
    directive.split('=').next().unwrap_or_default().trim()
}

fn is_for_shared_caches(directive: &str) -> bool {
    ["public", "s-maxage", "proxy-revalidate"]
        .iter()
        .any(|word| name(directive).eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: Option<&'static str>) -> HeaderMap {
        let given = given.map(|given| (CACHE_CONTROL, HeaderValue::from_static(given)));
        given.into_iter().collect()
    }

    #[test]
    fn answers_to_a_caller_are_private() {
        for (given, expected) in [
            (None, "private"),
            (Some("public, max-age=60, s-maxage=600"), "private, max-age=60"),
            (Some("no-store"), "no-store"),
            (Some("Private, max-age=5"), "Private, max-age=5"),
        ] {
            let mut headers = headers(given);
            make_private(&mut headers);
            assert_eq!(headers[CACHE_CONTROL], expected);
        }
    }

    #[test]
    fn answers_to_a_link_are_as_public_as_the_handler_says_while_the_link_works() {
        for (given, expected) in [
            (None, "private"),
            (Some("private, max-age=60"), "private, max-age=60"),
            (Some("public, max-age=60, immutable"), "public, max-age=60, immutable"),
            (
                Some("public, Max-Age=31536000, s-maxage=101"),
                "public, Max-Age=100, s-maxage=100",
            ),
            (
                Some("public, max-age=60, stale-while-revalidate=600"),
                "public, max-age=60",
            ),
        ] {
            let mut headers = headers(given);
            keep_within(&mut headers, 100);
            assert_eq!(headers[CACHE_CONTROL], expected);
        }
    }
}
