//! The readers that are not ours: Python's scientific packages and GDAL. One that is missing fails the test.

use std::process::{Command, Output};

use serde_json::Value;

use super::{json_of, repository};

const SET_UP: &str = "run deploy/setup/test-clients.sh, as `make test` does";

/// Runs a script of `tests/clients` with the pinned packages; it prints one JSON value, or fails with its reason.
pub(crate) fn python(script: &str, arguments: &[&str]) -> Value {
    let interpreter = repository().join(".test-env/bin/python");
    assert!(interpreter.exists(), "{} is not there: {SET_UP}", interpreter.display());
    json_of(
        Command::new(interpreter)
            .arg(repository().join("tests/clients").join(script))
            .args(arguments),
    )
}

/// Runs one of GDAL's programs with these settings in its environment.
pub(crate) fn gdal(program: &str, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let done = Command::new(program)
        .args(arguments)
        .envs(settings.iter().copied())
        .output();
    done.unwrap_or_else(|error| panic!("{program} does not start ({error}): {SET_UP}"))
}
