//! Finds the credential of a request in every form that map clients can send: `X-API-Key`, `Authorization: Bearer`,
//! `Authorization: Basic` with the key as password and any user, and the query parameters `key`, `api_key` and
//! `apikey` in any case (platform.md 2.6). An `Authorization` of another scheme is a proxy's affair and not looked at.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, Uri};
use percent_encoding::percent_decode_str;

use crate::{Carry, SecretKey};

/// The header that carries a key.
pub(crate) const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
const PARAMETERS: [&str; 3] = ["key", "api_key", "apikey"];
/// Clients differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request carries.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// No credential.
    Nothing,
    /// Two that differ: whose request it is cannot be said.
    Several,
    /// One that no key can look like.
    Malformed,
    /// One of the right form, and what links must repeat of it.
    Key(SecretKey, Carry),
}

/// The credential of a request.
pub(crate) fn find(headers: &HeaderMap, uri: &Uri) -> Found {
    let mut given: Vec<Option<String>> = Vec::new();
    for value in headers.get_all(API_KEY_HEADER) {
        given.push(value.to_str().ok().map(|text| text.trim().to_owned()));
    }
    for value in headers.get_all(AUTHORIZATION) {
        match value.to_str() {
            Ok(text) => given.extend(of_authorization(text)),
            Err(_) => given.push(None),
        }
    }
    let mut carry = Carry::nothing();
    for (name, key) in uri.query().into_iter().flat_map(of_query) {
        carry = Carry::parameter(&name, &key);
        given.push(Some(key));
    }
    let Some(first) = given.first() else {
        return Found::Nothing;
    };
    if given.iter().any(|other| other != first) {
        return Found::Several;
    }
    match first.as_deref().map(SecretKey::parse) {
        Some(Ok(key)) => Found::Key(key, carry),
        _ => Found::Malformed,
    }
}

/// The key of an `Authorization` value; an inner `None` where the scheme is ours and its content is not readable.
fn of_authorization(text: &str) -> Option<Option<String>> {
    let (scheme, content) = text.trim().split_once(' ')?;
    let content = content.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Some(content.to_owned()));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(basic_password(content));
    }
    None
}

fn basic_password(content: &str) -> Option<String> {
    let pair = String::from_utf8(BASE64.decode(content).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

/// Whether a query parameter of this name carries the caller's key.
pub(crate) fn is_credential(name: &str) -> bool {
    PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The keys of a query with the parameter's name as it was given; an empty one counts as none.
fn of_query(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let name = percent_decode_str(name).decode_utf8().ok()?;
        if !is_credential(&name) || value.is_empty() {
            return None;
        }
        // What is not UTF-8 is no key either; its place among the credentials must not be lost.
        let value = percent_decode_str(value).decode_utf8_lossy();
        Some((name.into_owned(), value.into_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scopes, mint};
    use base64::engine::general_purpose::STANDARD;
    use driftline_domain::OrgId;
    use http::HeaderValue;
    use jiff::Timestamp;

    fn key() -> SecretKey {
        mint(OrgId::generate(), "test", &Scopes::all(), None, Timestamp::UNIX_EPOCH)
            .unwrap()
            .0
    }

    fn headers(pairs: &[(HeaderName, String)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn basic(user: &str, key: &SecretKey) -> String {
        format!("Basic {}", STANDARD.encode(format!("{user}:{}", key.expose())))
    }

    #[test]
    fn finds_every_form() {
        let key = key();
        let plain = Uri::from_static("/wms?request=GetMap");
        let expected = Found::Key(key.clone(), Carry::nothing());
        for (name, value) in [
            (API_KEY_HEADER, key.expose().to_owned()),
            (AUTHORIZATION, format!("Bearer {}", key.expose())),
            (AUTHORIZATION, format!("bearer  {}", key.expose())),
            (AUTHORIZATION, basic("qgis", &key)),
            (AUTHORIZATION, basic("", &key)),
            (AUTHORIZATION, basic("qgis", &key).trim_end_matches('=').to_owned()),
        ] {
            assert_eq!(find(&headers(&[(name, value.clone())]), &plain), expected, "{value}");
        }
        for name in ["key", "KEY", "api_key", "ApiKey", "k%65y"] {
            let uri: Uri = format!("/wms?request=GetMap&{name}={}", key.expose()).parse().unwrap();
            let carry = Carry::parameter(&name.replace("%65", "e"), key.expose());
            assert_eq!(find(&HeaderMap::new(), &uri), Found::Key(key.clone(), carry), "{name}");
        }
    }

    #[test]
    fn one_key_in_two_places_is_one_credential_and_two_keys_are_too_many() {
        let (key, other) = (key(), key());
        let uri: Uri = format!("/?key={}", key.expose()).parse().unwrap();
        let same = headers(&[(AUTHORIZATION, basic("a", &key))]);
        assert_eq!(
            find(&same, &uri),
            Found::Key(key.clone(), Carry::parameter("key", key.expose()))
        );
        for clash in [
            headers(&[(API_KEY_HEADER, other.expose().to_owned())]),
            headers(&[(API_KEY_HEADER, "rubbish".to_owned())]),
            headers(&[(AUTHORIZATION, "Basic !!!".to_owned())]),
        ] {
            assert_eq!(find(&clash, &uri), Found::Several);
        }
        let twice: Uri = format!("/?key={}&apikey={}", key.expose(), other.expose())
            .parse()
            .unwrap();
        assert_eq!(find(&HeaderMap::new(), &twice), Found::Several);
    }

    #[test]
    fn other_schemes_and_empty_parameters_are_no_credential() {
        let proxy = headers(&[(AUTHORIZATION, "Negotiate YII=".to_owned())]);
        assert_eq!(
            find(&proxy, &Uri::from_static("/?key=&keys=1&monkey=2")),
            Found::Nothing
        );
        let wrong = headers(&[(AUTHORIZATION, "Basic bm9jb2xvbg==".to_owned())]);
        assert_eq!(find(&wrong, &Uri::from_static("/")), Found::Malformed);
        assert_eq!(
            find(&HeaderMap::new(), &Uri::from_static("/?key=%ff")),
            Found::Malformed
        );
    }
}
