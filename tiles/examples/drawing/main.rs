//! Draws for people and for clocks, from the scenes of the tests.
//!
//! `cargo run --release -p driftline-tiles --example drawing` prints how long pictures and tiles take; with `-- FOLDER` it
//! leaves pictures of every kind there to look at.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints and may stop"
)]

mod gallery;
#[path = "../../tests/it/ground.rs"]
mod ground;
#[path = "../../tests/it/scenes.rs"]
mod scenes;
mod speed;

fn main() {
    match std::env::args_os().nth(1) {
        Some(folder) => gallery::draw(folder.as_ref()),
        None => speed::measure(),
    }
}
