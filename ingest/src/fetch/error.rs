//! Why something was not fetched, in words for the duty engineer, and what that means for the caller.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

/// Nothing usable came. Addresses in it are free of secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The client cannot be built.
    #[error("the settings of fetching cannot be used: {0}")]
    Settings(String),
    /// No request can be made of what is wanted.
    #[error("{url} cannot be fetched: {reason}")]
    Unaskable {
        /// Address.
        url: String,
        /// What is wrong with the request.
        reason: String,
    },
    /// The object does not exist (404, 410).
    #[error("{url} does not exist there (status {status})")]
    Absent {
        /// Address.
        url: String,
        /// Status.
        status: u16,
    },
    /// Not given out (403); forecast servers say so of what has aged out.
    #[error("{url} is not given out, usually because it has aged out (status 403)")]
    Forbidden {
        /// Address.
        url: String,
    },
    /// A login is demanded (401, 407).
    #[error("{url} demands a login (status {status})")]
    Unauthorised {
        /// Address.
        url: String,
        /// Status.
        status: u16,
    },
    /// The endpoint is gone for good (301, 308).
    #[error("{url} has moved for good to {to} (status {status}): the feed's address must be changed")]
    Moved {
        /// Address.
        url: String,
        /// Status.
        status: u16,
        /// Where the server points; nothing was fetched from there.
        to: String,
    },
    /// Another status that asking again will not change.
    #[error("{url} was refused with status {status}")]
    Status {
        /// Address.
        url: String,
        /// Status.
        status: u16,
    },
    /// The server wants to be asked less (302, 303, 307, 429).
    #[error("{url} was not given because the server throttles us (status {status})")]
    Throttled {
        /// Address.
        url: String,
        /// Status.
        status: u16,
        /// From `Retry-After`.
        not_before: Option<Timestamp>,
    },
    /// The server is in trouble (408, 500, 502, 503, 504).
    #[error("{url} was not given because the server is in trouble (status {status})")]
    Unavailable {
        /// Address.
        url: String,
        /// Status.
        status: u16,
        /// From `Retry-After`.
        not_before: Option<Timestamp>,
    },
    /// No connection, or it was lost before an answer.
    #[error("{url} cannot be reached: {reason}")]
    Connection {
        /// Address.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// Nothing came in time.
    #[error("{url} {what} for {after:?}")]
    TimedOut {
        /// Address.
        url: String,
        /// What did not come.
        what: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// The body ended early.
    #[error("{url} broke off after {received} bytes of the answer{}", of_bytes(*.expected))]
    Cut {
        /// Address.
        url: String,
        /// Bytes of this answer.
        received: u64,
        /// Bytes that were announced.
        expected: Option<u64>,
    },
    /// The host is left alone for now.
    #[error("{host} is not asked before {until}: {reason}")]
    HostResting {
        /// Host.
        host: String,
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// All attempts failed.
    #[error("{source}; given up after {attempts} attempts, to be tried again at {not_before}")]
    GaveUp {
        /// Attempts without progress.
        attempts: u32,
        /// When to come back.
        not_before: Timestamp,
        /// The last failure.
        source: Box<FetchError>,
    },
    /// Text came where data was expected, such as an error page with status 200.
    #[error("{url} answered with text instead of data, beginning '{first_bytes}'")]
    NotData {
        /// Address.
        url: String,
        /// How the answer begins, made printable.
        first_bytes: String,
    },
    /// Data came where text was expected.
    #[error("{url} is no text")]
    NotText {
        /// Address.
        url: String,
    },
    /// The body is compressed although that was declined.
    #[error("{url} came encoded as '{encoding}', which was not asked for")]
    Encoded {
        /// Address.
        url: String,
        /// `Content-Encoding`.
        encoding: String,
    },
    /// The object is larger than is taken.
    #[error("{url} has {bytes} bytes or more; at most {most} are taken")]
    TooLong {
        /// Address.
        url: String,
        /// Bytes announced or counted.
        bytes: u64,
        /// Limit.
        most: u64,
    },
    /// The object is too small to be whole.
    #[error("{url} has {bytes} bytes; less than {least} cannot be whole, it may still be uploaded")]
    TooShort {
        /// Address.
        url: String,
        /// Bytes announced or counted.
        bytes: u64,
        /// Limit.
        least: u64,
    },
    /// The object was changed so recently that it may still be uploaded.
    #[error("{url} was changed at {last_modified} and may still be uploaded; it counts as settled at {not_before}")]
    Unsettled {
        /// Address.
        url: String,
        /// When it was changed.
        last_modified: Timestamp,
        /// When it may be fetched.
        not_before: Timestamp,
    },
    /// The object ends before the wanted ranges do.
    #[error("{url} ends before byte {wanted} that an index promised{}", of_bytes(*.total))]
    ShorterThanAsked {
        /// Address.
        url: String,
        /// Last byte plus one that was asked for.
        wanted: u64,
        /// Bytes of the object, if told.
        total: Option<u64>,
    },
    /// Other bytes came than were asked for.
    #[error("{url} answered with {answered} when {asked} was asked for")]
    WrongRange {
        /// Address.
        url: String,
        /// Range that was asked for.
        asked: String,
        /// What came.
        answered: String,
    },
    /// The server sends the whole of a large object instead of the range.
    #[error("{url} ignores ranges, and the whole object{} is too large to be read for a part", of_bytes(*.total))]
    RangeIgnored {
        /// Address.
        url: String,
        /// Bytes of the object, if told.
        total: Option<u64>,
    },
    /// The object became another one while it was fetched.
    #[error("{url} changed while it was fetched")]
    Changed {
        /// Address.
        url: String,
    },
    /// The object is still the version that the caller knows.
    #[error("{url} has not changed")]
    Unchanged {
        /// Address.
        url: String,
    },
    /// Another process or task is fetching into the same file.
    #[error("{} is being fetched by somebody else", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// No space left. What was received is kept and continued later.
    #[error("the disk of {} is full; make room, fetching goes on from where it stopped", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The disk failed otherwise.
    #[error("cannot {action} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

fn of_bytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(String::new, |bytes| format!(" of {bytes} bytes"))
}

/// What a failure means for who wanted the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It is not there: not yet, or never. Ask another place, or later.
    Absent,
    /// It is no longer given out there. Ask another place.
    AgedOut,
    /// It may be there later; asking before the time is pointless.
    Later {
        /// When to come back, if that is known.
        not_before: Option<Timestamp>,
    },
    /// Asking again will not help: somebody has to look.
    Refused,
    /// The caller has it already.
    Unchanged,
    /// Our own machine is at fault; other places will not help.
    Local,
}

impl FetchError {
    /// What the caller should do.
    pub fn class(&self) -> Class {
        match self {
            Self::Absent { .. } => Class::Absent,
            Self::Forbidden { .. } => Class::AgedOut,
            Self::Throttled { not_before, .. } | Self::Unavailable { not_before, .. } => Class::Later {
                not_before: *not_before,
            },
            Self::Unsettled { not_before, .. } | Self::GaveUp { not_before, .. } => Class::Later {
                not_before: Some(*not_before),
            },
            Self::HostResting { until, .. } => Class::Later {
                not_before: Some(*until),
            },
            Self::Connection { .. }
            | Self::TimedOut { .. }
            | Self::Cut { .. }
            | Self::NotData { .. }
            | Self::TooShort { .. }
            | Self::ShorterThanAsked { .. }
            | Self::Changed { .. }
            | Self::Busy { .. } => Class::Later { not_before: None },
            Self::Unchanged { .. } => Class::Unchanged,
            Self::Unaskable { .. }
            | Self::Unauthorised { .. }
            | Self::Moved { .. }
            | Self::Status { .. }
            | Self::NotText { .. }
            | Self::Encoded { .. }
            | Self::TooLong { .. }
            | Self::WrongRange { .. }
            | Self::RangeIgnored { .. } => Class::Refused,
            Self::Settings(_) | Self::DiskFull { .. } | Self::Disk { .. } => Class::Local,
        }
    }

    /// The host's failures, which are tried again and counted by this word; `None` for everything else.
    pub fn cause(&self) -> Option<&'static str> {
        match self {
            Self::Throttled { .. } => Some("throttled"),
            Self::Unavailable { .. } => Some("unavailable"),
            Self::Connection { .. } => Some("connection"),
            Self::TimedOut { .. } => Some("timeout"),
            Self::Cut { .. } => Some("cut"),
            Self::GaveUp { source, .. } => source.cause(),
            _ => None,
        }
    }

    /// When the server said that it may be asked again.
    pub(super) fn asked_to_wait_until(&self) -> Option<Timestamp> {
        match self {
            Self::Throttled { not_before, .. } | Self::Unavailable { not_before, .. } => *not_before,
            _ => None,
        }
    }
}

/// Turns an error of the disk into one that names the file.
pub(super) fn disk(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FetchError {
    let path = path.to_owned();
    move |source| match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => FetchError::DiskFull { path },
        _ => FetchError::Disk { action, path, source },
    }
}
