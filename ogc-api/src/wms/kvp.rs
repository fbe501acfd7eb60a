//! Parameters of a WMS request: names in any case, unknown ones ignored (06-042, 6.8; ogc.md, trap 4).

use percent_encoding::percent_decode_str;

use super::exception::Exception;
use crate::links::is_credential;
use crate::query::shown;

/// The parameters of one request, names in capitals; the caller's credential is not among them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kvp {
    pairs: Vec<(String, String)>,
}

impl Kvp {
    /// Reads a raw query.
    pub(crate) fn parse(raw: Option<&str>) -> Result<Self, Exception> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in raw.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decoded(name)?.to_ascii_uppercase();
            if is_credential(&name) {
                continue;
            }
            let value = decoded(value)?;
            match pairs.iter().find(|(known, _)| *known == name) {
                None => pairs.push((name, value)),
                Some((_, known)) if *known == value => {}
                Some(_) => {
                    let name = shown(&name);
                    return Err(Exception::plain(format!(
                        "{name} stands in the request twice, with different values"
                    )));
                }
            }
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter, which may be empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(known, _)| known == name);
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

fn decoded(text: &str) -> Result<String, Exception> {
    let bytes = percent_decode_str(text).decode_utf8();
    let text = bytes.map_err(|error| Exception::plain(format!("'{}' is not UTF-8: {error}", shown(text))))?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_any_case_and_credentials_are_left_out() {
        let kvp = Kvp::parse(Some(
            "service=WMS&Request=GetMap&KEY=secret&styles=&LAYERS=a%2Cb&Width=2&width=2",
        ))
        .unwrap();
        assert_eq!(kvp.get("SERVICE"), Some("WMS"));
        assert_eq!((kvp.get("STYLES"), kvp.filled("STYLES")), (Some(""), None));
        assert_eq!((kvp.get("KEY"), kvp.get("LAYERS")), (None, Some("a,b")));
        assert_eq!(kvp.needed_number("WIDTH").unwrap(), 2);
        assert_eq!(kvp.pairs.len(), 5);
    }

    #[test]
    fn contradictions_and_garbage_are_refused() {
        assert!(Kvp::parse(Some("a=1&A=2")).is_err());
        assert!(Kvp::parse(Some("a=%ff")).is_err());
        let kvp = Kvp::parse(Some("w=-1&h=+5&x=1.5&y=&z=99999999999")).unwrap();
        for name in ["W", "H", "X", "Y", "Z", "NONE"] {
            assert!(kvp.needed_number(name).is_err(), "{name}");
        }
    }
}
