//! What can be wrong with a filter or an order. All but [`Error::Internal`] are mistakes of the sender.

/// Why a filter or an order was not understood, or could not be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A filter is longer than is read.
    #[error("a filter of {bytes} bytes is too long: at most {most} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// Brackets or operators stand in one another more deeply than is followed.
    #[error("a filter may nest at most {most} levels")]
    TooDeep {
        /// The limit.
        most: usize,
    },
    /// The text of a filter breaks the grammar.
    #[error("filter, character {at}: {reason}")]
    Syntax {
        /// Counted from 1.
        at: usize,
        /// What stood there, and what was expected.
        reason: String,
    },
    /// The JSON of a filter is not CQL2.
    #[error("filter, {path}: {reason}")]
    Json {
        /// Where: `$.args[0].op`.
        path: String,
        /// What is wrong there.
        reason: String,
    },
    /// A name that is no queryable.
    #[error("there is no property '{name}' to filter by: there are {known}")]
    UnknownProperty {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// A function that is not in CQL2, or not offered.
    #[error("there is no function '{name}': there are {known}")]
    UnknownFunction {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// Operands that do not go together.
    #[error("{0}")]
    Type(String),
    /// A literal that is no value: a time, a number, a pattern.
    #[error("{what} '{found}' is not valid: {reason}")]
    Literal {
        /// What it should be.
        what: &'static str,
        /// How it was written.
        found: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A geometry that cannot be used.
    #[error("a geometry of the filter cannot be used: {0}")]
    Geometry(String),
    /// An order that is not understood.
    #[error("sortby: {0}")]
    Order(String),
    /// A key that no order wrote.
    #[error("the place in the order '{0}' was not given by this service")]
    Key(String),
    /// The service's own fault: columns that are not what they were said to be.
    #[error("a filter could not be applied: {0}")]
    Internal(String),
}

impl Error {
    /// Whether the service is to blame, not the sender.
    #[must_use]
    pub const fn is_internal(&self) -> bool {
        matches!(self, Self::Internal(_))
    }
}
