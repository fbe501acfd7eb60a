//! The binary and its commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

use super::repository;

/// The shipped binary. Built first (quick when cargo has built it already), so that no test ever sees an old one;
/// `DRIFTLINE_BIN` names another one to be tested.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("DRIFTLINE_BIN") {
            return PathBuf::from(given);
        }
        // This test is <target>/debug/deps/product-…, the binary <target>/debug/driftline.
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(Path::parent).unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "driftline", "--target-dir"])
            .arg(folder.parent().unwrap())
            .current_dir(repository())
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        folder.join("driftline")
    })
}

/// The line that the bundled forcing asks for.
const CREDIT: &str = "Data from MET Norway";

/// Limits that no test meets unless it asks for them: suites send from one address and with one key what many would.
const HIGH_LIMITS: [(&str, &str); 7] = [
    ("DRIFTLINE__LIMITS__REQUESTS_PER_MINUTE", "1000000"),
    ("DRIFTLINE__LIMITS__ORGANISATION_REQUESTS_PER_MINUTE", "1000000"),
    ("DRIFTLINE__LIMITS__MAPS_PER_MINUTE", "1000000"),
    ("DRIFTLINE__LIMITS__ORGANISATION_MAPS_PER_MINUTE", "1000000"),
    ("DRIFTLINE__LIMITS__MISSION_WRITES_PER_MINUTE", "1000000"),
    ("DRIFTLINE__LIMITS__ADDRESS_REQUESTS_PER_MINUTE", "1000000"),
    ("DRIFTLINE__LIMITS__LOGINS_PER_MINUTE", "1000000"),
];

/// The binary's commands on one data directory.
pub(crate) struct Commands<'a> {
    data: &'a Path,
}

impl<'a> Commands<'a> {
    /// Commands on this data directory.
    pub(crate) fn on(data: &'a Path) -> Self {
        Self { data }
    }

    /// A command that has nothing to do with a data directory, not started yet.
    pub(crate) fn bare(arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments);
        command
    }

    /// A command, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--data-dir").arg(self.data);
        command.envs(HIGH_LIMITS);
        command
    }

    /// Runs a command that must succeed, and reads the one JSON object that it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        json_of(self.command(arguments).arg("--json"))
    }

    /// Ingests a file that must be accepted.
    pub(crate) fn ingest(&self, file: &Path, feed: &str) -> Value {
        let file = file.to_str().unwrap();
        self.json(&["ingest", "file", file, "--feed", feed, "--attribution", CREDIT])
    }

    /// Runs a command that must end with an error, and gives its words.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let done = run(&mut self.command(arguments));
        assert!(!done.status.success(), "{arguments:?} was not refused");
        String::from_utf8_lossy(&done.stderr).into_owned()
    }

    /// A new organisation.
    pub(crate) fn organisation(&self, name: &str) -> Value {
        self.json(&["orgs", "create", name])
    }

    /// A new key of an organisation: its id and the key itself.
    pub(crate) fn key(&self, organisation: &str, more: &[&str]) -> (String, String) {
        let made = self.json(&[&["keys", "create", "--org", organisation], more].concat());
        (
            made["id"].as_str().unwrap().to_owned(),
            made["key"].as_str().unwrap().to_owned(),
        )
    }

    /// The published cycles.
    pub(crate) fn cycles(&self) -> Vec<Value> {
        self.json(&["catalog"])["cycles"].as_array().unwrap().clone()
    }
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
}

/// Runs a program that must succeed and print one JSON value and nothing else on stdout.
pub(crate) fn json_of(command: &mut Command) -> Value {
    let done = run(command);
    let (said, logged) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(
        done.status.success(),
        "{command:?} ended with {}\n{said}\n{logged}",
        done.status
    );
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{command:?} printed no JSON ({error}): {said}"))
}
