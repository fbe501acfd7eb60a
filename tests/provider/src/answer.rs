//! An answer before it goes on the wire, and how files are answered with: ranges, conditions, tags.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;

use crate::faults::Fault;
use crate::state::Object;

/// Status, headers and body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(status: StatusCode, kind: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status: status.as_u16(),
            headers: vec![("content-type", kind.to_owned())],
            body: body.into(),
        }
    }

    /// A page as a web server's own.
    pub(crate) fn page(status: StatusCode, words: &str) -> Self {
        Self::text(
            status,
            "text/html; charset=UTF-8",
            format!(
                "<!DOCTYPE html>\n<html><head><title>{words}</title></head>\n<body><h1>{words}</h1></body></html>\n"
            ),
        )
    }

    /// An error as S3 words it.
    pub(crate) fn bucket(status: StatusCode, code: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{code}</Message></Error>"
        );
        Self::text(status, "application/xml", body)
    }
}

/// A date as HTTP writes it.
pub(crate) fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A file, or the part of it that was asked for, or word that it is as before.
pub(crate) fn file(object: &Object, method: &Method, headers: &HeaderMap, faults: &[(Fault, u32)]) -> Answer {
    let mut answer = Answer {
        status: 200,
        headers: vec![
            ("content-type", "binary/octet-stream".to_owned()),
            ("etag", object.etag.clone()),
            ("last-modified", date(object.modified)),
            ("accept-ranges", "bytes".to_owned()),
        ],
        body: object.bytes.clone(),
    };
    if unchanged(object, headers) {
        answer.status = 304;
        answer.body = Bytes::new();
        return answer;
    }
    let same = header(headers, "if-range").is_none_or(|tag| tag == object.etag || tag == date(object.modified));
    let ignored = faults.iter().any(|(fault, _)| *fault == Fault::IgnoredRange);
    if let Some(range) = header(headers, "range").filter(|_| same && !ignored && method == Method::GET) {
        cut(&mut answer, range, faults);
    }
    answer
}

fn unchanged(object: &Object, headers: &HeaderMap) -> bool {
    match (header(headers, "if-none-match"), header(headers, "if-modified-since")) {
        (Some(tags), _) => tags
            .split(',')
            .any(|tag| tag.trim().trim_start_matches("W/") == object.etag || tag.trim() == "*"),
        (None, Some(since)) => since == date(object.modified),
        (None, None) => false,
    }
}

/// 206 with one range, or 416; what is no range of bytes is passed over.
fn cut(answer: &mut Answer, asked: &str, faults: &[(Fault, u32)]) {
    let whole = answer.body.len() as u64;
    let Some((from, to)) = asked.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return;
    };
    let (from, to) = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => (from, to.min(whole.saturating_sub(1))),
        (Ok(from), _) if to.is_empty() => (from, whole.saturating_sub(1)),
        (_, Ok(last)) if from.is_empty() => (whole.saturating_sub(last), whole.saturating_sub(1)),
        _ => return,
    };
    if from >= whole {
        answer.status = 416;
        answer.headers.push(("content-range", format!("bytes */{whole}")));
        answer.body = Bytes::new();
        return;
    }
    let moved = faults.iter().find_map(|(fault, _)| match fault {
        Fault::WrongContentRange { by } => Some(*by),
        _ => None,
    });
    let from = (from + moved.unwrap_or(0)).min(whole - 1);
    let to = (to + moved.unwrap_or(0)).clamp(from, whole - 1);
    answer.status = 206;
    answer
        .headers
        .push(("content-range", format!("bytes {from}-{to}/{whole}")));
    answer.body = answer.body.slice(from as usize..=to as usize);
}
