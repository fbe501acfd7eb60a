//! The cookie that holds a browser's refresh token: no script reads it, it is sent below `/v1/auth` only and not with
//! requests that other sites make. A request that uses it must come from a page of this service (or of an origin that the
//! settings name), as the browser's own `Origin` tells: so that no other page can spend it.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::secret_text::{REFRESH_PREFIX, SecretText};
use super::settings::IdentitySettings;
use crate::Problem;
use crate::origin::{Origin, Page};

const NAME: &str = "driftline_refresh";

/// What a request's cookies hold.
pub(super) fn refresh_cookie(headers: &HeaderMap) -> Option<SecretText> {
    cookie(headers, NAME).and_then(|text| SecretText::parse(REFRESH_PREFIX, text))
}

/// The value of a cookie of this name; of two with one name none, since which is ours cannot be said.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

impl IdentitySettings {
    /// Puts a refresh token into the browser, until then.
    pub(super) fn set_refresh_cookie(
        &self,
        token: &SecretText,
        until: Timestamp,
        now: Timestamp,
    ) -> Option<HeaderValue> {
        self.cookie(NAME, token.expose(), "/v1/auth", until.duration_since(now))
    }

    /// Takes it out.
    pub(super) fn end_refresh_cookie(&self) -> Option<HeaderValue> {
        self.cookie(NAME, "", "/v1/auth", SignedDuration::ZERO)
    }

    /// A cookie for a path of ours.
    pub(super) fn cookie(&self, name: &str, value: &str, path: &str, life: SignedDuration) -> Option<HeaderValue> {
        self.cookie_at(name, value, &format!("{}{path}", self.path_prefix()), life)
    }

    /// A cookie for the whole host, other services on it included.
    pub(super) fn cookie_everywhere(&self, name: &str, value: &str, life: SignedDuration) -> Option<HeaderValue> {
        self.cookie_at(name, value, "/", life)
    }

    /// No value of ours needs quoting.
    fn cookie_at(&self, name: &str, value: &str, path: &str, life: SignedDuration) -> Option<HeaderValue> {
        let secure = if self.has_secure_cookies() { "; Secure" } else { "" };
        let text = format!(
            "{name}={value}; Path={path}; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            life.as_secs().max(0)
        );
        HeaderValue::from_str(&text).ok()
    }

    /// Refuses a request with a cookie that no page of ours made.
    pub(super) fn require_own_page(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let page = Page::of_request(headers);
        let own = self.public_base.as_deref().and_then(Origin::of_address);
        let is_own = match (&page, own) {
            (Page::Of(origin), Some(own)) => *origin == own,
            // Not published anywhere: the page is of the host that the request names.
            (Page::Of(origin), None) => {
                let host = headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
                host.is_some_and(|host| origin.to_string() == format!("http://{host}"))
            }
            _ => false,
        };
        // A page without an origin is nobody's, whatever the settings allow.
        let is_allowed = matches!(page, Page::Of(_)) && self.cookie_origins.allows(&page);
        if is_own || is_allowed {
            return Ok(());
        }
        let detail =
            "the cookie of a session is for pages of this service; programs send the refresh token in the body";
        Err(Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AllowedOrigins;
    use http::header::{HOST, HeaderName, ORIGIN};

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others_and_never_one_of_two() {
        let token = SecretText::generate(REFRESH_PREFIX).unwrap();
        let own = format!("{NAME}={}", token.expose());
        let among = format!("a=b; {own}; c=d");
        assert_eq!(refresh_cookie(&headers(&[(COOKIE, &among)])), Some(token));
        assert_eq!(refresh_cookie(&headers(&[(COOKIE, &own), (COOKIE, &own)])), None);
        assert_eq!(refresh_cookie(&headers(&[(COOKIE, "driftline_refresh=x")])), None);
        assert_eq!(refresh_cookie(&HeaderMap::new()), None);
    }

    #[test]
    fn the_cookie_is_shut_to_scripts_other_paths_and_open_lines() {
        let settings = IdentitySettings {
            public_base: Some("https://sar.example.org/drift".to_owned()),
            ..IdentitySettings::default()
        };
        let token = SecretText::generate(REFRESH_PREFIX).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let until = Timestamp::from_second(100).unwrap();
        let value = settings.set_refresh_cookie(&token, until, now).unwrap();
        let expected = format!(
            "{NAME}={}; Path=/drift/v1/auth; Max-Age=100; HttpOnly; SameSite=Lax; Secure",
            token.expose()
        );
        assert_eq!(value.to_str().unwrap(), expected);
        let ended = settings.end_refresh_cookie().unwrap();
        assert!(ended.to_str().unwrap().contains("Max-Age=0"));
    }

    #[test]
    fn only_pages_of_ours_use_the_cookie() {
        let published = IdentitySettings {
            public_base: Some("https://sar.example.org/drift".to_owned()),
            cookie_origins: AllowedOrigins::parse(["https://desk.example.org"]).unwrap(),
            ..IdentitySettings::default()
        };
        let local = IdentitySettings::default();
        for (settings, origin, allowed) in [
            (&published, Some("https://sar.example.org"), true),
            (&published, Some("https://desk.example.org"), true),
            (&published, Some("https://evil.example.org"), false),
            (&published, Some("http://sar.example.org"), false),
            (&published, Some("null"), false),
            (&published, None, false),
            (&local, Some("http://127.0.0.1:8080"), true),
            (&local, Some("http://evil.example.org"), false),
            (&local, None, false),
        ] {
            let mut given = vec![(HOST, "127.0.0.1:8080")];
            given.extend(origin.map(|origin| (ORIGIN, origin)));
            let found = settings.require_own_page(&headers(&given)).is_ok();
            assert_eq!(found, allowed, "{origin:?}");
        }
        let any = IdentitySettings {
            cookie_origins: AllowedOrigins::parse(["*"]).unwrap(),
            ..IdentitySettings::default()
        };
        assert!(any.require_own_page(&headers(&[(ORIGIN, "null")])).is_err());
    }
}
