//! Parity mode against tracks of OpenDrift 1.14.12 and against its rules, one by one.

use driftline_coast::Coast;
use driftline_domain::{ForcingKind, LatLon, ObjectClass};
use driftline_leeway::parity::{
    Capsizing, Character, CoastAction, Forcing, Limits, Line, RunSpec, Scatter, Seed, SeedPlan, Shape, Source, run, seeds,
};
use driftline_leeway::{Continue, Outcome, Status};
use serde_json::Value;

use crate::sea::{START_S, around, distance_m, grid, place, source, steady};

fn constant(east_ms: f32, north_ms: f32) -> Source {
    Source::Constant { east_ms, north_ms }
}

fn forcing(current: (f32, f32), wind: (f32, f32)) -> Forcing {
    Forcing::prepare(vec![constant(current.0, current.1)], vec![constant(wind.0, wind.1)], vec![]).unwrap()
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
                let of = |axis: &str| track[side][axis].as_array().unwrap().iter().map(|x| x.as_f64().unwrap());
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
