//! GRIB2 (WMO Manual on Codes, FM 92 GRIB edition 2): any number of messages in one file, in any order, of any products.
//!
//! `sections` finds messages and their sections with bounded reads and decodes nothing; `product`, `time` and `grid` tell
//! what a message is; `series` puts messages together to vector fields over time; `values` unpacks one message on demand.
//! Code tables and octet numbers cited in these files are those of the manual.
//!
//! Simple, complex and run-length packing are unpacked here, straight into single precision; the codecs beneath JPEG 2000,
//! PNG and CCSDS packing are crates in pure Rust. The `grib` crate was measured first: its complex packing took 1.15 times
//! the time of ecCodes, and it panics on sizes that it does not check.

mod bits;
mod bytes;
mod codecs;
mod complex;
mod grid;
mod inspect;
mod level;
mod members;
mod names;
mod octets;
mod product;
mod reader;
mod run_length;
mod scanning;
mod sections;
mod series;
mod time;
mod values;

pub use inspect::{MessageAbout, Messages, inspect, inspect_file};
pub(crate) use reader::{GribFile, is_grib};
