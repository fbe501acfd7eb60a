//! Any bytes as a cycle's manifest: what is read comes back the same after it was written.
#![no_main]

use driftline_store::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else { return };
    let Ok(written) = serde_json::to_vec(&manifest) else { return };
    let again = serde_json::from_slice::<Manifest>(&written).expect("what was written is read");
    let rewritten = serde_json::to_vec(&again).expect("what was read is written");
    assert_eq!(written, rewritten);
});
