//! The drift engine as its callers see it: reference tracks, exact solutions, statistics, coasts and missing data.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod coasts;
mod coverage;
mod exact;
mod golden;
mod operational;
mod parity;
mod refusals;
mod repeatable;
mod sea;
mod statistics;
