//! Libraries in C that are preloaded into the program under test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::{repository, scratch};

/// A source of the repository as a library, compiled once per run of the tests.
pub(crate) fn shared_object(source: &'static str) -> PathBuf {
    static MADE: Mutex<BTreeMap<&str, (tempfile::TempDir, PathBuf)>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, path) = made.entry(source).or_insert_with(|| {
        let folder = scratch("shim");
        let path = folder.path().join("shim.so");
        let compiled = Command::new("cc")
            .args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .arg(&path)
            .arg(repository().join(source))
            .args(["-ldl", "-lpthread"])
            .output()
            .unwrap();
        assert!(
            compiled.status.success(),
            "{}",
            String::from_utf8_lossy(&compiled.stderr)
        );
        (folder, path)
    });
    path.clone()
}
