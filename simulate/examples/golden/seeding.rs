//! Seeds, as far as they do not depend on the random stream: lattices of polygons, axes and times of cones, and how far
//! from the centre evenly scattered seeds lie.

use driftline_domain::{LatLon, ValidTime};
use driftline_leeway::parity::{Scatter, Seed, SeedPlan, Shape, seeds};
use serde_json::Value;

use crate::input::{Failure, class, distance_m, number, numbers, texts};
use crate::line::Line;

/// Single precision at 60 degrees, and the parameters of the reference's plane, which it writes with six decimals.
const LATTICE_M: f64 = 1.0;
/// The reference keeps microseconds.
const TIME_S: f64 = 1e-5;

/// A file with `uniform`, `cone` and `polygon`.
pub(crate) fn compare(json: &Value) -> Result<Line, Failure> {
    let class = class(json["object"].as_str().unwrap_or_default())?;
    let (mut distances_m, mut compared, mut wrong) = (Vec::new(), 0, 0);
    if let Some(polygon) = json.get("polygon") {
        let theirs = places(&polygon["result"])?;
        let corners = numbers(polygon, "lons")?.into_iter().zip(numbers(polygon, "lats")?);
        let ours = seeds(
            &plan(theirs.len(), Shape::Polygons(vec![corners.collect()]), vec![0.0]),
            class,
        )?;
        compared += theirs.len();
        distances_m.extend(
            ours.iter()
                .zip(&theirs)
                .map(|(seed, place)| distance_m(of(seed), *place)),
        );
    }
    let mut further = Vec::new();
    if let Some(cone) = json.get("cone") {
        let found = compare_cone(cone, class)?;
        compared += found.compared;
        wrong += found.wrong;
        further.push(("cone_scatter", found.scatter));
    }
    if let Some(uniform) = json.get("uniform") {
        let (lon, lat, radius_m) = (
            number(uniform, "lon")?,
            number(uniform, "lat")?,
            number(uniform, "radius_m")?,
        );
        let theirs = places(&uniform["result"])?;
        let shape = Shape::Point {
            position: LatLon::new(lat, lon)?,
            radius_m,
        };
        let ours = seeds(&plan(theirs.len(), shape, vec![0.0]), class)?;
        let ours: Vec<(f64, f64)> = ours.iter().map(of).collect();
        for (name, places) in [("uniform_scatter", &ours), ("uniform_scatter_reference", &theirs)] {
            let shares = places.iter().map(|place| distance_m(*place, (lon, lat)) / radius_m);
            // Evenly within a circle the mean square is a half; its standard error is sqrt(1/12/n).
            let mean = shares.clone().map(|share| share * share).sum::<f64>() / places.len() as f64;
            let error = (1.0 / 12.0 / places.len() as f64).sqrt();
            wrong += shares.filter(|share| *share > 1.001).count() + usize::from((mean - 0.5).abs() > 3.0 * error);
            compared += places.len();
            further.push((name, mean));
        }
    }
    let line = Line::of(compared, distances_m, wrong);
    let largest_m = line.quantile_m(1.0);
    let line = further
        .into_iter()
        .fold(line, |line, (name, value)| line.with(name, value));
    Ok(line.within(wrong == 0 && largest_m <= LATTICE_M))
}

struct Cone {
    compared: usize,
    wrong: usize,
    scatter: f64,
}

/// Their places scatter about our axis as their radii say, and times are the same.
fn compare_cone(cone: &Value, class: &driftline_domain::ObjectClass) -> Result<Cone, Failure> {
    let theirs = places(&cone["result"])?;
    let (lon, lat) = (numbers(cone, "lon")?, numbers(cone, "lat")?);
    let (radius_m, hours) = (numbers(cone, "radius_m")?, numbers(cone, "hours")?);
    let [ends, radii, hours] = [&lon, &radius_m, &hours].map(|list| (list[0], list[list.len() - 1]));
    let shape = Shape::Cone {
        ends: [LatLon::new(lat[0], ends.0)?, LatLon::new(lat[lat.len() - 1], ends.1)?],
        radius_m: [0.0, 0.0],
    };
    let result_times = if cone["result"].get("times").is_some() {
        &cone["result"]
    } else {
        cone
    };
    let times = texts(result_times, "times")?;
    let first_s = seconds(times.first().copied().unwrap_or_default())?;
    let between = vec![first_s, first_s + (hours.1 - hours.0) * 3_600.0];
    let ours = seeds(&plan(theirs.len(), shape, between), class)?;
    let last = (theirs.len() - 1) as f64;
    let (mut wrong, mut squares) = (0, 0.0);
    for (k, (seed, place)) in ours.iter().zip(&theirs).enumerate() {
        let radius_m = radii.0 + (radii.1 - radii.0) * k as f64 / last;
        squares += (distance_m(of(seed), *place) / radius_m).powi(2);
        let time_s = seconds(times.get(k).copied().unwrap_or_default())?;
        wrong += usize::from((time_s - seed.release_s).abs() > TIME_S);
    }
    // The mean square of two normals is 2, its standard error sqrt(4/n).
    let scatter = squares / theirs.len() as f64;
    wrong += usize::from((scatter - 2.0).abs() > 3.0 * (4.0 / theirs.len() as f64).sqrt());
    Ok(Cone {
        compared: theirs.len() + times.len(),
        wrong,
        scatter,
    })
}

fn plan(number: usize, shape: Shape, release_s: Vec<f64>) -> SeedPlan {
    SeedPlan {
        number: number as u32,
        shape,
        scatter: Scatter::Uniform,
        release_s,
        seed: 3,
        spread: false,
    }
}

fn places(json: &Value) -> Result<Vec<(f64, f64)>, Failure> {
    Ok(numbers(json, "lon")?.into_iter().zip(numbers(json, "lat")?).collect())
}

fn of(seed: &Seed) -> (f64, f64) {
    (seed.lon_deg.into(), seed.lat_deg.into())
}

/// Seconds since 1970 with fractions.
fn seconds(text: &str) -> Result<f64, Failure> {
    let time: ValidTime = format!("{}Z", text.replace(' ', "T")).parse()?;
    Ok(time.0.as_microsecond() as f64 / 1e6)
}
