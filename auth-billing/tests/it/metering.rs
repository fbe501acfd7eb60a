//! The meter: what is billed, that it is on disk before the answer, and that nothing is lost or doubled.

use driftline_database::Database;
use http::{Method, StatusCode};

use crate::{Service, service};

async fn recorded(database: &Database, service_org: driftline_domain::OrgId) -> i64 {
    let records = database.usage_records(service_org, 0, 10_000).await.unwrap();
    records.iter().map(|entry| entry.record.units).sum()
}

/// The bytes of every segment, as a power cut would leave them.
fn on_disk(service: &Service) -> u64 {
    let folder = service.folder.path().join("usage/node-1");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

#[tokio::test]
async fn only_data_in_answer_to_get_and_post_is_billed() {
    let mut service = service().await;
    let key = service.key.expose().to_owned();
    for (method, status, is_billed) in [
        (Method::GET, 200, true),
        (Method::GET, 206, true),
        (Method::POST, 200, true),
        (Method::HEAD, 200, false),
        (Method::OPTIONS, 200, false),
        (Method::PUT, 200, false),
        (Method::GET, 201, false),
        (Method::GET, 204, false),
        (Method::GET, 304, false),
        (Method::GET, 400, false),
        (Method::GET, 500, false),
    ] {
        let before = on_disk(&service);
        let answer = service
            .send(method.clone(), &format!("/billed/{status}"), &[("x-api-key", &key)])
            .await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.charge(), is_billed.then_some("3"), "{method} {status}");
        assert_eq!(
            on_disk(&service) > before,
            is_billed,
            "{method} {status}: the record is there before the answer"
        );
    }
    assert_eq!(service.get("/whoami").await.charge(), None);
    let refused = service.send(Method::GET, "/billed/200", &[]).await;
    assert_eq!((refused.status, refused.charge()), (StatusCode::UNAUTHORIZED, None));
    service.shut().await;
    assert_eq!(recorded(&service.database, service.org).await, 9);
    let records = service.database.usage_records(service.org, 0, 10).await.unwrap();
    assert!(
        records
            .iter()
            .all(|entry| entry.record.key == service.key_id && entry.record.meter == "features")
    );
}

#[tokio::test]
async fn a_log_that_is_closed_holds_paid_answers_back_and_lets_distress_pass() {
    let mut service = service().await;
    service.shut().await;
    let paid = service.get("/billed/200").await;
    assert_eq!(
        (paid.status, paid.json()["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("unavailable"))
    );
    assert_eq!(
        (paid.charge(), paid.headers["retry-after"].to_str().unwrap()),
        (None, "5")
    );
    let distress = service.get("/distress/200").await;
    assert_eq!(
        (distress.status, distress.body.as_slice()),
        (StatusCode::OK, b"data".as_slice())
    );
    let free = service.get("/whoami").await;
    assert_eq!(free.status, StatusCode::OK, "what costs nothing needs no log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_answers_are_all_in_the_ledger_exactly_once() {
    const CLIENTS: usize = 16;
    const EACH: usize = 40;
    let service = std::sync::Arc::new(service().await);
    let clients = (0..CLIENTS).map(|_| {
        let service = std::sync::Arc::clone(&service);
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..EACH {
                let answer = service.get("/billed/200").await;
                assert_eq!(answer.charge(), Some("3"));
                ids.push(answer.headers["x-request-id"].to_str().unwrap().to_owned());
            }
            ids
        })
    });
    let mut acknowledged = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        acknowledged.extend(client.await.unwrap());
    }
    let mut service = std::sync::Arc::into_inner(service).unwrap();
    service.shut().await;
    let records = service.database.usage_records(service.org, 0, 10_000).await.unwrap();
    let mut ledger: Vec<String> = records
        .iter()
        .filter_map(|entry| entry.record.request)
        .map(|id| id.to_string())
        .collect();
    ledger.sort();
    acknowledged.sort();
    assert_eq!(ledger, acknowledged);
    assert_eq!(
        recorded(&service.database, service.org).await,
        (CLIENTS * EACH * 3) as i64
    );
    let left = std::fs::read_dir(service.folder.path().join("usage/node-1"))
        .unwrap()
        .count();
    assert_eq!(left, 2, "the lock and the current segment");
}
