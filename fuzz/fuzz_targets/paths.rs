//! Any text as the path of a tile, a tileset or a feature, each part decoded as the router does.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    driftline_ogc_api::fuzzing::paths(text);
});
