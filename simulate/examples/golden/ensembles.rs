//! Ensembles with their own random numbers: the reference's three seeds tell how much such ensembles differ by chance.

use std::collections::BTreeMap;

use driftline_domain::LatLon;
use driftline_leeway::parity::{RunSpec, Scatter, SeedPlan, Shape, run, seeds, to_ocean};
use driftline_leeway::{Continue, Snapshot, Status};
use serde_json::Value;

use crate::input::{Failure, Inputs, class, number, numbers, texts, time_s};
use crate::line::Line;

/// Hours that are looked at.
const HOURS: [usize; 5] = [1, 6, 12, 18, 24];
/// How far the axes of the ellipse may differ.
const AXES: f64 = 0.05;

/// Mean in degrees, covariance xx, xy, yy in m2, and stranded fraction, in the plane of the reference.
struct Moments {
    mean: [f64; 2],
    covariance: [f64; 3],
    stranded: f64,
}

/// A file with `runs`.
pub(crate) fn compare(json: &Value, inputs: &Inputs) -> Result<Line, Failure> {
    let forcing = inputs.forcing(texts(json, "forcing")?.into_iter())?;
    let runs = json["runs"].as_array().ok_or("'runs' is not a list")?;
    let mut groups: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
    for run in runs {
        let name = |key: &str| run[key].as_str().unwrap_or_default().to_owned();
        groups.entry((name("object"), name("place"))).or_default().push(run);
    }
    let (mut means_m, mut compared, mut beyond, mut worst_axis, mut worst_stranded) =
        (Vec::new(), 0, 0, 0.0f64, 0.0f64);
    for ((object, _), seeds_of_reference) in &groups {
        let first = seeds_of_reference[0];
        let outcome = {
            let plan = plan(first)?;
            let mut particles = seeds(&plan, class(object)?)?;
            to_ocean(&mut particles, &inputs.coast);
            run(&spec(first)?, &particles, &forcing, &inputs.coast, &|_| Continue::Go)?
        };
        for hour in HOURS.into_iter().filter(|hour| *hour < outcome.snapshots.len()) {
            let found = judge(&moments(&outcome.snapshots[hour]), seeds_of_reference, hour)?;
            compared += 1;
            means_m.push(found.mean_m);
            beyond += usize::from(!found.within);
            worst_axis = worst_axis.max(found.axis);
            worst_stranded = worst_stranded.max(found.stranded);
        }
    }
    Ok(Line::of(compared, means_m, beyond)
        .with("groups", groups.len())
        .with("worst_axis_share", worst_axis)
        .with("worst_stranded_difference", worst_stranded)
        .within(beyond == 0))
}

fn plan(json: &Value) -> Result<SeedPlan, Failure> {
    Ok(SeedPlan {
        number: number(json, "n")? as u32,
        shape: Shape::Point {
            position: LatLon::new(number(json, "lat")?, number(json, "lon")?)?,
            radius_m: number(json, "radius_m")?,
        },
        scatter: if json["radius_type"] == "uniform" {
            Scatter::Uniform
        } else {
            Scatter::Gaussian
        },
        release_s: vec![time_s(json, "start")? as f64],
        seed: 11,
        spread: true,
    })
}

fn spec(json: &Value) -> Result<RunSpec, Failure> {
    let step_s = number(json, "dt_s")? as i32;
    let per_hour = 3_600 / step_s.unsigned_abs().max(1);
    Ok(RunSpec {
        step_s,
        steps: number(json, "hours")? as u32 * per_hour,
        steps_per_output: per_hour,
        seed: 11,
        jibe_per_hour: number(json, "jibe_per_h")?,
        ..RunSpec::forward(time_s(json, "start")?, 0)
    })
}

fn moments(at: &Snapshot) -> Moments {
    let n = at.lon_deg.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (lon, lat) = (mean(&at.lon_deg), mean(&at.lat_deg));
    let (x_m, y_m) = metres(lat);
    let places = at.lon_deg.iter().zip(&at.lat_deg);
    let sums = places.fold([0.0; 3], |sum, (a, b)| {
        let (x, y) = ((a - lon) * x_m, (b - lat) * y_m);
        [sum[0] + x * x, sum[1] + x * y, sum[2] + y * y]
    });
    Moments {
        mean: [lon, lat],
        covariance: sums.map(|sum| sum / (n - 1.0)),
        stranded: at.status.iter().filter(|status| **status == Status::Stranded).count() as f64 / n,
    }
}

fn metres(lat_deg: f64) -> (f64, f64) {
    (111_320.0 * libm::cos(lat_deg.to_radians()), 110_574.0)
}

/// Standard deviations along the axes of the ellipse.
fn axes(covariance: &[f64]) -> [f64; 2] {
    let [xx, xy, yy] = [0, 1, 2].map(|k| covariance.get(k).copied().unwrap_or(f64::NAN));
    let (half, root) = ((xx + yy) / 2.0, libm::hypot((xx - yy) / 2.0, xy));
    [(half + root).sqrt(), (half - root).sqrt()]
}

struct Found {
    mean_m: f64,
    axis: f64,
    stranded: f64,
    within: bool,
}

/// Ours against the reference's seeds: the mean within three standard errors and their spread, axes within 5 %, the
/// stranded fraction within three binomial standard errors and their spread.
fn judge(ours: &Moments, runs: &[&Value], hour: usize) -> Result<Found, Failure> {
    let hours: Vec<&Value> = runs.iter().map(|run| &run["hourly"][hour]).collect();
    let count = number(runs[0], "n")?;
    // Ours and the mean of theirs are two independent estimates.
    let widen = (1.0 + 1.0 / runs.len() as f64).sqrt();
    let middle = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let spread = |values: &[f64]| {
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                (low.min(*x), high.max(*x))
            });
        high - low
    };
    let (x_m, y_m) = metres(ours.mean[1]);
    let (mut within, mut mean_m, mut axis) = (true, 0.0, 0.0f64);
    for (k, (name, per_degree_m)) in [("mean_lon", x_m), ("mean_lat", y_m)].into_iter().enumerate() {
        let theirs: Vec<f64> = hours
            .iter()
            .map(|hour| number(&hour["all"], name))
            .collect::<Result<_, _>>()?;
        let off_m = (ours.mean[k] - middle(&theirs)).abs() * per_degree_m;
        let error_m = (ours.covariance[k * 2] / count).sqrt() * widen;
        within &= off_m <= 3.0 * error_m + spread(&theirs) * per_degree_m;
        mean_m = libm::hypot(mean_m, off_m);
    }
    let their_axes: Vec<[f64; 2]> = hours
        .iter()
        .map(|hour| Ok(axes(&numbers(&hour["all"], "cov_m2")?)))
        .collect::<Result<_, Failure>>()?;
    for (k, ours) in axes(&ours.covariance).into_iter().enumerate() {
        let theirs: Vec<f64> = their_axes.iter().map(|axes| axes[k]).collect();
        axis = axis.max((ours / middle(&theirs) - 1.0).abs());
    }
    let theirs: Vec<f64> = hours
        .iter()
        .map(|hour| number(hour, "fraction_stranded"))
        .collect::<Result<_, _>>()?;
    let p = middle(&theirs);
    let stranded = (ours.stranded - p).abs();
    let allowed = 3.0 * (p * (1.0 - p) / count).sqrt() * widen + spread(&theirs);
    within &= axis <= AXES && stranded <= allowed;
    Ok(Found {
        mean_m,
        axis,
        stranded,
        within,
    })
}
