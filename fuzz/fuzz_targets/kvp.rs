//! Any text as the query of WMS, WMTS and the OGC APIs: percent-encoding, boxes, times, pages, conditions, coordinates.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    driftline_ogc_api::fuzzing::kvp(text);
});
