//! What the operational mode has beyond the published model: wind error, slow scores, late releases, changes of object,
//! running backward, capsizing, actions at the coast, shared sources, absurd forcing.

use driftline_coast::Coast;
use driftline_domain::{CoastlineAction, CurrentError, ForcingKind, ObjectClass, Release, SlowCoefficients, WindError};
use driftline_leeway::{Continue, Ensemble, Forcing, JIBE_PER_HOUR, Snapshot, Status};

use crate::sea::{
    HOUR_S, START_S, afloat, apart_m, around, at, between, buoy, class_of, completed, constant, distance_m, grid,
    group, place, quiet, source, steady,
};

const N: u32 = 20_000;

fn spread_m(snapshot: &Snapshot, origin: (f64, f64)) -> [f64; 2] {
    let ways: Vec<(f64, f64)> = snapshot
        .lon_deg
        .iter()
        .zip(&snapshot.lat_deg)
        .map(|(lon, lat)| apart_m(origin, (*lon, *lat)))
        .collect();
    let n = ways.len() as f64;
    let of = |axis: &dyn Fn(&(f64, f64)) -> f64| {
        let mean = ways.iter().map(axis).sum::<f64>() / n;
        (ways
            .iter()
            .map(|way| (axis(way) - mean) * (axis(way) - mean))
            .sum::<f64>()
            / n)
            .sqrt()
    };
    [of(&|way| way.0), of(&|way| way.1)]
}

/// Standard deviation of the displacement of n steps by an error of that sigma and memory (leeway.md 4.4).
fn drift_of_error_m(sigma_ms: f64, tau_s: f64, step_s: f64, n: i32) -> f64 {
    let rho = libm::exp(-step_s / tau_s);
    let n_f = f64::from(n);
    let sum = n_f * (1.0 + rho) / (1.0 - rho) - 2.0 * rho * (1.0 - libm::pow(rho, n_f)) / ((1.0 - rho) * (1.0 - rho));
    sigma_ms * step_s * sum.sqrt()
}

#[test]
fn wind_error_spreads_by_its_slope_and_memory() {
    // Along a steady wind of 10 m/s the downwind drift is 3 % of the wind's own error, whatever the step.
    let class = class_of(0.03, 0.0, 0.0);
    let start = place(0.0, 4.0);
    for (step_s, steps) in [(600, 144), (3_600, 24)] {
        let mut spec = quiet(&class, start, N);
        (spec.step_s, spec.steps, spec.steps_per_output) = (step_s, steps, steps);
        spec.wind_error = WindError {
            sigma_ms: 2.0,
            tau_s: 21_600.0,
        };
        let outcome = afloat(&spec, &constant(start, 24, (0.0, 0.0), (0.0, 30.0)));
        let [_, north_m] = spread_m(&outcome.snapshots[1], (4.0, 0.0));
        let expected_m = 0.03 * drift_of_error_m(2.0, 21_600.0, f64::from(step_s), steps as i32);
        // Four standard errors of a standard deviation, and a little for the error across the wind.
        let bound = 4.0 / f64::from(2 * N).sqrt() + 0.005;
        assert!(
            (north_m / expected_m - 1.0).abs() < bound,
            "{step_s}: {north_m} {expected_m}"
        );
    }
}

#[test]
fn slow_scores_keep_the_variance_and_forget() {
    let mut class = class_of(0.03, 0.0, 0.0);
    class.downwind.std_ms = 0.02;
    let start = place(0.0, 4.0);
    let after_s = |share: f64, tau_s: f64| {
        let mut spec = quiet(&class, start, N);
        spec.coefficient_spread = true;
        spec.slow_coefficients = SlowCoefficients { share, tau_s };
        let outcome = afloat(&spec, &constant(start, 24, (0.0, 0.0), (0.0, 10.0)));
        let one = spread_m(&outcome.snapshots[1], (4.0, 0.0))[1];
        let day = spread_m(&outcome.snapshots[24], (4.0, 0.0))[1];
        (one, day)
    };
    let (hour_m, day_m) = after_s(0.0, 0.0);
    // At 10 m/s the spread of the speed is the class's, for life.
    assert!(
        (hour_m / 72.0 - 1.0).abs() < 0.03 && (day_m / (24.0 * 72.0) - 1.0).abs() < 0.03,
        "{hour_m} {day_m}"
    );
    let (share, tau_s) = (0.5, 10_800.0);
    let (slow_hour_m, slow_day_m) = after_s(share, tau_s);
    assert!(
        (slow_hour_m / 72.0 - 1.0).abs() < 0.08,
        "at first nearly as for life: {slow_hour_m}"
    );
    let slow_part_m = drift_of_error_m(0.02, tau_s, 600.0, 144);
    let expected_m = (share * slow_part_m * slow_part_m + (1.0 - share) * (24.0 * 72.0f64).powi(2)).sqrt();
    assert!(
        (slow_day_m / expected_m - 1.0).abs() < 0.03,
        "{slow_day_m} {expected_m}"
    );
}

fn from_until(first_s: i64, last_s: i64) -> Release {
    between(place(0.0, 4.0), 0.0, first_s, last_s)
}

#[test]
fn particles_wait_for_their_release() {
    let forcing = constant(place(0.0, 4.0), 24, (0.5, 0.0), (0.0, 0.0));
    let mut spec = quiet(buoy(), place(0.0, 4.0), 24);
    spec.groups[0].release = from_until(START_S, START_S + 12 * HOUR_S);
    let outcome = afloat(&spec, &forcing);
    for (hour, snapshot) in outcome.snapshots.iter().enumerate() {
        for particle in 0..24 {
            // Rank r of 24 is released at (r + 1/2) / 24 of twelve hours: at 15 and 45 minutes of each hour, that is at
            // the beginning of the steps of 10 and 40 minutes.
            let released_s = (particle / 2) as i64 * HOUR_S + if particle % 2 == 0 { 600 } else { 2_400 };
            let age_s = hour as i64 * HOUR_S - released_s;
            let expected = if age_s < 0 { Status::NotReleased } else { Status::Active };
            assert_eq!(snapshot.status[particle], expected, "{hour} {particle}");
            let (east_m, _) = apart_m((4.0, 0.0), (snapshot.lon_deg[particle], 0.0));
            assert!(
                (east_m - 0.5 * age_s.max(0) as f64).abs() < 0.01,
                "{hour} {particle}: {east_m}"
            );
        }
    }
    let afloat_steps: i64 = (0..24)
        .map(|r| 144 - ((r / 2) * 6 + if r % 2 == 0 { 1 } else { 4 }))
        .sum();
    assert_eq!(outcome.stats.particle_steps, afloat_steps as u64);
}

#[test]
fn an_object_becomes_another_at_its_time() {
    let (raft, person) = (class_of(0.04, 0.0, 0.0), class_of(0.01, 0.0, 0.0));
    let start = place(0.0, 4.0);
    let forcing = constant(start, 24, (0.0, 0.0), (10.0, 0.0));
    let mut spec = quiet(&raft, start, 2);
    spec.groups[0].changes = vec![(START_S + 6 * HOUR_S, &person)];
    let outcome = afloat(&spec, &forcing);
    let east_m = |hour: usize| apart_m((4.0, 0.0), (outcome.snapshots[hour].lon_deg[0], 0.0)).0;
    let m_per_hour = |speed_ms: f64| speed_ms * 3_600.0;
    assert!((east_m(6) - 6.0 * m_per_hour(0.4)).abs() < 0.1, "{}", east_m(6));
    assert!((east_m(24) - 6.0 * m_per_hour(0.4) - 18.0 * m_per_hour(0.1)).abs() < 0.1);
    // Backward the same change is met from the other side: it is listed as the run comes to it.
    let mut back = quiet(&person, start, 2);
    (back.start_s, back.step_s) = (START_S + 24 * HOUR_S, -600);
    back.groups[0].release = from_until(back.start_s, back.start_s);
    back.groups[0].changes = vec![(START_S + 6 * HOUR_S, &raft)];
    let outcome = afloat(&back, &forcing);
    let (west_m, _) = apart_m((4.0, 0.0), (outcome.snapshots[24].lon_deg[0], 0.0));
    assert!(
        (west_m + 6.0 * m_per_hour(0.4) + 18.0 * m_per_hour(0.1)).abs() < 0.1,
        "{west_m}"
    );
}

#[test]
fn a_run_forth_and_back_returns_within_the_euler_error() {
    let area = grid(3.0, -1.0, 101, 101, 0.02);
    let eddy = source(&area, 0..=24, |lon, lat, hour| {
        let (x, y) = ((lon - 4.0) as f32, lat as f32);
        let turn = 1.0 + 0.01 * hour as f32;
        (0.3 - 0.8 * y * turn, 0.1 + 0.8 * x * turn)
    });
    let forcing = Forcing::prepare(vec![eddy], vec![steady(&area, 24, (0.0, 0.0))]).unwrap();
    let start = place(0.05, 4.05);
    let missed_m = |step_s: i32| {
        let mut spec = quiet(buoy(), start, 1);
        (spec.step_s, spec.steps) = (step_s, (43_200 / step_s) as u32);
        spec.steps_per_output = spec.steps;
        let there = &afloat(&spec, &forcing).snapshots[1];
        let mut back = spec.clone();
        (back.start_s, back.step_s) = (START_S + 43_200, -step_s);
        let there = place(there.lat_deg[0], there.lon_deg[0]);
        back.groups[0].release = between(there, 0.0, back.start_s, back.start_s);
        let again = &afloat(&back, &forcing).snapshots[1];
        assert_eq!(again.time_s, START_S);
        distance_m((4.05, 0.05), (again.lon_deg[0], again.lat_deg[0]))
    };
    let (coarse, fine) = (missed_m(600), missed_m(150));
    assert!(coarse > 1.0, "the case shows an error: {coarse}");
    assert!(
        (coarse / fine - 4.0).abs() < 0.4,
        "in proportion to the step: {coarse} {fine}"
    );
}

#[test]
fn capsized_objects_keep_two_fifths_of_their_leeway() {
    let class = class_of(0.05, 0.0, 0.0);
    let start = place(0.0, 4.0);
    let run_in = |wind_ms: f32, capsizing: bool| {
        let mut spec = quiet(&class, start, 4_000);
        spec.capsizing = capsizing;
        afloat(&spec, &constant(start, 24, (0.0, 0.0), (wind_ms, 0.0)))
    };
    let storm = run_in(30.0, true);
    // Half a chance an hour at 30 m/s: of 4000, exp(-1/2) are upright after an hour, give or take four deviations.
    let upright = |outcome: &driftline_leeway::Outcome, hour: usize| {
        let east = |p: usize| apart_m((4.0, 0.0), (outcome.snapshots[hour].lon_deg[p], 0.0)).0;
        (0..4_000)
            .filter(|p| (east(*p) - 1.5 * 3_600.0 * hour as f64).abs() < 1.0)
            .count() as f64
    };
    let expected = 4_000.0 * libm::exp(-0.5 + 0.5 / 6.0);
    assert!(
        (upright(&storm, 1) - expected).abs() < 4.0 * (4_000.0f64 * 0.25).sqrt(),
        "{}",
        upright(&storm, 1)
    );
    assert!(storm.stats.capsized > 3_990);
    let breeze = run_in(8.0, true);
    assert!(breeze.stats.capsized < 60, "{}", breeze.stats.capsized);
    assert_eq!(run_in(30.0, false).stats.capsized, 0);
    let mut back = quiet(&class, start, 400);
    back.capsizing = true;
    back.start_s += i64::from(back.steps) * i64::from(back.step_s);
    back.step_s = -back.step_s;
    let back = afloat(&back, &constant(start, 24, (0.0, 0.0), (30.0, 0.0)));
    assert_eq!(back.stats.capsized, 0, "what was found had not capsized");
}

#[test]
fn the_coast_may_hold_particles_back_or_be_ignored() {
    let wall = Coast::from_polygons(&[vec![(4.1, -1.0), (4.3, -1.0), (4.3, 1.0), (4.1, 1.0)]]).unwrap();
    let start = place(0.0, 4.0);
    let forcing = constant(start, 24, (1.0, 0.0), (0.0, 0.0));
    let end_of = |action: CoastlineAction| {
        let mut spec = quiet(buoy(), start, 1);
        spec.coast_action = action;
        let outcome = completed(&spec, &forcing, &wall);
        (outcome.snapshots[24].lon_deg[0], outcome.snapshots[24].status[0])
    };
    let (stranded, held, free) = (
        end_of(CoastlineAction::Stranding),
        end_of(CoastlineAction::Previous),
        end_of(CoastlineAction::None),
    );
    assert!(
        (stranded.0 - 4.1).abs() < 1e-4 && stranded.1 == Status::Stranded,
        "{stranded:?}"
    );
    assert!(
        held.0 < 4.1 && held.0 > 4.1 - 600.0 / 111_000.0 && held.1 == Status::Active,
        "{held:?}"
    );
    assert!(free.0 > 4.7 && free.1 == Status::Active, "{free:?}");
}

#[test]
fn groups_take_their_own_sources_and_numbers_go_on() {
    let start = place(0.0, 4.0);
    let area = around(start, 6);
    let forcing = Forcing::prepare(
        vec![steady(&area, 24, (0.5, 0.0)), steady(&area, 24, (-0.25, 0.0))],
        vec![steady(&area, 24, (0.0, 0.0))],
    )
    .unwrap();
    let mut spec = quiet(buoy(), start, 300);
    let mut other = group(buoy(), at(start, 0.0), 700);
    other.currents = vec![1, 0];
    spec.groups.push(other);
    let outcome = afloat(&spec, &forcing);
    let last = &outcome.snapshots[24];
    assert_eq!(last.lon_deg.len(), 1_000);
    for (particle, lon) in last.lon_deg.iter().enumerate() {
        let (east_m, _) = apart_m((4.0, 0.0), (*lon, 0.0));
        let expected_m = if particle < 300 { 43_200.0 } else { -21_600.0 };
        assert!((east_m - expected_m).abs() < 0.1, "{particle}: {east_m}");
    }
    assert_eq!(outcome.stats.current.particle_steps, [300 * 144, 700 * 144]);
    assert_eq!(
        outcome.stats.current.fallback_particles, 0,
        "each took the source that it prefers"
    );
}

#[test]
fn forcing_faster_than_any_is_counted_and_moves_nothing() {
    let start = place(0.0, 4.0);
    let area = around(start, 6);
    let calm = || steady(&area, 24, (0.0, 0.0));
    let nodes = area.len() as u64 * 25;
    for (current, wind, absurd) in [
        ((16.0, 0.0), (0.0, 0.0), [nodes, 0]),
        ((0.0, -1e30), (0.0, 0.0), [nodes, 0]),
        ((0.0, 0.0), (101.0, 0.0), [0, nodes]),
    ] {
        let forcing = Forcing::prepare(vec![steady(&area, 24, current)], vec![steady(&area, 24, wind)]).unwrap();
        let counted = ForcingKind::DRIFT.map(|kind| forcing.absurd_values(kind).iter().sum::<u64>());
        assert_eq!(counted, absurd);
        let outcome = afloat(&quiet(buoy(), start, 1), &forcing);
        assert_eq!(outcome.ended[0].unwrap().status, Status::MissingData);
        assert_eq!(
            (outcome.snapshots[24].lon_deg[0], outcome.snapshots[24].lat_deg[0]),
            (4.0, 0.0)
        );
    }
    let fine = Forcing::prepare(vec![calm()], vec![steady(&area, 24, (70.0, 0.0))]).unwrap();
    assert_eq!(fine.absurd_values(ForcingKind::Wind), [0], "a hurricane is no error");
}

#[test]
fn a_run_in_pieces_is_the_whole_run() {
    let start = place(0.0, 4.0);
    let forcing = constant(start, 24, (0.3, -0.1), (6.0, 2.0));
    let sea = Coast::open_sea().unwrap();
    let mut spec = quiet(ObjectClass::find("LIFE-RAFT-DB-10").unwrap(), start, 700);
    spec.coefficient_spread = true;
    spec.jibe_per_hour = JIBE_PER_HOUR;
    spec.current_error = CurrentError::UNCALIBRATED;
    spec.groups[0].release = from_until(START_S, START_S + 6 * HOUR_S);
    let whole = completed(&spec, &forcing, &sea);
    let mut pieces = Ensemble::seeded(&spec, &forcing, &sea).unwrap();
    for steps in [1, 5, 50, 7, 81] {
        pieces.advance(steps, &|_| Continue::Go).unwrap();
    }
    assert!(pieces.is_done());
    assert_eq!(Some(&pieces.snapshot()), whole.snapshots.last());
    let outcome = pieces.into_outcome(Vec::new());
    assert_eq!(outcome.ended, whole.ended);
    assert_eq!(outcome.stats, whole.stats);
}
