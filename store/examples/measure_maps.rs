//! Measures what a map's share of reading costs on a global 1/12 degree current: cold, warm, and the whole world.
//!
//! `cargo run --release -p driftline-store --example measure_maps`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints and may stop"
)]

use std::convert::Infallible;
use std::time::Instant;

use driftline_compute::Compute;
use driftline_domain::{
    BBox, Composition, Ellipsoid, ForcingKind, GridSpec, ProjectedGrid, Projection, RegularGrid, RunTime, ValidTime,
    VectorField, wrap_lon_deg,
};
use driftline_store::{CycleIdentity, NewSeries, Published, SeriesRef, Store};
use jiff::Timestamp;

const STEPS: usize = 12;

/// 800 m off Norway, as NorKyst has it.
fn polar() -> GridSpec {
    GridSpec::Projected(ProjectedGrid {
        projection: Projection::PolarStereographic {
            lat_ts_deg: 60.0,
            lon0_deg: 70.0,
            false_easting_m: 0.0,
            false_northing_m: 0.0,
            ellipsoid: Ellipsoid::sphere(6_371_000.0),
        },
        nx: 2600,
        ny: 900,
        x0_m: -3_900_000.0,
        y0_m: -1_700_000.0,
        dx_m: 800.0,
        dy_m: 800.0,
    })
}

fn globe() -> GridSpec {
    GridSpec::Regular(RegularGrid {
        nx: 4320,
        ny: 2041,
        lon0_deg: -180.0,
        lat0_deg: -80.0,
        dlon_deg: 1.0 / 12.0,
        dlat_deg: 1.0 / 12.0,
    })
}

/// Eddies with the noise of a millimetre, and a third of the globe as land.
fn field(grid: &GridSpec, step: usize) -> VectorField {
    let (nx, ny) = (grid.nx(), grid.ny());
    let mut noise = 88_172_645_463_325_252_u64 + step as u64;
    let mut east = Vec::with_capacity(nx * ny);
    for j in 0..ny {
        for i in 0..nx {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let (x, y) = (i as f32 / 60.0, j as f32 / 60.0);
            let land = (x / 9.0).sin() + (y / 7.0).cos() > 0.9;
            let eddy = (x + step as f32 * 0.1).sin() * (y * 1.3).cos() * 0.4;
            east.push(if land {
                f32::NAN
            } else {
                eddy + (noise % 16) as f32 * 0.001
            });
        }
    }
    let north = east.iter().map(|value| value * 0.7 - 0.05).collect();
    VectorField { east, north }
}

async fn published(store: &Store, feed: &str, grid: GridSpec) -> SeriesRef {
    let start = 1_700_000_000;
    let identity = CycleIdentity {
        feed: feed.to_owned(),
        run: RunTime::from_unix_s(start).unwrap(),
        sources: Vec::new(),
        attribution: None,
        horizon: None,
        marks: Vec::new(),
    };
    let mut cycle = store.begin_cycle(identity).await.unwrap().unwrap();
    let times = (0..STEPS).map(|step| ValidTime::from_unix_s(start + 3600 * step as i64).unwrap());
    let step_sources = vec![Vec::new(); STEPS];
    let series = NewSeries {
        group: "current".to_owned(),
        kind: ForcingKind::Current,
        grid: grid.clone(),
        times: times.collect(),
        composition: Composition::Unstated,
        level: "0 m".to_owned(),
        source_variables: ["u".to_owned(), "v".to_owned()],
        attribution: None,
        step_sources,
    };
    cycle
        .add_series(series, move |step| Ok::<_, Infallible>(field(&grid, step)))
        .await
        .unwrap();
    let Published::New(cycle) = cycle.publish(Timestamp::now()).await.unwrap() else {
        unreachable!("the store is new")
    };
    SeriesRef { cycle, index: 0 }
}

/// The box of a 256 pixel tile at this zoom, about this place, and the width of two of its pixels in metres.
fn tile(zoom: u32, lon: f64, lat: f64) -> (BBox, f64) {
    let width = 360.0 / f64::from(1_u32 << zoom);
    let metres = 40_075_017.0 / f64::from(1_u32 << zoom) * lat.to_radians().cos();
    let half = width / 2.0;
    let north_half = half * lat.to_radians().cos();
    let (south, north) = ((lat - north_half).max(-85.0), (lat + north_half).min(85.0));
    let bbox = if zoom == 0 {
        BBox::new(-180.0, -85.0, 180.0, 85.0)
    } else {
        BBox::new(wrap_lon_deg(lon - half), south, wrap_lon_deg(lon + half), north)
    };
    (bbox.unwrap(), 2.0 * metres / 256.0)
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Compute::with_all_cores().unwrap())
        .await
        .unwrap();
    for (name, grid, lon, lat, zooms) in [
        ("globe", globe(), -40.0, 40.0, [0, 2, 4, 6, 8, 10]),
        ("norway", polar(), 5.0, 61.0, [3, 5, 6, 7, 9, 11]),
    ] {
        let began = Instant::now();
        let series = published(&store, name, grid).await;
        let bytes: u64 = series.cycle.manifest.objects.iter().map(|object| object.bytes).sum();
        println!(
            "{name}: published {STEPS} steps, {:.0} MB, in {:.1} s",
            bytes as f64 / 1e6,
            began.elapsed().as_secs_f64()
        );
        for zoom in zooms {
            measure(&store, &series, zoom, tile(zoom, lon, lat)).await;
        }
    }
}

async fn measure(store: &Store, series: &SeriesRef, zoom: u32, (bbox, max_cell_m): (BBox, f64)) {
    const ROUNDS: usize = 200;
    let ms = |began: Instant| began.elapsed().as_secs_f64() * 1e3;
    let began = Instant::now();
    let Some(slab) = store.slab(series, &bbox, 0, max_cell_m).await.unwrap() else {
        println!("zoom {zoom}: nothing there");
        return;
    };
    let cold_ms = ms(began);
    let began = Instant::now();
    for round in 0..ROUNDS {
        store.slab(series, &bbox, round % 6, max_cell_m).await.unwrap();
    }
    println!(
        "zoom {zoom}: {} x {} nodes of {:.1} km; cold {cold_ms:.1} ms, warm {:.4} ms",
        slab.grid.nx(),
        slab.grid.ny(),
        slab.grid.cell_m() / 1000.0,
        ms(began) / ROUNDS as f64
    );
}
