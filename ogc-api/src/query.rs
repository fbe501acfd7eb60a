//! The query part of a request: every parameter is read by name, and what nobody asked for is refused by name, so
//! that a misspelt filter never widens an answer silently (OGC API Features Part 1, /req/core/query-param-unknown).

mod bbox;
mod datetime;
mod paging;

pub(crate) use bbox::{bbox_numbers, bbox_parameter};
pub(crate) use datetime::Interval;
pub(crate) use paging::{Page, PageLimits, parse_cursor, print_cursor};

use driftline_auth_billing::redact;
use percent_encoding::percent_decode_str;

use crate::Error;

/// The parameters of one request in their order, percent-decoded; a plus sign stays a plus sign, because times carry
/// offsets such as `+02:00`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the raw query; parameters that carry a credential are left out.
    pub(crate) fn parse(raw: Option<&str>, is_credential: impl Fn(&str) -> bool) -> Result<Self, Error> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in raw.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decoded(name)?;
            if is_credential(&name) {
                continue;
            }
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Error::parameter(&name, "it stands in the query twice".to_owned()));
            }
            let value = if name == "filter" {
                form_blanks(value)
            } else {
                value.into()
            };
            pairs.push((name, decoded(&value)?));
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.as_str())
    }

    /// Every parameter in its order.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Refuses parameters that the route does not define.
    pub(crate) fn allow_only(&self, known: &[&str]) -> Result<(), Error> {
        match self.pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(Error::UnknownParameter {
                name: shown(name),
                known: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                },
            }),
        }
    }

    /// Checks `f`: JSON is the one form offered now.
    pub(crate) fn check_format(&self, offered: &[&str]) -> Result<(), Error> {
        match self.get("f") {
            Some(format) if !offered.contains(&format) => Err(Error::parameter(
                "f",
                format!(
                    "'{}' is not offered; it must be {}",
                    shown(format),
                    offered.join(" or ")
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Clients write the blanks of a condition as plus signs, as forms do. One that is meant as such comes as `%2B`; or it is that
/// of a time's offset, such as `+02:00`, which many leave as it is.
fn form_blanks(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('+') {
        return text.into();
    }
    let bytes = text.as_bytes();
    let is_offset = |place: usize| {
        let shape = bytes.get(place + 1..place + 6);
        shape.is_some_and(|shape| shape[2] == b':' && [0, 1, 3, 4].iter().all(|digit| shape[*digit].is_ascii_digit()))
    };
    let blanks = text.char_indices().map(|(place, c)| match c {
        '+' if !is_offset(place) => ' ',
        other => other,
    });
    blanks.collect()
}

fn decoded(text: &str) -> Result<String, Error> {
    let bytes = percent_decode_str(text).decode_utf8();
    let text = bytes.map_err(|error| Error::parameter(&shown(text), format!("it is not UTF-8: {error}")))?;
    if text.contains('\0') {
        return Err(Error::parameter(
            &shown(&text.replace('\0', "")),
            "it holds a null character".to_owned(),
        ));
    }
    Ok(text.into_owned())
}

/// A value as it may be quoted in a message: short, without control characters, and without a key that stands where none
/// belongs.
pub(crate) fn shown(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).take(256).collect();
    redact(&plain).chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_shows_no_key() {
        assert_eq!(shown("/drift/key/dls_0abc/wms"), "/drift/key/***/wms");
        assert_eq!(shown("dlp_0abc\u{7}x"), "***");
        assert_eq!(shown(&"å".repeat(1000)).chars().count(), 64);
    }

    fn parse(raw: &str) -> Result<Query, Error> {
        Query::parse(Some(raw), |name| name == "key")
    }

    #[test]
    fn decodes_values_and_leaves_the_credential_out() {
        let query = parse("datetime=2025-01-01T00%3A00:00+02:00%2F..&key=secret&q=%C3%A5l").unwrap();
        assert_eq!(query.get("datetime"), Some("2025-01-01T00:00:00+02:00/.."));
        assert_eq!(query.get("q"), Some("ål"));
        assert_eq!(query.get("key"), None);
        assert!(Query::parse(None, |_| false).unwrap().pairs().is_empty());
    }

    #[test]
    fn plus_signs_in_a_condition_are_blanks_unless_they_are_of_an_offset() {
        let of = |raw: &str| parse(raw).unwrap().get("filter").unwrap().to_owned();
        assert_eq!(of("filter=level+%3D+0.9"), "level = 0.9");
        assert_eq!(of("filter=level%3D1%2B2"), "level=1+2");
        assert_eq!(
            of("filter=t+%3E+TIMESTAMP('2025-01-01T00:00:00+02:00')"),
            "t > TIMESTAMP('2025-01-01T00:00:00+02:00')"
        );
        assert_eq!(of("filter=a+"), "a ");
        assert_eq!(of("filter=å+02:0"), "å 02:0");
    }

    #[test]
    fn refuses_what_is_doubled_unknown_or_no_text() {
        assert!(parse("limit=1&limit=2").is_err());
        assert!(parse("q=%ff").is_err());
        assert!(parse("q=a%00b").is_err());
        let message = parse("limt=5")
            .unwrap()
            .allow_only(&["limit", "bbox"])
            .unwrap_err()
            .to_string();
        assert!(message.contains("limt") && message.contains("limit, bbox"), "{message}");
        assert!(parse("f=html").unwrap().check_format(&["json"]).is_err());
        assert!(parse("f=json").unwrap().check_format(&["json"]).is_ok());
    }
}
