//! Key-value pairs of a WMTS request: names in any case, unknown ones ignored (06-121r3, 11.5.2; 07-057r7, 8.1).

use percent_encoding::percent_decode_str;

use super::exception::{Code, Exception};
use crate::query::shown;

/// Parameters that are read. What has another name is ignored, whatever it holds; the caller's credential is among that.
pub(crate) const KNOWN: [&str; 17] = [
    "SERVICE",
    "REQUEST",
    "VERSION",
    "ACCEPTVERSIONS",
    "SECTIONS",
    "UPDATESEQUENCE",
    "LAYER",
    "STYLE",
    "FORMAT",
    "TILEMATRIXSET",
    "TILEMATRIX",
    "TILEROW",
    "TILECOL",
    "TIME",
    "I",
    "J",
    "INFOFORMAT",
];

/// The parameters of one request, names in capitals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kvp {
    pairs: Vec<(&'static str, String)>,
}

impl Kvp {
    /// Reads a raw query.
    pub(crate) fn parse(raw: Option<&str>) -> Result<Self, Exception> {
        let mut kvp = Self::default();
        for part in raw.unwrap_or_default().split('&') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = percent_decode_str(name).decode_utf8_lossy();
            let Some(name) = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(&name)) else {
                continue;
            };
            let value = percent_decode_str(value).decode_utf8().map_err(|error| {
                Exception::new(
                    Code::InvalidParameterValue,
                    name,
                    format!("{name} is not UTF-8: {error}"),
                )
            })?;
            match kvp.get(name) {
                None => kvp.pairs.push((name, value.into_owned())),
                Some(first) if first == value => {}
                Some(_) => {
                    let message = format!("{name} stands in the request twice, with different values");
                    return Err(Exception::new(Code::InvalidParameterValue, name, message));
                }
            }
        }
        Ok(kvp)
    }

    /// Parameters by name, as a REST address has them.
    pub(crate) fn of(pairs: Vec<(&'static str, String)>) -> Self {
        Self { pairs }
    }

    /// The value of a parameter, which may be empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(known, _)| *known == name);
        pair.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter unless it is empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter that a request has to have.
    pub(crate) fn needed(&self, name: &'static str) -> Result<&str, Exception> {
        self.filled(name).ok_or_else(|| {
            let message = format!("the parameter {name} is missing");
            Exception::new(Code::MissingParameterValue, name, message)
        })
    }

    /// A parameter that has to have one of few values, in any case.
    pub(crate) fn expect(&self, name: &'static str, expected: &str) -> Result<(), Exception> {
        let found = self.needed(name)?;
        if found.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        let message = format!("{name} '{}' is not offered; there is {expected}", shown(found));
        Err(Exception::new(Code::InvalidParameterValue, name, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_any_case_and_what_is_missing_is_named() {
        let kvp = Kvp::parse(Some("service=WMTS&Layer=currents&KEY=x&style=&foo=%FF&layer=currents")).unwrap();
        assert_eq!(
            (kvp.get("SERVICE"), kvp.get("STYLE"), kvp.get("KEY")),
            (Some("WMTS"), Some(""), None)
        );
        assert!(kvp.expect("SERVICE", "wmts").is_ok() && kvp.expect("LAYER", "wind").is_err());
        assert!(kvp.needed("TILEROW").is_err() && kvp.needed("STYLE").is_err());
        assert!(Kvp::parse(Some("LAYER=a&layer=b")).is_err() && Kvp::parse(Some("TIME=%ff")).is_err());
    }

    #[test]
    fn every_parameter_that_is_read_stands_in_the_api_document() {
        let described = crate::openapi::wmts_parameters();
        for name in KNOWN {
            assert!(described.contains(&name), "{name}");
        }
    }
}
