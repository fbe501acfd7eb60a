//! Links: absolute, under the public base, and carrying the caller's credential when it stood in the address, so that
//! every link works as it stands in the client that received it (ogc.md, traps 14 and 16 to 18).

use std::sync::Arc;

pub(crate) use driftline_auth_billing::is_credential_parameter as is_credential;
use driftline_auth_billing::{Caller, Carry};
use driftline_domain::MissionId;
use http::{HeaderMap, HeaderName, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::Error;

/// Characters that stay as they are in an emitted query value (RFC 3986, section 3.4; `+` is not among them because
/// many readers take it for a blank).
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':')
    .remove(b',')
    .remove(b'/');

/// What a trusted proxy says of the address that its client asked for.
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// What every emitted link begins with.
#[derive(Debug, Clone, Default)]
pub struct PublicBase {
    configured: Option<String>,
}

impl PublicBase {
    /// A base such as `https://sar.example.org/drift`; an empty one means that links begin with the host that the
    /// request named, over plain HTTP.
    ///
    /// # Errors
    /// A text that is no absolute http or https address without query and fragment.
    pub fn new(base: &str) -> Result<Self, Error> {
        if base.is_empty() {
            return Ok(Self::default());
        }
        let refuse = || Error::PublicBase(base.chars().take(200).collect());
        let uri: Uri = base.parse().ok().ok_or_else(refuse)?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_web || uri.authority().is_none() || uri.query().is_some() || base.contains('#') {
            return Err(refuse());
        }
        Ok(Self {
            configured: Some(base.trim_end_matches('/').to_owned()),
        })
    }

    /// The path of the base without its closing slash: under it the service answers too, whether a proxy strips it or
    /// not. Empty when there is none.
    pub fn path_prefix(&self) -> String {
        let uri = self.configured.as_deref().and_then(|base| base.parse::<Uri>().ok());
        uri.map(|uri| uri.path().trim_end_matches('/').to_owned())
            .unwrap_or_default()
    }

    /// The base for the answer to one request. What a proxy says of the address that its client asked for reaches this only
    /// where the operator trusts the proxy (`driftline_auth_billing::TrustedProxies`).
    ///
    /// # Errors
    /// A request whose host cannot stand in a link.
    pub fn for_request(&self, headers: &HeaderMap, uri: &Uri) -> Result<String, Error> {
        if let Some(base) = &self.configured {
            return Ok(base.clone());
        }
        let said = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let host = match said(&FORWARDED_HOST).or(said(&header::HOST)) {
            Some(host) => host,
            None => uri.authority().map_or("localhost", |authority| authority.as_str()),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        if host.is_empty() || host.len() > 255 || !host.bytes().all(is_plain) {
            return Err(Error::Host(crate::query::shown(host)));
        }
        let scheme = match said(&FORWARDED_PROTO) {
            None => "http",
            Some(scheme) if matches!(scheme, "http" | "https") => scheme,
            Some(scheme) => return Err(Error::Host(crate::query::shown(scheme))),
        };
        let prefix = said(&FORWARDED_PREFIX).unwrap_or_default().trim_end_matches('/');
        let is_path = prefix.is_empty() || prefix.starts_with('/');
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
        if !is_path || prefix.len() > 255 || prefix.contains("//") || !prefix.bytes().all(is_plain) {
            return Err(Error::Host(crate::query::shown(prefix)));
        }
        Ok(format!("{scheme}://{host}{prefix}"))
    }
}

/// Makes the links of one answer.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    base: String,
    carry: Carry,
    /// Where the caller's links work; without it everywhere.
    limited_to: Option<Arc<str>>,
    /// And beside that the mission itself, for who has a share link.
    shares: Option<MissionId>,
}

/// A link of a JSON answer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Link {
    href: String,
    rel: &'static str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    media_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The address has variables in braces.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    templated: bool,
}

impl Site {
    /// The links of an answer to this caller.
    pub(crate) fn new(base: String, caller: &Caller) -> Self {
        Self {
            base,
            carry: caller.carry.clone(),
            limited_to: caller.limited_to.clone(),
            shares: caller.shares,
        }
    }

    /// Links that carry nothing, for pages that anybody may see.
    pub(crate) fn open(base: String) -> Self {
        Self {
            base,
            carry: Carry::nothing(),
            limited_to: None,
            shares: None,
        }
    }

    /// Whether a link to this path works for the caller: one with a signed link sees one mission's maps only.
    pub(crate) fn reaches(&self, path: &str) -> bool {
        let of_mission = |mission: MissionId| {
            let rest = path.strip_prefix("/v1/missions/");
            let rest = rest.and_then(|rest| rest.strip_prefix(&mission.to_string()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        let is_below = self.limited_to.as_deref().is_none_or(|prefix| path.starts_with(prefix));
        is_below || self.shares.is_some_and(of_mission)
    }

    /// Below which path links work for the caller; empty where they do everywhere.
    pub(crate) fn reach(&self) -> &str {
        self.limited_to.as_deref().unwrap_or_default()
    }

    /// The address of a path of this service, with the caller's credential.
    pub(crate) fn url(&self, path: &str) -> String {
        self.carried(path)
    }

    /// The address of a path with these parameters.
    pub(crate) fn url_with(&self, path: &str, pairs: &[(String, String)]) -> String {
        let query: Vec<String> = pairs
            .iter()
            .map(|(name, value)| {
                let encode = |text| utf8_percent_encode(text, QUERY_VALUE);
                format!("{}={}", encode(name), encode(value))
            })
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        self.carried(&format!("{path}{mark}{}", query.join("&")))
    }

    /// The address of a path that others append to, such as the server of an API document: it holds a key that stood in
    /// the path, since nothing else would reach it there, and never one of the query.
    pub(crate) fn server_url(&self, path: &str) -> String {
        format!("{}{}{path}", self.base, self.carry.path_prefix())
    }

    /// The address of a path without any credential, for identifiers.
    pub(crate) fn bare_url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A link to a path.
    pub(crate) fn link(&self, rel: &'static str, media_type: &'static str, title: &str, path: &str) -> Link {
        Link::new(rel, media_type, self.url(path)).titled(title)
    }

    fn carried(&self, path_and_query: &str) -> String {
        let key = self.carry.path_prefix();
        self.carry.apply(&format!("{}{key}{path_and_query}", self.base))
    }
}

impl Link {
    /// A link to an address.
    pub(crate) fn new(rel: &'static str, media_type: &'static str, href: String) -> Self {
        Self {
            href,
            rel,
            media_type: Some(media_type),
            title: None,
            templated: false,
        }
    }

    /// Its address.
    pub(crate) fn href(&self) -> &str {
        &self.href
    }

    /// Its relation.
    pub(crate) fn rel(&self) -> &'static str {
        self.rel
    }

    /// Its title.
    pub(crate) fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The same link with a title for people.
    pub(crate) fn titled(mut self, title: &str) -> Self {
        self.title = Some(title.to_owned());
        self
    }

    /// The same link as a template, whose variables in braces are for the client to fill in.
    pub(crate) fn templated(mut self) -> Self {
        self.templated = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_configured_base_wins_over_the_host() {
        let base = PublicBase::new("https://sar.example.org/drift/").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("internal:8080"));
        let uri = Uri::from_static("/ogc");
        assert_eq!(
            base.for_request(&headers, &uri).unwrap(),
            "https://sar.example.org/drift"
        );
        assert_eq!(base.path_prefix(), "/drift");
        let bare = PublicBase::new("").unwrap();
        assert_eq!(bare.for_request(&headers, &uri).unwrap(), "http://internal:8080");
        assert_eq!(bare.path_prefix(), "");
    }

    #[test]
    fn a_trusted_proxy_says_how_its_client_asked() {
        let base = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("internal:8080"))]);
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_str(value).unwrap());
            }
            PublicBase::default()
                .for_request(&headers, &Uri::from_static("/ogc"))
                .ok()
        };
        let (host, proto) = (("x-forwarded-host", "sar.example.org"), ("x-forwarded-proto", "https"));
        assert_eq!(base(&[host, proto]).unwrap(), "https://sar.example.org");
        assert_eq!(base(&[proto]).unwrap(), "https://internal:8080");
        let prefixed = base(&[host, proto, ("x-forwarded-prefix", "/api/")]);
        assert_eq!(prefixed.unwrap(), "https://sar.example.org/api");
        for odd in [
            ("x-forwarded-proto", "javascript"),
            ("x-forwarded-host", "a b"),
            ("x-forwarded-prefix", "//evil.org"),
            ("x-forwarded-prefix", "evil"),
            ("x-forwarded-prefix", "/a?b"),
        ] {
            assert_eq!(base(&[host, odd]), None, "{odd:?}");
        }
    }

    #[test]
    fn hosts_and_bases_that_are_none_are_refused() {
        for base in [
            "sar.example.org",
            "ftp://x",
            "https://x/?a=b",
            "https://x/#f",
            "/drift",
            "https://",
        ] {
            assert!(PublicBase::new(base).is_err(), "{base}");
        }
        for host in ["a b", "x\"><script>", "evil/path", "u@h", ""] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
            assert!(
                PublicBase::default()
                    .for_request(&headers, &Uri::from_static("/"))
                    .is_err(),
                "{host}"
            );
        }
    }

    #[test]
    fn parameters_are_encoded() {
        let site = Site::open("http://h".to_owned());
        let pairs = [
            ("datetime".to_owned(), "2025-01-01T00:00:00+02:00/..".to_owned()),
            ("q".to_owned(), "a&b=c d".to_owned()),
        ];
        assert_eq!(
            site.url_with("/x", &pairs),
            "http://h/x?datetime=2025-01-01T00:00:00%2B02:00/..&q=a%26b%3Dc%20d"
        );
        assert_eq!(site.url_with("/x", &[]), "http://h/x");
    }

    #[test]
    fn a_key_in_the_path_stands_between_base_and_path_of_every_link() {
        let site = |carry: Carry| Site {
            base: "https://h/drift".to_owned(),
            carry,
            limited_to: None,
            shares: None,
        };
        let pairs = [("limit".to_owned(), "5".to_owned())];
        let key = "dls_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp11Bmflw";
        let in_path = site(Carry::path(key));
        assert_eq!(in_path.url("/wms"), format!("https://h/drift/key/{key}/wms"));
        assert_eq!(
            in_path.url_with("/ogc", &pairs),
            format!("https://h/drift/key/{key}/ogc?limit=5")
        );
        assert_eq!(in_path.server_url("/ogc"), format!("https://h/drift/key/{key}/ogc"));
        let signed = site(Carry::signature("9".to_owned(), "key_1".to_owned(), "s".to_owned()));
        assert_eq!(
            signed.url_with("/missions/m/ogc", &pairs),
            "https://h/drift/missions/m/ogc?limit=5&exp=9&kid=key_1&sig=s"
        );
        assert_eq!(signed.server_url("/missions/m/ogc"), "https://h/drift/missions/m/ogc");
    }
}
