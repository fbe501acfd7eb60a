//! Decoded fields against what another implementation (OpenDrift 1.14.12) reads from the same files: 300 random
//! points and hours per forcing set, east and north values, bilinear in space and linear in time.
//!
//! Bounds. Rotating at nodes and interpolating differs from interpolating and rotating at the point by at most
//! speed x (angle across a cell)^2 / 8 per component: a cell of NorKyst is 2.7e-4 rad wide, one of AROME 7e-4 rad, so this is
//! below 1e-7 of the speed. Both sides find the angle from a step of 10 m on an ellipsoid and keep values and coordinates
//! in single precision: 2e-6 degree of a cell of 0.02 degree moves a current that changes by 1 m/s per cell by 0.1 mm/s, and a
//! turn by 1e-4 rad moves a wind of 20 m/s by 2 mm/s. Hence 0.2 mm/s for currents and 2 mm/s for wind at the worst point,
//! with a median far below. Any mistake in the grid, the packing, the turn or the time is larger by orders of magnitude.
//!
//! Near land the other model fills holes; points with a missing corner are left out here.

use driftline_decode::ForcingFile;
use driftline_domain::{GridPoint, VectorField};

use crate::{data, open};

struct Golden {
    unix_s: f64,
    lon_deg: f64,
    lat_deg: f64,
    wind: [f64; 2],
    current: [f64; 2],
}

fn golden(set: &str) -> Vec<Golden> {
    let text = std::fs::read_to_string(data("golden").join("interpolation.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("forcing,hours_after_20151116T00,lon,lat,x_wind,y_wind,u,v,land")
    );
    let rows = lines.filter_map(|line| line.strip_prefix(set)?.strip_prefix(','));
    let rows: Vec<Golden> = rows
        .map(|line| {
            let n: Vec<f64> = line.split(',').map(|word| word.parse().unwrap_or(f64::NAN)).collect();
            Golden {
                unix_s: 1_447_632_000.0 + n[0] * 3600.0,
                lon_deg: n[1],
                lat_deg: n[2],
                wind: [n[3], n[4]],
                current: [n[5], n[6]],
            }
        })
        .collect();
    assert_eq!(rows.len(), 300);
    rows
}

fn bilinear(field: &VectorField, nx: usize, point: GridPoint) -> [f64; 2] {
    let (i, j) = (point.i.floor().min(nx as f64 - 2.0), point.j.floor());
    let (di, dj) = (point.i - i, point.j - j);
    let at = |values: &[f32], i: usize, j: usize| f64::from(values[j * nx + i]);
    let (i, j) = (i as usize, j as usize);
    [&field.east, &field.north].map(|values| {
        let south = at(values, i, j) * (1.0 - di) + at(values, i + 1, j) * di;
        let north = at(values, i, j + 1) * (1.0 - di) + at(values, i + 1, j + 1) * di;
        south * (1.0 - dj) + north * dj
    })
}

/// East and north at a place and time; `None` outside.
fn sample(file: &ForcingFile, golden: &Golden) -> Option<[f64; 2]> {
    let series = &file.series()[0];
    let point = series.grid.fraction(golden.lon_deg, golden.lat_deg)?;
    let after = series
        .times
        .iter()
        .position(|time| time.unix_s() as f64 >= golden.unix_s)?;
    let (before, after) = (after.saturating_sub(1), after);
    let values = [before, after].map(|step| bilinear(&file.read(0, step).unwrap(), series.grid.nx(), point));
    let [start, end] = [before, after].map(|step| series.times[step].unix_s() as f64);
    let share = if end > start {
        (golden.unix_s - start) / (end - start)
    } else {
        1.0
    };
    // At a step's own time the step before must not matter, not even as a missing value.
    let blend = |k: usize| {
        if share == 1.0 {
            values[1][k]
        } else {
            values[0][k] * (1.0 - share) + values[1][k] * share
        }
    };
    Some([blend(0), blend(1)])
}

/// Compares and returns (points compared, median difference, largest difference) in m/s.
fn compare(name: &str, set: &str, expected: impl Fn(&Golden) -> [f64; 2]) -> (usize, f64, f64) {
    let file = open(name);
    let mut differences = Vec::new();
    for golden in golden(set) {
        let Some(found) = sample(&file, &golden) else { continue };
        let expected = expected(&golden);
        if found[0].is_nan() || expected[0].is_nan() {
            continue;
        }
        differences.push((found[0] - expected[0]).hypot(found[1] - expected[1]));
    }
    differences.sort_by(f64::total_cmp);
    let result = (
        differences.len(),
        differences[differences.len() / 2],
        differences[differences.len() - 1],
    );
    println!(
        "{name}: {} points, median {:.2e} m/s, largest {:.2e} m/s",
        result.0, result.1, result.2
    );
    result
}

#[test]
fn norkyst_currents_are_the_same() {
    let (points, median, largest) = compare("norkyst800_subset_16Nov2015.nc", "native", |golden| golden.current);
    assert!(
        points > 250 && median < 1e-5 && largest < 2e-4,
        "{points} {median} {largest}"
    );
}

#[test]
fn arome_wind_is_the_same() {
    let (points, median, largest) = compare("arome_subset_16Nov2015.nc", "native", |golden| golden.wind);
    assert!(
        points > 250 && median < 2e-4 && largest < 2e-3,
        "{points} {median} {largest}"
    );
}

#[test]
fn latlon_currents_are_the_same() {
    let (points, median, largest) = compare("derived_latlon_current_16Nov2015.nc", "latlon", |golden| golden.current);
    assert!(
        points > 250 && median < 1e-5 && largest < 2e-4,
        "{points} {median} {largest}"
    );
}

#[test]
fn latlon_wind_is_the_same() {
    let (points, median, largest) = compare("derived_latlon_wind_16Nov2015.nc", "latlon", |golden| golden.wind);
    assert!(
        points > 250 && median < 2e-4 && largest < 2e-3,
        "{points} {median} {largest}"
    );
}
