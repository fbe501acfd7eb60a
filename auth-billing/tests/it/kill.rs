//! Zero lost and zero double when the process is killed (platform.md 3.4): a child appends as fast as it can and says
//! on its output what was acknowledged; it is killed in full run, many times over; the ledger holds every record that
//! was acknowledged, once, and beyond those no more than were on their way at a kill.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use driftline_auth_billing::{UsageEntry, UsageLog, UsageSettings, system_clock};
use driftline_database::Database;
use driftline_domain::{KeyId, OrgId, RequestId};

const KILLS: u64 = 20;
const CLIENTS: usize = 8;

/// Small segments and frequent flushes, so that kills fall into rotation, entry and removal as well.
fn settings() -> UsageSettings {
    UsageSettings {
        segment_bytes: 8 << 10,
        flush_every: Duration::from_millis(5),
        flush_records: 50,
    }
}

async fn open(folder: &Path) -> (Database, UsageLog, driftline_auth_billing::UsageTasks) {
    let database = Database::open(&folder.join("driftline.sqlite")).await.unwrap();
    let usage = folder.join("usage");
    let (log, tasks) = UsageLog::open(&usage, "node-1", database.clone(), system_clock(), settings())
        .await
        .unwrap();
    (database, log, tasks)
}

/// What the child does; started by the test below with a folder and an organisation on its input, otherwise idle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of the test below"]
async fn child() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let Some((org, folder)) = line.trim().split_once(' ') else {
        return;
    };
    let org: OrgId = org.parse().unwrap();
    let (_, log, tasks) = open(Path::new(folder)).await;
    for _ in 0..CLIENTS {
        let log = log.clone();
        tokio::spawn(async move {
            loop {
                let request = RequestId::generate();
                let entry = UsageEntry {
                    org,
                    key: KeyId::generate(),
                    meter: "features".to_owned(),
                    units: 2,
                    request,
                    owed: false,
                };
                log.append(entry).await.unwrap();
                // One write per line, so that a kill cuts at most the last one.
                std::io::stdout()
                    .write_all(format!("ack {request}\n").as_bytes())
                    .unwrap();
            }
        });
    }
    let _tasks = tasks;
    std::future::pending::<()>().await;
}

fn acknowledged_until_killed(org: OrgId, folder: &Path, life: Duration) -> Vec<RequestId> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored", "--nocapture", "--test-threads=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{org} {}", folder.display()).unwrap();
    drop(input);
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    // Its life counts from the first acknowledgement, however slow the machine is.
    while !text.contains("ack ") {
        assert_ne!(output.read_line(&mut text).unwrap(), 0, "the child ended: {text}");
    }
    let reader = std::thread::spawn(move || {
        let mut rest = Vec::new();
        output.read_to_end(&mut rest).unwrap();
        text + &String::from_utf8_lossy(&rest)
    });
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    let text = reader.join().unwrap();
    let ids = text
        .lines()
        .filter_map(|line| line.split_once("ack ")?.1.trim().parse().ok());
    ids.collect()
}

#[tokio::test]
async fn killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_entered_twice() {
    let folder = tempfile::tempdir().unwrap();
    let org = OrgId::generate();
    let mut acknowledged = Vec::new();
    for kill in 0..KILLS {
        let life = Duration::from_millis(5 + kill * 37 % 60);
        acknowledged.extend(acknowledged_until_killed(org, folder.path(), life));
    }
    let (database, _, tasks) = open(folder.path()).await;
    tasks.shutdown().await.unwrap();
    let records = database.usage_records(org, 0, u32::MAX).await.unwrap();
    let ledger: BTreeSet<RequestId> = records.iter().filter_map(|entry| entry.record.request).collect();
    assert_eq!(ledger.len(), records.len(), "nothing is entered twice");
    let lost: Vec<_> = acknowledged.iter().filter(|id| !ledger.contains(id)).collect();
    println!(
        "{} acknowledged, {} in the ledger, {} lost",
        acknowledged.len(),
        ledger.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{} of {} lost", lost.len(), acknowledged.len());
    assert!(
        acknowledged.len() as u64 > KILLS * CLIENTS as u64,
        "{}",
        acknowledged.len()
    );
    let unconfirmed = ledger.len() - acknowledged.len();
    assert!(unconfirmed <= CLIENTS * KILLS as usize, "{unconfirmed}");
    let hours = database
        .usage_hours(org, jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::MAX)
        .await
        .unwrap();
    assert_eq!(
        hours.iter().map(|hour| hour.units).sum::<i64>(),
        2 * ledger.len() as i64
    );
}
