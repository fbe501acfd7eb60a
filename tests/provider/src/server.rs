//! The server: a thread of its own with its own clock and sockets, so that it serves whatever the test's threads do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::catalogue::Catalogue;
use crate::content::Feed;
use crate::error::Error;
use crate::faults::Rule;
use crate::route::{self, Asker};
use crate::state::{Request, State};
use crate::{control, wire};

/// State behind a lock, and bytes sent of every request.
pub(crate) struct Shared {
    state: Mutex<State>,
    sent: Mutex<Vec<Arc<AtomicU64>>>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests so far with what was sent of each by now.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let mut requests = self.state().requests.clone();
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        for (request, sent) in requests.iter_mut().zip(sent.iter()) {
            request.bytes_sent = sent.load(Ordering::Relaxed);
        }
        requests
    }

    pub(crate) fn forget_requests(&self) {
        let mut state = self.state();
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.clear();
        sent.clear();
    }
}

/// A running fixture server; it ends when this is dropped.
pub struct Provider {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Provider {
    /// Starts a server on a free port of the loopback interface.
    pub async fn start(catalogue: Catalogue) -> Result<Self, Error> {
        Self::start_blocking(catalogue)
    }

    /// The same for tests without a runtime.
    pub fn start_blocking(catalogue: Catalogue) -> Result<Self, Error> {
        Self::start_at(catalogue, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Starts a server at an address.
    pub fn start_at(catalogue: Catalogue, address: SocketAddr) -> Result<Self, Error> {
        let io = |what| move |source| Error::Io { what, source };
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(catalogue)?),
            sent: Mutex::new(Vec::new()),
        });
        let listener = std::net::TcpListener::bind(address).map_err(io("the address cannot be used"))?;
        listener
            .set_nonblocking(true)
            .map_err(io("the socket cannot be used"))?;
        let address = listener.local_addr().map_err(io("the socket has no address"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(io("no runtime for the server"))?;
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("driftline-provider".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, serving, stopped));
                runtime.shutdown_background();
            });
        Ok(Self {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread.map_err(io("no thread for the server"))?),
        })
    }

    /// `http://127.0.0.1:PORT`: a provider's host and bucket follow as the first parts of the path.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Orders a fault.
    pub fn fault(&self, rule: Rule) {
        self.shared.state().faults.add(rule);
    }

    /// Faults to order and what they did.
    pub fn faults(&self) -> FaultsHandle<'_> {
        FaultsHandle(&self.shared)
    }

    /// Every request so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.forget_requests();
    }

    /// Sets the provider's clock: from then on every file appears at its usual time, cycles that a test put there too.
    /// `None` goes back to the real clock.
    pub fn set_now(&self, now: Option<Timestamp>) {
        self.shared.state().now = now;
    }

    /// Puts a cycle on the shelf.
    pub fn publish(&self, feed: Feed, run: Timestamp) {
        let mut state = self.shared.state();
        state.catalogue.shelves.entry(feed).or_default().runs.insert(run);
    }

    /// Takes a step (hours from the cycle to the file's first valid time, see [`Feed::steps`]) off the shelf.
    pub fn withhold(&self, feed: Feed, run: Timestamp, step: i32) {
        self.shared.state().withheld.insert((feed, run, step));
    }

    /// Puts a withheld step back.
    pub fn release(&self, feed: Feed, run: Timestamp, step: i32) {
        self.shared.state().withheld.remove(&(feed, run, step));
    }

    /// The cycle stops here: later steps are absent.
    pub fn stop_after(&self, feed: Feed, run: Timestamp, step: i32) {
        self.shared.state().stops.insert((feed, run), step);
    }

    /// The cycle goes on to its end.
    pub fn resume(&self, feed: Feed, run: Timestamp) {
        self.shared.state().stops.remove(&(feed, run));
    }

    /// The provider writes a cycle anew: every value is larger by 0.25, tags and dates are new.
    pub fn reissue(&self, feed: Feed, run: Timestamp) {
        self.shared.state().reissue(feed, run);
    }

    /// The provider uploads a cycle again: the same bytes, other entity tags.
    pub fn upload_again(&self, feed: Feed, run: Timestamp) {
        *self.shared.state().uploads.entry((feed, run)).or_default() += 1;
    }

    /// Serves a version of a CMEMS dataset beside those that there are.
    pub fn add_version(&self, feed: Feed, version: &str) {
        let mut state = self.shared.state();
        state
            .catalogue
            .shelves
            .entry(feed)
            .or_default()
            .versions
            .push(version.to_owned());
    }

    /// Waits until the server ends, which it does not by itself.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The faults of a server.
pub struct FaultsHandle<'a>(&'a Shared);

impl FaultsHandle<'_> {
    /// Orders one.
    pub fn add(&self, rule: Rule) {
        self.0.state().faults.add(rule);
    }

    /// Takes all of them back.
    pub fn clear(&self) {
        self.0.state().faults.clear();
    }

    /// How often each befell a request, in the order in which they were ordered.
    pub fn hits(&self) -> Vec<u32> {
        self.0.state().faults.hits()
    }
}

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    tokio::spawn(connection(stream, Arc::clone(&shared)));
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let Ok(socket) = socket2::SockRef::from(&stream).try_clone().map(Arc::new) else {
        return;
    };
    let service = service_fn(move |request| served(Arc::clone(&shared), Arc::clone(&socket), request));
    let http = hyper::server::conn::http1::Builder::new();
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

/// The answer to a request, or none.
async fn served(
    shared: Arc<Shared>,
    socket: Arc<socket2::Socket>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<wire::Body>, wire::BrokenOff> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let (mut answer, befalling, sent) = if target.starts_with("/_control") {
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let done = control::answer(&shared, &head.method, &target, &body);
        (done, Vec::new(), Arc::default())
    } else {
        answered(&shared, &head.method, &target, &head.headers).await?
    };
    if head.method == Method::HEAD {
        return wire::head(&answer).map_err(wire::BrokenOff::from);
    }
    if answer.status == 304 {
        answer.body = Bytes::new();
    }
    wire::response(&answer, &befalling, sent, socket).map_err(wire::BrokenOff::from)
}

type Answered = (crate::answer::Answer, Vec<(crate::faults::Fault, u32)>, Arc<AtomicU64>);

/// Notes the request, lets faults have their way, and answers.
async fn answered(
    shared: &Shared,
    method: &Method,
    target: &str,
    headers: &HeaderMap,
) -> Result<Answered, wire::BrokenOff> {
    let (number, sent, befalling) = noted(shared, method, target, headers);
    if let Some(time) = wire::hang(&befalling) {
        tokio::time::sleep(time).await;
        return Err(wire::BrokenOff::Ordered);
    }
    let mut state = shared.state();
    let answer = match wire::instead(&befalling) {
        Some(answer) => answer,
        None => route::answer(&mut state, &Asker::new(method, target, headers, &befalling)),
    };
    if let Some(request) = state.requests.get_mut(number) {
        request.status = answer.status;
    }
    Ok((answer, befalling, sent))
}

fn noted(
    shared: &Shared,
    method: &Method,
    target: &str,
    headers: &HeaderMap,
) -> (usize, Arc<AtomicU64>, Vec<(crate::faults::Fault, u32)>) {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let mut state = shared.state();
    let request = Request {
        method: method.to_string(),
        path: target.to_owned(),
        range: header("range"),
        if_none_match: header("if-none-match"),
        if_range: header("if-range"),
        user_agent: header("user-agent"),
        at: Timestamp::now(),
        status: 0,
        bytes_sent: 0,
    };
    state.requests.push(request);
    let sent = Arc::new(AtomicU64::new(0));
    shared
        .sent
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Arc::clone(&sent));
    let befalling = state.faults.befalling(target);
    (state.requests.len() - 1, sent, befalling)
}
