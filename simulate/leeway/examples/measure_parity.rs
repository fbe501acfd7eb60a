//! Throughput of parity mode on one thread, in particle-steps per second, on synthetic grids: currents of 1/12 degree and
//! wind of 0.25 degree, then the same on map projections with components along the grid's axes, as native files have them.
//! Where the system tells a thread's processor time (Linux), that is given beside the time on the clock.
//!
//! `cargo run --release -p driftline-leeway --example measure_parity`

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::error::Error;
use std::time::Instant;

use driftline_coast::Coast;
use driftline_domain::{
    ComponentAxes, Ellipsoid, GridSpec, LatLon, ObjectClass, ProjectedGrid, Projection, RegularGrid, VectorField,
};
use driftline_leeway::Continue;
use driftline_leeway::parity::{Forcing, NativeSource, RunSpec, Scatter, SeedPlan, Shape, Source, run, seeds};

const START_S: i64 = 1_447_632_000;
const HOURS: u32 = 24;
const PARTICLES: u32 = 20_000;
const REPEATS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let class = ObjectClass::find("PIW-1").ok_or("no such class")?;
    // The one thread is this one, so that its processor time can be asked for.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build()?;
    let plan = SeedPlan {
        number: PARTICLES,
        shape: Shape::Point {
            position: LatLon::new(60.2, 3.9)?,
            radius_m: 2_000.0,
        },
        scatter: Scatter::Gaussian,
        release_s: vec![START_S as f64],
        seed: 1,
        spread: true,
    };
    let spec = RunSpec::forward(START_S, HOURS);
    let (coast, particles) = (Coast::embedded()?, seeds(&plan, class)?);
    for (name, current, wind) in [
        (
            "regular grids",
            degrees(1.0, 57.5, 1.0 / 12.0),
            degrees(1.0, 57.5, 0.25),
        ),
        ("native grids", polar(), lambert()),
    ] {
        let forcing = Forcing::prepare(vec![source(current, 0.4)], vec![source(wind, 9.0)], vec![])?;
        let (mut clock_s, mut cpu_s) = (Vec::new(), Vec::new());
        let mut outcome = None;
        for _ in 0..REPEATS {
            let (began, cpu_began_s) = (Instant::now(), thread_cpu_s());
            outcome = Some(pool.install(|| run(&spec, &particles, &forcing, &coast, &|_| Continue::Go))?);
            clock_s.push(began.elapsed().as_secs_f64());
            cpu_s.extend(thread_cpu_s().zip(cpu_began_s).map(|(end_s, start_s)| end_s - start_s));
        }
        let outcome = outcome.ok_or("no run")?;
        let steps = outcome.stats.particle_steps as f64;
        let rate = |mut seconds: Vec<f64>| {
            seconds.sort_by(f64::total_cmp);
            seconds
                .get(REPEATS / 2)
                .map_or(f64::NAN, |middle_s| steps / middle_s / 1e6)
        };
        println!(
            "{name}: {:.2} million particle-steps/s by the clock, {:.2} by processor time; {steps} steps, {} jibes, \
             final bits {:016x}",
            rate(clock_s),
            rate(cpu_s),
            outcome.stats.jibes,
            bits(&outcome)
        );
    }
    Ok(())
}

/// Processor time of this thread so far.
fn thread_cpu_s() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse::<f64>().ok().map(|ns| ns / 1e9)
}

fn degrees(lon0_deg: f64, lat0_deg: f64, spacing_deg: f64) -> (GridSpec, ComponentAxes) {
    let grid = RegularGrid {
        nx: (6.0 / spacing_deg) as usize,
        ny: (6.0 / spacing_deg) as usize,
        lon0_deg,
        lat0_deg,
        dlon_deg: spacing_deg,
        dlat_deg: spacing_deg,
    };
    (GridSpec::Regular(grid), ComponentAxes::EastNorth)
}

fn map(projection: Projection, nodes: usize, spacing_m: f64) -> (GridSpec, ComponentAxes) {
    let (x_m, y_m) = projection.forward(4.0, 60.3);
    let half_m = spacing_m * (nodes / 2) as f64;
    let grid = ProjectedGrid {
        projection,
        nx: nodes,
        ny: nodes,
        x0_m: x_m - half_m,
        y0_m: y_m - half_m,
        dx_m: spacing_m,
        dy_m: spacing_m,
    };
    (GridSpec::Projected(grid), ComponentAxes::Grid)
}

fn polar() -> (GridSpec, ComponentAxes) {
    let projection = Projection::PolarStereographic {
        lat_ts_deg: 60.0,
        lon0_deg: 70.0,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid: Ellipsoid::sphere(6_371_000.0),
    };
    map(projection, 401, 800.0)
}

fn lambert() -> (GridSpec, ComponentAxes) {
    let projection = Projection::LambertConformal {
        lat1_deg: 63.0,
        lat2_deg: 63.0,
        lat0_deg: 63.0,
        lon0_deg: 15.0,
        false_easting_m: 0.0,
        false_northing_m: 0.0,
        ellipsoid: Ellipsoid::sphere(6_371_000.0),
    };
    map(projection, 161, 2_500.0)
}

fn source((grid, axes): (GridSpec, ComponentAxes), speed_ms: f64) -> Source {
    let field = |hour: u32| {
        let at = |node: usize, phase: f64| {
            let (i, j) = ((node % grid.nx()) as f64, (node / grid.nx()) as f64);
            (speed_ms * libm::sin(0.07 * i + 0.05 * j + 0.3 * f64::from(hour) + phase)) as f32
        };
        VectorField {
            east: (0..grid.len()).map(|node| at(node, 0.0)).collect(),
            north: (0..grid.len()).map(|node| at(node, 1.3)).collect(),
        }
    };
    Source::Native(NativeSource {
        grid: grid.clone(),
        axes,
        times_s: (0..=i64::from(HOURS)).map(|hour| START_S + hour * 3_600).collect(),
        fields: (0..=HOURS).map(field).collect(),
    })
}

/// A fold of the final positions' bits: the same on any machine and any number of threads.
fn bits(outcome: &driftline_leeway::Outcome) -> u64 {
    let last = outcome.snapshots.last();
    let values = last
        .into_iter()
        .flat_map(|last| last.lon_deg.iter().chain(&last.lat_deg));
    values.fold(0, |sum, value| sum.rotate_left(5) ^ value.to_bits())
}
