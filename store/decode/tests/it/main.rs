//! The decoder against real files, an independent model's values, crafted oddities and broken bytes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed step of a test is a panic, and a line says what was not covered"
)]

mod classic;
mod curvilinear;
mod feeds;
mod golden;
mod grib;
mod grib_builder;
mod grib_feeds;
mod grib_hostile;
mod grib_products;
mod hostile;
mod odd;
mod real;
mod waves;

use std::path::PathBuf;

use driftline_decode::ForcingFile;

/// A bundled forcing file.
fn bundled(name: &str) -> PathBuf {
    data("forcing").join(name)
}

fn data(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(folder)
}

fn open(name: &str) -> ForcingFile {
    ForcingFile::open(&bundled(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn times(file: &ForcingFile, series: usize) -> Vec<String> {
    file.series()[series].times.iter().map(ToString::to_string).collect()
}
