//! temporary
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]
use driftline_coast::Coast;
use driftline_domain::*;
use driftline_leeway::*;
use std::time::Instant;
fn src(grid: GridSpec, hours: i64, s: f64) -> Source {
    let f = |h: i64| {
        let mut east = vec![]; let mut north = vec![];
        for j in 0..grid.ny() { for i in 0..grid.nx() {
            let a = (i as f64 * 0.13 + h as f64 * 0.05).sin() * s; let b = (j as f64 * 0.11 + h as f64*0.03).cos() * s;
            east.push(a as f32); north.push(b as f32);
        }}
        VectorField { east, north }
    };
    Source { grid, times_s: (0..=hours).map(|h| 1_447_632_000 + h * 3600).collect(), fields: (0..=hours).map(f).collect() }
}
fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let v: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect(); (v[11].parse::<f64>().unwrap() + v[12].parse::<f64>().unwrap()) / 100.0 }
fn main() {
    let n: u32 = std::env::args().nth(1).map_or(100_000, |x| x.parse().unwrap());
    let hours = 48;
    let reg = |d: f64, w: f64| { let k = (2.0 * w / d) as usize + 1; GridSpec::Regular(RegularGrid { nx: k, ny: k, lon0_deg: 3.0 - w, lat0_deg: 64.0 - w, dlon_deg: d, dlat_deg: d }) };
    let polar = Projection::PolarStereographic { lat_ts_deg: 60.0, lon0_deg: 70.0, false_easting_m: 0.0, false_northing_m: 0.0, ellipsoid: Ellipsoid::sphere(6_371_000.0) };
    let lam = Projection::LambertConformal { lat1_deg: 63.3, lat2_deg: 63.3, lat0_deg: 63.3, lon0_deg: 15.0, false_easting_m: 0.0, false_northing_m: 0.0, ellipsoid: Ellipsoid::sphere(6_371_000.0) };
    let proj = |p: Projection, d: f64, r: f64| { let (x, y) = p.projector().forward(3.0, 64.0); let k = (2.0 * r / d) as usize + 1; GridSpec::Projected(ProjectedGrid { projection: p, nx: k, ny: k, x0_m: x - r, y0_m: y - r, dx_m: d, dy_m: d }) };
    let coast = Coast::embedded().unwrap();
    rayon::ThreadPoolBuilder::new().num_threads(std::env::args().nth(2).map_or(1, |x| x.parse().unwrap())).build_global().unwrap();
    for (name, cur, wind) in [("regular", reg(1.0 / 12.0, 8.0), reg(0.25, 8.0)), ("projected", proj(polar, 4000.0, 600_000.0), proj(lam, 2500.0, 700_000.0))] {
        let forcing = Forcing::prepare(vec![src(cur, hours, 0.4)], vec![src(wind, hours, 9.0)]).unwrap();
        for full in [false, true] {
            let class = ObjectClass::find("PIW-1").unwrap();
            let spec = RunSpec {
                groups: vec![Group { class, changes: vec![], release: Release { position: LatLon::new(64.0, 3.0).unwrap(), sigma_m: 5_000.0, time_s: 1_447_632_000 }, particles: n, currents: vec![0], winds: vec![0] }],
                start_s: 1_447_632_000, steps: 288, step_s: 600, steps_per_output: 6, seed: 5,
                current_error: CurrentError { sigma_ms: 0.25, tau_s: 43200.0 },
                wind_error: if full { CurrentError { sigma_ms: 1.5, tau_s: 43200.0 } } else { CurrentError { sigma_ms: 0.0, tau_s: 0.0 } },
                slow_coefficients: if full { SlowCoefficients { share: 0.3, tau_s: 43200.0 } } else { SlowCoefficients::NONE },
                jibe_per_hour: 0.04, coefficient_spread: true, capsizing: false, coast_action: CoastAction::Stranding,
            };
            for _ in 0..3 {
                let (t, c) = (Instant::now(), cpu());
                let out = run(&spec, &forcing, &coast, &|_| Continue::Go).unwrap();
                let (w, c) = (t.elapsed().as_secs_f64(), cpu() - c);
                let ps = out.stats.particle_steps as f64;
                let last = out.snapshots.last().unwrap();
                let mut h = 0u64; for x in last.lon_deg.iter().chain(&last.lat_deg) { h = h.rotate_left(5) ^ x.to_bits().wrapping_mul(0x9E3779B97F4A7C15); }
                println!("{name} full={full} n={n} ps={ps} wall {:.1} ns cpu {:.1} ns {:.1} M/s stranded {} extrap {} hash {h:x}", w / ps * 1e9, c / ps * 1e9, ps / c / 1e6, out.ended.iter().flatten().count(), out.stats.coast_extrapolated);
            }
        }
    }
}
