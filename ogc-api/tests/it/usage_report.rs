//! The ledger as a table: picked, added up, and in three forms.

use bytes::Bytes;
use driftline_database::{UsageRecord, Watermark};
use driftline_domain::RequestId;
use jiff::Timestamp;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::service::Service;

const SPAN: &str = "from=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z";

/// Three records of January: 5 tiles and 7 values on the 1st, 11 tiles on the 2nd that came late.
async fn used(service: &Service) {
    let records = [
        ("tile", 5, "2026-01-01T00:30:00Z", "2026-01-01T00:30:00Z"),
        ("edr", 7, "2026-01-01T01:30:00Z", "2026-01-01T01:30:00Z"),
        ("tile", 11, "2026-01-02T00:30:00Z", "2026-01-02T09:00:00Z"),
    ];
    for (seq, (meter, units, at, now)) in records.into_iter().enumerate() {
        let record = UsageRecord {
            node: "node-1".to_owned(),
            epoch: 1,
            seq: seq as i64,
            org: service.ours.org,
            key: service.ours.key_id,
            meter: meter.to_owned(),
            units,
            at: at.parse().unwrap(),
            request: Some(RequestId::generate()),
            mission: None,
        };
        let mark = Watermark {
            node: "node-1".to_owned(),
            segment: 1,
            offset: seq as i64,
        };
        let now: Timestamp = now.parse().unwrap();
        service.database.apply_usage(&[record], &mark, now).await.unwrap();
    }
}

#[tokio::test]
async fn rows_are_picked_by_a_filter_and_added_up() {
    let service = Service::start().await;
    used(&service).await;
    let units = async |more: &str| -> Vec<i64> {
        let answer = service.get(&format!("/v1/billing/usage/report?{SPAN}{more}")).await;
        assert_eq!(answer.status, 200, "{more}: {}", String::from_utf8_lossy(&answer.body));
        let usage = answer.json()["usage"].as_array().unwrap().clone();
        usage.iter().map(|group| group["units"].as_i64().unwrap()).collect()
    };
    assert_eq!(units("").await, [5, 7, 11]);
    assert_eq!(units("&filter=meter%20=%20'tile'").await, [5, 11]);
    assert_eq!(
        units("&filter=late%20=%20TRUE%20OR%20units%20%3E%206&group_by=meter").await,
        [7, 11]
    );
    assert_eq!(units("&group_by=month&filter=late%20=%20FALSE").await, [12]);
    assert_eq!(units("&group_by=day").await, [12, 11]);
}

#[tokio::test]
async fn a_report_is_csv_and_parquet_as_well() {
    let service = Service::start().await;
    used(&service).await;
    let csv = service
        .get(&format!("/v1/billing/usage/report?{SPAN}&group_by=meter&f=csv"))
        .await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let text = String::from_utf8(csv.body.to_vec()).unwrap();
    assert_eq!(
        text,
        "from,meter,key,late,units,records\n,edr,,false,7,1\n,tile,,false,5,1\n,tile,,true,11,1\n"
    );
    let parquet = service.get(&format!("/v1/billing/usage/report?{SPAN}&f=parquet")).await;
    let file = SerializedFileReader::new(Bytes::from(parquet.body.to_vec())).unwrap();
    let about = file.metadata().file_metadata();
    let columns = about.schema_descr().columns().iter();
    let names: Vec<&str> = columns.map(|column| column.name()).collect();
    assert_eq!(names, ["from", "meter", "key", "late", "units", "records"]);
    assert_eq!(about.num_rows(), 3);
}

#[tokio::test]
async fn what_cannot_be_reported_is_refused_by_name() {
    let service = Service::start().await;
    for (query, word) in [
        ("filter=org%20=%20'x'", "org"),
        ("group_by=week", "week"),
        ("f=xlsx", "xlsx"),
        ("from=yesterday", "yesterday"),
        ("from=2026-01-01T00:00:00Z&until=2025-01-01T00:00:00Z", "before until"),
        ("format=csv", "format"),
    ] {
        let answer = service.get(&format!("/v1/billing/usage/report?{query}")).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == 400 && text.contains(word), "{query}: {text}");
    }
    let key = service.key_with("features:read").await;
    let refused = service
        .ask(http::Method::GET, "/v1/billing/usage/report", &key, &[])
        .await;
    assert_eq!(refused.status, 403);
    let theirs = service
        .ask(
            http::Method::GET,
            &format!("/v1/billing/usage/report?{SPAN}"),
            &service.theirs.key,
            &[],
        )
        .await;
    assert_eq!(theirs.json()["usage"].as_array().unwrap().len(), 0);
}
