//! Tables: interpolated forcing, the land mask, the classes.

use driftline_domain::{ForcingKind, OBJECT_CLASSES, ValidTime};
use driftline_leeway::parity::Forcing;

use crate::input::{Failure, Inputs};
use crate::line::{Line, quantile};

/// Largest difference of 99 % of the interpolated components, m/s.
const INTERPOLATED_MS: f64 = 1e-4;
/// Share of places where only one of both has a value, or is on land.
const MISMATCHES: f64 = 0.01;
/// Share of places of a land mask that may differ.
const LAND_SHARE: f64 = 0.001;

/// The sets of forcing that a table of interpolated values names.
const SETS: [(&str, [&str; 2]); 2] = [
    (
        "native",
        ["norkyst800_subset_16Nov2015.nc", "arome_subset_16Nov2015.nc"],
    ),
    (
        "latlon",
        [
            "derived_latlon_current_16Nov2015.nc",
            "derived_latlon_wind_16Nov2015.nc",
        ],
    ),
];

/// A table, told by its first line.
pub(crate) fn compare(text: &str, inputs: &Inputs) -> Result<Line, Failure> {
    let (head, rows) = text.split_once('\n').ok_or("an empty table")?;
    match head.trim() {
        "lon,lat,on_land" => compare_land(rows, inputs),
        head if head.starts_with("forcing,hours_after_") => compare_interpolation(head, rows, inputs),
        head if head.starts_with("number,key,") => compare_classes(rows),
        "lon,lat,status" => Ok(Line::skipped(
            "final positions of an ensemble of another random stream".to_owned(),
        )),
        head => Err(format!("a table of '{head}' is not known").into()),
    }
}

fn numbers(row: &str) -> Vec<f64> {
    row.split(',')
        .map(|word| word.trim().parse().unwrap_or(f64::NAN))
        .collect()
}

fn compare_land(rows: &str, inputs: &Inputs) -> Result<Line, Failure> {
    let (mut compared, mut different) = (0, 0);
    for row in rows.lines() {
        let [lon, lat, on_land] = numbers(row)[..] else {
            return Err(format!("the row '{row}' has not three numbers").into());
        };
        compared += 1;
        different += usize::from(inputs.coast.on_land(lon, lat) != (on_land == 1.0));
    }
    let line = Line::of(compared, Vec::new(), different);
    let share = line.mismatch_share(compared);
    Ok(line.with("agree", 1.0 - share).within(share <= LAND_SHARE))
}

fn compare_classes(rows: &str) -> Result<Line, Failure> {
    let (mut compared, mut different) = (0, 0);
    for row in rows.lines() {
        let values = numbers(row);
        let key = row.split(',').nth(1).unwrap_or_default();
        let Some(class) = OBJECT_CLASSES.iter().find(|class| class.key == key) else {
            different += 1;
            continue;
        };
        let ours = [class.downwind, class.right, class.left].map(|line| [line.slope, line.offset_ms, line.std_ms]);
        let ours = ours.as_flattened().iter().map(|value| value * 100.0);
        different += usize::from(values.first() != Some(&f64::from(class.number)));
        for (ours, theirs) in ours.zip(values.iter().skip(2)) {
            compared += 1;
            let apart = (ours - theirs).abs();
            different += usize::from(apart.is_nan() || apart > 1e-9);
        }
    }
    Ok(Line::of(compared, Vec::new(), different).within(different == 0 && compared == 9 * OBJECT_CLASSES.len()))
}

fn compare_interpolation(head: &str, rows: &str, inputs: &Inputs) -> Result<Line, Failure> {
    let base = head
        .trim_start_matches("forcing,hours_after_")
        .split(',')
        .next()
        .unwrap_or_default();
    let (day, hour) = base.split_once('T').ok_or("the head names no time")?;
    let date = [day.get(..4), day.get(4..6), day.get(6..8)]
        .map(Option::unwrap_or_default)
        .join("-");
    let start_s = format!("{date}T{hour}:00:00Z").parse::<ValidTime>()?.unix_s();
    let mut line = Line::of(0, Vec::new(), 0);
    let (mut compared, mut mismatches) = (0, 0);
    let mut members = Vec::new();
    for (set, files) in SETS {
        let of_set: Vec<Vec<f64>> = rows
            .lines()
            .filter(|row| row.split(',').next() == Some(set))
            .map(numbers)
            .collect();
        if of_set.is_empty() {
            continue;
        }
        let forcing = inputs.forcing(files.into_iter())?;
        for (kind, column) in [(ForcingKind::Wind, 4), (ForcingKind::Current, 6)] {
            let (differences, odd) = differences(&forcing, kind, column, &of_set, start_s);
            compared += differences.len();
            mismatches += odd;
            line = line.within(quantile(&differences, 0.99) <= INTERPOLATED_MS);
            for (name, share) in [("median", 0.5), ("p99", 0.99), ("max", 1.0)] {
                members.push((format!("{set}_{kind}_{name}_ms"), quantile(&differences, share)));
            }
        }
        for row in &of_set {
            let theirs = row.get(8).copied().unwrap_or(f64::NAN) == 1.0;
            mismatches += usize::from(inputs.coast.on_land(row[2], row[3]) != theirs);
        }
    }
    let within = line.within;
    let line = Line::of(compared, Vec::new(), mismatches).within(within);
    let share = line.mismatch_share(compared);
    let line = members
        .into_iter()
        .fold(line, |line, (name, value)| line.with(&name, value));
    Ok(line.within(share <= MISMATCHES))
}

/// Lengths of the difference of two vectors, sorted, and how often only one of both has a value.
fn differences(
    forcing: &Forcing,
    kind: ForcingKind,
    column: usize,
    rows: &[Vec<f64>],
    start_s: i64,
) -> (Vec<f64>, usize) {
    let (mut differences, mut odd) = (Vec::new(), 0);
    for row in rows.iter().filter(|row| row.len() > column + 1) {
        let theirs = (row[column], row[column + 1]);
        let ours = forcing.sample(kind, row[2], row[3], start_s as f64 + row[1] * 3_600.0);
        match ours {
            Some(ours) if !theirs.0.is_nan() => differences.push(libm::hypot(
                f64::from(ours.east_ms) - theirs.0,
                f64::from(ours.north_ms) - theirs.1,
            )),
            None if theirs.0.is_nan() => {}
            _ => odd += 1,
        }
    }
    differences.sort_by(f64::total_cmp);
    (differences, odd)
}
