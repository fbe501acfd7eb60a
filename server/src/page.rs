//! The web application, as its build left it in `web/dist`: `/` for browsers, `/assets/…` for what it loads. Names of
//! assets hold a hash of their content and never change; the page itself is asked for anew each time.
//!
//! Each text file may lie beside its `.br` and `.gz` forms; the smallest that the client accepts is sent.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use driftline_auth_billing::Problem;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

/// Everything from this host; `data:` is for icons in the map's style sheet, `blob:` for legends.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
const X_FRAME_OPTIONS: HeaderName = HeaderName::from_static("x-frame-options");
/// No window that opened the page reaches into it, and it asks for nothing of the machine.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Encodings in which a file may lie beside itself, the smallest first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Build;

/// Routes of what the page loads.
pub(crate) fn assets() -> Router {
    Router::new()
        .route("/assets/{*path}", get(asset))
        .route("/favicon.ico", get(favicon))
}

/// The page.
pub(crate) fn index(headers: &HeaderMap) -> Response {
    let Some(mut response) = file("index.html", headers) else {
        return Problem::new(
            StatusCode::NOT_FOUND,
            "no_page",
            "this binary was built without its page; build it with 'make build'",
        )
        .into_response();
    };
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    answer.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    answer.insert(
        PERMISSIONS_POLICY,
        HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
    );
    response
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(mut response) = file(&format!("assets/{path}"), &headers) else {
        let shown: String = path.chars().take(100).collect();
        return Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("the page has no file '{shown}'"),
        )
        .into_response();
    };
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(CACHE_CONTROL, forever);
    response
}

/// Browsers ask for it unasked; the page names its own icon.
async fn favicon() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// A file of the build in the best encoding that the client takes.
fn file(name: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Build::get(name)?;
    let found = ENCODINGS
        .into_iter()
        .filter(|(encoding, _)| accepts(headers, encoding))
        .find_map(|(encoding, ending)| Some((encoding, Build::get(&format!("{name}{ending}"))?)));
    let tag = entity_tag(&plain, found.as_ref().map_or("", |(encoding, _)| encoding));
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let media_type = plain.metadata.mimetype().to_owned();
        let (encoding, bytes) = match found {
            Some((encoding, file)) => (Some(encoding), file.data),
            None => (None, plain.data),
        };
        let mut response = bytes.into_response();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, media_type_of(name, &media_type));
        if let Some(encoding) = encoding {
            let value = HeaderValue::from_static(encoding);
            response.headers_mut().insert(CONTENT_ENCODING, value);
        }
        response
    };
    response.headers_mut().insert(ETAG, tag);
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("Accept-Encoding"));
    Some(response)
}

/// Text is UTF-8 here, and a browser runs a module only with a script's type.
fn media_type_of(name: &str, guessed: &str) -> HeaderValue {
    let text = match name.rsplit_once('.') {
        Some((_, "js" | "mjs")) => "text/javascript; charset=utf-8",
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "webmanifest")) => "application/manifest+json",
        _ => guessed,
    };
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// A strong tag differs between encodings (RFC 9110, section 8.8.3).
fn entity_tag(file: &EmbeddedFile, encoding: &str) -> HeaderValue {
    let hash: String = file.metadata.sha256_hash()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let text = format!("\"{hash}{encoding}\"");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"page\""))
}

pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut tags = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    tags.any(|text| {
        let text = text.trim();
        text == "*" || text.strip_prefix("W/").unwrap_or(text).as_bytes() == tag.as_bytes()
    })
}

/// Whether the client takes an encoding (RFC 9110, section 12.5.3); one with weight 0 it does not.
pub(crate) fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let given = headers.get_all(ACCEPT_ENCODING).iter();
    let mut wanted = given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    wanted.any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| matches!(part.strip_prefix("q="), Some(q) if q.parse() == Ok(0.0)));
        named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn encodings_are_taken_as_offered() {
        for (offer, br, gzip) in [
            ("gzip, deflate, br", true, true),
            ("br;q=0, GZIP", false, true),
            ("identity", false, false),
            ("br;q=0.5", true, false),
            ("", false, false),
        ] {
            let headers = with(ACCEPT_ENCODING, offer);
            assert_eq!(
                (accepts(&headers, "br"), accepts(&headers, "gzip")),
                (br, gzip),
                "{offer}"
            );
        }
    }

    #[test]
    fn modules_are_scripts() {
        assert_eq!(
            media_type_of("assets/w.mjs", "application/octet-stream"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(media_type_of("assets/w.png", "image/png"), "image/png");
    }

    #[test]
    fn a_known_file_is_not_sent_again() {
        let tag = HeaderValue::from_static("\"abbr\"");
        assert!(is_known(&with(IF_NONE_MATCH, "\"x\", W/\"abbr\""), &tag));
        assert!(!is_known(&with(IF_NONE_MATCH, "\"ab\""), &tag));
    }
}
