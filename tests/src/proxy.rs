//! Behind a proxy that gives the service a path of its own, whether it strips that path or not: the page loads, signs in
//! and shows a mission there, and every address that it emits works through the proxy.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::harness::{Launch, Prepared, mission_off_norway, node};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn seen_through(strips: bool) {
    let prepared = Prepared::new();
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}/drift");
    let server = Launch::on(&prepared.data()).under(&base).start();
    let client = server.client().with_key(&prepared.key);
    let posted = client
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST")
        .json();
    let mission = posted["id"].as_str().unwrap();
    assert_eq!(client.wait_for(mission)["status"], "completed");
    let plan = json!({
        "port": port, "server": server.base(), "path": "/drift", "strips": strips, "key": prepared.key, "mission": mission,
    });
    let path = prepared.data().join("plan.json");
    std::fs::write(&path, plan.to_string()).unwrap();
    let report = node("web/prefix.mjs", &[path.to_str().unwrap()]);
    assert_eq!(report["problem"], Value::Null, "{report:#}");
    let requests = report["requests"].as_array().unwrap();
    let of = |part: &str| {
        requests
            .iter()
            .filter(|request| request["url"].as_str().unwrap().contains(part))
            .count()
    };
    assert!(
        of("/drift/basemap/") > 2 && of("/drift/assets/") > 2 && of("/particles") > 0,
        "{report:#}"
    );
    for request in requests {
        let url = request["url"].as_str().unwrap();
        let is_own = url
            .strip_prefix(&base)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        assert!(is_own || url.starts_with("blob:") || url.starts_with("data:"), "{url}");
        assert!(request["status"].as_u64() < Some(400), "{request}");
    }
    assert!(
        report["location"].as_str().unwrap().starts_with(&format!("{base}/")),
        "{report:#}"
    );
    let wms = report["wms"].as_str().unwrap();
    assert!(wms.starts_with(&format!("{base}/missions/{mission}/wms")), "{wms}");
    server.stop(&[]);
}

#[test]
fn the_page_works_behind_a_proxy_that_keeps_its_path() {
    seen_through(false);
}

#[test]
fn the_page_works_behind_a_proxy_that_strips_its_path() {
    seen_through(true);
}
