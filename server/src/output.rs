//! What a command prints: results on stdout, failures on stderr.

use std::io::Write;

use serde::Serialize;

/// Prints a line; a reader that has gone away is no failure of ours.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints one JSON object on one line.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string(value)?)
}

/// Prints why a command failed, with its causes.
pub(crate) fn failure(error: &anyhow::Error) {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some messages quote their cause already.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    // There is nobody left to tell if stderr is gone.
    let _ = writeln!(std::io::stderr().lock(), "driftline: {text}");
}
