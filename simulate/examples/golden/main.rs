//! Compares parity mode with reference results of OpenDrift 1.14.12: one line of JSON for each file of a folder.
//!
//! `cargo run --release -p driftline-simulate --example golden -- --golden DIR --forcing DIR`
//!
//! What a file is, its content tells: tracks, a replayed ensemble, ensemble statistics, seeds, interpolated forcing, a land
//! mask, or the class table. The exit code is 1 if a line is beyond its tolerance, 2 if the folders cannot be read.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the report is what it is for")]

mod ensembles;
mod input;
mod line;
mod seeding;
mod tables;
mod tracks;

use std::path::PathBuf;
use std::process::ExitCode;

use driftline_coast::Coast;

use crate::input::{Failure, Inputs};
use crate::line::Line;

fn main() -> ExitCode {
    match report() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("golden: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Prints a line for each file; whether all are within their tolerances.
fn report() -> Result<bool, Failure> {
    let (golden, forcing) = folders()?;
    let mut names: Vec<String> = std::fs::read_dir(&golden)
        .map_err(|error| format!("{}: {error}", golden.display()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".json") || name.ends_with(".csv"))
        .collect();
    names.sort();
    let inputs = Inputs {
        folder: forcing,
        coast: Coast::embedded()?,
    };
    let mut good = !names.is_empty();
    for name in names {
        let text = std::fs::read_to_string(golden.join(&name))?;
        let line = compare(&name, &text, &inputs).unwrap_or_else(|failure| Line::skipped(failure.to_string()));
        good &= line.within;
        println!("{}", line.json(&name));
    }
    Ok(good)
}

fn compare(name: &str, text: &str, inputs: &Inputs) -> Result<Line, Failure> {
    if name.ends_with(".csv") {
        return tables::compare(text, inputs);
    }
    let json: serde_json::Value = serde_json::from_str(text)?;
    let has = |key: &str| json.get(key).is_some();
    if has("objects") {
        tracks::compare_classes(&json, inputs)
    } else if has("initial") {
        tracks::compare_replay(&json, inputs)
    } else if has("runs") {
        ensembles::compare(&json, inputs)
    } else if has("uniform") || has("cone") || has("polygon") {
        seeding::compare(&json)
    } else {
        Ok(Line::skipped("nothing in it that could be compared".to_owned()))
    }
}

fn folders() -> Result<(PathBuf, PathBuf), Failure> {
    let (mut golden, mut forcing) = (None, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().map(PathBuf::from);
        match word.as_str() {
            "--golden" => golden = value,
            "--forcing" => forcing = value,
            other => return Err(format!("'{other}' is not understood").into()),
        }
    }
    match (golden, forcing) {
        (Some(golden), Some(forcing)) => Ok((golden, forcing)),
        _ => Err("usage: golden --golden DIR --forcing DIR".into()),
    }
}
