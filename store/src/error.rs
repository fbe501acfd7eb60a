//! What can go wrong with stored data. `Kind` tells callers what to do; the message tells people what happened.

use std::path::PathBuf;
use std::sync::Arc;

use crate::failures::Cause;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The object store refused or failed.
    #[error("object store: {}", crate::failures::told(.0))]
    Objects(#[from] object_store::Error),
    /// The object store cannot be used at all.
    #[error("the object store {store} cannot be used: {reason}")]
    Unusable {
        /// Where it is.
        store: String,
        /// Why not.
        reason: String,
    },
    /// A local file or folder could not be created or synced.
    #[error("cannot {action} {path}: {}", if .source.kind() == std::io::ErrorKind::StorageFull { "the disk is full".to_owned() } else { .source.to_string() })]
    Local {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A stored object does not have the bytes its manifest names.
    #[error("stored object {object} is damaged: {reason}")]
    Damaged {
        /// Path of the object.
        object: String,
        /// What differs.
        reason: String,
    },
    /// A stored array could not be encoded or decoded.
    #[error("array {array}: {reason}")]
    Array {
        /// Path of the array.
        array: String,
        /// The cause.
        reason: String,
    },
    /// A value does not fit its packing.
    #[error("{variable} is {value} {units} at step {step}, node {node}: only {low} to {high} {units} is plausible")]
    Implausible {
        /// Array name.
        variable: &'static str,
        /// The value.
        value: f32,
        /// Its unit.
        units: &'static str,
        /// Step within the series.
        step: usize,
        /// Node within the step.
        node: usize,
        /// Smallest plausible value.
        low: f32,
        /// Largest plausible value.
        high: f32,
    },
    /// The cycle offered breaks a rule.
    #[error("{0}")]
    Rejected(String),
    /// Too many writers published at once.
    #[error("{attempts} other writers published first; try again")]
    Contended {
        /// Numbers tried.
        attempts: u32,
    },
    /// An object that should be new is there already.
    #[error("{0} exists already and holds something else")]
    Taken(String),
    /// A revision was removed by retention while somebody held on to it.
    #[error("{feed} {run} revision {revision} has been removed; choose another cycle")]
    Removed {
        /// Feed.
        feed: String,
        /// Model cycle.
        run: String,
        /// Revision.
        revision: u32,
    },
    /// There is no such object.
    #[error("{0} does not exist")]
    NotFound(String),
    /// A computation was lost.
    #[error(transparent)]
    Compute(#[from] driftline_compute::Error),
    /// A source could not be read while it was being stored.
    #[error("{0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// Part of a map could not be read; all who waited for it get the same error.
    #[error(transparent)]
    Map(Arc<Error>),
}

/// The few kinds that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is not there.
    NotFound,
    /// What was offered breaks a rule.
    Invalid,
    /// Try again later.
    Unavailable,
    /// Stored data is wrong or the machine failed.
    Internal,
}

impl Error {
    /// What a caller should make of it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::Removed { .. } | Self::Objects(object_store::Error::NotFound { .. }) => {
                Kind::NotFound
            }
            Self::Implausible { .. } | Self::Rejected(_) | Self::Source(_) => Kind::Invalid,
            Self::Contended { .. } => Kind::Unavailable,
            Self::Objects(error) if Cause::of(error).is_uncertain() => Kind::Unavailable,
            Self::Map(error) => error.kind(),
            _ => Kind::Internal,
        }
    }
}
