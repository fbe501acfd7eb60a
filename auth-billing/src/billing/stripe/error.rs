//! Why Stripe did not do what it was asked for.

use std::time::Duration;

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StripeError {
    /// The client cannot be built, or the settings are no address.
    #[error("Stripe cannot be asked: {0}")]
    Settings(String),
    /// No answer, or half of one: whether Stripe did it is not known.
    #[error("Stripe did not answer {path}: {cause}")]
    NoAnswer {
        /// What was asked.
        path: String,
        /// What happened.
        cause: String,
    },
    /// An answer that is an error.
    #[error("Stripe answered {path} with {status} {code}: {message}")]
    Refused {
        /// What was asked.
        path: String,
        /// Status code.
        status: u16,
        /// Its word for the error.
        code: String,
        /// Its sentence.
        message: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// An answer that is not what was asked for.
    #[error("Stripe's answer to {path} has no {member}")]
    Answer {
        /// What was asked.
        path: String,
        /// What is missing.
        member: &'static str,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] driftline_database::Error),
}

impl StripeError {
    /// Stripe understood and does not want it: asking again changes nothing. What concerns the key or the moment is not
    /// meant, and neither is a fault of its own.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 400 | 402 | 404 | 422,
                ..
            }
        )
    }

    /// When to ask again, as Stripe wants it.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
