//! The readers that are not ours: Python's scientific packages, GDAL, QGIS, and browsers driven by Node.js. One that is
//! missing fails the test.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::{json_of, repository};

const SET_UP: &str = "run deploy/setup/test-clients.sh, as `make test` does";

/// Runs a script of `tests/clients` with the pinned packages; it prints one JSON value, or fails with its reason.
pub(crate) fn python(script: &str, arguments: &[&str]) -> Value {
    script_of(&repository().join(".test-env/bin/python"), script, arguments)
}

/// Runs a script of `tests/clients` with the Python that has OpenDrift.
pub(crate) fn opendrift(script: &str, arguments: &[&str]) -> Value {
    script_of(&repository().join(".opendrift-env/bin/python"), script, arguments)
}

/// Runs a script of `tests/clients` with the system's own Python, which QGIS and GDAL bring their modules for.
pub(crate) fn system_python(script: &str, arguments: &[&str]) -> Value {
    script_of(Path::new("/usr/bin/python3"), script, arguments)
}

/// Runs a script of `tests/clients` with the pinned Node.js.
pub(crate) fn node(script: &str, arguments: &[&str]) -> Value {
    script_of(&repository().join(".node-env/programs/node"), script, arguments)
}

fn script_of(interpreter: &Path, script: &str, arguments: &[&str]) -> Value {
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

/// Runs one of GDAL's programs, which must succeed; what it printed.
pub(crate) fn gdal_says(program: &str, settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let done = gdal(program, settings, arguments);
    let (said, logged) = (
        String::from_utf8_lossy(&done.stdout).into_owned(),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(
        done.status.success() && !logged.contains("ERROR"),
        "{program} {arguments:?} ended with {}\n{said}\n{logged}",
        done.status
    );
    said
}
