//! The crate against real forcing.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(
    clippy::print_stdout,
    reason = "how close an ensemble came is worth reading, passed or not"
)]

mod engine;
mod leftovers;
mod parity;
mod raster;
mod reference_ensembles;
mod reports;
