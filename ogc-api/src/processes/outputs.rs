//! Outputs as answers (18-062r2, 7.11.4 and 7.13.2): as one JSON document, or raw: one value in its own media type, several as
//! multipart/related, links alone in `Link` headers of an answer without a body.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::exception::Exception;
use super::multipart;
use super::relations;
use super::request::{ResponseForm, Wanted};
use crate::Error;
use crate::document::{JSON, with_tag};
use crate::entity_tag::EntityTag;

/// An output, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// The output.
    pub(super) id: String,
    /// Of its value, or of what the link leads to.
    pub(super) media_type: &'static str,
    /// Its value, or where it lies.
    pub(super) content: Content,
    /// Features in it, for the bill.
    pub(super) features: usize,
}

/// What is sent of an output.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// The value as it stands alone, and as it stands in a document.
    Value(String, Form),
    /// A link.
    Reference(String),
}

/// How a value stands in a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    /// As this JSON.
    Bare(String),
    /// As a qualified value, the value itself being JSON.
    Qualified,
}

impl Part {
    /// An output by value.
    pub(super) fn value(id: &str, media_type: &'static str, raw: String, form: Form) -> Self {
        Self {
            id: id.to_owned(),
            media_type,
            content: Content::Value(raw, form),
            features: 0,
        }
    }

    /// An output by reference.
    pub(super) fn reference(id: &str, media_type: &'static str, address: String) -> Self {
        Self {
            id: id.to_owned(),
            media_type,
            content: Content::Reference(address),
            features: 0,
        }
    }

    fn push_member(&self, text: &mut String) {
        text.push_str(&json!(self.id).to_string());
        text.push(':');
        match &self.content {
            Content::Value(_, Form::Bare(json)) => text.push_str(json),
            Content::Value(raw, Form::Qualified) => {
                text.push_str(r#"{"mediaType":"#);
                text.push_str(&json!(self.media_type).to_string());
                text.push_str(r#","value":"#);
                text.push_str(raw);
                text.push('}');
            }
            Content::Reference(address) => {
                let link = json!({"href": address, "rel": "item", "type": self.media_type, "title": self.id});
                text.push_str(&link.to_string());
            }
        }
    }
}

/// All outputs as one JSON object.
pub(super) fn results_document(parts: &[Part]) -> String {
    let mut text = String::from("{");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        part.push_member(&mut text);
    }
    text.push('}');
    text
}

/// The answer with these outputs, in the form that was asked for.
pub(super) fn answer(parts: Vec<Part>, wanted: &Wanted, tag: Option<&EntityTag>) -> Result<Response, Exception> {
    if wanted.response == ResponseForm::Document {
        return Ok(body(results_document(&parts), JSON, tag));
    }
    if parts.iter().all(|part| matches!(part.content, Content::Reference(_))) {
        return links(&parts);
    }
    // What was asked for decides, not what there is: a client knows from its own request what comes.
    if wanted.outputs.len() == 1 {
        let value = parts.into_iter().find_map(|part| match part.content {
            Content::Value(raw, _) => Some((raw, part.media_type)),
            Content::Reference(_) => None,
        });
        let (raw, media_type) = value.unwrap_or_default();
        return Ok(body(raw, media_type, tag));
    }
    let (whole, kind) = multipart::related(&parts);
    let mut response = body(whole, JSON, tag);
    let kind = HeaderValue::from_str(&kind).map_err(|error| Error::Internal(format!("a media type: {error}")))?;
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

fn body(text: String, media_type: &'static str, tag: Option<&EntityTag>) -> Response {
    match tag {
        Some(tag) => with_tag(Body::from(text), media_type, tag),
        None => {
            let mut response = Response::new(Body::from(text));
            let kind = HeaderValue::from_static(media_type);
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
    }
}

fn links(parts: &[Part]) -> Result<Response, Exception> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for part in parts {
        if let Content::Reference(address) = &part.content {
            let results = relations::RESULTS;
            let text = format!(
                "<{address}>; rel=\"{results}\"; title=\"{}\"; type=\"{}\"",
                part.id, part.media_type
            );
            let link = HeaderValue::from_str(&text).map_err(|error| Error::Internal(format!("a link: {error}")))?;
            response.headers_mut().append(header::LINK, link);
        }
    }
    Ok(response)
}
