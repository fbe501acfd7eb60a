//! The product from outside: the shipped binary, real forcing, real clients. Nothing of its insides is linked here;
//! what a test knows it learned from a command's output, an answer over HTTP or a file on disk.
//!
//! The binary is the one that `cargo test` built beside this test; the clients (GDAL, QGIS, Chromium, Python) come from
//! `deploy/setup/test-clients.sh`. A client or a bundled file that is missing fails the test that needs it.

#[cfg(test)]
mod account_page;
#[cfg(test)]
mod billing;
#[cfg(test)]
mod coast;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod cot;
#[cfg(test)]
mod disasters;
#[cfg(test)]
mod edr;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod kml;
#[cfg(test)]
mod maps;
#[cfg(test)]
mod observations;
#[cfg(test)]
mod offline;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod page;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod powercut;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod safekeeping;
#[cfg(test)]
mod scale_out;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod shared_data;
#[cfg(test)]
mod standards;
#[cfg(test)]
mod store;
#[cfg(test)]
mod structure;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod upkeep;
#[cfg(test)]
mod waves;
