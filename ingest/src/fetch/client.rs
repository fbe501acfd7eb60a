//! The client itself: texts, questions whether something changed, and one request after the other to a host.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};

use super::answer::content_length;
use super::ask::{Answer, Ask, send};
use super::download::{self, Received, Wanted};
use super::hosts::{Host, HostState};
use super::patience::Patience;
use super::redact::redacted;
use super::settings::{FetchSettings, Proxying};
use super::{FetchError, Validator};

/// The one client of a process; clones share connections and what is known of the hosts.
#[derive(Clone)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    settings: FetchSettings,
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
}

/// A small text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// As it is now.
    New {
        /// The text.
        body: String,
        /// Its version.
        validator: Validator,
    },
    /// Still the version that is known.
    Unchanged,
}

/// Whether an object is there and changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// Still the version that is known.
    Unchanged,
    /// It is there, and it is another version or none was known.
    There {
        /// Its version.
        validator: Validator,
        /// Its length, if told.
        bytes: Option<u64>,
        /// When it was changed, if told.
        last_modified: Option<Timestamp>,
    },
}

/// A host as limits and reports name it: with `:port` where it is not the scheme's own.
pub(crate) fn host_name(url: &Url) -> Option<String> {
    let name = url.host_str()?;
    Some(
        url.port()
            .map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")),
    )
}

impl Fetcher {
    /// A client; one per process, so that the limits hold.
    pub fn new(settings: FetchSettings) -> Result<Self, FetchError> {
        settings.check()?;
        let mut builder = Client::builder()
            .user_agent(&settings.user_agent)
            .redirect(Policy::none())
            // What is asked at once is limited by requests, and a stalled one must not hold up the others.
            .http1_only()
            .connect_timeout(settings.connect_timeout);
        if settings.proxy == Proxying::Direct {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|error| FetchError::Settings(error.to_string()))?;
        let inner = Inner {
            client,
            settings,
            hosts: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A text of at most so many bytes, unless it is still the version that is known.
    pub async fn text(&self, url: &Url, at_most_bytes: u64, known: Option<&Validator>) -> Result<Text, FetchError> {
        let host = self.host(url)?;
        let mut patience = self.patience();
        loop {
            let ask = Ask { known, ..Ask::get(url) };
            match self.once(&host, self.read_text(&host, ask, at_most_bytes)).await {
                Ok(text) => return Ok(text),
                Err(error) => patience.after(error).await?,
            }
        }
    }

    /// Whether an object is there and changed, without its bytes.
    pub async fn look(&self, url: &Url, known: Option<&Validator>) -> Result<Looked, FetchError> {
        let host = self.host(url)?;
        let mut patience = self.patience();
        let mut method = Method::HEAD;
        loop {
            let ask = Ask {
                method: method.clone(),
                known,
                ..Ask::get(url)
            };
            match self.once(&host, self.read_head(&host, ask)).await {
                Ok(looked) => return Ok(looked),
                // A server that knows no HEAD is asked for the object, of which only the head is read.
                Err(FetchError::Status { status: 405 | 501, .. }) if method == Method::HEAD => method = Method::GET,
                Err(error) => patience.after(error).await?,
            }
        }
    }

    /// Fetches an object or ranges of it, one after the other, into a file: whole or not at all. What was received
    /// before a failure lies beside it in `<destination>.part` and is continued by the next call for the same object.
    /// `progress` is told the bytes of the file so far, those of earlier calls included.
    pub async fn to_file(
        &self,
        wanted: &Wanted,
        destination: &Path,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Received, FetchError> {
        download::to_file(self, wanted, destination, progress).await
    }

    /// Every host that was asked so far, by name.
    pub fn hosts(&self) -> Vec<HostState> {
        let now = self.now();
        let hosts = self.inner.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.values().map(|host| host.state(now)).collect()
    }

    pub(super) fn settings(&self) -> &FetchSettings {
        &self.inner.settings
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.inner.settings.now)()
    }

    pub(super) fn patience(&self) -> Patience<'_> {
        Patience::new(&self.inner.settings)
    }

    /// The host of an address that can be fetched at all.
    pub(super) fn host(&self, url: &Url) -> Result<Arc<Host>, FetchError> {
        let refuse = |reason: String| {
            Err(FetchError::Unaskable {
                url: redacted(url).to_string(),
                reason,
            })
        };
        if !["http", "https"].contains(&url.scheme()) {
            return refuse(format!("'{}' is neither http nor https", url.scheme()));
        }
        let Some(name) = host_name(url) else {
            return refuse("it names no host".to_owned());
        };
        let mut hosts = self.inner.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = self.inner.settings.limits_of(&name);
        let host = hosts
            .entry(name.clone())
            .or_insert_with(|| Arc::new(Host::new(name, limits)));
        Ok(Arc::clone(host))
    }

    /// One request to the host, when it may go; the host is told what became of it.
    pub(super) async fn once<T>(
        &self,
        host: &Host,
        request: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let permit = host.admit(&self.inner.settings).await?;
        let result = request.await;
        permit.settle(result.as_ref().err(), self.now());
        result
    }

    pub(super) async fn send<'a>(&self, host: &'a Host, ask: Ask<'_>) -> Result<Answer<'a>, FetchError> {
        send(&self.inner.client, &self.inner.settings, host, ask).await
    }

    async fn read_text(&self, host: &Host, ask: Ask<'_>, at_most_bytes: u64) -> Result<Text, FetchError> {
        let known = ask.known;
        let mut answer = self.send(host, ask).await?;
        let validator = Validator::of(answer.headers());
        if is_known(&answer, known, &validator)? {
            return Ok(Text::Unchanged);
        }
        let mut body = Vec::new();
        let announced = content_length(answer.headers()).unwrap_or(0);
        refuse_too_long(&answer, announced, at_most_bytes)?;
        while let Some(chunk) = answer.chunk().await? {
            refuse_too_long(&answer, (body.len() + chunk.len()) as u64, at_most_bytes)?;
            body.extend_from_slice(&chunk);
        }
        let url = answer.shown().to_owned();
        if body.is_empty() {
            return Err(FetchError::TooShort {
                url,
                bytes: 0,
                least: 1,
            });
        }
        match String::from_utf8(body) {
            Ok(body) => Ok(Text::New { body, validator }),
            Err(_) => Err(FetchError::NotText { url }),
        }
    }

    async fn read_head(&self, host: &Host, ask: Ask<'_>) -> Result<Looked, FetchError> {
        let known = ask.known;
        let answer = self.send(host, ask).await?;
        let validator = Validator::of(answer.headers());
        let same = known.is_some_and(|known| known.same_as(&validator));
        if is_known(&answer, known, &validator)? || same {
            return Ok(Looked::Unchanged);
        }
        Ok(Looked::There {
            bytes: content_length(answer.headers()),
            last_modified: validator.last_modified,
            validator,
        })
    }
}

/// Whether the answer says that the known version is still there: with 304, or with the same entity tag where the
/// server knows no conditions. Any other status than 200 is none for an object as a whole.
fn is_known(answer: &Answer<'_>, known: Option<&Validator>, validator: &Validator) -> Result<bool, FetchError> {
    match (answer.status().as_u16(), known) {
        (304, Some(_)) => Ok(true),
        (200, None) => Ok(false),
        (200, Some(known)) => Ok(known.etag.is_some() && known.etag == validator.etag),
        (status, _) => Err(FetchError::Status {
            url: answer.shown().to_owned(),
            status,
        }),
    }
}

fn refuse_too_long(answer: &Answer<'_>, bytes: u64, most: u64) -> Result<(), FetchError> {
    if bytes <= most {
        return Ok(());
    }
    Err(FetchError::TooLong {
        url: answer.shown().to_owned(),
        bytes,
        most,
    })
}
