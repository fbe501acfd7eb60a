//! The crate against real forcing.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod reference_ensembles;
