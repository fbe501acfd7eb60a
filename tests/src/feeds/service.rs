//! The service fetches its feeds beside everything else, and tells how they stand.

use std::time::{Duration, Instant};

use driftline_provider::Provider;

use super::gfs;
use crate::harness::{Commands, Launch, scratch};

#[test]
fn the_service_fetches_feeds_and_tells_of_them_in_the_api_and_as_metrics() {
    let (catalogue, run) = gfs();
    let provider = Provider::start_blocking(catalogue).unwrap();
    let folder = scratch("feeds");
    let data = folder.path().join("data");
    let settings = [
        ("DRIFTLINE__INGEST__FEEDS", "gfs-wind".to_owned()),
        ("DRIFTLINE__INGEST__CUT", "gfs-wind".to_owned()),
        ("DRIFTLINE__INGEST__MIRROR", provider.base_url()),
        ("DRIFTLINE__INGEST__FORECAST_H", "6".to_owned()),
        ("DRIFTLINE__INGEST__REQUESTS_PER_MINUTE", "60000".to_owned()),
    ];
    let server = Launch::on(&data).with_settings(&settings).start();
    let commands = Commands::on(&data);
    commands.organisation("sar");
    let (_, key) = commands.key("sar", &[]);
    let client = server.client().with_key(&key);

    let began = Instant::now();
    let feed = loop {
        let feeds = client.json("/v1/feeds")["feeds"].as_array().unwrap().clone();
        let feed = feeds.into_iter().find(|feed| feed["name"] == "gfs-wind");
        match feed {
            Some(feed) if feed["cycles"] == 1 && !feed["ingest"]["report"].is_null() => break feed,
            _ if began.elapsed() > Duration::from_secs(60) => panic!("no cycle after a minute: {feed:?}"),
            _ => std::thread::sleep(Duration::from_millis(200)),
        }
    };
    assert_eq!(feed["run"], run.to_string());
    let ingest = &feed["ingest"];
    for member in [
        "state",
        "last_cycle",
        "expected_run",
        "expected_at",
        "overdue_s",
        "report",
    ] {
        assert!(!ingest[member].is_null(), "{member} in {ingest:#}");
    }

    let found = client.json("/v1/datasets?bbox=3,60,5,61&variable=wind")["cycles"].clone();
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found:#}");
    for elsewhere in [
        "bbox=30,60,35,61",
        "variable=current",
        "feed=other",
        "time=2001-01-01T00:00:00Z",
    ] {
        let found = client.json(&format!("/v1/datasets?{elsewhere}"))["cycles"].clone();
        assert_eq!(found.as_array().map(Vec::len), Some(0), "{elsewhere}: {found:#}");
    }
    client
        .get("/v1/datasets?variable=salt")
        .problem(400, "an unknown variable");
    let manifest = client.json(found[0]["manifest"].as_str().unwrap());
    assert_eq!(manifest["revision"], 1);
    assert_eq!(
        manifest["lineage"][0]["steps"].as_array().map(Vec::len),
        Some(7),
        "{manifest:#}"
    );
    client
        .get(&format!("/v1/datasets/gfs-wind/{run}/2"))
        .problem(404, "a revision that is not there");

    let metrics = server
        .client()
        .get("/metrics")
        .expect(200, "metrics from this machine")
        .text();
    for line in [
        "driftline_feed_fresh{feed=\"gfs-wind\"}",
        "driftline_feed_overdue_seconds{feed=\"gfs-wind\"}",
        "# TYPE driftline_feed_fetched_bytes counter\n",
        "driftline_feed_parts_fetched_total{feed=\"gfs-wind\"} 7\n",
        "driftline_feed_revisions_published_total{feed=\"gfs-wind\"} 1\n",
        "driftline_store_up 1\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(metrics.ends_with("# EOF\n"), "OpenMetrics ends so");
    let from_afar = [("X-Forwarded-For", "192.0.2.1")];
    let forwarded = server.client().send("GET", "/metrics", &from_afar, b"").unwrap();
    forwarded.problem(401, "metrics from afar without a key");

    // Without the store the alarm that a feed is late must not fall silent.
    let (objects, away) = (data.join("objects"), data.join("away"));
    std::fs::rename(&objects, &away).unwrap();
    std::fs::write(&objects, "no folder").unwrap();
    let metrics = server
        .client()
        .get("/metrics")
        .expect(200, "metrics while the store cannot be read")
        .text();
    for line in [
        "driftline_store_up 0\n",
        "driftline_feed_overdue_seconds{feed=\"gfs-wind\"}",
        "driftline_feed_parts_fetched_total{feed=\"gfs-wind\"} 7\n",
        "driftline_forcing_cycles 1\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    std::fs::remove_file(&objects).unwrap();
    std::fs::rename(&away, &objects).unwrap();
    // The scheduler's turn may fall into that time as well.
    server.stop(&["metrics tell what was known", "Not a directory"]);
}
