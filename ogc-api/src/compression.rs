//! Compression of answers that are worth it, on the compute pool: gzip and brotli as the client takes them (RFC 9110,
//! section 12.5.3). Each form has its own strong tag, made from the one of the plain bytes.

use std::io::Write;

use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};

use crate::document::with_tag;
use crate::entity_tag::EntityTag;
use crate::{AppState, Error};

/// Smaller answers fit into a packet or two as they are.
pub(crate) const WORTH_IT: usize = 1_400;
/// Brotli's quality: beyond it a percent less costs several times the time.
const BROTLI_QUALITY: i32 = 5;
/// Brotli's window as a power of two.
const BROTLI_WINDOW: i32 = 22;

/// A form that bytes travel in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// As they are.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

impl Encoding {
    /// The best one that the client takes.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        if takes(headers, "br") {
            Self::Brotli
        } else if takes(headers, "gzip") {
            Self::Gzip
        } else {
            Self::Plain
        }
    }

    /// Its name in headers; `None` for plain bytes.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// The tag of the same content in this form, where it is a strong one.
    pub(crate) fn tag(self, plain: &str) -> Option<HeaderValue> {
        let name = self.ending()?;
        let inner = plain.strip_prefix('"')?.strip_suffix('"')?;
        HeaderValue::from_str(&format!("\"{inner}{name}\"")).ok()
    }

    /// What a strong tag ends with in this form: tags differ between encodings.
    pub(crate) fn ending(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("-gzip"),
            Self::Brotli => Some("-br"),
        }
    }

    /// The bytes in this form.
    pub(crate) fn encoded(self, bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(bytes),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(5));
                encoder.write_all(&bytes)?;
                encoder.finish()
            }
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    size_hint: bytes.len(),
                    ..Default::default()
                };
                let mut encoded = Vec::with_capacity(bytes.len() / 2);
                brotli::BrotliCompress(&mut bytes.as_slice(), &mut encoded, &parameters)?;
                Ok(encoded)
            }
        }
    }

    /// Says in an answer's headers which form its body has, and that it was chosen.
    pub(crate) fn note(self, headers: &mut HeaderMap) {
        if let Some(name) = self.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Self::note_choice(headers);
    }

    /// Says in an answer's headers that its form depends on what the client takes.
    pub(crate) fn note_choice(headers: &mut HeaderMap) {
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

/// An answer in the best form that the client takes.
pub(crate) async fn compressed(
    state: &AppState,
    headers: &HeaderMap,
    bytes: Vec<u8>,
    media_type: &'static str,
    tag: &EntityTag,
) -> Result<Response, Error> {
    let encoding = if bytes.len() < WORTH_IT {
        Encoding::Plain
    } else {
        Encoding::accepted(headers)
    };
    let body = match encoding {
        Encoding::Plain => bytes,
        encoding => {
            let work = state.compute.run(move || encoding.encoded(bytes)).await;
            let encoded = work.map_err(|error| Error::Internal(format!("compression: {error}")))?;
            encoded.map_err(|error| Error::Internal(format!("compression: {error}")))?
        }
    };
    let mut response = with_tag(body.into(), media_type, &tag.of_encoding(encoding));
    encoding.note(response.headers_mut());
    Ok(response)
}

/// Whether the client takes an encoding; one with weight 0 it does not.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut offered = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    offered.any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let is_refused = parts.any(|part| matches!(part.strip_prefix("q="), Some(q) if q.parse() == Ok(0.0)));
        is_named && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_best_form_that_is_taken_is_chosen() {
        for (offer, expected) in [
            ("gzip, deflate, br", Encoding::Brotli),
            ("GZIP", Encoding::Gzip),
            ("br;q=0, gzip;q=0.5", Encoding::Gzip),
            ("identity", Encoding::Plain),
            ("", Encoding::Plain),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_str(offer).unwrap())]);
            assert_eq!(Encoding::accepted(&headers), expected, "{offer}");
        }
        assert_eq!(Encoding::accepted(&HeaderMap::new()), Encoding::Plain);
    }

    #[test]
    fn every_form_gives_the_bytes_back() {
        let bytes: Vec<u8> = (0..100_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let gzip = Encoding::Gzip.encoded(bytes.clone()).unwrap();
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(gzip.as_slice())
            .read_to_end(&mut back)
            .unwrap();
        assert!(gzip.len() < bytes.len() / 2 && back == bytes);
        let brotli = Encoding::Brotli.encoded(bytes.clone()).unwrap();
        let mut back = Vec::new();
        brotli::Decompressor::new(brotli.as_slice(), 4096)
            .read_to_end(&mut back)
            .unwrap();
        assert!(brotli.len() < bytes.len() / 2 && back == bytes);
        assert_eq!(Encoding::Plain.encoded(bytes.clone()).unwrap(), bytes);
    }
}
