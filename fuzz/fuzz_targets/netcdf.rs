//! Any bytes as NetCDF of either kind: opened as a forcing file, the first step of each series read.
#![no_main]

use driftline_decode::ForcingFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("driftline-fuzz-{}.nc", std::process::id()));
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    if let Ok(file) = ForcingFile::open(&path) {
        for (series, one) in file.series().iter().enumerate() {
            if one.grid.len() < 1 << 22 {
                let _ = file.read(series, 0);
            }
        }
    }
});
