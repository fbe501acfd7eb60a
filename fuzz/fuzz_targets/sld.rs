//! Any text as a styled layer descriptor, by itself and as a parameter of WMS, in every layer.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    driftline_ogc_api::fuzzing::sld(text);
});
