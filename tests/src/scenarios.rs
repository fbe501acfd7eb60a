//! Every kind of scenario, computed by the command line and read back by xarray: particles begin where and when the mission
//! says, by PROJ's geodesics.

use serde_json::{Value, json};

use crate::harness::{Commands, OFF_NORWAY, forcing_file, json_of, python, scratch};

const PARTICLES: u32 = 1_000;

/// Runs a mission with one scenario and has it read back.
fn begins(release: &Value, direction: &str) -> Value {
    let folder = scratch("scenarios");
    let mission = json!({
        "object_type": "PIW-1", "forecast_hours": 8, "ensemble_size": PARTICLES,
        "config": {"seed": 5, "output_interval_s": 600, "direction": direction, "scenarios": [{"release": release}]}
    });
    let path = folder.path().join("mission.json");
    std::fs::write(&path, mission.to_string()).unwrap();
    let out = folder.path().join("out");
    let mut command = Commands::on(&folder.path().join("none")).command(&["simulate", "--json"]);
    command.arg("--mission").arg(&path).arg("--out").arg(&out);
    command.args(["--files", "particles.nc,particles.parquet"]);
    for (_, file) in OFF_NORWAY {
        command.arg("--forcing").arg(forcing_file(file));
    }
    let report = json_of(&mut command);
    assert_eq!(report["scenarios"][0]["particles"], PARTICLES, "{report}");
    assert_eq!(report["direction"], direction);
    let found = python("scenario_kinds.py", &[out.to_str().unwrap(), path.to_str().unwrap()]);
    assert_eq!(found["particles"], PARTICLES);
    assert_eq!(found["released"], PARTICLES, "all are released: {found}");
    assert_eq!(
        found["differing"], 0,
        "NetCDF and GeoParquet agree to the last bit: {found}"
    );
    found
}

/// Four standard errors of a standard deviation estimated from all particles.
fn is_one(sigma: &Value) {
    let bound = 4.0 / f64::from(2 * PARTICLES).sqrt();
    for axis in sigma.as_array().unwrap() {
        assert!((axis.as_f64().unwrap() - 1.0).abs() < bound, "{sigma}");
    }
}

/// Releases are even over a window of so many hours: off by no more than a step of ten minutes, and a half rank.
fn is_even(found: &Value, hours: f64) {
    let off = found["window"].as_f64().unwrap();
    assert!(off <= 1.0 / (6.0 * hours) + 1.0 / f64::from(PARTICLES), "{found}");
}

#[test]
fn a_point_with_a_window_is_gaussian_and_even_in_time() {
    let found = begins(
        &json!({"point": {"lat": 60.2, "lon": 3.9, "time": "2015-11-16T01:00:00Z", "until": "2015-11-16T04:00:00Z", "radius_m": 2_000.0}}),
        "forward",
    );
    is_one(&found["sigma"]);
    is_even(&found, 3.0);
    for axis in found["mean_sigma"].as_array().unwrap() {
        assert!(
            axis.as_f64().unwrap().abs() < 4.0 / f64::from(PARTICLES).sqrt(),
            "{found}"
        );
    }
}

#[test]
fn a_cone_widens_from_end_to_end() {
    let found = begins(
        &json!({"cone": {
            "from": {"lat": 60.0, "lon": 3.6, "time": "2015-11-16T01:00:00Z", "radius_m": 300.0},
            "to": {"lat": 60.4, "lon": 4.1, "time": "2015-11-16T05:00:00Z", "radius_m": 4_000.0}
        }}),
        "forward",
    );
    is_one(&found["sigma"]);
    is_even(&found, 4.0);
}

#[test]
fn a_voyage_loses_its_object_along_its_legs() {
    let found = begins(
        &json!({"track": {
            "departure": ["2015-11-16T01:00:00Z", "2015-11-16T02:00:00Z"],
            "legs": [{"lat": 60.0, "lon": 3.6}, {"lat": 60.25, "lon": 4.0, "speed_ms": 6.0}, {"lat": 60.45, "lon": 3.8, "time": "2015-11-16T07:00:00Z"}],
            "radius_m": 800.0
        }}),
        "forward",
    );
    let farthest = found["farthest_sigmas"].as_f64().unwrap();
    assert!((2.0..5.5).contains(&farthest), "{found}");
    for end_h in found["time_share"].as_array().unwrap() {
        // Nobody before the first departure or after the arrival, and some near both.
        assert!((-1e-9..1.0).contains(&end_h.as_f64().unwrap()), "{found}");
    }
}

#[test]
fn a_polygon_is_filled_evenly_and_its_hole_is_not() {
    let found = begins(
        &json!({"polygon": {
            "coordinates": [
                [[3.6, 60.0], [4.2, 60.0], [4.2, 60.4], [3.6, 60.4], [3.6, 60.0]],
                [[3.8, 60.1], [4.0, 60.1], [4.0, 60.3], [3.8, 60.3], [3.8, 60.1]]
            ],
            "times": ["2015-11-16T02:00:00Z", "2015-11-16T04:00:00Z"]
        }}),
        "forward",
    );
    assert_eq!(found["outside"], 0, "{found}");
    let west = found["west_half"].as_f64().unwrap();
    assert!(
        (west - 0.5).abs() < 4.0 * (0.25 / f64::from(PARTICLES)).sqrt(),
        "{found}"
    );
    is_even(&found, 2.0);
}

#[test]
fn cross_bearings_and_a_sector_hold_all_at_once() {
    let found = begins(
        &json!({"bearings": {
            "lines": [
                {"lat": 60.1, "lon": 5.0, "bearing_deg": 285.0, "sigma_deg": 3.0, "range_m": 80_000.0},
                {"lat": 59.8, "lon": 4.9, "bearing_deg": 320.0, "sigma_deg": 3.0, "range_m": 90_000.0},
                {"lat": 60.3, "lon": 4.9, "bearing_deg": 260.0, "width_deg": 120.0, "range_m": 90_000.0}
            ],
            "times": ["2015-11-16T02:00:00Z", "2015-11-16T02:00:00Z"]
        }}),
        "forward",
    );
    assert_eq!(found["window"], 0.0, "{found}");
    let lines = found["lines"].as_array().unwrap();
    assert!(
        lines.iter().all(|line| line["range"].as_f64().unwrap() <= 1.0),
        "{found}"
    );
    for line in &lines[..2] {
        // Together they say more than each alone, but none is contradicted.
        assert!(
            line["farthest"].as_f64().unwrap() < 6.0 && line["spread"].as_f64().unwrap() < 1.1,
            "{found}"
        );
    }
    assert!(
        lines[2]["farthest"].as_f64().unwrap() <= 1.0 + 1e-6,
        "a sector has an edge: {found}"
    );
}

#[test]
fn a_backtrack_begins_at_the_find() {
    let found = begins(
        &json!({"point": {"lat": 60.2, "lon": 3.9, "time": "2015-11-16T20:00:00Z", "radius_m": 1_000.0}}),
        "backtrack",
    );
    assert_eq!(
        (found["direction"].as_str(), found["window"].as_f64()),
        (Some("backward"), Some(0.0))
    );
    is_one(&found["sigma"]);
}
