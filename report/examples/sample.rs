//! Writes every picture and the briefing of a made-up run west of Bergen, and says what they cost:
//! `cargo run -p driftline-report --example sample -- FOLDER`.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use driftline_coast::Coast;
use driftline_report::{animation, briefing_pdf, heatmap_png, tracks_png};

#[expect(clippy::unwrap_used, reason = "the tests' scene")]
#[path = "../tests/it/synthetic.rs"]
mod synthetic;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let coast = Coast::embedded()?;
    let run = synthetic::Run::of(synthetic::Recipe::BERGEN, &coast);
    let scene = run.scene(&coast);
    let write = |name: &str, make: &dyn Fn() -> Outcome<Vec<u8>>| -> Outcome<()> {
        let mut best_ms = f64::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            let bytes = make()?;
            best_ms = best_ms.min(began.elapsed().as_secs_f64() * 1e3);
            std::fs::write(Path::new(&folder).join(name), &bytes)?;
        }
        let length = std::fs::metadata(Path::new(&folder).join(name))?.len();
        writeln!(
            std::io::stdout(),
            "{name:16} {best_ms:7.1} ms (best of 5), {length} bytes"
        )?;
        Ok(())
    };
    write("heatmap.png", &|| Ok(heatmap_png(&scene, scene.last())?))?;
    write("tracks.png", &|| Ok(tracks_png(&scene)?))?;
    write("animation.gif", &|| Ok(animation(&scene)?.bytes))?;
    write("briefing.pdf", &|| Ok(briefing_pdf(&synthetic::briefing(&scene))?))?;
    Ok(())
}
