//! Origins of web pages (RFC 6454): scheme, host and port, and the patterns by which a publishable key or the settings
//! allow them. A browser tells the origin, not the address, of the page that asks: `Origin` on requests by scripts,
//! and `Referer`, cut down to the origin, on tiles that stand in `<img>`. Other programs can say what they like: an
//! origin keeps honest pages apart, not attackers out, which is why such keys only read maps.

use std::fmt;
use std::str::FromStr;

use http::HeaderMap;
use http::header::{ORIGIN, REFERER};
use url::{Host, Url};

use crate::Error;

const MAX_ORIGINS: usize = 50;
const ANY: &str = "any";
/// Hosts of which any port may be allowed: whoever develops a page gets another one every day.
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The origin of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin in an `Origin` header. `null`, as pages of files and sandboxed frames send it, is none.
    pub(crate) fn of_header(text: &str) -> Option<Self> {
        // Browsers write an origin in one way only; another spelling is not repaired.
        Self::of_address(text).filter(|origin| origin.to_string() == text)
    }

    /// The origin of a web address.
    pub(crate) fn of_address(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https");
        let host = url.host_str().filter(|host| is_web && !host.is_empty())?;
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: host.to_owned(),
            port: url.port(),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// What a request says of the page behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Page {
    /// Neither `Origin` nor `Referer`: no browser, or one that was told to be silent.
    Unnamed,
    /// An origin that is none, such as `null`.
    Opaque(String),
    /// This origin.
    Of(Origin),
}

impl Page {
    /// The page that sent a request: `Origin` decides, and without one the origin of `Referer`.
    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        let read = |name, read: fn(&str) -> Option<Origin>| {
            let value = headers.get(name)?;
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            Some(read(&text).map_or_else(|| Self::Opaque(text.chars().take(64).collect()), Self::Of))
        };
        read(ORIGIN, Origin::of_header)
            .or_else(|| read(REFERER, Origin::of_address))
            .unwrap_or(Self::Unnamed)
    }
}

/// One origin or pattern of origins, as an operator writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Any,
    Exact(Origin),
    /// Every host below this one, the host itself excepted.
    Below(Origin),
    /// Every port of this host.
    AnyPort(Origin),
}

impl Pattern {
    fn allows(&self, origin: &Origin) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => origin == exact,
            Self::Below(parent) => {
                let below = origin.host.strip_suffix(&parent.host);
                let is_below = below.is_some_and(|name| name.len() > 1 && name.ends_with('.'));
                is_below && (&origin.scheme, origin.port) == (&parent.scheme, parent.port)
            }
            Self::AnyPort(host) => (&origin.scheme, &origin.host) == (&host.scheme, &host.host),
        }
    }

    /// An origin written out, perhaps with the slash that people copy along.
    fn exact(text: &str, found: &str) -> Result<Origin, Error> {
        let refuse = |reason| Error::Origin {
            found: found.chars().take(100).collect(),
            reason,
        };
        let url = Url::parse(text)
            .ok()
            .ok_or_else(|| refuse("it cannot be read as a web address"))?;
        let origin = Origin::of_address(text).ok_or_else(|| refuse("it is not an http or https address"))?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it has a path, and browsers tell scheme, host and port only"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it has a user"));
        }
        if origin.host.contains('*') {
            return Err(refuse(
                "a star stands only for the first label of a host, or the port of this machine",
            ));
        }
        Ok(origin)
    }
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = text.trim();
        let refuse = |reason| Error::Origin {
            found: found.chars().take(100).collect(),
            reason,
        };
        if found == "*" || found.eq_ignore_ascii_case(ANY) {
            return Ok(Self::Any);
        }
        if let Some(host) = found.strip_suffix(":*") {
            let origin = Self::exact(host, found)?;
            if !LOCAL_HOSTS.contains(&origin.host.as_str()) || origin.port.is_some() {
                return Err(refuse(
                    "any port can be allowed of this machine only (localhost, 127.0.0.1, [::1])",
                ));
            }
            return Ok(Self::AnyPort(origin));
        }
        let Some((scheme, parent)) = found.split_once("://*.") else {
            return Self::exact(found, found).map(Self::Exact);
        };
        let address = format!("{scheme}://{parent}");
        let origin = Self::exact(&address, found)?;
        let is_domain = Url::parse(&address).is_ok_and(|url| matches!(url.host(), Some(Host::Domain(_))));
        if !is_domain || !origin.host.trim_end_matches('.').contains('.') {
            return Err(refuse("below a star there must be a domain of two labels at least"));
        }
        Ok(Self::Below(origin))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str(ANY),
            Self::Exact(origin) => origin.fmt(f),
            Self::Below(parent) => {
                let text = parent.to_string();
                f.write_str(&text.replacen("://", "://*.", 1))
            }
            Self::AnyPort(host) => write!(f, "{host}:*"),
        }
    }
}

/// The origins from which pages may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<Pattern>);

impl AllowedOrigins {
    /// Reads origins and patterns: `https://host[:port]`, `https://*.example.org`, `http://localhost:*`, and `any` (or
    /// `*`) for every page there is.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut patterns: Vec<Pattern> = Vec::new();
        for text in texts {
            let pattern = text.parse()?;
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
        if patterns.len() > MAX_ORIGINS {
            return Err(Error::TooManyOrigins(patterns.len()));
        }
        Ok(Self(patterns))
    }

    /// The origins of stored keys. A pattern unknown here, from a newer program, allows nothing.
    pub(crate) fn of_stored(texts: &[String]) -> Self {
        Self(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As stored and listed.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(Pattern::to_string).collect()
    }

    /// Whether every page may ask, and whatever is no page.
    pub(crate) fn is_any(&self) -> bool {
        self.0.contains(&Pattern::Any)
    }

    /// Whether this page may ask.
    pub(crate) fn allows(&self, page: &Page) -> bool {
        match page {
            Page::Of(origin) => self.0.iter().any(|pattern| pattern.allows(origin)),
            Page::Unnamed | Page::Opaque(_) => self.is_any(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn allows(pattern: &str, origin: &str) -> bool {
        let allowed = AllowedOrigins::parse([pattern]).unwrap();
        let page = Origin::of_header(origin).map_or_else(|| Page::Opaque(origin.to_owned()), Page::Of);
        allowed.allows(&page)
    }

    #[test]
    fn patterns_allow_what_they_say_and_no_more() {
        for (pattern, origin, expected) in [
            ("https://map.example.org", "https://map.example.org", true),
            ("https://Map.Example.org:443/", "https://map.example.org", true),
            ("https://map.example.org", "http://map.example.org", false),
            ("https://map.example.org", "https://map.example.org:8443", false),
            ("https://map.example.org:8443", "https://map.example.org:8443", true),
            ("https://map.example.org", "https://xmap.example.org", false),
            ("https://map.example.org", "https://map.example.org.evil", false),
            ("https://*.example.org", "https://map.example.org", true),
            ("https://*.example.org", "https://a.b.example.org", true),
            ("https://*.example.org", "https://example.org", false),
            ("https://*.example.org", "https://evilexample.org", false),
            ("https://*.example.org", "https://example.org.evil", false),
            ("https://*.example.org", "https://map.example.org.evil.com", false),
            ("https://*.example.org", "http://map.example.org", false),
            ("https://*.example.org", "https://map.example.org:8443", false),
            ("https://*.example.org:8443", "https://map.example.org:8443", true),
            ("http://localhost:*", "http://localhost:5173", true),
            ("http://localhost:*", "http://localhost", true),
            ("http://localhost:*", "https://localhost:5173", false),
            ("http://localhost:*", "http://localhost.evil:5173", false),
            ("http://[::1]:*", "http://[::1]:8080", true),
            ("https://blåtur.no", "https://xn--bltur-nra.no", true),
            ("https://map.example.org", "null", false),
            ("any", "null", true),
            ("*", "https://wherever.example", true),
        ] {
            assert_eq!(allows(pattern, origin), expected, "{pattern} {origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_its_text() {
        for text in [
            "",
            "map.example.org",
            "ftp://x.org",
            "https://",
            "https://x.org/map",
            "https://x.org/?a",
            "https://u:p@x.org",
            "https://*.org",
            "https://*",
            "https://*.10.0.0.1",
            "https://a.*.org",
            "https://x.org:*",
            "http://localhost:81:*",
            "https://*.*.example.org",
            "null",
        ] {
            let error = AllowedOrigins::parse([text]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("'{text}' is no origin")), "{error}");
        }
        let many: Vec<String> = (0..51).map(|i| format!("https://h{i}.example.org")).collect();
        let error = AllowedOrigins::parse(many.iter().map(String::as_str)).unwrap_err();
        assert!(matches!(error, Error::TooManyOrigins(51)), "{error}");
    }

    #[test]
    fn what_was_read_prints_as_it_is_read_again() {
        let texts = [
            "https://a.org:8443",
            "https://*.example.org",
            "http://localhost:*",
            "any",
        ];
        let allowed = AllowedOrigins::parse(texts).unwrap();
        assert_eq!(allowed.names(), texts);
        assert_eq!(AllowedOrigins::of_stored(&allowed.names()), allowed);
        assert!(AllowedOrigins::of_stored(&["country:no".to_owned()]).is_empty());
        assert_eq!(AllowedOrigins::parse(["any", "*", "ANY"]).unwrap().names(), ["any"]);
    }

    #[test]
    fn the_origin_header_decides_and_the_referrer_stands_in_for_it() {
        let page = |pairs: &[(http::HeaderName, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(name, HeaderValue::from_static(value));
            }
            Page::of_request(&headers)
        };
        let of = |text: &str| Page::Of(Origin::of_address(text).unwrap());
        assert_eq!(page(&[]), Page::Unnamed);
        assert_eq!(page(&[(ORIGIN, "https://a.org")]), of("https://a.org"));
        assert_eq!(
            page(&[(REFERER, "https://a.org:8443/map?x=1#y")]),
            of("https://a.org:8443")
        );
        assert_eq!(page(&[(REFERER, "https://a.org@evil.org/")]), of("https://evil.org"));
        assert_eq!(
            page(&[(ORIGIN, "null"), (REFERER, "https://a.org/")]),
            Page::Opaque("null".to_owned())
        );
        for odd in [
            "https://a.org/",
            "HTTPS://a.org",
            "https://a.org:443",
            "a.org",
            "https://a.org https://b.org",
        ] {
            assert!(matches!(page(&[(ORIGIN, odd)]), Page::Opaque(_)), "{odd}");
        }
    }
}
