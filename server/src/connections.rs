//! Connections: accepted up to a number, closed when a client does not finish its request's head or does not take its
//! answer, and at shutdown let go as soon as nothing is in flight on them.
//!
//! `axum::serve` has none of these bounds: a client that opens sockets and says nothing would hold them for ever, and one
//! that asks and does not read would hold the answers as well.

mod taken;

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response};
use driftline_auth_billing::Peer;
use futures::FutureExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use taken::Taken;

use crate::metrics::HttpMetrics;

/// A request's head must be there within this time; a quiet connection between requests is closed after it as well.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a request's head at most; also what is read ahead of a connection.
const HEAD_BYTES: usize = 64 * 1024;
/// Bytes that wait in the kernel for one client; it doubles them for its own needs.
const SEND_BUFFER_BYTES: usize = 256 * 1024;
/// Connections at once where the system allows as many open files.
const MAX_CONNECTIONS: usize = 4_096;
/// After the signal to stop, a connection without a request in flight has this long for what is on the wire.
const LAST_BYTES: Duration = Duration::from_secs(1);
/// Pause after the system refused a connection, for example because no more files can be opened.
const AFTER_REFUSAL: Duration = Duration::from_millis(200);

/// What connections are served with; clones share it.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) app: Router,
    pub(crate) metrics: HttpMetrics,
    /// Turns true when the process has been told to end: every answer then closes its connection.
    pub(crate) draining: watch::Receiver<bool>,
    /// Turns true when nothing new is taken any more.
    pub(crate) stopped: watch::Receiver<bool>,
}

/// Serves until told that it is stopped, then lets requests in flight end; returns how many were cut off after `finish`.
pub(crate) async fn serve(listener: TcpListener, serving: Serving, finish: Duration) -> usize {
    let most = most_connections();
    let mut stop = serving.stopped.clone();
    let mut connections = JoinSet::new();
    loop {
        serving
            .metrics
            .connections
            .set(i64::try_from(connections.len()).unwrap_or(i64::MAX));
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < most => match accepted {
                Ok((stream, peer)) => {
                    bound(&stream);
                    connections.spawn(serve_one(stream, Peer(peer), serving.clone()));
                }
                Err(error) => {
                    tracing::warn!(cause = %error, connections = connections.len(), "a connection was not accepted");
                    tokio::time::sleep(AFTER_REFUSAL).await;
                }
            },
        }
    }
    // Whom the system has let in already is answered; whoever connects after that is refused instead of kept waiting.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        bound(&stream);
        connections.spawn(serve_one(stream, Peer(peer), serving.clone()));
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    match tokio::time::timeout(finish, all).await {
        Ok(()) => 0,
        Err(_) => {
            let left = connections.len();
            connections.shutdown().await;
            left
        }
    }
}

/// What the kernel may keep of an answer for a client that does not take it, and for how long: both would outlast this
/// process's own bounds. With a buffer of its own size a slow client also shows its progress often enough.
fn bound(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let bounded = socket
        .set_send_buffer_size(SEND_BUFFER_BYTES)
        .and_then(|()| socket.set_tcp_user_timeout(Some(taken::WITHIN)));
    if let Err(error) = bounded {
        tracing::debug!(cause = %error, "a connection keeps the system's own bounds");
    }
}

async fn serve_one(stream: TcpStream, peer: Peer, serving: Serving) {
    let in_flight = InFlight {
        here: Arc::default(),
        everywhere: serving.metrics.in_flight.clone(),
    };
    let (counted, mut stopped) = (in_flight.clone(), serving.stopped.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let (app, guard) = (serving.app.clone(), counted.begin());
        let draining = serving.draining.clone();
        async move {
            let mut response: Response<Body> = app.oneshot(request).await?;
            // The client's next request belongs to another node; hyper closes the connection behind this answer.
            if *draining.borrow() {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response.map(|body| CountedBody { body, _guard: guard }))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES)
        // Names of headers have no case, but there are clients that look for the usual one.
        .title_case_headers(true)
        .serve_connection(TokioIo::new(Taken::new(stream)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // A connection that breaks is its client's business, and what was answered on it is in the access log.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    loop {
        if tokio::time::timeout(LAST_BYTES, connection.as_mut()).await.is_ok() || in_flight.is_none() {
            return;
        }
    }
}

/// Requests whose answer has not been given in full, on one connection.
#[derive(Clone)]
struct InFlight {
    here: Arc<AtomicUsize>,
    /// The same for all connections together.
    everywhere: Gauge,
}

impl InFlight {
    fn begin(&self) -> InFlightGuard {
        self.here.fetch_add(1, Ordering::Relaxed);
        self.everywhere.inc();
        InFlightGuard(self.clone())
    }

    fn is_none(&self) -> bool {
        self.here.load(Ordering::Relaxed) == 0
    }
}

struct InFlightGuard(InFlight);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.0.here.fetch_sub(1, Ordering::Relaxed);
        self.0.everywhere.dec();
    }
}

/// An answer's body that counts as in flight until it has been handed over.
struct CountedBody {
    body: Body,
    _guard: InFlightGuard,
}

impl hyper::body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Connections that leave a quarter of the files that this process may open to database, forcing and results.
fn most_connections() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    open_files(&limits).map_or(MAX_CONNECTIONS, |files| (files / 4 * 3).clamp(1, MAX_CONNECTIONS))
}

/// The soft limit of open files in the form of Linux; `None` where there is none.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_read() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max open files            256                  524288               files     \n";
        assert_eq!(open_files(limits), Some(256));
        assert_eq!(open_files(&limits.replace("256  ", "unlimited")), None);
        assert_eq!(open_files(""), None);
    }
}
