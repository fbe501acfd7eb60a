//! Why a mission cannot be computed or published.

use std::path::PathBuf;

use driftline_domain::{ForcingKind, ValidTime};

/// What went wrong between a mission and its products.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Current, wind or both have no value at the start.
    #[error("{}", not_covered(*lat_deg, *lon_deg, *time, lacking))]
    NotCovered {
        /// Latitude of the start.
        lat_deg: f64,
        /// Longitude of the start.
        lon_deg: f64,
        /// Time of the start.
        time: ValidTime,
        /// What is missing.
        lacking: Vec<Lacking>,
    },
    /// Forcing ends before the first step does; in a backtrack it begins after it.
    #[error(
        "forcing at the last known position reaches to {valid_until}, less than one step of {step_s} s from the start"
    )]
    EndsAtOnce {
        /// Last time covered.
        valid_until: ValidTime,
        /// Length of a step.
        step_s: u32,
    },
    /// A forcing file given by hand.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: driftline_decode::Error,
    },
    /// The kernel refused the run.
    #[error(transparent)]
    Kernel(#[from] driftline_leeway::Error),
    /// A product could not be made.
    #[error(transparent)]
    Products(#[from] crate::products::Error),
    /// A document could not be made.
    #[error(transparent)]
    Document(#[from] crate::documents::Error),
    /// Forcing or results could not be read or written.
    #[error(transparent)]
    Store(#[from] driftline_store::Error),
    /// Rows could not be read or written.
    #[error(transparent)]
    Database(#[from] driftline_database::Error),
    /// A computation was lost.
    #[error(transparent)]
    Compute(#[from] driftline_compute::Error),
    /// No random seed could be drawn.
    #[error("the system gives no random numbers: {0}")]
    Seed(getrandom::Error),
    /// A time beyond the calendar.
    #[error("{0} s since 1970 is beyond the calendar")]
    Time(i64),
    /// A run without a single position.
    #[error("the run has no position")]
    Empty,
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file that no run has.
    #[error("a run has no file '{name}'; it has {known}")]
    UnknownFile {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// What the simulation of another worker left cannot be used.
    #[error("what the simulation left cannot be used: {0}")]
    Handover(String),
    /// The job went to another worker, or its mission was withdrawn.
    #[error("the lease was lost")]
    LeaseLost,
}

/// A kind of forcing that has no value at the start of a mission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// Current or wind.
    pub kind: ForcingKind,
    /// Whether it covers the place at another time.
    pub place_is_covered: bool,
    /// What is covered instead, in words.
    pub covered: String,
}

impl Lacking {
    pub(crate) fn sentence(&self, lat_deg: f64, lon_deg: f64, time: ValidTime) -> String {
        format!(
            "no {} covers {lat_deg:.4}, {lon_deg:.4} at {time}; {}",
            self.kind, self.covered
        )
    }
}

fn not_covered(lat_deg: f64, lon_deg: f64, time: ValidTime, lacking: &[Lacking]) -> String {
    lacking
        .iter()
        .map(|lacking| lacking.sentence(lat_deg, lon_deg, time))
        .collect::<Vec<_>>()
        .join(". ")
}

impl Error {
    /// Whether the same mission would meet it again: then it is told to its owner and not tried again.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::NotCovered { .. } | Self::EndsAtOnce { .. } | Self::File { .. } | Self::Kernel(_) | Self::Products(_)
        )
    }
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // Some messages quote their cause already.
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}
