//! How long quality control looks at a step of a global quarter-degree wind: one JSON line. Smooth made fields, since what
//! they hold does not matter to the time.

#![expect(clippy::print_stdout, reason = "the measurement is what it prints")]

use std::time::Instant;

use driftline_domain::{ForcingKind, GridSpec, RegularGrid, ValidTime, VectorField};
use driftline_ingest::{Expectation, SeriesCheck};

const STEPS: i64 = 24;

fn main() {
    let grid = GridSpec::Regular(RegularGrid {
        nx: 1440,
        ny: 721,
        lon0_deg: -180.0,
        lat0_deg: -90.0,
        dlon_deg: 0.25,
        dlat_deg: 0.25,
    });
    let coast = driftline_coast::Coast::embedded().ok();
    let mut check = SeriesCheck::new(&Expectation::of(ForcingKind::Wind), &grid, coast.as_ref());
    let mut looking_s = 0.0;
    for hour in 0..STEPS {
        let field = field(&grid, hour);
        let Some(time) = ValidTime::from_unix_s(3600 * hour) else {
            continue;
        };
        let begin = Instant::now();
        check.look(time, &field);
        looking_s += begin.elapsed().as_secs_f64();
    }
    let begin = Instant::now();
    let verdict = check.verdict();
    println!(
        "{{\"nodes\": {}, \"steps\": {STEPS}, \"ms_per_step\": {:.2}, \"verdict_ms\": {:.1}, \"refused\": {}}}",
        grid.len(),
        looking_s * 1e3 / STEPS as f64,
        begin.elapsed().as_secs_f64() * 1e3,
        verdict.refused.is_some()
    );
}

fn field(grid: &GridSpec, hour: i64) -> VectorField {
    let value = |node: usize, phase: f64| {
        let (i, j) = ((node % grid.nx()) as f64, (node / grid.nx()) as f64);
        (10.0 * (i / 80.0 + phase + 0.02 * hour as f64).sin() * (j / 90.0).cos() + 2.0) as f32
    };
    VectorField {
        east: (0..grid.len()).map(|node| value(node, 0.0)).collect(),
        north: (0..grid.len()).map(|node| value(node, 1.0)).collect(),
    }
}
