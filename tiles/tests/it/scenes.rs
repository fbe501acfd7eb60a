//! What tests and measurements draw: areas, clouds of probability, numbers that look random.

use driftline_tiles::AreaShape;
use driftline_tiles::cog::{RasterBand, RasterStack};
use geo::{LineString, MultiPolygon, Polygon};

fn ellipse(lon: f64, lat: f64, width: f64) -> Polygon<f64> {
    let places = (0..=60).map(|k| {
        let angle = f64::from(k) / 60.0 * std::f64::consts::TAU;
        let wave = 1.0 + 0.15 * (3.0 * angle).sin();
        (lon + width * wave * angle.cos(), lat + 0.5 * width * wave * angle.sin())
    });
    Polygon::new(LineString::from(places.collect::<Vec<_>>()), vec![])
}

/// Areas of three levels in two parts each.
pub(crate) fn areas() -> Vec<AreaShape> {
    let of = |level: f64, width: f64| AreaShape {
        level,
        polygons: MultiPolygon::new(vec![ellipse(4.0, 60.0, width), ellipse(7.0, 60.8, width / 4.0)]),
    };
    vec![of(0.5, 0.8), of(0.9, 1.5), of(0.95, 1.9)]
}

/// Clouds that wander and spread, as a run's probability does; zero far from them.
pub(crate) fn clouds(nx: usize, ny: usize, bands: usize) -> RasterStack {
    let band = |k: usize| {
        let (x0, y0, width) = (0.3 + 0.004 * k as f64, 0.6 - 0.003 * k as f64, 0.02 + 0.001 * k as f64);
        let values = (0..nx * ny).map(|at| {
            let (x, y) = ((at % nx) as f64 / nx as f64 - x0, (at / nx) as f64 / ny as f64 - y0);
            let far = (x * x + 2.0 * y * y + x * y) / (2.0 * width * width);
            if far > 12.0 {
                0.0
            } else {
                (1e-2 * (-far).exp() / width) as f32
            }
        });
        RasterBand {
            description: format!("2026-01-01T{k:02}:00:00Z"),
            values: values.collect(),
        }
    };
    RasterStack {
        west: 2.0,
        north: 62.0,
        dlon: 4.0 / nx as f64,
        dlat: 2.0 / ny as f64,
        nx,
        ny,
        bands: (0..bands).map(band).collect(),
        unit: "km-2".to_owned(),
        title: "Probability density of a drifting \"raft\" <demo>".to_owned(),
        attribution: vec![
            "Contains modified data & models of MET Norway".to_owned(),
            "GSHHG".to_owned(),
        ],
        metadata: vec![("RUN".to_owned(), "run_1".to_owned())],
        missing: driftline_tiles::cog::Missing::Zero,
    }
}

/// Pseudo-random numbers in [0, 1), the same each time (Numerical Recipes, ranqd1).
pub(crate) fn numbers(seed: u32) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1u32 << 24)
    }
}
