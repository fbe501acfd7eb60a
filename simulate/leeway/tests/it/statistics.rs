//! What chance does to an ensemble, against closed formulas. Bounds are four standard errors of the estimate.

use driftline_domain::{CurrentError, ObjectClass};
use driftline_leeway::{Outcome, RunSpec};

use crate::sea::{afloat, apart_m, buoy, class_of, constant, place, quiet};

const PARTICLES: u32 = 20_000;

/// East and north in metres of every particle from the release, in one snapshot.
fn displacements(spec: &RunSpec<'_>, outcome: &Outcome, snapshot: usize) -> Vec<(f64, f64)> {
    let position = spec.groups[0].release.position;
    let snapshot = &outcome.snapshots[snapshot];
    let places = snapshot.lon_deg.iter().zip(&snapshot.lat_deg);
    places
        .map(|(lon, lat)| apart_m((position.lon_deg(), position.lat_deg()), (*lon, *lat)))
        .collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn deviation(values: &[f64]) -> f64 {
    let mean_value = mean(values.iter().copied());
    mean(values.iter().map(|value| (value - mean_value) * (value - mean_value))).sqrt()
}

/// Density and upper tail of the standard normal.
fn normal(x: f64) -> (f64, f64) {
    let density = libm::exp(-x * x / 2.0) / std::f64::consts::TAU.sqrt();
    (density, libm::erfc(x / std::f64::consts::SQRT_2) / 2.0)
}

#[test]
fn redrawing_raises_the_mean_as_the_truncated_normal_says() {
    // Class, share rejected, mean downwind speed at 10 m/s in cm/s, spread as a share of the standard deviation.
    for (key, rejected, mean_cm_s, shrunk) in [
        ("PIW-2", 0.124, 6.7, 0.82),
        ("SEPIRB", 0.091, 3.3, 0.85),
        ("PIW-1", 0.055, 11.0, 0.89),
        ("LIFE-RAFT-NB-5", 0.022, 12.7, 0.94),
    ] {
        let class = ObjectClass::find(key).unwrap();
        let start = place(0.0, 0.0);
        let mut spec = quiet(class, start, PARTICLES);
        spec.coefficient_spread = true;
        (spec.steps, spec.steps_per_output) = (1, 1);
        let outcome = afloat(&spec, &constant(start, 1, (0.0, 0.0), (0.0, 10.0)));
        let speeds: Vec<f64> = displacements(&spec, &outcome, 1).iter().map(|d| d.1 / 6.0).collect();
        let (slope, std_cm_s) = (class.downwind.slope * 100.0, class.downwind.std_ms * 100.0);
        let (density, kept) = normal(-20.0 * slope / std_cm_s);
        let exact_cm_s = 10.0 * slope + class.downwind.offset_ms * 100.0 + std_cm_s * density / kept;
        let error_cm_s = 4.0 * std_cm_s / f64::from(PARTICLES).sqrt();
        let got_cm_s = mean(speeds.iter().copied());
        assert!(
            (got_cm_s - exact_cm_s).abs() < error_cm_s,
            "{key}: {got_cm_s} {exact_cm_s}"
        );
        assert!(
            (exact_cm_s - mean_cm_s).abs() < 0.051,
            "{key}: the table says {mean_cm_s}, the formula {exact_cm_s}"
        );
        let shrink = deviation(&speeds) / std_cm_s;
        assert!(
            (shrink - shrunk).abs() < 0.005 + 4.0 / f64::from(2 * PARTICLES).sqrt(),
            "{key}: {shrink}"
        );
        let draws = outcome.stats.redraws as f64 + f64::from(PARTICLES);
        let share = outcome.stats.redraws as f64 / draws;
        let share_error = 4.0 * (rejected * (1.0 - rejected) / draws).sqrt() + 0.0005;
        assert!((share - rejected).abs() < share_error, "{key}: {share}");
    }
}

#[test]
fn crosswind_scores_are_normal_and_belong_to_the_side() {
    let class = ObjectClass::find("SAILBOAT-2").unwrap();
    let start = place(0.0, 0.0);
    let mut spec = quiet(class, start, PARTICLES);
    spec.coefficient_spread = true;
    (spec.steps, spec.steps_per_output) = (1, 1);
    let outcome = afloat(&spec, &constant(start, 1, (0.0, 0.0), (0.0, 10.0)));
    let right_cm_s: Vec<f64> = displacements(&spec, &outcome, 1).iter().map(|d| d.0 / 6.0).collect();
    for (side, expected, std) in [(0, 39.8, 12.6788), (1, -7.9, 2.13)] {
        let speeds: Vec<f64> = right_cm_s.iter().skip(side).step_by(2).copied().collect();
        let (mean_cm_s, n) = (mean(speeds.iter().copied()), speeds.len() as f64);
        assert!(
            (mean_cm_s - expected).abs() < 4.0 * std / n.sqrt(),
            "{side}: {mean_cm_s}"
        );
        assert!(
            (deviation(&speeds) / std - 1.0).abs() < 4.0 / (2.0 * n).sqrt(),
            "{side}"
        );
    }
}

#[test]
fn the_release_is_gaussian_per_axis_in_metres() {
    let start = place(70.0, 20.0);
    let mut spec = quiet(buoy(), start, PARTICLES);
    spec.groups[0].release.sigma_m = 2_000.0;
    (spec.steps, spec.steps_per_output) = (1, 1);
    let outcome = afloat(&spec, &constant(start, 1, (0.0, 0.0), (0.0, 0.0)));
    let placed = displacements(&spec, &outcome, 0);
    let (east, north): (Vec<f64>, Vec<f64>) = placed.into_iter().unzip();
    let n = f64::from(PARTICLES);
    for axis in [&east, &north] {
        assert!(mean(axis.iter().copied()).abs() < 4.0 * 2_000.0 / n.sqrt());
        assert!((deviation(axis) / 2_000.0 - 1.0).abs() < 4.0 / (2.0 * n).sqrt());
    }
    let correlation = mean(east.iter().zip(&north).map(|(e, n)| e * n)) / 4e6;
    assert!(correlation.abs() < 4.0 / n.sqrt(), "{correlation}");
}

/// Standard deviation of the displacement after n Euler steps, metres (leeway.md 4.4).
fn error_spread_m(sigma_ms: f64, tau_s: f64, step_s: f64, n: i32) -> f64 {
    let rho = libm::exp(-step_s / tau_s);
    let steps = f64::from(n);
    let sum =
        steps * (1.0 + rho) / (1.0 - rho) - 2.0 * rho * (1.0 - libm::pow(rho, steps)) / ((1.0 - rho) * (1.0 - rho));
    sigma_ms * step_s * sum.sqrt()
}

#[test]
fn the_current_error_spreads_the_ensemble_the_same_at_any_step() {
    let start = place(0.0, -30.0);
    for (step_s, hours, expected_m) in [(600, 24, 17_494.0), (3_600, 24, 17_516.0), (600, 6, 5_762.0)] {
        let mut spec = quiet(buoy(), start, PARTICLES);
        spec.current_error = CurrentError {
            sigma_ms: 0.3,
            tau_s: 8.0 * 3_600.0,
        };
        spec.step_s = step_s;
        spec.steps = (hours * 3_600 / step_s) as u32;
        spec.steps_per_output = spec.steps;
        let outcome = afloat(&spec, &constant(start, 24, (0.0, 0.0), (0.0, 0.0)));
        let (east, north): (Vec<f64>, Vec<f64>) = displacements(&spec, &outcome, 1).into_iter().unzip();
        let formula_m = error_spread_m(0.3, 28_800.0, f64::from(step_s), spec.steps as i32);
        assert!((formula_m - expected_m).abs() < 1.0, "{formula_m}");
        let n = f64::from(PARTICLES);
        for axis in [&east, &north] {
            assert!(mean(axis.iter().copied()).abs() < 4.0 * expected_m / n.sqrt());
            let off = deviation(axis) / expected_m - 1.0;
            assert!(off.abs() < 4.0 / (2.0 * n).sqrt(), "{step_s} {hours}: {off}");
        }
        let correlation = mean(east.iter().zip(&north).map(|(e, n)| e * n)) / (expected_m * expected_m);
        assert!(correlation.abs() < 4.0 / n.sqrt(), "{correlation}");
    }
}

/// Crosswind speed to the right of a northward wind in m/s, from one snapshot to the next.
fn crosswind_ms(outcome: &Outcome, snapshot: usize, particle: usize, seconds: f64) -> f64 {
    let at = |k: usize| {
        (
            outcome.snapshots[k].lon_deg[particle],
            outcome.snapshots[k].lat_deg[particle],
        )
    };
    apart_m(at(snapshot), at(snapshot + 1)).0 / seconds
}

#[test]
fn jibes_come_at_their_rate_and_mix_the_sides() {
    let class = class_of(0.0, 0.01, -0.01);
    let start = place(0.0, -30.0);
    for step_s in [600, 3_600] {
        let mut spec = quiet(&class, start, 4_000);
        spec.jibe_per_hour = driftline_leeway::JIBE_PER_HOUR;
        spec.step_s = step_s;
        spec.steps = (120 * 3_600 / step_s) as u32;
        spec.steps_per_output = (3_600 / step_s) as u32;
        let outcome = afloat(&spec, &constant(start, 120, (0.0, 0.0), (0.0, 10.0)));
        let tries = outcome.stats.particle_steps as f64;
        assert_eq!(outcome.stats.particle_steps, 4_000 * u64::from(spec.steps));
        let p = 1.0 - libm::pow(0.96, f64::from(step_s) / 3_600.0);
        let share = outcome.stats.jibes as f64 / tries;
        assert!(
            (share - p).abs() < 4.0 * (p * (1.0 - p) / tries).sqrt(),
            "{step_s}: {share} {p}"
        );
        // Even ids began on the right. Those still there after k steps: (1 + (1 - 2p)^k) / 2.
        for hour in [10, 119] {
            let right = (0..4_000)
                .step_by(2)
                .filter(|id| crosswind_ms(&outcome, hour, *id, 3_600.0) > 0.0)
                .count();
            // The hour looked at is judged by where most of it was spent: its middle.
            let steps_per_hour = 3_600.0 / f64::from(step_s);
            let steps = hour as f64 * steps_per_hour + (steps_per_hour - 1.0) / 2.0;
            let expected = 0.5 * (1.0 + libm::pow(1.0 - 2.0 * p, steps));
            let share = right as f64 / 2_000.0;
            let error = 4.0 * (0.25f64 / 2_000.0).sqrt();
            assert!((share - expected).abs() < error, "{step_s} {hour}: {share} {expected}");
        }
        let far = crosswind_ms(&outcome, 0, 0, 3_600.0);
        assert!(far > 0.0, "id 0 begins on the right");
    }
}

#[test]
fn a_jibe_swaps_to_the_other_sides_line() {
    // SAILBOAT-2 by the table: 39.8 cm/s to the right, 7.9 to the left at 10 m/s. Nothing in between, nothing else.
    let class = ObjectClass::find("SAILBOAT-2").unwrap();
    let start = place(0.0, -30.0);
    let mut spec = quiet(class, start, 200);
    spec.jibe_per_hour = 0.5;
    spec.steps_per_output = 1;
    let outcome = afloat(&spec, &constant(start, 24, (0.0, 0.0), (0.0, 10.0)));
    let mut sides = [0u32; 2];
    for step in 0..144 {
        // Even ids, which all began on the right.
        for particle in (0..200).step_by(2) {
            let speed = crosswind_ms(&outcome, step, particle, 600.0);
            let side = usize::from(speed < 0.0);
            let expected = [0.398, -0.079][side];
            assert!((speed - expected).abs() < 1e-4, "{step} {particle}: {speed}");
            sides[side] += 1;
        }
    }
    assert!(sides[0] > 5_000 && sides[1] > 5_000, "{sides:?}");
}
