//! Builds the coast file: `cargo run --release -p driftline-coast --features build --example build_coast -- SOURCE FILE`.

use std::path::Path;

#[expect(clippy::print_stdout, reason = "it is a command")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, file] = arguments.as_slice() else {
        return Err("usage: build_coast SOURCE FILE".into());
    };
    let mut bytes = Vec::new();
    let report = driftline_coast::build::from_gshhg(Path::new(source), &mut bytes)?;
    std::fs::write(file, bytes)?;
    println!("{report:#?}");
    Ok(())
}
