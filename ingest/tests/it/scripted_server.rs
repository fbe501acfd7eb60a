//! A server that does what a test tells it, down to the byte: it can lie, hang, drip and break off, and it remembers what
//! it was asked. One request per connection.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What the server does, one after the other; then it closes the connection.
#[derive(Debug, Clone)]
pub(crate) enum Do {
    Send(Vec<u8>),
    Wait(Duration),
    /// Keeps the connection and says nothing.
    Hang,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// `bytes=a-b` and `bytes=a-`, as first byte and last plus one.
    pub(crate) fn range(&self, length: usize) -> Option<Range<usize>> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        let end = if last.is_empty() {
            length
        } else {
            last.parse::<usize>().unwrap() + 1
        };
        Some(first.parse().unwrap()..end.min(length))
    }
}

/// The server; it ends with the test's runtime.
pub(crate) struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// `answer` is given the number of the request, from 0, and the request.
    pub(crate) async fn start(answer: impl Fn(usize, &Asked) -> Vec<Do> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(async move { serve(stream, &log, &*answer).await });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}/{path}", self.address)).unwrap()
    }

    pub(crate) fn host(&self) -> String {
        self.address.clone()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The `Range` headers of all requests.
    pub(crate) fn ranges(&self) -> Vec<Option<String>> {
        let range = |asked: &Asked| asked.header("range").map(str::to_owned);
        self.asked().iter().map(range).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(usize, &Asked) -> Vec<Do> + Send + Sync),
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let asked = parse(&String::from_utf8(head).unwrap());
    let number = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    for act in answer(number, &asked) {
        match act {
            Do::Send(bytes) => {
                // The client may have seen enough.
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Do::Wait(duration) => tokio::time::sleep(duration).await,
            Do::Hang => std::future::pending().await,
        }
    }
    let _ = stream.shutdown().await;
}

fn parse(head: &str) -> Asked {
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let headers = lines.filter_map(|line| line.split_once(':'));
    Asked {
        method: first.next().unwrap().to_owned(),
        path: first.next().unwrap().to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
    }
}

/// Head and body with whatever headers, and no length that was not given.
pub(crate) fn raw(status: &str, headers: &[&str], body: &[u8]) -> Vec<Do> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    vec![Do::Send(bytes)]
}

/// Head and body, the length being true.
pub(crate) fn whole(status: &str, headers: &[&str], body: &[u8]) -> Vec<Do> {
    let length = format!("Content-Length: {}", body.len());
    let headers: Vec<&str> = headers.iter().copied().chain([length.as_str()]).collect();
    raw(status, &headers, body)
}

/// An object on a server that behaves: conditions, ranges and `If-Range` by entity tag.
pub(crate) fn object(asked: &Asked, body: &[u8], etag: &str) -> Vec<Do> {
    let tag = format!("ETag: {etag}");
    if asked.header("if-none-match") == Some(etag) {
        return raw("304 Not Modified", &[&tag], b"");
    }
    let same = asked.header("if-range").is_none_or(|condition| condition == etag);
    match asked.range(body.len()).filter(|_| same) {
        Some(range) if range.is_empty() => {
            let range = format!("Content-Range: bytes */{}", body.len());
            whole("416 Range Not Satisfiable", &[&range], b"")
        }
        Some(range) => {
            let header = format!("Content-Range: bytes {}-{}/{}", range.start, range.end - 1, body.len());
            whole("206 Partial Content", &[&tag, &header], &body[range])
        }
        None if asked.method == "HEAD" => raw("200 OK", &[&tag, &format!("Content-Length: {}", body.len())], b""),
        None => whole("200 OK", &[&tag], body),
    }
}

/// The answer broken off after so many bytes of its body.
pub(crate) fn broken_off(answer: Vec<Do>, after: usize) -> Vec<Do> {
    let cut = |act| match act {
        Do::Send(mut bytes) => {
            let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            bytes.truncate(head + after);
            Do::Send(bytes)
        }
        other => other,
    };
    answer.into_iter().map(cut).collect()
}
