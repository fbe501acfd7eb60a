//! The routes of accounts, and the access log.

use driftline_auth_billing::{Scopes, create_key};
use driftline_database::{UsageRecord, Watermark};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::{START_S, logged, service};

#[tokio::test]
async fn usage_is_the_callers_own_by_the_hour_with_totals() {
    let service = service().await;
    let now = Timestamp::from_second(START_S).unwrap();
    let navy = service.database.create_organisation("Navy", now).await.unwrap().id;
    let (navy_key, navy_row) = create_key(&service.database, navy, "n", &Scopes::all(), None, now)
        .await
        .unwrap();
    let record = |seq: i64, org, key, meter: &str, at_s: i64| UsageRecord {
        node: "node-9".to_owned(),
        epoch: 1,
        seq,
        org,
        key,
        meter: meter.to_owned(),
        units: 10 + seq,
        at: Timestamp::from_second(START_S + at_s).unwrap(),
        request: None,
        mission: None,
    };
    let (org, key) = (service.org, service.key_id);
    let records = [
        record(0, org, key, "features", -7200),
        record(1, org, key, "features", -7100),
        record(2, org, key, "tiles", -3600),
        record(3, navy, navy_row.id, "tiles", -3600),
        record(4, org, key, "tiles", -40 * 86_400),
    ];
    let mark = Watermark {
        node: "node-9".to_owned(),
        segment: 1,
        offset: 1,
    };
    for record in &records {
        let alone = std::slice::from_ref(record);
        service.database.apply_usage(alone, &mark, record.at).await.unwrap();
    }
    let answer = service.get("/v1/billing/usage").await;
    assert_eq!(answer.status, StatusCode::OK);
    let body = answer.json();
    let expected: Value = serde_json::json!([{"meter": "features", "units": 21, "records": 2}, {"meter": "tiles", "units": 12, "records": 1}]);
    assert_eq!(body["totals"], expected);
    assert_eq!(body["hours"].as_array().unwrap().len(), 2);
    assert_eq!(body["hours"][0]["hour"], "2025-12-31T22:00:00Z");
    assert!(!String::from_utf8_lossy(&answer.body).contains(&navy.to_string()));
    let all = service
        .get("/v1/billing/usage?from=2025-11-01T00:00:00Z&until=2026-01-01T00:00:00Z")
        .await
        .json();
    assert_eq!(
        all["totals"][1],
        serde_json::json!({"meter": "tiles", "units": 26, "records": 2})
    );
    let theirs = service
        .send(Method::GET, "/v1/billing/usage", &[("x-api-key", navy_key.expose())])
        .await
        .json();
    assert_eq!(
        theirs["totals"],
        serde_json::json!([{"meter": "tiles", "units": 13, "records": 1}])
    );
}

#[tokio::test]
async fn usage_refuses_times_that_are_none_and_says_which() {
    let service = service().await;
    for (query, code, field) in [
        ("from=yesterday&until=2026-01-01T00:00:00", "not_a_time", "from"),
        (
            "from=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z",
            "not_before_until",
            "from",
        ),
        ("from=2001-01-01T00:00:00Z", "span_too_long", "from"),
    ] {
        let answer = service.get(&format!("/v1/billing/usage?{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let body = answer.json();
        assert_eq!(
            (&body["details"][0]["code"], &body["details"][0]["field"]),
            (&code.into(), &field.into())
        );
    }
    let both = service.get("/v1/billing/usage?from=yesterday&until=today").await.json();
    assert_eq!(both["details"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn parameters_that_a_route_does_not_have_are_refused_by_name() {
    let service = service().await;
    for (path, known) in [
        ("/v1/billing/usage?form=2026-01-01T00:00:00Z", "from, until, group_by"),
        ("/v1/organisation?a%20b", "none"),
    ] {
        let answer = service.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let problem = answer.json();
        assert_eq!(problem["code"], "unknown_parameter");
        assert!(problem["detail"].as_str().unwrap().ends_with(known), "{problem}");
    }
    let with_key = format!("/v1/organisation?Api_Key={}", service.key.expose());
    let answer = service.send(Method::GET, &with_key, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "the key is a parameter everywhere");
}

#[tokio::test]
async fn a_key_is_told_whose_it_is() {
    let service = service().await;
    let own = service.get("/v1/organisation").await.json();
    assert_eq!(
        (&own["name"], &own["key"]),
        (&"Coastguard".into(), &service.key_id.to_string().into())
    );
}

#[tokio::test]
async fn every_answer_is_logged_once_with_who_and_what_and_never_with_a_key() {
    let service = service().await;
    let key = service.key.expose();
    let encoded = key.replace('_', "%5F");
    let referrer = format!("https://map.example/view?token={encoded}");
    let billed_path = format!("/billed/200?KEY={key}&a=1");
    let billed = service.send(Method::GET, &billed_path, &[("referer", &referrer)]).await;
    let lost_path = format!("/nowhere/{encoded}?next=%2Fx%3Fapi_key%3D{encoded}");
    let lost = service.send(Method::GET, &lost_path, &[]).await;
    let broken = service.send(Method::GET, "/broken", &[("x-api-key", key)]).await;
    assert_eq!(billed.charge(), Some("3"));
    let text = logged();
    assert!(!text.contains(&key[4..]), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Other tests log beside this one: these three requests are found by their ids.
    let answered = [&billed, &lost, &broken].map(|answer| {
        let id = answer.headers["x-request-id"].to_str().unwrap();
        let is_answer = |fields: &&Value| fields["message"] == "answered" && fields["request.id"] == id;
        let found: Vec<&Value> = lines.iter().map(|line| &line["fields"]).filter(is_answer).collect();
        assert_eq!(found.len(), 1, "one line for {id}");
        found[0]
    });
    assert_eq!(answered[0]["path"], "/billed/200?KEY=***&a=1");
    assert_eq!(answered[0]["referrer"], "https://map.example/view?token=***");
    assert_eq!(
        answered[0]["request.id"],
        billed.headers["x-request-id"].to_str().unwrap()
    );
    assert_eq!(answered[0]["org.id"], service.org.to_string());
    assert_eq!(answered[0]["key.id"], service.key_id.to_string());
    assert_eq!(
        (&answered[0]["units"], &answered[0]["status"]),
        (&3.into(), &200.into())
    );
    assert_eq!(answered[1]["path"], "/nowhere/***?next=%2Fx%3Fapi_key%3D***");
    assert!(answered[1].get("org.id").is_none() && answered[1].get("units").is_none());
    let id = &answered[2]["request.id"];
    let is_cause = |line: &&Value| line["fields"]["cause"] == "secret cause" && line["span"]["request.id"] == *id;
    assert_eq!(
        lines.iter().filter(is_cause).count(),
        1,
        "the cause is logged once, under the id that the answer told"
    );
}
