//! Starts a script of `tests/services`: a real server that lives as long as this process, or as long as the value. The pipe to
//! the script closes in either case, even where this process is killed, and the script then stops its server (guard.sh).
//!
//! Only the standard library, and no crate of its own: each test binary takes the file in by `#[path]`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A running server.
pub(crate) struct Service {
    child: Child,
    pipe: Option<ChildStdin>,
    address: String,
}

impl Service {
    /// Starts `tests/services/<script>` and waits until it says that it is ready.
    pub(crate) fn start(script: &str, arguments: &[&str]) -> Self {
        let script = folder().join(script);
        let mut command = Command::new(&script);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", script.display()));
        let pipe = child.stdin.take();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        let address = said.strip_prefix("ready ").map(|address| address.trim_end().to_owned());
        let address = address.unwrap_or_else(|| panic!("{} is not ready, its reason stands above", script.display()));
        Self { child, pipe, address }
    }

    /// What the script said after "ready": where the server is, as its clients want it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // It has nothing left to tell; a failure to end is not this test's.
        let _ = self.child.wait();
    }
}

/// `tests/services`, from whichever crate's tests these are.
fn folder() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut above = crate_folder.ancestors().map(|folder| folder.join("tests/services"));
    above.find(|folder| folder.join("guard.sh").exists()).unwrap()
}
