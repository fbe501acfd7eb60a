//! Parity mode against tracks of OpenDrift 1.14.12 and against its rules, one by one.

use driftline_coast::Coast;
use driftline_domain::{ForcingKind, LatLon, ObjectClass};
use driftline_leeway::parity::{
    Capsizing, Character, CoastAction, Forcing, Limits, Line, RunSpec, Scatter, Seed, SeedPlan, Shape, Source, run,
    seeds,
};
use driftline_leeway::{Continue, Outcome, Status};
use serde_json::Value;

use crate::sea::{START_S, around, distance_m, grid, place, source, steady};

fn constant(east_ms: f32, north_ms: f32) -> Source {
    Source::Constant { east_ms, north_ms }
}

fn forcing(current: (f32, f32), wind: (f32, f32)) -> Forcing {
    Forcing::prepare(
        vec![constant(current.0, current.1)],
        vec![constant(wind.0, wind.1)],
        vec![],
    )
    .unwrap()
}

fn quiet(hours: u32) -> RunSpec {
    RunSpec {
        jibe_per_hour: 0.0,
        ..RunSpec::forward(START_S, hours)
    }
}

fn completed(spec: &RunSpec, seeds: &[Seed], forcing: &Forcing, coast: &Coast) -> Outcome {
    run(spec, seeds, forcing, coast, &|_| Continue::Go).unwrap()
}

fn at_sea(spec: &RunSpec, seeds: &[Seed], forcing: &Forcing) -> Outcome {
    completed(spec, seeds, forcing, &Coast::open_sea().unwrap())
}

/// A person in the water at a place, without perturbation.
fn person(lon_deg: f32, lat_deg: f32) -> Seed {
    let class = ObjectClass::find("PIW-1").unwrap();
    Seed {
        lon_deg,
        lat_deg,
        release_s: START_S as f64,
        orientation: 0,
        character: Character {
            downwind: Line::of(&class.downwind, 0.0),
            crosswind: Line::of(&class.right, 0.0),
        },
    }
}

fn plan(number: u32, radius_m: f64) -> SeedPlan {
    SeedPlan {
        number,
        shape: Shape::Point {
            position: LatLon::new(60.1, 4.3).unwrap(),
            radius_m,
        },
        scatter: Scatter::Gaussian,
        release_s: vec![START_S as f64],
        seed: 5,
        spread: true,
    }
}

fn end(outcome: &Outcome, particle: usize) -> (f64, f64) {
    let last = outcome.snapshots.last().unwrap();
    (last.lon_deg[particle], last.lat_deg[particle])
}

#[test]
fn tracks_under_constant_forcing_are_those_of_the_reference() {
    let (mut compared, mut worst_m) = (0, 0.0f64);
    for name in ["det_constant_A", "det_constant_B", "det_constant_C"] {
        let path = format!("{}/../../tests/data/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let number = |key: &str| json[key].as_f64().unwrap();
        let given = |key: &str| json["forcing"][key].as_f64().unwrap() as f32;
        let forcing = forcing((given("u"), given("v")), (given("x_wind"), given("y_wind")));
        let step_s = number("dt_s") as i32;
        let spec = RunSpec {
            step_s,
            steps: number("hours") as u32 * 3_600 / step_s as u32,
            steps_per_output: 3_600 / step_s as u32,
            ..quiet(24)
        };
        for (key, track) in json["objects"].as_object().unwrap() {
            let class = ObjectClass::find(key).unwrap();
            let of_side = |side| Seed {
                character: Character {
                    downwind: Line::of(&class.downwind, 0.0),
                    crosswind: Line::of(side, 0.0),
                },
                ..person(number("lon") as f32, number("lat") as f32)
            };
            let outcome = at_sea(&spec, &[of_side(&class.right), of_side(&class.left)], &forcing);
            for (particle, side) in ["right", "left"].into_iter().enumerate() {
                let of = |axis: &str| {
                    track[side][axis]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|x| x.as_f64().unwrap())
                };
                for ((lon, lat), snapshot) in of("lon").zip(of("lat")).zip(&outcome.snapshots) {
                    let off_m = distance_m((snapshot.lon_deg[particle], snapshot.lat_deg[particle]), (lon, lat));
                    assert!(off_m < 0.01, "{name} {key} {side}: {off_m} m");
                    worst_m = worst_m.max(off_m);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 5_418);
    println!("largest distance {worst_m:.2e} m");
}

/// A buoy that nothing but current, noise and Stokes drift moves.
fn buoy(number: usize) -> Vec<Seed> {
    let line = Line {
        slope_percent: 0.0,
        offset_cm_s: 0.0,
        eps_cm_s: 0.0,
    };
    let still = Character {
        downwind: line,
        crosswind: line,
    };
    let one = Seed {
        character: still,
        ..person(4.0, 60.0)
    };
    vec![one; number]
}

#[test]
fn the_same_run_gives_the_same_bits_on_any_number_of_threads() {
    let grid = around(place(60.0, 4.0), 3);
    let swirl = source(&grid, 0..=24, |lon, lat, hour| {
        ((lat - 60.0) as f32, (lon - 4.0 + 0.02 * hour as f64) as f32)
    });
    let current = Source::from(swirl);
    let wind = Source::from(steady(&grid, 24, (6.0, -3.0)));
    let forcing = Forcing::prepare(vec![current], vec![wind], vec![]).unwrap();
    let seeds = seeds(&plan(1_000, 2_000.0), ObjectClass::find("PIW-1").unwrap()).unwrap();
    let mut spec = RunSpec::forward(START_S, 12);
    (spec.current_uncertainty_ms, spec.wind_uncertainty_ms) = (0.1, 0.5);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| at_sea(&spec, &seeds, &forcing))
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one, three);
    assert!(one.stats.jibes > 200 && one.stats.particle_steps == 72_000);
    let other = at_sea(&RunSpec { seed: 1, ..spec }, &seeds, &forcing);
    assert_ne!(one.snapshots, other.snapshots);
}

#[test]
fn particles_are_released_at_the_step_that_holds_their_time_also_backward() {
    let forcing = forcing((0.5, 0.0), (0.0, 0.0));
    for step_s in [600, -600] {
        let at = |steps: f64| START_S as f64 + steps * f64::from(step_s);
        let mut three = buoy(4);
        for (seed, steps) in three.iter_mut().zip([0.0, 1.9, 6.0, 100.0]) {
            seed.release_s = at(steps);
        }
        let mut spec = quiet(2);
        (spec.step_s, spec.steps_per_output) = (step_s, 1);
        let outcome = at_sea(&spec, &three, &forcing);
        let first = |p: usize| {
            outcome
                .snapshots
                .iter()
                .position(|shot| shot.status[p] == Status::Active)
        };
        assert_eq!(
            [first(0), first(1), first(2), first(3)],
            [Some(0), Some(1), Some(6), None]
        );
        let moved = |p: usize| distance_m(end(&outcome, p), (4.0, 60.0));
        for (p, steps) in [(0, 12.0), (1, 11.0), (2, 6.0), (3, 0.0)] {
            assert!((moved(p) - 300.0 * steps).abs() < 1.0, "{p}: {}", moved(p));
        }
        assert_eq!(outcome.snapshots.last().unwrap().status[3], Status::NotReleased);
        assert!(outcome.ended.iter().all(Option::is_none));
    }
}

#[test]
fn stokes_drift_is_a_third_move_and_zero_where_it_has_no_value() {
    let still = vec![constant(0.0, 0.0)];
    let wave_grid = grid(4.5, 59.0, 3, 3, 1.0);
    let nowhere = Source::from(steady(&wave_grid, 24, (9.0, 9.0)));
    for (stokes, expected_m) in [
        (vec![constant(0.0, 0.2)], 0.2 * 7_200.0),
        (vec![nowhere], 0.0),
        (vec![], 0.0),
    ] {
        let forcing = Forcing::prepare(still.clone(), still.clone(), stokes).unwrap();
        let outcome = at_sea(&quiet(2), &buoy(1), &forcing);
        assert!((distance_m(end(&outcome, 0), (4.0, 60.0)) - expected_m).abs() < 1.0);
        assert_eq!(outcome.ended[0], None);
    }
}

#[test]
fn white_noise_spreads_as_its_variance_says() {
    let forcing = forcing((0.0, 0.0), (0.0, 0.0));
    let spread = |spec: &RunSpec| {
        let outcome = at_sea(spec, &buoy(4_000), &forcing);
        let off: Vec<f64> = (0..4_000).map(|p| (end(&outcome, p).1 - 60.0) * 111_413.0).collect();
        (off.iter().map(|x| x * x).sum::<f64>() / 4_000.0).sqrt()
    };
    // sigma * dt * sqrt(steps); the standard error of a standard deviation of 4,000 is 1.1 %.
    let expected = 0.25 * 600.0 * 144f64.sqrt();
    let gaussian = spread(&RunSpec {
        current_uncertainty_ms: 0.25,
        ..quiet(24)
    });
    assert!((gaussian / expected - 1.0).abs() < 0.04, "{gaussian} {expected}");
    let uniform = spread(&RunSpec {
        current_uncertainty_uniform_ms: 0.25,
        ..quiet(24)
    });
    assert!(
        (uniform * 3f64.sqrt() / expected - 1.0).abs() < 0.04,
        "{uniform} {expected}"
    );
    let of_wind = at_sea(
        &RunSpec {
            wind_uncertainty_ms: 2.0,
            ..quiet(24)
        },
        &[person(4.0, 60.0), person(4.0, 60.0)],
        &forcing,
    );
    assert_ne!(end(&of_wind, 0), end(&of_wind, 1));
}

#[test]
fn particles_capsize_forward_and_are_righted_backward() {
    let forcing = forcing((0.0, 0.0), (0.0, 30.0));
    let seeds = vec![person(4.0, 60.0); 2_000];
    let far = |outcome: &Outcome, p: usize| distance_m(end(outcome, p), (4.0, 60.0));
    let upright = far(&at_sea(&quiet(6), &seeds[..1], &forcing), 0);
    let run = |capsizing, step_s| {
        let mut spec = quiet(6);
        (spec.capsizing, spec.step_s) = (Some(capsizing), step_s);
        at_sea(&spec, &seeds, &forcing)
    };
    // At the threshold half of the particles capsize in an hour: (1 - 1/12)^36 stay upright for six.
    let forward = run(Capsizing::STANDARD, 600);
    let whole = |outcome: &Outcome| {
        (0..2_000)
            .filter(|p| (far(outcome, *p) / upright - 1.0).abs() < 1e-3)
            .count()
    };
    let expected = 2_000.0 * (11.0f64 / 12.0).powi(36);
    assert!(
        (whole(&forward) as f64 - expected).abs() < 4.0 * expected.sqrt(),
        "{}",
        whole(&forward)
    );
    let backward = run(Capsizing::STANDARD, -600);
    assert_eq!(whole(&backward), 2_000, "nobody capsizes backward");
    let from_start = Capsizing {
        from_start: true,
        ..Capsizing::STANDARD
    };
    let always = run(from_start, 600);
    assert!((0..2_000).all(|p| (far(&always, p) / upright - 0.4).abs() < 1e-3));
    let righted = run(from_start, -600);
    let longest = (0..2_000).map(|p| far(&righted, p) / upright).fold(0.0, f64::max);
    assert!(longest > 0.9, "{longest}");
}

#[test]
fn particles_end_at_an_age_beyond_a_limit_and_without_data() {
    let forcing = forcing((1.0, 0.0), (0.0, 0.0));
    let mut spec = quiet(2);
    spec.max_age_s = Some(3_600.0);
    let ended = at_sea(&spec, &buoy(1), &forcing).ended[0].unwrap();
    // Its age reaches an hour at the end of the sixth step's output: five moves.
    assert_eq!(
        (ended.status, ended.time_s),
        (Status::Retired, START_S as f64 + 3_000.0)
    );
    spec.step_s = -600;
    assert_eq!(
        at_sea(&spec, &buoy(1), &forcing).ended[0],
        None,
        "ages are negative backward"
    );
    let mut spec = quiet(2);
    spec.limits = Limits {
        east_deg: Some(4.05),
        ..Limits::default()
    };
    let ended = at_sea(&spec, &buoy(1), &forcing).ended[0].unwrap();
    // 0.05 degrees are 2,788 m: beyond after five steps of 600 m.
    assert_eq!(
        (ended.status, ended.time_s),
        (Status::Outside, START_S as f64 + 3_000.0)
    );
    let small = Source::from(steady(&grid(3.0, 59.0, 3, 3, 0.51), 24, (1.0, 0.0)));
    let sources = || vec![small.clone()];
    let forcing = Forcing::prepare(sources(), vec![constant(0.0, 0.0)], vec![]).unwrap();
    let ended = at_sea(&quiet(2), &buoy(1), &forcing).ended[0].unwrap();
    assert_eq!(ended.status, Status::MissingData);
    let two = Forcing::prepare(vec![small, constant(1.0, 0.0)], vec![constant(0.0, 0.0)], vec![]).unwrap();
    let outcome = at_sea(&quiet(2), &buoy(1), &two);
    assert_eq!((outcome.ended[0], outcome.stats.current.fallback_particles), (None, 1));
}

#[test]
fn the_coast_strands_or_holds_back_or_is_ignored() {
    // Land from 4.03 degrees on; a current of 1 m/s to the east, 600 m or 0.0107 degrees a step.
    let land = vec![(4.03, 59.0), (5.0, 59.0), (5.0, 61.0), (4.03, 61.0)];
    let coast = Coast::from_polygons(&[land]).unwrap();
    let forcing = forcing((1.0, 0.0), (0.0, 0.0));
    let run = |action| {
        let spec = RunSpec {
            coast: action,
            ..quiet(2)
        };
        completed(&spec, &buoy(1), &forcing, &coast)
    };
    let stranded = run(CoastAction::Stranding).ended[0].unwrap();
    assert_eq!(
        (stranded.status, stranded.time_s),
        (Status::Stranded, START_S as f64 + 1_800.0)
    );
    // Ten nodes from 4.0215 to 4.0323, 0.0012 apart: the first on land is within one of the shore.
    assert!(coast.on_land(stranded.lon_deg, stranded.lat_deg) && stranded.lon_deg - 4.03 < 0.0013);
    let held = run(CoastAction::Previous);
    assert_eq!(held.ended[0], None);
    let (lon, lat) = end(&held, 0);
    assert!(!coast.on_land(lon, lat) && 4.03 - lon < 0.0013, "{lon}");
    assert!((end(&run(CoastAction::None), 0).0 - 4.129).abs() < 0.001);
    let inland = [Seed {
        lon_deg: 4.5,
        ..buoy(1)[0]
    }];
    let spec = RunSpec {
        coast: CoastAction::Previous,
        ..quiet(2)
    };
    let ended = completed(&spec, &inland, &forcing, &coast).ended[0].unwrap();
    assert_eq!(ended.status, Status::SeededOnLand);
    let stranded = completed(&quiet(2), &inland, &forcing, &coast).ended[0].unwrap();
    assert_eq!((stranded.status, stranded.time_s), (Status::Stranded, START_S as f64));
}

#[test]
fn a_jibe_turns_the_slope_and_leaves_the_offset() {
    // Class PIW-4: slope 1.36 and offset -3.3 to the right; turned, they leave its coefficients, which the operational
    // engine does not do.
    let class = ObjectClass::find("PIW-4").unwrap();
    let seed = Seed {
        character: Character {
            downwind: Line::of(&class.downwind, 0.0),
            crosswind: Line::of(&class.right, 0.0),
        },
        ..person(4.0, 60.0)
    };
    let mut spec = quiet(1);
    (spec.jibe_per_hour, spec.steps_per_output) = (0.9, 1);
    let outcome = at_sea(&spec, &vec![seed; 400], &forcing((0.0, 0.0), (0.0, 10.0)));
    let eastward = |p: usize, k: usize| {
        let at = |k: usize| (outcome.snapshots[k].lon_deg[p], outcome.snapshots[k].lat_deg[p]);
        (at(k + 1).0 - at(k).0) * 55_800.0 / 600.0
    };
    // Left is positive: 1.36 * 10 - 3.3 = 10.3 cm/s west, and -1.36 * 10 - 3.3 = -16.9 cm/s after a jibe.
    let speeds = || {
        (0..400)
            .flat_map(|p| (0..6).map(move |k| (p, k)))
            .map(|(p, k)| eastward(p, k))
    };
    assert!(speeds().all(|speed| (speed + 0.103).abs() < 2e-3 || (speed - 0.169).abs() < 2e-3));
    assert!(
        (0..400).all(|p| eastward(p, 0) < 0.0),
        "a jibe counts from the next step"
    );
    let turned = speeds().filter(|speed| *speed > 0.0).count();
    assert!(turned > 500 && outcome.stats.jibes > 300, "{turned}");
}

#[test]
fn holes_are_filled_from_the_largest_neighbour_and_counted() {
    let grid = grid(3.0, 59.0, 5, 5, 0.5);
    // No values from 4.25 degrees on; the rest grows to the east.
    let holed = source(&grid, 0..=24, |lon, _, _| {
        if lon > 4.2 {
            (f32::NAN, f32::NAN)
        } else {
            (0.1 * lon as f32, 0.0)
        }
    });
    let forcing = Forcing::prepare(vec![Source::from(holed)], vec![constant(0.0, 0.0)], vec![]).unwrap();
    let at = |lon: f64| forcing.sample(ForcingKind::Current, lon, 60.0, START_S as f64);
    let (inside, beside) = (at(3.6).unwrap(), at(4.4).unwrap());
    assert!((inside.east_ms - 0.36).abs() < 1e-6 && !inside.extrapolated);
    assert!((beside.east_ms - 0.4).abs() < 1e-6 && beside.extrapolated);
    assert!(
        at(5.5).is_none()
            && forcing
                .sample(ForcingKind::Current, 3.6, 60.0, START_S as f64 - 1.0)
                .is_none()
    );
    let outcome = at_sea(
        &quiet(1),
        &[Seed {
            lon_deg: 4.4,
            ..buoy(1)[0]
        }],
        &forcing,
    );
    assert_eq!(outcome.stats.coast_extrapolated, 6);
}

#[test]
fn refusals_name_the_setting() {
    let forcing = forcing((0.0, 0.0), (0.0, 0.0));
    let coast = Coast::open_sea().unwrap();
    let refused = |spec: RunSpec, seeds: &[Seed]| {
        run(&spec, seeds, &forcing, &coast, &|_| Continue::Go)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(RunSpec { step_s: 0, ..quiet(1) }, &buoy(1)).contains("step_s"));
    assert!(
        refused(
            RunSpec {
                jibe_per_hour: 1.0,
                ..quiet(1)
            },
            &buoy(1)
        )
        .contains("jibe_per_hour")
    );
    assert!(refused(quiet(1), &[]).contains("particles"));
    assert!(Forcing::prepare(vec![], vec![constant(0.0, 0.0)], vec![]).is_err());
    let stopped = run(&quiet(1), &buoy(1), &forcing, &coast, &|_| Continue::Stop);
    assert_eq!(stopped, Err(driftline_leeway::Error::Cancelled));
}
