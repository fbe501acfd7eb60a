//! Missions and metered answers while the machine fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Ground, Strike, killed_after};
use crate::harness::{Answer, Chance, Client, Prepared, mission_off_norway, python};
use crate::powercut::Loss;

/// A mission that was sent, and what became of it as far as answers arrived.
#[derive(Debug)]
struct Sent {
    idempotency: String,
    id: Option<String>,
    withdrawn: Withdrawal,
    run: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Withdrawal {
    No,
    /// Asked for, and no answer arrived.
    Perhaps,
    Acknowledged,
}

const HOURS: u32 = 3;
const READERS: usize = 3;

impl Sent {
    fn new(number: usize) -> Self {
        Self {
            idempotency: format!("mission-{number}"),
            id: None,
            withdrawn: Withdrawal::No,
            run: None,
        }
    }

    fn body(&self) -> Value {
        let mut body = mission_off_norway(HOURS, 400);
        body["name"] = json!(self.idempotency);
        body
    }

    /// Sends it, for the first time or again; an error is a server that died.
    fn send(&mut self, client: &Client) -> Result<(), ureq::Error> {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", self.idempotency.as_str()),
        ];
        let answer = client.send("POST", "/v1/missions", &headers, self.body().to_string().as_bytes())?;
        let id = answer.expect(202, &self.idempotency).json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            self.id.as_ref().is_none_or(|known| *known == id),
            "{} is now {id}: {self:?}",
            self.idempotency
        );
        self.id = Some(id);
        Ok(())
    }

    fn withdraw(&mut self, client: &Client) -> Result<(), ureq::Error> {
        let Some(id) = &self.id else { return Ok(()) };
        self.withdrawn = Withdrawal::Perhaps;
        let answer = client.send("DELETE", &format!("/v1/missions/{id}"), &[], b"")?;
        assert!(answer.status == 204 || answer.status == 404, "{}", answer.text());
        self.withdrawn = Withdrawal::Acknowledged;
        Ok(())
    }
}

/// What clients saw acknowledged over all lives of the server.
struct Witness {
    client: Client,
    /// Request ids of answers that arrived whole and named a charge.
    charged: Mutex<Vec<(String, i64)>>,
}

impl Witness {
    /// GET of something billable.
    fn read(&self, client: &Client, path: &str) -> Result<Answer, ureq::Error> {
        let answer = client.send("GET", path, &[], b"")?;
        if answer.status == 200 {
            let units = answer
                .header("x-charge-units")
                .unwrap_or_else(|| panic!("{path} names no charge"))
                .parse()
                .unwrap();
            let request = answer.header("x-request-id").unwrap().to_owned();
            self.charged.lock().unwrap().push((request, units));
        }
        Ok(answer)
    }
}

/// Load until the server dies: readers of billable pages, and a sender and withdrawer of missions.
fn load(client: &Client, witness: &Witness, missions: &mut Vec<Sent>, strike_at: impl FnOnce()) {
    let over = AtomicBool::new(false);
    scope(|threads| {
        for number in 0..READERS {
            let (over, client) = (&over, client.clone());
            threads.spawn(move || {
                let paths = [
                    "/ogc/collections/search-areas/items?limit=5",
                    "/ogc/collections/particles/items?limit=1500",
                ];
                while !over.load(Ordering::Relaxed) {
                    match witness.read(&client, paths[number % paths.len()]) {
                        Ok(answer) => drop(answer.expect(200, "a page under load")),
                        Err(_) => return,
                    }
                }
            });
        }
        let over = &over;
        threads.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                missions.push(Sent::new(missions.len()));
                let number = missions.len() - 1;
                let sent = missions[number].send(client);
                let withdrawn = if number % 5 == 4 {
                    missions[number - 2].withdraw(client)
                } else {
                    Ok(())
                };
                if sent.is_err() || withdrawn.is_err() {
                    return;
                }
                sleep(Duration::from_millis(80));
            }
        });
        strike_at();
        over.store(true, Ordering::Relaxed);
    });
}

/// Compares the missions with what was acknowledged; sends again what was never answered.
fn check_missions(witness: &Witness, missions: &mut [Sent]) {
    let client = &witness.client;
    for sent in missions.iter_mut() {
        if sent.id.is_none() {
            sent.send(client).unwrap();
        }
        let path = format!("/v1/missions/{}", sent.id.as_ref().unwrap());
        let found = client.get(&path);
        match sent.withdrawn {
            Withdrawal::Acknowledged => drop(found.problem(404, "withdrawn")),
            Withdrawal::Perhaps if found.status == 404 => sent.withdrawn = Withdrawal::Acknowledged,
            _ => {
                let mission = found.expect(200, &format!("an acknowledged mission: {sent:?}")).json();
                assert_eq!(mission["name"], sent.idempotency.as_str());
                if mission["status"] == "completed" {
                    check_run(witness, sent, &path);
                } else {
                    assert!(sent.run.is_none(), "a published run is gone: {mission}");
                    assert!(
                        mission["status"] == "queued" || mission["status"] == "running",
                        "{mission}"
                    );
                }
            }
        }
    }
}

/// A published run is whole, and stays the same one.
fn check_run(witness: &Witness, sent: &mut Sent, path: &str) {
    let results = witness.client.json(&format!("{path}/results"));
    let run = results["run_id"].as_str().unwrap().to_owned();
    if let Some(known) = &sent.run {
        assert_eq!(*known, run, "{sent:?} was computed twice");
        return;
    }
    let files = results["files"].as_array().unwrap();
    assert!(
        files.iter().any(|file| file["name"] == "particles.parquet"),
        "{results}"
    );
    for file in files {
        let name = file["name"].as_str().unwrap();
        let answer = witness
            .read(&witness.client, &format!("{path}/results/{name}"))
            .unwrap()
            .expect(200, name);
        if let Some(bytes) = file["bytes"].as_u64() {
            assert_eq!(answer.body.len() as u64, bytes, "{name}");
        }
        if name.ends_with(".parquet") {
            assert!(
                answer.body.starts_with(b"PAR1") && answer.body.ends_with(b"PAR1"),
                "{name} is not whole"
            );
        }
    }
    let mission = sent.id.as_ref().unwrap();
    let items = format!("/missions/{mission}/ogc/collections/search-areas/items?limit=1000");
    let areas = witness
        .read(&witness.client, &items)
        .unwrap()
        .expect(200, "areas")
        .json();
    assert_eq!(areas["numberReturned"], 3 * (HOURS + 1), "half a mission: {sent:?}");
    sent.run = Some(run);
}

/// Strikes a server under load, again and again; at the end everything acknowledged is there once.
fn strike_server(seed: u64, strikes: &[Strike]) {
    let prepared = Prepared::new();
    let mut ground = Ground::for_strikes(strikes);
    prepared.copy_to(&ground.data());
    if let Ground::Disk(disk) = &ground {
        disk.settle();
    }
    let mut chance = Chance::new(seed);
    let charged = Mutex::new(Vec::new());
    let mut missions = Vec::new();
    for (number, strike) in strikes.iter().enumerate() {
        println!("seed {seed}, strike {number}: {strike:?}");
        // Some strikes hit the start itself.
        if number % 3 == 2 {
            killed_after(
                &ground,
                &["serve", "--listen", "127.0.0.1:0"],
                Duration::from_millis(20 + chance.below(400)),
            );
            ground = ground.after(*strike);
        }
        let server = ground.launch().start();
        let client = server.client().with_key(&prepared.key);
        let witness = Witness {
            client: client.clone(),
            charged: Mutex::new(charged.lock().unwrap().split_off(0)),
        };
        check_missions(&witness, &mut missions);
        if number == 0 {
            // From the first moment on there is something that readers pay for.
            missions.push(Sent::new(0));
            missions[0].send(&client).unwrap();
            client.wait_for(missions[0].id.as_ref().unwrap());
        }
        let time = Duration::from_millis(150 + chance.below(1500));
        load(&client, &witness, &mut missions, || {
            sleep(time);
            server.kill();
        });
        charged
            .lock()
            .unwrap()
            .append(&mut witness.charged.into_inner().unwrap());
        ground = ground.after(*strike);
    }
    let server = ground.launch().start();
    let witness = Witness {
        client: server.client().with_key(&prepared.key),
        charged,
    };
    check_missions(&witness, &mut missions);
    for sent in missions
        .iter()
        .filter(|sent| sent.withdrawn != Withdrawal::Acknowledged)
    {
        assert_eq!(
            witness.client.wait_for(sent.id.as_ref().unwrap())["status"],
            "completed",
            "{sent:?}"
        );
    }
    check_missions(&witness, &mut missions);
    check_listing(&witness.client, &missions);
    server.stop(&["lease", "torn", "recovered", "unfinished"]);
    check_ledger(&ground.data(), &witness, &missions, strikes.len());
}

/// Each mission is listed once, and nothing else is.
fn check_listing(client: &Client, missions: &[Sent]) {
    let mut listed = Vec::new();
    let mut next = Some("/v1/missions?limit=100&fields=id,name,status".to_owned());
    while let Some(path) = next {
        let page = client.json(&path);
        listed.extend(
            page["missions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|mission| mission["name"].as_str().unwrap().to_owned()),
        );
        let links = page["links"].as_array().unwrap();
        next = links
            .iter()
            .find(|link| link["rel"] == "next")
            .map(|link| link["href"].as_str().unwrap().to_owned());
    }
    listed.sort();
    let live = missions.iter().filter(|sent| sent.withdrawn == Withdrawal::No);
    let mut wanted: Vec<String> = live.map(|sent| sent.idempotency.clone()).collect();
    wanted.extend(
        missions
            .iter()
            .filter(|sent| sent.withdrawn == Withdrawal::Perhaps)
            .map(|sent| sent.idempotency.clone()),
    );
    wanted.sort();
    assert_eq!(listed, wanted);
}

/// Every acknowledged charge is in the ledger once; what is there beside them was in flight when the server died.
fn check_ledger(data: &Path, witness: &Witness, missions: &[Sent], strikes: usize) {
    let ledger = python("ledger.py", &[data.join("driftline.sqlite").to_str().unwrap()]);
    let records = ledger["records"].as_array().unwrap();
    let mut by_request: BTreeMap<&str, i64> = BTreeMap::new();
    let mut by_mission: BTreeMap<&str, i64> = BTreeMap::new();
    let mut by_meter: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for record in records {
        let units = record["units"].as_i64().unwrap();
        let meter = by_meter.entry(record["meter"].as_str().unwrap()).or_default();
        *meter = (meter.0 + units, meter.1 + 1);
        if let Some(mission) = record["mission"].as_str() {
            assert!(
                by_mission.insert(mission, units).is_none(),
                "mission {mission} is charged twice"
            );
        } else {
            let request = record["request"].as_str().unwrap();
            assert!(
                by_request.insert(request, units).is_none(),
                "request {request} is charged twice"
            );
        }
    }
    let charged = witness.charged.lock().unwrap();
    for (request, units) in charged.iter() {
        let found = by_request.get(request.strip_prefix("req_").unwrap());
        assert_eq!(found, Some(units), "the acknowledged request {request}");
    }
    let unconfirmed = by_request.len() - charged.len();
    assert!(
        unconfirmed <= READERS * strikes,
        "{unconfirmed} records that no client saw"
    );
    for sent in missions.iter().filter(|sent| sent.run.is_some()) {
        let id = sent.id.as_ref().unwrap().strip_prefix("mis_").unwrap();
        assert!(
            by_mission.get(id).is_some_and(|units| *units > 0),
            "no charge for {sent:?}"
        );
    }
    let ours: BTreeSet<&str> = missions
        .iter()
        .map(|sent| &sent.id.as_ref().unwrap()["mis_".len()..])
        .collect();
    assert!(
        by_mission.keys().all(|mission| ours.contains(mission)),
        "a charge for a mission nobody sent"
    );
    for hour in ledger["hours"].as_array().unwrap() {
        let sums = (hour["units"].as_i64().unwrap(), hour["records"].as_i64().unwrap());
        assert_eq!(
            by_meter.get(hour["meter"].as_str().unwrap()),
            Some(&sums),
            "hourly sums: {hour}"
        );
    }
    assert!(
        charged.len() > 10 * strikes && missions.len() > strikes,
        "too little load to show anything"
    );
    println!(
        "{} acknowledged charges and {} missions over {strikes} strikes: none lost, none doubled; {unconfirmed} records unconfirmed",
        charged.len(),
        missions.len()
    );
}

#[test]
fn killed_under_load_the_server_loses_and_doubles_nothing() {
    strike_server(21, &[Strike::Kill; 8]);
}

#[test]
fn a_power_cut_under_load_loses_and_doubles_nothing() {
    strike_server(22, &[Strike::PowerCut(Loss::Everything); 5]);
    let by_chance: Vec<Strike> = (0..4).map(|seed| Strike::PowerCut(Loss::ByChance(seed))).collect();
    strike_server(23, &by_chance);
}
