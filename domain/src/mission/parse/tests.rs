//! What missions are accepted, and what is said of those that are not.

use serde_json::json;

use super::*;
use crate::mission::Release;

fn valid() -> Value {
    json!({"last_known_lat": 60.0, "last_known_lon": 4.0, "last_known_time": "2015-11-16T06:00:00Z", "object_type": "PIW-1"})
}

fn codes(body: &Value) -> Vec<(String, String)> {
    MissionSpec::from_json(body)
        .unwrap_err()
        .into_iter()
        .map(|v| (v.field, v.code))
        .collect()
}

#[test]
fn the_shortest_mission_gets_the_documented_defaults() {
    let spec = MissionSpec::from_json(&valid()).unwrap();
    assert_eq!((spec.ensemble_size, spec.forecast_hours, spec.step_s), (5_000, 24, 600));
    assert_eq!(spec.priority, Priority::Normal);
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<MissionSpec>(&text).unwrap(), spec);
}

#[test]
fn every_violation_is_reported_at_once() {
    let body = json!({
        "last_known_lat": 95, "last_known_time": "tomorrow", "object_type": "PIV-1", "forecast_hours": -3,
        "ensemble_size": 1_000_000_000, "uncertainty_radius_m": "wide", "distres": true,
        "config": {"step_s": 700, "seed": 1.5, "scenarios": [], "error": {"current": {"sigma": -1}}}
    });
    let found = codes(&body);
    let expect = [
        ("last_known_lat", "out_of_range"),
        ("last_known_lon", "missing"),
        ("last_known_time", "malformed"),
        ("object_type", "unknown"),
        ("uncertainty_radius_m", "wrong_type"),
        ("forecast_hours", "out_of_range"),
        ("ensemble_size", "out_of_range"),
        ("distres", "unknown_field"),
        ("config.seed", "wrong_type"),
        ("config.scenarios", "too_few"),
        ("config.error.current.sigma", "out_of_range"),
        ("config.output_interval_s", "not_a_multiple"),
    ];
    let expect: Vec<_> = expect.iter().map(|(f, c)| ((*f).to_owned(), (*c).to_owned())).collect();
    assert_eq!(found, expect);
}

#[test]
fn nonsense_is_refused_without_a_panic() {
    for body in [
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({"config": 3}),
        json!({"config": {"error": []}}),
    ] {
        assert!(!codes(&body).is_empty(), "{body}");
    }
    for (name, value) in [
        ("last_known_lat", json!(null)),
        ("last_known_lon", json!(1e308)),
        ("forecast_hours", json!(1e300)),
        ("ensemble_size", json!(0)),
        ("object_type", json!("x".repeat(100_000))),
        ("name", json!("n".repeat(201))),
        ("description", json!("a\u{0}b")),
    ] {
        let mut body = valid();
        body[name] = value;
        let violations = MissionSpec::from_json(&body).unwrap_err();
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_eq!(violations[0].field, name);
        assert!(violations[0].message.len() < 400);
    }
}

#[test]
fn a_size_beyond_the_limit_of_positions_is_refused() {
    let mut body = valid();
    body["ensemble_size"] = json!(1_000_000);
    body["forecast_hours"] = json!(240);
    assert_eq!(codes(&body), [("ensemble_size".to_owned(), "too_large".to_owned())]);
}

const T: &str = "2015-11-16T06:00:00Z";
const LATER: &str = "2015-11-16T09:00:00Z";

/// A mission of these scenarios.
fn mission(scenarios: &Value) -> Value {
    json!({"object_type": "PIW-1", "config": {"scenarios": scenarios}})
}

fn of_release(release: Value) -> Value {
    mission(&json!([{"release": release}]))
}

fn every_shape() -> Value {
    json!([
        {"name": "beacon", "weight": 3, "release": {"point": {"lat": 60, "lon": 4, "time": T, "until": LATER, "position_source": "radio_beacon"}}},
        {"release": {"point": {"lat": 60, "lon": 4, "time": T, "radius_m": 500, "distribution": "uniform"}}, "object_type": 7,
         "changes": [{"at": "2015-11-16T10:00:00Z", "to": "PIW-1"}, {"at": "2015-11-16T12:00:00Z", "to": "PIW-6"}]},
        {"release": {"cone": {"from": {"lat": 60, "lon": 4, "time": T, "radius_m": 100}, "to": {"lat": 60.5, "lon": 4.5, "time": LATER}}}},
        {"release": {"track": {"departure": [T, T], "legs": [{"lat": 60, "lon": 4}, {"lat": 60.2, "lon": 4.1, "speed_ms": 5},
            {"lat": 60.3, "lon": 4.4, "time": "2015-11-16T10:00:00Z"}]}}},
        {"release": {"polygon": {"times": [T, LATER], "coordinates": [[[179, 60], [-179, 60], [-179, 61], [179, 60]]]}}},
        {"release": {"bearings": {"times": [T, T], "lines": [
            {"lat": 60, "lon": 4, "bearing_deg": 90, "sigma_deg": 2, "range_m": 80000},
            {"lat": 59.5, "lon": 5, "bearing_deg": 0, "width_deg": 60, "range_m": 80000, "min_range_m": 1000}]}}}
    ])
}

#[test]
fn every_shape_is_read_and_comes_back_as_it_was() {
    let spec = MissionSpec::from_json(&mission(&every_shape())).unwrap();
    assert_eq!((spec.scenarios.len(), spec.time.to_string()), (6, T.to_owned()));
    assert_eq!(
        (spec.position.lat_deg(), spec.radius_m),
        (60.0, 7_408.0),
        "of the weightiest"
    );
    let stored = serde_json::to_value(&spec).unwrap();
    assert_eq!(serde_json::from_value::<MissionSpec>(stored.clone()).unwrap(), spec);
    // What is stored is what could be sent.
    let again = MissionSpec::from_json(&mission(&stored["scenarios"])).unwrap();
    assert_eq!(again.scenarios, spec.scenarios);
    let shares = spec.scenario_shares();
    assert!((shares[0] - 0.375).abs() < 1e-12 && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let raft = &spec.scenarios[1];
    for (time, object) in [
        (T, "LIFE-RAFT-DB-10"),
        ("2015-11-16T10:00:00Z", "PIW-1"),
        ("2015-11-16T13:00:00Z", "PIW-6"),
    ] {
        let found = raft.object_at(time.parse().unwrap(), Direction::Forward);
        assert_eq!(found.key, object);
    }
    for scenario in &spec.scenarios {
        let (bounds, centre) = (scenario.release.bounds(), scenario.release.centre());
        assert!(
            bounds.contains(centre.lon_deg(), centre.lat_deg()),
            "{scenario:?}: {bounds:?} {centre:?}"
        );
        assert!(scenario.release.first_time() <= scenario.release.last_time());
    }
}

#[test]
fn a_backtrack_begins_at_the_latest_release() {
    let mut body = mission(&every_shape());
    body["config"]["direction"] = json!("backtrack");
    body["config"]["scenarios"][1]["changes"] = json!([{"at": "2015-11-16T05:00:00Z", "to": "LIFE-RAFT-DB-10"}]);
    let spec = MissionSpec::from_json(&body).unwrap();
    assert_eq!(
        (spec.direction, spec.time.to_string()),
        (Direction::Backtrack, "2015-11-16T10:00:00Z".to_owned())
    );
    body["config"]["scenarios"][1]["changes"][0]["at"] = json!("2015-11-16T06:00:00Z");
    assert_eq!(
        codes(&body),
        [(
            "config.scenarios[1].changes[0].at".to_owned(),
            "out_of_order".to_owned()
        )]
    );
}

#[test]
fn the_short_form_is_one_point_scenario_and_is_stored_as_before() {
    let spec = MissionSpec::from_json(&valid()).unwrap();
    let scenarios = spec.scenarios();
    let Release::Point(point) = &scenarios[0].release else {
        panic!("{scenarios:?}")
    };
    assert_eq!(
        (scenarios.len(), point.position, point.radius_m),
        (1, spec.position, 1_000.0)
    );
    let stored = serde_json::to_value(&spec).unwrap();
    let members: Vec<_> = stored.as_object().unwrap().keys().collect();
    assert_eq!(members.len(), 16, "nothing that 0.2.0 does not know: {members:?}");
}

#[test]
fn missions_of_earlier_versions_load() {
    let stored = json!({
        "name": null, "description": null, "position": {"lat": 60.0, "lon": 4.0}, "time": T, "object": "PIW-1", "radius_m": 100.0,
        "forecast_hours": 6, "ensemble_size": 1000, "priority": "normal", "distress": false, "mode": "operational", "step_s": 600,
        "output_interval_s": 3600, "seed": null, "forcing": ["norkyst", "arome"], "current_error": null
    });
    let spec: MissionSpec = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(
        (spec.feeds(), spec.direction),
        (vec!["norkyst".to_owned(), "arome".to_owned()], Direction::Forward)
    );
    assert_eq!(serde_json::to_value(&spec).unwrap(), stored);
}

#[test]
fn settings_of_the_error_model_and_of_forcing_are_read() {
    let mut body = valid();
    body["config"] = json!({
        "forcing": ["a", {"feed": "b", "weight": 2}], "capsizing": true, "coastline_action": "previous",
        "error": {"wind": {"sigma": 2, "tau": 21600}, "coefficients": {"share": 0.5, "tau": 43200}}
    });
    let spec = MissionSpec::from_json(&body).unwrap();
    assert_eq!(spec.forcing[1].weight, Some(2.0));
    assert!(spec.capsizing && spec.coastline_action == crate::CoastlineAction::Previous);
    assert_eq!(spec.slow_coefficients.unwrap().share, 0.5);
    let stored = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<MissionSpec>(&stored).unwrap(), spec);
    body["config"]["forcing"] = json!(["a", {"feed": "a", "weight": 0}, 3, {"weight": 1}]);
    body["config"]["error"]["wind"] = json!({"sigma": 2});
    body["config"]["mode"] = json!("parity");
    let expect = [
        ("config.forcing[1].weight", "out_of_range"),
        ("config.forcing[1]", "duplicate"),
        ("config.forcing[2]", "wrong_type"),
        ("config.forcing[3].feed", "missing"),
        ("config.error.wind.tau", "missing"),
        ("config.error", "not_in_parity"),
    ];
    assert_eq!(codes(&body), expect.map(|(f, c)| (f.to_owned(), c.to_owned())));
    body["config"] = json!({"mode": "parity", "forcing": ["a", {"feed": "b", "weight": 2}]});
    let expect = [("config.forcing".to_owned(), "not_in_parity".to_owned())];
    assert_eq!(codes(&body), expect, "the reference has one order of sources");
    for ring in [
        json!([[4, 60], [4.5, 60.5], [4.5, 60], [4, 60.5], [4, 60]]),
        json!([[179, 60], [-179, 60], [-179, 61], [179, 60]]),
        json!([[0, 85], [120, 85], [-120, 85], [0, 85]]),
    ] {
        let mut body = mission(&json!([{"release": {"polygon": {"times": [T, T], "coordinates": [ring]}}}]));
        assert!(MissionSpec::from_json(&body).is_ok(), "{body}");
        body["config"]["mode"] = json!("parity");
        let field = "config.scenarios[0].release.polygon.coordinates".to_owned();
        assert_eq!(codes(&body), [(field, "not_in_parity".to_owned())], "{body}");
    }
}

#[test]
fn scenarios_and_the_short_form_do_not_mix() {
    let mut body = mission(&json!([{"release": {"point": {"lat": 60, "lon": 4, "time": T}}}]));
    body["last_known_lat"] = json!(60);
    body["uncertainty_radius_m"] = json!(10);
    let expect = ["last_known_lat", "uncertainty_radius_m"];
    assert_eq!(
        codes(&body),
        expect.map(|field| (field.to_owned(), "contradiction".to_owned()))
    );
    body = mission(&json!([{"release": {"point": {"lat": 60, "lon": 4, "time": T}}}]));
    body.as_object_mut().unwrap().remove("object_type");
    assert_eq!(
        codes(&body),
        [("config.scenarios[0].object_type".to_owned(), "missing".to_owned())]
    );
}

#[test]
fn an_edge_of_half_a_turn_is_refused_since_it_may_go_either_way() {
    let ring = json!([[-90, 0], [90, 0], [90, 10], [-90, 10], [-90, 0]]);
    let body = mission(&json!([{"release": {"polygon": {"times": [T, T], "coordinates": [ring]}}}]));
    let field = "config.scenarios[0].release.polygon.coordinates[0]".to_owned();
    assert_eq!(codes(&body), [(field, "ambiguous".to_owned())]);
}

#[test]
fn releases_that_make_no_sense_are_refused_by_name() {
    let at = "config.scenarios[0].release";
    let place = |lat: f64, lon: f64| json!({"lat": lat, "lon": lon});
    let line = |bearing: f64, range: f64| json!({"lat": 60, "lon": 4, "bearing_deg": bearing, "sigma_deg": 1, "range_m": range});
    let away = json!({"lat": 60, "lon": 3, "bearing_deg": 270, "sigma_deg": 1, "range_m": 50000});
    let ring = |ring: Value| json!({"polygon": {"times": [T, T], "coordinates": [ring]}});
    let legs = |legs: Value| json!({"track": {"departure": [T, LATER], "legs": legs}});
    let lines = |lines: Value| json!({"bearings": {"times": [T, T], "lines": lines}});
    let mut early = place(60.1, 4.0);
    early["time"] = json!("2015-11-16T08:00:00Z");
    let mut slow = place(60.0, 4.0);
    slow["speed_ms"] = json!(5);
    for (release, field, code) in [
        (json!({}), "", "missing"),
        (json!({"point": {}, "cone": {}}), "", "contradiction"),
        (
            json!({"circle": {}, "point": {"lat": 60, "lon": 4, "time": T}}),
            ".circle",
            "unknown_field",
        ),
        (
            json!({"point": {"lat": 60, "lon": 4, "time": LATER, "until": T}}),
            ".point.until",
            "out_of_order",
        ),
        (
            json!({"point": {"lat": 60, "lon": 4, "time": T, "position_source": "sextant"}}),
            ".point.position_source",
            "unknown",
        ),
        (
            json!({"point": {"lat": 60, "lon": 4, "time": T, "until": "2015-11-17T06:00:00Z"}}),
            "",
            "out_of_range",
        ),
        (
            json!({"cone": {"from": {"lat": 60, "lon": 4, "time": LATER}, "to": {"lat": 61, "lon": 4, "time": T}}}),
            ".cone.to.time",
            "out_of_order",
        ),
        (
            json!({"cone": {"from": {"lat": 60, "lon": 4, "time": T}, "to": {"lat": -60, "lon": 184 - 360, "time": T}}}),
            ".cone.to",
            "too_far",
        ),
        (legs(json!([place(60.0, 4.0)])), ".track.legs", "too_few"),
        (
            legs(json!([place(60.0, 4.0), place(61.0, 4.0)])),
            ".track.legs[1]",
            "missing",
        ),
        (
            legs(json!([place(60.0, 4.0), early])),
            ".track.legs[1].time",
            "out_of_order",
        ),
        (legs(json!([place(60.0, 4.0), slow])), ".track.legs", "degenerate"),
        (
            ring(json!([[4, 60], [5, 60], [5, 61], [4, 60.1]])),
            ".polygon.coordinates[0]",
            "not_closed",
        ),
        (
            ring(json!([[4, 60], [5, 60], [6, 60], [4, 60]])),
            ".polygon.coordinates",
            "degenerate",
        ),
        (
            ring(json!([[4, 60], [5, "60"], [6, 60], [4, 60]])),
            ".polygon.coordinates[0]",
            "wrong_type",
        ),
        (
            ring(json!([[4, 91], [5, 60], [6, 60], [4, 91]])),
            ".polygon.coordinates[0]",
            "out_of_range",
        ),
        (
            lines(json!([line(10.0, 0.0)])),
            ".bearings.lines[0].range_m",
            "out_of_range",
        ),
        (
            lines(json!([line(400.0, 1e4)])),
            ".bearings.lines[0].bearing_deg",
            "out_of_range",
        ),
        (
            lines(json!([line(90.0, 1e4), away])),
            ".bearings.lines",
            "contradiction",
        ),
        (lines(json!([])), ".bearings.lines", "too_few"),
    ] {
        let found = codes(&of_release(release.clone()));
        assert_eq!(found, [(format!("{at}{field}"), code.to_owned())], "{release}");
    }
}

#[test]
fn too_many_of_anything_is_refused() {
    let one = json!({"release": {"point": {"lat": 60, "lon": 4, "time": T}}});
    let mut body = mission(&json!(vec![one.clone(); 21]));
    assert_eq!(codes(&body), [("config.scenarios".to_owned(), "too_many".to_owned())]);
    body = mission(&json!(vec![one.clone(); 3]));
    body["ensemble_size"] = json!(2);
    assert_eq!(codes(&body), [("ensemble_size".to_owned(), "too_small".to_owned())]);
    body = mission(&json!([one]));
    body["config"]["scenarios"][0]["changes"] = json!(vec![json!({"at": LATER, "to": 1}); 9]);
    assert_eq!(
        codes(&body),
        [("config.scenarios[0].changes".to_owned(), "too_many".to_owned())]
    );
}

#[test]
fn nonsense_in_scenarios_is_refused_without_a_panic() {
    // Every member in turn becomes something else.
    let good = mission(&every_shape());
    let mut pointers = Vec::new();
    collect(
        &good["config"]["scenarios"],
        "/config/scenarios".to_owned(),
        &mut pointers,
    );
    assert!(pointers.len() > 80);
    for pointer in pointers {
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!("x"),
            json!(1e308),
            json!(-1),
            json!([[[]]]),
            json!(true),
        ] {
            let mut body = good.clone();
            *body.pointer_mut(&pointer).unwrap() = value.clone();
            if let Err(violations) = MissionSpec::from_json(&body) {
                assert!(violations.iter().all(|v| v.message.len() < 400), "{pointer} {value}");
            }
        }
    }
}

fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{number}"), pointers);
            }
        }
        Value::Object(map) => {
            for (name, item) in map {
                collect(item, format!("{pointer}/{name}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(pointer);
}

#[test]
fn the_examples_of_the_manual_are_missions() {
    let manual = include_str!("../../../../docs/missions.md");
    let examples = manual
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut shapes = std::collections::HashSet::new();
    for example in examples {
        let body: Value = serde_json::from_str(example).unwrap();
        let spec = MissionSpec::from_json(&body).unwrap_or_else(|violations| panic!("{example}: {violations:?}"));
        shapes.extend(
            spec.scenarios()
                .iter()
                .map(|scenario| std::mem::discriminant(&scenario.release)),
        );
    }
    assert_eq!(shapes.len(), 5, "an example of every shape");
}

#[test]
fn the_manual_names_the_limits_that_hold() {
    let manual = include_str!("../../../../docs/missions.md");
    let grouped = |number: u32| {
        let text = number.to_string();
        let cut = text.len().saturating_sub(3);
        if cut == 0 {
            text
        } else {
            format!("{},{}", &text[..cut], &text[cut..])
        }
    };
    for (member, limit) in [
        ("`ensemble_size`", grouped(limits::DEFAULT_ENSEMBLE)),
        (
            "`forecast_hours`",
            format!("{} to {}", limits::HOURS.start(), limits::HOURS.end()),
        ),
        (
            "`step_s`",
            format!("{} to {}", limits::STEP_S.start(), grouped(*limits::STEP_S.end())),
        ),
        ("`scenarios`", format!("1 to {}", limits::SCENARIOS.end())),
        ("`changes`", format!("| {} |", limits::CHANGES.end())),
        (
            "`legs`",
            format!("{} to {} places", limits::WAYPOINTS.start(), limits::WAYPOINTS.end()),
        ),
        (
            "`sigma_deg`",
            format!(
                "{} to {}",
                limits::BEARING_SIGMA_DEG.start(),
                limits::BEARING_SIGMA_DEG.end()
            ),
        ),
        ("`coordinates`", format!("{} rings", limits::RINGS.end())),
    ] {
        let row = manual.lines().find(|line| line.starts_with(&format!("| {member}")));
        assert!(
            row.is_some_and(|row| row.contains(&limit)),
            "{member}: {limit}: {row:?}"
        );
    }
}
