//! The usage log of a node: records on disk before the answer they charge is released, in segments
//! `<folder>/<node>/<number>.log`, and their entry into the ledger. `segment` is the form of the files, `writer` the
//! thread that appends, `flusher` what enters them into the ledger.

mod flusher;
mod handle;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

pub use handle::{UsageEntry, UsageLag, UsageLog, UsageSettings, UsageTasks};
