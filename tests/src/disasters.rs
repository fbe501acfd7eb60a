//! Crashes and power cuts while forcing comes in, while missions are computed and while metered answers go out. What was
//! acknowledged is compared with what is there afterwards: nothing lost, nothing doubled, nothing half.
//!
//! The witnesses are outside: exit codes of commands, ids of answers that arrived whole. Times are drawn from a fixed
//! seed, which a failure names; what the machine does in that time differs from run to run, as it should.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    Answer, Chance, Client, Commands, Launch, OFF_NORWAY, Prepared, forcing_file, json_of, mission_off_norway, python,
    scratch,
};
use crate::powercut::{Disk, Loss};

/// What happens to the machine.
#[derive(Debug, Clone, Copy)]
enum Strike {
    /// The process is killed; the page cache survives.
    Kill,
    /// The process is killed and the power goes.
    PowerCut(Loss),
}

/// Where a data directory lies through several strikes.
enum Ground {
    Folder(tempfile::TempDir),
    Disk(Disk),
}

impl Ground {
    fn for_strikes(strikes: &[Strike]) -> Self {
        if strikes.iter().any(|strike| matches!(strike, Strike::PowerCut(_))) {
            Self::Disk(Disk::new())
        } else {
            Self::Folder(scratch("struck"))
        }
    }

    fn data(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().join("data"),
            Self::Disk(disk) => disk.path().join("data"),
        }
    }

    /// A command on this ground, watched where the power may go: what is done unwatched would never count as durable.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Commands::on(&self.data()).command(arguments);
        if let Self::Disk(disk) = self {
            disk.watch(&mut command);
        }
        command
    }

    /// Runs a command that must succeed, and reads the one JSON object that it prints.
    fn json(&self, arguments: &[&str]) -> Value {
        json_of(self.command(arguments).arg("--json"))
    }

    /// Cycles that a reader sees.
    fn cycles(&self) -> usize {
        self.json(&["catalog"])["cycles"].as_array().unwrap().len()
    }

    fn launch(&self) -> Launch<'_> {
        let launch = Launch::on(&self.data());
        match self {
            Self::Folder(_) => launch,
            Self::Disk(disk) => launch.watched_by(disk),
        }
    }

    /// What is left of the ground; no process may live on it.
    fn after(self, strike: Strike) -> Self {
        match (self, strike) {
            (Self::Disk(disk), Strike::PowerCut(loss)) => Self::Disk(disk.after_power_cut(loss)),
            (ground, _) => ground,
        }
    }
}

/// What became of a command that was to be killed.
#[derive(Debug, PartialEq)]
enum End {
    /// It succeeded after this time, before it could be killed.
    ByItself(Duration),
    Killed,
}

/// Runs a command and kills it after this time, unless it ends before.
fn killed_after(ground: &Ground, arguments: &[&str], time: Duration) -> End {
    let mut command = ground.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    while began.elapsed() < time {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{arguments:?} ended with {status} and was not killed");
            return End::ByItself(began.elapsed());
        }
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    // It may have ended in the last moment.
    if child.wait().unwrap().success() {
        End::ByItself(time)
    } else {
        End::Killed
    }
}

/// Runs a command to its end; how long it took.
fn left_alone(ground: &Ground, arguments: &[&str]) -> Duration {
    match killed_after(ground, arguments, Duration::from_secs(120)) {
        End::ByItself(time) => time,
        End::Killed => panic!("{arguments:?} does not end"),
    }
}

const FEED: &str = OFF_NORWAY[0].0;

/// Strikes an ingest at random moments, again and again on the same ground until it got through once, and then leaves it
/// alone; begins anew on other grounds until this many ingests were cut short.
fn strike_ingest(seed: u64, wanted: usize, strikes: &[Strike]) {
    let file = forcing_file(OFF_NORWAY[0].1);
    let arguments = ["ingest", "file", file.to_str().unwrap(), "--feed", FEED];
    let mut chance = Chance::new(seed);
    let untouched = Ground::for_strikes(strikes);
    let mut whole_time = left_alone(&untouched, &arguments);
    let (mut cut_short, mut struck) = (0, 0);
    let mut left = vec![untouched];
    while cut_short < wanted {
        let mut ground = Ground::for_strikes(strikes);
        for strike in strikes {
            struck += 1;
            let time = whole_time.mul_f64(chance.below(1000) as f64 / 1000.0);
            let end = killed_after(&ground, &arguments, time);
            ground = ground.after(*strike);
            let what = format!("seed {seed}, strike {struck}: {strike:?} after {time:?} of {whole_time:?}: {end:?}");
            let cycles = ground.cycles();
            assert!(cycles <= 1, "{what}: {cycles} cycles");
            if let End::ByItself(time) = end {
                assert_eq!(cycles, 1, "{what}: the cycle was acknowledged and is gone");
                whole_time = whole_time.min(time);
                break;
            }
            cut_short += 1;
        }
        assert!(
            struck < 6 * wanted,
            "{struck} strikes cut only {cut_short} ingests short"
        );
        left_alone(&ground, &arguments);
        ground = match strikes[0] {
            Strike::Kill => ground,
            Strike::PowerCut(_) => ground.after(Strike::PowerCut(Loss::Everything)),
        };
        assert_eq!(ground.cycles(), 1, "seed {seed}: ingested after all");
        left.push(ground);
    }
    let objects: Vec<String> = left
        .iter()
        .map(|ground| ground.data().join("objects").display().to_string())
        .collect();
    let found = python(
        "store_whole.py",
        &objects.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let values: BTreeSet<String> = found.as_array().unwrap().iter().flat_map(values_of).collect();
    assert_eq!(values.len(), 1, "every store holds the same values: {found}");
    println!(
        "{cut_short} of {struck} ingests cut short within {whole_time:?}: all {} stores whole",
        left.len()
    );
}

/// Revisions of one store, each with what it holds.
fn values_of(store: &Value) -> Vec<String> {
    store
        .as_array()
        .unwrap()
        .iter()
        .map(|cycle| format!("{} {} {}", cycle["feed"], cycle["run"], cycle["values"]))
        .collect()
}

#[test]
fn a_kill_at_any_moment_of_an_ingest_leaves_no_half_cycle() {
    strike_ingest(11, 8, &[Strike::Kill; 4]);
}

#[test]
fn a_power_cut_at_any_moment_of_an_ingest_leaves_no_half_cycle_and_takes_no_acknowledged_one() {
    let cut = Strike::PowerCut;
    strike_ingest(
        12,
        6,
        &[cut(Loss::Everything), cut(Loss::ByChance(1)), cut(Loss::Everything)],
    );
    strike_ingest(
        13,
        6,
        &[
            cut(Loss::ByChance(2)),
            Strike::Kill,
            cut(Loss::Everything),
            cut(Loss::ByChance(3)),
        ],
    );
}

#[test]
fn a_power_cut_right_after_each_acknowledgement_takes_nothing_back() {
    let file = forcing_file(OFF_NORWAY[1].1);
    let cut = |ground: Ground| ground.after(Strike::PowerCut(Loss::Everything));
    let mut ground = Ground::Disk(Disk::new());
    ground.json(&["ingest", "file", file.to_str().unwrap(), "--feed", FEED]);
    ground = cut(ground);
    assert_eq!(ground.cycles(), 1, "an ingested cycle");
    ground.json(&["orgs", "create", "durable"]);
    ground = cut(ground);
    let made = ground.json(&["keys", "create", "--org", "durable"]);
    ground = cut(ground);
    let keys = ground.json(&["keys", "list", "--org", "durable"]).to_string();
    assert!(keys.contains(made["id"].as_str().unwrap()), "{keys}");
}

#[test]
fn on_a_disk_that_lies_about_syncs_acknowledged_things_are_lost_and_seen_to_be() {
    let file = forcing_file(OFF_NORWAY[1].1);
    let ground = Ground::Disk(Disk::new());
    for arguments in [
        &["ingest", "file", file.to_str().unwrap(), "--json"][..],
        &["orgs", "create", "lost", "--json"],
    ] {
        json_of(ground.command(arguments).env("POWERCUT_BLIND", "1"));
    }
    assert_eq!(ground.cycles(), 1);
    let ground = ground.after(Strike::PowerCut(Loss::Everything));
    assert_eq!(ground.cycles(), 0);
    let organisations = ground.json(&["orgs", "list"]);
    assert_eq!(organisations["organisations"], json!([]));
}

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
