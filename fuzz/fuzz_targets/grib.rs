//! Any bytes as GRIB2: every field unpacked, and the bytes opened as a forcing file.
#![no_main]

use driftline_decode::grib::Messages;
use driftline_decode::ForcingFile;
use libfuzzer_sys::fuzz_target;

/// Fields looked at, so that one input of many does not take the time of thousands of others.
const MOST: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let Ok(messages) = Messages::of(bytes) else { return };
    for field in 0..messages.about().len().min(MOST) {
        let small = messages.about()[field].nodes.is_none_or(|(nx, ny)| u64::from(nx) * u64::from(ny) < 1 << 22);
        if small {
            let _ = messages.values(field);
        }
    }
    let path = std::env::temp_dir().join(format!("driftline-fuzz-{}.grib2", std::process::id()));
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    if let Ok(file) = ForcingFile::open(&path) {
        for (series, one) in file.series().iter().enumerate().take(MOST) {
            if one.grid.len() < 1 << 22 {
                let _ = file.read(series, 0);
            }
        }
    }
});
