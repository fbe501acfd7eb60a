//! The same promise for answers: a child serves billable answers over HTTP to 32 clients that ask as fast as they can, and is
//! killed in full run, many times over (`DRIFTLINE_BILLING_KILLS`, 10 without it), with its ledger in a file and on a server.
//! Every answer that a client has seen whole is in the ledger once; what is there beyond those was on its way at a kill.

use std::collections::{BTreeSet, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use driftline_auth_billing::{
    Auth, Billable, LimitSettings, Limits, Metering, Quotas, Scopes, SharedBuckets, UsageLog, UsageSettings,
    UsageTasks, access_log, create_key, system_clock,
};
use driftline_database::{Database, PostgresSettings};
use driftline_domain::{OrgId, RequestId};
use jiff::Timestamp;

use crate::postgres::FreshDatabase;

const CLIENTS: usize = 32;
const UNITS: u64 = 3;

fn kills() -> usize {
    let text = std::env::var_os("DRIFTLINE_BILLING_KILLS");
    text.map_or(10, |text| text.to_str().unwrap().parse().unwrap())
}

/// Where a child keeps everything: its folder, and the ledger's server or `-`.
#[derive(Clone)]
struct Home {
    folder: String,
    server: String,
}

impl Home {
    async fn database(&self) -> Database {
        if self.server == "-" {
            let path = std::path::Path::new(&self.folder).join("driftline.sqlite");
            return Database::open(&path).await.unwrap();
        }
        let settings = PostgresSettings {
            url: self.server.clone(),
            connections: 8,
            prepared: true,
        };
        Database::connect(&settings).await.unwrap()
    }

    /// Small segments and frequent flushes, so that kills fall into rotation, entry and removal as well.
    async fn log(&self, database: &Database) -> (UsageLog, UsageTasks) {
        let settings = UsageSettings {
            segment_bytes: 32 << 10,
            flush_every: Duration::from_millis(5),
            flush_records: 100,
        };
        let folder = std::path::Path::new(&self.folder).join("usage");
        UsageLog::open(&folder, "node-1", database.clone(), system_clock(), settings)
            .await
            .unwrap()
    }
}

/// What the child does; started by the tests below with its home on its input, otherwise idle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of the tests below"]
async fn child() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let Some((folder, server)) = line.trim().split_once(' ') else {
        return;
    };
    let home = Home {
        folder: folder.to_owned(),
        server: server.to_owned(),
    };
    let database = home.database().await;
    let (log, _tasks) = home.log(&database).await;
    let quotas = Quotas::open(database.clone(), system_clock()).await.unwrap();
    let rows = database
        .is_shared()
        .then(|| Arc::new(database.clone()) as Arc<dyn SharedBuckets>);
    let most = 100_000_000;
    let settings = LimitSettings {
        requests: most,
        organisation_requests: most,
        ..LimitSettings::default()
    };
    let limits = Limits::new(settings, system_clock(), rows, Some(quotas.clone()));
    let metering = Metering::new(log).with_quotas(quotas);
    let auth = Auth::new(database, system_clock());
    let routes = Router::new().route("/billed", get(billed));
    let app = access_log(auth.wrap(limits.wrap(metering.wrap(routes))));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening {}", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}

async fn billed() -> Response {
    let mut response = Response::new("data".into());
    response.extensions_mut().insert(Billable {
        meter: "features",
        units: UNITS,
        distress: false,
    });
    response
}

fn start(home: &Home) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill_answers::child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{} {}", home.folder, home.server).unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "the child ended before it listened"
        );
        if let Some((_, address)) = line.split_once("listening ") {
            break address.trim().to_owned();
        }
    };
    // Nothing may stop the child because nobody reads what it says.
    std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    (child, address)
}

/// Asks until the service is gone; the ids of the answers that came whole.
async fn ask_until_killed(address: String, key: String, seen: Arc<AtomicUsize>) -> Vec<RequestId> {
    let client = reqwest::Client::new();
    let mut acknowledged = Vec::new();
    loop {
        let asked = client.get(format!("http://{address}/billed")).header("x-api-key", &key);
        let Ok(answer) = asked.send().await else {
            return acknowledged;
        };
        // Limits are shared on a server, and what a killed process had drawn of them comes back in time only.
        if answer.status() == 429 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-charge-units"], "3");
        let id = answer.headers()["x-request-id"].to_str().unwrap().parse().unwrap();
        match answer.bytes().await {
            Ok(bytes) => assert_eq!(&bytes[..], b"data"),
            Err(_) => return acknowledged,
        }
        acknowledged.push(id);
        seen.fetch_add(1, Ordering::SeqCst);
    }
}

async fn killed_again_and_again(server: &str) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home {
        folder: folder.path().display().to_string(),
        server: server.to_owned(),
    };
    let database = home.database().await;
    let now = Timestamp::now();
    let org = database.create_organisation("Coastguard", now).await.unwrap().id;
    let (key, _) = create_key(&database, org, "desk", &Scopes::all(), None, now)
        .await
        .unwrap();
    database.close().await;
    let mut acknowledged = Vec::new();
    for kill in 0..kills() {
        let (mut child, address) = start(&home);
        let seen = Arc::new(AtomicUsize::new(0));
        let ask = || ask_until_killed(address.clone(), key.expose().to_owned(), Arc::clone(&seen));
        let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(ask())).collect();
        // Its life counts in answers, however slow the machine is.
        let life = CLIENTS * (2 + kill * 37 % 10);
        while seen.load(Ordering::SeqCst) < life {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for client in clients {
            acknowledged.extend(client.await.unwrap());
        }
    }
    let database = home.database().await;
    let (_, tasks) = home.log(&database).await;
    tasks.shutdown().await.unwrap();
    compare(&database, org, &acknowledged).await;
    database.close().await;
}

async fn compare(database: &Database, org: OrgId, acknowledged: &[RequestId]) {
    let records = database.usage_records(org, 0, u32::MAX).await.unwrap();
    let ledger: HashSet<RequestId> = records.iter().filter_map(|entry| entry.record.request).collect();
    let seen: BTreeSet<RequestId> = acknowledged.iter().copied().collect();
    let missing = seen.iter().filter(|id| !ledger.contains(id)).count();
    let doubled = records.len() - ledger.len();
    let (kills, unconfirmed) = (kills(), ledger.len() - (seen.len() - missing));
    println!(
        "{kills} kills, {} acknowledged, {} in the ledger: {missing} missing, {doubled} doubled, {unconfirmed} not acknowledged",
        seen.len(),
        records.len()
    );
    assert_eq!((missing, doubled), (0, 0));
    assert!(seen.len() > kills * CLIENTS, "too little load: {}", seen.len());
    assert!(unconfirmed <= kills * CLIENTS, "{unconfirmed}");
    let hours = database
        .usage_hours(org, Timestamp::UNIX_EPOCH, Timestamp::MAX)
        .await
        .unwrap();
    let units: i64 = hours.iter().map(|hour| hour.units).sum();
    assert_eq!(units, (UNITS as i64) * records.len() as i64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_lost_or_doubled_with_a_ledger_in_a_file() {
    killed_again_and_again("-").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_lost_or_doubled_with_a_ledger_on_a_server() {
    let server = FreshDatabase::create();
    killed_again_and_again(server.url()).await;
}
