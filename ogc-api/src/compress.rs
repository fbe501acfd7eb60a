//! The layer that compresses what handlers have not: answers of text that lie in memory as a whole, large enough to be worth
//! it, on the compute pool (tower-http's layer would do it on the threads that wait for clients). A strong tag becomes that of
//! the form ([`EntityTag::of_encoding`]), which a client's `If-None-Match` is compared with in all its forms.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use driftline_compute::Compute;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use moka::future::Cache;

use crate::Error;
use crate::compression::{Encoding, WORTH_IT};

/// Larger answers are streamed, or were compressed by their handlers.
const MOST: usize = 16 << 20;
/// Bytes of compressed answers that are kept.
const KEPT_BYTES: u64 = 16 << 20;

/// Compresses, and keeps what it has compressed under the strong tag of the plain answer and the form: descriptions are asked
/// for again and again, and seldom by clients that hold them.
#[derive(Clone)]
pub(crate) struct Compressor {
    compute: Compute,
    kept: Cache<(HeaderValue, Encoding), Bytes>,
}

impl Compressor {
    pub(crate) fn new(compute: Compute) -> Self {
        let weigh = |_: &(HeaderValue, Encoding), bytes: &Bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self {
            compute,
            kept: Cache::builder().max_capacity(KEPT_BYTES).weigher(weigh).build(),
        }
    }

    async fn encoded(&self, bytes: Bytes, encoding: Encoding) -> Result<Bytes, Error> {
        let failed = |error: &dyn std::fmt::Display| Error::Internal(format!("compression: {error}"));
        let work = self.compute.run(move || encoding.encoded(bytes.to_vec())).await;
        let encoded = work.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
        Ok(encoded.into())
    }

    /// The same under a tag, unless it is kept already.
    async fn kept(&self, tag: HeaderValue, bytes: Bytes, encoding: Encoding) -> Result<Bytes, Error> {
        let key = (tag, encoding);
        if let Some(kept) = self.kept.get(&key).await {
            return Ok(kept);
        }
        let encoded = self.encoded(bytes, encoding).await?;
        self.kept.insert(key, encoded.clone()).await;
        Ok(encoded)
    }
}

pub(crate) async fn compress(State(compressor): State<Compressor>, request: Request, next: Next) -> Response {
    let encoding = match *request.method() {
        Method::GET | Method::POST => Encoding::accepted(request.headers()),
        _ => Encoding::Plain,
    };
    let mut response = next.run(request).await;
    let size = response.body().size_hint().exact();
    let size = size.and_then(|size| usize::try_from(size).ok());
    if !size.is_some_and(|size| (WORTH_IT..=MOST).contains(&size)) || !may_be_compressed(&response) {
        return response;
    }
    if encoding == Encoding::Plain {
        Encoding::note_choice(response.headers_mut());
        return response;
    }
    match encoded(&compressor, response, encoding).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

/// Text that nobody has compressed, may be kept, and is whole. An answer that must not be stored can hold a secret, whose
/// length would show how much of it somebody has guessed.
fn may_be_compressed(response: &Response) -> bool {
    let headers = response.headers();
    let has = |name, word: &str| {
        let value = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        value.is_some_and(|value| value.contains(word))
    };
    response.status() == StatusCode::OK
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !has(header::CACHE_CONTROL, "no-transform")
        && !has(header::CACHE_CONTROL, "no-store")
        && is_text(headers)
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    kind != "text/event-stream"
        && (kind.starts_with("text/")
            || kind.ends_with("json")
            || kind.ends_with("xml")
            || kind.ends_with("javascript"))
}

async fn encoded(compressor: &Compressor, response: Response, encoding: Encoding) -> Result<Response, Error> {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST).await;
    let bytes = bytes.map_err(|error| Error::Internal(format!("an answer: {error}")))?;
    let plain = parts.headers.get(header::ETAG).cloned();
    let strong = plain.and_then(|tag| encoding.tag(tag.to_str().ok()?).map(|of_form| (tag, of_form)));
    let encoded = match strong {
        Some((plain, of_form)) => {
            parts.headers.insert(header::ETAG, of_form);
            compressor.kept(plain, bytes, encoding).await?
        }
        None => compressor.encoded(bytes, encoding).await?,
    };
    encoding.note(&mut parts.headers);
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(encoded)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use std::io::Read;
    use tower::ServiceExt;

    fn text() -> String {
        "the sea is the same everywhere ".repeat(500)
    }

    async fn ask(content_type: &'static str, cache: &'static str, accept: &str) -> Response {
        let answer = move || async move {
            let headers = [
                (header::CONTENT_TYPE, content_type),
                (header::CACHE_CONTROL, cache),
                (header::ETAG, "\"abc\""),
            ];
            (headers, text())
        };
        let compute = Compute::new(1).unwrap();
        let routes = Router::new()
            .route("/", get(answer))
            .layer(from_fn_with_state(Compressor::new(compute), compress));
        let request = Request::get("/").header(header::ACCEPT_ENCODING, accept);
        routes.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn bytes(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), MOST).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn text_travels_in_the_best_form_with_a_tag_of_its_own() {
        let brotli = ask("application/json", "private", "gzip, br").await;
        assert_eq!(brotli.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(brotli.headers()[header::ETAG], "\"abc-br\"");
        assert_eq!(brotli.headers()[header::VARY], "Accept-Encoding");
        let mut plain = Vec::new();
        let small = bytes(brotli).await;
        brotli::Decompressor::new(small.as_slice(), 4096)
            .read_to_end(&mut plain)
            .unwrap();
        assert!(small.len() < 500 && plain == text().into_bytes());
        let gzip = ask("text/csv; charset=utf-8", "private", "gzip").await;
        assert_eq!(gzip.headers()[header::ETAG], "\"abc-gzip\"");
        let mut plain = String::new();
        flate2::read::GzDecoder::new(bytes(gzip).await.as_slice())
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, text());
    }

    #[tokio::test]
    async fn what_is_no_text_or_must_not_be_stored_stays_as_it_is() {
        for (kind, cache, accept, varies) in [
            ("application/json", "private", "identity", true),
            ("application/json", "no-store", "br", false),
            ("application/json", "private, no-transform", "br", false),
            ("image/png", "private", "br", false),
            ("text/event-stream", "private", "br", false),
        ] {
            let answer = ask(kind, cache, accept).await;
            let headers = answer.headers().clone();
            assert!(!headers.contains_key(header::CONTENT_ENCODING), "{kind} {cache}");
            assert_eq!(headers.contains_key(header::VARY), varies, "{kind} {cache}");
            assert_eq!(
                (&headers[header::ETAG], bytes(answer).await),
                (&"\"abc\"".parse().unwrap(), text().into_bytes())
            );
        }
    }
}
