//! Why a file did not become forcing. Every message names the file.

use std::path::PathBuf;

use driftline_domain::ValidTime;

/// A refused or failed ingest; nothing of it has been published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read at all.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file was read, and it is not forcing that can be used.
    #[error("{} is refused: {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What it holds instead.
        source: driftline_decode::Error,
    },
    /// The file was read, and it holds no observations that can be used.
    #[error("{} is refused: {reason}", path.display())]
    Observations {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A stored file of observations is not as this program writes them.
    #[error("a file of buoys cannot be used: {0}")]
    BuoyFile(String),
    /// A file of observations could not be written or read.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Columns of a file of observations could not be made.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The files of one cycle do not fit together.
    #[error("{0}")]
    Conflict(String),
    /// A field did not pass quality control.
    #[error("{feed} is refused: {reason}")]
    Quality {
        /// Feed.
        feed: String,
        /// Which check, for programs.
        code: &'static str,
        /// The step that alone is at fault; `None` where it is the field as a whole.
        time: Option<ValidTime>,
        /// Which field failed which check.
        reason: String,
    },
    /// A file on its way into a cycle could not be kept.
    #[error("cannot {action} {}: {source}", path.display())]
    Spool {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A feed could not be fetched.
    #[error(transparent)]
    Fetch(#[from] crate::fetch::FetchError),
    /// A feed can make no plan of what its provider lists.
    #[error(transparent)]
    Plan(#[from] crate::feed::PlanError),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] driftline_store::Error),
    /// A computation was lost.
    #[error(transparent)]
    Compute(#[from] driftline_compute::Error),
}

impl Error {
    /// Whether the input is at fault, rather than the machine.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::Observations { .. } | Self::Conflict(_) | Self::Quality { .. } => true,
            Self::Store(error) => error.kind() == driftline_store::Kind::Invalid,
            // What one provider does says nothing of the machine or of other providers.
            Self::Fetch(error) => !matches!(error.class(), crate::fetch::Class::Local),
            Self::Plan(_) => true,
            Self::Read { .. }
            | Self::Spool { .. }
            | Self::Compute(_)
            | Self::BuoyFile(_)
            | Self::Parquet(_)
            | Self::Arrow(_) => false,
        }
    }
}
