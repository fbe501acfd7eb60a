//! One request and its answer: the timeouts, and nothing of trying again.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};
use reqwest::{Client, Method, Response, StatusCode, Url};
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::{content_length, judge};
use super::hosts::Host;
use super::redact::redacted;
use super::settings::FetchSettings;
use super::validator::http_date;
use super::{FetchError, Validator};

/// What is asked for.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    /// First byte, and last byte plus one; `u64::MAX` for the end of the object.
    pub(super) range: Option<(u64, u64)>,
    /// The range only counts for this version.
    pub(super) if_range: Option<String>,
    /// Nothing is to be sent if it is still this version.
    pub(super) known: Option<&'a Validator>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(url: &'a Url) -> Self {
        Self {
            method: Method::GET,
            url,
            range: None,
            if_range: None,
            known: None,
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let known = self.known.map(|known| (known.etag.clone(), known.last_modified));
        let (etag, since) = known.unwrap_or((None, None));
        let range = self.range.map(|(first, end)| match end {
            u64::MAX => format!("bytes={first}-"),
            end => format!("bytes={first}-{}", end - 1),
        });
        // Values that came from a server were valid header values before.
        let texts = [
            (RANGE, range),
            (IF_RANGE, self.if_range.clone()),
            (IF_NONE_MATCH, etag),
            (IF_MODIFIED_SINCE, since.map(http_date)),
        ];
        for (name, text) in texts {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
                headers.insert(name, value);
            }
        }
        headers
    }
}

/// An answer whose head has been judged, and its body as it comes.
pub(super) struct Answer<'a> {
    response: Response,
    host: &'a Host,
    shown: String,
    stall: Duration,
    total: Duration,
    deadline: Instant,
    received: u64,
}

/// Sends the request and waits for the head of the answer.
pub(super) async fn send<'a>(
    client: &Client,
    settings: &FetchSettings,
    host: &'a Host,
    ask: Ask<'_>,
) -> Result<Answer<'a>, FetchError> {
    let shown = redacted(ask.url).to_string();
    let deadline = Instant::now() + settings.total_timeout;
    let patience = settings.connect_timeout + settings.first_byte_timeout;
    let headers = ask.headers();
    let sent = client.request(ask.method, ask.url.clone()).headers(headers).send();
    host.count_request();
    let response = match timeout(patience.min(settings.total_timeout), sent).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(unreachable(shown, &error, settings.connect_timeout)),
        Err(_) => {
            return Err(FetchError::TimedOut {
                url: shown,
                what: "did not answer",
                after: patience,
            });
        }
    };
    let now: Timestamp = (settings.now)();
    judge(
        ask.url,
        response.status(),
        response.headers(),
        (now, settings.longest_retry_after),
    )?;
    Ok(Answer {
        response,
        host,
        shown,
        stall: settings.stall_timeout,
        total: settings.total_timeout,
        deadline,
        received: 0,
    })
}

fn unreachable(url: String, error: &reqwest::Error, connect_timeout: Duration) -> FetchError {
    if error.is_timeout() {
        return FetchError::TimedOut {
            url,
            what: "did not accept a connection",
            after: connect_timeout,
        };
    }
    FetchError::Connection {
        url,
        reason: innermost(error),
    }
}

/// The innermost cause: the outer ones repeat the address, secrets included.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match error.source() {
        Some(_) => cause.to_string(),
        None => "the request failed".to_owned(),
    }
}

impl Answer<'_> {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The address without secrets.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The next piece of the body, or `None` when it ended as announced.
    pub(super) async fn chunk(&mut self) -> Result<Option<bytes::Bytes>, FetchError> {
        let next = timeout(self.stall, self.response.chunk());
        let (what, after) = match timeout_at(self.deadline, next).await {
            Ok(Ok(Ok(chunk))) => {
                let length = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
                self.received += length;
                self.host.count_bytes(length);
                return Ok(chunk);
            }
            Ok(Ok(Err(_))) => return Err(self.cut()),
            Ok(Err(_)) => ("sent nothing more", self.stall),
            Err(_) => ("was still not finished", self.total),
        };
        Err(FetchError::TimedOut {
            url: self.shown.clone(),
            what,
            after,
        })
    }

    /// The error of a body that is not what its head announced.
    pub(super) fn cut(&self) -> FetchError {
        FetchError::Cut {
            url: self.shown.clone(),
            received: self.received,
            expected: content_length(self.response.headers()),
        }
    }
}
