//! Writes every picture and the briefing of a made-up run west of Bergen, and says what they cost:
//! `cargo run -p driftline-report --example sample -- FOLDER`.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use driftline_coast::Coast;
use driftline_report::{animation, briefing_pdf, heatmap_png, tracks_png};

#[expect(dead_code, clippy::unwrap_used, reason = "the tests' scene")]
#[path = "../tests/it/synthetic.rs"]
mod synthetic;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let coast = Coast::embedded()?;
    let run = synthetic::Run::of(synthetic::Recipe::BERGEN, &coast);
    let scene = run.scene(&coast);
    let write = |name: &str, make: &dyn Fn() -> Outcome<Vec<u8>>| -> Outcome<()> {
        // The first time unpacks the coast.
        for take in ["first", "again"] {
            let began = Instant::now();
            let bytes = make()?;
            let ms = began.elapsed().as_secs_f64() * 1e3;
            std::fs::write(Path::new(&folder).join(name), &bytes)?;
            writeln!(std::io::stdout(), "{name:16} {take}: {ms:7.1} ms, {} bytes", bytes.len())?;
        }
        Ok(())
    };
    write("heatmap.png", &|| Ok(heatmap_png(&scene, scene.last())?))?;
    write("tracks.png", &|| Ok(tracks_png(&scene)?))?;
    write("animation.gif", &|| Ok(animation(&scene)?.bytes))?;
    write("briefing.pdf", &|| Ok(briefing_pdf(&synthetic::briefing(&scene))?))?;
    Ok(())
}
