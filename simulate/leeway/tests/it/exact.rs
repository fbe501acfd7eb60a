//! Runs with a known answer.

use driftline_leeway::{Forcing, Status, leeway_ms, moved};

use crate::sea::{
    HOUR_S, START_S, afloat, apart_m, around, buoy, class_of, constant, distance_m, grid, place, quiet, source, steady,
};

#[test]
fn nothing_moves_without_forcing() {
    let start = place(60.123_456_789, 4.987_654_321);
    let outcome = afloat(&quiet(buoy(), start, 3), &constant(start, 24, (0.0, 0.0), (0.0, 0.0)));
    assert_eq!(outcome.snapshots.len(), 25);
    for snapshot in &outcome.snapshots {
        assert!(snapshot.lon_deg.iter().all(|lon| *lon == start.lon_deg()));
        assert!(snapshot.lat_deg.iter().all(|lat| *lat == start.lat_deg()));
        assert!(snapshot.status.iter().all(|status| *status == Status::Active));
    }
    assert_eq!(outcome.stats.particle_steps, 3 * 144);
    assert_eq!(outcome.snapshots[24].time_s, START_S + 24 * HOUR_S);
}

#[test]
fn a_buoy_follows_a_constant_current_step_by_step_along_geodesics() {
    for start in [
        place(60.0, 4.0),
        place(0.01, -30.0),
        place(-75.0, 100.0),
        place(80.0, 0.0),
    ] {
        let outcome = afloat(
            &quiet(buoy(), start, 1),
            &constant(start, 24, (0.5, -0.75), (12.0, 3.0)),
        );
        let mut expected = (start.lon_deg(), start.lat_deg());
        for _ in 0..144 {
            expected = moved(expected.0, expected.1, 300.0, -450.0);
        }
        let last = &outcome.snapshots[24];
        let off_m = distance_m((last.lon_deg[0], last.lat_deg[0]), expected);
        // 0.5 and 0.75 are exact in single precision; bilinear weights that do not add up to 1 cost 1e-7 of 78 km.
        assert!(off_m < 0.02, "{start:?}: {off_m}");
    }
}

#[test]
fn at_80_degrees_an_eastward_current_follows_the_parallel() {
    let start = place(80.0, 10.0);
    let mut spec = quiet(buoy(), start, 1);
    (spec.step_s, spec.steps, spec.steps_per_output) = (60, 1_440, 1_440);
    let outcome = afloat(&spec, &constant(start, 24, (0.5, 0.0), (0.0, 0.0)));
    let end = (outcome.snapshots[1].lon_deg[0], outcome.snapshots[1].lat_deg[0]);
    let (a_m, e2) = (6_378_137.0, 6.694_379_990_141_316_5e-3);
    let (sin, cos) = libm::sincos(80.0f64.to_radians());
    let radius_m = a_m / libm::sqrt(1.0 - e2 * sin * sin);
    // Each step leaves the parallel along its tangent: t e^2 / 2N to the south.
    let south_m = 1_440.0 * (sin / cos) * 30.0 * 30.0 / (2.0 * radius_m);
    let (_, north_m) = apart_m((end.0, 80.0), end);
    assert!((north_m + south_m).abs() < 0.01, "{north_m} {south_m}");
    let turn_deg = (1_440.0 * 30.0 / (radius_m * cos)).to_degrees();
    let off_m = (end.0 - 10.0 - turn_deg).to_radians() * radius_m * cos;
    assert!(off_m.abs() < 0.1, "{off_m}");
}

#[test]
fn the_antimeridian_and_the_equator_are_no_borders() {
    // The same sea once across the antimeridian and once across 10 degrees east gives the same track.
    let track_from = |lon_deg: f64| {
        let start = place(-0.1, lon_deg);
        let outcome = afloat(&quiet(buoy(), start, 1), &constant(start, 24, (0.75, 0.5), (0.0, 0.0)));
        let points = outcome.snapshots.iter().map(|s| (s.lon_deg[0], s.lat_deg[0]));
        points.collect::<Vec<_>>()
    };
    let (crossing, plain) = (track_from(179.9), track_from(10.0));
    assert!(crossing[0].0 > 179.0 && crossing[24].0 < -179.0 && crossing[24].1 > 0.0);
    for (a, b) in crossing.iter().zip(&plain) {
        assert!((-180.0..180.0).contains(&a.0));
        assert!(
            (a.0 + if a.0 < 0.0 { 360.0 } else { 0.0 } - b.0 - 169.9).abs() < 1e-8,
            "{a:?} {b:?}"
        );
        assert!((a.1 - b.1).abs() < 1e-8, "{a:?} {b:?}");
    }
}

#[test]
fn a_grid_around_the_globe_has_no_seam() {
    let globe = grid(-180.0, -2.0, 360, 5, 1.0);
    let wind = steady(&globe, 24, (0.0, 0.0));
    // The last node of a row holds 1 m/s, all others 0: halfway to the first node it is a half.
    let current = source(&globe, 0..=24, |lon, _, _| (if lon > 178.5 { 1.0 } else { 0.0 }, 0.0));
    let forcing = Forcing::prepare(vec![current], vec![wind]).unwrap();
    for (lon, expected) in [(179.0, 1.0), (179.5, 0.5), (-180.0, 0.0), (180.0, 0.0), (178.75, 0.75)] {
        let sample = forcing
            .sample(driftline_domain::ForcingKind::Current, lon, 0.5, START_S)
            .unwrap();
        assert!((sample.east_ms - expected).abs() < 1e-6, "{lon}: {sample:?}");
    }
}

#[test]
fn solid_body_rotation_comes_back_within_the_euler_error() {
    // Velocity omega x r around the start's neighbour, once round in 24 h: Euler spirals out in proportion to the step.
    let centre = (4.0, 0.0);
    let omega = std::f64::consts::TAU / 86_400.0;
    let eddy = grid(3.0, -1.0, 201, 201, 0.01);
    let current = source(&eddy, 0..=24, |lon, lat, _| {
        let (x, _) = apart_m((centre.0, lat), (lon, lat));
        let (_, north) = apart_m(centre, (centre.0, lat));
        ((-omega * north) as f32, (omega * x) as f32)
    });
    let calm = steady(&eddy, 24, (0.0, 0.0));
    let forcing = Forcing::prepare(vec![current], vec![calm]).unwrap();
    let start = place(0.0, 4.1);
    let drifted_m = |step_s: i32| {
        let mut spec = quiet(buoy(), start, 1);
        spec.step_s = step_s;
        spec.steps = (86_400 / step_s) as u32;
        let outcome = afloat(&spec, &forcing);
        let last = outcome.snapshots.last().unwrap();
        distance_m((4.1, 0.0), (last.lon_deg[0], last.lat_deg[0]))
    };
    // Radius 11.1 km; Euler grows it by exp(omega^2 dt T / 2) in one turn.
    let expected_m = |step_s: f64| 11_131.9 * (libm::exp(omega * omega * step_s * 86_400.0 / 2.0) - 1.0);
    for step_s in [600, 300, 150] {
        let (got, expected) = (drifted_m(step_s), expected_m(f64::from(step_s)));
        assert!((got - expected).abs() < 0.1 * expected, "{step_s}: {got} {expected}");
    }
}

#[test]
fn forcing_is_linear_in_time_between_fields() {
    let start = place(10.0, 20.0);
    let area = around(start, 6);
    let current = source(&area, 0..=24, |_, _, hour| (hour as f32 / 8.0, 0.0));
    let forcing = Forcing::prepare(vec![current], vec![steady(&area, 24, (0.0, 0.0))]).unwrap();
    let mut spec = quiet(buoy(), start, 1);
    spec.steps = 36;
    let outcome = afloat(&spec, &forcing);
    // Sum of t/8 m/s at the beginning of 36 steps of 600 s.
    let expected_m = 600.0 * (0..36).map(|k| f64::from(k) / 6.0 / 8.0).sum::<f64>();
    let (east_m, _) = apart_m(
        (20.0, 10.0),
        (outcome.snapshots[6].lon_deg[0], outcome.snapshots[6].lat_deg[0]),
    );
    assert!((east_m - expected_m).abs() < 0.01, "{east_m} {expected_m}");
}

#[test]
fn leeway_goes_downwind_and_to_its_side() {
    let class = class_of(0.03, 0.01, -0.02);
    let start = place(55.0, -10.0);
    let outcome = afloat(&quiet(&class, start, 2), &constant(start, 24, (0.0, 0.0), (0.0, 10.0)));
    let first_hour = &outcome.snapshots[1];
    for (particle, right_ms) in [(0, 0.1), (1, -0.2)] {
        let (east_m, north_m) = apart_m(
            (-10.0, 55.0),
            (first_hour.lon_deg[particle], first_hour.lat_deg[particle]),
        );
        assert!((east_m - right_ms * 3_600.0).abs() < 0.1, "{particle}: {east_m}");
        assert!((north_m - 0.3 * 3_600.0).abs() < 0.1, "{particle}: {north_m}");
    }
    let still = leeway_ms(
        driftline_leeway::Regression {
            slope: 0.0,
            offset_ms: 0.1,
        },
        driftline_leeway::Regression {
            slope: 0.0,
            offset_ms: 0.0,
        },
        (0.0, 0.0),
    );
    assert_eq!(still, (0.0, 0.1));
}
