//! Documents that describe something, as JSON for programs and as a page for people: landing pages, lists of collections,
//! conformance classes. The page shows what the JSON says, links first.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use quick_xml::escape::escape;
use serde_json::Value;

use crate::accept::preferred;
use crate::ask::Ask;
use crate::document::{JSON, json_bytes};
use crate::links::Link;
use crate::query::shown;
use crate::written::Written;
use crate::{AppState, Error, html};

/// How deep a page shows what is inside of what.
const MAX_DEPTH: usize = 8;

/// The two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For programs.
    Json,
    /// For people.
    Html,
}

impl Form {
    /// The form that a request asks for: by `f`, else by Accept, else JSON.
    pub(crate) fn asked(ask: &Ask) -> Result<Self, Error> {
        match ask.query.get("f") {
            Some("json") => Ok(Self::Json),
            Some("html") => Ok(Self::Html),
            Some(other) => {
                let reason = format!("'{}' is not offered; it must be json or html", shown(other));
                Err(Error::parameter("f", reason))
            }
            None => preferred(
                &ask.headers,
                &[
                    ("application/json", Self::Json),
                    ("application/geo+json", Self::Json),
                    ("application/schema+json", Self::Json),
                    ("application/vnd.oai.openapi+json", Self::Json),
                    ("text/html", Self::Html),
                ],
            ),
        }
    }

    /// Links to this document and to its other form.
    pub(crate) fn links(self, ask: &Ask) -> Vec<Link> {
        let url = |name: &str| {
            let mut pairs = ask.query.pairs().to_vec();
            pairs.retain(|(name, _)| name != "f");
            pairs.push(("f".to_owned(), name.to_owned()));
            ask.site.url_with(&ask.path, &pairs)
        };
        let (own, other, name, title) = match self {
            Self::Json => (JSON, html::HTML_TYPE, "html", "This document as a page"),
            Self::Html => (html::HTML_TYPE, JSON, "json", "This document as JSON"),
        };
        vec![
            Link::new("self", own, ask.self_url()).titled("This document"),
            Link::new("alternate", other, url(name)).titled(title),
        ]
    }

    /// The answer with a document that is made from its request and these words: the one that was written before, or what is
    /// written now, its title and its content.
    pub(crate) async fn answer(
        self,
        (state, ask): (&AppState, &Ask),
        media_type: &'static str,
        words: &[&str],
        write: impl FnOnce() -> (String, Value) + Send + 'static,
    ) -> Result<Response, Error> {
        let (name, media_type) = match self {
            Self::Json => ("json", media_type),
            Self::Html => ("html", html::HTML),
        };
        let made_from = ask.made_from(&[&[name], words].concat());
        let written = Written::of(state, made_from, move || self.bytes(write()));
        let mut response = written.await?.answer(&ask.headers, media_type);
        if self == Self::Html && response.status() == StatusCode::OK {
            html::guard(&mut response);
        }
        response
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static("Accept"));
        Ok(response)
    }

    fn bytes(self, (title, content): (String, Value)) -> Result<Vec<u8>, Error> {
        match self {
            Self::Json => json_bytes(&content),
            Self::Html => Ok(html::page(&title, &body(&title, &content)).into_bytes()),
        }
    }
}

fn body(title: &str, content: &Value) -> String {
    let mut text = format!("<h1>{}</h1>\n", escape(title));
    push_value(&mut text, content, 0);
    text
}

fn push_value(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if depth < MAX_DEPTH => {
            if let Some(link) = anchor(value) {
                text.push_str(&link);
                return;
            }
            text.push_str("<table>");
            for (name, member) in members {
                text.push_str(&format!("<tr><th>{}</th><td>", escape(name)));
                push_value(text, member, depth + 1);
                text.push_str("</td></tr>\n");
            }
            text.push_str("</table>\n");
        }
        Value::Array(items) if depth < MAX_DEPTH => {
            text.push_str("<ul>");
            for item in items {
                text.push_str("<li>");
                push_value(text, item, depth + 1);
                text.push_str("</li>\n");
            }
            text.push_str("</ul>\n");
        }
        Value::String(plain) => text.push_str(&escape(plain)),
        other => text.push_str(&escape(other.to_string())),
    }
}

/// A link as a link.
fn anchor(value: &Value) -> Option<String> {
    let (href, rel) = (value.get("href")?.as_str()?, value.get("rel")?.as_str()?);
    let title = value.get("title").and_then(Value::as_str).unwrap_or(rel);
    let media_type = value.get("type").and_then(Value::as_str).unwrap_or_default();
    Some(format!(
        "<a href=\"{}\">{}</a> <small>{} {}</small>",
        escape(href),
        escape(title),
        escape(rel),
        escape(media_type)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_in_a_document_cannot_become_markup() {
        let content = json!({
            "title": "<script>alert(1)</script>",
            "links": [{"href": "http://h/?a=\"><b>", "rel": "self", "title": "<i>"}],
        });
        let page = html::page("a & b <c>", &body("a & b <c>", &content));
        for markup in ["<script", "<b>", "<i>", "<c>"] {
            assert!(!page.contains(markup), "{markup}: {page}");
        }
    }
}
