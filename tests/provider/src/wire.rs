//! How an answer goes over the wire: whole, in drops, cut off, late or never.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::Response;
use socket2::Socket;

use crate::answer::Answer;
use crate::faults::Fault;

/// A body that may end before its end.
pub(crate) type Body = UnsyncBoxBody<Bytes, BrokenOff>;

/// Why a body, or an answer, ends before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokenOff {
    #[error("the fixture breaks off here as ordered")]
    Ordered,
    #[error("the head of an answer cannot be made: {0}")]
    Head(#[from] http::Error),
}

/// What is done for a body, one after the other.
#[derive(Debug)]
enum Act {
    Send(Bytes),
    Wait(Duration),
    BreakOff,
    Reset,
}

/// What stands in for the answer, if a fault says so.
pub(crate) fn instead(befalling: &[(Fault, u32)]) -> Option<Answer> {
    befalling.iter().find_map(|(fault, _)| {
        let page = |status: u16, words: &str| {
            let known = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
            Answer::page(known, words)
        };
        Some(match fault {
            Fault::HtmlPage => page(200, "Service notice: this product has moved"),
            Fault::EmptyBody => Answer::text(http::StatusCode::OK, "binary/octet-stream", ""),
            Fault::Redirect => {
                let mut answer = page(302, "302 Found");
                answer.headers.push(("location", "/_busy".to_owned()));
                answer
            }
            Fault::TooManyRequests { retry_after } => {
                let mut answer = page(429, "429 Too Many Requests");
                answer.headers.push(("retry-after", retry_after.to_string()));
                answer
            }
            Fault::Status { status } => page(*status, &format!("{status}")),
            _ => return None,
        })
    })
}

/// How long nothing is answered.
pub(crate) fn hang(befalling: &[(Fault, u32)]) -> Option<Duration> {
    befalling.iter().find_map(|(fault, _)| match fault {
        Fault::Hang { millis } => Some(Duration::from_millis(*millis)),
        _ => None,
    })
}

/// Time for the bytes before a break to leave: what still waits is lost with the connection.
const FLUSHED: Duration = Duration::from_millis(50);

fn acts(body: &Bytes, befalling: &[(Fault, u32)]) -> VecDeque<Act> {
    let head = |after: usize| body.slice(..after.min(body.len()));
    let mut body = body.clone();
    for (fault, _) in befalling {
        match fault {
            Fault::FlippedBit { byte } if !body.is_empty() => {
                let mut changed = body.to_vec();
                let at = byte % changed.len();
                changed[at] ^= 1;
                body = changed.into();
            }
            Fault::TruncatedBody { after } => {
                return [Act::Send(head(*after)), Act::Wait(FLUSHED), Act::BreakOff].into();
            }
            Fault::Stall { after, millis } => {
                let wait = Act::Wait(Duration::from_millis(*millis));
                return [Act::Send(head(*after)), wait, Act::BreakOff].into();
            }
            Fault::Reset { after } => {
                return [
                    Act::Send(head(*after)),
                    Act::Wait(Duration::from_millis(50)),
                    Act::Reset,
                ]
                .into();
            }
            Fault::Drip { bytes, millis } => {
                let drops = body.chunks((*bytes).max(1)).map(Bytes::copy_from_slice);
                let pause = Duration::from_millis(*millis);
                return drops.flat_map(|drop| [Act::Send(drop), Act::Wait(pause)]).collect();
            }
            _ => {}
        }
    }
    [Act::Send(body)].into()
}

/// The answer as hyper sends it; bytes are counted as they are handed over.
pub(crate) fn response(
    answer: &Answer,
    befalling: &[(Fault, u32)],
    sent: Arc<AtomicU64>,
    socket: Arc<Socket>,
) -> Result<Response<Body>, http::Error> {
    let mut head = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        head = head.header(*name, value);
    }
    if answer.status != 304 {
        head = head.header("content-length", answer.body.len());
    }
    let body = stream::unfold(acts(&answer.body, befalling), move |mut left| {
        let (sent, socket) = (Arc::clone(&sent), Arc::clone(&socket));
        async move {
            loop {
                match left.pop_front()? {
                    Act::Send(bytes) if bytes.is_empty() => {}
                    Act::Send(bytes) => {
                        sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                        return Some((Ok(Frame::data(bytes)), left));
                    }
                    Act::Wait(time) => tokio::time::sleep(time).await,
                    Act::BreakOff => return Some((Err(BrokenOff::Ordered), left)),
                    Act::Reset => {
                        // Closing with nothing lingering sends a reset.
                        let _ = socket.set_linger(Some(Duration::ZERO));
                        return Some((Err(BrokenOff::Ordered), left));
                    }
                }
            }
        }
    });
    head.body(BodyExt::boxed_unsync(StreamBody::new(body)))
}

/// The head of the answer alone.
pub(crate) fn head(answer: &Answer) -> Result<Response<Body>, http::Error> {
    let mut head = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        head = head.header(*name, value);
    }
    let head = head.header("content-length", answer.body.len());
    head.body(Empty::new().map_err(|never| match never {}).boxed_unsync())
}
