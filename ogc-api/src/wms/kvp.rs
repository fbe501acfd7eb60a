//! Parameters of a WMS request: names in any case, unknown ones ignored (06-042, 6.8; ogc.md, trap 4).

use percent_encoding::percent_decode_str;

use super::REFERENCE_TIME;
use super::exception::Exception;
use crate::query::shown;

/// Parameters that are read. What has another name is ignored, whatever it holds; the caller's credential is among that.
const KNOWN: [&str; 33] = [
    "ABOVEMAXCOLOR",
    "BBOX",
    "BELOWMINCOLOR",
    "BGCOLOR",
    "COLORSCALERANGE",
    "CRS",
    REFERENCE_TIME,
    "EXCEPTIONS",
    "FEATURE_COUNT",
    "FORMAT",
    "HEIGHT",
    "I",
    "INFO_FORMAT",
    "J",
    "LAYER",
    "LAYERS",
    "NUMCOLORBANDS",
    "QUERY_LAYERS",
    "REQUEST",
    "SERVICE",
    "SLD",
    "SLD_BODY",
    "SRS",
    "STYLE",
    "STYLES",
    "TIME",
    "TRANSPARENT",
    "UPDATESEQUENCE",
    "VERSION",
    "WIDTH",
    "WMTVER",
    "X",
    "Y",
];

/// The parameters of one request, names in capitals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kvp {
    pairs: Vec<(&'static str, String)>,
}

impl Kvp {
    /// Reads a raw query. What can be read is handed back whatever else is wrong with it: the answer to a wrong request
    /// depends on its version, too.
    pub(crate) fn parse(raw: Option<&str>) -> (Self, Result<(), Exception>) {
        let (mut kvp, mut outcome) = (Self::default(), Ok(()));
        for part in raw.unwrap_or_default().split('&') {
            if let Err(wrong) = kvp.add(part) {
                outcome = outcome.and(Err(wrong));
            }
        }
        (kvp, outcome)
    }

    fn add(&mut self, part: &str) -> Result<(), Exception> {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = percent_decode_str(name).decode_utf8_lossy();
        let Some(name) = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(&name)) else {
            return Ok(());
        };
        // In a query a plus sign stands for a blank (06-042, 6.3.2).
        let value = value.replace('+', " ");
        let value = percent_decode_str(&value).decode_utf8();
        let value = value.map_err(|error| Exception::plain(format!("{name} is not UTF-8: {error}")))?;
        match self.get(name) {
            None => self.pairs.push((name, value.into_owned())),
            Some(first) if first == value => {}
            Some(_) => {
                let message = format!("{name} stands in the request twice, with different values");
                return Err(Exception::plain(message));
            }
        }
        Ok(())
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
    pub(crate) fn needed(&self, name: &str) -> Result<&str, Exception> {
        self.filled(name)
            .ok_or_else(|| Exception::plain(format!("the parameter {name} is missing")))
    }

    /// A whole number that a request has to have.
    pub(crate) fn needed_number(&self, name: &str) -> Result<u32, Exception> {
        let text = self.needed(name)?;
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| plain);
        number.ok_or_else(|| Exception::plain(format!("{name} '{}' is not a whole number", shown(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_any_case_and_unknown_ones_are_left_out_whatever_they_hold() {
        let (kvp, outcome) = Kvp::parse(Some(
            "service=WMS&Request=GetMap&KEY=secret&styles=&LAYERS=a%2Cb&Width=2&width=2&_ts=1&_ts=2&foo=%FF&%FF=1&&=",
        ));
        outcome.unwrap();
        assert_eq!(kvp.get("SERVICE"), Some("WMS"));
        assert_eq!((kvp.get("STYLES"), kvp.filled("STYLES")), (Some(""), None));
        assert_eq!((kvp.get("KEY"), kvp.get("LAYERS")), (None, Some("a,b")));
        assert_eq!(kvp.needed_number("WIDTH").unwrap(), 2);
        assert_eq!(kvp.pairs.len(), 5);
    }

    #[test]
    fn contradictions_and_garbage_are_refused_and_the_rest_is_read() {
        let wrong = |query: &str| Kvp::parse(Some(query)).1.is_err();
        assert!(wrong("I=1&i=2") && wrong("TIME=%ff"));
        let (kvp, outcome) = Kvp::parse(Some("TIME=%FF&VERSION=1.1.1&EXCEPTIONS=application/vnd.ogc.se_inimage"));
        assert!(outcome.is_err());
        assert_eq!(kvp.get("VERSION"), Some("1.1.1"));
        assert_eq!(kvp.get("EXCEPTIONS"), Some("application/vnd.ogc.se_inimage"));
        let (kvp, _) = Kvp::parse(Some("width=-1&height=+5&x=1.5&y=&i=99999999999"));
        for name in ["WIDTH", "HEIGHT", "X", "Y", "I", "J"] {
            assert!(kvp.needed_number(name).is_err(), "{name}");
        }
    }

    #[test]
    fn every_parameter_that_is_read_stands_in_the_api_document() {
        let described = crate::openapi::wms_parameters();
        for name in KNOWN.into_iter().filter(|name| *name != "WMTVER") {
            assert!(described.contains(&name), "{name}");
        }
    }
}
