//! Tracks of OpenDrift 1.14.12 under constant forcing: 43 classes, both sides, three places.
//!
//! Two things differ by design. OpenDrift's positive crosswind goes to the left, ours to the right: the coefficients
//! are mirrored here. And OpenDrift moves by leeway first and by the current from there, we move once: with leeway
//! (e1, n1) and current (e2, n2) in metres per step the second-order terms differ by t n2 e1 / N eastward and
//! t e1 e2 / N northward, t being the tangent of the latitude and N the radius of curvature.

use driftline_domain::{Coefficients, LatLon, ObjectClass};
use driftline_leeway::{Regression, leeway_ms, moved};
use serde_json::Value;

use crate::sea::{afloat, constant, distance_m, quiet};

struct Reference {
    json: Value,
    start: LatLon,
    step_s: i32,
    hours: usize,
    wind: (f64, f64),
    current: (f64, f64),
}

impl Reference {
    fn read(name: &str) -> Self {
        let path = format!("{}/../../tests/data/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let forcing = |key: &str| json["forcing"][key].as_f64().unwrap();
        let first = track(&json, "PIW-1", "right")[0];
        Self {
            start: LatLon::new(first.1, first.0).unwrap(),
            step_s: json["dt_s"].as_i64().unwrap() as i32,
            hours: json["hours"].as_i64().unwrap() as usize,
            wind: (forcing("x_wind"), forcing("y_wind")),
            current: (forcing("u"), forcing("v")),
            json,
        }
    }

    fn classes(&self) -> Vec<&'static ObjectClass> {
        let keys = self.json["objects"].as_object().unwrap().keys();
        keys.map(|key| ObjectClass::find(key).unwrap()).collect()
    }

    /// What single precision may cost a track of the reference until an hour, metres. Each of its moves goes through
    /// some ten roundings of up to 6e-8 (speed and azimuth of the wind, sine, cosine, products and sums of the leeway,
    /// speed and azimuth of the move, degrees), and with constant forcing they are the same in every step.
    fn rounding_m(&self, leeway_ms: (f64, f64), hour: usize) -> f64 {
        let speed_ms = libm::hypot(leeway_ms.0, leeway_ms.1) + libm::hypot(self.current.0, self.current.1);
        6e-7 * speed_ms * 3_600.0 * hour as f64 + 1e-4
    }
}

fn track(json: &Value, key: &str, side: &str) -> Vec<(f64, f64)> {
    let axis = |name: &str| {
        json["objects"][key][side][name]
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap())
    };
    axis("lon").zip(axis("lat")).collect()
}

fn mirrored(coefficients: Coefficients) -> Coefficients {
    Coefficients {
        slope: -coefficients.slope,
        offset_ms: -coefficients.offset_ms,
        ..coefficients
    }
}

/// Leeway of a mirrored class without spread, m/s.
fn leeway_of(class: &ObjectClass, side: &Coefficients, wind: (f64, f64)) -> (f64, f64) {
    leeway_ms(
        Regression::of(&class.downwind, 0.0),
        Regression::of(&mirrored(*side), 0.0),
        wind,
    )
}

#[test]
fn runs_stay_within_the_difference_between_one_move_and_two() {
    let mut compared = 0;
    for name in ["det_constant_A", "det_constant_B", "det_constant_C"] {
        let reference = Reference::read(name);
        let single = |v: (f64, f64)| (v.0 as f32, v.1 as f32);
        let forcing = constant(reference.start, 24, single(reference.current), single(reference.wind));
        for class in reference.classes() {
            let opposite = ObjectClass {
                right: mirrored(class.right),
                left: mirrored(class.left),
                ..*class
            };
            let mut spec = quiet(&opposite, reference.start, 2);
            spec.step_s = reference.step_s;
            spec.steps_per_output = (3_600 / reference.step_s) as u32;
            spec.steps = spec.steps_per_output * reference.hours as u32;
            let outcome = afloat(&spec, &forcing);
            for (particle, side) in ["right", "left"].into_iter().enumerate() {
                let coefficients = if particle == 0 { &class.right } else { &class.left };
                let leeway = leeway_of(class, coefficients, reference.wind);
                let current_ms = libm::hypot(reference.current.0, reference.current.1);
                for (hour, expected) in track(&reference.json, class.key, side).into_iter().enumerate() {
                    let snapshot = &outcome.snapshots[hour];
                    let got = (snapshot.lon_deg[particle], snapshot.lat_deg[particle]);
                    let step_s = f64::from(reference.step_s);
                    let steps = 3_600.0 * hour as f64 / step_s;
                    let tangent = libm::tan(expected.1.abs().max(reference.start.lat_deg().abs()).to_radians());
                    let per_step_m = tangent * leeway.0.abs() * current_ms * step_s * step_s / 6.378e6;
                    let bound_m = 1.02 * steps * per_step_m + reference.rounding_m(leeway, hour);
                    let off_m = distance_m(got, expected);
                    assert!(
                        off_m <= bound_m,
                        "{name} {} {side} hour {hour}: {off_m} m, bound {bound_m} m",
                        class.key
                    );
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 5_418);
}

#[test]
fn moved_twice_as_the_reference_does_tracks_agree_to_its_precision() {
    for name in ["det_constant_A", "det_constant_B", "det_constant_C"] {
        let reference = Reference::read(name);
        let step_s = f64::from(reference.step_s);
        for class in reference.classes() {
            for (side, coefficients) in [("right", &class.right), ("left", &class.left)] {
                let leeway = leeway_of(class, coefficients, reference.wind);
                let mut at = (reference.start.lon_deg(), reference.start.lat_deg());
                for (hour, expected) in track(&reference.json, class.key, side).into_iter().enumerate() {
                    let (off_m, bound_m) = (distance_m(at, expected), reference.rounding_m(leeway, hour));
                    assert!(
                        off_m <= bound_m,
                        "{name} {} {side} hour {hour}: {off_m} m, {bound_m} m",
                        class.key
                    );
                    for _ in 0..3_600 / reference.step_s {
                        at = moved(at.0, at.1, leeway.0 * step_s, leeway.1 * step_s);
                        at = moved(at.0, at.1, reference.current.0 * step_s, reference.current.1 * step_s);
                    }
                }
            }
        }
    }
}
