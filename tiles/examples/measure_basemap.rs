//! What basemap tiles cost and weigh: `cargo run -p driftline-tiles --example measure_basemap`.
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use driftline_coast::Coast;
use driftline_tiles::Basemap;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    let coast = Arc::new(Coast::embedded()?);
    let began = Instant::now();
    let basemap = Basemap::new(coast)?;
    writeln!(out, "open {:.2} ms", began.elapsed().as_secs_f64() * 1e3)?;
    for (name, lon, lat) in [
        ("Bergen", 5.32f64, 60.39f64),
        ("Lofoten", 14.0, 68.1),
        ("Chile", -74.5, -50.5),
        ("Chukotka", 179.9, 68.8),
        ("Fiji", 179.99, -16.6),
        ("Antarctica", -60.5, -64.0),
        ("Nunavut", -95.0, 74.0),
        ("Finland", 22.0, 60.2),
    ] {
        for z in 0..=Basemap::MAX_ZOOM {
            let n = f64::from(1u32 << z);
            let x = ((lon + 180.0) / 360.0 * n) as u32;
            let y = ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n) as u32;
            let began = Instant::now();
            let tile = basemap.tile(z, x, y)?;
            let ms = began.elapsed().as_secs_f64() * 1e3;
            writeln!(
                out,
                "{name:12} {z}/{x}/{y}: {ms:8.2} ms, {} bytes",
                tile.map_or(0, |tile| tile.len())
            )?;
        }
    }
    Ok(())
}
