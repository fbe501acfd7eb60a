//! What can go wrong between the product and its database.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::QuotaPeriod;

/// Why a call of the database failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An organisation of that name exists.
    #[error("an organisation named '{0}' exists already")]
    OrganisationExists(String),
    /// The thing named does not exist.
    #[error("there is no {what} '{name}'")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// How it was named.
        name: String,
    },
    /// A mission that an organisation's prepaid credit does not pay for.
    #[error("the mission may cost {needed} units of prepaid credit, and the organisation has {balance}")]
    CreditShort {
        /// What it may cost at most.
        needed: i64,
        /// What there is.
        balance: i64,
    },
    /// Missions beyond what an organisation may use in a day or a month.
    #[error(
        "the quota of {hard} units of {meter} a {} is used up ({used} used, {at_work} being computed, {asked} asked for); \
         it begins anew at {ends}", .period.name()
    )]
    QuotaExceeded {
        /// What is counted.
        meter: &'static str,
        /// In which time.
        period: QuotaPeriod,
        /// The bound.
        hard: i64,
        /// Units in the ledger.
        used: i64,
        /// Units that missions being computed, or waiting, may use at most.
        at_work: i64,
        /// Units of what was refused.
        asked: i64,
        /// When the next period begins.
        ends: Timestamp,
        /// Seconds until then.
        wait_s: i64,
    },
    /// An argument that no row can hold.
    #[error("{what} {found} cannot be stored: {reason}")]
    Invalid {
        /// Which argument.
        what: &'static str,
        /// What it was.
        found: String,
        /// What is allowed.
        reason: String,
    },
    /// The file was written by a newer Driftline.
    #[error(
        "the database {place} has schema version {found}, this program knows versions up to {known}: use the newer program, \
         or restore a backup from before the upgrade"
    )]
    Newer {
        /// The file or server.
        place: String,
        /// Its version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// The file or its folder cannot be used.
    #[error("cannot use the database file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no database, the server does not answer, or it cannot be brought to this program's schema.
    #[error("cannot open the database {place}")]
    Open {
        /// The file, or the server without user and password.
        place: String,
        /// What the engine said.
        source: sqlx::Error,
    },
    /// A stored value does not read back as what it should be.
    #[error("the stored {column} '{found}' does not read back: {reason}")]
    Damaged {
        /// Column.
        column: &'static str,
        /// The beginning of its value.
        found: String,
        /// What was expected.
        reason: String,
    },
    /// A server that only repeats another one.
    #[error("the database server is a standby and takes no changes")]
    ReadOnly,
    /// It was to be filled and holds something already.
    #[error("the database is not empty: it has rows in {0}")]
    NotEmpty(String),
    /// A file of the portable form cannot be used.
    #[error("cannot use {}", path.display())]
    Portable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was to be carried over did not arrive as it was.
    #[error("the database was not carried over: {0}")]
    Transfer(String),
    /// What is personal in a billing account could not be sealed or opened.
    #[error("the billing account of {0} is not readable: {1}")]
    Sealed(driftline_domain::OrgId, String),
    /// The engine refused or could not do a statement.
    #[error("the database could not {what}")]
    Engine {
        /// What was asked of it.
        what: &'static str,
        /// What the engine said.
        source: sqlx::Error,
    },
}

/// The sort of an error, for answers and exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// What was asked for does not exist.
    NotFound,
    /// The caller's argument.
    Invalid,
    /// It contradicts what is stored.
    Conflict,
    /// What was paid for, or may be used in a time, is used up.
    Exhausted,
    /// It may work later: busy, full, out of connections.
    Unavailable,
    /// A fault of the installation or of the product.
    Internal,
}

impl Error {
    /// The sort of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::OrganisationExists(_) | Self::NotEmpty(_) => ErrorKind::Conflict,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::CreditShort { .. } | Self::QuotaExceeded { .. } => ErrorKind::Exhausted,
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Engine { source, .. } if may_pass(source) => ErrorKind::Unavailable,
            Self::ReadOnly => ErrorKind::Unavailable,
            _ => ErrorKind::Internal,
        }
    }

    pub(crate) fn engine(what: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Engine { what, source }
    }

    pub(crate) fn invalid(what: &'static str, found: impl ToString, reason: impl ToString) -> Self {
        Self::Invalid {
            what,
            found: found.to_string(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn damaged(column: &'static str, found: impl ToString, reason: impl ToString) -> Self {
        Self::Damaged {
            column,
            found: found.to_string().chars().take(64).collect(),
            reason: reason.to_string(),
        }
    }
}

/// Whether the engine may do the same statement later. SQLite: locked (5, 6), I/O (10), full (13). PostgreSQL, by class of
/// its code: no connection (08), insufficient resources (53), an operator's act such as a restart (57), a system's error
/// (58); serialisation and deadlock (40), lock not available (55P03), and a server that became a standby (25006).
fn may_pass(source: &sqlx::Error) -> bool {
    match source {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Tls(_) => true,
        source => {
            let code = source.as_database_error().and_then(|error| error.code());
            code.is_some_and(|code| match code.len() {
                5 => ["08", "40", "53", "57", "58", "55P03", "25006"]
                    .iter()
                    .any(|class| code.starts_with(class)),
                _ => matches!(primary_code(source), Some(5 | 6 | 10 | 13)),
            })
        }
    }
}

/// Whether another connection is in the way of opening the embedded file.
pub(crate) fn is_locked(source: &sqlx::Error) -> bool {
    primary_code(source) == Some(5)
}

/// SQLite's result code without its extension.
fn primary_code(source: &sqlx::Error) -> Option<i64> {
    let code = source.as_database_error()?.code()?;
    code.parse::<i64>().ok().map(|code| code & 0xff)
}
