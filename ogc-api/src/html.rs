//! Pages for people around what programs read as JSON: plain documents without scripts and without other hosts.

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use quick_xml::escape::escape;

/// The media type.
pub(crate) const HTML: &str = "text/html; charset=utf-8";
/// The same without the character set, as links name it.
pub(crate) const HTML_TYPE: &str = "text/html";
/// Nothing but the page's own style is loaded or run.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Addresses of the page may hold a credential.
const REFERRER_POLICY: HeaderName = HeaderName::from_static("referrer-policy");
/// No window that opened the page reaches into it.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#18222d;\
background:#fff}h1{font-size:1.4rem}nav a,li a{margin-right:.8rem}table{border-collapse:collapse;display:block;overflow-x:auto;\
font-size:13px}th,td{border:1px solid #ccd4dc;padding:.2rem .5rem;text-align:left;white-space:nowrap}th{background:#eef2f6}\
svg{background:#e8f0f6;border:1px solid #ccd4dc;max-width:100%;height:auto}svg path{vector-effect:non-scaling-stroke}\
.c{fill:#e4dfd3;stroke:#8b8471}.a{fill:#b7400f;fill-opacity:.12;stroke:#b7400f}.l{fill:none;stroke:#0b5fa5}\
.p{stroke:#0b5fa5;stroke-width:5;stroke-linecap:round}footer{margin-top:1rem;color:#44515e}\
@media(prefers-color-scheme:dark){body{background:#10161d;color:#dbe3ea}th{background:#1d2732}th,td,svg{border-color:#33404d}\
a{color:#7db8ee}svg{background:#16232f}.c{fill:#2b2f2c;stroke:#6f7a70}footer{color:#a2afbb}}";

/// A page with this heading in its title and this body.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n",
        escape(title)
    )
}

/// Says in an answer what its page may do.
pub(crate) fn guard(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
}
