//! Several processes on one database server and one bucket: with different roles, behind a proxy while one of them is restarted,
//! and with NATS between them and without.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{
    ALL_SCOPES, Client, Commands, FreshDatabase, Launch, OFF_NORWAY, ObjectService, forcing_file, free_port, haproxy,
    json_of, mission_off_norway, nats, scratch,
};

/// What processes share, with forcing and an organisation in it, and a folder for what each keeps to itself.
pub(crate) struct Shared {
    database: FreshDatabase,
    objects: ObjectService,
    folder: tempfile::TempDir,
    pub(crate) key: String,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let (database, objects) = (FreshDatabase::create(), ObjectService::versitygw());
        let mut shared = Self {
            database,
            objects,
            folder: scratch("shared"),
            key: String::new(),
        };
        for (feed, file) in OFF_NORWAY {
            let file = forcing_file(file).display().to_string();
            let credit = ["--feed", feed, "--attribution", "Data from MET Norway"];
            shared.command(&[&["ingest", "file", &file], &credit[..]].concat());
        }
        shared.command(&["orgs", "create", "coastguard"]);
        let made = shared.command(&["keys", "create", "--org", "coastguard", "--scopes", ALL_SCOPES]);
        shared.key = made["key"].as_str().unwrap().to_owned();
        shared
    }

    /// A command on an operator's machine, which has a data directory of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Value {
        let mut command = Commands::on(&self.data("operator")).command(arguments);
        command.envs(self.settings("operator"));
        json_of(command.arg("--json"))
    }

    pub(crate) fn data(&self, node: &str) -> PathBuf {
        self.folder.path().join(node)
    }

    pub(crate) fn settings(&self, node: &str) -> Vec<(&'static str, String)> {
        let mut settings = self.objects.settings();
        settings.push(("DATABASE_URL", self.database.url().to_owned()));
        settings.push(("DRIFTLINE__STORE__NODE", node.to_owned()));
        settings.push(("DRIFTLINE_MASTER_KEY", "07".repeat(32)));
        settings.push(("DRIFTLINE__USAGE__FLUSH_MS", "200".to_owned()));
        settings
    }

    fn launch(&self, node: &str, more: &[(&'static str, String)]) -> Launch<'_> {
        Launch::on(&self.data(node)).with_settings(&[&self.settings(node), more].concat())
    }
}

#[test]
fn one_process_computes_another_is_read_from_and_the_third_takes_missions() {
    let shared = Shared::new();
    let api = shared.launch("api-1", &[]).with_roles("api").start();
    let tiles = shared.launch("tiles-1", &[]).with_roles("tiles").start();
    let watched = [("DRIFTLINE__SERVER__OPERATIONS_LISTEN", "127.0.0.1:0".to_owned())];
    let worker = shared.launch("worker-1", &watched).with_roles("worker,results").start();
    let told = worker
        .client()
        .get("/metrics")
        .expect(200, "metrics of a worker")
        .text();
    assert!(
        told.contains("driftline_workers 2\n") && told.contains("driftline_nodes 3\n"),
        "{told}"
    );
    worker.client().get("/v1/missions").expect(404, "it serves nobody");
    let taken = api.client().with_key(&shared.key);
    let read = tiles.client().with_key(&shared.key);
    let posted = taken
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST")
        .json();
    let mission = posted["id"].as_str().unwrap();
    assert_eq!(taken.wait_for(mission)["status"], "completed");
    let seen = read.json(&format!("/v1/missions/{mission}"));
    assert_eq!(seen["status"], "completed", "{seen}");
    let areas = read.json("/ogc/collections/search-areas/items?limit=100");
    assert!(areas["numberReturned"].as_u64().unwrap() > 0, "{areas}");
    assert_eq!(
        read.get(&format!("/v1/missions/{mission}/results/areas.kml")).body,
        taken.get(&format!("/v1/missions/{mission}/results/areas.kml")).body
    );
    let refused = read
        .post("/v1/missions", &mission_off_norway(6, 500))
        .problem(405, "POST to a reader");
    assert!(refused["detail"].as_str().unwrap().contains("role"), "{refused}");
    assert_eq!(
        read.send("DELETE", &format!("/v1/missions/{mission}"), &[], b"")
            .unwrap()
            .status,
        405
    );
    // Nothing but the usage log and what names the node lies in the folder of a process.
    let kept: BTreeSet<String> = std::fs::read_dir(shared.data("tiles-1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    assert_eq!(kept, ["home", "tiles-1.lock", "usage"]);
    for server in [api, tiles, worker] {
        server.stop(&[]);
    }
}

/// What a node may say whose machine has too much to do: the database is asked with patience for what must be known only.
const SLOW: [&str; 1] = ["limits are not shared among nodes while the database does not answer"];

#[test]
fn one_of_two_nodes_is_restarted_under_load_and_no_request_fails() {
    let shared = Shared::new();
    // Limits are the subject of other tests.
    let drain = [
        ("DRIFTLINE__SERVER__DRAIN_S", "2".to_owned()),
        ("DRIFTLINE__LIMITS__REQUESTS_PER_MINUTE", "1000000".to_owned()),
        (
            "DRIFTLINE__LIMITS__ORGANISATION_REQUESTS_PER_MINUTE",
            "1000000".to_owned(),
        ),
        ("DRIFTLINE__LIMITS__MAPS_PER_MINUTE", "1000000".to_owned()),
        ("DRIFTLINE__LIMITS__ORGANISATION_MAPS_PER_MINUTE", "1000000".to_owned()),
        ("DRIFTLINE__LIMITS__MISSION_WRITES_PER_MINUTE", "10000".to_owned()),
        ("DRIFTLINE__LIMITS__ADDRESS_REQUESTS_PER_MINUTE", "1000000".to_owned()),
    ];
    let places: Vec<String> = (0..2).map(|_| format!("127.0.0.1:{}", free_port())).collect();
    let start = |n: usize| shared.launch(["node-1", "node-2"][n], &drain).at(&places[n]).start();
    let (first, second) = (start(0), start(1));
    let proxy = haproxy(&[&places[0], &places[1]]);
    let client = Client::new(proxy.address()).with_key(&shared.key);
    let until = Instant::now() + Duration::from_secs(20);
    while !client
        .send("GET", "/ready", &[], b"")
        .is_ok_and(|answer| answer.status == 200)
    {
        assert!(Instant::now() < until, "the proxy finds no node");
    }
    let posted = client
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST")
        .json();
    client.wait_for(posted["id"].as_str().unwrap());
    let load = Load::begin(&client);
    std::thread::sleep(Duration::from_secs(2));
    let log = first.stop(&SLOW);
    assert!(log.iter().any(|line| line.contains("still answering")), "it drained");
    std::thread::sleep(Duration::from_secs(1));
    let first = start(0);
    std::thread::sleep(Duration::from_secs(2));
    second.stop(&SLOW);
    let second = start(1);
    std::thread::sleep(Duration::from_secs(1));
    let (answered, missions, failed) = load.end();
    assert_eq!(failed, Vec::<String>::new(), "of {answered}");
    assert!(
        answered > 100 && missions.len() > 3,
        "{answered} answers, {} missions",
        missions.len()
    );
    for mission in &missions {
        assert_eq!(client.wait_for(mission)["status"], "completed");
    }
    for server in [first, second] {
        server.stop(&SLOW);
    }
    let records = shared.command(&["usage", "--org", "coastguard"]);
    let records = records["records"].as_array().unwrap().clone();
    let charged: Vec<&str> = records
        .iter()
        .filter_map(|entry| entry["record"]["mission"].as_str())
        .collect();
    assert_eq!(charged.len(), missions.len() + 1, "each mission is charged once");
    assert_eq!(charged.iter().collect::<BTreeSet<_>>().len(), charged.len());
    println!(
        "{answered} answers and {} missions while both nodes were restarted, none failed",
        missions.len()
    );
}

/// Clients that ask without a pause.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    missions: Arc<Mutex<Vec<String>>>,
    failed: Arc<Mutex<Vec<String>>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Load {
    fn begin(client: &Client) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            answered: Arc::default(),
            missions: Arc::default(),
            failed: Arc::default(),
            threads: Vec::new(),
        };
        let tile = "/tiles/currents/5/16/9.png?time=2015-11-16T06:00:00Z";
        let features = "/ogc/collections/search-areas/items?limit=20";
        for at in [tile, tile, features] {
            let client = client.clone();
            load.spawn(move || match client.send("GET", at, &[], b"") {
                Ok(answer) if answer.status == 200 => Ok(None),
                Ok(answer) => Err(format!("GET {at}: {} {}", answer.status, answer.text())),
                Err(error) => Err(format!("GET {at}: {error}")),
            });
        }
        let client = client.clone();
        load.spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            let mission = mission_off_norway(3, 200).to_string();
            let json = [("content-type", "application/json")];
            match client.send("POST", "/v1/missions", &json, mission.as_bytes()) {
                Ok(answer) if answer.status == 202 => Ok(answer.json()["id"].as_str().map(str::to_owned)),
                Ok(answer) => Err(format!("POST: {} {}", answer.status, answer.text())),
                Err(error) => Err(format!("POST: {error}")),
            }
        });
        load
    }

    fn spawn(&mut self, ask: impl Fn() -> Result<Option<String>, String> + Send + 'static) {
        let (stop, answered) = (Arc::clone(&self.stop), Arc::clone(&self.answered));
        let (missions, failed) = (Arc::clone(&self.missions), Arc::clone(&self.failed));
        self.threads.push(std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                match ask() {
                    Ok(mission) => missions.lock().unwrap().extend(mission),
                    Err(failure) => failed.lock().unwrap().push(failure),
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }

    fn end(self) -> (usize, Vec<String>, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let missions = std::mem::take(&mut *self.missions.lock().unwrap());
        let failed = std::mem::take(&mut *self.failed.lock().unwrap());
        (self.answered.load(Ordering::Relaxed), missions, failed)
    }
}

#[test]
fn processes_tell_each_other_of_changes_by_nats_and_go_on_without_it() {
    let shared = Shared::new();
    let service = nats();
    let more = [("NATS_URL", service.address().to_owned())];
    let api = shared.launch("api-1", &more).with_roles("api").start();
    let all = shared.launch("node-2", &more).start();
    let mut heard = Listener::on(service.address());
    let client = api.client().with_key(&shared.key);
    let checks = |of: &Client| of.get("/ready").json()["checks"]["nats"].clone();
    until("NATS is there", || {
        checks(&api.client()) == "ok" && checks(&all.client()) == "ok"
    });
    let posted = client
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST")
        .json();
    let mission = posted["id"].as_str().unwrap().to_owned();
    assert_eq!(client.wait_for(&mission)["status"], "completed");
    let (subject, senders) = heard.changes_of(&mission);
    assert!(subject.starts_with("driftline.mission.changed.v1.org_"), "{subject}");
    assert_eq!(
        senders.len(),
        2,
        "the one that took it and the one that computed it: {senders:?}"
    );
    drop(service);
    until("NATS is missed", || {
        checks(&api.client()) == "degraded" && checks(&all.client()) == "degraded"
    });
    assert_eq!(api.client().get("/ready").status, 200, "degraded, not out");
    let posted = client
        .post("/v1/missions", &mission_off_norway(6, 500))
        .expect(202, "POST")
        .json();
    assert_eq!(client.wait_for(posted["id"].as_str().unwrap())["status"], "completed");
    for server in [api, all] {
        server.stop(&["NATS is away"]);
    }
}

#[test]
fn a_process_starts_while_nats_is_away() {
    let shared = Shared::new();
    let nowhere = [("NATS_URL", format!("nats://127.0.0.1:{}", free_port()))];
    let server = shared.launch("node-1", &nowhere).start();
    let ready = server.client().get("/ready").expect(200, "ready").json();
    assert_eq!(
        (&ready["status"], &ready["checks"]["nats"]),
        (&"degraded".into(), &"degraded".into())
    );
    server.stop(&[]);
}

pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < limit, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A client of NATS's own protocol that hears everything.
struct Listener {
    lines: BufReader<TcpStream>,
}

impl Listener {
    fn on(address: &str) -> Self {
        let stream = TcpStream::connect(address.strip_prefix("nats://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut writing = stream.try_clone().unwrap();
        let mut lines = BufReader::new(stream);
        let mut info = String::new();
        lines.read_line(&mut info).unwrap();
        assert!(info.starts_with("INFO "), "{info}");
        write!(
            writing,
            "CONNECT {{\"verbose\":false,\"headers\":true}}\r\nSUB > 1\r\nPING\r\n"
        )
        .unwrap();
        let mut pong = String::new();
        lines.read_line(&mut pong).unwrap();
        assert_eq!(pong, "PONG\r\n");
        Self { lines }
    }

    /// Subject and senders of the messages about a mission, up to the first second without one.
    fn changes_of(&mut self, mission: &str) -> (String, BTreeSet<String>) {
        self.lines
            .get_ref()
            .set_read_timeout(Some(Duration::from_secs(1)))
            .unwrap();
        let (mut subject, mut sender, mut senders) = (String::new(), String::new(), BTreeSet::new());
        let mut about = String::new();
        loop {
            let mut line = String::new();
            match self.lines.read_line(&mut line) {
                Ok(read) if read > 0 => {}
                _ => break,
            }
            if let Some(rest) = line.strip_prefix("HMSG ") {
                subject = rest.split(' ').next().unwrap().to_owned();
            } else if let Some(name) = line.strip_prefix("Driftline-Process: ") {
                sender = name.trim().to_owned();
            } else if line.contains(mission) {
                about.clone_from(&subject);
                senders.insert(sender.clone());
            }
        }
        (about, senders)
    }
}
