//! Usage of nodes that were cut off.

use driftline_domain::{KeyId, MissionId};
use serde_json::{Value, json};

use crate::{Service, refusal, service};

/// The clock of these tests stands at 2026-01-01T00:00:00Z.
fn record(service: &Service, seq: i64, at: &str) -> Value {
    json!({
        "node": "rescue-7", "epoch": 5, "seq": seq, "key": service.key_id, "meter": "features", "units": 10 + seq, "at": at
    })
}

async fn send(service: &Service, records: &[Value]) -> crate::Answer {
    let body = json!({ "records": records });
    service.post("/v1/usage/records", service.key.expose(), &body).await
}

#[tokio::test]
async fn what_is_sent_again_changes_nothing_and_what_is_late_is_an_adjustment() {
    let service = service().await;
    let open = [
        record(&service, 0, "2025-12-31T23:10:00Z"),
        record(&service, 1, "2025-12-31T22:00:01Z"),
    ];
    let answer = send(&service, &open).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (200, json!({"entered": 1, "late": 1, "known": 0}))
    );
    // A mission that was computed out there is charged once, whatever its record's number.
    let mission = MissionId::generate();
    for (seq, entered) in [(10, 1), (11, 0)] {
        let mut charge = record(&service, seq, "2025-12-31T23:30:00Z");
        (charge["mission"], charge["meter"]) = (json!(mission), json!("mission.particle_hours"));
        assert_eq!(send(&service, &[charge]).await.json()["entered"], entered);
    }
    let more = [
        open[0].clone(),
        open[1].clone(),
        record(&service, 2, "2025-12-31T23:20:00Z"),
    ];
    assert_eq!(
        send(&service, &more).await.json(),
        json!({"entered": 1, "late": 0, "known": 2})
    );
    let usage = service.get("/v1/billing/usage?until=2026-01-01T01:00:00Z").await.json();
    assert_eq!(
        usage["totals"][0],
        json!({"meter": "features", "units": 22, "records": 2})
    );
    assert_eq!(
        (&usage["late"][0]["units"], &usage["late"][0]["hour"]),
        (&json!(11), &json!("2025-12-31T22:00:00Z"))
    );
    assert!(usage.get("groups").is_none());
    let grouped = service.get("/v1/billing/usage?group_by=meter,day").await.json();
    let expected = json!([
        {"from": "2025-12-31T00:00:00Z", "meter": "features", "late": false, "units": 22, "records": 2},
        {"from": "2025-12-31T00:00:00Z", "meter": "features", "late": true, "units": 11, "records": 1},
        {"from": "2025-12-31T00:00:00Z", "meter": "mission.particle_hours", "late": false, "units": 20, "records": 1}
    ]);
    assert_eq!(grouped["groups"], expected);
    let wrong = service.get("/v1/billing/usage?group_by=week").await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.json()["details"][0]["field"].as_str()),
        (422, Some("group_by"))
    );
    let records = service.database.usage_records(service.org, 0, 10).await.unwrap();
    assert_eq!(records.len(), 4);
    assert!(
        records
            .iter()
            .all(|entry| entry.record.node == format!("{}/rescue-7", service.org))
    );
}

#[tokio::test]
async fn nothing_is_entered_where_one_record_breaks_a_rule() {
    let service = service().await;
    let good = record(&service, 0, "2025-12-31T23:10:00Z");
    let mission = service.mission(service.org).await;
    for (member, value) in [
        ("node", json!("node/1")),
        ("node", json!("")),
        ("meter", json!("a b")),
        ("meter", json!("parking")),
        ("units", json!(10_000_001)),
        ("units", json!(-1)),
        ("units", json!(i64::MAX)),
        ("seq", json!(-1)),
        ("key", json!(KeyId::generate())),
        ("org", json!("org_0190f6c8aaaa7bbb8cccddddeeeeffff")),
        ("mission", json!(mission)),
        ("at", json!("2026-01-01T00:05:01Z")),
        ("at", json!("2024-01-01T00:00:00Z")),
    ] {
        let mut bad = record(&service, 1, "2025-12-31T23:10:00Z");
        bad[member] = value.clone();
        let answer = send(&service, &[good.clone(), bad]).await;
        assert_eq!(answer.status, 422, "{member} {value}");
        let field = answer.json()["details"][0]["field"].as_str().unwrap().to_owned();
        assert!(field.starts_with("records[1]."), "{member} {value}: {field}");
    }
    let too_many = vec![good.clone(); 1_001];
    assert_eq!(refusal(&send(&service, &too_many).await).1, "invalid");
    assert!(
        service
            .database
            .usage_records(service.org, 0, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let (reader, _) = service.another_key("usage:read", None).await;
    let body = json!({"records": [good]});
    let answer = service.post("/v1/usage/records", reader.expose(), &body).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn the_units_of_a_key_s_day_have_a_bound() {
    let service = service().await;
    let largest = |seq: i64| {
        let mut record = record(&service, seq, "2025-12-31T23:10:00Z");
        record["units"] = json!(10_000_000);
        record
    };
    let day: Vec<Value> = (0..1_000).map(largest).collect();
    assert_eq!(send(&service, &day).await.json()["entered"], 1_000);
    let answer = send(&service, &[record(&service, 1_000, "2025-12-31T23:10:00Z")]).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["details"][0]["field"], "records");
    // A mission has particle-hours of its own, as many as the largest has.
    for (units, status) in [(240_000_001, 422), (240_000_000, 200)] {
        let mut charge = record(&service, 1_001, "2025-12-31T23:30:00Z");
        (charge["mission"], charge["meter"]) = (json!(MissionId::generate()), json!("mission.particle_hours"));
        charge["units"] = json!(units);
        assert_eq!(send(&service, &[charge]).await.status, status);
    }
}
