//! What a run reports: the end of it whichever way it went, and what a reader has to be warned of.

use std::sync::Arc;

use driftline_domain::MissionSpec;
use driftline_simulate::Continue;
use serde_json::{Value, json};

use crate::engine::norway;

async fn reported(body: &Value) -> Value {
    let (engine, spec) = (norway(2), MissionSpec::from_json(body).unwrap());
    let forecast = engine.forecast(&spec, 11, Arc::new(|_| Continue::Go)).await.unwrap();
    engine.products(forecast).await.unwrap().report().unwrap()
}

fn warned(report: &Value, of: &str) -> bool {
    let warnings = report["warnings"].as_array().unwrap();
    warnings.iter().any(|warning| warning.as_str().unwrap().contains(of))
}

fn scenarios(particles: u32, config: &Value, scenarios: &[Value]) -> Value {
    let mut body = json!({"forecast_hours": 6, "ensemble_size": particles, "object_type": "PIW-1", "config": config});
    body["config"]["scenarios"] = json!(scenarios);
    body
}

fn point(time: &str, until: &str) -> Value {
    json!({"point": {"lat": 60.15, "lon": 4.1, "time": time, "until": until, "radius_m": 500.0}})
}

#[tokio::test]
async fn a_backtrack_reports_how_far_back_it_came_not_what_was_found() {
    let found = "2015-11-17T00:00:00Z";
    let body = json!({
        "last_known_lat": 60.15, "last_known_lon": 4.1, "last_known_time": found, "object_type": "PIW-1",
        "forecast_hours": 12, "ensemble_size": 300, "config": {"direction": "backtrack", "capsizing": true}
    });
    let report = reported(&body).await;
    assert_eq!(report["valid_from"], "2015-11-16T12:00:00Z");
    assert_eq!(
        report["mean"], report["scenarios"][0]["mean"],
        "both are of the end of the run"
    );
    // 1 km of uncertainty is 14 square kilometres at 90 %; twelve hours of drift are many times that.
    assert!(report["areas_km2"]["90"].as_f64().unwrap() > 100.0, "{report}");
    assert!(
        report["capsized"] == 0 && warned(&report, "nothing capsizes"),
        "{report}"
    );
}

#[tokio::test]
async fn who_was_never_released_is_told() {
    // Forcing ends at 18:00.
    let release = point("2015-11-18T12:00:00Z", "2015-11-18T17:59:00Z");
    let whole = reported(&scenarios(100, &json!({}), &[json!({"release": release})])).await;
    assert!(
        whole["not_released"] == 0 && !warned(&whole, "were released"),
        "{whole}"
    );
    let mut body = scenarios(
        200,
        &json!({}),
        &[json!({"release": point("2015-11-18T12:00:00Z", "2015-11-18T23:00:00Z")})],
    );
    body["forecast_hours"] = json!(12);
    let report = reported(&body).await;
    let waiting = report["not_released"].as_u64().unwrap();
    assert!(
        waiting > 50 && warned(&report, &format!("{waiting} of 200 particles were released")),
        "{report}"
    );
}

#[tokio::test]
async fn changes_that_never_came_and_weights_that_too_few_particles_cannot_show_are_told() {
    let start = "2015-11-16T00:00:00Z";
    let one = |weight: f64, at: &str| json!({"weight": weight, "release": point(start, start), "changes": [{"at": at, "to": "LIFE-RAFT-DB-10"}]});
    let scenarios_of = |particles| {
        let asked = [one(1e6, "2015-11-16T05:00:00Z"), one(1e-6, "2015-11-16T06:00:00Z")];
        scenarios(particles, &json!({}), &asked)
    };
    let report = reported(&scenarios_of(4)).await;
    assert!(
        warned(
            &report,
            "scenario 1 has 1 of 4 particles, 25.0 %, for a weight of 0.0 %"
        ),
        "{report}"
    );
    assert!(warned(&report, "scenario 1 never became LIFE-RAFT-DB-10"), "{report}");
    assert!(!warned(&report, "scenario 0 never became"), "{report}");
    let report = reported(&scenarios_of(400)).await;
    assert!(!warned(&report, "too few to share out"), "{report}");
}
