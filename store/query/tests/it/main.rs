//! Filters and orders over tables that are small enough to be read.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may stop at the first surprise"
)]

mod ats;
mod bounds;
mod encodings;
mod hostile;
mod logic;
mod order;
mod random;
mod spatial;
mod table;
mod temporal;
