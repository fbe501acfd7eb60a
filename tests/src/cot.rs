//! The live feed for TAK: a client of another language over TLS, with certificates that work and that do not, runs published
//! and withdrawn meanwhile, clients that misbehave, a kill. And the data package of a run.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    Client, Commands, Launch, OFF_NORWAY, Prepared, Server, forcing_file, python, repository, run, scratch,
};

/// What a TAK client shows of one output time: areas of three levels, mean and most likely position; parts may come on top.
const LEAST_EVENTS: usize = 5;
/// Events of a publication are there within a second; the machine may be busy with others.
const SOON: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(60);

/// A data directory with forcing around now and certificates.
struct Ground {
    prepared: Prepared,
    folder: tempfile::TempDir,
    /// When missions begin: one and a half hours ago, so that no output time begins while a test is under way.
    start: String,
}

impl Ground {
    fn new() -> Self {
        let (prepared, folder) = (Prepared::new(), scratch("cot"));
        let data = prepared.data();
        let commands = Commands::on(&data);
        for (feed, file) in OFF_NORWAY {
            let moved = folder.path().join(format!("{feed}.nc"));
            let (from, into) = (forcing_file(file), moved.to_str().unwrap());
            python("forcing_of_now.py", &[from.to_str().unwrap(), into]);
            commands.ingest(&moved, &format!("{feed}-now"));
        }
        commands.json(&["cot", "certificates", "init", "--host", "localhost"]);
        let start = jiff::Timestamp::now().as_second() - 90 * 60;
        let start = jiff::Timestamp::from_second(start).unwrap().to_string();
        Self {
            prepared,
            folder,
            start,
        }
    }

    /// A client certificate of an organisation: its id as a key, certificate and key.
    fn certificate(&self, organisation: &str, name: &str) -> (String, [PathBuf; 2]) {
        let out = self.folder.path().to_str().unwrap();
        let made = Commands::on(&self.prepared.data()).json(&[
            "cot",
            "certificates",
            "client",
            "--org",
            organisation,
            "--name",
            name,
            "--out",
            out,
        ]);
        let path = |member: &str| PathBuf::from(made[member].as_str().unwrap());
        (
            made["id"].as_str().unwrap().to_owned(),
            [path("certificate"), path("key")],
        )
    }

    fn serve(&self) -> (Server, u16) {
        let listen = [("DRIFTLINE__COT__LISTEN", "127.0.0.1:0".to_owned())];
        let server = Launch::on(&self.prepared.data()).with_settings(&listen).start();
        let log = server.log();
        let line = log
            .iter()
            .find_map(|line| line.split_once("serving CoT on tls://127.0.0.1:"));
        let port: String = line.unwrap().1.chars().take_while(char::is_ascii_digit).collect();
        (server, port.parse().unwrap())
    }

    fn ca(&self) -> PathBuf {
        self.prepared.data().join("cot/ca.pem")
    }

    fn mission(&self, hours: u32) -> Value {
        json!({
            "name": "man <over> board", "last_known_lat": 60.15, "last_known_lon": 4.1, "last_known_time": self.start,
            "object_type": "PIW-1", "uncertainty_radius_m": 1000.0, "forecast_hours": hours, "ensemble_size": 1000,
            "config": {"seed": 7},
        })
    }

    fn post(&self, client: &Client) -> String {
        let posted = client.post("/v1/missions", &self.mission(6)).expect(202, "POST");
        posted.json()["id"].as_str().unwrap().to_owned()
    }

    fn units(&self) -> (u64, Vec<Value>) {
        let all = Commands::on(&self.prepared.data()).json(&["usage", "--org", "coastguard"]);
        let records = all["records"].as_array().unwrap().clone();
        let cot: Vec<Value> = records
            .into_iter()
            .map(|entry| entry["record"].clone())
            .filter(|record| record["meter"] == "cot")
            .collect();
        (cot.iter().map(|record| record["units"].as_u64().unwrap()).sum(), cot)
    }
}

/// A running client and what it tells, each with the time at which it did.
struct Tak {
    child: Child,
    told: Receiver<(Instant, Value)>,
}

impl Tak {
    fn connect(port: u16, ca: &Path, own: Option<&[PathBuf; 2]>, switches: &[&str]) -> Self {
        let mut child = Command::new(repository().join(".test-env/bin/python"))
            .arg(repository().join("tests/clients/cot_client.py"))
            .arg(port.to_string())
            .arg(ca)
            .args(own.into_iter().flatten())
            .args(switches)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, told) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let one: Value = serde_json::from_str(&line).unwrap();
                if sender.send((Instant::now(), one)).is_err() {
                    return;
                }
            }
        });
        Self { child, told }
    }

    fn next(&self) -> (Instant, Value) {
        self.told
            .recv_timeout(LIMIT)
            .unwrap_or_else(|_| panic!("the client says nothing"))
    }

    /// Events but for answers to pings, until there were none for a while.
    fn events(&self, quiet: Duration) -> Vec<(Instant, Value)> {
        let mut found: Vec<(Instant, Value)> = Vec::new();
        let mut until = Instant::now() + LIMIT;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let Ok((at, told)) = self.told.recv_timeout(left) else {
                break;
            };
            assert!(told["end"].is_null(), "{told}");
            if told["event"].is_object() && told["event"]["type"] != "t-x-c-t-r" {
                found.push((at, told["event"].clone()));
                until = Instant::now() + quiet;
            }
        }
        found
    }

    /// How it ended, with the number of events before.
    fn end(&self) -> (Value, usize) {
        let mut events = 0;
        loop {
            let (_, told) = self.next();
            if told["end"].is_string() {
                return (told, events);
            }
            events += usize::from(told["event"].is_object() && told["event"]["type"] != "t-x-c-t-r");
        }
    }
}

impl Drop for Tak {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const QUIET: Duration = Duration::from_secs(2);

#[test]
fn events_come_when_a_run_is_published_and_go_when_it_is_withdrawn() {
    let ground = Ground::new();
    let (_, own) = ground.certificate("coastguard", "boat-1");
    let (_, theirs) = ground.certificate("shipping", "ship-1");
    let (server, port) = ground.serve();
    let client = server.client().with_key(&ground.prepared.key);
    let tak = Tak::connect(port, &ground.ca(), Some(&own), &[]);
    let other = Tak::connect(port, &ground.ca(), Some(&theirs), &["--tls12"]);
    assert_eq!(tak.next().1["connected"], "TLSv1.3");
    assert_eq!(other.next().1["connected"], "TLSv1.2");
    let pong = tak.next().1["event"].clone();
    assert_eq!(pong["type"], "t-x-c-t-r", "a ping is answered");

    let posted = Instant::now();
    let mission = ground.post(&client);
    assert_eq!(client.wait_for(&mission)["status"], "completed");
    let completed = Instant::now();
    let events = tak.events(QUIET);
    assert!(events.len() >= LEAST_EVENTS, "{events:#?}");
    let late = events[events.len() - 1].0.saturating_duration_since(completed);
    println!(
        "{} events, the last {late:?} after the mission was seen to be completed",
        events.len()
    );
    // On a machine that others use as well a second is not enough where the mission itself took longer.
    assert!(late < SOON.max(completed - posted), "{late:?}");
    let events: Vec<Value> = events.into_iter().map(|(_, event)| event).collect();
    check_events(&ground, &client, &mission, &events);

    // A client that comes later is sent the same.
    let second = Tak::connect(port, &ground.ca(), Some(&own), &[]);
    let again = second.events(QUIET);
    assert_eq!(again.len(), events.len());
    drop(second);

    client
        .send("DELETE", &format!("/v1/missions/{mission}"), &[], b"")
        .unwrap()
        .expect(204, "withdrawn");
    let withdrawn = Instant::now();
    let ends = tak.events(QUIET);
    let mut ended: Vec<&str> = Vec::new();
    for (at, end) in &ends {
        assert_eq!(
            (&end["type"], &end["forced"]),
            (&json!("t-x-d-d"), &json!(true)),
            "{end}"
        );
        assert!(at.saturating_duration_since(withdrawn) < 2 * SOON);
        ended.push(end["links"][0].as_str().unwrap());
    }
    let mut uids: Vec<&str> = events.iter().map(|event| event["uid"].as_str().unwrap()).collect();
    ended.sort_unstable();
    uids.sort_unstable();
    assert_eq!(ended, uids, "everything is taken off the map");
    assert!(
        other.events(QUIET).is_empty(),
        "another organisation sees nothing of it"
    );
    drop((tak, other));
    server.stop(&[]);
    let (units, records) = ground.units();
    assert_eq!(units as usize, 2 * events.len(), "{records:#?}");
}

/// Times, names and shapes of events of one output time.
fn check_events(ground: &Ground, client: &Client, mission: &str, events: &[Value]) {
    let instant = |event: &Value, name: &str| -> jiff::Timestamp { event[name].as_str().unwrap().parse().unwrap() };
    let mut uids: Vec<&str> = Vec::new();
    for event in events {
        let uid = event["uid"].as_str().unwrap();
        assert!(uid.starts_with(&format!("driftline.{mission}.")), "{uid}");
        uids.push(uid);
        let (start, stale, now) = (instant(event, "start"), instant(event, "stale"), instant(event, "time"));
        assert_eq!((stale - start).total(jiff::Unit::Second).unwrap(), 3600.0, "{event}");
        assert!(start <= now && now < stale, "{event}");
        assert_eq!((&event["version"], &event["how"]), (&json!("2.0"), &json!("m-p")));
        assert!(
            event["callsign"].as_str().unwrap().starts_with("man <over> board"),
            "{event}"
        );
        let remarks = event["remarks"].as_str().unwrap();
        assert!(remarks.contains("MET Norway") && remarks.contains(mission), "{remarks}");
    }
    uids.sort_unstable();
    uids.dedup();
    assert_eq!(uids.len(), events.len(), "each once");
    for name in ["area-50.1", "area-90.1", "area-95.1", "datum-mean", "datum-mode"] {
        assert!(
            uids.contains(&format!("driftline.{mission}.{name}").as_str()),
            "{name}: {uids:?}"
        );
    }
    let folder = ground.folder.path().join(mission);
    std::fs::create_dir_all(&folder).unwrap();
    for level in [50, 90, 95] {
        let name = format!("search_area_{level}.geojson");
        let content = client
            .get(&format!("/v1/missions/{mission}/results/{name}"))
            .expect(200, &name);
        std::fs::write(folder.join(name), content.body).unwrap();
    }
    let file = folder.join("events.json");
    std::fs::write(&file, json!(events).to_string()).unwrap();
    check_outlines(
        &python("cot_outlines.py", &[folder.to_str().unwrap(), file.to_str().unwrap()]),
        3,
    );
    let package = client
        .get(&format!("/v1/missions/{mission}/results/cot.zip"))
        .expect(200, "cot.zip");
    let file = folder.join("cot.zip");
    std::fs::write(&file, package.body).unwrap();
    let read = python("cot_outlines.py", &[folder.to_str().unwrap(), file.to_str().unwrap()]);
    assert_eq!(
        (&read["version"], &read["uids"]),
        (&json!("2"), &read["events"]),
        "{read}"
    );
    check_outlines(&read, 3);
}

/// Nothing of an area is left out, and not much is added.
fn check_outlines(read: &Value, areas: usize) {
    println!("{read}");
    let found = read["areas"].as_object().unwrap();
    assert_eq!(found.len(), areas, "{read}");
    for (area, shares) in found {
        let (lost, added) = (shares[0].as_f64().unwrap(), shares[1].as_f64().unwrap());
        // Places have seven decimals: what is lost is a rim of half a centimetre.
        assert!(lost < 1e-5 && added < 0.2, "{area}: {lost} lost, {added} added");
    }
    for vertices in read["vertices"].as_array().unwrap() {
        assert!((4..=64).contains(&vertices.as_u64().unwrap()), "{vertices}");
    }
    assert_eq!(read["types"], json!(["b-m-p-s-m", "u-d-f"]));
}

#[test]
fn whoever_has_no_certificate_that_works_sees_nothing() {
    let ground = Ground::new();
    let (key, own) = ground.certificate("coastguard", "boat-1");
    let (gone, revoked) = ground.certificate("coastguard", "lost-tablet");
    let data = ground.prepared.data();
    let commands = Commands::on(&data);
    commands.json(&["keys", "revoke", &gone]);
    // An authority of somebody else's, which has signed a certificate of the same name.
    let elsewhere = Ground::new();
    let (_, foreign) = elsewhere.certificate("coastguard", "boat-1");
    let (server, port) = ground.serve();
    let client = server.client().with_key(&ground.prepared.key);
    let mission = ground.post(&client);
    assert_eq!(client.wait_for(&mission)["status"], "completed");
    let ca = ground.ca();
    for (what, certificate) in [("none", None), ("foreign", Some(&foreign)), ("revoked", Some(&revoked))] {
        for switches in [&[][..], &["--tls12"]] {
            let tak = Tak::connect(port, &ca, certificate, switches);
            let (end, events) = tak.end();
            println!("{what} {switches:?}: {end}");
            assert_eq!(events, 0, "{what}");
        }
    }
    let plain = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    drop(plain);

    // One that is revoked while it is connected.
    let tak = Tak::connect(port, &ca, Some(&own), &[]);
    assert!(tak.events(QUIET).len() >= LEAST_EVENTS);
    commands.json(&["keys", "revoke", &key]);
    let began = Instant::now();
    let (end, _) = tak.end();
    println!("closed {:?} after it was revoked: {end}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(10));
    server.stop(&[]);

    // The same certificate again is refused, and so is a second authority over the first.
    let own = own[0].to_str().unwrap();
    let register = [
        "cot",
        "certificates",
        "register",
        "--org",
        "shipping",
        "--name",
        "x",
        "--certificate",
        own,
    ];
    let said = commands.refused(&register);
    assert!(said.contains("registered already"), "{said}");
    let said = commands.refused(&["cot", "certificates", "init", "--host", "localhost"]);
    assert!(said.contains("ca-key.pem"), "{said}");
    let said = commands.refused(&[
        "cot",
        "certificates",
        "client",
        "--org",
        "coastguard",
        "--name",
        "../x",
        "--out",
        "/tmp",
    ]);
    assert!(said.contains("'../x'"), "{said}");
    let mode = run(Command::new("stat")
        .args(["-c", "%a"])
        .arg(ground.prepared.data().join("cot/ca-key.pem")));
    assert_eq!(String::from_utf8_lossy(&mode.stdout).trim(), "600");
}

#[test]
fn clients_that_misbehave_are_dropped_and_a_kill_loses_no_record() {
    let ground = Ground::new();
    let (_, own) = ground.certificate("coastguard", "boat-1");
    let (server, port) = ground.serve();
    let client = server.client().with_key(&ground.prepared.key);
    let flood = Tak::connect(port, &ground.ca(), Some(&own), &["--flood"]);
    let garbage = Tak::connect(port, &ground.ca(), Some(&own), &["--garbage"]);
    let mission = ground.post(&client);
    assert_eq!(client.wait_for(&mission)["status"], "completed");
    let tak = Tak::connect(port, &ground.ca(), Some(&own), &[]);
    let first = tak.events(QUIET).len();
    assert!(first >= LEAST_EVENTS, "others are served beside them");
    assert_eq!(garbage.end().0["end"], "dropped");
    let end = flood.end().0;
    println!("{end}");
    assert_eq!(end["end"], "dropped");
    for words in ["an event without an end", "it took nothing"] {
        let began = Instant::now();
        while !server.log().iter().any(|line| line.contains(words)) {
            assert!(began.elapsed() < LIMIT, "{words}: {:#?}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    server.kill();
    assert_eq!(tak.end().0["end"].as_str().map(|end| end != "handshake"), Some(true));
    let (server, port) = ground.serve();
    let tak = Tak::connect(port, &ground.ca(), Some(&own), &[]);
    let second = tak.events(QUIET).len();
    assert_eq!(second, first, "after the kill the same is there");
    drop(tak);
    server.stop(&[]);
    let (units, records) = ground.units();
    // Flood and garbage may have been sent some as well, and theirs are counted too.
    assert!(units as usize >= first + second, "{records:#?}");
}

#[test]
fn a_feed_without_certificates_is_refused_at_the_start() {
    let prepared = Prepared::new();
    let mut serve = Commands::on(&prepared.data()).command(&["serve", "--listen", "127.0.0.1:0"]);
    let done = run(serve.env("DRIFTLINE__COT__LISTEN", "127.0.0.1:0"));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && said.contains("server.pem"), "{said}");
}
