//! Pictures that cost much: what they may not do to anybody else.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Prepared, mission_off_norway};

/// What a picture may be kept waiting by those that nobody waits for any more; seconds, where one of these would take
/// the machine many times as long.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks for something and hangs up at once.
fn hang_up_on(base: &str, path: &str, key: &str) {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\n\r\n"
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(200));
}

#[test]
fn pictures_that_nobody_waits_for_keep_nobody_else_waiting() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let mut body = mission_off_norway(48, 2000);
    body["config"] = json!({"seed": 7, "output_interval_s": 600});
    let posted = client.post("/v1/missions", &body).expect(202, "POST").json();
    let mission = posted["id"].as_str().unwrap();
    assert_eq!(client.wait_for(mission)["status"], "completed");
    let picture = format!(
        "/missions/{mission}/wms?REQUEST=GetMap&VERSION=1.3.0&LAYERS=search-areas&CRS=CRS:84&BBOX=3.5,59.5,5.5,61.5&WIDTH=4096&HEIGHT=4096\
         &FORMAT=image/png&TRANSPARENT=TRUE&TIME="
    );
    let refused = client
        .get(&format!("{picture}2015-11-16/2015-11-18"))
        .expect(400, "two days")
        .text();
    assert!(refused.contains("300 search areas"), "{refused}");
    for _ in 0..8 {
        hang_up_on(
            server.base(),
            &format!("{picture}2015-11-16T00:00:00Z/2015-11-16T16:00:00Z"),
            &prepared.key,
        );
    }
    let began = Instant::now();
    let foreign = server.client().with_key(&prepared.foreign_key);
    foreign
        .get("/tiles/currents/6/32/18.png?datetime=2015-11-16T06:00:00Z")
        .expect(200, "another's tile");
    foreign
        .post("/v1/missions", &mission_off_norway(6, 100))
        .expect(202, "another's mission");
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    server.stop(&[]);
}

#[test]
fn a_long_head_costs_little() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let referrer = "=".repeat(60_000);
    let began = Instant::now();
    for _ in 0..5 {
        server
            .client()
            .send("GET", "/health", &[("referer", &referrer)], b"")
            .unwrap()
            .expect(200, "health");
    }
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    // A longer one is refused or cut off; what matters is what comes after it.
    let _ = server
        .client()
        .send("GET", "/health", &[("referer", &referrer.repeat(3))], b"");
    server.client().get("/health").expect(200, "health after that");
    server.stop(&[]);
}
