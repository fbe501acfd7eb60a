//! Answers that are bytes: pictures, tiles, columns of numbers. How long they may be kept, and what they show.

use axum::body::Body;
use axum::response::Response;
use driftline_domain::ValidTime;
use driftline_tiles::Picture;
use http::{HeaderName, HeaderValue, header};

use crate::Error;
use crate::document::{not_modified, with_tag};
use crate::entity_tag::EntityTag;
use crate::maps::{Viewer, compute};

/// The step that a picture shows, where it is one.
const VALID_TIME: HeaderName = HeaderName::from_static("x-valid-time");

/// How long an answer may be kept without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// It never changes: a finished run at a time that was named.
    Forever,
    /// Forcing is published now and then, and "now" moves on.
    Briefly,
}

/// An answer with its entity tag. Where a credential came with the request, authentication makes it private.
pub(crate) fn tagged(bytes: impl Into<Body>, media_type: &'static str, tag: &EntityTag, lasting: Lasting) -> Response {
    let mut response = with_tag(bytes.into(), media_type, tag);
    lasting.note(&mut response);
    response
}

impl Lasting {
    /// In the words of Cache-Control.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Briefly => "max-age=60",
        }
    }

    /// "You have it already", in the form that the client holds: what a cache is told is what it was told with the answer
    /// (RFC 9110, section 15.4.5).
    pub(crate) fn not_modified(self, held: &EntityTag) -> Response {
        let mut response = not_modified(held);
        self.note(&mut response);
        response
    }

    /// Says it in an answer.
    pub(crate) fn note(self, response: &mut Response) {
        let words = HeaderValue::from_static(self.words());
        response.headers_mut().insert(header::CACHE_CONTROL, words);
    }
}

/// Says which step an answer shows, when all of it shows the same one.
pub(crate) fn note_step(response: &mut Response, step: Option<ValidTime>) {
    if let Some(step) = step
        && let Ok(value) = HeaderValue::from_str(&step.to_string())
    {
        response.headers_mut().insert(VALID_TIME, value);
    }
}

/// The picture as PNG, on a ground of this colour or transparent; work for the compute pool.
pub(crate) fn png_of(picture: Picture, ground: Option<[u8; 3]>) -> Result<Vec<u8>, Error> {
    let written = match ground {
        Some(colour) => picture.on_ground(colour).to_png(),
        None => picture.to_png(),
    };
    written.map_err(|error| Error::Internal(format!("a picture: {error}")))
}

/// The same, made there.
pub(crate) async fn png_bytes(viewer: Viewer<'_>, picture: Picture, ground: Option<[u8; 3]>) -> Result<Vec<u8>, Error> {
    compute(viewer, move || png_of(picture, ground)).await?
}
