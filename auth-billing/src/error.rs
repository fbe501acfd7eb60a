//! What can go wrong outside of a single request: making keys, and the usage log.

use std::path::PathBuf;

/// Why a call of this crate failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key's name that cannot stand in a list.
    #[error("'{0}' is no name for a key: it has 1 to 100 printable characters")]
    KeyName(String),
    /// A scope that does not exist.
    #[error("'{found}' is no scope; the scopes are {known}")]
    Scope {
        /// What was found.
        found: String,
        /// Every scope.
        known: String,
    },
    /// A key that could do nothing.
    #[error("a key needs at least one scope")]
    NoScope,
    /// A publishable key that no page could use.
    #[error(
        "a publishable key needs at least one origin, such as https://map.example.org, or 'any' where every page may use it"
    )]
    NoOrigin,
    /// A text that names no origin.
    #[error(
        "'{found}' is no origin: {reason}; an origin is https://host, https://host:port, https://*.example.org, \
         http://localhost:* or any"
    )]
    Origin {
        /// What was found.
        found: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More origins than a key can reasonably have.
    #[error("{0} origins are too many; at most 50 can be listed")]
    TooManyOrigins(usize),
    /// A key that would never have worked.
    #[error("the key would expire at {0}, which is not in the future")]
    ExpiresInThePast(jiff::Timestamp),
    /// A key that another one cannot take the place of.
    #[error("there is no key {0} that works and has no successor yet")]
    NoKeyToReplace(driftline_domain::KeyId),
    /// A time that no calendar has.
    #[error("the key cannot live that long: {0}")]
    Overlap(String),
    /// A certificate that stands for an organisation already, or did.
    #[error("this certificate is registered already, as {0}; a new one is needed")]
    CertificateKnown(driftline_domain::KeyId),
    /// A text that names no month.
    #[error("'{0}' is no month: it is of the form 2026-01")]
    Month(String),
    /// A text that is no master key; it is not shown.
    #[error("the master key is none: it has 32 bytes, in hexadecimal, base64 or base64url")]
    MasterKey,
    /// A sealed field that does not open under the master key, or could not be sealed.
    #[error("the encrypted {0} does not open: it is damaged, or was encrypted under another master key")]
    Sealed(&'static str),
    /// The master key is not the one that this installation's data were encrypted with.
    #[error("the master key is not the one that this installation's personal data are encrypted with")]
    OtherMasterKey,
    /// Parameters of the password hash below the floor, or that Argon2 does not know.
    #[error("the password hash cannot be made with {0}")]
    HashParameters(String),
    /// A stored password hash that cannot be read; it is not shown.
    #[error("a stored password hash does not read back")]
    PasswordHash,
    /// A key that signs access tokens could not be made or used.
    #[error("access tokens cannot be signed: {0}")]
    SigningKey(String),
    /// The threads that hash passwords do not work.
    #[error("passwords cannot be hashed: {0}")]
    Hashing(#[from] driftline_compute::Error),
    /// A mail that cannot be put together.
    #[error("the mail cannot be written: {0}")]
    Mail(String),
    /// What cannot be done with an account.
    #[error("{0}")]
    Account(String),
    /// Settings of accounts that do not fit together.
    #[error("{0}")]
    IdentitySettings(String),
    /// The system has no randomness to give.
    #[error("the system's random numbers are not available: {0}")]
    Random(String),
    /// A text that names no network.
    #[error("'{0}' is no network: it is an address such as 127.0.0.1 or a network such as 10.1.0.0/16")]
    Network(String),
    /// More networks than a list can reasonably have.
    #[error("{0} networks are too many; at most 50 can be listed")]
    TooManyNetworks(usize),
    /// The client for requests to others cannot be built.
    #[error("requests to others cannot be made: {0}")]
    Outbound(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] driftline_database::Error),
    /// A node's name that cannot stand in a path.
    #[error(
        "'{0}' is no name for a node: it has 1 to 64 letters, digits, '-', '_' and '.', and begins with a letter or digit"
    )]
    NodeName(String),
    /// The usage log's files cannot be used.
    #[error("the usage log cannot {what} {}", path.display())]
    LogFile {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process writes this node's usage log.
    #[error("the usage log {} is in use by another process: two servers must not share a node name", .0.display())]
    LogInUse(PathBuf),
    /// A record in the middle of a segment is damaged; those behind it are intact, so this was no crash.
    #[error(
        "the usage log is damaged: segment {} at byte {offset}: {reason}; nothing was dropped, move the file aside \
         and have its records entered by hand",
        path.display()
    )]
    LogDamaged {
        /// The segment.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// The database was waited for in vain.
    #[error("the database did not answer within {} ms", .0.as_millis())]
    NoAnswer(std::time::Duration),
    /// Records of another node that cannot be entered.
    #[error("no record was entered: {0}")]
    RecordsRefused(String),
    /// A record could not be made durable.
    #[error("the usage record could not be written: {0}")]
    NotRecorded(String),
    /// The usage log was shut down.
    #[error("the usage log is closed")]
    LogClosed,
}
