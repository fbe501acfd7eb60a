//! Workers killed while missions are computed: none is lost, published twice or charged twice. In `make soak` five times as
//! many kills and missions (`DRIFTLINE_MISSION_KILLS`).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Client, Commands, Launch, Prepared, Server, json_of, mission_off_norway};
use crate::scale_out::Shared;

/// Kills in `make test`; five missions for each.
const KILLS: usize = 8;
const MISSIONS_A_KILL: usize = 5;
/// From the last kill until everything is done.
const LIMIT: Duration = Duration::from_secs(180);

/// Leases and pauses short enough to see many of them end.
fn short() -> Vec<(&'static str, String)> {
    [
        ("DRIFTLINE__MISSIONS__LEASE_S", "1"),
        ("DRIFTLINE__MISSIONS__RETRY_BASE_S", "1"),
        ("DRIFTLINE__MISSIONS__RETRY_LONGEST_S", "4"),
        // The same mission may be met by many kills; that it is given up after some is another test's.
        ("DRIFTLINE__MISSIONS__ATTEMPTS", "1000"),
        ("DRIFTLINE__USAGE__FLUSH_MS", "200"),
        ("DRIFTLINE__LIMITS__MISSION_WRITES_PER_MINUTE", "100000"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn kills() -> usize {
    let Some(wanted) = std::env::var_os("DRIFTLINE_MISSION_KILLS") else {
        return KILLS;
    };
    wanted.to_str().unwrap().parse().unwrap()
}

#[test]
fn workers_are_killed_beside_an_api_on_one_data_directory() {
    let prepared = Prepared::new();
    let data = prepared.data();
    let start = |node: &str, roles: &'static str| {
        let node = ("DRIFTLINE__STORE__NODE", node.to_owned());
        Launch::on(&data)
            .with_roles(roles)
            .with_settings(&[short(), vec![node, operations()]].concat())
            .start()
    };
    let api = start("node-api", "api");
    let client = api.client().with_key(&prepared.key);
    let usage = || {
        json_of(
            Commands::on(&data)
                .command(&["usage", "--org", "coastguard"])
                .arg("--json"),
        )
    };
    let starters: [&dyn Fn() -> Server; 1] = [&|| start("node-worker", "worker,results")];
    storm(&client, &starters, &usage);
    api.stop(&[]);
}

#[test]
fn workers_of_three_kinds_are_killed_on_one_database_server() {
    let shared = Shared::new();
    let start = |node: &'static str, roles: &'static str| {
        let settings = [shared.settings(node), short(), vec![operations()]].concat();
        Launch::on(&shared.data(node))
            .with_roles(roles)
            .with_settings(&settings)
            .start()
    };
    let api = start("api-1", "api");
    let client = api.client().with_key(&shared.key);
    let usage = || shared.command(&["usage", "--org", "coastguard"]);
    let starters: [&dyn Fn() -> Server; 3] = [
        &|| start("simulates", "worker"),
        &|| start("does-all", "worker,results"),
        &|| start("makes-products", "results"),
    ];
    storm(&client, &starters, &usage);
    api.stop(&[]);
}

/// A process that serves nobody still tells that it is ready.
fn operations() -> (&'static str, String) {
    ("DRIFTLINE__SERVER__OPERATIONS_LISTEN", "127.0.0.1:0".to_owned())
}

/// Kills workers in turn while missions wait, then looks at what became of them.
fn storm(client: &Client, starters: &[&dyn Fn() -> Server], usage: &dyn Fn() -> Value) {
    let kills = kills();
    let mut workers: Vec<Option<Server>> = starters.iter().map(|start| Some(start())).collect();
    let mut missions = Vec::new();
    for kill in 0..kills {
        for _ in 0..MISSIONS_A_KILL {
            let posted = client
                .post("/v1/missions", &mission_off_norway(12, 4_000))
                .expect(202, "POST");
            missions.push(posted.json()["id"].as_str().unwrap().to_owned());
        }
        // Uneven pauses, so that kills meet every stage of the work.
        std::thread::sleep(Duration::from_millis(300 + 137 * (kill as u64 % 7)));
        let victim = kill % workers.len();
        workers[victim].take().unwrap().kill();
        workers[victim] = Some(starters[victim]());
    }
    let deadline = Instant::now() + LIMIT;
    for mission in &missions {
        loop {
            let status = client.json(&format!("/v1/missions/{mission}/status"));
            if status["status"] == "completed" {
                break;
            }
            assert_ne!(status["status"], "failed", "{status}");
            assert!(Instant::now() < deadline, "{status}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let mut runs = BTreeSet::new();
    for mission in &missions {
        let datums = client.json(&format!("/missions/{mission}/ogc/collections/datums/items?limit=1000"));
        let of: BTreeSet<String> = datums["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|datum| {
                datum["properties"]["run_id"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{datum}"))
                    .to_owned()
            })
            .collect();
        assert_eq!(of.len(), 1, "{mission} is published once: {of:?}");
        runs.extend(of);
    }
    assert_eq!(runs.len(), missions.len());
    let expected = ["mission left to others", "took back jobs", "lease"];
    for worker in workers.into_iter().flatten() {
        worker.stop(&expected);
    }
    let charged: Vec<String> = usage()["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["record"]["mission"].as_str().map(str::to_owned))
        .collect();
    let distinct: BTreeSet<&String> = charged.iter().collect();
    assert_eq!(
        (charged.len(), distinct.len()),
        (missions.len(), missions.len()),
        "each is charged once"
    );
    println!(
        "{kills} workers killed over {} missions: none lost, published or charged twice",
        missions.len()
    );
}
