//! One broken rule of an input, in words for its sender.

use serde::{Deserialize, Serialize};

/// A rule that an input breaks; validation reports every one of them at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The offending member as a path, for example `config.error.current.tau_s`.
    pub field: String,
    /// A stable word for programs, for example `out_of_range`.
    pub code: String,
    /// A sentence for people: what was found and what is allowed.
    pub message: String,
}

impl Violation {
    /// A broken rule.
    pub fn new(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}
