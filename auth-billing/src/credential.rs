//! Finds the credential of a request in every form that map clients can send: `X-API-Key`, `Authorization: Bearer`,
//! `Authorization: Basic` with the key as password and any user, the query parameters `key`, `api_key` and `apikey` in
//! any case, `/key/{key}` before the path, and a signed link's `exp`, `kid` and `sig` (platform.md 2.6). An
//! `Authorization` of another scheme is a proxy's affair and not looked at.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Uri};
use percent_encoding::percent_decode_str;

use crate::path_key::PathKey;
use crate::share_links::LinkText;
use crate::signature::Signature;
use crate::{Carry, KeyText};

/// The header that carries a key.
pub(crate) const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
const KEY_PARAMETERS: [&str; 3] = ["key", "api_key", "apikey"];
const SIGNATURE_PARAMETERS: [&str; 3] = ["exp", "kid", "sig"];
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
    /// Some of `exp`, `kid` and `sig`, but not as a signed link has them.
    MalformedSignature,
    /// One of the right form, and what links must repeat of it.
    Key(KeyText, Carry),
    /// What may be a person's access token, in a header: in an address it is none, addresses are logged and passed on.
    Token(String),
    /// A signed link's.
    Signature(Signature),
    /// A share link's, and what links must repeat of it.
    Link(LinkText, Carry),
}

/// The credential of a request.
pub(crate) fn find(request: &Parts) -> Found {
    let path_key = request.extensions.get::<PathKey>();
    find_in(&request.headers, &request.uri, path_key)
}

fn find_in(headers: &HeaderMap, uri: &Uri, path_key: Option<&PathKey>) -> Found {
    let mut given = of_headers(headers);
    let mut carry = Carry::nothing();
    let mut signature = SignatureParts::default();
    for (name, value) in uri.query().into_iter().flat_map(of_query) {
        match SIGNATURE_PARAMETERS
            .iter()
            .position(|known| name.eq_ignore_ascii_case(known))
        {
            Some(part) => signature.add(part, value),
            None => {
                carry = Carry::parameter(&name, &value);
                given.push(Some(value));
            }
        }
    }
    if let Some(PathKey(key)) = path_key {
        carry = Carry::path(key);
        given.push(Some(key.clone()));
    }
    match (given.first(), signature.is_empty()) {
        (None, true) => Found::Nothing,
        (None, false) => signature.read(),
        (Some(_), false) => Found::Several,
        (Some(first), true) if given.iter().any(|other| other != first) => Found::Several,
        (Some(first), true) => first.as_deref().map_or(Found::Malformed, |text| of_form(text, carry)),
    }
}

fn of_form(text: &str, carry: Carry) -> Found {
    match (KeyText::parse(text), LinkText::parse(text)) {
        (Ok(key), _) => Found::Key(key, carry),
        (_, Ok(link)) => Found::Link(link, carry),
        _ if carry.is_empty() && is_token(text) => Found::Token(text.to_owned()),
        _ => Found::Malformed,
    }
}

/// Whether a text has the form of a JWT: three parts, the first of which is a JSON object in base64url.
fn is_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

/// The keys in headers; `None` in the place of one that is not readable.
fn of_headers(headers: &HeaderMap) -> Vec<Option<String>> {
    let mut given = Vec::new();
    for value in headers.get_all(API_KEY_HEADER) {
        given.push(value.to_str().ok().map(|text| text.trim().to_owned()));
    }
    for value in headers.get_all(AUTHORIZATION) {
        match value.to_str() {
            Ok(text) => given.extend(of_authorization(text)),
            Err(_) => given.push(None),
        }
    }
    given
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

/// Values of `exp`, `kid` and `sig`.
#[derive(Default)]
struct SignatureParts {
    parts: [Option<String>; 3],
    is_contradictory: bool,
}

impl SignatureParts {
    fn add(&mut self, part: usize, value: String) {
        let known = self.parts[part].get_or_insert_with(|| value.clone());
        self.is_contradictory |= *known != value;
    }

    fn is_empty(&self) -> bool {
        self.parts.iter().all(Option::is_none)
    }

    fn read(&self) -> Found {
        let [Some(exp), Some(kid), Some(sig)] = &self.parts else {
            return Found::MalformedSignature;
        };
        if self.is_contradictory {
            return Found::Several;
        }
        Signature::parse(exp, kid, sig).map_or(Found::MalformedSignature, Found::Signature)
    }
}

/// Whether a query parameter of this name belongs to the caller's credential, and so is none of the route's own: `key`,
/// `api_key`, `apikey`, `exp`, `kid` and `sig`, in any case.
pub fn is_credential_parameter(name: &str) -> bool {
    let known = KEY_PARAMETERS.iter().chain(&SIGNATURE_PARAMETERS);
    known.into_iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether the address itself holds a credential, right or wrong.
pub(crate) fn is_in_address(uri: &Uri, path_key: Option<&PathKey>) -> bool {
    path_key.is_some() || uri.query().into_iter().flat_map(of_query).next().is_some()
}

/// The credentials of a query with the parameter's name as it was given; an empty one counts as none.
fn of_query(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let name = percent_decode_str(name).decode_utf8().ok()?;
        if !is_credential_parameter(&name) || value.is_empty() {
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

    fn key() -> KeyText {
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

    fn basic(user: &str, key: &KeyText) -> String {
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
            assert_eq!(
                find_in(&headers(&[(name, value.clone())]), &plain, None),
                expected,
                "{value}"
            );
        }
        for name in ["key", "KEY", "api_key", "ApiKey", "k%65y"] {
            let uri: Uri = format!("/wms?request=GetMap&{name}={}", key.expose()).parse().unwrap();
            let carry = Carry::parameter(&name.replace("%65", "e"), key.expose());
            assert_eq!(
                find_in(&HeaderMap::new(), &uri, None),
                Found::Key(key.clone(), carry),
                "{name}"
            );
        }
    }

    #[test]
    fn one_key_in_two_places_is_one_credential_and_two_keys_are_too_many() {
        let (key, other) = (key(), key());
        let uri: Uri = format!("/?key={}", key.expose()).parse().unwrap();
        let same = headers(&[(AUTHORIZATION, basic("a", &key))]);
        assert_eq!(
            find_in(&same, &uri, None),
            Found::Key(key.clone(), Carry::parameter("key", key.expose()))
        );
        for clash in [
            headers(&[(API_KEY_HEADER, other.expose().to_owned())]),
            headers(&[(API_KEY_HEADER, "rubbish".to_owned())]),
            headers(&[(AUTHORIZATION, "Basic !!!".to_owned())]),
        ] {
            assert_eq!(find_in(&clash, &uri, None), Found::Several);
        }
        let twice: Uri = format!("/?key={}&apikey={}", key.expose(), other.expose())
            .parse()
            .unwrap();
        assert_eq!(find_in(&HeaderMap::new(), &twice, None), Found::Several);
    }

    #[test]
    fn other_schemes_and_empty_parameters_are_no_credential() {
        let proxy = headers(&[(AUTHORIZATION, "Negotiate YII=".to_owned())]);
        assert_eq!(
            find_in(&proxy, &Uri::from_static("/?key=&keys=1&monkey=2&sig="), None),
            Found::Nothing
        );
        let wrong = headers(&[(AUTHORIZATION, "Basic bm9jb2xvbg==".to_owned())]);
        assert_eq!(find_in(&wrong, &Uri::from_static("/"), None), Found::Malformed);
        assert_eq!(
            find_in(&HeaderMap::new(), &Uri::from_static("/?key=%ff"), None),
            Found::Malformed
        );
    }

    #[test]
    fn a_key_in_the_path_is_one_like_any_other() {
        let (key, other) = (key(), key());
        let plain = Uri::from_static("/wms");
        let in_path = PathKey(key.expose().to_owned());
        let expected = Found::Key(key.clone(), Carry::path(key.expose()));
        assert_eq!(find_in(&HeaderMap::new(), &plain, Some(&in_path)), expected);
        let same = headers(&[(API_KEY_HEADER, key.expose().to_owned())]);
        assert_eq!(find_in(&same, &plain, Some(&in_path)), expected);
        let clash = headers(&[(API_KEY_HEADER, other.expose().to_owned())]);
        assert_eq!(find_in(&clash, &plain, Some(&in_path)), Found::Several);
        for bad in ["", "rubbish"] {
            let bad = PathKey(bad.to_owned());
            assert_eq!(find_in(&HeaderMap::new(), &plain, Some(&bad)), Found::Malformed);
        }
    }

    #[test]
    fn a_signature_has_three_parts_and_tolerates_no_other_credential() {
        let sig = "A".repeat(43);
        let kid = "key_0190f6c8aaaa7bbb8cccddddeeeeffff";
        let find = |query: &str| find_in(&HeaderMap::new(), &format!("/wms?{query}").parse().unwrap(), None);
        let expected = Found::Signature(Signature::parse("9", kid, &sig).unwrap());
        assert_eq!(find(&format!("a=1&exp=9&kid={kid}&sig={sig}")), expected);
        assert_eq!(find(&format!("SIG={sig}&Kid={kid}&EXP=9&exp=9")), expected);
        for bad in [
            format!("exp=9&kid={kid}"),
            format!("kid={kid}&sig={sig}"),
            format!("exp=soon&kid={kid}&sig={sig}"),
            format!("exp=9&kid={kid}&sig=AAAA"),
            "kid=1".to_owned(),
        ] {
            assert_eq!(find(&bad), Found::MalformedSignature, "{bad}");
        }
        let two = format!("exp=9&exp=10&kid={kid}&sig={sig}");
        assert_eq!(find(&two), Found::Several);
        let both = format!("exp=9&kid={kid}&sig={sig}&key={}", key().expose());
        assert_eq!(find(&both), Found::Several);
    }
}
